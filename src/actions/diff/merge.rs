//! What happened alike in many lockfiles is one change: a reader counts it once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Cause, Change, Kind, Pinned, ranked};
use crate::findings::finding::Level;

/// Equal changes are one. Sorted: what is alarming by its weight, the rest by what brought it.
pub(super) fn merge(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: BTreeMap<_, Change> = BTreeMap::new();
    for change in changes {
        match merged.entry(key(&change)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(change);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.lockfiles.extend(change.lockfiles);
                known.rules.extend(change.rules);
            }
        }
    }
    let mut merged: Vec<Change> = merged.into_values().map(settle).collect();
    merged.sort_by_cached_key(rank);
    merged
}

type Key = (&'static str, String, Vec<Kind>, Option<Pinned>, Option<Pinned>);

fn key(change: &Change) -> Key {
    (change.ecosystem, change.name.clone(), change.kinds.clone(), change.before.clone(), change.after.clone())
}

/// Several entries of one file are one place, and what brought it is what brought it most often.
fn settle(mut change: Change) -> Change {
    change.lockfiles.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    change.lockfiles.dedup_by(|a, b| a.path == b.path);
    change.rules = ranked(std::mem::take(&mut change.rules));
    let mut causes: BTreeMap<&Cause, usize> = BTreeMap::new();
    for cause in change.lockfiles.iter().filter_map(|place| place.via.as_ref()) {
        *causes.entry(cause).or_default() += 1;
    }
    let most = causes.into_iter().min_by_key(|(cause, number)| (Reverse(*number), *cause));
    change.via = most.map(|(cause, _)| cause.clone());
    change
}

/// Alarming changes first, the gravest of them first of all; then by ecosystem and cause, what changed there itself in
/// front; then by what happened. What nothing leads to comes last.
type Rank =
    (bool, Reverse<Option<Level>>, Kind, &'static str, bool, String, (bool, Kind), String, Option<Pinned>);

fn rank(change: &Change) -> Rank {
    let alarming = change.is_alarming();
    let via = change.via.as_ref().map(|via| via.name.clone()).unwrap_or_default();
    (
        !alarming,
        Reverse(change.level().filter(|_| alarming)),
        if alarming { change.kind() } else { Kind::Repinned },
        change.ecosystem,
        change.via.is_none(),
        via,
        (!change.is_direct(), if alarming { Kind::Repinned } else { change.kind() }),
        change.name.clone(),
        change.after.clone().or_else(|| change.before.clone()),
    )
}

//! What a run says nothing about: lockfiles that can't be read, manifests that can't be understood.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Coverage;
use crate::model::Lockfile;
use crate::policy::exceptions::Exceptions;
use crate::read::Sources;
use crate::rules::repository::unread_lockfile;
use crate::world::Context;

/// A lockfile that nothing was checked of.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Unsupported {
    pub path: String,
    /// The usual name of such a lockfile; `submodule` for a project that another repository holds now.
    pub kind: &'static str,
    /// It is not what the base side has.
    pub changed: bool,
    /// The policy accepts that it is not checked.
    pub accepted: bool,
}

impl Coverage {
    /// What nothing was checked of, and nobody said that this is all right: how many of each kind.
    pub fn unchecked_kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for it in self.unsupported.iter().filter(|it| !it.accepted) {
            *kinds.entry(it.kind).or_insert(0) += 1;
        }
        kinds
    }
}

/// Manifests beside lockfiles, and client configuration that lockfiles obey, of which nobody knows what they say.
pub(super) fn not_understood(cx: &Context<'_>) -> Vec<String> {
    let broken = cx.head.all_manifests().iter().filter(|it| it.broken);
    let of = broken.filter_map(|it| {
        let counts = |lockfile: &&&Lockfile<'_>| {
            let (own, folder) = (it.folder(), lockfile.folder());
            lockfile.ecosystem() == it.ecosystem
                && if it.is_project { own == folder } else { it.governs(folder) }
        };
        let lockfile = cx.head.lockfiles.iter().find(counts)?;
        let (path, lock) = (&it.source.path, &lockfile.source.path);
        Some(format!("{path} can't be understood, so {lock} was not held against what it says"))
    });
    of.collect()
}

/// What nothing is checked of, and whether the policy has a word on that.
pub(super) fn unsupported(sources: &Sources, cx: &Context<'_>) -> Vec<Unsupported> {
    let exceptions = Exceptions::new(cx.policy.exceptions(), cx.today);
    let there = sources.unsupported.iter().filter(|it| it.judged && it.head.is_some());
    let told = there.map(|it| Unsupported {
        path: it.path.clone(),
        kind: it.kind.id,
        changed: it.changed,
        accepted: unread_lockfile::is_accepted(cx.policy, &exceptions, &it.path),
    });
    told.collect()
}

//! What a run says nothing about: lockfiles that can't be read, manifests that can't be understood.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Coverage;
use crate::ecosystems::manifest::Manifest;
use crate::model::Lockfile;
use crate::policy::exceptions::Exceptions;
use crate::read::Sources;
use crate::rules::repository::unread_lockfile;
use crate::world::{Context, World};

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
    let broken = cx.head.all_manifests().iter().filter(|it| it.broken && !it.crowded);
    let say = |it: &Manifest<'_>| {
        let (path, lock) = (&it.source.path, concerned(&cx.head, it)?);
        Some(format!("{path} can't be understood, so {lock} was not held against what it says"))
    };
    broken.filter_map(say).collect()
}

/// Those that were not read, of either side: a run is not complete without them.
pub(super) fn crowded(cx: &Context<'_>) -> Vec<String> {
    let say = |world: &World<'_>| -> Vec<String> {
        let crowded = world.all_manifests().iter().filter(|it| it.crowded);
        let say = |it: &Manifest<'_>| {
            let path = it.source.side.spell(&it.source.path);
            let why = "holds more values than any file of its kind and size, and was not read";
            concerned(world, it).map(|_| format!("{path} {why}"))
        };
        crowded.filter_map(say).collect()
    };
    [Some(&cx.head), cx.base.as_ref()].into_iter().flatten().flat_map(say).collect()
}

/// A lockfile that a manifest or client configuration has a say about.
fn concerned<'w>(world: &'w World<'_>, manifest: &Manifest<'_>) -> Option<&'w str> {
    let counts = |lockfile: &&&Lockfile<'_>| {
        let (own, folder) = (manifest.folder(), lockfile.folder());
        lockfile.ecosystem() == manifest.ecosystem
            && if manifest.is_project { own == folder } else { manifest.governs(folder) }
    };
    world.lockfiles.iter().find(counts).map(|it| it.source.path.as_str())
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

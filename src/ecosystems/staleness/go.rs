//! `go.mod` selects, `go.sum` only proves: for every release that is required it needs the hash of that release's `go.mod`.
//! One that has no line at all is `missing-integrity`'s to tell.

use super::Drift;
use crate::model::release::Release;
use crate::model::{Ecosystem, Lockfile, Subject};
use crate::world::World;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    let fold = world.fold(Ecosystem::Go);
    let mut drifts = Vec::new();
    for manifest in world.served_by(lockfile) {
        for dep in &manifest.dependencies {
            let Some(version) = &dep.version else { continue };
            let (name, version) = (dep.name.raw, version.raw);
            let kept = fold.release(&Release { name, version: version.into(), within: None });
            let Some(kept) = kept.filter(|kept| !kept.mentions(Subject::GoMod)) else { continue };
            let message = format!(
                "{} requires {name} {version}, and {} has no hash of its `go.mod`.",
                manifest.source.path, lockfile.source.path
            );
            let locked = kept.slots.iter().find(|slot| std::ptr::eq(slot.lockfile, lockfile));
            drifts.push(Drift {
                message,
                subject: format!("{name} {version}"),
                asked: (manifest.source, dep.at),
                locked: locked.map(|slot| slot.package.heading()),
                refused: true,
            });
        }
    }
    drifts
}

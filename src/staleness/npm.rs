//! npm mirrors each manifest, ranges included, under the folder's key. Version 1 mirrors nothing: there each dependency must
//! have an entry.

use foldhash::HashSet;

use super::{Drift, Word, compare, has_own, remembered, unknown_member};
use crate::context::World;
use crate::manifest::Manifest;
use crate::model::{EdgeKind, Lockfile, Root};

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    let (mut drifts, roots) = (Vec::new(), remembered(lockfile));
    let is_root = |manifest: &Manifest<'_>| manifest.folder() == lockfile.folder();
    let has_members = world.served_by(lockfile).any(|it| is_root(it) && it.workspace.is_some());
    for manifest in world.served_by(lockfile) {
        let own = roots.get(manifest.folder()).and_then(|roots| roots.first());
        match own {
            Some(root) => drifts.extend(compare(manifest, lockfile, asked(manifest), mirrored(root))),
            None if lockfile.roots.is_empty() && is_root(manifest) => {
                drifts.extend(unlocked(manifest, lockfile));
            }
            None if has_members && !is_root(manifest) && !has_own(world, lockfile, manifest) => {
                drifts
                    .extend(Some(unknown_member(manifest, lockfile)).filter(|_| !lockfile.roots.is_empty()));
            }
            None => {}
        }
    }
    drifts
}

/// What stands among the optional dependencies as well is optional.
fn asked<'a>(manifest: &Manifest<'a>) -> Vec<Word<'a>> {
    let optional: HashSet<&str> = manifest
        .asked()
        .filter(|(kind, _)| *kind == EdgeKind::Optional)
        .map(|(_, dep)| dep.name.as_str())
        .collect();
    let counts = |kind: EdgeKind, name: &str| kind != EdgeKind::Normal || !optional.contains(name);
    let asked = manifest.asked().filter(|(kind, dep)| counts(*kind, dep.name.as_str()));
    asked
        .map(|(kind, dep)| word(dep.name.as_str(), kind, dep.range.as_ref().map(|it| it.as_str()), dep.at))
        .collect()
}

fn mirrored<'a>(root: &'a Root<'a>) -> Vec<Word<'a>> {
    let optional: HashSet<&str> = root
        .edges
        .iter()
        .filter(|edge| edge.kind == EdgeKind::Optional)
        .map(|edge| edge.name.as_str())
        .collect();
    let counts = |kind: EdgeKind, name: &str| kind != EdgeKind::Normal || !optional.contains(name);
    let edges = root.edges.iter().filter(|edge| counts(edge.kind, edge.name.as_str()));
    let range = |range: &'a Option<crate::syntax::Text<'a>>| range.as_ref().map(|it| it.as_str());
    edges.map(|edge| word(edge.name.as_str(), edge.kind, range(&edge.range), edge.name.raw)).collect()
}

/// A folder has several spellings.
fn word<'a>(name: &str, kind: EdgeKind, range: Option<&str>, at: &'a str) -> Word<'a> {
    let folder = range
        .and_then(|range| range.strip_prefix("file:"))
        .map(|it| it.trim_start_matches("./").trim_end_matches('/'));
    match folder {
        Some(folder) => Word::new(name, kind, Some(&format!("file:{folder}")), at),
        None => Word::new(name, kind, range, at),
    }
}

/// Version 1: dependencies that have no entry. npm 6 installs no peers, and leaves out what is optional.
fn unlocked<'a>(manifest: &Manifest<'a>, lockfile: &Lockfile<'a>) -> Vec<Drift<'a>> {
    let known: HashSet<&str> = lockfile.packages.iter().map(|package| package.slot.as_str()).collect();
    let needed = |kind: EdgeKind| matches!(kind, EdgeKind::Normal | EdgeKind::Dev);
    let missing = manifest.asked().filter(|(kind, dep)| needed(*kind) && !known.contains(dep.name.as_str()));
    missing
        .map(|(_, dep)| Drift {
            message: format!(
                "{} asks for {}, and {} knows nothing of it.",
                manifest.source.path,
                dep.name.as_str(),
                lockfile.source.path
            ),
            subject: dep.name.as_str().to_owned(),
            asked: (manifest.source, dep.at),
            locked: None,
        })
        .collect()
}

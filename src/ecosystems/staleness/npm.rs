//! npm mirrors each manifest, ranges included, under the folder's key. Version 1 mirrors nothing: there each dependency must
//! have an entry.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use super::{Drift, Word, compare, has_own, remembered, unknown_member};
use crate::ecosystems::manifest::Manifest;
use crate::model::version;
use crate::model::{EdgeKind, Lockfile, Package, Root};
use crate::world::World;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    let (mut drifts, roots, mut entries) = (Vec::new(), remembered(lockfile), None);
    let is_root = |manifest: &Manifest<'_>| manifest.folder() == lockfile.folder();
    let has_members = world.served_by(lockfile).any(|it| is_root(it) && it.workspace.is_some());
    for manifest in world.served_by(lockfile) {
        let own = roots.get(manifest.folder()).and_then(|roots| roots.first());
        match own {
            Some(root) => {
                let found = compare(manifest, lockfile, asked(manifest), mirrored(root));
                let mut refused =
                    |name: &str| is_refused(manifest, root, name, slots(&mut entries, lockfile));
                let found = found.into_iter();
                drifts.extend(found.map(|it| Drift { refused: refused(&it.subject), ..it }));
            }
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

type Slots<'a> = HashMap<&'a str, &'a Package<'a>>;

/// Made when first needed: few lockfiles have fallen behind.
fn slots<'e, 'a>(entries: &'e mut Option<Slots<'a>>, lockfile: &'a Lockfile<'a>) -> &'e Slots<'a> {
    let newer = || lockfile.packages.iter().filter(|package| !package.flags.legacy);
    entries.get_or_insert_with(|| newer().map(|package| (package.slot.as_str(), package)).collect())
}

/// `npm ci` does not read the mirror: it holds what is locked against the manifest's range. What is no range, an address or
/// another package's name, is not to be told from here.
fn is_refused(manifest: &Manifest<'_>, root: &Root<'_>, name: &str, entries: &Slots<'_>) -> bool {
    let declared = manifest.asked().filter(|(_, dep)| dep.name.as_str() == name);
    let asked: BTreeSet<&str> =
        declared.filter_map(|(_, dep)| dep.range.as_ref()).map(|range| range.as_str()).collect();
    let edges = root.edges.iter().filter(|edge| edge.name.as_str() == name);
    let mirrored: BTreeSet<&str> =
        edges.filter_map(|edge| edge.range.as_ref()).map(|range| range.as_str()).collect();
    if asked.is_empty() || asked == mirrored {
        return false;
    }
    let Some(locked) = installed(root.path.as_str(), name, entries) else { return true };
    let fits = |range: &&str| version::satisfies_npm(locked.version(), range) == Some(true);
    let is_range = |range: &&str| version::satisfies_npm("0.0.0", range).is_some();
    let is_named_so = locked.name.as_str() == name;
    let is_held = locked.origin.is_local() || asked.iter().all(fits);
    !(is_named_so && is_held && asked.iter().chain(&mirrored).all(is_range))
}

/// What a project gets under a name: the entry in its own `node_modules`, or the next one above.
fn installed<'a>(project: &str, name: &str, entries: &Slots<'a>) -> Option<&'a Package<'a>> {
    let above = project.rmatch_indices('/').map(|(at, _)| &project[..at]);
    let folders = std::iter::once(project).chain(above).filter(|folder| !folder.is_empty());
    let keys = folders.map(|folder| format!("{folder}/node_modules/{name}"));
    keys.chain([format!("node_modules/{name}")]).find_map(|key| entries.get(key.as_str()).copied())
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
    let range = |range: &'a Option<crate::text::syntax::Text<'a>>| range.as_ref().map(|it| it.as_str());
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
            refused: true,
        })
        .collect()
}

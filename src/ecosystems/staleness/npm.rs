//! npm mirrors each manifest, ranges included, under the folder's key. Version 1 mirrors nothing: there each dependency must
//! have an entry.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::{Drift, Word, compare, has_own, remembered, unknown_member};
use crate::ecosystems::manifest::Manifest;
use crate::model::version;
use crate::model::{EdgeKind, Lockfile, Package, Root};
use crate::world::World;
use crate::world::workspace::is_inside;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    let (mut drifts, roots, mut entries) = (Vec::new(), remembered(lockfile), None);
    let is_root = |manifest: &Manifest<'_>| manifest.folder() == lockfile.folder();
    let has_members = world.served_by(lockfile).any(|it| is_root(it) && it.workspace.is_some());
    for manifest in world.served_by(lockfile) {
        let own = roots.get(manifest.folder()).and_then(|roots| roots.first());
        match own {
            Some(root) => {
                let found = compare(manifest, lockfile, asked(manifest), mirrored(root));
                if !found.is_empty() {
                    let entries = entries.get_or_insert_with(|| installed(lockfile));
                    let ranges = Ranges::new(manifest, root);
                    let refused = |name: &str| ranges.is_refused(root.path.as_str(), name, entries);
                    drifts.extend(found.into_iter().map(|it| Drift { refused: refused(&it.subject), ..it }));
                }
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

/// The entries under each name, with the folder that has them in its `node_modules`.
type Installed<'a> = HashMap<&'a str, Vec<(&'a str, &'a Package<'a>)>>;

/// Made when first needed: few lockfiles have fallen behind.
fn installed<'a>(lockfile: &'a Lockfile<'a>) -> Installed<'a> {
    let mut all: Installed<'a> = HashMap::new();
    for package in lockfile.packages.iter().filter(|package| !package.flags.legacy) {
        let slot = package.slot.as_str();
        let Some(at) = slot.rfind("node_modules/") else { continue };
        let name = &slot[at + "node_modules/".len()..];
        all.entry(name).or_default().push((slot[..at].trim_end_matches('/'), package));
    }
    all
}

/// The ranges that a manifest asks for and those that its mirror has, by name.
struct Ranges<'r> {
    asked: HashMap<&'r str, BTreeSet<&'r str>>,
    mirrored: HashMap<&'r str, BTreeSet<&'r str>>,
}

impl<'r> Ranges<'r> {
    fn new(manifest: &'r Manifest<'_>, root: &'r Root<'_>) -> Ranges<'r> {
        let mut ranges = Ranges { asked: HashMap::new(), mirrored: HashMap::new() };
        for (_, dep) in manifest.asked() {
            let own = dep.range.as_ref().map(|it| it.as_str());
            ranges.asked.entry(dep.name.as_str()).or_default().extend(own);
        }
        for edge in &root.edges {
            let own = edge.range.as_ref().map(|it| it.as_str());
            ranges.mirrored.entry(edge.name.as_str()).or_default().extend(own);
        }
        ranges
    }

    /// `npm ci` does not read the mirror: it holds what is locked against the manifest's range. What is no range, an address
    /// or another package's name, is not to be told from here.
    fn is_refused(&self, project: &str, name: &str, entries: &Installed<'_>) -> bool {
        let none = BTreeSet::new();
        let (asked, mirrored) =
            (self.asked.get(name).unwrap_or(&none), self.mirrored.get(name).unwrap_or(&none));
        if asked.is_empty() || asked == mirrored {
            return false;
        }
        // A project gets what its own `node_modules` has under that name, or the next one above.
        let own = entries.get(name).into_iter().flatten().filter(|(folder, _)| is_inside(project, folder));
        let Some((_, locked)) = own.max_by_key(|(folder, _)| folder.len()) else { return true };
        let fits = |range: &&str| version::satisfies_npm(locked.version(), range) == Some(true);
        let is_range = |range: &&str| version::satisfies_npm("0.0.0", range).is_some();
        let is_named_so = locked.name.as_str() == name;
        let is_held = locked.origin.is_local() || asked.iter().all(fits);
        !(is_named_so && is_held && asked.iter().chain(mirrored).all(is_range))
    }
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

//! Does a lockfile still know what its manifests ask for? No package manager is run for it: what a format remembers of its
//! manifests is held against them, and Cargo, which remembers nothing, by whether each dependency is satisfied.
//!
//! Names, versions and descriptions of the projects don't count: nobody locks anew for them.

mod cargo;
mod go;
mod npm;
mod pnpm;
mod uv;

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};

use crate::ecosystems::manifest::Manifest;
use crate::model::{EdgeKind, Lockfile, Root};
use crate::text::source::Source;
use crate::world::World;
use crate::world::workspace::join;

/// Something that a manifest and its lockfile say differently.
#[derive(Debug)]
pub struct Drift<'a> {
    /// A sentence.
    pub message: String,
    /// What tells it from others of the same lockfile.
    pub subject: String,
    /// Where the manifest says it; where it says nothing, its beginning.
    pub asked: (&'a Source, &'a str),
    /// Where the lockfile says otherwise, if it does.
    pub locked: Option<&'a str>,
    /// A frozen install refuses it: what is locked is not what is asked for.
    pub refused: bool,
}

/// Where a lockfile has fallen behind its manifests, in their order.
pub fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    if !lockfile.is_readable() || decides_itself(lockfile) {
        return Vec::new();
    }
    match lockfile.format.id {
        "cargo" => cargo::drifts(world, lockfile),
        "npm" => npm::drifts(world, lockfile),
        "pnpm" => pnpm::drifts(world, lockfile),
        "uv" => uv::drifts(world, lockfile),
        "go" => go::drifts(world, lockfile),
        _ => Vec::new(),
    }
}

/// How many manifests of a lockfile can't be held against it: what they ask for is only known once code was run.
pub fn undecided(world: &World<'_>, lockfile: &Lockfile<'_>) -> usize {
    let all = decides_itself(lockfile);
    world.served_by(lockfile).filter(|manifest| all || manifest.dynamic).count()
}

/// A `.pnpmfile.cjs` may change what every manifest asks for.
fn decides_itself(lockfile: &Lockfile<'_>) -> bool {
    lockfile.settings.iter().any(|setting| setting.name.as_str() == "pnpmfileChecksum")
}

/// One thing that is asked for: the range, with the kind of dependency behind it where that is not the plain one.
struct Word<'a> {
    name: String,
    /// Nothing where any range will do.
    range: Option<String>,
    at: &'a str,
}

impl<'a> Word<'a> {
    fn new(name: impl Into<String>, kind: EdgeKind, range: Option<&str>, at: &'a str) -> Word<'a> {
        let group = match kind {
            EdgeKind::Normal => "",
            EdgeKind::Dev => " (dev)",
            EdgeKind::Build => " (build)",
            EdgeKind::Optional => " (optional)",
            EdgeKind::Peer | EdgeKind::OptionalPeer => " (peer)",
        };
        Word { name: name.into(), range: range.map(|range| format!("{range}{group}")), at }
    }
}

/// What is asked for under one name: the ranges, and the first place.
#[derive(Default)]
struct Asked<'a> {
    ranges: BTreeSet<String>,
    any: bool,
    at: &'a str,
}

fn by_name<'a>(words: Vec<Word<'a>>) -> BTreeMap<String, Asked<'a>> {
    let mut all: BTreeMap<String, Asked<'a>> = BTreeMap::new();
    for word in words {
        let asked = all.entry(word.name).or_insert_with(|| Asked { at: word.at, ..Asked::default() });
        match word.range {
            Some(range) => drop(asked.ranges.insert(range)),
            None => asked.any = true,
        }
    }
    all
}

/// Holds what a manifest asks for against what the lockfile remembers of it.
fn compare<'a>(
    manifest: &Manifest<'a>,
    lockfile: &'a Lockfile<'a>,
    asked: Vec<Word<'a>>,
    remembered: Vec<Word<'a>>,
) -> Vec<Drift<'a>> {
    let (asked, remembered) = (by_name(asked), by_name(remembered));
    let (path, lock) = (&manifest.source.path, &lockfile.source.path);
    let list = |ranges: &BTreeSet<String>| {
        let ranges: Vec<_> = ranges.iter().map(|range| format!("`{range}`")).collect();
        ranges.join(" and ")
    };
    let mut drifts = Vec::new();
    for (name, now) in &asked {
        let before = remembered.get(name);
        let message = match before {
            None => format!("{path} asks for {name}, and {lock} knows nothing of it."),
            Some(before) if now.any || before.any || before.ranges == now.ranges => continue,
            Some(before) => {
                format!(
                    "{path} asks for {name} {}, and {lock} was made for {}.",
                    list(&now.ranges),
                    list(&before.ranges)
                )
            }
        };
        let locked = before.map(|before| before.at);
        let asked = (manifest.source, now.at);
        drifts.push(Drift { message, subject: name.clone(), asked, locked, refused: true });
    }
    for (name, before) in remembered.iter().filter(|(name, _)| !asked.contains_key(*name)) {
        let message = format!("{path} does not ask for {name}, and {lock} was made when it did.");
        let at = manifest.source.text().lines().next().unwrap_or_default();
        drifts.push(Drift {
            message,
            subject: name.clone(),
            asked: (manifest.source, at),
            locked: Some(before.at),
            refused: true,
        });
    }
    drifts
}

/// A member of the workspace that the lockfile does not know.
fn unknown_member<'a>(manifest: &Manifest<'a>, lockfile: &Lockfile<'a>) -> Drift<'a> {
    let first = manifest.source.text().lines().next().unwrap_or_default();
    let at = manifest.name.as_ref().map_or(first, |name| name.raw);
    let message = format!(
        "{} is of the workspace, and {} knows nothing of it.",
        manifest.source.path, lockfile.source.path
    );
    let subject = manifest.source.path.clone();
    Drift { message, subject, asked: (manifest.source, at), locked: None, refused: true }
}

/// What a lockfile remembers of its projects, by folder.
fn remembered<'a>(lockfile: &'a Lockfile<'a>) -> HashMap<String, Vec<&'a Root<'a>>> {
    let mut all: HashMap<String, Vec<&'a Root<'a>>> = HashMap::new();
    for root in &lockfile.roots {
        if let Some(folder) = join(lockfile.folder(), root.path.as_str()) {
            all.entry(folder).or_default().push(root);
        }
    }
    all
}

/// A project with a lockfile of its own need not stand in the workspace's.
fn has_own<'a>(world: &World<'a>, lockfile: &Lockfile<'a>, manifest: &Manifest<'a>) -> bool {
    let format = lockfile.format;
    manifest.folder() != lockfile.folder()
        && format.files.iter().any(|name| world.has_path(&format!("{}/{name}", manifest.folder())))
}

//! Hashes against bytes: what a lockfile pins is compared with the artifacts that lie on this disk.
//!
//! One file for each place where bytes lie: a [`Store`] finds the copies that it has of locked packages and says what
//! each of them proves. The work is taken from one queue by all threads. What comes of it are [`Facts`], plain data that
//! the rules of `rules/bytes` read. Nothing is ever written, and nothing outside of a store is read.

mod cargo_cache;
mod cargo_index;
pub(crate) mod cargo_vendor;
mod carried;
mod dirhash;
pub mod environment;
mod find_links;
mod go_cache;
mod hash;
mod local_files;
mod npm_cache;
mod queue;
mod tar;
mod tree;

use std::collections::{BTreeMap, HashSet};
use std::io::{Seek as _, SeekFrom};
use std::path::PathBuf;

pub use crate::findings::facts::Facts;
pub use carried::fold as fold_cargo;
pub use environment::Environment;
pub use queue::Progress;

use crate::disk::{Refused, Root};
use crate::findings::facts::{Carried, Fact, Mismatch, Outcome, Unseen};
use hash::Hashes;
use queue::{Found, Job, Worker};
use tree::{Input, Place, Tree};

use crate::model::{Artifact, Lockfile, Package};
use crate::read::Sources;
use crate::read::options::{Bytes, Options};

/// A place where bytes lie.
#[derive(Debug)]
pub struct Store {
    /// Stable; the name of its page.
    pub id: &'static str,
    /// As messages call it.
    pub name: &'static str,
    /// It lies in the repository; else it is a client's, and looked into with `--bytes all` only.
    pub in_repository: bool,
    /// What it can prove, for the docs.
    pub proves: &'static str,
    /// What fetches again what is not there.
    pub fetch: &'static str,
    /// The ids of the formats that it has artifacts for.
    pub formats: &'static [&'static str],
    find: for<'a> fn(&Search<'a>) -> Vec<Job<'a>>,
}

/// In the order in which they are looked into.
pub static ALL: &[&Store] = &[
    &cargo_vendor::STORE,
    &local_files::STORE,
    &find_links::IN_REPOSITORY,
    &cargo_cache::STORE,
    &cargo_cache::UNPACKED,
    &cargo_index::STORE,
    &npm_cache::STORE,
    &find_links::OF_CLIENT,
    &go_cache::STORE,
    &go_cache::UNPACKED,
];

/// What stores look at.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    sources: &'a Sources,
    tree: &'a Tree,
    environment: &'a Environment,
    lockfiles: &'a [&'a Lockfile<'a>],
    /// The folders that the packages of each may be vendored to.
    vendored: &'a [Vec<String>],
    /// Lockfiles that are the same on the base side.
    unchanged: &'a HashSet<&'a str>,
    /// Manifests in archives are wanted as well.
    manifests: bool,
}

/// An artifact of an entry of a lockfile.
#[derive(Clone, Copy)]
struct Target<'a> {
    lockfile: usize,
    package: usize,
    artifact: usize,
    of: &'a Lockfile<'a>,
}

impl<'a> Target<'a> {
    fn package(&self) -> &'a Package<'a> {
        &self.of.packages[self.package]
    }

    fn artifact(&self) -> &'a Artifact<'a> {
        &self.package().artifacts[self.artifact]
    }

    /// Nothing for what needs no hash.
    fn pin(&self) -> Option<&'a str> {
        let artifact = self.package().artifacts.get(self.artifact)?;
        artifact.integrity.as_ref().map(|text| text.raw)
    }

    /// Entries of one release with one pin share what is found out.
    fn is_twin(&self, other: &Target<'_>) -> bool {
        let (one, two) = (self.package(), other.package());
        self.lockfile == other.lockfile
            && one.name.as_str() == two.name.as_str()
            && one.version() == two.version()
            && self.pin() == other.pin()
    }

    fn fact(&self, store: &'static Store, at: &str, outcome: Outcome) -> Fact {
        Fact {
            package: self.package,
            twins: Vec::new(),
            artifact: self.artifact,
            store,
            at: at.to_owned(),
            outcome,
            moved: None,
        }
    }
}

impl<'a> Search<'a> {
    /// Every artifact with a digest, in lockfiles of the formats that a store serves.
    fn targets(&self, store: &'static Store) -> impl Iterator<Item = Target<'a>> {
        let lockfiles = self.lockfiles;
        let of_store = lockfiles.iter().enumerate().filter(|(_, it)| store.formats.contains(&it.format.id));
        of_store.flat_map(|(lockfile, &of)| {
            let packages = of.packages.iter().enumerate();
            packages.flat_map(move |(package, it)| {
                let hashed = |(_, artifact): &(usize, &Artifact<'_>)| !artifact.digests.is_empty();
                let artifacts = it.artifacts.iter().enumerate().filter(hashed);
                artifacts.map(move |(artifact, _)| Target { lockfile, package, artifact, of })
            })
        })
    }
}

/// Looks for the bytes of what these lockfiles pin, as far as the options ask for it.
pub fn verify(
    sources: &Sources,
    lockfiles: &[&Lockfile<'_>],
    options: &Options,
    environment: &Environment,
    progress: Progress<'_>,
) -> Facts {
    let mut facts = Facts { looked: options.bytes, required: options.bytes_required, ..Facts::default() };
    if options.bytes == Bytes::Off {
        return facts;
    }
    let tree = Tree::new(sources, options);
    let unchanged = sources.lockfiles.iter().filter(|file| file.same).map(|file| file.path.as_str());
    let unchanged: HashSet<&str> = unchanged.collect();
    let (lockfiles, vendored) = built_with(sources, &tree, lockfiles);
    let search = Search {
        sources,
        tree: &tree,
        environment,
        lockfiles: &lockfiles,
        vendored: &vendored,
        unchanged: &unchanged,
        manifests: options.runs("metadata-mismatch"),
    };
    let mut jobs = Vec::new();
    for store in ALL.iter().filter(|store| store.in_repository || options.bytes == Bytes::All) {
        if lockfiles.iter().any(|lockfile| store.formats.contains(&lockfile.format.id)) {
            jobs.append(&mut (store.find)(&search));
        }
    }
    let paths: Vec<String> = lockfiles.iter().map(|lockfile| lockfile.source.path.clone()).collect();
    if !jobs.is_empty() {
        tree.prepare();
    }
    queue::run(&tree, &jobs, progress, &paths, &mut facts);
    facts.problems.sort();
    facts.problems.dedup();
    for lockfile in &lockfiles {
        let of_lockfile = facts.lockfiles.entry(lockfile.source.path.clone()).or_default();
        of_lockfile.facts.sort_by_key(|fact| fact.package);
        of_lockfile.note_unseen(lockfile, unseen(lockfile, options.bytes));
    }
    facts
}

/// Leaves out lockfiles that vendored packages bring along: nobody builds with those.
fn built_with<'l>(
    sources: &Sources,
    tree: &Tree,
    lockfiles: &[&'l Lockfile<'l>],
) -> (Vec<&'l Lockfile<'l>>, Vec<Vec<String>>) {
    let vendored = cargo_vendor::vendored(sources, tree, lockfiles);
    let folders: HashSet<String> = vendored.iter().flatten().cloned().collect();
    let is_own = |lockfile: &Lockfile<'_>| {
        let above = std::iter::successors(Some(lockfile.folder()), |path| {
            (!path.is_empty()).then(|| crate::model::folder(path))
        });
        above.into_iter().all(|folder| !folders.contains(folder))
    };
    lockfiles.iter().copied().zip(vendored).filter(|(lockfile, _)| is_own(lockfile)).unzip()
}

/// Why nothing of a lockfile's packages may have been seen.
fn unseen(lockfile: &Lockfile<'_>, looked: Bytes) -> Unseen {
    match (lockfile.format.id, looked) {
        ("pnpm", Bytes::All) => Unseen::NotVerifiable("as pnpm keeps files, not archives"),
        ("uv", Bytes::All) => Unseen::NotVerifiable("as uv keeps files, not archives"),
        _ => Unseen::NotOnDisk,
    }
}

/// Where a copy of an archive lies.
enum Copy {
    InStore(Root, PathBuf),
    InTree(Place),
}

/// Copies of archives, each with all entries that it is to be compared with: a file is read once.
struct Archives<'a> {
    store: &'static Store,
    copies: BTreeMap<String, (Copy, Vec<Target<'a>>)>,
}

impl<'a> Archives<'a> {
    fn new(store: &'static Store) -> Archives<'a> {
        Archives { store, copies: BTreeMap::new() }
    }

    fn add(&mut self, copy: Copy, target: Target<'a>) {
        let shown = match &copy {
            Copy::InStore(root, name) => root.path().join(name).display().to_string(),
            Copy::InTree(place) => place.path.clone(),
        };
        let (_, targets) = self.copies.entry(shown).or_insert_with(|| (copy, Vec::new()));
        targets.push(target);
    }

    fn into_jobs(self, search: &Search<'a>) -> Vec<Job<'a>> {
        let (search, store) = (*search, self.store);
        let job = |(at, (copy, targets)): (String, (Copy, Vec<Target<'a>>))| -> Job<'a> {
            Box::new(move |worker| check_archive(&search, worker, store, &at, &copy, &targets))
        };
        self.copies.into_iter().map(job).collect()
    }
}

fn check_archive(
    search: &Search<'_>,
    worker: &mut Worker<'_>,
    store: &'static Store,
    at: &str,
    copy: &Copy,
    targets: &[Target<'_>],
) -> Result<Found, Refused> {
    let (input, moved) = match copy {
        Copy::InStore(root, name) => (root.open(name)?.map(Input::Disk), None),
        Copy::InTree(place) => {
            let moved = worker.reader.is_of_base(place).map(|same| !same);
            let unchanged = targets.iter().all(|it| search.unchanged.contains(it.of.source.path.as_str()));
            if search.tree.is_index() && moved == Some(false) && unchanged {
                return Ok(facts_for(targets, store, at, moved, |_| Outcome::Untouched));
            }
            (worker.reader.open(place)?, moved)
        }
    };
    let Some(mut input) = input else { return Ok(Vec::new()) };
    let hashes = hash_all(&mut input, targets, worker)?;
    let contradiction = |target: &Target<'_>| hashes.contradiction(target.artifact());
    let holds = targets.iter().any(|target| contradiction(target).is_none());
    let carried = if holds && search.manifests { carried(&mut input, targets[0])? } else { None };
    input.is_steady()?;
    let (size, modified) = (input.size(), input.modified());
    Ok(facts_for(targets, store, at, moved, |target| match contradiction(target) {
        None => Outcome::Verified(carried.clone()),
        Some((digest, found)) => Outcome::Mismatch(Box::new(Mismatch { digest, found, size, modified })),
    }))
}

/// One fact for each release; entries of the same one are its twins.
fn facts_for(
    targets: &[Target<'_>],
    store: &'static Store,
    at: &str,
    moved: Option<bool>,
    outcome: impl Fn(&Target<'_>) -> Outcome,
) -> Found {
    let mut leaders: Vec<(&Target<'_>, Fact)> = Vec::new();
    for target in targets {
        match leaders.iter_mut().rev().take(TWINS_APART).find(|(leader, _)| target.is_twin(leader)) {
            Some((_, fact)) => fact.twins.push(target.package),
            None => {
                let fact = Fact { moved, ..target.fact(store, at, outcome(target)) };
                leaders.push((target, fact));
            }
        }
    }
    leaders.into_iter().map(|(leader, fact)| (leader.lockfile, fact)).collect()
}

/// Entries of one file are nearly always of one release in each lockfile; looking further would cost time.
const TWINS_APART: usize = 4;

fn hash_all(input: &mut Input, targets: &[Target<'_>], worker: &mut Worker<'_>) -> Result<Hashes, Refused> {
    let mut algorithms: Vec<_> =
        targets.iter().flat_map(|target| hash::algorithms(target.artifact())).collect();
    algorithms.sort();
    algorithms.dedup();
    hash::hash(&mut *input, algorithms, &mut worker.buffer).map_err(|error| failed(input, &error))
}

/// The manifest of an archive. One that can't be read as such was hashed all the same; one that has no end is refused.
fn carried(input: &mut Input, target: Target<'_>) -> Result<Option<Carried>, Refused> {
    input.seek(SeekFrom::Start(0)).map_err(|error| failed(input, &error))?;
    match carried::of_archive(target.of.ecosystem(), &mut *input) {
        Ok(carried) => Ok(carried),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(failed(input, &error)),
        Err(_) => Ok(None),
    }
}

fn failed(input: &Input, error: &std::io::Error) -> Refused {
    Refused::Unreadable { path: input.shown(), why: error.to_string() }
}

/// A path in the repository, from a folder of it; nothing when it leaves the repository.
pub(crate) fn resolve(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') || relative.contains(['\\', ':', '\0']) {
        return None;
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in relative.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop()?;
            }
            name => steps.push(name),
        }
    }
    Some(steps.join("/"))
}

/// Whether a text is a plain file name, and no way to somewhere else.
fn is_file_name(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\', '\0', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_repository() {
        assert_eq!(resolve("a/b", "../vendor/./x").as_deref(), Some("a/vendor/x"));
        assert_eq!(resolve("a", "../../x"), None);
        assert_eq!(resolve("a", "/etc"), None);
        assert!(is_file_name("x-1.0.whl") && !is_file_name("../x") && !is_file_name(".."));
    }

    #[test]
    fn every_store_has_a_name_of_its_own() {
        let ids: HashSet<_> = ALL.iter().map(|store| store.id).collect();
        assert_eq!(ids.len(), ALL.len());
    }
}

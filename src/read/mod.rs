//! Reads both sides into memory: lockfiles, and what belongs to them. What follows borrows from here and does no I/O.

pub mod clock;
pub mod discover;
pub mod models;
pub mod options;
mod past;
mod policies;
pub(crate) mod staged;
pub mod unsupported;
pub mod witness;

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::agents::tool::disk::Tier;
use crate::agents::tool::store;
use crate::disk;
use crate::disk::Root;
use crate::ecosystems::formats;
use crate::ecosystems::formats::Format;
use crate::ecosystems::manifest;
use crate::ecosystems::unread;
use crate::ecosystems::unread::Kind;
use crate::git::changed::Listed;
use crate::git::index::Stat;
use crate::git::{Commit, DANGLING, Repo, RepoError, Staging, blob_id};
use crate::model::Ecosystem;
use crate::policy::sides::Sides;
use crate::policy::{self, Policy, PolicyError};
use crate::read::discover::{Selection, SelectionError, is_interesting, os_path, spell};
use crate::read::options::{Base, Bytes, Head, Options, PolicyFile};
use crate::read::witness::Witnesses;
use crate::text::escape;
use crate::text::source::{Side, Source};
use crate::world::commands::Stand;
use unsupported::Unsupported;

/// Everything that a run looks at.
pub struct Sources {
    /// Absent outside of a repository.
    pub root: Option<PathBuf>,
    pub head: Side,
    /// The full id of a head that is a commit.
    pub head_id: Option<String>,
    /// The tree that the index stands for, when that is the head and was asked for.
    pub head_tree: Option<String>,
    pub base: Option<Side>,
    pub base_id: Option<String>,
    pub lockfiles: Vec<File>,
    pub companions: Vec<File>,
    /// Of a merge: the lockfiles of its sides, but for the base.
    pub merged: Vec<Source>,
    /// What the history of the head pinned, when that was asked for.
    pub history: Option<Witnesses>,
    /// Lockfiles and tools of AI agents outside of the repository, nearest first. Only `tool verify` reads them.
    pub tiers: Vec<Tier>,
    /// What `llmring.lock` is checked against: archives of the model registry, and the Python packages around it.
    pub models: Vec<File>,
    /// Where the model registry was read from; none was named otherwise.
    pub registry: Option<String>,
    /// Paths of all lockfiles and manifests of each side, sorted.
    pub head_paths: Vec<String>,
    pub base_paths: Vec<String>,
    /// What judges.
    pub policy: Policy,
    /// Where that came from, as git would name it.
    pub policy_path: Option<String>,
    /// Lockfiles on disk that git ignores, sorted.
    pub ignored: Vec<String>,
    /// What both sides have.
    pub policies: Sides,
    /// Lockfiles that a `--staged` run had no reason to read.
    pub unread: Vec<String>,
    /// Lockfiles of kinds that can't be read, by path.
    pub unsupported: Vec<Unsupported>,
    /// Lockfiles that the policy excludes.
    pub excluded: usize,
    /// Where the user stands.
    pub stand: Stand,
    /// What went wrong with single files: the run is incomplete.
    pub problems: Vec<String>,
}

impl Sources {
    /// Nothing yet.
    pub fn new(head: Side, policy: Policy) -> Sources {
        Sources {
            root: None,
            head,
            head_id: None,
            head_tree: None,
            base: None,
            base_id: None,
            lockfiles: Vec::new(),
            companions: Vec::new(),
            models: Vec::new(),
            registry: None,
            merged: Vec::new(),
            history: None,
            tiers: Vec::new(),
            head_paths: Vec::new(),
            base_paths: Vec::new(),
            policy,
            policy_path: None,
            ignored: Vec::new(),
            policies: Sides::default(),
            unread: Vec::new(),
            unsupported: Vec::new(),
            excluded: 0,
            stand: Stand::default(),
            problems: Vec::new(),
        }
    }

    /// A file of one side, by its path.
    pub fn source(&self, side: &Side, path: &str) -> Option<&Source> {
        self.all().filter(|source| source.path == path).find(|source| source.side == *side)
    }

    /// Every file by its side and path, for who asks for many.
    pub fn by_place(&self) -> HashMap<(&Side, &str), &Source> {
        let mut places = HashMap::new();
        for source in self.all() {
            places.entry((&source.side, source.path.as_str())).or_insert(source);
        }
        places
    }

    fn all(&self) -> impl Iterator<Item = &Source> {
        let files = self.lockfiles.iter().chain(&self.companions);
        let of_sides = files.flat_map(|file| [&file.head, &file.base]).flatten();
        let policies = [&self.policies.head, &self.policies.base].into_iter().flatten().map(|it| &it.source);
        of_sides.chain(&self.merged).chain(policies)
    }

    /// What lies in a module's `vendor` folder is built as part of that module: no client reads a lockfile there. It must be
    /// so on every side that has the file, or somebody puts a folder around what was read until now.
    fn leave_out_vendored(&mut self) {
        let is_vendored = |paths: &[String], path: &str| {
            let has = |path: String| paths.binary_search(&path).is_ok();
            let above = path.match_indices("vendor/").map(|(at, _)| &path[..at]);
            let folders = above.filter(|above| above.is_empty() || above.ends_with('/'));
            folders.into_iter().any(|it| has(format!("{it}vendor/modules.txt")) && has(format!("{it}go.mod")))
        };
        let (head, base) = (&self.head_paths, &self.base_paths);
        self.lockfiles.retain(|file| {
            let is_go = file.format.is_some_and(|format| format.manifest_selects);
            let at_head = || file.head.is_none() || is_vendored(head, &file.path);
            let at_base =
                || file.base_source().is_none() || self.base.is_none() || is_vendored(base, &file.path);
            !(is_go && at_head() && at_base())
        });
    }

    /// A PATH that names one asks for what can't be done.
    fn take_unsupported(&mut self, mut all: Vec<Unsupported>, selection: &Selection) {
        for it in &mut all {
            it.judged = selection.has(&it.path);
            if selection.names(&it.path) && it.head.is_some() {
                self.problems.push(unread::problem(it.kind.id, &it.path));
            }
        }
        all.sort_by(|a, b| a.path.cmp(&b.path));
        self.unsupported = all;
    }

    /// The lockfiles that PATHs may have meant.
    fn found(&self) -> impl Iterator<Item = &str> {
        let judged = self.lockfiles.iter().filter(|file| file.judged).map(|file| file.path.as_str());
        let unsupported = self.unsupported.iter().filter(|it| it.judged).map(|it| it.path.as_str());
        judged.chain(unsupported).chain(self.unread.iter().map(String::as_str))
    }

    fn adopt(&mut self, models: models::Models) {
        self.models = models.files;
        self.registry = models.registry;
        self.problems.extend(models.problems);
    }
}

/// A file on both sides.
pub struct File {
    pub path: String,
    /// Nothing for a companion.
    pub format: Option<&'static Format>,
    pub head: Option<Source>,
    /// Also nothing when it is the same as the head's.
    pub base: Option<Source>,
    /// Both sides hold the same text: then only the head's is kept.
    pub same: bool,
    /// The user's PATHs include it. The others are read to compare with, not to be judged.
    pub judged: bool,
}

impl File {
    /// Nothing of it is known yet.
    pub fn new(path: String) -> File {
        File { path, format: None, head: None, base: None, same: false, judged: true }
    }

    /// Tells the format by the text, where the path alone does not.
    fn recognise(&mut self) {
        self.format = formats::of_file(&self.path, self.head.as_ref(), self.base.as_ref());
    }

    /// Another's file that has a name like a lockfile's.
    fn is_foreign(&self) -> bool {
        self.format.is_none() && formats::of_path(self.path.as_bytes()).is_some()
    }

    /// What the base side holds.
    pub fn base_source(&self) -> Option<&Source> {
        if self.same { self.head.as_ref() } else { self.base.as_ref() }
    }
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Repo(#[from] RepoError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Policy(Box<PolicyError>),
    #[error("{0}")]
    Usage(String),
}

impl From<PolicyError> for ReadError {
    fn from(error: PolicyError) -> ReadError {
        ReadError::Policy(Box::new(error))
    }
}

impl ReadError {
    /// What was asked for makes no sense, as against: it could not be read.
    pub fn is_usage(&self) -> bool {
        !matches!(self, ReadError::Repo(error) if !matches!(error, RepoError::Ambiguous { .. }))
    }
}

/// Reads what the options ask for.
pub fn read(options: &Options) -> Result<Sources, ReadError> {
    let folder = fs::canonicalize(&options.folder)
        .map_err(|error| ReadError::Usage(format!("{}: {error}", options.folder.display())))?;
    let mut sources = match Repo::open(&folder)? {
        Some(repo) => read_repo(&repo, &folder, options)?,
        None => read_folder(&folder, options)?,
    };
    sources.leave_out_vendored();
    Ok(sources)
}

/// A file of one side, before it is read.
struct Place {
    path: Vec<u8>,
    at: At,
}

enum At {
    /// On disk; the index knows its blob when nothing has touched it since.
    Disk {
        unchanged: Option<git2::Oid>,
    },
    Blob(Listed),
}

impl At {
    /// The blob that a reader gets, as far as that is known without reading.
    fn id(&self) -> Option<git2::Oid> {
        match self {
            At::Blob(file) => file.content_id(),
            At::Disk { unchanged } => *unchanged,
        }
    }
}

fn read_repo(repo: &Repo, folder: &Path, options: &Options) -> Result<Sources, ReadError> {
    let (head, base) = sides(repo, options)?;
    let root = root(repo, &head)?;
    let typed_in = if root.as_os_str().is_empty() { Path::new("") } else { folder };
    let selection = Selection::new(&options.paths, typed_in, &root)?;
    let has_archives = Cell::new(false);
    let interesting = |path: &[u8]| {
        has_archives.set(has_archives.get() || staged::is_archive(path));
        is_interesting(path)
    };
    let staging = match &head {
        HeadSide::Revision(_) => None,
        HeadSide::Index => Some(repo.staging(&interesting, false)?),
        HeadSide::Worktree => Some(repo.staging(&is_interesting, true)?),
    };
    let (head_places, ignored, mut problems) = list_head(repo, &head, &root, staging.as_ref(), &selection)?;
    let base_places = match &base {
        Some(commit) => repo.list(commit, staging.as_ref(), discover::INTEREST)?,
        None => Vec::new(),
    };
    let places = policies::Places { head: &head_places, base: &base_places };
    let policies = policies::read(repo, &root, options, &places, (&head, base.as_ref()))?;
    let mut sources = Sources {
        root: Some(root.clone()),
        head_id: head.id(),
        head_tree: (options.proof && matches!(head, HeadSide::Index)).then(|| repo.index_tree()).flatten(),
        base: base.as_ref().map(Commit::side),
        base_id: base.as_ref().map(|commit| commit.id.clone()),
        head_paths: head_places.iter().map(|place| spell(&place.path)).collect(),
        base_paths: base_places.iter().map(|file| spell(&file.path)).collect(),
        policy_path: policies.path,
        policies: policies.sides,
        ignored,
        stand: stand(repo, options, (folder, &root), (&head, base.as_ref()), staging.as_ref())?,
        ..Sources::new(head.side(), policies.policy)
    };
    let filtered = is_filtered(repo, &root, &sources, &mut problems);
    sources.problems.append(&mut problems);
    let touched = match (&head, &base) {
        (HeadSide::Index, Some(base)) if options.bytes != Bytes::Off => {
            let configs = cargo_configs(repo, &head_places)?;
            staged::touched(repo, base, &sources.head_paths, &configs, has_archives.get())?
        }
        _ => BTreeSet::new(),
    };
    let mut pairs = pair(head_places, base_places);
    if matches!(head, HeadSide::Index) {
        leave_out_unmerged(&mut pairs, staging.as_ref(), &selection, &mut sources);
    }
    let Aside { mut unread, hidden } = narrow(&mut pairs, &head, &selection, &touched, &mut sources);
    leave_out_unnameable(&mut pairs, &mut sources);
    leave_out_unnameable(&mut unread, &mut sources);
    let reader =
        Reader { root: &root, head: &sources.head, commit: head.commit(), base: base.as_ref(), filtered };
    let read = reader.read(repo, pairs)?;
    // What can't be read is not known to be the same.
    let hidden = reader.each(repo, hidden, |repo, pair| reader.read_pair(repo, pair).0)?;
    let hidden = hidden.into_iter().filter(|file| !file.same).map(|file| file.path).collect();
    let mut unsupported = unsupported::look(&reader, repo, unread)?;
    let is_removed = |file: &File| file.head.is_none() && file.base.is_some() && file.format.is_some();
    let removed = read.iter().map(|(file, _)| file).filter(|file| is_removed(file));
    let removed: Vec<_> = removed.map(|file| file.path.as_str()).collect();
    unsupported.extend(unsupported::submodules(repo, &reader, staging.as_ref(), &removed));
    let paths: Vec<_> = read.iter().map(|(file, _)| file.path.as_str()).collect();
    let models = models::of_repo(repo, &reader, &sources.policy, options.registry.as_deref(), &paths)?;
    sources.policies.hidden = hidden;
    for (mut file, problem) in read {
        sources.problems.extend(problem);
        if file.is_foreign() {
            continue;
        }
        file.judged = selection.has(&file.path);
        if file.format.is_some() { sources.lockfiles.push(file) } else { sources.companions.push(file) }
    }
    sources.merged = past::merged(repo, head.commit(), base.as_ref(), &sources.policy)?;
    if options.history {
        let at_head = head.commit().is_none().then(|| repo.head()).transpose()?.flatten();
        let from = head.commit().or(at_head.as_ref());
        let witnesses = from.map(|from| past::witnesses(repo, from, &sources.policy));
        sources.history = Some(witnesses.transpose()?.unwrap_or_default());
    }
    sources.adopt(models);
    sources.take_unsupported(unsupported, &selection);
    selection.check(&options.paths, sources.found())?;
    let mut told = HashSet::new();
    sources.problems.retain(|problem| told.insert(problem.clone()));
    Ok(sources)
}

/// What can be typed, and where.
fn stand(
    repo: &Repo,
    options: &Options,
    (folder, root): (&Path, &Path),
    (head, base): (&HeadSide, Option<&Commit>),
    staging: Option<&Staging>,
) -> Result<Stand, RepoError> {
    let stands = options.stands.as_ref().and_then(|it| fs::canonicalize(it).ok());
    let below = stands.as_deref().unwrap_or(folder).strip_prefix(root).ok();
    let is_checked_out = match head.commit() {
        Some(commit) => repo.head()?.is_some_and(|it| it.id == commit.id),
        None => true,
    };
    let on_disk = !root.as_os_str().is_empty() && below.is_some() && is_checked_out;
    Ok(Stand {
        folder: below.map(slashed).unwrap_or_default(),
        on_disk,
        revision: base.filter(|_| on_disk).map(|commit| commit.name.clone()),
        unmerged: staging.map(|it| it.unmerged.iter().map(|path| spell(path)).collect()).unwrap_or_default(),
        sides: options.sides(),
        ignores_policy: on_disk && repo.ignores(policy::FILES[0])?,
        accepts: on_disk && options.policy == PolicyFile::Default,
    })
}

/// A folder, as git spells it.
fn slashed(folder: &Path) -> String {
    let parts = folder.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// The root of the worktree. Empty where there is none, and nothing but revisions is read.
fn root(repo: &Repo, head: &HeadSide) -> Result<PathBuf, RepoError> {
    let root = match (head, repo.root()) {
        (HeadSide::Revision(_), Err(_)) => return Ok(PathBuf::new()),
        (_, root) => root?,
    };
    let unreadable = |error: std::io::Error| RepoError::Unreadable {
        path: root.display().to_string(),
        why: error.to_string(),
    };
    fs::canonicalize(root).map_err(unreadable)
}

enum HeadSide {
    Worktree,
    Index,
    Revision(Commit),
}

impl HeadSide {
    fn side(&self) -> Side {
        match self {
            HeadSide::Worktree => Side::Worktree,
            HeadSide::Index => Side::Index,
            HeadSide::Revision(commit) => commit.side(),
        }
    }

    fn commit(&self) -> Option<&Commit> {
        if let HeadSide::Revision(commit) = self { Some(commit) } else { None }
    }

    fn id(&self) -> Option<String> {
        self.commit().map(|commit| commit.id.clone())
    }
}

fn sides(repo: &Repo, options: &Options) -> Result<(HeadSide, Option<Commit>), RepoError> {
    let (head, revision) = match &options.head {
        Head::Worktree => (HeadSide::Worktree, None),
        Head::Index => (HeadSide::Index, None),
        Head::Revision(name) => (HeadSide::Revision(repo.revision(name)?), Some(name.as_str())),
    };
    let base = match (&options.base, revision) {
        (Base::None, _) => None,
        (Base::MergeBase(name), _) => Some(repo.merge_base(name, revision)?),
        (Base::Revision(name), _) => Some(repo.revision(name)?),
        (Base::Default, Some(name)) => repo.parent(name)?,
        (Base::Default, None) => repo.head()?,
    };
    Ok((head, base))
}

/// Where files are read from, the lockfiles that git ignores, and what can't be looked at.
type Listing = (Vec<Place>, Vec<String>, Vec<String>);

fn list_head(
    repo: &Repo,
    head: &HeadSide,
    root: &Path,
    staging: Option<&Staging>,
    selection: &Selection,
) -> Result<Listing, RepoError> {
    let blob = |file: &Listed| Place { path: file.path.clone(), at: At::Blob(file.clone()) };
    match (head, staging) {
        (HeadSide::Revision(commit), _) => {
            let files = repo.list(commit, None, discover::INTEREST)?;
            Ok((files.iter().map(blob).collect(), Vec::new(), Vec::new()))
        }
        (HeadSide::Index, Some(staging)) => {
            Ok((staging.files.iter().map(blob).collect(), Vec::new(), Vec::new()))
        }
        (_, Some(staging)) => Ok(list_worktree(repo, root, staging, selection)),
        (_, None) => Ok((Vec::new(), Vec::new(), Vec::new())),
    }
}

/// What stands on disk: tracked files that are there, what a sparse checkout keeps in the index, and untracked files.
/// And the lockfiles that git ignores, and what can't be looked at.
fn list_worktree(repo: &Repo, root: &Path, staging: &Staging, selection: &Selection) -> Listing {
    let tracked = staging
        .files
        .iter()
        .zip(&staging.stats)
        .filter_map(|(file, stat)| tracked(root, file, staging, stat.as_ref()));
    let mut places: Vec<Place> = tracked.collect();
    let there = |path: &Vec<u8>| is_there(root, path);
    let unmerged = staging.unmerged.iter().filter(|path| there(path)).cloned();
    let named = selection.files().map(|path| path.as_bytes().to_vec()).filter(there);
    let untracked = discover::untracked(repo, root, staging);
    let known: HashSet<&[u8]> = staging.files.iter().map(|file| file.path.as_slice()).collect();
    let others = unmerged.chain(untracked.found).chain(named).filter(|path| !known.contains(path.as_slice()));
    places.extend(others.map(|path| Place { path, at: At::Disk { unchanged: None } }));
    places.sort_by(|a, b| a.path.cmp(&b.path));
    places.dedup_by(|a, b| a.path == b.path);
    let is_unknown = |path: &&Vec<u8>| places.binary_search_by(|place| place.path.cmp(path)).is_err();
    let ignored = untracked.ignored.iter().filter(is_unknown).map(|path| spell(path)).collect();
    (places, ignored, untracked.problems)
}

/// Whether something stands there. What can't be looked at does: reading it says why not.
fn is_there(root: &Path, path: &[u8]) -> bool {
    let found = fs::symlink_metadata(root.join(os_path(path)));
    found.map_or_else(|error| !disk::is_absent(&error), |_| true)
}

/// A tracked file, where it is read from; nothing when it is gone. What a sparse checkout leaves out is read from the
/// index, unless it stands on disk all the same: then that is what a client would read.
fn tracked(root: &Path, file: &Listed, staging: &Staging, stat: Option<&Stat>) -> Option<Place> {
    let path = file.path.clone();
    let found = match fs::symlink_metadata(root.join(os_path(&path))) {
        Ok(found) => Some(found),
        Err(error) if disk::is_absent(&error) => None,
        // It may well be there. Reading it says why that can't be known.
        Err(_) => return Some(Place { path, at: At::Disk { unchanged: None } }),
    };
    let (at, certain) = match (found, stat) {
        (None, Some(_)) => return None,
        (None, None) => (At::Blob(file.clone()), true),
        (Some(found), stat) => {
            // A link's blob is where it leads to: what stands there may have changed.
            let unchanged =
                !found.is_symlink() && stat.is_some_and(|stat| stat.matches(&found, staging.written));
            (At::Disk { unchanged: unchanged.then_some(file.id) }, unchanged)
        }
    };
    (certain || !discover::is_behind_a_link(root, &path)).then_some(Place { path, at })
}

/// Both sides of a path.
struct Pair {
    path: Vec<u8>,
    head: Option<At>,
    base: Option<Listed>,
    /// Lockfiles of an ecosystem in which nothing changed need not be read for a change.
    changed: bool,
}

fn pair(head: Vec<Place>, base: Vec<Listed>) -> Vec<Pair> {
    let mut base: HashMap<Vec<u8>, Listed> = base.into_iter().map(|file| (file.path.clone(), file)).collect();
    let mut pairs: Vec<Pair> = head
        .into_iter()
        .map(|place| {
            let base = base.remove(&place.path);
            let id = place.at.id();
            let changed = id.is_none() || base.as_ref().and_then(Listed::content_id) != id;
            Pair { path: place.path, head: Some(place.at), base, changed }
        })
        .collect();
    pairs.extend(base.into_values().map(|file| Pair {
        path: file.path.clone(),
        head: None,
        base: Some(file),
        changed: true,
    }));
    pairs.sort_by(|a, b| a.path.cmp(&b.path));
    pairs
}

/// The index holds no version of a file that is in conflict, so there is nothing to judge, and nothing was removed either.
fn leave_out_unmerged(
    pairs: &mut Vec<Pair>,
    staging: Option<&Staging>,
    selection: &Selection,
    sources: &mut Sources,
) {
    let unmerged: HashSet<&[u8]> = staging.iter().flat_map(|it| &it.unmerged).map(Vec::as_slice).collect();
    pairs.retain(|pair| !unmerged.contains(pair.path.as_slice()));
    for path in staging.iter().flat_map(|it| &it.unmerged) {
        let shown = spell(path);
        let is_candidate = formats::of_path(path).is_some();
        let is_lockfile =
            formats::is_certain(path) && selection.has(&shown) && !sources.policy.excludes(&shown);
        let counts = !is_candidate || is_lockfile;
        if counts && !policy::FILES.contains(&shown.as_str()) {
            let why = "a merge left it in conflict; resolve it, then `git add` it".to_owned();
            sources.problems.push(RepoError::Unreadable { path: shown, why }.to_string());
        }
    }
}

/// Cargo's configuration in the index: it says where packages are vendored.
fn cargo_configs(repo: &Repo, places: &[Place]) -> Result<Vec<Source>, RepoError> {
    let is_config = |path: &[u8]| path.ends_with(b".cargo/config.toml") || path.ends_with(b".cargo/config");
    let mut configs = Vec::new();
    for place in places.iter().filter(|place| is_config(&place.path)) {
        if let At::Blob(listed) = &place.at {
            configs.push(Source::new(spell(&place.path), Side::Index, repo.content(listed, None)?));
        }
    }
    Ok(configs)
}

/// Names that are not UTF-8 may be shown alike. A report that can't tell two files apart must not speak of one of them. Nor
/// of one whose path fills it: git's trees can hold paths that no system opens a file by.
fn leave_out_unnameable(pairs: &mut Vec<Pair>, sources: &mut Sources) {
    let mut seen = HashSet::new();
    pairs.retain(|pair| {
        let mut shown = spell(&pair.path);
        let why = match shown.len() <= escape::PATH {
            true if seen.insert(shown.clone()) => return true,
            true => "another file's name looks the same".to_owned(),
            false => format!("its path is longer than {} bytes", escape::PATH),
        };
        shown.truncate(escape::head(&shown, 200).len());
        sources.problems.push(RepoError::Unreadable { path: shown, why }.to_string());
        false
    });
    let fits = |path: &String| path.len() <= escape::PATH;
    sources.head_paths.retain(fits);
    sources.base_paths.retain(fits);
}

/// Leaves out what the policy excludes, what is only looked for, client configuration that no lockfile obeys, and, for a
/// staged change, what it can't touch.
fn narrow(
    pairs: &mut Vec<Pair>,
    head: &HeadSide,
    selection: &Selection,
    touched_by_bytes: &BTreeSet<Ecosystem>,
    sources: &mut Sources,
) -> Aside {
    let is_policy = |pair: &Pair| policy::FILES.iter().any(|name| name.as_bytes() == pair.path);
    let policy_changed = pairs.iter().any(|pair| pair.changed && is_policy(pair));
    // Whoever tries a policy out in a worktree has not changed anything with it yet.
    let is_range = !matches!(head, HeadSide::Worktree);
    let hidden = |pair: &mut Pair| {
        let (path, was_there) = (spell(&pair.path), is_range && pair.changed && pair.base.is_some());
        was_there
            && formats::is_certain(&pair.path)
            && !selection.names(&path)
            && sources.policies.newly_excludes(&path)
    };
    let hidden: Vec<_> = pairs.extract_if(.., hidden).collect();
    sources.excluded += hidden.len();
    pairs.retain(|pair| {
        let path = spell(&pair.path);
        let excluded = sources.policy.excludes(&path) && !selection.names(&path);
        sources.excluded += usize::from(excluded && is_certain(&pair.path));
        !excluded && !is_policy(pair)
    });
    let tool =
        |path: &[u8]| std::str::from_utf8(path).ok().and_then(store::companion).map(|_| Ecosystem::Tool);
    let ecosystem = |pair: &Pair| match formats::of_path(&pair.path) {
        Some(format) => Some(format.ecosystem),
        None => {
            let named_alike = || formats::misspelled(&pair.path).map(|format| format.ecosystem);
            manifest::ecosystem(&pair.path).or_else(named_alike).or_else(|| tool(&pair.path))
        }
    };
    let locked: HashSet<Ecosystem> = pairs.iter().filter_map(|pair| locks(&pair.path)).collect();
    let is_unread = |pair: &mut Pair| unread::of_path(&pair.path).is_some();
    let aside = Aside { unread: pairs.extract_if(.., is_unread).collect(), hidden };
    pairs.retain(|pair| {
        let is_lockfile = formats::of_path(&pair.path).is_some();
        let counts = || manifest::is_project(&pair.path) || manifest::is_attributes(&pair.path);
        let obeyed = || ecosystem(pair).is_some_and(|it| locked.contains(&it));
        is_lockfile || !manifest::is_marker(&pair.path) && (counts() || obeyed())
    });
    // Another policy judges everything anew.
    if matches!(head, HeadSide::Index) && !policy_changed {
        let touched: HashSet<Ecosystem> = pairs
            .iter()
            .filter(|pair| pair.changed)
            .filter_map(&ecosystem)
            .chain(touched_by_bytes.iter().copied())
            // The archives that it is held against are not among the pairs.
            .chain(sources.policy.registry().map(|_| Ecosystem::Llmring))
            .collect();
        pairs.retain(|pair| {
            let read = ecosystem(pair).map_or(pair.changed, |it| touched.contains(&it));
            if !read && formats::is_certain(&pair.path) {
                sources.unread.push(spell(&pair.path));
            }
            read
        });
    }
    aside
}

/// What is not read as lockfiles and manifests are.
struct Aside {
    /// What may be lockfiles that can't be read.
    unread: Vec<Pair>,
    /// Lockfiles that change together with the policy that excludes them.
    hidden: Vec<Pair>,
}

/// Whether a path alone says that there is a lockfile, of whatever kind.
fn is_certain(path: &[u8]) -> bool {
    formats::is_certain(path) || unread::of_path(path).is_some_and(Kind::is_certain)
}

/// The ecosystem that a lockfile pins, whoever's it is.
fn locks(path: &[u8]) -> Option<Ecosystem> {
    formats::of_path(path).map(|format| format.ecosystem).or_else(|| unread::ecosystem(path))
}

/// Whether git may commit other bytes of the worktree than stand there.
fn is_filtered(repo: &Repo, root: &Path, sources: &Sources, problems: &mut Vec<String>) -> bool {
    if sources.head != Side::Worktree {
        return false;
    }
    let attributes = sources.head_paths.iter().filter(|path| manifest::is_attributes(path.as_bytes()));
    let (texts, refused): (Vec<_>, Vec<_>) =
        attributes.map(|path| read_file(root, path.as_bytes())).partition(Result::is_ok);
    let found = repo.has_filters(texts.into_iter().flatten());
    problems.extend(refused.into_iter().filter_map(|it| it.err().map(|error| error.to_string())));
    // The run is incomplete then, whatever follows.
    found.unwrap_or_else(|error| {
        problems.push(error.to_string());
        false
    })
}

struct Reader<'r> {
    root: &'r Path,
    head: &'r Side,
    /// Of a worktree: what git commits of a file may be something else than what stands there.
    filtered: bool,
    /// Of a head that is a commit.
    commit: Option<&'r Commit>,
    base: Option<&'r Commit>,
}

impl Reader<'_> {
    fn read(&self, repo: &Repo, pairs: Vec<Pair>) -> Result<Vec<(File, Option<String>)>, RepoError> {
        self.each(repo, pairs, |repo, pair| self.read_pair(repo, pair))
    }

    /// In parallel, and in the order of the paths.
    fn each<T: Send>(
        &self,
        repo: &Repo,
        pairs: Vec<Pair>,
        read: impl Fn(Option<&Repo>, &Pair) -> T + Sync,
    ) -> Result<Vec<T>, RepoError> {
        // One handle is no two threads' at once, and opening one costs as much as a small file.
        let threads = rayon::current_num_threads().min(pairs.len());
        let handles: Vec<_> = (0..threads).map(|_| repo.reopen()).collect::<Result<_, _>>()?;
        let handles = std::sync::Mutex::new(handles);
        Ok(pairs
            .into_par_iter()
            .map(|pair| {
                let repo = handles.lock().ok().and_then(|mut handles| handles.pop());
                let read = read(repo.as_ref(), &pair);
                if let (Ok(mut handles), Some(repo)) = (handles.lock(), repo) {
                    handles.push(repo);
                }
                read
            })
            .collect())
    }

    fn read_pair(&self, repo: Option<&Repo>, pair: &Pair) -> (File, Option<String>) {
        let path = spell(&pair.path);
        let mut file = File {
            format: formats::of_path(&pair.path),
            path: path.clone(),
            head: None,
            base: None,
            same: false,
            judged: true,
        };
        let Some(repo) = repo else { return (file, Some(format!("{path}: the repository can't be opened"))) };
        let problem = self.fill(repo, pair, &mut file).err();
        file.recognise();
        let counts =
            |error: &RepoError| !file.is_foreign() || !error.is_dangling() || self.was_ours(repo, pair);
        let problem = problem.filter(counts).map(|error| error.to_string());
        (file, problem)
    }

    /// Whether the base side holds a lockfile where nothing can be read any more. A link that leads nowhere is no
    /// lockfile by its name alone: editors leave such beside the files that they have open.
    fn was_ours(&self, repo: &Repo, pair: &Pair) -> bool {
        let (Some(listed), Some(commit)) = (&pair.base, self.base) else { return false };
        let Ok(bytes) = repo.content(listed, Some(commit)) else { return true };
        let path = spell(&pair.path);
        let base = Source::new(path.clone(), commit.side(), bytes);
        formats::of_file(&path, None, Some(&base)).is_some()
    }

    fn fill(&self, repo: &Repo, pair: &Pair, file: &mut File) -> Result<(), RepoError> {
        let mut id = None;
        if let Some(at) = &pair.head {
            let bytes = match at {
                At::Blob(listed) => repo.content(listed, self.commit)?,
                At::Disk { unchanged } => self.on_disk(repo, pair, *unchanged)?,
            };
            // Hashing is only worth it when there is something to compare with.
            id = at.id().or_else(|| pair.base.is_some().then(|| blob_id(&bytes)));
            file.head = Some(Source::new(file.path.clone(), self.head.clone(), bytes));
        }
        let (Some(listed), Some(base)) = (&pair.base, self.base) else { return Ok(()) };
        if id.is_some() && id == listed.content_id() {
            file.same = true;
            return Ok(());
        }
        let base = Source::new(file.path.clone(), base.side(), repo.content(listed, Some(base))?);
        // A checkout may have translated line endings.
        file.same = file.head.as_ref().is_some_and(|head| head.same_text(&base));
        file.base = Some(base).filter(|_| !file.same);
        Ok(())
    }

    /// What git would commit of a file in the worktree.
    fn on_disk(&self, repo: &Repo, pair: &Pair, unchanged: Option<git2::Oid>) -> Result<Vec<u8>, RepoError> {
        let path = spell(&pair.path);
        let is_link = || self.root.join(os_path(&pair.path)).is_symlink();
        let filters = if self.filtered { repo.filters(&path)? } else { None };
        let filters = filters.filter(|_| !is_link());
        let Some(filters) = filters else { return read_file(self.root, &pair.path) };
        if let Some(id) = unchanged {
            return repo.blob(&Listed { path: pair.path.clone(), id, mode: 0o100_644 });
        }
        let known: Vec<_> = pair.base.as_ref().and_then(Listed::content_id).into_iter().collect();
        let clean = filters.clean(read_file(self.root, &pair.path)?, &known);
        clean.map_err(|why| RepoError::Unreadable { path, why })
    }
}

/// A file on disk, through links that stay inside the root.
fn read_file(root: &Path, path: &[u8]) -> Result<Vec<u8>, RepoError> {
    let shown = spell(path);
    let refuse = |why: &str| RepoError::Unreadable { path: shown.clone(), why: why.to_owned() };
    match Root::resolved(root).read(os_path(path), Source::LIMIT) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) if root.join(os_path(path)).is_symlink() => Err(refuse(DANGLING)),
        Ok(None) => Err(refuse("it is not there any more")),
        Err(refused) => Err(refused.named(&shown).into()),
    }
}

fn read_folder(folder: &Path, options: &Options) -> Result<Sources, ReadError> {
    let revision = !matches!(options.base, Base::Default | Base::None);
    if options.head != Head::Worktree || revision || options.history {
        return Err(ReadError::Usage(format!(
            "{} is in no git repository: there is nothing to compare with",
            folder.display()
        )));
    }
    // A single file outside of a repository is judged with its folder as the root.
    let selection = Selection::new(&options.paths, folder, folder)?;
    let policies = policies::read_folder(folder, options)?;
    let mut sources = Sources {
        policy_path: policies.path,
        policies: policies.sides,
        stand: Stand {
            on_disk: true,
            sides: options.sides(),
            accepts: options.policy == PolicyFile::Default,
            ..Stand::default()
        },
        ..Sources::new(Side::Worktree, policies.policy)
    };
    let named = selection.files().map(|path| path.as_bytes().to_vec());
    let walked = discover::walk(folder);
    sources.problems.extend(walked.problems);
    let mut paths: Vec<_> = walked.found.into_iter().chain(named).collect();
    paths.retain(|path| is_there(folder, path));
    paths.sort();
    paths.dedup();
    let mut unsupported = Vec::new();
    for path in paths {
        let shown = spell(&path);
        sources.head_paths.push(shown.clone());
        if sources.policy.excludes(&shown) && !selection.names(&shown) {
            sources.excluded += usize::from(is_certain(&path));
            continue;
        }
        if unread::of_path(&path).is_some() {
            unsupported.extend(unsupported::in_folder(folder, &path));
            continue;
        }
        if manifest::is_marker(&path) && formats::of_path(&path).is_none() {
            continue;
        }
        let (head, problem) = match read_file(folder, &path) {
            Ok(bytes) => (Some(Source::new(shown.clone(), Side::Worktree, bytes)), None),
            Err(error) => (None, Some(error)),
        };
        let judged = selection.has(&shown);
        let mut file = File { path: shown, format: None, head, base: None, same: false, judged };
        file.recognise();
        let counts = |error: &RepoError| !(file.is_foreign() && error.is_dangling());
        sources.problems.extend(problem.filter(counts).map(|error| error.to_string()));
        if file.is_foreign() {
            continue;
        }
        if file.format.is_some() { sources.lockfiles.push(file) } else { sources.companions.push(file) }
    }
    let locks: Vec<_> = sources.lockfiles.iter().map(|file| file.path.as_str()).collect();
    let models = models::of_folder(folder, &sources.policy, options.registry.as_deref(), &locks)?;
    sources.adopt(models);
    sources.take_unsupported(unsupported, &selection);
    selection.check(&options.paths, sources.found())?;
    Ok(sources)
}

//! Which files are looked at: what is tracked, what is not yet, and what a user's PATHs leave of it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use crate::agents::tool::store;
use crate::disk;
use crate::disk::{Refused, Root};
use crate::ecosystems::formats;
use crate::ecosystems::{manifest, unread};
use crate::git::changed::Interest;
use crate::git::{Repo, RepoError, Staging};
use crate::policy;
use crate::text::source::Source;

/// Whether a path is looked at: a lockfile, a manifest, client configuration, the policy, or something whose being there
/// says enough.
pub fn is_interesting(path: &[u8]) -> bool {
    static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::new);
    let may_be_tool = || store::may_be_companion(path);
    if !SHAPES.may_hold(path) && !may_be_tool() {
        return false;
    }
    let is_tool = || std::str::from_utf8(path).is_ok_and(|path| store::companion(path).is_some());
    let is_policy = || policy::FILES.iter().any(|name| name.as_bytes() == path);
    let is_companion =
        || manifest::ecosystem(path).is_some() || manifest::is_marker(path) || manifest::is_attributes(path);
    formats::of_path(path).is_some()
        || unread::of_path(path).is_some()
        || is_companion()
        || is_policy()
        || formats::misspelled(path).is_some()
        || is_tool()
}

/// The same for trees of git.
pub const INTEREST: Interest<'static> = Interest { file: &is_interesting, sight };

/// The part of a folder's path that decides whether a file below it is of interest: everything from a place of tools on, and
/// the folder's own name where names of interest have a folder in them. A name at the root is not the same as one further
/// down, as the policy's is not.
fn sight(folder: &[u8]) -> &[u8] {
    static NAMED: LazyLock<Vec<&'static [u8]>> = LazyLock::new(|| {
        let names = manifest::names().chain(unread::names()).chain(policy::FILES);
        let folders = names.filter_map(|name| Some(name.rsplit_once('/')?.0.as_bytes()));
        folders.chain([&b"lockfiles"[..]]).chain(unread::REQUIREMENTS.map(str::as_bytes)).collect()
    });
    if let Some(at) = store::first(folder) {
        return &folder[at..];
    }
    let Some(bare) = folder.strip_suffix(b"/") else { return b"" };
    let slash = memchr::memrchr(b'/', bare);
    let name = &bare[slash.map_or(0, |at| at + 1)..];
    if NAMED.contains(&name) { &folder[slash.unwrap_or(0)..] } else { b"" }
}

/// What the base names of interest have in common. Nearly every path of a repository is refused by this glance.
struct Shapes {
    /// By first byte, in either case: the lengths, one bit each.
    lengths: [u64; 256],
    /// Of names that have anything in them: the last bytes, and how each begins and ends.
    last: [bool; 256],
    open: Vec<(&'static [u8], &'static [u8])>,
}

impl Shapes {
    fn new() -> Shapes {
        let mut shapes = Shapes { lengths: [0; 256], last: [false; 256], open: Vec::new() };
        let locks = formats::ALL.iter().flat_map(|format| format.files.iter().copied());
        for name in locks.chain(manifest::names()).chain(unread::names()).chain(policy::FILES) {
            let base = name.rsplit('/').next().unwrap_or(name);
            match base.split_once('*') {
                Some((head, end)) => {
                    shapes.last[usize::from(end.as_bytes()[end.len() - 1])] = true;
                    shapes.open.push((head.as_bytes(), end.as_bytes()));
                }
                None => {
                    let first = base.as_bytes()[0];
                    for first in [first, first.to_ascii_lowercase(), first.to_ascii_uppercase()] {
                        shapes.lengths[usize::from(first)] |= 1 << base.len();
                    }
                }
            }
        }
        shapes
    }

    fn may_hold(&self, path: &[u8]) -> bool {
        let base = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
        let (Some(first), Some(last)) = (base.first(), base.last()) else { return false };
        let fits = base.len() < 64 && self.lengths[usize::from(*first)] & (1 << base.len()) != 0;
        let is_open = || self.open.iter().any(|(head, end)| base.ends_with(end) && base.starts_with(head));
        fits || self.last[usize::from(*last)] && is_open() || unread::may_have_hashes(path)
    }
}

/// Whether a path is a lockfile's, or may be: one that is read here or one that is not.
pub fn is_lockfile(path: &[u8]) -> bool {
    formats::of_path(path).is_some() || unread::of_path(path).is_some()
}

/// A path as text. What is not UTF-8 in it is replaced: it is shown, never opened.
pub fn spell(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// What the user's PATHs ask for.
pub struct Selection {
    wanted: Vec<Wanted>,
    /// The positions of those that name a file or folder: one look for each folder above a path, however many there are.
    below: HashMap<String, usize>,
    globs: GlobSet,
    /// The positions of those that are globs, as `globs` counts them.
    glob_positions: Vec<usize>,
}

enum Wanted {
    /// A file or a folder with everything in it; empty is the root.
    Below(String),
    Glob(Glob),
}

/// A PATH that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    #[error("{path} is outside of {root}")]
    Outside { path: String, root: String },
    #[error("{0} matches no lockfile")]
    Nothing(String),
    #[error("`{glob}` is no glob: {why}")]
    Glob { glob: String, why: String },
}

impl Selection {
    /// PATHs are relative to the folder in which they were typed, `root` is what everything else is relative to.
    pub fn new(paths: &[String], folder: &Path, root: &Path) -> Result<Selection, SelectionError> {
        let wanted: Vec<_> =
            paths.iter().map(|path| Wanted::new(path, folder, root)).collect::<Result<_, _>>()?;
        let mut below = HashMap::new();
        let (mut globs, mut glob_positions) = (GlobSetBuilder::new(), Vec::new());
        for (position, it) in wanted.iter().enumerate() {
            match it {
                Wanted::Below(path) => {
                    below.insert(path.clone(), position);
                }
                Wanted::Glob(glob) => {
                    globs.add(glob.clone());
                    glob_positions.push(position);
                }
            }
        }
        let wrong = |error: globset::Error| SelectionError::Glob {
            glob: String::new(),
            why: error.kind().to_string(),
        };
        Ok(Selection { wanted, below, globs: globs.build().map_err(wrong)?, glob_positions })
    }

    pub fn has(&self, path: &str) -> bool {
        self.wanted.is_empty()
            || above(path).any(|it| self.below.contains_key(it))
            || self.globs.is_match(path)
    }

    /// Files that were named one by one: they count even when git ignores them.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Below(path) if is_lockfile(path.as_bytes()) => Some(path.as_str()),
            _ => None,
        })
    }

    /// Whether a file was named.
    pub fn names(&self, path: &str) -> bool {
        self.below.contains_key(path)
    }

    /// Every PATH must have found something: a typing error must not look like a clean run.
    pub fn check<'p>(
        &self,
        paths: &[String],
        found: impl Iterator<Item = &'p str>,
    ) -> Result<(), SelectionError> {
        let mut has_found = vec![false; self.wanted.len()];
        if has_found.is_empty() {
            return Ok(());
        }
        for path in found {
            above(path).filter_map(|it| self.below.get(it)).for_each(|at| has_found[*at] = true);
            self.globs.matches(path).into_iter().for_each(|at| has_found[self.glob_positions[at]] = true);
        }
        let is_twin = |at: usize| matches!(&self.wanted[at], Wanted::Below(path) if self.below[path] != at);
        match (0..paths.len()).find(|at| !has_found[*at] && !is_twin(*at)) {
            Some(at) => Err(SelectionError::Nothing(paths[at].clone())),
            None => Ok(()),
        }
    }
}

/// A path, the folders above it, and the root, which is empty.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let folders = path.rmatch_indices('/').map(|(at, _)| &path[..at]);
    std::iter::once(path).chain(folders).chain(Some("").filter(|_| !path.is_empty()))
}

impl Wanted {
    fn new(path: &str, folder: &Path, root: &Path) -> Result<Wanted, SelectionError> {
        // As a canonical path begins on Windows; nobody types it.
        let shown = root.display().to_string().trim_start_matches(r"\\?\").to_owned();
        let outside = || SelectionError::Outside { path: path.to_owned(), root: shown };
        let relative = relative_to(root, &folder.join(path)).ok_or_else(outside)?;
        if path.contains(['*', '?', '[', '{']) && !folder.join(path).exists() {
            let glob = GlobBuilder::new(&relative).literal_separator(true).build();
            let wrong = |error: globset::Error| SelectionError::Glob {
                glob: path.into(),
                why: error.kind().to_string(),
            };
            return glob.map(Wanted::Glob).map_err(wrong);
        }
        Ok(Wanted::Below(relative))
    }
}

/// The path from the root, also where it was typed by way of a link to it.
fn relative_to(root: &Path, path: &Path) -> Option<String> {
    let path = normalize(path);
    if let Ok(inside) = path.strip_prefix(root) {
        return Some(spell_os(inside.as_os_str()));
    }
    // A file may be a link itself: that one is not to be followed.
    let (folder, name) =
        if path.is_dir() { (path.as_path(), None) } else { (path.parent()?, path.file_name()) };
    let real = fs::canonicalize(folder).ok()?;
    let inside = real.strip_prefix(root).ok()?;
    Some(spell_os(name.map_or(inside.to_owned(), |name| inside.join(name)).as_os_str()))
}

/// Without `.` and `..`, as far as that goes without the disk.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Whether a folder above a path is a link on disk. For git, nothing stands there then.
pub fn is_behind_a_link(root: &Path, path: &[u8]) -> bool {
    let folders = memchr::memchr_iter(b'/', path).map(|slash| root.join(os_path(&path[..slash])));
    folders.into_iter().any(|folder| folder.is_symlink())
}

/// What git does not track.
#[derive(Default)]
pub struct Untracked {
    /// Files of interest that may be tracked one day, sorted.
    pub found: Vec<Vec<u8>>,
    /// Lockfiles that git ignores, sorted.
    pub ignored: Vec<Vec<u8>>,
    /// What can't be looked into.
    pub problems: Vec<String>,
}

/// Files of interest that git does not track yet, and does not ignore. Folders that hold tracked files are
/// looked into, others walked; a folder with a `.git` is somebody else's repository.
pub fn untracked(repo: &Repo, root: &Path, staging: &Staging) -> Untracked {
    let tracked: HashSet<&[u8]> = staging.directories.iter().map(Vec::as_slice).collect();
    let files: HashSet<&[u8]> = staging
        .files
        .iter()
        .map(|file| file.path.as_slice())
        .chain(staging.unmerged.iter().map(Vec::as_slice))
        .collect();
    let nothing = [Vec::new()];
    let folders = if staging.directories.is_empty() { &nothing[..] } else { &staging.directories };
    // Every folder is a system call or three: worth all threads. What remains is seldom anything.
    let look = |folder: &Vec<u8>| {
        let mut unknown = Vec::new();
        let looked = look_into(root, folder, &mut |path, is_folder| {
            // Most files are of no interest, which is cheaper to see than whether they are known.
            let known = match is_folder {
                true => tracked.contains(path),
                false => !is_interesting(path) || files.contains(path),
            };
            if !known {
                unknown.push((path.to_vec(), is_folder));
            }
        });
        if !unknown.is_empty() && is_behind_a_link(root, &[folder, &b"/"[..]].concat()) {
            unknown.clear();
        }
        (unknown, looked.err())
    };
    let (unknown, problems): (Vec<_>, Vec<_>) = folders.par_iter().map(look).unzip();
    let mut untracked =
        Untracked { problems: problems.into_iter().flatten().collect(), ..Untracked::default() };
    let mut pending: Vec<_> = unknown.into_iter().flatten().rev().collect();
    while let Some((path, is_folder)) = pending.pop() {
        let here = root.join(os_path(&path));
        match repo.is_ignored(Path::new(&os_path(&path))) {
            Ok(false) => {}
            Ok(true) => {
                let is_lockfile = !is_folder && formats::of_path(&path).is_some();
                untracked.ignored.extend(Some(path).filter(|_| is_lockfile));
                continue;
            }
            Err(error) => {
                let problem = error.to_string();
                if !untracked.problems.contains(&problem) {
                    untracked.problems.push(problem);
                }
                continue;
            }
        }
        if !is_folder {
            untracked.found.push(path);
            continue;
        }
        if here.join(".git").exists() {
            continue;
        }
        let looked = look_into(root, &path, &mut |inner, is_folder| {
            if is_folder || is_interesting(inner) {
                pending.push((inner.to_vec(), is_folder));
            }
        });
        untracked.problems.extend(looked.err());
    }
    untracked.found.sort();
    untracked.ignored.sort();
    untracked
}

/// Tells what a folder holds, by path from the root, and whether it is a folder. A link never is: none is followed here.
/// What can't be looked into is a problem; what is not there is not.
fn look_into(root: &Path, folder: &[u8], tell: &mut dyn FnMut(&[u8], bool)) -> Result<(), String> {
    let failed = |error: std::io::Error| {
        let shown = if folder.is_empty() { root.display().to_string() } else { spell(folder) };
        format!("{shown} can't be looked into: {error}")
    };
    let entries = match fs::read_dir(root.join(os_path(folder))) {
        Ok(entries) => entries,
        Err(error) if disk::is_absent(&error) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut path = folder.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    let length = path.len();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = path_bytes(&entry.file_name());
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) if disk::is_absent(&error) => continue,
            Err(error) => return Err(failed(error)),
        };
        if name == b".git" {
            continue;
        }
        path.truncate(length);
        path.extend_from_slice(&name);
        tell(&path, kind.is_dir());
    }
    Ok(())
}

/// Files of interest below a folder that is in no repository, sorted. What the folder's own `.gitignore` files leave out,
/// what was installed and what was built is not looked into; the user's configuration says nothing here.
pub fn walk(root: &Path) -> Untracked {
    let mut walked = Untracked::default();
    let mut pending = vec![(Vec::new(), Vec::new())];
    while let Some((folder, above)) = pending.pop() {
        let mut rules: Vec<Arc<Gitignore>> = above;
        match ignore_file(root, &folder) {
            Ok(own) => rules.extend(own),
            Err(refused) => walked.problems.push(RepoError::from(refused).to_string()),
        }
        let looked = look_into(root, &folder, &mut |path, is_folder| {
            let here = root.join(os_path(path));
            let mut said = rules.iter().rev().map(|rules| rules.matched(&here, is_folder));
            if said.find(|said| !said.is_none()).is_some_and(|said| said.is_ignore()) {
            } else if !is_folder {
                walked.found.extend(is_interesting(path).then(|| path.to_vec()));
            } else if !is_output(&here) {
                pending.push((path.to_vec(), rules.clone()));
            }
        });
        walked.problems.extend(looked.err());
    }
    walked.found.sort();
    walked.problems.sort();
    walked
}

/// What the `.gitignore` of a folder says. A line that is no pattern says nothing, as for git.
fn ignore_file(root: &Path, folder: &[u8]) -> Result<Option<Arc<Gitignore>>, Refused> {
    let path = Path::new(&os_path(folder)).join(".gitignore");
    let shown = spell_os(path.as_os_str());
    let text = Root::resolved(root).read(&path, Source::LIMIT).map_err(|refused| refused.named(&shown))?;
    let Some(text) = text else { return Ok(None) };
    let mut rules = GitignoreBuilder::new(root.join(os_path(folder)));
    for line in String::from_utf8_lossy(&text).lines() {
        let _ = rules.add_line(None, line);
    }
    Ok(rules.build().ok().map(Arc::new))
}

/// A folder that a package manager or a build made: others' lockfiles are in there.
fn is_output(path: &Path) -> bool {
    let named = |name: &str| path.file_name().is_some_and(|it| it == name);
    named(".git") || named("node_modules") || path.join("CACHEDIR.TAG").exists()
}

/// A path of the system as git would have it.
#[cfg(unix)]
fn path_bytes(path: &std::ffi::OsStr) -> Vec<u8> {
    path.as_encoded_bytes().to_vec()
}

/// A path of the system as git would have it.
#[cfg(not(unix))]
fn path_bytes(path: &std::ffi::OsStr) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

fn spell_os(path: &std::ffi::OsStr) -> String {
    spell(&path_bytes(path))
}

/// The name that the system knows a path by.
#[cfg(unix)]
pub fn os_path(path: &[u8]) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(path.to_vec())
}

/// The name that the system knows a path by.
#[cfg(not(unix))]
pub fn os_path(path: &[u8]) -> std::ffi::OsString {
    String::from_utf8_lossy(path).into_owned().into()
}

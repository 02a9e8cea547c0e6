//! What an `llmring.lock` is judged with: the archives of the model registry, and the Python packages around the lockfile.
//!
//! Nothing of it is looked for where there is no such lockfile.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{At, File, Pair, Place, ReadError, Reader, pair, read_file};
use crate::agents::llmring::place::{NAME, Resolution, Tree};
use crate::agents::llmring::registry;
use crate::disk;
use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::git::changed::Interest;
use crate::git::{Repo, RepoError};
use crate::policy::Policy;
use crate::read::discover::{os_path, spell};
use crate::text::source::{Side, Source};

/// What was read.
#[derive(Default)]
pub struct Models {
    pub files: Vec<File>,
    /// Where the archives came from.
    pub registry: Option<String>,
    pub problems: Vec<String>,
}

/// Files at the root of a Python project.
const MANIFESTS: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// Which files count.
struct Wanted<'w> {
    /// The folders that hold a lockfile, and those above them: one of them is its project.
    folders: BTreeSet<&'w str>,
    registry: Option<&'w str>,
}

impl<'w> Wanted<'w> {
    fn new(locks: &[&'w str], registry: Option<&'w str>) -> Wanted<'w> {
        let mut folders = BTreeSet::new();
        for lock in locks {
            folders.extend(lock.rmatch_indices('/').map(|(at, _)| &lock[..at]).chain([""]));
        }
        Wanted { folders, registry }
    }

    fn has(&self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == "__init__.py" {
            let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let beside_src = above.strip_suffix("src").map(|it| it.trim_end_matches('/'));
            let in_project = |it: &str| self.folders.contains(it);
            return !folder.is_empty() && (in_project(above) || beside_src.is_some_and(in_project));
        }
        MANIFESTS.contains(&name) && self.folders.contains(folder) || self.is_archive(path)
    }

    fn is_archive(&self, path: &str) -> bool {
        let inside = |folder: &&str| {
            folder.is_empty() || path.strip_prefix(*folder).is_some_and(|it| it.starts_with('/'))
        };
        self.registry.as_ref().is_some_and(inside) && registry::place(path).is_some()
    }

    /// What stands on disk.
    fn on_disk(&self, root: &Path, problems: &mut Vec<String>) -> Vec<Vec<u8>> {
        let mut found = BTreeSet::new();
        let mut look = |path: String| {
            if root.join(os_path(path.as_bytes())).is_file() {
                found.insert(path.into_bytes());
            }
        };
        for folder in &self.folders {
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            MANIFESTS.iter().for_each(|name| look(format!("{prefix}{name}")));
            for above in [prefix.clone(), format!("{prefix}src/")] {
                match folders_in(&root.join(os_path(above.as_bytes()))) {
                    Ok(packages) => packages.iter().for_each(|it| look(format!("{above}{it}/__init__.py"))),
                    Err(error) => {
                        let path = if above.is_empty() { "." } else { &above };
                        problems.push(format!("{path} can't be looked into: {error}"));
                    }
                }
            }
        }
        if let Some(folder) = self.registry {
            let (archives, refused) = archives(&root.join(os_path(folder.as_bytes())));
            problems.extend(refused.iter().map(RepoError::to_string));
            found.extend(archives.into_iter().map(|path| {
                if folder.is_empty() { path.into_bytes() } else { format!("{folder}/{path}").into_bytes() }
            }));
        }
        found.into_iter().collect()
    }
}

/// The names of the folders in a folder; links are none.
fn folders_in(folder: &Path) -> io::Result<Vec<String>> {
    Ok(list(folder)?.into_iter().filter(|(_, is_folder)| *is_folder).map(|(name, _)| name).collect())
}

/// The archives below a folder, by path from there, sorted; and what of it can't be looked into.
pub fn archives(folder: &Path) -> (Vec<String>, Vec<RepoError>) {
    const DEPTH: usize = 6;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let mut pending = vec![(String::new(), 0)];
    while let Some((inner, depth)) = pending.pop() {
        let entries = match list(&folder.join(&inner)) {
            Ok(entries) => entries,
            Err(error) => {
                let path = folder.join(&inner).display().to_string();
                problems.push(RepoError::Unreadable { path, why: error.to_string() });
                continue;
            }
        };
        for (name, is_folder) in entries {
            let path = format!("{inner}{name}");
            if is_folder && depth + 1 < DEPTH {
                pending.push((format!("{path}/"), depth + 1));
            } else if !is_folder && registry::place(&path).is_some() {
                found.push(path);
            }
        }
    }
    found.sort();
    (found, problems)
}

/// The names in a folder, and whether each is a folder; nothing where there is none.
fn list(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if disk::is_absent(&error) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        all.extend(entry.file_name().into_string().ok().map(|name| (name, is_folder)));
    }
    Ok(all)
}

/// A file of which only counts that it is there.
fn is_marker(path: &[u8]) -> bool {
    path.ends_with(b"__init__.py")
}

pub(super) fn of_repo(
    repo: &Repo,
    reader: &Reader<'_>,
    policy: &Policy,
    outside: Option<&Path>,
    locks: &[&str],
) -> Result<Models, ReadError> {
    let locks = of_models(locks);
    if locks.is_empty() {
        return Ok(Models::default());
    }
    let named = policy.registry().filter(|_| outside.is_none());
    let wanted = Wanted::new(&locks, named);
    let filter = |path: &[u8]| std::str::from_utf8(path).is_ok_and(|path| wanted.has(path));
    let blobs = |files: Vec<crate::git::changed::Listed>| -> Vec<Place> {
        files.into_iter().map(|file| Place { path: file.path.clone(), at: At::Blob(file) }).collect()
    };
    let mut problems = Vec::new();
    let head = match (reader.head, reader.commit) {
        (_, Some(commit)) => blobs(repo.list(commit, None, Interest::by_path(&filter))?),
        (Side::Index, None) => blobs(repo.staging(&filter, false)?.files),
        _ => wanted
            .on_disk(reader.root, &mut problems)
            .into_iter()
            .map(|path| Place { path, at: At::Disk { unchanged: None } })
            .collect(),
    };
    let base = reader
        .base
        .map(|commit| repo.list(commit, None, Interest::by_path(&filter)))
        .transpose()?
        .unwrap_or_default();
    let (markers, pairs): (Vec<_>, Vec<_>) = pair(head, base).into_iter().partition(|it| is_marker(&it.path));
    let mut models = Models { registry: named.map(str::to_owned), problems, ..Models::default() };
    models.files.extend(markers.iter().map(|pair| marker(pair, reader)));
    for (file, problem) in reader.read(repo, pairs)? {
        models.problems.extend(problem);
        models.files.push(file);
    }
    models.finish(outside)
}

fn marker(pair: &Pair, reader: &Reader<'_>) -> File {
    let path = spell(&pair.path);
    let empty = |side: &Side| Source::new(path.clone(), side.clone(), Vec::new());
    let same = pair.head.is_some() && pair.base.is_some();
    let base = reader.base.filter(|_| pair.base.is_some() && !same).map(|commit| empty(&commit.side()));
    File { head: pair.head.as_ref().map(|_| empty(reader.head)), base, same, ..plain(path) }
}

fn plain(path: String) -> File {
    File { path, format: None, head: None, base: None, same: false, judged: true }
}

/// Outside of a repository.
pub(super) fn of_folder(
    folder: &Path,
    policy: &Policy,
    outside: Option<&Path>,
    locks: &[&str],
) -> Result<Models, ReadError> {
    let locks = of_models(locks);
    if locks.is_empty() {
        return Ok(Models::default());
    }
    let named = policy.registry().filter(|_| outside.is_none());
    let mut models = Models { registry: named.map(str::to_owned), ..Models::default() };
    for path in Wanted::new(&locks, named).on_disk(folder, &mut models.problems) {
        let shown = spell(&path);
        let bytes = if is_marker(&path) { Ok(Vec::new()) } else { read_file(folder, &path) };
        match bytes {
            Ok(bytes) => models
                .files
                .push(File { head: Some(Source::new(shown.clone(), Side::Worktree, bytes)), ..plain(shown) }),
            Err(error) => models.problems.push(error.to_string()),
        }
    }
    models.finish(outside)
}

fn of_models<'p>(paths: &[&'p str]) -> Vec<&'p str> {
    let is_model =
        |path: &&&str| formats::of_path(path.as_bytes()).is_some_and(|it| it.family == Family::Models);
    paths.iter().filter(is_model).copied().collect()
}

impl Models {
    /// Adds the registry that the user named, and says so when there is none where one was named.
    fn finish(mut self, outside: Option<&Path>) -> Result<Models, ReadError> {
        if let Some(folder) = outside {
            self.registry = Some(folder.display().to_string());
            self.files.extend(snapshot(folder)?);
        }
        let has_archives = self.files.iter().any(|file| registry::place(&file.path).is_some());
        if let Some(folder) = self.registry.as_ref().filter(|_| !has_archives) {
            let why = "it holds no archives of a model registry, such as openai/v/1/models.json".to_owned();
            self.problems.push(RepoError::Unreadable { path: folder.clone(), why }.to_string());
        }
        Ok(self)
    }
}

/// The archives of a folder that is no part of either side: both are judged with the same.
pub fn snapshot(folder: &Path) -> Result<Vec<File>, ReadError> {
    let root = fs::canonicalize(folder)
        .map_err(|error| ReadError::Usage(format!("{}: {error}", folder.display())))?;
    let mut files = Vec::new();
    let (paths, problems) = archives(&root);
    problems.into_iter().next().map_or(Ok(()), Err)?;
    for path in paths {
        let bytes = read_file(&root, path.as_bytes())?;
        let shown = format!("{}/{path}", folder.display());
        let head = Some(Source::new(shown.clone(), Side::Worktree, bytes));
        files.push(File { head, same: true, ..plain(shown) });
    }
    Ok(files)
}

/// The lockfiles that the original's commands may take when they are started in a folder, as full paths.
pub fn commanded(folder: &Path) -> Vec<PathBuf> {
    let start = folder.to_string_lossy().replace('\\', "/");
    let paths = tree_above(folder).layout(start.trim_matches('/')).commanded(start.trim_matches('/'));
    paths.into_iter().map(|path| Path::new("/").join(path)).collect()
}

/// What a program and the original's commands would load in a folder; `variable` is `LLMRING_LOCKFILE_PATH`.
pub fn resolution(folder: &Path, variable: Option<&Path>) -> Resolution {
    let shown = |path: &Path| {
        let inside = path.strip_prefix(folder).unwrap_or(path);
        inside.to_string_lossy().replace('\\', "/")
    };
    let own = folder.join(NAME);
    let (program, because) = match variable {
        Some(path) => (Some(folder.join(path)), "variable"),
        None if own.exists() => (Some(own), "working-directory"),
        None => (None, "bundled"),
    };
    let commands = commanded(folder);
    let agrees = program.as_ref().is_some_and(|program| commands.iter().all(|it| it == program));
    Resolution {
        missing: program.as_ref().is_some_and(|path| !path.exists()),
        disagree: !agrees && (program.is_some() || commands.iter().any(|path| path.exists())),
        program: program.as_deref().map(shown),
        because,
        commands: commands.iter().map(|path| shown(path)).collect(),
    }
}

/// What the original looks at when it looks for the package of a project, from a folder upwards.
fn tree_above(folder: &Path) -> Tree {
    let mut tree = Tree::default();
    let spell = |path: &Path| path.to_string_lossy().replace('\\', "/").trim_start_matches('/').to_owned();
    for above in folder.ancestors() {
        for name in MANIFESTS.into_iter().chain([".git"]) {
            let path = above.join(name);
            match disk::read(&path, Source::LIMIT) {
                Ok(Some(text)) if name == MANIFESTS[0] => {
                    tree.add_manifest(&spell(&path), &String::from_utf8_lossy(&text));
                }
                _ if path.exists() => tree.add(spell(&path)),
                _ => {}
            }
        }
        for parent in [above.to_owned(), above.join("src")] {
            for package in folders_in(&parent).unwrap_or_default() {
                let init = parent.join(package).join("__init__.py");
                if init.is_file() {
                    tree.add(spell(&init));
                }
            }
        }
        // The root of the project is the nearest folder that looks like one.
        if MANIFESTS.into_iter().chain([".git"]).any(|name| above.join(name).exists()) {
            break;
        }
    }
    tree
}

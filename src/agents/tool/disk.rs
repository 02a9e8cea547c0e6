//! Tool folders as they stand on disk, also where git ignores them or there is no git: what the store commands work on.
//!
//! Links are not followed, and what is not a tool, a lockfile, an index or a key is not opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::store;
use super::yaml;
use crate::disk;
use crate::text::source::{Side, Source};

/// A tier of lockfiles and tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Project,
    User,
    System,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Scope::Project => "project",
            Scope::User => "user",
            Scope::System => "system",
        }
    }

    /// What paths of the tier begin with, when they are shown.
    pub fn prefix(self) -> &'static str {
        match self {
            Scope::Project => "",
            Scope::User => "~/",
            Scope::System => "system/",
        }
    }
}

/// Everything of one tier.
#[derive(Debug)]
pub struct Tier {
    pub scope: Scope,
    /// The lockfiles' folder.
    pub base: PathBuf,
    pub sources: Vec<Source>,
    pub problems: Vec<String>,
}

/// More files than this are no tier of tools.
const MOST_FILES: usize = 100_000;
const DEEPEST: usize = 32;

/// Where a tier's parts stand; they are not always below one folder.
#[derive(Clone, Debug)]
pub struct Folders {
    pub scope: Scope,
    pub lockfiles: PathBuf,
    pub tools: PathBuf,
    pub keys: PathBuf,
}

impl Folders {
    /// All in the `.ai` of a folder.
    pub fn below(scope: Scope, folder: &Path) -> Folders {
        let ai = folder.join(".ai");
        Folders {
            scope,
            lockfiles: ai.join("lockfiles"),
            tools: ai.join("tools"),
            keys: ai.join("trusted_keys"),
        }
    }

    /// The user's, as each system finds it: RYE takes `USER_SPACE` for a folder that has an `.ai`, Kiwi for the `.ai`
    /// itself, and only for tools.
    pub fn of_user(is_rye: bool) -> Option<Folders> {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
        let space = std::env::var_os("USER_SPACE").filter(|it| !it.is_empty()).map(PathBuf::from);
        if is_rye {
            return Some(Folders::below(Scope::User, &space.or(home)?));
        }
        let mut folders = Folders::below(Scope::User, &home?);
        if let Some(space) = space {
            folders.tools = space.join("tools");
        }
        Some(folders)
    }

    /// RYE's own, in the Python environment that is active or stands in the project.
    pub fn of_system(project: &Path) -> Option<Folders> {
        let environment =
            std::env::var_os("VIRTUAL_ENV").map(PathBuf::from).unwrap_or_else(|| project.join(".venv"));
        let mut versions: Vec<PathBuf> = entries(&environment.join("lib")).ok()?;
        versions.sort();
        let package =
            |version: &PathBuf| Some(version.join("site-packages/rye")).filter(|it| it.join(".ai").is_dir());
        versions.iter().find_map(package).map(|package| Folders::below(Scope::System, &package))
    }

    /// Reads what is there; what is not there is empty.
    pub fn read(&self) -> Tier {
        let base = self.lockfiles.clone();
        let mut tier = Tier { scope: self.scope, base, sources: Vec::new(), problems: Vec::new() };
        for (folder, name) in
            [(&self.lockfiles, "lockfiles"), (&self.tools, "tools"), (&self.keys, "trusted_keys")]
        {
            tier.read(folder, &format!("{}.ai/{name}/", self.scope.prefix()));
        }
        tier.sources.sort_by(|a, b| a.path.cmp(&b.path));
        tier
    }
}

impl Tier {
    fn read(&mut self, folder: &Path, shown: &str) {
        let mut pending = vec![(folder.to_owned(), shown.to_owned(), 0)];
        while let Some((folder, shown, depth)) = pending.pop() {
            // A tier that is a link is somebody's decision; nothing below it may be one.
            let found = match entries(&folder) {
                Ok(found) => found,
                Err(error) if disk::is_absent(&error) => continue,
                Err(error) => {
                    self.problems.push(format!("{shown} can't be looked into: {error}"));
                    continue;
                }
            };
            for path in found {
                let Some(name) = path.file_name().and_then(|it| it.to_str()) else { continue };
                let below = format!("{shown}{name}");
                let metadata = match path.symlink_metadata() {
                    Ok(metadata) => metadata,
                    Err(error) if disk::is_absent(&error) => continue,
                    Err(error) => {
                        self.problems.push(format!("{below} can't be read: {error}"));
                        continue;
                    }
                };
                if metadata.is_dir() && depth < DEEPEST {
                    pending.push((path, format!("{below}/"), depth + 1));
                } else if !metadata.is_dir() && !metadata.is_symlink() && is_wanted(&below) {
                    self.open(&path, below);
                }
            }
        }
    }

    fn open(&mut self, path: &Path, shown: String) {
        if self.sources.len() >= MOST_FILES {
            self.problems.push(format!("{shown}: there is too much to read"));
            return;
        }
        match disk::read(path, Source::LIMIT) {
            Ok(bytes) => self.sources.extend(bytes.map(|bytes| Source::new(shown, Side::Worktree, bytes))),
            Err(refused) => self.problems.push(refused.named(&shown).to_string()),
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn is_wanted(path: &str) -> bool {
    path.ends_with(".lock.json") || store::companion(path).is_some()
}

/// The folder of the project around a folder: the nearest one with an `.ai`, or else the folder itself.
pub fn project_around(folder: &Path) -> PathBuf {
    let found = folder.ancestors().find(|it| it.join(".ai").is_dir());
    found.unwrap_or(folder).to_owned()
}

/// Whether the documented configuration lets a project have lockfiles in `lockfiles/`: `lockfiles.scope` of
/// `config.yaml` is `project`. Missing or broken, it is `user`.
pub fn is_project_scope() -> bool {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".ai"));
    let space = std::env::var_os("USER_SPACE").filter(|it| !it.is_empty()).map(PathBuf::from).or_else(home);
    let text = space.and_then(|space| disk::read(&space.join("config/config.yaml"), Source::LIMIT).ok()?);
    let value = text.and_then(|text| yaml::read(std::str::from_utf8(&text).ok()?).ok());
    let scope = value.as_ref().and_then(|value| value.get("lockfiles")?.get("scope")?.as_str());
    scope == Some("project")
}

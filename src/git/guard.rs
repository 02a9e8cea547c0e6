//! What libgit2 opens by itself, looked at before it does: it waits for pipes, and reads what has no end.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Repo, RepoError};
use crate::disk;
use crate::disk::Refused;
use crate::text::source::Source;

/// What it opens in the folder of every repository.
const OWN: [&str; 11] = [
    "HEAD",
    "FETCH_HEAD",
    "MERGE_HEAD",
    "config",
    "config.worktree",
    "packed-refs",
    "commondir",
    "gitdir",
    "shallow",
    "info/grafts",
    "objects/info/alternates",
];

/// How deep configuration includes other configuration, as libgit2 follows it.
const DEEPEST: usize = 10;

/// Looks at the repository around a folder.
pub(super) fn before_opening(folder: &Path) -> Result<(), RepoError> {
    let mut seen = HashSet::new();
    outside().iter().try_for_each(|path| check_config(path, DEEPEST, &mut seen))?;
    let none: [&Path; 0] = [];
    let own = match std::env::var_os("GIT_DIR") {
        Some(own) => folder.join(own),
        None => {
            check_gitfile(folder)?;
            match git2::Repository::discover_path(folder, none) {
                Ok(own) => own,
                Err(_) => return Ok(()),
            }
        }
    };
    let named = disk::read(&own.join("commondir"), Source::LIMIT)?;
    let common = named.map(|text| own.join(String::from_utf8_lossy(&text).trim_end()));
    for folder in [Some(&own), common.as_ref()].into_iter().flatten() {
        OWN.iter().try_for_each(|name| check(&folder.join(name)))?;
        check_config(&folder.join("config"), DEEPEST, &mut seen)?;
        check_config(&folder.join("config.worktree"), DEEPEST, &mut seen)?;
    }
    let head = disk::read(&own.join("HEAD"), Source::LIMIT).ok().flatten().unwrap_or_default();
    if let Some(branch) = String::from_utf8_lossy(&head).trim().strip_prefix("ref: ") {
        check(&common.as_ref().unwrap_or(&own).join(branch))?;
    }
    Ok(())
}

/// The `.git` that should have been a repository, where none was found: git stops there too.
pub(super) fn broken(folder: &Path) -> Option<RepoError> {
    let found =
        folder.ancestors().map(|above| above.join(".git")).find(|it| it.symlink_metadata().is_ok())?;
    Some(not_a_repository(&found, None))
}

fn not_a_repository(found: &Path, named: Option<&Path>) -> RepoError {
    let why = match named {
        Some(named) => format!("not a git repository: {} ({} names it)", named.display(), found.display()),
        None => format!("not a git repository: {}", found.display()),
    };
    RepoError::Git { what: "the repository can't be opened".into(), why }
}

/// The nearest `.git` is a folder, or a file that names one. Git goes no further up when it is anything else.
fn check_gitfile(folder: &Path) -> Result<(), RepoError> {
    let Some(found) = folder.ancestors().map(|above| above.join(".git")).find(|it| it.exists()) else {
        return Ok(());
    };
    if found.is_dir() {
        return Ok(());
    }
    let text = disk::read(&found, Source::LIMIT)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = text.strip_prefix("gitdir:").map(|named| found.with_file_name("").join(named.trim()));
    match named {
        Some(named) if named.join("HEAD").symlink_metadata().is_ok() => Ok(()),
        named => Err(not_a_repository(&found, named.as_deref())),
    }
}

/// Configuration of the user and the system.
fn outside() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let home = variable("HOME");
    let config = variable("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
    let named = [variable("GIT_CONFIG_GLOBAL"), variable("GIT_CONFIG_SYSTEM"), Some("/etc/gitconfig".into())];
    let of_user = [home.map(|home| home.join(".gitconfig")), config.map(|config| config.join("git/config"))];
    named.into_iter().chain(of_user).flatten().collect()
}

fn check_config(path: &Path, depth: usize, seen: &mut HashSet<PathBuf>) -> Result<(), RepoError> {
    if !seen.insert(path.to_owned()) {
        return Ok(());
    }
    check(path)?;
    // What can't be read is for libgit2 to say.
    let Ok(Some(text)) = disk::read(path, Source::LIMIT) else { return Ok(()) };
    if depth == 0 {
        return Ok(());
    }
    for included in includes(&String::from_utf8_lossy(&text)) {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?));
        let included = match included.strip_prefix("~/") {
            Some(inside) => home().map(|home| home.join(inside)),
            None => Some(path.with_file_name("").join(included)),
        };
        included.into_iter().try_for_each(|included| check_config(&included, depth - 1, seen))?;
    }
    Ok(())
}

/// The files that a configuration includes, whatever the condition.
fn includes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_include = false;
    for line in text.lines() {
        let mut line = line.trim();
        if let Some((header, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            is_include = header.trim_start().to_ascii_lowercase().starts_with("include");
            line = rest.trim_start();
        }
        let Some((key, value)) = line.split_once('=').filter(|_| is_include) else { continue };
        if key.trim().eq_ignore_ascii_case("path") {
            let value = value.trim();
            let quoted = value.strip_prefix('"').and_then(|value| value.split_once('"'));
            found.push(quoted.map_or(value, |(inside, _)| inside).replace("\\\\", "\\"));
        }
    }
    found
}

/// Refuses what is there and neither a file nor a folder.
fn check(path: &Path) -> Result<(), Refused> {
    match disk::open(path) {
        Err(refused @ (Refused::NoFile { .. } | Refused::TooLarge { .. })) if !path.is_dir() => Err(refused),
        _ => Ok(()),
    }
}

impl Repo {
    /// Looks at the files of one name in the folders above a path of the worktree, and at those outside of it.
    pub(super) fn check_around(
        &self,
        path: &Path,
        name: &str,
        outside: &[Option<PathBuf>],
    ) -> Result<(), RepoError> {
        let root = self.root()?;
        let folders = path.ancestors().skip(1).map(|folder| root.join(folder).join(name));
        for file in folders {
            if self.looked_at.borrow().contains(&file) {
                continue;
            }
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            if let Ok(found) = fs::symlink_metadata(&file) {
                let leads_out = || fs::canonicalize(&file).is_ok_and(|it| !it.starts_with(self.real_root()));
                if found.is_symlink() && leads_out() {
                    let why = "it is a link that leads out of the repository".to_owned();
                    return Err(RepoError::Unreadable { path: shown, why });
                }
                check(&file).map_err(|refused| refused.named(&shown))?;
            }
            self.looked_at.borrow_mut().insert(file);
        }
        for file in outside.iter().flatten() {
            if !self.looked_at.borrow().contains(file) {
                check(file)?;
                self.looked_at.borrow_mut().insert(file.clone());
            }
        }
        Ok(())
    }

    fn real_root(&self) -> PathBuf {
        self.root().ok().and_then(|root| fs::canonicalize(root).ok()).unwrap_or_default()
    }
}

//! Where git looks for the hooks of a repository.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{Repo, RepoError, git_error};

/// The folder of hooks.
#[derive(Debug)]
pub struct HooksFolder {
    pub path: PathBuf,
    /// The folder that it stands in and that belongs to this repository alone, if there is one: its git folder, or its
    /// worktree. Otherwise other repositories may use the same hooks.
    pub within: Option<PathBuf>,
    /// `core.hooksPath` names it.
    pub configured: bool,
}

impl Repo {
    /// The folder that `core.hooksPath` names; without that, the one that all worktrees of a repository share.
    pub fn hooks_folder(&self) -> Result<HooksFolder, RepoError> {
        let (root, common) = (self.root()?, self.git.commondir());
        let configured = self.hooks_path()?;
        // Git takes a relative path from where it runs the hooks.
        let path = configured.as_ref().map_or_else(|| common.join("hooks"), |path| root.join(path));
        let owners = [common, root]
            .into_iter()
            .flat_map(|owner| [Some(owner.to_owned()), fs::canonicalize(owner).ok()]);
        let within = owners.flatten().find(|owner| is_below(&path, owner));
        Ok(HooksFolder { path, within, configured: configured.is_some() })
    }

    /// `core.hooksPath` as git would read it: the environment may say where the configuration stands.
    fn hooks_path(&self) -> Result<Option<PathBuf>, RepoError> {
        let what = || git_error("the configuration can't be read");
        let none: [&str; 0] = [];
        let flags = git2::RepositoryOpenFlags::FROM_ENV;
        let git = git2::Repository::open_ext(self.git.path(), flags, none).map_err(what())?;
        match git.config().and_then(|config| config.get_path("core.hooksPath")) {
            Ok(path) => Ok(Some(path)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(what()(error)),
        }
    }
}

/// By the words of the path: links on the way are another question.
fn is_below(path: &Path, owner: &Path) -> bool {
    let rest = path.strip_prefix(owner);
    rest.is_ok_and(|rest| rest.components().all(|it| matches!(it, Component::Normal(_) | Component::CurDir)))
}

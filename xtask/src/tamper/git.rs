//! Real repositories, in a temporary folder.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::tree::Tree;
use crate::tools::{Done, Failure, at, git, text_of};

/// Removed with the value.
pub(crate) struct Repo {
    folder: TempDir,
}

impl Repo {
    pub(crate) fn new() -> Result<Repo, Failure> {
        let repo = Repo { folder: tempfile::tempdir()? };
        repo.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(repo)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the worktree what the tree holds, and nothing else.
    fn take(&self, tree: &Tree) -> Done {
        self.git(&["rm", "--quiet", "-r", "--force", "--ignore-unmatch", "."])?;
        for (path, text) in tree {
            let full = self.folder().join(path);
            if let Some(folder) = full.parent() {
                fs::create_dir_all(folder).map_err(at(folder))?;
            }
            fs::write(&full, text).map_err(at(&full))?;
        }
        self.git(&["add", "--all", "--force"])
    }

    pub(crate) fn commit(&self, tree: &Tree, message: &str) -> Done {
        self.take(tree)?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])
    }

    pub(crate) fn branch(&self, name: &str) -> Done {
        self.git(&["switch", "--quiet", "--create", name])
    }

    pub(crate) fn switch(&self, name: &str) -> Done {
        self.git(&["switch", "--quiet", name])
    }

    /// A merge commit that holds this tree, whatever its parents hold.
    pub(crate) fn merge(&self, branch: &str, tree: &Tree) -> Done {
        self.git(&["merge", "--quiet", "--no-ff", "--no-commit", "--strategy=ours", branch])?;
        self.commit(tree, "Merge")
    }

    fn git(&self, arguments: &[&str]) -> Done {
        let user = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
        let plain = ["-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "core.autocrlf=false"];
        let all = user.iter().chain(&plain).chain(arguments);
        let output = git(self.folder(), all).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Failure::Failed(format!("git {arguments:?}: {}", text_of(&output)))),
        }
    }
}

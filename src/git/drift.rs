//! What stands on disk and not in HEAD, as `git status` sees it: line endings are translated, ignored files left out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use git2::{DiffOptions, Oid};

use super::{Repo, RepoError, blob_id, git_error};
use crate::disk;
use crate::read::discover::{os_path, spell};
use crate::text::source::Source;

/// Files by their paths from the root; nothing for one that is gone.
pub type Snapshot = BTreeMap<String, Option<Oid>>;

impl Repo {
    /// The files that differ from HEAD, untracked ones among them.
    pub fn changed_from_head(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, RepoError> {
        let what = || git_error("the worktree can't be compared with HEAD");
        let head = self.head()?;
        let tree = head.as_ref().map(|commit| self.find_tree(commit.tree)).transpose().map_err(what())?;
        self.loose.check_all().map_err(what())?;
        let mut options = DiffOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).ignore_submodules(true);
        let diff = self.git.diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options));
        let diff = diff.map_err(what())?;
        let root = self.root()?;
        // libgit2 goes by size where it can, and by the index: what was staged and taken back on disk is a difference to
        // it, as are line endings that another program wrote than the checkout.
        let is_back = |path: &[u8]| {
            let there = head.as_ref().and_then(|head| self.find(&spell(path), Some(head)));
            let bytes = content(root, path).ok().flatten();
            let is = |id: Oid, bytes: &[u8]| blob_id(bytes) == id || blob_id(&with_plain_lines(bytes)) == id;
            there.zip(bytes).is_some_and(|(there, bytes)| is(there.id, &bytes))
        };
        let paths = diff.deltas().filter_map(|delta| {
            let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes())?;
            let is_same_kind = delta.old_file().mode() == delta.new_file().mode();
            (wanted(&spell(path)) && !(is_same_kind && is_back(path))).then(|| spell(path))
        });
        Ok(paths.collect())
    }

    /// What stands on disk at the paths of the index, and at those of `others`.
    pub fn snapshot(&self, wanted: &dyn Fn(&str) -> bool, others: &[String]) -> Result<Snapshot, RepoError> {
        let root = self.root()?;
        let tracked = self.staging(&|path| wanted(&spell(path)), false)?.files;
        let tracked = tracked.into_iter().map(|file| file.path);
        let others = others.iter().map(|path| path.as_bytes().to_vec());
        let read = |path: Vec<u8>| match content(root, &path) {
            Ok(bytes) => Ok((spell(&path), bytes.map(|bytes| blob_id(&bytes)))),
            Err(error) => Err(RepoError::Unreadable { path: spell(&path), why: error.to_string() }),
        };
        tracked.chain(others).map(read).collect()
    }
}

/// A file's bytes, or where a link leads: as git would keep it. Nothing where nothing stands.
fn content(root: &Path, path: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let full = root.join(os_path(path));
    match fs::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_symlink() => {
            Ok(Some(fs::read_link(&full)?.into_os_string().into_encoded_bytes()))
        }
        Ok(metadata) if metadata.is_file() => disk::read(&full, Source::LIMIT).map_err(io::Error::other),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// As git keeps a text whose line endings it translates.
fn with_plain_lines(bytes: &[u8]) -> Vec<u8> {
    let is_end = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
    (0..bytes.len()).filter(|&at| !is_end(at)).map(|at| bytes[at]).collect()
}

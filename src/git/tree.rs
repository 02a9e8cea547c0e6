//! What the index stands for, as one name.

use super::{Repo, index_path};

/// Above git's own stores, so that what is written comes here.
const PRIORITY: i32 = 1000;

impl Repo {
    /// The tree that `git write-tree` would make of the index; nothing where it would refuse to, as in the middle of a
    /// merge. It is made in memory: the repository stays as it is.
    pub fn index_tree(&self) -> Option<String> {
        let mut index = git2::Index::open(&index_path(&self.git)).ok()?;
        let git = git2::Repository::open(self.git.path()).ok()?;
        let store = git.odb().ok()?;
        let _memory = store.add_new_mempack_backend(PRIORITY).ok()?;
        index.write_tree_to(&git).ok().map(|tree| tree.to_string())
    }
}

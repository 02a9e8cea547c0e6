//! Every version of every lockfile that a commit can be traced back to, and the sides of a merge.

use std::collections::HashSet;

use git2::{ObjectType, Oid, Sort};

use super::changed::Listed;
use super::{Commit, Repo, RepoError, describe, git_error};
use crate::disk;
use crate::text::source::Source;

/// A file as it stood in some commit, the first one that has it so.
pub struct Version {
    pub file: Listed,
    /// Abbreviated.
    pub commit: String,
}

/// How deep trees may nest before this stops looking.
const DEEPEST: usize = 512;

/// So many trees are looked at, each in each of its places.
const MOST: usize = 10_000_000;

impl Repo {
    /// Different versions of files of interest, the oldest first. Each tree is looked at once in each place, and
    /// each blob once, however many commits share it.
    pub fn versions(
        &self,
        from: &Commit,
        interesting: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<Version>, RepoError> {
        if self.git.is_shallow() {
            return Err(RepoError::CutOff { name: from.name.clone() });
        }
        let what = || git_error(format!("the history of {} can't be read", from.name));
        self.loose.check_all().map_err(what())?;
        let mut walk = self.git.revwalk().map_err(what())?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME | Sort::REVERSE).map_err(what())?;
        walk.push(from.oid().map_err(what())?).map_err(what())?;
        let mut seen = Seen { repo: self, trees: HashSet::new(), blobs: HashSet::new(), interesting };
        let mut versions = Vec::new();
        for id in walk {
            let commit = id.and_then(|id| self.find_commit(id)).map_err(what())?;
            let name = commit.id().to_string()[..10].to_owned();
            let mut found = Vec::new();
            seen.look_into(commit.tree_id(), &mut Vec::new(), 0, &mut found).map_err(what())?;
            versions.extend(found.into_iter().map(|file| Version { file, commit: name.clone() }));
        }
        Ok(versions)
    }

    /// The sides of a merge: all parents of a commit that has several; of the worktree and the index, what is being merged
    /// into them.
    pub fn merged(&self, commit: Option<&Commit>) -> Result<Vec<Commit>, RepoError> {
        let what = || git_error("the sides of the merge can't be read");
        let Some(commit) = commit else { return self.being_merged() };
        let id = commit.oid().map_err(what())?;
        let parents: Vec<_> = self.find_commit(id).map_err(what())?.parent_ids().collect();
        if parents.len() < 2 {
            return Ok(Vec::new());
        }
        let name = |at: usize| format!("{}^{}", commit.name, at + 1);
        let find = |(at, id)| self.find_commit(id).map(|parent| describe(&parent, &name(at)));
        parents.into_iter().enumerate().map(find).collect::<Result<_, _>>().map_err(what())
    }

    fn being_merged(&self) -> Result<Vec<Commit>, RepoError> {
        let Some(text) = disk::read(&self.git.path().join("MERGE_HEAD"), Source::LIMIT)? else {
            return Ok(Vec::new());
        };
        let text = String::from_utf8_lossy(&text);
        let find = |line: &str| {
            let commit = Oid::from_str(line.trim()).and_then(|id| self.find_commit(id));
            commit.map(|commit| describe(&commit, "MERGE_HEAD"))
        };
        text.lines().map(find).collect::<Result<_, _>>().map_err(git_error("MERGE_HEAD can't be read"))
    }
}

/// What was looked at before.
struct Seen<'r> {
    repo: &'r Repo,
    /// With the path: what of a tree is of interest depends on it.
    trees: HashSet<(Oid, Vec<u8>)>,
    blobs: HashSet<Oid>,
    interesting: &'r dyn Fn(&[u8]) -> bool,
}

impl Seen<'_> {
    fn look_into(
        &mut self,
        tree: Oid,
        path: &mut Vec<u8>,
        depth: usize,
        found: &mut Vec<Listed>,
    ) -> Result<(), git2::Error> {
        if depth > DEEPEST || !self.trees.insert((tree, path.clone())) {
            return Ok(());
        }
        if self.trees.len() > MOST {
            return Err(git2::Error::from_str("its trees name each other too often to be followed"));
        }
        let tree = self.repo.find_tree(tree)?;
        for entry in &tree {
            let length = path.len();
            path.extend_from_slice(entry.name_bytes());
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    path.push(b'/');
                    self.look_into(entry.id(), path, depth + 1, found)?;
                }
                Some(ObjectType::Blob)
                    if entry.filemode() != 0o120_000
                        && (self.interesting)(path)
                        && self.blobs.insert(entry.id()) =>
                {
                    let mode = entry.filemode() as u32;
                    found.push(Listed { path: path.clone(), id: entry.id(), mode });
                }
                _ => {}
            }
            path.truncate(length);
        }
        Ok(())
    }
}

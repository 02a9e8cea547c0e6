//! The interesting files of a commit, without walking what the index says did not change.

use foldhash::{HashSet, HashSetExt};
use git2::{ObjectType, Oid, Tree, TreeEntry};

use super::Repo;
use super::index::{CacheTree, CachedDirectory, Entry};

/// A file of a tree or of the index. Modes are git's: `0o100644`, `0o100755`, `0o120000`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Listed {
    pub path: Vec<u8>,
    pub id: Oid,
    pub mode: u32,
}

/// What the index knows about trees.
#[derive(Clone, Copy, Debug)]
pub struct Staged<'i> {
    pub cache_tree: &'i CacheTree,
    /// All interesting entries that are [`Listed::staged`], in the index's order.
    pub files: &'i [Listed],
}

impl Listed {
    /// What would be committed of an entry; `None` for one side of a conflict, for a mere intent to add, and for a
    /// submodule, which is no file.
    pub fn staged(entry: &Entry<'_>) -> Option<Listed> {
        if entry.stage() != 0 || entry.intent_to_add() || entry.mode() == SUBMODULE || entry.is_directory() {
            return None;
        }
        let id = Oid::from_bytes(&entry.id()).ok()?;
        Some(Listed { path: entry.path.to_vec(), id, mode: entry.mode() })
    }

    pub fn is_link(&self) -> bool {
        self.mode == LINK
    }

    /// The blob that a reader gets. Unknown of a symbolic link: its own blob is where it leads to.
    pub fn content_id(&self) -> Option<Oid> {
        (!self.is_link()).then_some(self.id)
    }
}

/// The mode of an entry that is another repository's commit.
pub const SUBMODULE: u32 = 0o160000;
const LINK: u32 = 0o120000;

/// How deep git itself follows trees (`core.maxTreeDepth`, by default).
const DEEPEST: usize = 2048;

/// So many trees are read for one side. No repository has as many folders; a few trees that name each other can spell out
/// more than any machine reads.
const MOST: usize = 5_000_000;

/// What is looked for in trees.
#[derive(Clone, Copy)]
pub struct Interest<'f> {
    /// Whether a file of that path is.
    pub file: &'f dyn Fn(&[u8]) -> bool,
    /// What of a folder's path, with its trailing slash, decides which files below it are: one and the same tree holds
    /// different things of interest under different names.
    pub sight: fn(&[u8]) -> &[u8],
}

impl<'f> Interest<'f> {
    /// Every part of a path may matter.
    pub fn by_path(file: &'f dyn Fn(&[u8]) -> bool) -> Interest<'f> {
        Interest { file, sight: |folder| folder }
    }
}

/// The files of `tree` whose path is interesting, sorted by the bytes of their paths.
///
/// A directory whose tree the index's cache tree names is not read: its files are those of the index. That believes the
/// index as much as git does, which commits that tree for such a directory, whatever the entries say. A cache tree that
/// names other trees is of no use, but does no harm. Submodules are neither entered nor listed.
pub fn list_tree(
    repo: &Repo,
    tree: &Tree<'_>,
    staged: Option<Staged<'_>>,
    interest: Interest<'_>,
) -> Result<Vec<Listed>, git2::Error> {
    let mut walk = Walk {
        repo,
        files: staged.map_or(&[], |staged| staged.files),
        interest,
        path: Vec::new(),
        listed: Vec::new(),
        barren: HashSet::new(),
        read: 0,
    };
    walk.run(tree.id(), staged.map(|staged| staged.cache_tree.root()))?;
    // Git sorts a directory as if its name ended with a slash, so only almost as paths sort.
    walk.listed.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.listed)
}

struct Walk<'w> {
    repo: &'w Repo,
    files: &'w [Listed],
    interest: Interest<'w>,
    /// Of the directory that is being read, with a trailing slash unless it is the root.
    path: Vec<u8>,
    listed: Vec<Listed>,
    /// Trees that hold nothing of interest where they are seen like that. Not reading them twice also disarms the few
    /// trees that name each other so often that they spell out billions of paths.
    barren: HashSet<(Oid, Box<[u8]>)>,
    /// How many trees were read.
    read: usize,
}

/// A tree that is being read.
struct Level<'w> {
    tree: Tree<'w>,
    next: usize,
    cached: Option<CachedDirectory<'w>>,
    path_length: usize,
    listed_before: usize,
}

impl<'w> Walk<'w> {
    fn run(&mut self, root: Oid, cached: Option<CachedDirectory<'w>>) -> Result<(), git2::Error> {
        let mut levels: Vec<Level<'w>> = self.enter(root, cached)?.into_iter().collect();
        while let Some(level) = levels.last_mut() {
            if let Some(inner) = self.advance(level)? {
                levels.push(inner);
            } else if level.next >= level.tree.len() {
                self.leave(level);
                levels.pop();
            }
            if levels.len() > DEEPEST {
                return Err(git2::Error::from_str("the trees nest deeper than git follows them"));
            }
        }
        Ok(())
    }

    /// Takes the next entry of a tree: the tree to read now, if it is one.
    fn advance(&mut self, level: &mut Level<'w>) -> Result<Option<Level<'w>>, git2::Error> {
        let Some(entry) = level.tree.get(level.next) else { return Ok(None) };
        level.next += 1;
        self.path.truncate(level.path_length);
        match entry.kind() {
            Some(ObjectType::Tree) => {
                let name = entry.name_bytes();
                self.path.extend_from_slice(name);
                self.path.push(b'/');
                self.enter(entry.id(), level.cached.and_then(|cached| cached.child(name)))
            }
            Some(ObjectType::Blob) => {
                self.list(&entry);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Opens the tree at the present path, if it has to be read.
    fn enter(
        &mut self,
        id: Oid,
        cached: Option<CachedDirectory<'w>>,
    ) -> Result<Option<Level<'w>>, git2::Error> {
        if cached.and_then(|cached| cached.id()).is_some_and(|unchanged| id.as_bytes() == unchanged) {
            self.list_staged();
            return Ok(None);
        }
        // An empty box allocates nothing.
        if self.barren.contains(&(id, self.seen_as())) {
            return Ok(None);
        }
        self.read += 1;
        if self.read > MOST {
            return Err(git2::Error::from_str("its trees name each other too often to be followed"));
        }
        Ok(Some(Level {
            tree: self.repo.find_tree(id)?,
            next: 0,
            cached,
            path_length: self.path.len(),
            listed_before: self.listed.len(),
        }))
    }

    fn leave(&mut self, level: &Level<'w>) {
        if self.listed.len() == level.listed_before {
            self.path.truncate(level.path_length);
            self.barren.insert((level.tree.id(), self.seen_as()));
        }
    }

    /// What of the present path decides about what is below it.
    fn seen_as(&self) -> Box<[u8]> {
        (self.interest.sight)(&self.path).into()
    }

    fn list(&mut self, entry: &TreeEntry<'_>) {
        self.path.extend_from_slice(entry.name_bytes());
        if (self.interest.file)(&self.path) {
            self.listed.push(Listed {
                path: self.path.clone(),
                id: entry.id(),
                mode: entry.filemode() as u32,
            });
        }
    }

    /// Lists what the index holds below the present path.
    fn list_staged(&mut self) {
        let prefix = self.path.as_slice();
        let from = self.files.partition_point(|file| file.path.as_slice() < prefix);
        let below = self.files[from..].iter().take_while(|file| file.path.starts_with(prefix));
        self.listed.extend(below.cloned());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::Repository;

    use super::*;
    use crate::git::index::{Scanned, scan};
    use crate::git::testing::Git;

    fn interesting(name: &[u8]) -> bool {
        name.ends_with(b".lock")
    }

    fn base_name(path: &[u8]) -> &[u8] {
        path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
    }

    /// The interesting part of the index, as a caller reads it.
    fn read_index(bytes: &[u8]) -> (Vec<Listed>, Option<CacheTree>) {
        let mut files = Vec::new();
        let Scanned { cache_tree, .. } = scan(bytes, |entry| {
            if interesting(entry.path) {
                files.extend(Listed::staged(entry));
            }
        })
        .unwrap();
        (files, cache_tree)
    }

    /// The interesting files of a revision, as git lists them.
    fn listed_by_git(git: &Git, revision: &str) -> Vec<Listed> {
        let output = String::from_utf8(git.run(["ls-tree", "-r", "-z", revision])).unwrap();
        let mut listed: Vec<Listed> = output
            .split_terminator('\0')
            .map(|line| {
                let (meta, path) = line.split_once('\t').unwrap();
                let [mode, kind, id] = meta.split(' ').collect::<Vec<_>>().try_into().unwrap();
                let mode = u32::from_str_radix(mode, 8).unwrap();
                (kind, Listed { path: path.into(), id: Oid::from_str(id).unwrap(), mode })
            })
            .filter(|(kind, file)| *kind == "blob" && interesting(base_name(&file.path)))
            .map(|(_, file)| file)
            .collect();
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        listed
    }

    fn list(git: &Git, revision: &str, staged: Option<Staged<'_>>) -> Result<Vec<Listed>, git2::Error> {
        let repo = Repo::new(Repository::open(git.path()).unwrap());
        let tree = repo.git.revparse_single(revision).unwrap().peel_to_tree().unwrap();
        list_tree(&repo, &tree, staged, Interest { file: &interesting, sight: |_| b"" })
    }

    /// Lists with and without the index, and compares both with git.
    #[track_caller]
    fn same_as_git(git: &Git, revision: &str) {
        let expected = listed_by_git(git, revision);
        assert!(!expected.is_empty());
        assert_eq!(list(git, revision, None).unwrap(), expected);
        let (files, cache_tree) = read_index(&git.index());
        let cache_tree = cache_tree.unwrap();
        assert_eq!(
            list(git, revision, Some(Staged { cache_tree: &cache_tree, files: &files })).unwrap(),
            expected
        );
    }

    /// Directories that a tree sorts otherwise than paths, an executable, a symbolic link and a submodule.
    fn repository() -> Git {
        let git = Git::new();
        let paths = [
            "x.lock",
            "a/x.lock",
            "a/b/x.lock",
            "a/b/c/y.lock",
            "a/none",
            "a-b/x.lock",
            "a.lock",
            "a.lock.d/x.lock",
            "b.lock/x.lock",
            "b.lock/none",
            "none/of/it",
            "none/of/them",
            "z/x.lock",
        ];
        git.commit(&paths);
        let blob = String::from_utf8(git.run(["rev-parse", "HEAD:x.lock"])).unwrap();
        let (blob, commit) = (blob.trim(), "1".repeat(40));
        let more = format!(
            "100755 {blob}\tz/run.lock\n120000 {blob}\tz/link.lock\n160000 {commit}\tz/module.lock\n"
        );
        git.feed(["update-index", "--index-info"], more.as_bytes());
        git.run(["commit", "--quiet", "--message=more"]);
        git
    }

    #[test]
    fn an_unchanged_index_lists_the_tree() {
        let git = repository();
        same_as_git(&git, "HEAD");
        let (files, _) = read_index(&git.index());
        assert_eq!(files, listed_by_git(&git, "HEAD"));
    }

    #[test]
    fn a_changed_index_does_not_change_what_is_listed() {
        let git = repository();
        git.write("a/b/x.lock", "edited");
        git.write("a/new.lock", "");
        git.write("none/new.lock", "");
        git.write("new/directory/x.lock", "");
        git.run(["add", "a/b/x.lock", "a/new.lock", "none", "new"]);
        same_as_git(&git, "HEAD");
        git.run(["rm", "--quiet", "-r", "--cached", "b.lock", "a-b/x.lock", "a/b/c"]);
        same_as_git(&git, "HEAD");
        git.write("z/promised.lock", "");
        git.run(["add", "--intent-to-add", "z/promised.lock"]);
        same_as_git(&git, "HEAD");
        // A directory becomes a file, and a file a directory.
        git.run(["rm", "--quiet", "-r", "-f", "a.lock.d", "x.lock"]);
        git.write("a.lock.d", "");
        git.write("x.lock/x.lock", "");
        git.run(["add", "a.lock.d", "x.lock"]);
        same_as_git(&git, "HEAD");
        git.run(["commit", "--quiet", "--message=x"]);
        same_as_git(&git, "HEAD");
        same_as_git(&git, "HEAD~1");
        same_as_git(&git, "HEAD~2");
    }

    #[test]
    fn a_conflict_does_not_change_what_is_listed() {
        let git = repository();
        git.run(["checkout", "--quiet", "-b", "other"]);
        git.write("a/x.lock", "other");
        git.commit(&[]);
        git.run(["checkout", "--quiet", "main"]);
        git.write("a/x.lock", "main");
        git.commit(&[]);
        assert!(!git.attempt(["merge", "other"]));
        same_as_git(&git, "HEAD");
        same_as_git(&git, "other");
    }

    #[test]
    fn an_unrelated_index_is_of_no_use_and_does_no_harm() {
        let git = repository();
        let other = Git::new();
        other.commit(&["a/x.lock", "a/unheard-of.lock", "a/b/q.lock", "x.lock", "z/x.lock"]);
        fs::copy(other.file(".git/index"), git.file(".git/index")).unwrap();
        same_as_git(&git, "HEAD");
    }

    #[test]
    fn what_did_not_change_is_not_read() {
        let git = repository();
        git.write("z/x.lock", "edited");
        git.run(["add", "z/x.lock"]);
        let expected = listed_by_git(&git, "HEAD");
        let unchanged = String::from_utf8(git.run(["rev-parse", "HEAD:a"])).unwrap();
        let (directory, file) = unchanged.trim().split_at(2);
        fs::remove_file(git.file(&format!(".git/objects/{directory}/{file}"))).unwrap();

        assert!(list(&git, "HEAD", None).is_err());
        let (files, cache_tree) = read_index(&git.index());
        let cache_tree = cache_tree.unwrap();
        assert_eq!(
            list(&git, "HEAD", Some(Staged { cache_tree: &cache_tree, files: &files })).unwrap(),
            expected
        );
    }

    /// The id of a tree with these entries, as `git mktree` takes them.
    fn make_tree(git: &Git, entries: &str) -> String {
        String::from_utf8(git.feed(["mktree"], entries.as_bytes())).unwrap().trim().to_owned()
    }

    #[test]
    fn few_trees_that_spell_out_billions_of_paths_are_read_once() {
        let git = repository();
        let mut tree = String::from_utf8(git.run(["rev-parse", "HEAD:none"])).unwrap().trim().to_owned();
        for _ in 0..12 {
            let entries: String = (0..10).map(|name| format!("040000 tree {tree}\t{name}\n")).collect();
            tree = make_tree(&git, &entries);
        }
        assert_eq!(list(&git, &tree, None).unwrap(), []);
    }

    #[test]
    fn what_a_folder_holds_depends_on_its_name() {
        let git = Git::new();
        ["a/x", "b/x", "b/c/x"].iter().for_each(|path| git.write(path, "the same"));
        git.commit(&[]);
        let repo = Repo::new(Repository::open(git.path()).unwrap());
        let tree = repo.git.revparse_single("HEAD").unwrap().peel_to_tree().unwrap();
        assert_eq!(tree.get_path(std::path::Path::new("a")).unwrap().id(), {
            tree.get_path(std::path::Path::new("b/c")).unwrap().id()
        });
        let is_it = |path: &[u8]| path == b"b/c/x";
        let found = list_tree(&repo, &tree, None, Interest::by_path(&is_it)).unwrap();
        assert_eq!(found.iter().map(|it| it.path.as_slice()).collect::<Vec<_>>(), [b"b/c/x"]);
    }

    #[test]
    fn trees_nest_only_so_deep() {
        let git = repository();
        let repo = Repository::open(git.path()).unwrap();
        let mut id = repo.revparse_single("HEAD^{tree}").unwrap().id();
        for level in 0..DEEPEST {
            if level == 100 {
                assert!(list(&git, &id.to_string(), None).is_ok());
            }
            let mut tree = repo.treebuilder(None).unwrap();
            tree.insert("d", id, 0o040000).unwrap();
            id = tree.write().unwrap();
        }
        assert!(list(&git, &id.to_string(), None).is_err());
    }
}

//! The only git: what each side holds, and the bytes of it.

pub mod changed;
pub mod drift;
pub mod filters;
mod guard;
mod history;
mod hooks;
pub mod index;
mod loose;
mod revision;
#[cfg(test)]
mod testing;
mod tree;

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use changed::{Interest, Listed, SUBMODULE, Staged, list_tree};
use git2::Oid;
pub use hooks::HooksFolder;
use index::{CacheTree, Directories, Stamp, Stat};
use loose::Loose;

use crate::disk;
use crate::disk::{Opened, Refused};
use crate::text::source::{Side, Source};

/// What could not be read. Every one of these means that the check is incomplete.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    #[error("{what}: {why}")]
    Git { what: String, why: String },
    #[error("there is no revision `{name}` here{}", hint(*.shallow))]
    Revision { name: String, shallow: bool },
    #[error("`{name}` is ambiguous: it is {} and {}; write the one that is meant", meanings[0], meanings[1])]
    Ambiguous { name: String, meanings: [String; 2] },
    #[error("the parent of {name} is not in this clone{}", hint(true))]
    NoParent { name: String },
    #[error("{base} and {head} have no common commit in this clone{}", hint(*.shallow))]
    NoMergeBase { base: String, head: String, shallow: bool },
    #[error("the history of {name} is cut off here{}", hint(true))]
    CutOff { name: String },
    #[error("{0} is a bare repository: name what to check with --head REV")]
    Bare(String),
    #[error("{path} is {size} bytes long; the limit is {}", Source::LIMIT)]
    TooLarge { path: String, size: u64 },
    #[error("{path} can't be read: {why}")]
    Unreadable { path: String, why: String },
}

/// Why a link that leads nowhere can't be read.
pub const DANGLING: &str = "it is a link to something that is not there";

impl RepoError {
    /// There is nothing to read, only a link to where something might be.
    pub fn is_dangling(&self) -> bool {
        matches!(self, RepoError::Unreadable { why, .. } if why == DANGLING)
    }
}

impl From<Refused> for RepoError {
    fn from(refused: Refused) -> RepoError {
        let unreadable = |path, why: &str| RepoError::Unreadable { path, why: why.to_owned() };
        match refused {
            Refused::Unreadable { path, why } => RepoError::Unreadable { path, why },
            Refused::LeadsOut { path, .. } => {
                unreadable(path, "it is a link that leads out of the repository")
            }
            Refused::NoFile { path } => unreadable(path, "it is no regular file"),
            Refused::TooLarge { path, size, .. } => RepoError::TooLarge { path, size },
            Refused::Changed { path } => unreadable(path, "it changed while it was read: run again"),
        }
    }
}

/// What to do where a commit is missing.
fn hint(shallow: bool) -> &'static str {
    match shallow {
        true => "\n  the clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout",
        false => "",
    }
}

fn git_error(what: impl Into<String>) -> impl FnOnce(git2::Error) -> RepoError {
    let what = what.into();
    move |error| RepoError::Git { what, why: reason(&error) }
}

/// What libgit2 says, and what to do about it where that is known.
fn reason(error: &git2::Error) -> String {
    let said = error.message();
    let remedy = match error.code() {
        git2::ErrorCode::Owner => {
            "\n  if you trust it: `git config --global --add safe.directory` and its folder"
        }
        git2::ErrorCode::NotFound if said.starts_with("object not found") => {
            "\n  a partial clone may lack it: `git fetch --refetch --no-filter`, or no `filter` for actions/checkout"
        }
        _ if said.contains("unknown object format") => "\n  only repositories with SHA-1 ids can be read",
        _ => "",
    };
    format!("{said}{remedy}")
}

/// An open repository.
pub struct Repo {
    git: git2::Repository,
    /// Every file of the index, for links to lead to. Most repositories never need it.
    staged: OnceCell<HashMap<Vec<u8>, Listed>>,
    loose: Loose,
    /// Files that libgit2 may open by itself.
    looked_at: RefCell<HashSet<PathBuf>>,
}

/// A commit that can be compared with.
pub struct Commit {
    tree: Oid,
    /// How messages call it.
    pub name: String,
    /// The full id.
    pub id: String,
}

/// What the index holds of interest.
#[derive(Default)]
pub struct Staging {
    /// What a commit would hold, in path order.
    pub files: Vec<Listed>,
    /// Beside each of `files`: how it looked on disk; none for what a sparse checkout leaves out.
    pub stats: Vec<Option<Stat>>,
    /// Paths of files that a merge left in conflict.
    pub unmerged: Vec<Vec<u8>>,
    /// Where other repositories stand.
    pub submodules: Vec<Vec<u8>>,
    /// Every directory that holds a tracked file, in path order.
    pub directories: Vec<Vec<u8>>,
    pub written: Stamp,
    cache_tree: Option<CacheTree>,
}

impl Repo {
    /// The repository around a folder; nothing outside of one. `GIT_DIR` and its kin count as they do for git, which
    /// sets them for hooks.
    pub fn open(folder: &Path) -> Result<Option<Repo>, RepoError> {
        guard::before_opening(folder)?;
        let opened = if inherits_git_dir() {
            git2::Repository::open_from_env()
        } else {
            git2::Repository::discover(folder)
        };
        match opened {
            Ok(git) => Ok(Some(Repo::new(git))),
            // What the environment names has to be there, and so has what a `.git` stands for.
            Err(error) if error.code() == git2::ErrorCode::NotFound && !inherits_git_dir() => {
                guard::broken(folder).map_or(Ok(None), Err)
            }
            Err(error) => Err(git_error("the repository can't be opened")(error)),
        }
    }

    fn new(git: git2::Repository) -> Repo {
        let loose = Loose::of(git.commondir());
        Repo { git, staged: OnceCell::new(), loose, looked_at: RefCell::default() }
    }

    /// Every object is read by way of these three: libgit2 never ends on a loose one that was cut off.
    fn find_commit(&self, id: Oid) -> Result<git2::Commit<'_>, git2::Error> {
        self.loose.check(id)?;
        self.git.find_commit(id)
    }

    fn find_tree(&self, id: Oid) -> Result<git2::Tree<'_>, git2::Error> {
        self.loose.check(id)?;
        self.git.find_tree(id)
    }

    fn find_blob(&self, id: Oid) -> Result<git2::Blob<'_>, git2::Error> {
        self.loose.check(id)?;
        self.git.find_blob(id)
    }

    /// Another handle, for another thread: one handle is no two threads' at once. Opened in the same way, so that it
    /// sees the same objects: while a push is received, the new ones stand in a place that only the environment names.
    pub fn reopen(&self) -> Result<Repo, RepoError> {
        let opened = if inherits_git_dir() {
            git2::Repository::open_from_env()
        } else {
            git2::Repository::open(self.git.path())
        };
        opened.map(Repo::new).map_err(git_error("the repository can't be opened"))
    }

    /// The root of the worktree.
    pub fn root(&self) -> Result<&Path, RepoError> {
        self.git.workdir().ok_or_else(|| RepoError::Bare(self.git.path().display().to_string()))
    }

    /// Whether git leaves a file out that is not tracked.
    pub fn ignores(&self, path: &str) -> Result<bool, RepoError> {
        let is_tracked = || self.git.index().is_ok_and(|index| index.get_path(Path::new(path), 0).is_some());
        Ok(self.is_ignored(Path::new(path))? && !is_tracked())
    }

    /// The commit that is checked out; none before the first one.
    pub fn head(&self) -> Result<Option<Commit>, RepoError> {
        match self.git.head() {
            Ok(head) => {
                let commit = head.target().map_or(Ok(()), |id| self.loose.check(id));
                let commit = commit.and_then(|()| head.peel_to_commit());
                let commit = commit.map_err(git_error("HEAD can't be read"))?;
                Ok(Some(describe(&commit, "HEAD")))
            }
            Err(error)
                if matches!(error.code(), git2::ErrorCode::UnbornBranch | git2::ErrorCode::NotFound) =>
            {
                Ok(None)
            }
            Err(error) => Err(git_error("HEAD can't be read")(error)),
        }
    }

    pub fn revision(&self, name: &str) -> Result<Commit, RepoError> {
        Ok(describe(&self.commit(name)?, name))
    }

    /// The first parent of a commit; none of a root. The commit at which a shallow clone was cut off is no root, and its
    /// parent may be here all the same.
    pub fn parent(&self, name: &str) -> Result<Option<Commit>, RepoError> {
        let commit = self.commit(name)?;
        let Some(id) = parents(&commit).next() else { return Ok(None) };
        let parent = self.find_commit(id).map_err(|_| RepoError::NoParent { name: name.to_owned() })?;
        Ok(Some(describe(&parent, &format!("{name}^"))))
    }

    /// Where two histories parted.
    pub fn merge_base(&self, base: &str, head: Option<&str>) -> Result<Commit, RepoError> {
        let head_name = head.unwrap_or("HEAD");
        let (base_commit, head_commit) = (self.commit(base)?, self.commit(head_name)?);
        // A shallow clone hides a commit's parents from libgit2, though the commit names them.
        if parents(&head_commit).any(|parent| parent == base_commit.id()) {
            return Ok(describe(&base_commit, base));
        }
        self.loose.check_all().map_err(git_error("the merge base can't be looked for"))?;
        let found =
            self.git.merge_base(base_commit.id(), head_commit.id()).map_err(|_| RepoError::NoMergeBase {
                base: base.to_owned(),
                head: head_name.to_owned(),
                shallow: self.git.is_shallow(),
            })?;
        let commit = self.find_commit(found).map_err(git_error("the merge base can't be read"))?;
        let name =
            if found == base_commit.id() { base.to_owned() } else { found.to_string()[..10].to_owned() };
        Ok(describe(&commit, &name))
    }

    fn check_tagged(&self, mut id: Oid) -> Result<(), git2::Error> {
        self.loose.check(id)?;
        while let Ok(tag) = self.git.find_tag(id) {
            id = tag.target_id();
            self.loose.check(id)?;
        }
        Ok(())
    }

    /// The index: read by our own reader, and by libgit2 where that one refuses. Its directories only when they are
    /// needed: telling them takes as long as all the rest.
    pub fn staging(
        &self,
        interesting: &dyn Fn(&[u8]) -> bool,
        with_directories: bool,
    ) -> Result<Staging, RepoError> {
        let path = index_path(&self.git);
        // Before the first `git add` there is none.
        let Some(file) = disk::open(&path)? else { return Ok(Staging::default()) };
        let written = Stamp::modified(&file.metadata).unwrap_or_default();
        let mut taking = Taking::new(interesting, with_directories);
        let mut scanned = index::scan(file, |entry| taking.take(entry));
        if matches!(scanned, Err(index::Error::Split)) {
            taking = Taking::new(interesting, with_directories);
            let Some(file) = disk::open(&path)? else { return Ok(Staging::default()) };
            scanned = index::scan_split(file, |id| self.shared_index(id), |entry| taking.take(entry));
        }
        let Taking { mut staging, left_out, .. } = taking;
        match scanned {
            Ok(scanned) => staging.cache_tree = scanned.cache_tree,
            Err(_) => staging = self.staging_by_libgit2(interesting)?,
        }
        staging.written = written;
        for (path, tree) in left_out {
            self.expand(&path, tree, interesting, &mut staging)?;
        }
        staging.sort();
        Ok(staging)
    }

    fn shared_index(&self, id: &index::Id) -> std::io::Result<Opened> {
        let name = format!("sharedindex.{}", data_encoding::HEXLOWER.encode(id));
        let opened = disk::open(&self.git.path().join(name)).map_err(std::io::Error::other)?;
        opened.ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn staging_by_libgit2(&self, interesting: &dyn Fn(&[u8]) -> bool) -> Result<Staging, RepoError> {
        let index =
            git2::Index::open(&index_path(&self.git)).map_err(git_error("the index can't be read"))?;
        let mut staging = Staging::default();
        let mut directories = Directories::default();
        for entry in index.iter() {
            directories.feed(&entry.path, |directory| staging.directories.push(directory.to_vec()));
            let stage = entry.flags >> 12 & 3;
            if entry.mode == SUBMODULE {
                staging.submodules.push(entry.path);
                continue;
            }
            if !interesting(&entry.path) {
                continue;
            }
            if stage == 0 {
                staging.files.push(Listed { path: entry.path, id: entry.id, mode: entry.mode });
                // Nothing is known to be unchanged: the file is read.
                staging.stats.push(Some(Stat::default()));
            } else if staging.unmerged.last() != Some(&entry.path) {
                staging.unmerged.push(entry.path);
            }
        }
        Ok(staging)
    }

    /// The files of a directory that a sparse index keeps as one entry.
    fn expand(
        &self,
        path: &[u8],
        tree: index::Id,
        interesting: &dyn Fn(&[u8]) -> bool,
        staging: &mut Staging,
    ) -> Result<(), RepoError> {
        let what = || git_error("a directory of the sparse index can't be read");
        let id = Oid::from_bytes(&tree).map_err(what())?;
        let tree = self.find_tree(id).map_err(what())?;
        let below = |inner: &[u8]| interesting(&[path, inner].concat());
        for file in list_tree(self, &tree, None, Interest::by_path(&below)).map_err(what())? {
            staging.files.push(Listed { path: [path, &file.path].concat(), ..file });
            staging.stats.push(None);
        }
        Ok(())
    }

    /// The files of interest that a commit holds. What the index says helps not to read what did not change.
    pub fn list(
        &self,
        commit: &Commit,
        staging: Option<&Staging>,
        interest: Interest<'_>,
    ) -> Result<Vec<Listed>, RepoError> {
        let what = || git_error(format!("the tree of {} can't be read", commit.name));
        let tree = self.find_tree(commit.tree).map_err(what())?;
        let staged =
            staging.and_then(|it| Some(Staged { cache_tree: it.cache_tree.as_ref()?, files: &it.files }));
        list_tree(self, &tree, staged, interest).map_err(what())
    }

    /// Every file below a folder of a commit, sorted by path.
    pub fn list_folder(&self, commit: &Commit, folder: &str) -> Result<Vec<Listed>, RepoError> {
        let what = || git_error(format!("{folder} of {} can't be read", commit.name));
        let Some(found) = self.find(folder, Some(commit)) else { return Ok(Vec::new()) };
        let tree = self.find_tree(found.id).map_err(what())?;
        let every = Interest { file: &|_| true, sight: |_| b"" };
        let mut files = list_tree(self, &tree, None, every).map_err(what())?;
        files.iter_mut().for_each(|file| file.path = [folder.as_bytes(), b"/", &file.path].concat());
        Ok(files)
    }

    pub fn blob(&self, file: &Listed) -> Result<Vec<u8>, RepoError> {
        let path = || String::from_utf8_lossy(&file.path).into_owned();
        let failed = |error: git2::Error| RepoError::Unreadable { path: path(), why: reason(&error) };
        let odb = self.git.odb().map_err(failed)?;
        self.loose.check(file.id).map_err(failed)?;
        let (size, _) = odb.read_header(file.id).map_err(failed)?;
        if size as u64 > Source::LIMIT {
            return Err(RepoError::TooLarge { path: path(), size: size as u64 });
        }
        Ok(self.find_blob(file.id).map_err(failed)?.content().to_vec())
    }

    /// The bytes that a reader of the path gets: a link is followed within its commit, or within the index.
    pub fn content(&self, file: &Listed, commit: Option<&Commit>) -> Result<Vec<u8>, RepoError> {
        const HOPS: usize = 8;
        let mut file = file.clone();
        let shown = String::from_utf8_lossy(&file.path).into_owned();
        let refuse = |why: &str| RepoError::Unreadable { path: shown.clone(), why: why.to_owned() };
        for _ in 0..HOPS {
            if !file.is_link() {
                return self.blob(&file);
            }
            let target = link_target(&file.path, &self.blob(&file)?)
                .ok_or_else(|| refuse("it is a link that leads out of the repository"))?;
            file = self.find(&target, commit).ok_or_else(|| refuse(DANGLING))?;
        }
        Err(refuse("it is a link to a link to a link without end"))
    }

    /// One file (or folder) of a commit, or one file of the index.
    pub fn find(&self, path: &str, commit: Option<&Commit>) -> Option<Listed> {
        let listed = |id, mode| Listed { path: path.as_bytes().to_vec(), id, mode };
        match commit {
            Some(commit) => {
                let mut found = (commit.tree, 0o040_000);
                for name in path.split('/').filter(|name| !name.is_empty()) {
                    let tree = self.find_tree(found.0).ok()?;
                    let entry = tree.get_name_bytes(name.as_bytes())?;
                    found = (entry.id(), entry.filemode() as u32);
                }
                Some(listed(found.0, found.1))
            }
            None => self.staged()?.get(path.as_bytes()).cloned(),
        }
    }

    fn staged(&self) -> Option<&HashMap<Vec<u8>, Listed>> {
        if self.staged.get().is_none() {
            let files = self.staging(&|_| true, false).ok()?.files;
            let _ = self.staged.set(files.into_iter().map(|file| (file.path.clone(), file)).collect());
        }
        self.staged.get()
    }

    /// Whether a folder of a commit is a submodule.
    pub fn is_submodule(&self, folder: &str, commit: &Commit) -> bool {
        self.find(folder, Some(commit)).is_some_and(|found| found.mode == SUBMODULE)
    }

    /// Whether git ignores a path, by files that are looked at before libgit2 opens them.
    pub fn is_ignored(&self, path: &Path) -> Result<bool, RepoError> {
        let own = Some(self.git.commondir().join("info/exclude"));
        self.check_around(path, ".gitignore", &[own, self.of_user("core.excludesFile", "git/ignore")])?;
        Ok(self.git.is_path_ignored(path).unwrap_or(false))
    }

    /// A file outside of the worktree that configuration names, or that stands among the user's.
    fn of_user(&self, key: &str, default: &str) -> Option<PathBuf> {
        let named = self.git.config().ok()?.get_path(key).ok();
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
        let config = || std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
        named.or_else(|| Some(config()?.join(default)))
    }
}

/// The index while it is read.
struct Taking<'w> {
    interesting: &'w dyn Fn(&[u8]) -> bool,
    staging: Staging,
    directories: Option<Directories>,
    /// What a sparse index keeps as one entry.
    left_out: Vec<(Vec<u8>, index::Id)>,
}

impl Taking<'_> {
    fn new(interesting: &dyn Fn(&[u8]) -> bool, with_directories: bool) -> Taking<'_> {
        Taking {
            interesting,
            staging: Staging::default(),
            directories: with_directories.then(Directories::default),
            left_out: Vec::new(),
        }
    }

    fn take(&mut self, entry: &index::Entry<'_>) {
        if let Some(directories) = &mut self.directories {
            directories.feed(entry.path, |directory| self.staging.directories.push(directory.to_vec()));
        }
        if entry.mode() == SUBMODULE {
            self.staging.submodules.push(entry.path.to_vec());
        } else if entry.is_directory() {
            self.left_out.push((entry.path.to_vec(), entry.id()));
        } else if (self.interesting)(entry.path) {
            self.staging.take(entry);
        }
    }
}

impl Staging {
    fn take(&mut self, entry: &index::Entry<'_>) {
        if entry.stage() != 0 {
            if self.unmerged.last().is_none_or(|last| last != entry.path) {
                self.unmerged.push(entry.path.to_vec());
            }
        } else if let Some(listed) = Listed::staged(entry) {
            self.files.push(listed);
            self.stats.push(Some(entry.stat()).filter(|_| !entry.skip_worktree()));
        }
    }

    fn sort(&mut self) {
        if self.files.is_sorted_by(|a, b| a.path <= b.path) {
            return;
        }
        let mut both: Vec<_> =
            std::mem::take(&mut self.files).into_iter().zip(std::mem::take(&mut self.stats)).collect();
        both.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        (self.files, self.stats) = both.into_iter().unzip();
    }
}

/// The path that a link means, from the root; nothing when it leaves the repository.
fn link_target(link: &[u8], target: &[u8]) -> Option<String> {
    let (link, target) = (std::str::from_utf8(link).ok()?, std::str::from_utf8(target).ok()?);
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The parents that a commit names, also where a shallow clone was cut off at it. They stand behind its tree, and nowhere
/// else.
fn parents(commit: &git2::Commit<'_>) -> impl Iterator<Item = Oid> {
    let lines = commit.raw_header_bytes().split(|byte| *byte == b'\n').skip(1);
    let named = lines.map_while(|line| line.strip_prefix(b"parent "));
    named.filter_map(|id| Oid::from_str(std::str::from_utf8(id).ok()?).ok())
}

fn describe(commit: &git2::Commit<'_>, name: &str) -> Commit {
    Commit { tree: commit.tree_id(), name: shorten(name), id: commit.id().to_string() }
}

/// A full id is nothing to be read: its beginning names the commit as well, and stays a name that git takes.
pub fn shorten(name: &str) -> String {
    const SHORT: usize = 12;
    let id = name.trim_end_matches(['^', '~']);
    let is_full = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_full { format!("{}{}", &id[..SHORT], &name[id.len()..]) } else { name.to_owned() }
}

fn inherits_git_dir() -> bool {
    std::env::var_os("GIT_DIR").is_some()
}

/// The index that counts: `git commit -a` and `git commit -- path` give hooks one of their own.
fn index_path(git: &git2::Repository) -> PathBuf {
    match std::env::var_os("GIT_INDEX_FILE") {
        Some(path) if !path.is_empty() => {
            let path = PathBuf::from(path);
            let root = git.workdir().unwrap_or(git.path());
            if path.is_absolute() { path } else { root.join(path) }
        }
        _ => git.path().join("index"),
    }
}

/// The id that git would give to a file's bytes.
pub fn blob_id(bytes: &[u8]) -> Oid {
    use sha1::Digest as _;
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    Oid::from_bytes(&hash.finalize()).unwrap_or(Oid::ZERO_SHA1)
}

/// The id that git would give to a stream of that length.
pub fn blob_id_of(mut bytes: impl Read, length: u64) -> std::io::Result<Oid> {
    use sha1::Digest as _;
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {length}\0"));
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).clamp(1, 128 << 10)];
    loop {
        match bytes.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    Oid::from_bytes(&hash.finalize()).map_err(std::io::Error::other)
}

/// Turns off what libgit2 does to every object it reads: hashing it again, collision detection included, at half the
/// speed of reading it. `git cat-file` does not either. Process-wide, so the program's to decide, not the library's.
pub fn trust_object_database() {
    git2::opts::strict_hash_verification(false);
}

impl Commit {
    fn oid(&self) -> Result<Oid, git2::Error> {
        Oid::from_str(&self.id)
    }

    pub fn side(&self) -> Side {
        Side::Revision(self.name.clone())
    }
}

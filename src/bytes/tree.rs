//! The repository on the side of the lockfiles: the worktree on disk, or the blobs of the index or a revision.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use crate::disk::{Opened, Refused, Root};
use crate::git::changed::{Interest, Listed};
use crate::git::{Commit, Repo};
use crate::read::Sources;
use crate::read::discover::spell;
use crate::read::options::Options;
use crate::text::source::Side;

/// How deep a folder of the repository is walked.
const DEEPEST: usize = 64;

/// One side of the repository. Opened when a store first asks: most repositories hold no artifacts.
pub(super) struct Tree {
    side: Side,
    head: Option<String>,
    base: Option<String>,
    root: Option<Root>,
    folder: PathBuf,
    git: OnceLock<Option<Git>>,
}

struct Git {
    repo: Mutex<Repo>,
    head: Option<Commit>,
    base: Option<Commit>,
    /// Of a side that is not the disk: every file, sorted. Listed when a store has reason to ask.
    files: OnceLock<Vec<Listed>>,
}

/// A file of the repository.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// From the root.
    pub(super) path: String,
    pub(super) is_link: bool,
    blob: Option<Listed>,
}

/// The content of a file, wherever it lies.
pub(super) enum Input {
    Disk(Opened),
    Blob(String, Cursor<Vec<u8>>),
}

impl Tree {
    pub(super) fn new(sources: &Sources, options: &Options) -> Tree {
        let root = sources.root.clone().unwrap_or_else(|| options.folder.clone());
        Tree {
            side: sources.head.clone(),
            head: sources.head_id.clone(),
            base: sources.base_id.clone(),
            root: Root::new(&root).filter(|_| sources.head == Side::Worktree),
            folder: options.folder.clone(),
            git: OnceLock::new(),
        }
    }

    pub(super) fn is_index(&self) -> bool {
        self.side == Side::Index
    }

    fn git(&self) -> Option<&Git> {
        self.git.get_or_init(|| self.open_git()).as_ref()
    }

    fn open_git(&self) -> Option<Git> {
        let repo = Repo::open(&self.folder).ok()??;
        let commit = |id: &Option<String>| id.as_deref().and_then(|id| repo.revision(id).ok());
        let (head, base) = (commit(&self.head), commit(&self.base));
        Some(Git { repo: Mutex::new(repo), head, base, files: OnceLock::new() })
    }

    fn listed(&self) -> &[Listed] {
        let Some(git) = self.git() else { return &[] };
        let list = || {
            let repo = git.repo.lock().ok()?;
            let mut files = match &git.head {
                Some(head) => repo.list(head, None, Interest::by_path(&|_| true)).ok()?,
                None => repo.staging(&|_| true, false).ok()?.files,
            };
            files.sort_by(|a, b| a.path.cmp(&b.path));
            Some(files)
        };
        git.files.get_or_init(|| list().unwrap_or_default())
    }

    /// Opens what the readers of all threads need.
    pub(super) fn prepare(&self) {
        if self.base.is_some() || self.root.is_none() {
            let _ = self.git();
        }
    }

    /// A handle for another thread.
    pub(super) fn reader(&self) -> Reader<'_> {
        let repo = self.git.get().and_then(Option::as_ref);
        let repo = repo.and_then(|git| git.repo.lock().ok()?.reopen().ok());
        Reader { tree: self, repo }
    }

    pub(super) fn has_folder(&self, folder: &str) -> bool {
        if let Some(root) = &self.root {
            // Of many lockfiles most have none: a look that costs little comes first.
            return root.path().join(folder).is_dir() && root.below(folder).is_some();
        }
        match self.git().and_then(|git| Some((git.head.as_ref()?, git.repo.lock().ok()?))) {
            Some((head, repo)) => repo.find(folder, Some(head)).is_some(),
            None => self.below(folder).next().is_some(),
        }
    }

    /// The folders in a folder, by name.
    pub(super) fn folders(&self, folder: &str) -> Vec<String> {
        if let Some(root) = &self.root {
            let Some(inner) = root.below(folder) else { return Vec::new() };
            let is_folder = |name: &String| inner.path().join(name).is_dir();
            return inner.names().into_iter().filter(is_folder).collect();
        }
        let start = folder.len() + 1;
        let steps = self.below(folder).filter_map(|file| spell(&file.path).get(start..).map(str::to_owned));
        let mut names: Vec<_> =
            steps.filter_map(|path| path.split_once('/').map(|(name, _)| name.to_owned())).collect();
        names.dedup();
        names
    }

    /// A file; nothing when there is none.
    pub(super) fn file(&self, path: &str) -> Option<Place> {
        match &self.root {
            Some(root) => root.path().join(path).symlink_metadata().ok().map(|found| Place {
                path: path.to_owned(),
                is_link: found.is_symlink(),
                blob: None,
            }),
            None => {
                let files = self.listed();
                let at = files.binary_search_by(|file| file.path.as_slice().cmp(path.as_bytes())).ok()?;
                Some(place(&files[at]))
            }
        }
    }

    /// Every file below a folder, sorted by path.
    pub(super) fn files(&self, folder: &str) -> Result<Vec<Place>, Refused> {
        let mut places = Vec::new();
        match &self.root {
            Some(root) => walk(root, folder, DEEPEST, &mut places)?,
            None => places.extend(self.below(folder).map(place)),
        }
        places.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(places)
    }

    fn below(&self, folder: &str) -> impl Iterator<Item = &Listed> {
        let files = self.listed();
        let prefix = format!("{folder}/").into_bytes();
        let start = files.partition_point(|file| file.path < prefix);
        files[start..].iter().take_while(move |file| file.path.starts_with(&prefix))
    }
}

fn place(file: &Listed) -> Place {
    Place { path: spell(&file.path), is_link: file.is_link(), blob: Some(file.clone()) }
}

/// Links are told, and not followed.
fn walk(root: &Root, folder: &str, depth: usize, places: &mut Vec<Place>) -> Result<(), Refused> {
    let path = root.path().join(folder);
    if depth == 0 {
        let why = "it nests too deep".to_owned();
        return Err(Refused::Unreadable { path: path.display().to_string(), why });
    }
    let entries = std::fs::read_dir(&path).map_err(|error| Refused::unreadable(&path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Refused::unreadable(&path, &error))?;
        let kind = entry.file_type().map_err(|error| Refused::unreadable(&path, &error))?;
        let inner = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            walk(root, &inner, depth - 1, places)?;
        } else {
            places.push(Place { path: inner, is_link: kind.is_symlink(), blob: None });
        }
    }
    Ok(())
}

/// A tree, and a repository of one's own: one handle is no two threads' at once.
pub(super) struct Reader<'t> {
    tree: &'t Tree,
    repo: Option<Repo>,
}

impl Reader<'_> {
    pub(super) fn open(&self, place: &Place) -> Result<Option<Input>, Refused> {
        let gone = || Refused::Unreadable { path: place.path.clone(), why: "it is gone".to_owned() };
        match (&place.blob, &self.tree.root) {
            (Some(listed), _) => {
                let bytes = Cursor::new(self.blob(listed)?);
                Ok(Some(Input::Blob(place.path.clone(), bytes)))
            }
            (None, Some(root)) => Ok(root.open(&place.path)?.map(Input::Disk)),
            (None, None) => Err(gone()),
        }
    }

    fn blob(&self, listed: &Listed) -> Result<Vec<u8>, Refused> {
        let refuse = |why: String| Refused::Unreadable { path: spell(&listed.path), why };
        let repo = self.repo.as_ref().ok_or_else(|| refuse("the repository can't be opened".to_owned()))?;
        repo.blob(listed).map_err(|error| refuse(error.to_string()))
    }

    /// The whole of a small file; nothing when there is none.
    pub(super) fn small(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Refused> {
        let Some(place) = self.tree.file(path).filter(|place| !place.is_link) else { return Ok(None) };
        match self.open(&place)? {
            Some(Input::Disk(opened)) => opened.all(limit).map(Some),
            Some(Input::Blob(_, bytes)) => Ok(Some(bytes.into_inner())),
            None => Ok(None),
        }
    }

    /// Whether the base side holds other bytes at a path than these, or nothing; unknown without a base.
    pub(super) fn differs_from_base(&self, path: &str, bytes: Option<&[u8]>) -> Option<bool> {
        let before = self.base(path)?;
        Some(before.as_deref() != bytes)
    }

    /// Whether the base side holds that blob at a path. Of files on disk, their content tells.
    pub(super) fn is_of_base(&self, place: &Place) -> Option<bool> {
        let git = self.tree.git.get()?.as_ref()?;
        let before = self.repo.as_ref()?.find(&place.path, Some(git.base.as_ref()?));
        match &place.blob {
            Some(listed) => Some(before.is_some_and(|before| before.id == listed.id)),
            None => {
                let Some(Input::Disk(opened)) = self.open(place).ok()? else { return Some(false) };
                let Some(before) = before else { return Some(false) };
                let size = opened.size;
                Some(crate::git::blob_id_of(opened, size).ok()? == before.id)
            }
        }
    }

    /// Whether a folder of blobs holds what it held on the base side.
    pub(super) fn is_as_on_base(&self, folder: &str, places: &[Place]) -> bool {
        let before = || {
            let base = self.tree.git.get()?.as_ref()?.base.as_ref()?;
            self.repo.as_ref()?.list_folder(base, folder).ok()
        };
        let Some(before) = before() else { return false };
        let now = places.iter().filter_map(|place| place.blob.as_ref());
        before.len() == places.len() && now.zip(&before).all(|(now, then)| now == then)
    }

    fn base(&self, path: &str) -> Option<Option<Vec<u8>>> {
        let git = self.tree.git.get()?.as_ref()?;
        let repo = self.repo.as_ref()?;
        let listed = repo.find(path, Some(git.base.as_ref()?));
        Some(listed.and_then(|listed| repo.blob(&listed).ok()))
    }
}

impl Input {
    pub(super) fn shown(&self) -> String {
        match self {
            Input::Disk(opened) => opened.path.display().to_string(),
            Input::Blob(path, _) => path.clone(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Input::Disk(opened) => opened.size,
            Input::Blob(_, bytes) => bytes.get_ref().len() as u64,
        }
    }

    pub(super) fn modified(&self) -> Option<SystemTime> {
        if let Input::Disk(opened) = self { opened.modified } else { None }
    }

    pub(super) fn is_steady(&self) -> Result<(), Refused> {
        if let Input::Disk(opened) = self { opened.is_steady() } else { Ok(()) }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::Disk(opened) => opened.read(buffer),
            Input::Blob(_, bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Input::Disk(opened) => opened.seek(to),
            Input::Blob(_, bytes) => bytes.seek(to),
        }
    }
}

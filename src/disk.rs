//! The one place that opens files which a repository, a configuration or a user names. They may be hostile: links that lead
//! out, pipes, devices, files without end, files that change.
//!
//! A file is opened without waiting for anybody, and what was opened is looked at, not its path: in between, another may
//! have taken its place.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// The largest artifact that is hashed, in bytes: above every real one, and far below what a sparse file can claim.
pub const LARGEST: u64 = 8 << 30;

/// A file that is not read as it should be. Each is a line of the report.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{path} can't be read: {why}")]
    Unreadable { path: String, why: String },
    #[error("{path} is a link that leads out of {root}: it was not read")]
    LeadsOut { path: String, root: String },
    #[error("{path} is no regular file: it was not read")]
    NoFile { path: String },
    #[error("{path} is {size} bytes long: above {limit}, it is not read")]
    TooLarge { path: String, size: u64, limit: u64 },
    #[error("{path} changed while it was read: run again")]
    Changed { path: String },
}

impl Refused {
    pub fn unreadable(path: &Path, error: &io::Error) -> Refused {
        Refused::Unreadable { path: path.display().to_string(), why: error.to_string() }
    }

    /// The same of a file that is known by another name.
    pub fn named(self, name: &str) -> Refused {
        let path = name.to_owned();
        match self {
            Refused::Unreadable { why, .. } => Refused::Unreadable { path, why },
            Refused::LeadsOut { root, .. } => Refused::LeadsOut { path, root },
            Refused::NoFile { .. } => Refused::NoFile { path },
            Refused::TooLarge { size, limit, .. } => Refused::TooLarge { path, size, limit },
            Refused::Changed { .. } => Refused::Changed { path },
        }
    }
}

/// The whole of a file that a user or their configuration names: links may lead anywhere. Nothing where there is none.
pub fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Refused> {
    Ok(match open(path)? {
        Some(opened) => Some(opened.all(limit)?),
        None => is_null(path).then(Vec::new),
    })
}

/// The device that people name when they mean an empty file.
fn is_null(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real == Path::new("/dev/null"))
}

/// The same, to read from bit by bit; nothing of the null device either.
pub fn open(path: &Path) -> Result<Option<Opened>, Refused> {
    let absent_or = |error: io::Error| match is_absent(&error) {
        true => Ok(None),
        false => Err(Refused::unreadable(path, &error)),
    };
    let file = match open_plain(path) {
        Err(_) if path.is_symlink() => fs::canonicalize(path).and_then(|real| open_plain(&real)),
        opened => opened,
    };
    match file.map(|file| Opened::new(path.to_owned(), file)) {
        Ok(Err(Refused::NoFile { .. })) if is_null(path) => Ok(None),
        Ok(opened) => opened.map(Some),
        Err(error) => absent_or(error),
    }
}

/// A folder that nothing is read outside of, with all links resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root(PathBuf);

impl Root {
    /// Nothing when there is no such folder.
    pub fn new(path: &Path) -> Option<Root> {
        fs::canonicalize(path).ok().filter(|path| path.is_dir()).map(Root)
    }

    /// The same of a path that has no links in it.
    pub fn resolved(path: &Path) -> Root {
        Root(path.to_owned())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A folder in it that stays in it.
    pub fn below(&self, relative: impl AsRef<Path>) -> Option<Root> {
        Root::new(&self.0.join(relative)).filter(|inner| inner.0.starts_with(&self.0))
    }

    /// A folder in it; nothing when there is none. One that a link leads out to is refused.
    pub fn enter(&self, relative: impl AsRef<Path>) -> Result<Option<Root>, Refused> {
        let path = self.0.join(relative.as_ref());
        match self.below(relative) {
            None if Root::new(&path).is_some() => Err(self.leads_out(&path)),
            inner => Ok(inner),
        }
    }

    /// The names in it, sorted; nothing where there is no such folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Opens a file of it; nothing when there is none of that name.
    pub fn open(&self, relative: impl AsRef<Path>) -> Result<Option<Opened>, Refused> {
        let path = self.0.join(relative.as_ref());
        match open_plain(&path) {
            Ok(file) if self.holds_folder_of(&path, relative.as_ref()) => Opened::new(path, file).map(Some),
            Ok(_) => Err(self.leads_out(&path)),
            Err(error) if is_absent(&error) => Ok(None),
            // A link as the last step: where it leads to decides.
            Err(_) if path.is_symlink() => self.follow(&path),
            Err(error) => Err(Refused::unreadable(&path, &error)),
        }
    }

    /// The last step was no link; the steps before it may have been. Where none of them is, nothing has to be resolved.
    fn holds_folder_of(&self, path: &Path, relative: &Path) -> bool {
        let mut folder = self.0.clone();
        let is_plain = relative.parent().into_iter().flat_map(Path::components).all(|step| {
            folder.push(step);
            matches!(step, Component::Normal(_)) && fs::symlink_metadata(&folder).is_ok_and(|it| it.is_dir())
        });
        let resolved = || path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        is_plain || resolved().is_some_and(|folder| folder.starts_with(&self.0))
    }

    /// The whole of a file of it; nothing when there is none of that name.
    pub fn read(&self, relative: impl AsRef<Path>, limit: u64) -> Result<Option<Vec<u8>>, Refused> {
        Ok(match self.open(relative)? {
            Some(opened) => Some(opened.all(limit)?),
            None => None,
        })
    }

    fn follow(&self, path: &Path) -> Result<Option<Opened>, Refused> {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(Refused::unreadable(path, &error)),
        };
        if !real.starts_with(&self.0) {
            return Err(self.leads_out(path));
        }
        let file = open_plain(&real).map_err(|error| Refused::unreadable(path, &error))?;
        Opened::new(path.to_owned(), file).map(Some)
    }

    fn leads_out(&self, path: &Path) -> Refused {
        Refused::LeadsOut { path: path.display().to_string(), root: self.0.display().to_string() }
    }
}

/// The one error that says that nothing is there. All others say that it can't be known.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Without following a link, and without waiting for whoever should write into a pipe.
#[cfg(unix)]
fn open_plain(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open_plain(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path)?.is_symlink() {
        true => Err(io::Error::new(io::ErrorKind::Unsupported, "a link")),
        false => OpenOptions::new().read(true).open(path),
    }
}

/// A regular file, open.
#[derive(Debug)]
pub struct Opened {
    pub path: PathBuf,
    file: File,
    /// As it was when it was opened.
    pub metadata: Metadata,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

impl Opened {
    fn new(path: PathBuf, file: File) -> Result<Opened, Refused> {
        let metadata = file.metadata().map_err(|error| Refused::unreadable(&path, &error))?;
        if !metadata.is_file() {
            return Err(Refused::NoFile { path: path.display().to_string() });
        }
        if metadata.len() > LARGEST {
            return Err(Refused::TooLarge {
                path: path.display().to_string(),
                size: metadata.len(),
                limit: LARGEST,
            });
        }
        let (size, modified) = (metadata.len(), metadata.modified().ok());
        Ok(Opened { path, file, metadata, size, modified })
    }

    /// Whether it is still what it was when it was opened. A digest of a file that changed meanwhile is nobody's.
    pub fn is_steady(&self) -> Result<(), Refused> {
        let same = |now: Metadata| now.len() == self.size && now.modified().ok() == self.modified;
        match self.file.metadata().is_ok_and(same) {
            true => Ok(()),
            false => Err(Refused::Changed { path: self.path.display().to_string() }),
        }
    }

    /// The whole of a small file.
    pub fn all(mut self, limit: u64) -> Result<Vec<u8>, Refused> {
        if self.size > limit {
            let path = self.path.display().to_string();
            return Err(Refused::TooLarge { path, size: self.size, limit });
        }
        let mut bytes = Vec::with_capacity(self.size as usize + 1);
        let read = self.file.by_ref().take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| Refused::unreadable(&self.path, &error))?;
        // Some files of the system say that they are empty.
        if bytes.len() as u64 > limit {
            let (path, size) = (self.path.display().to_string(), bytes.len() as u64);
            return Err(Refused::TooLarge { path, size, limit });
        }
        self.is_steady().map(|()| bytes)
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_inside_only() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("a"), "a").unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(other.path().join("secret"), "s").unwrap();
        symlink("../a", folder.path().join("inner/in")).unwrap();
        symlink(other.path().join("secret"), folder.path().join("out")).unwrap();
        symlink(other.path(), folder.path().join("far")).unwrap();
        symlink("nowhere", folder.path().join("dangling")).unwrap();
        let root = Root::new(folder.path()).unwrap();
        assert_eq!(root.open("inner/in").unwrap().unwrap().all(9).unwrap(), b"a");
        assert!(matches!(root.open("out"), Err(Refused::LeadsOut { .. })));
        assert!(matches!(root.open("far/secret"), Err(Refused::LeadsOut { .. })));
        assert!(root.open("dangling").unwrap().is_none());
        assert!(root.open("absent").unwrap().is_none());
        assert!(root.below("far").is_none());
        assert!(matches!(root.open("inner"), Err(Refused::NoFile { .. })));
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let sparse = File::create(folder.path().join("sparse")).unwrap();
        sparse.set_len(100 << 30).unwrap();
        let root = Root::new(folder.path()).unwrap();
        assert!(matches!(root.open("sparse"), Err(Refused::TooLarge { .. })));
        let pipe = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
        if pipe.is_ok_and(|status| status.success()) {
            assert!(matches!(root.open("pipe"), Err(Refused::NoFile { .. })));
        }
    }

    #[test]
    fn what_a_user_names_may_lie_anywhere_and_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        symlink("a", folder.path().join("link")).unwrap();
        assert_eq!(read(&folder.path().join("link"), 3).unwrap().unwrap(), b"abc");
        assert!(matches!(read(&folder.path().join("a"), 2), Err(Refused::TooLarge { .. })));
        assert!(read(&folder.path().join("absent"), 9).unwrap().is_none());
        assert_eq!(read(Path::new("/dev/null"), 9).unwrap().unwrap(), b"");
        assert!(matches!(read(Path::new("/dev/zero"), 9), Err(Refused::NoFile { .. })));
        assert!(matches!(read(folder.path(), 9), Err(Refused::NoFile { .. })));
        // A file of the system says that it is empty.
        if Path::new("/proc/self/status").exists() {
            assert!(matches!(read(Path::new("/proc/self/status"), 9), Err(Refused::TooLarge { .. })));
        }
    }

    #[test]
    fn a_file_that_grows_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "a").unwrap();
        let opened = Root::new(folder.path()).unwrap().open("a").unwrap().unwrap();
        fs::write(folder.path().join("a"), "ab").unwrap();
        assert!(matches!(opened.is_steady(), Err(Refused::Changed { .. })));
    }
}

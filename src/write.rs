//! The only place that writes files, and never unasked: reports, the policy, lockfiles that a command was told to write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all: who waits for it never sees half of it, and what stood there stays when anything
/// fails. What is not a plain file (a link, a device, a FIFO) is left alone: a repository's own link must not decide
/// where this writes.
pub fn atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a plain file: it is left alone"));
        }
        Ok(metadata) => Some(metadata.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (temporary, mut file) = beside(path)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| before.map_or(Ok(()), |permissions| file.set_permissions(permissions)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The half that is left is of no use to anyone.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a file where there is none, whole or not at all. What stands there stays.
pub fn anew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (temporary, mut file) = beside(path)?;
    // A link takes no name that is taken, which a rename would.
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    written.and(removed)
}

/// Replaces a file that still holds what was read of it: what somebody wrote meanwhile is not lost.
pub fn over(path: &Path, before: &[u8], after: &[u8]) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_file() || fs::read(path)? != before {
        let why = "is not the file that was read any more: it is left alone";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    atomically(path, after)
}

/// A new file in the same folder, which nothing stood in the place of.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "names no file"))?;
    for attempt in 0..100 {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let temporary = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (temporary, file)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "there are too many temporary files beside it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        atomically(&path, b"one").unwrap();
        atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_stands_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        anew(&path, b"one").unwrap();
        assert_eq!(anew(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_written_meanwhile_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "one").unwrap();
        over(&path, b"one", b"two").unwrap();
        assert!(over(&path, b"one", b"three").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(over(&folder.path().join("y"), b"", b"new").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(atomically(&link, b"lost").is_err());
        assert_eq!(fs::read(&target).unwrap(), b"kept");
    }
}

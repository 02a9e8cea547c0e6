//! The only place that writes files, and never unasked: reports, the policy, lockfiles that a command was told to write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::agents::tool::store::stays_below;
use crate::disk;
use crate::text::source::Source;

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
    anew_with(path, bytes, |_| Ok(()))
}

/// The same for a program.
pub fn program_anew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    anew_with(path, bytes, allow_to_run)
}

fn anew_with(path: &Path, bytes: &[u8], finish: fn(&File) -> io::Result<()>) -> io::Result<()> {
    let (temporary, mut file) = beside(path)?;
    // A link takes no name that is taken, which a rename would.
    let written = file
        .write_all(bytes)
        .and_then(|()| finish(&file))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    written.and(removed)
}

/// By everybody, as git's own hooks are.
#[cfg(unix)]
fn allow_to_run(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

/// Elsewhere the name or the first line says so.
#[cfg(not(unix))]
fn allow_to_run(_: &File) -> io::Result<()> {
    Ok(())
}

/// Gives a file (or a link) a second name, which is free. What stands under that name stays.
pub fn name_as_well(path: &Path, name: &Path) -> io::Result<()> {
    fs::hard_link(path, name)
}

/// Puts a program in the place of a file (or a link) that has a second name: in one step, so that one of both is there
/// whenever a run is cut short.
pub fn program_over(path: &Path, name: &Path, bytes: &[u8]) -> io::Result<()> {
    let (temporary, mut file) = beside(path)?;
    let written = file.write_all(bytes).and_then(|()| allow_to_run(&file)).and_then(|()| file.sync_all());
    let written = written.and_then(|()| match is_same(path, name)? {
        true => fs::rename(&temporary, path),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, "was replaced meanwhile: it is left alone")),
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Whether two names stand for the same: a link to the same place, or the same bytes.
pub fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let is_link = |path: &Path| fs::symlink_metadata(path).map(|it| it.is_symlink());
    if is_link(one)? || is_link(other)? {
        return Ok(is_link(one)? && is_link(other)? && fs::read_link(one)? == fs::read_link(other)?);
    }
    let read = |path: &Path| disk::read(path, Source::LIMIT).map_err(io::Error::other);
    Ok(read(one)? == read(other)?)
}

/// Gives a file (or a link) the place of one that still holds what was read of it.
pub fn rename_over(from: &Path, to: &Path, before: &[u8]) -> io::Result<()> {
    holds(to, before)?;
    fs::rename(from, to)
}

/// Removes a file that still holds what was read of it.
pub fn remove(path: &Path, before: &[u8]) -> io::Result<()> {
    holds(path, before)?;
    fs::remove_file(path)
}

/// Replaces a file that still holds what was read of it: what somebody wrote meanwhile is not lost.
pub fn over(path: &Path, before: &[u8], after: &[u8]) -> io::Result<()> {
    let _alone = alone(path)?;
    holds(path, before)?;
    atomically(path, after)
}

/// Waits until no other run of this program replaces a file in the same folder.
#[cfg(unix)]
fn alone(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder)?;
    folder.lock().map(|()| folder)
}

/// A folder can't be locked.
#[cfg(not(unix))]
fn alone(_: &Path) -> io::Result<()> {
    Ok(())
}

fn holds(path: &Path, before: &[u8]) -> io::Result<()> {
    let now = disk::read(path, before.len() as u64 + 1).ok().flatten();
    if fs::symlink_metadata(path)?.is_file() && now.as_deref() == Some(before) {
        return Ok(());
    }
    let why = "is not the file that was read any more: it is left alone";
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}

/// Writes a file below a folder, and makes the folders on the way. None of them may be a link, nor the folder itself and
/// what it stands in: a store that is a link would be somebody else's.
pub fn below(base: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let full = plain_path(base, path)?;
    if let Some(folder) = full.parent() {
        fs::create_dir_all(folder)?;
    }
    atomically(&full, bytes)
}

/// Writes the files of a folder, of which the last one says that all are there: it is taken away first and comes last. So
/// whoever finds it finds the others whole, whenever a run was cut short.
pub fn sealed(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let last = files.last().map_or("", |(name, _)| name);
    remove_below(folder, last)?;
    files.iter().try_for_each(|(name, text)| below(folder, name, text.as_bytes()))
}

/// Removes a plain file below a folder, by way of no link. One that is gone already is no error.
pub fn remove_below(base: &Path, path: &str) -> io::Result<()> {
    let full = plain_path(base, path)?;
    match fs::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_file() => fs::remove_file(full),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a plain file: it is left alone")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A path below a folder, of which no part is a link.
fn plain_path(base: &Path, path: &str) -> io::Result<PathBuf> {
    let refuse = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why);
    if !stays_below(path) {
        return Err(refuse("leads out of its folder: it is left alone"));
    }
    let full = base.join(path);
    let inside = path.split('/').count();
    // The file itself is looked at when it is written.
    let folders = full.ancestors().skip(1).take(inside + 1);
    let is_link = |folder: &Path| fs::symlink_metadata(folder).is_ok_and(|it| it.is_symlink());
    if folders.into_iter().any(is_link) {
        return Err(refuse("is behind a link: it is left alone"));
    }
    Ok(full)
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

    #[test]
    fn a_name_that_is_taken_is_not_given_away() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        program_anew(&one, b"1").unwrap();
        assert_eq!(program_anew(&one, b"2").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        program_anew(&two, b"2").unwrap();
        assert!(name_as_well(&one, &two).is_err() && rename_over(&one, &two, b"1").is_err());
        assert!(program_over(&one, &two, b"3").is_err());
        assert!(remove(&one, b"2").is_err());
        rename_over(&one, &two, b"2").unwrap();
        assert_eq!(fs::read(&two).unwrap(), b"1");
        name_as_well(&two, &one).unwrap();
        program_over(&two, &one, b"3").unwrap();
        assert_eq!((fs::read(&one).unwrap(), fs::read(&two).unwrap()), (b"1".to_vec(), b"3".to_vec()));
        remove(&one, b"1").unwrap();
        remove(&two, b"3").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_below_a_folder_stays_there() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("store");
        below(&base, "a/b/x", b"one").unwrap();
        assert_eq!(fs::read(base.join("a/b/x")).unwrap(), b"one");
        assert!(below(&base, "../x", b"").is_err() && remove_below(&base, "../x").is_err());
        remove_below(&base, "a/b/x").unwrap();
        remove_below(&base, "a/b/x").unwrap();
        assert!(!base.join("a/b/x").exists() && remove_below(&base, "a/b").is_err());
    }

    #[test]
    fn a_bundle_that_is_not_whole_has_no_seal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof");
        let files = [("a", "1".to_owned()), ("seal", "2".to_owned())];
        sealed(&path, &files).unwrap();
        assert_eq!(fs::read_to_string(path.join("seal")).unwrap(), "2");
        // What stands in the way of one of them keeps the seal away.
        fs::remove_file(path.join("a")).unwrap();
        fs::create_dir(path.join("a")).unwrap();
        assert!(sealed(&path, &files).is_err());
        assert!(!path.join("seal").exists());
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

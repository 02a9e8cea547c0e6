//! Loose objects, looked at before libgit2 reads them: on one that was cut off, by a crash or a full disk, it never ends.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};
use git2::Oid;
use rayon::prelude::*;

use crate::disk;

/// Where loose objects of a repository lie.
pub(super) struct Loose {
    folders: Vec<PathBuf>,
    /// The first bytes of ids for which there is a folder. In a fresh clone there is none, and nothing has to be looked for.
    begun: OnceCell<[bool; 256]>,
    sound: RefCell<HashSet<Oid>>,
    all: OnceCell<Result<(), String>>,
}

/// How deep alternates of alternates are followed, as git does.
const DEEPEST: usize = 5;

/// The longest header: a type and a number of twenty digits.
const HEADER: usize = 32;

impl Loose {
    pub(super) fn of(common: &Path) -> Loose {
        let mut folders = Vec::new();
        let named = |name| std::env::var_os(name).filter(|it| !it.is_empty());
        let own = named("GIT_OBJECT_DIRECTORY").map(PathBuf::from);
        add(common.join("objects"), DEEPEST, &mut folders);
        own.into_iter().for_each(|own| add(own, DEEPEST, &mut folders));
        if let Some(others) = named("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            std::env::split_paths(&others).for_each(|other| add(other, DEEPEST, &mut folders));
        }
        Loose { folders, begun: OnceCell::new(), sound: RefCell::default(), all: OnceCell::new() }
    }

    /// Looks at one object, if it is a loose one.
    pub(super) fn check(&self, id: Oid) -> Result<(), git2::Error> {
        if !self.begun()[usize::from(id.as_bytes()[0])] || self.sound.borrow().contains(&id) {
            return Ok(());
        }
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        for objects in &self.folders {
            look(&objects.join(folder).join(file), true, &mut Decompress::new(true))
                .map_err(|why| git2::Error::from_str(&why))?;
        }
        self.sound.borrow_mut().insert(id);
        Ok(())
    }

    /// Looks at all of them but the bytes of files: what a walk through a history may come by.
    pub(super) fn check_all(&self) -> Result<(), git2::Error> {
        let all = self.all.get_or_init(|| {
            let begun = self.begun();
            let folders = self.folders.iter().flat_map(|objects| {
                let begun = (0..256).filter(|&first| begun[first]);
                begun.map(|first| objects.join(format!("{first:02x}")))
            });
            let look_into = |folder: PathBuf| -> Result<(), String> {
                let entries = match std::fs::read_dir(&folder) {
                    Ok(entries) => entries,
                    Err(error) if disk::is_absent(&error) => return Ok(()),
                    Err(error) => return Err(format!("{}: {error}", folder.display())),
                };
                let mut zlib = Decompress::new(true);
                for entry in entries {
                    let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
                    let is_object = entry.file_name().len() == 38;
                    if is_object {
                        look(&entry.path(), false, &mut zlib)?;
                    }
                }
                Ok(())
            };
            let mut wrong: Vec<_> =
                folders.collect::<Vec<_>>().into_par_iter().filter_map(|it| look_into(it).err()).collect();
            wrong.sort();
            wrong.into_iter().next().map_or(Ok(()), Err)
        });
        all.clone().map_err(|why| git2::Error::from_str(&why))
    }

    fn begun(&self) -> &[bool; 256] {
        self.begun.get_or_init(|| {
            let mut begun = [false; 256];
            for objects in &self.folders {
                match std::fs::read_dir(objects) {
                    Ok(entries) => entries.flatten().for_each(|entry| {
                        let name = entry.file_name();
                        let first =
                            name.to_str().filter(|it| it.len() == 2).map(|it| u8::from_str_radix(it, 16));
                        first.into_iter().flatten().for_each(|first| begun[usize::from(first)] = true);
                    }),
                    Err(error) if disk::is_absent(&error) => {}
                    // Objects may be in it all the same.
                    Err(_) => begun = [true; 256],
                }
            }
            begun
        })
    }
}

/// A folder of objects, and those that it names as others to look into.
fn add(folder: PathBuf, depth: usize, folders: &mut Vec<PathBuf>) {
    if folders.contains(&folder) {
        return;
    }
    let others = disk::read(&folder.join("info/alternates"), 1 << 20).ok().flatten().unwrap_or_default();
    let others = String::from_utf8_lossy(&others).into_owned();
    folders.push(folder.clone());
    if depth > 0 {
        let named = others.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        named.for_each(|line| add(folder.join(line), depth - 1, folders));
    }
}

/// Whether an object can be read to its end, if it is there. Those of files only when asked.
fn look(path: &Path, files_too: bool, zlib: &mut Decompress) -> Result<(), String> {
    let shown = || path.iter().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect::<PathBuf>();
    let wrong =
        |why: &dyn std::fmt::Display| format!("the loose object {} is corrupt: {why}", shown().display());
    match disk::open(path) {
        Ok(None) => Ok(()),
        Ok(Some(opened)) => inflate(BufReader::new(opened), files_too, zlib).map_err(|why| wrong(&why)),
        Err(refused) => Err(wrong(&refused)),
    }
}

fn inflate(mut input: impl BufRead, files_too: bool, zlib: &mut Decompress) -> io::Result<()> {
    let broken = |why: &'static str| io::Error::new(io::ErrorKind::InvalidData, why);
    zlib.reset(true);
    let mut buffer = [0; 8 << 10];
    // Once the header is read: how long all of it has to be.
    let mut expected = None;
    loop {
        let bytes = input.fill_buf()?;
        let is_end = bytes.is_empty();
        let (read, written) = (zlib.total_in(), zlib.total_out());
        // The header has to be found in the first piece.
        let room = if expected.is_some() { buffer.len() } else { HEADER };
        let start = if expected.is_some() { 0 } else { written as usize };
        let flush = if is_end { FlushDecompress::Finish } else { FlushDecompress::None };
        let status = zlib
            .decompress(bytes, &mut buffer[start..room], flush)
            .map_err(|_| broken("it can't be inflated"))?;
        let progress = (zlib.total_in() - read, zlib.total_out() - written);
        input.consume(progress.0 as usize);
        let ended = status == Status::StreamEnd;
        if expected.is_none() {
            let header = &buffer[..zlib.total_out() as usize];
            expected = length(header);
            if expected.is_none() && (ended || header.len() == HEADER) {
                return Err(broken("it has no header"));
            }
            if expected.is_some() && header.starts_with(b"blob") && !files_too {
                return Ok(());
            }
        }
        if expected.is_some_and(|expected| zlib.total_out() > expected) {
            return Err(broken("it is longer than it says"));
        }
        if ended {
            return match expected {
                Some(expected) if expected == zlib.total_out() => Ok(()),
                _ => Err(broken("it is shorter than it says")),
            };
        }
        if is_end && progress == (0, 0) {
            return Err(broken("it is cut off"));
        }
    }
}

/// How long header and content are together, once the header is complete.
fn length(start: &[u8]) -> Option<u64> {
    let end = start.iter().position(|byte| *byte == 0)?;
    let (_, length) = std::str::from_utf8(&start[..end]).ok()?.split_once(' ')?;
    Some(length.parse::<u64>().ok()?.saturating_add(end as u64 + 1))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn whole(bytes: &[u8], files_too: bool) -> io::Result<()> {
        inflate(bytes, files_too, &mut Decompress::new(true))
    }

    #[test]
    fn an_object_is_sound_when_it_is_whole() {
        for content in [0, 1, 20, 31, 64, 5_000, 100_000] {
            let text: Vec<u8> =
                (0..content).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
            let object = deflate(&[format!("blob {content}\0").as_bytes(), &text].concat());
            whole(object.as_slice(), true).unwrap();
            for cut in (0..object.len()).filter(|cut| object.len() < 300 || cut % 997 == 0) {
                assert!(whole(&object[..cut], true).is_err(), "{content} cut at {cut}");
            }
            // Of a file only the header counts when its bytes are not asked for.
            whole(&object[..object.len() / 2 + 20.min(object.len() / 2)], false).unwrap();
        }
    }

    #[test]
    fn an_object_has_the_length_that_it_says() {
        for wrong in
            ["tree 3\0ab", "tree 1\0ab", "tree\0ab", "tree x\0", "a header that goes on and on and on and on"]
        {
            assert!(whole(deflate(wrong.as_bytes()).as_slice(), true).is_err(), "{wrong}");
        }
        assert!(whole(&b"no zlib"[..], true).is_err());
    }
}

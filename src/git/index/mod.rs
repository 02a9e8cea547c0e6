//! Git's index, read without libgit2: one pass over the file, no allocation per entry, nothing kept that the visitor
//! does not keep.
//!
//! The format is gitformat-index(5), versions 2, 3 and 4, with SHA-1 ids: whoever calls has made sure that the
//! repository is not a SHA-256 one. A split index takes [`scan_split`]. Everything that breaks the format is refused with
//! [`Error`]; libgit2 is asked then.

mod cache_tree;
mod directories;
mod entries;
mod split;
mod stat;
#[cfg(test)]
mod tests;
mod window;

use std::io::{self, Read};

pub use cache_tree::{CacheTree, CachedDirectory};
pub use directories::Directories;
use entries::Paths;
pub use split::scan_split;
pub use stat::{Stamp, Stat};
use window::Window;

/// An object's name in a SHA-1 repository.
pub type Id = [u8; 20];

/// What the whole index says besides its entries.
#[derive(Debug)]
pub struct Scanned {
    pub version: u32,
    pub entries: usize,
    /// Missing where git wrote none, and where it does not make sense: git too goes on without it.
    pub cache_tree: Option<CacheTree>,
}

/// One entry, decoded when asked: most entries are asked for their path only.
#[derive(Debug)]
pub struct Entry<'i> {
    /// Relative to the worktree's root, with `/`; never empty, without NUL, otherwise as it stands in the file.
    pub path: &'i [u8],
    fixed: &'i [u8; FIXED],
    extended: u16,
}

/// Why an index was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the index cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    #[error("the index ends too early")]
    Truncated,
    #[error("not an index: it does not start with DIRC")]
    BadSignature,
    #[error("index version {0} is not one of 2, 3 and 4")]
    UnknownVersion(u32),
    #[error("a split index: most entries are in another file")]
    Split,
    #[error("the split index does not fit the shared one")]
    BadLink,
    #[error("the index needs the extension {}, which is not known here", .0.escape_ascii())]
    UnknownExtension([u8; 4]),
    #[error("entry {entry} of the index has flags that are not known here")]
    UnknownFlags { entry: usize },
    #[error("entry {entry} of the index has a broken path")]
    BrokenPath { entry: usize },
    #[error("entry {entry} of the index is out of order")]
    Unsorted { entry: usize },
}

/// Visits every entry of an index in its order: ascending by path bytes, then by stage. `index` is the open file, best
/// without a buffer of its own; a slice will do.
///
/// On an error some entries may have been visited already; what was made of them is to be thrown away.
///
/// The checksum at the end is not compared: hashing 25 MB costs twice as much as reading it, and git replaces its index
/// atomically (`index.skipHash` even leaves the checksum out). A file that was cut short is found by what is missing.
/// Paths that git would not have added (`..`, `.git`) are visited like all others.
pub fn scan(index: impl Read, visit: impl FnMut(&Entry<'_>)) -> Result<Scanned, Error> {
    let (mut window, version, count) = open(index)?;
    entries::visit_all(&mut window, version, count, Paths::Spelled, visit)?;
    match read_all_extensions(&window.into_rest()?)? {
        (cache_tree, None) => Ok(Scanned { version, entries: count, cache_tree }),
        (_, Some(_)) => Err(Error::Split),
    }
}

/// Reads the header: the version, and how many entries follow.
fn open<R: Read>(index: R) -> Result<(Window<R>, u32, usize), Error> {
    let mut window = Window::new(index);
    let (&signature, rest) = window.filled()?.split_first_chunk().ok_or(Error::Truncated)?;
    if signature != *b"DIRC" {
        return Err(Error::BadSignature);
    }
    let (version, rest) = split_u32(rest)?;
    let (count, rest) = split_u32(rest)?;
    if !(2..=4).contains(&version) {
        return Err(Error::UnknownVersion(version));
    }
    let following = rest.len();
    window.keep_last(following);
    Ok((window, version, count as usize))
}

impl Entry<'_> {
    pub fn id(&self) -> Id {
        self.bytes(40)
    }

    /// `0o100644`, `0o100755`, `0o120000` (symbolic link) or `0o160000` (submodule).
    pub fn mode(&self) -> u32 {
        self.word(24)
    }

    /// In a sparse index, one entry stands for a directory that is left out of the worktree: its path ends with a
    /// slash, its id is the tree's.
    pub fn is_directory(&self) -> bool {
        self.mode() == 0o040000
    }

    /// 0, or while a merge conflict lasts: 1 the common ancestor's, 2 ours, 3 theirs.
    pub fn stage(&self) -> u8 {
        (self.flags() >> 12 & 3) as u8
    }

    /// `git update-index --assume-unchanged`
    pub fn assume_valid(&self) -> bool {
        self.flags() & 0x8000 != 0
    }

    /// Left out of the worktree by a sparse checkout.
    pub fn skip_worktree(&self) -> bool {
        self.extended & SKIP_WORKTREE != 0
    }

    /// `git add -N`: a promise, not yet part of what would be committed.
    pub fn intent_to_add(&self) -> bool {
        self.extended & INTENT_TO_ADD != 0
    }

    /// What lstat(2) said when the entry was made.
    pub fn stat(&self) -> Stat {
        let stamp = |at| Stamp { seconds: self.word(at), nanoseconds: self.word(at + 4) };
        Stat {
            ctime: stamp(0),
            mtime: stamp(8),
            dev: self.word(16),
            ino: self.word(20),
            uid: self.word(28),
            gid: self.word(32),
            size: self.word(36),
        }
    }

    fn flags(&self) -> u16 {
        u16::from_be_bytes(self.bytes(60))
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.bytes(at))
    }

    /// `at` is a constant of this file, and `N` bytes from there on are within [`FIXED`].
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.fixed[at + i])
    }
}

/// The bytes of an entry that are always there: stat data, mode, id, flags.
const FIXED: usize = 62;
const EXTENDED: u16 = 0x4000;
const SKIP_WORKTREE: u16 = 0x4000;
const INTENT_TO_ADD: u16 = 0x2000;

/// How a split index leans on the shared one.
struct Link {
    /// The name of the shared index; none when there is nothing to share.
    shared: Option<Id>,
    deleted: Vec<u64>,
    replaced: Vec<u64>,
}

impl Link {
    fn read(data: &[u8]) -> Result<Link, Error> {
        let (&id, rest) = data.split_first_chunk::<20>().ok_or(Error::BadLink)?;
        let shared = Some(id).filter(|id| *id != [0; 20]);
        if rest.is_empty() {
            return Ok(Link { shared, deleted: Vec::new(), replaced: Vec::new() });
        }
        let (deleted, rest) = split_bitmap(rest)?;
        let (replaced, rest) = split_bitmap(rest)?;
        if rest.is_empty() { Ok(Link { shared, deleted, replaced }) } else { Err(Error::BadLink) }
    }
}

/// The words of an EWAH bitmap, which stand between its size in bits and the place of its last run.
fn split_bitmap(bytes: &[u8]) -> Result<(Vec<u64>, &[u8]), Error> {
    let (_bits, rest) = split_u32(bytes)?;
    let (words, rest) = split_u32(rest)?;
    let (words, rest) = rest.split_at_checked(words as usize * 8).ok_or(Error::BadLink)?;
    let (_last_run, rest) = split_u32(rest)?;
    let (words, _) = words.as_chunks::<8>();
    Ok((words.iter().map(|word| u64::from_be_bytes(*word)).collect(), rest))
}

/// All extensions, and the checksum behind them.
fn read_all_extensions(rest: &[u8]) -> Result<(Option<CacheTree>, Option<Link>), Error> {
    let (extensions, _checksum) = rest.split_last_chunk::<20>().ok_or(Error::Truncated)?;
    read_extensions(extensions)
}

/// "If the first byte is 'A'..'Z' the extension is optional and can be ignored." All must fit exactly.
fn read_extensions(mut bytes: &[u8]) -> Result<(Option<CacheTree>, Option<Link>), Error> {
    let (mut cache_tree, mut link) = (None, None);
    while !bytes.is_empty() {
        let (&name, rest) = bytes.split_first_chunk::<4>().ok_or(Error::Truncated)?;
        let (size, rest) = split_u32(rest)?;
        let (data, rest) = rest.split_at_checked(size as usize).ok_or(Error::Truncated)?;
        match &name {
            b"TREE" => cache_tree = CacheTree::read(data),
            b"link" => link = Some(Link::read(data)?),
            // "sdir": directories stand in for the files below them, see `Entry::is_directory`.
            b"sdir" | [b'A'..=b'Z', ..] => {}
            _ => return Err(Error::UnknownExtension(name)),
        }
        bytes = rest;
    }
    Ok((cache_tree, link))
}

/// "All binary numbers are in network byte order."
fn split_u32(bytes: &[u8]) -> Result<(u32, &[u8]), Error> {
    let (&number, rest) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
    Ok((u32::from_be_bytes(number), rest))
}

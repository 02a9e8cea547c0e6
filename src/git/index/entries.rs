//! The entries, one after another, in both ways of writing their paths. What is quoted is gitformat-index(5).

use std::cmp::Ordering;
use std::io::Read;

use super::window::Window;
use super::{EXTENDED, Entry, Error, FIXED, INTENT_TO_ADD, SKIP_WORKTREE};

/// "12-bit name length if the length is less than 0xFFF; otherwise 0xFFF is stored in this field."
const LONG_NAME: usize = 0xfff;

/// No system opens longer paths; and in version 4, which writes only once what neighbours share, a small file could
/// otherwise spell out endless ones.
const LONGEST_PATH: usize = 0xffff;

/// Four groups of seven bits are always more than [`LONGEST_PATH`], so no fifth is read.
const LONGEST_VARINT: usize = 4;

/// No entry is longer: the fixed part with the flags of version 3, what version 4 writes before the path, the path, and
/// the padding.
pub(super) const LONGEST_ENTRY: usize = FIXED + 2 + LONGEST_VARINT + LONGEST_PATH + 8;

/// How entries name their files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    Spelled,
    /// "Replaced entries may have empty path names to save space": those of a split index.
    MayBeLeftOut,
}

/// Visits all entries, and leaves the window at what follows them.
pub(super) fn visit_all<R: Read>(
    window: &mut Window<R>,
    version: u32,
    count: usize,
    paths: Paths,
    mut visit: impl FnMut(&Entry<'_>),
) -> Result<(), Error> {
    let mut path: Vec<u8> = Vec::new();
    let mut stage = 0;
    for number in 0..count {
        let bytes = window.filled()?;
        let (entry, after) = split_fixed(bytes, version, number)?;
        let name = if version == 4 {
            compressed_name(after, path.len(), number)?
        } else {
            padded_name(&entry, after, bytes.len() - after.len())?
        };
        let length = name.kept + name.suffix.len();
        check_length(&entry, length, paths, number)?;
        if length > 0 {
            // What both share is equal; not comparing it keeps this linear in the file's bytes.
            check_order(path[name.kept..].cmp(name.suffix), stage, &entry, number)?;
        }

        path.truncate(name.kept);
        path.extend_from_slice(name.suffix);
        stage = entry.stage();
        visit(&Entry { path: &path, ..entry });
        let following = name.following.len();
        window.keep_last(following);
    }
    Ok(())
}

/// How a path is made from the previous one, and the bytes after it.
struct Name<'w> {
    kept: usize,
    suffix: &'w [u8],
    following: &'w [u8],
}

/// Versions 2 and 3 spell each path out, and add "1-8 nul bytes as necessary to pad the entry to a multiple of eight
/// bytes while keeping the name NUL-terminated".
fn padded_name<'w>(entry: &Entry<'_>, after: &'w [u8], before: usize) -> Result<Name<'w>, Error> {
    let length = name_length(entry, after).ok_or(Error::Truncated)?;
    let padded = ((before + length + 8) & !7) - before;
    let following = after.get(padded..).ok_or(Error::Truncated)?;
    Ok(Name { kept: 0, suffix: &after[..length], following })
}

/// Version 4: "Removing N bytes from the end of the path name for the previous entry, and replacing it with the string
/// S yields the path name for this entry."
fn compressed_name(after: &[u8], previous: usize, number: usize) -> Result<Name<'_>, Error> {
    let (removed, after) = split_varint(after, number)?;
    let kept = previous.checked_sub(removed).ok_or(Error::BrokenPath { entry: number })?;
    let length = memchr::memchr(0, after).ok_or(Error::Truncated)?;
    Ok(Name { kept, suffix: &after[..length], following: &after[length + 1..] })
}

/// An entry, its path still empty, and what follows its flags.
fn split_fixed(bytes: &[u8], version: u32, number: usize) -> Result<(Entry<'_>, &[u8]), Error> {
    let (fixed, rest) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
    let entry = Entry { path: b"", fixed, extended: 0 };
    if entry.flags() & EXTENDED == 0 {
        return Ok((entry, rest));
    }
    let (&extended, rest) = rest.split_first_chunk().ok_or(Error::Truncated)?;
    let extended = u16::from_be_bytes(extended);
    // "1-bit extended flag (must be zero in version 2)"; "1-bit reserved", "13-bit unused, must be zero".
    if version == 2 || extended & !(SKIP_WORKTREE | INTENT_TO_ADD) != 0 {
        return Err(Error::UnknownFlags { entry: number });
    }
    Ok((Entry { extended, ..entry }, rest))
}

/// Where the NUL behind the path stands. No further than its length allows, where the flags tell that.
fn name_length(entry: &Entry<'_>, spelled: &[u8]) -> Option<usize> {
    let said = said_length(entry);
    if said == LONG_NAME {
        return memchr::memchr(0, spelled);
    }
    let window = spelled.get(..=said)?;
    Some(memchr::memchr(0, window).unwrap_or(window.len()))
}

fn said_length(entry: &Entry<'_>) -> usize {
    usize::from(entry.flags()) & LONG_NAME
}

fn check_length(entry: &Entry<'_>, length: usize, paths: Paths, number: usize) -> Result<(), Error> {
    if length == 0 && paths == Paths::Spelled {
        // Git writes none but in a split index.
        return Err(Error::Split);
    }
    if length > LONGEST_PATH || length.min(LONG_NAME) != said_length(entry) {
        return Err(Error::BrokenPath { entry: number });
    }
    Ok(())
}

/// `order` is how the previous path compares with this entry's. One path stands there once without a conflict, or once
/// for each of its stages.
fn check_order(order: Ordering, previous: u8, entry: &Entry<'_>, number: usize) -> Result<(), Error> {
    match order {
        Ordering::Less => Ok(()),
        Ordering::Equal if 0 < previous && previous < entry.stage() => Ok(()),
        _ => Err(Error::Unsorted { entry: number }),
    }
}

/// "The same encoding as the offset is encoded for OFS_DELTA pack entries": big-endian groups of seven bits, one added
/// for each group that another follows (gitformat-pack(5)).
fn split_varint(mut bytes: &[u8], number: usize) -> Result<(usize, &[u8]), Error> {
    let mut value = 0;
    loop {
        let (&byte, rest) = bytes.split_first().ok_or(Error::Truncated)?;
        value |= usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((value, rest));
        }
        if value > LONGEST_PATH {
            return Err(Error::BrokenPath { entry: number });
        }
        value = (value + 1) << 7;
        bytes = rest;
    }
}

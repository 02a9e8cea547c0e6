//! A file as one side of the comparison holds it, and where a slice of it stands.
//!
//! Everything that is read from a file borrows from its [`Source`], so a span costs nothing until somebody asks for
//! it: it is the distance between two pointers.

use std::ops::Range;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::text::syntax::Fault;

/// The name of a side as people write it: `HEAD`, `index`, a revision; the worktree has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Worktree,
    Index,
    /// What was asked for (`HEAD`, `main`, a merge base's abbreviated id).
    Revision(String),
}

impl Side {
    /// `path` as git would name it on this side: `HEAD:Cargo.lock`, `:Cargo.lock` for the index.
    pub fn spell(&self, path: &str) -> String {
        match self {
            Side::Worktree => path.to_owned(),
            Side::Index => format!(":{path}"),
            Side::Revision(name) => format!("{name}:{path}"),
        }
    }

    /// The side in a sentence.
    pub fn describe(&self) -> &str {
        match self {
            Side::Worktree => "the worktree",
            Side::Index => "the index",
            Side::Revision(name) => name,
        }
    }
}

/// One file's text on one side.
#[derive(Debug)]
pub struct Source {
    /// Relative to the repository's root (outside a repository: to the working directory), with `/`.
    pub path: String,
    pub side: Side,
    text: String,
    /// Where the bytes stopped being UTF-8; `text` ends there.
    pub broken_at: Option<usize>,
    /// The SHA-256 of all bytes, where `text` is not all of them.
    whole: Option<[u8; 32]>,
    /// The text of a file in UTF-16: no reader takes it, but pip does.
    wide: Option<String>,
    lines: OnceLock<Vec<u32>>,
    /// How many scalar values stand before each block of [`BLOCK`] bytes.
    scalars: OnceLock<Vec<u32>>,
}

/// What stands in UTF-16, told by its byte order mark.
fn wide(bytes: &[u8]) -> Option<String> {
    let read = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// A place, 1-based; columns count Unicode scalar values, offsets are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

impl Source {
    /// The largest file that is read, in bytes. Offsets must fit `u32`, and memory must stay bounded.
    pub const LIMIT: u64 = 256 << 20;

    /// Whether both have the same bytes.
    pub fn is_same(&self, other: &Source) -> bool {
        self.text == other.text && self.whole == other.whole
    }

    pub fn new(path: impl Into<String>, side: Side, bytes: Vec<u8>) -> Source {
        let (text, broken_at, whole, wide) = match String::from_utf8(bytes) {
            Ok(text) => (text, None, None, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let mut bytes = error.into_bytes();
                let (whole, wide) = (Sha256::digest(&bytes).into(), wide(&bytes));
                bytes.truncate(at);
                (String::from_utf8(bytes).unwrap_or_default(), Some(at), Some(whole), wide)
            }
        };
        let (lines, scalars) = (OnceLock::new(), OnceLock::new());
        Source { path: path.into(), side, text, broken_at, whole, wide, lines, scalars }
    }

    /// The SHA-256 of all bytes that were read.
    pub fn sha256(&self) -> [u8; 32] {
        self.whole.unwrap_or_else(|| Sha256::digest(&self.text).into())
    }

    /// The whole text, without a byte order mark (no client writes one; all readers here skip it).
    pub fn text(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }

    /// The text, of a file in UTF-16 as well: for telling what a file is. Nothing of it may be shown with its place.
    pub fn decoded(&self) -> &str {
        self.wide.as_deref().unwrap_or_else(|| self.text())
    }

    /// Everything, byte order mark included: what spans count from.
    pub fn raw(&self) -> &str {
        &self.text
    }

    /// Why the text is not all of the file, if it is not.
    pub fn fault(&self) -> Option<Fault<'_>> {
        let at = self.broken_at?;
        Some(Fault::syntax(&self.text[at..], "the file is not UTF-8 from here on"))
    }

    /// The bytes that `slice` covers, if it was borrowed from this source.
    pub fn span(&self, slice: &str) -> Option<Range<usize>> {
        let start = (slice.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        let end = start.checked_add(slice.len())?;
        (end <= self.text.len()).then_some(start..end)
    }

    /// Where an offset stands.
    pub fn place(&self, offset: usize) -> Place {
        let offset = floor_char(&self.text, offset);
        let line = self.line_index(offset);
        let column = self.scalars(self.line_start(line)..offset) + 1;
        Place { line: line + 1, column, offset }
    }

    /// How many lines there are; a trailing line break opens none.
    pub fn line_count(&self) -> usize {
        let starts = self.line_starts();
        let opens_none = starts.last().is_some_and(|&last| last as usize == self.text.len());
        (starts.len() - usize::from(opens_none)).max(1)
    }

    /// The 0-based line of an offset.
    pub fn line_index(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|&start| start as usize <= offset).saturating_sub(1)
    }

    /// The bytes of a 0-based line, without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_start(line);
        let end = self.line_starts().get(line + 1).map_or(self.text.len(), |&next| next as usize);
        let text = &self.text[start..end];
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        start..start + text.len()
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts().get(line).map_or(self.text.len(), |&start| start as usize)
    }

    /// How many scalar values a range holds. A whole file may stand on one line: then blocks are counted once, not for
    /// every place that somebody asks for.
    fn scalars(&self, range: Range<usize>) -> usize {
        let bytes = self.text.as_bytes();
        if range.len() <= 4 * BLOCK {
            return scalars(&bytes[range]);
        }
        let blocks = self.scalars.get_or_init(|| {
            let counted = bytes.chunks(BLOCK).scan(0, |count, block| {
                *count += scalars(block) as u32;
                Some(*count)
            });
            std::iter::once(0).chain(counted).collect()
        });
        let before = |at: usize| blocks[at / BLOCK] as usize + scalars(&bytes[at / BLOCK * BLOCK..at]);
        before(range.end) - before(range.start)
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect()
        })
    }

    /// Whether both hold the same text, line endings aside (a checkout may have translated them).
    pub fn same_text(&self, other: &Source) -> bool {
        // Of what is no text only the first part is here.
        self.whole == other.whole && (self.text == other.text || self.text.lines().eq(other.text.lines()))
    }
}

const BLOCK: usize = 1024;

/// Every byte but the continuation of a scalar value begins one.
fn scalars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("x", Side::Worktree, text.into())
    }

    #[test]
    fn places_are_one_based_and_count_scalar_values() {
        let it = source("ab\nçd\r\ne");
        assert_eq!(it.place(0), Place { line: 1, column: 1, offset: 0 });
        assert_eq!(it.place(5), Place { line: 2, column: 2, offset: 5 });
        assert_eq!(it.place(8), Place { line: 3, column: 1, offset: 8 });
        assert_eq!(&it.raw()[it.line_range(1)], "çd");
        assert_eq!((it.line_count(), source("").line_count(), source("a\n").line_count()), (3, 1, 1));
    }

    #[test]
    fn columns_of_a_long_line_are_counted_in_blocks() {
        let text = "é x".repeat(10 * BLOCK);
        let it = source(&format!("first\n{text}"));
        for at in [0, 3, 4 * BLOCK, 4 * BLOCK + 4, 10 * BLOCK, text.len()] {
            let at = floor_char(&text, at);
            assert_eq!(it.place(6 + at).column, text[..at].chars().count() + 1, "{at}");
        }
    }

    #[test]
    fn a_span_is_given_for_own_slices_only() {
        let it = source("hello world");
        assert_eq!(it.span(&it.text()[6..]), Some(6..11));
        assert_eq!(it.span("world"), None);
    }

    #[test]
    fn text_ends_where_it_stops_being_text() {
        let it = Source::new("x", Side::Worktree, b"ok\xff\xfe".to_vec());
        assert_eq!((it.text(), it.broken_at), ("ok", Some(2)));
        assert_eq!(it.sha256(), <[u8; 32]>::from(Sha256::digest(b"ok\xff\xfe")));
    }

    #[test]
    fn line_endings_do_not_make_a_change() {
        assert!(source("a\r\nb\r\n").same_text(&source("a\nb\n")));
        assert!(!source("a\nb\n").same_text(&source("a\nc\n")));
        let broken = |end: &[u8]| Source::new("x", Side::Worktree, [b"a\xff", end].concat());
        assert!(broken(b"b").same_text(&broken(b"b")) && !broken(b"b").same_text(&broken(b"c")));
    }
}

//! Which characters stand where in the subset that [`strict`](super::strict) reads.

use memchr::{memchr, memchr_iter, memchr3_iter};

/// Whether the text has only characters that YAML allows, and no tabs, lone returns or breaks that only some readers
/// take for breaks.
pub(super) fn is_simple_text(bytes: &[u8]) -> bool {
    // Without early exits this is one vector loop.
    let (mut control, mut wide, mut returns) = (false, false, false);
    for &byte in bytes {
        control |= (byte < b' ' && byte != b'\n' && byte != b'\r') | (byte == 0x7f);
        wide |= byte >= 0x80;
        returns |= byte == b'\r';
    }
    !control
        && (!returns || memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n')))
        && (!wide || memchr3_iter(0xc2, 0xe2, 0xef, bytes).all(|at| is_common_character(&bytes[at..])))
}

/// No C1 control or NEL, no line or paragraph separator, no byte order mark, no U+FFFE and U+FFFF.
fn is_common_character(bytes: &[u8]) -> bool {
    !matches!(
        bytes,
        [0xc2, 0x80..=0x9f, ..]
            | [0xe2, 0x80, 0xa8 | 0xa9, ..]
            | [0xef, 0xbb, 0xbf, ..]
            | [0xef, 0xbf, 0xbe | 0xbf, ..]
    )
}

/// What may end a scalar without quotes between brackets.
pub(super) static STOPS_FLOW_PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b",[]{}:#";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = true;
        at += 1;
    }
    table
};

/// Whether a scalar may go without quotes, by how it starts: no indicator, or a `-` that is part of a word.
pub(super) fn starts_plain(raw: &str) -> bool {
    match raw.as_bytes() {
        [] | [b' ', ..] | [b'-'] | [b'-', b' ', ..] => false,
        [first, ..] => !b"?:,[]{}#&*!|>'\"%@`".contains(first),
    }
}

/// Whether a comment starts within.
pub(super) fn has_comment(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    memchr_iter(b'#', bytes).any(|at| at > 0 && bytes[at - 1] == b' ')
}

/// What JSON and YAML escape alike, surrogates aside.
pub(super) fn unescape(raw: &str) -> Option<String> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        value.push_str(&rest[..at]);
        value.push(match rest.as_bytes().get(at + 1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
    value.push_str(rest);
    Some(value)
}

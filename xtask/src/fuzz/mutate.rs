//! Small and large damage to a lockfile.

use crate::random::Random;

/// What readers of these formats might trip over.
const TOKENS: &[&str] = &[
    "<<<<<<< HEAD\n",
    "=======\n",
    ">>>>>>> x\n",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    ":",
    ": ",
    ",",
    "=",
    "#",
    " #",
    "- ",
    "? ",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!str ",
    "|\n",
    ">-\n",
    "%YAML 1.2\n",
    "\t",
    "\r",
    "\r\n",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "\u{0}",
    "\\u0000",
    "\\ud800",
    "\\u0022",
    "\\",
    "null",
    "true",
    "-0",
    "1e999",
    "0x1F",
    "99999999999999999999",
    "node_modules/",
    "../",
    "sha512-",
    "sha1-",
    "h1:",
    "/go.mod",
    "git+ssh://",
    "@",
    "(",
    ")",
    "//",
    "é",
    "\u{1F980}",
    "__proto__",
    "[package]\n",
    "[[package]]\n",
    "[metadata]\n",
    "packages:\n",
    "  a@1.0.0:\n",
    "inBundle",
];

/// Above this nothing is made larger: time is better spent on many inputs.
const LARGEST: usize = 1 << 20;

/// A damaged copy; `other` is what pieces may be taken from.
pub(crate) fn mutate(original: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..1 + random.below(4) {
        once(&mut bytes, other, random);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    match random.below(14) {
        0 => flip(bytes, random),
        1 => set(bytes, random),
        2 => insert(bytes, random.pick(TOKENS).as_bytes(), random),
        3 => insert(bytes, random.pick(TOKENS).as_bytes(), random),
        4 => drop(take(bytes, random)),
        5 => {
            let piece = take(&mut bytes.clone(), random);
            insert(bytes, &piece, random);
        }
        6 => bytes.truncate(random.below(bytes.len())),
        7 => lines(bytes, random, |lines, at, _| drop(lines.remove(at))),
        8 => lines(bytes, random, |lines, at, _| lines.insert(at, lines[at].clone())),
        9 => lines(bytes, random, |lines, at, to| lines.swap(at, to)),
        10 => lines(bytes, random, |lines, at, to| reindent(&mut lines[at], to % 9)),
        11 => splice(bytes, other, random),
        12 => swap_words(bytes, random),
        _ => repeat(bytes, random),
    }
}

fn flip(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn set(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte = random.next() as u8;
    }
}

fn insert(bytes: &mut Vec<u8>, piece: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, piece.iter().copied());
}

/// Cuts a piece out, seldom a large one.
fn take(bytes: &mut Vec<u8>, random: &mut Random) -> Vec<u8> {
    let from = random.below(bytes.len());
    let longest = if random.one_in(4) { bytes.len() } else { 64 };
    let to = (from + random.below(longest)).min(bytes.len());
    bytes.drain(from..to).collect()
}

fn lines(bytes: &mut Vec<u8>, random: &mut Random, change: impl FnOnce(&mut Vec<Vec<u8>>, usize, usize)) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (at, to) = (random.below(lines.len()), random.below(lines.len()));
    change(&mut lines, at, to);
    *bytes = lines.concat();
}

fn reindent(line: &mut Vec<u8>, width: usize) {
    let text = line.iter().position(|&byte| byte != b' ').unwrap_or(0);
    line.splice(..text, std::iter::repeat_n(b' ', width));
}

/// The head of one file with the tail of another.
fn splice(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let (from, to) = (random.below(bytes.len()), random.below(other.len()));
    if random.one_in(2) {
        bytes.truncate(from);
        bytes.extend_from_slice(&other[to..]);
    } else {
        let end = (to + random.below(400)).min(other.len());
        bytes.splice(from..from, other[to..end].iter().copied());
    }
}

/// One word of the file where another stands: names, versions and hashes change places.
fn swap_words(bytes: &mut Vec<u8>, random: &mut Random) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_.@".contains(byte);
    let word = |start: usize| {
        let length = bytes[start..].iter().take_while(|byte| is_word(byte)).count();
        start..start + length
    };
    let (from, to) = (word(random.below(bytes.len())), word(random.below(bytes.len())));
    let piece = bytes[from].to_vec();
    bytes.splice(to, piece);
}

/// One piece very often: what is not linear shows here.
fn repeat(bytes: &mut Vec<u8>, random: &mut Random) {
    let piece = match random.below(3) {
        0 => random.pick(TOKENS).as_bytes().to_vec(),
        1 => take(&mut bytes.clone(), random),
        _ => {
            let mut line = Vec::new();
            lines(&mut bytes.clone(), random, |lines, at, _| line.clone_from(&lines[at]));
            line
        }
    };
    let most = (LARGEST.saturating_sub(bytes.len())) / piece.len().max(1);
    let times = [3, 100, 2_000, 30_000][random.below(4)].min(most);
    insert(bytes, &piece.repeat(times), random);
}

//! The hash by which GitHub's code scanning knows a line again after edits elsewhere: `primaryLocationLineHash`.
//!
//! It is a rolling hash over the hundred characters (UTF-16 units, white space left out) that begin at the line, and a
//! number that tells equal ones apart. Its uploader computes it where a report has none, from the file that is checked
//! out by then; this one speaks of the text that was judged.

use std::collections::{BTreeSet, HashMap};

/// How many characters a hash covers.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
/// What the hash takes the end of the file for.
const END: u16 = u16::MAX;

/// The hashes of these lines (1-based). The text is gone through twice, so that only what was asked for is kept.
pub(super) fn of_lines(text: &str, lines: &BTreeSet<usize>) -> HashMap<usize, String> {
    let mut wanted = HashMap::new();
    each_line(text, |line, hash| {
        if lines.contains(&line) {
            wanted.insert(hash, 0_usize);
        }
    });
    let mut hashes = HashMap::new();
    each_line(text, |line, hash| {
        if let Some(count) = wanted.get_mut(&hash) {
            *count += 1;
            if lines.contains(&line) {
                hashes.insert(line, format!("{hash:x}:{count}"));
            }
        }
    });
    hashes
}

/// Calls for every line with its number and hash.
fn each_line(text: &str, mut tell: impl FnMut(usize, u64)) {
    let mut roll = Roll::new();
    let (mut opens_line, mut after_return) = (true, false);
    for unit in text.encode_utf16().chain([END]) {
        let is_space = unit == u16::from(b' ') || unit == u16::from(b'\t');
        let ends_return = after_return && unit == u16::from(b'\n');
        after_return = unit == u16::from(b'\r');
        if is_space || ends_return {
            continue;
        }
        let unit = if after_return { u16::from(b'\n') } else { unit };
        roll.push(unit, opens_line, &mut tell);
        opens_line = unit == u16::from(b'\n');
    }
    for _ in 0..WINDOW {
        roll.push(0, false, &mut tell);
    }
}

/// The last hundred characters, and which of them begin a line.
struct Roll {
    units: [u16; WINDOW],
    /// The number of the line that begins there; 0 where none does.
    lines: [usize; WINDOW],
    at: usize,
    line: usize,
    hash: u64,
    /// What a character weighs when it leaves.
    oldest: u64,
}

impl Roll {
    fn new() -> Roll {
        let oldest = (0..WINDOW).fold(1_u64, |product, _| product.wrapping_mul(FACTOR));
        Roll { units: [0; WINDOW], lines: [0; WINDOW], at: 0, line: 0, hash: 0, oldest }
    }

    fn push(&mut self, unit: u16, opens_line: bool, tell: &mut impl FnMut(usize, u64)) {
        let line = std::mem::take(&mut self.lines[self.at]);
        if line > 0 {
            tell(line, self.hash);
        }
        if opens_line {
            self.line += 1;
            self.lines[self.at] = self.line;
        }
        let leaving = u64::from(std::mem::replace(&mut self.units[self.at], unit));
        let grown = self.hash.wrapping_mul(FACTOR).wrapping_add(u64::from(unit));
        self.hash = grown.wrapping_sub(self.oldest.wrapping_mul(leaving));
        self.at = (self.at + 1) % WINDOW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the uploader's own tests expect of it.
    #[test]
    fn hashes_are_those_of_the_code_host() {
        let of = |text: &str| {
            let count = text.replace("\r\n", "\n").replace('\r', "\n").matches('\n').count() + 1;
            let hashes = of_lines(text, &(1..=count).collect());
            assert_eq!(hashes.len(), count);
            (1..=count).map(|line| hashes[&line].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(""), ["c129715d7a2bc9a3:1"]);
        let short = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(of(" a\nb\n  \t\tc\n d"), short);
        let greeting = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for text in [
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r",
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        ] {
            assert_eq!(of(text), greeting, "{text:?}");
        }
        let repeated = of(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(repeated[..2], ["a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2"]);
        assert_eq!(repeated[5..8], ["a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1"]);
    }

    #[test]
    fn only_what_was_asked_for_is_told() {
        let hashes = of_lines(&"x\n".repeat(1000), &BTreeSet::from([3, 2000]));
        assert_eq!(hashes.keys().copied().collect::<Vec<_>>(), [3]);
        assert!(hashes[&3].ends_with(":3"));
    }
}

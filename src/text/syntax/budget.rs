//! How much memory what is read of a file may take.
//!
//! Two bytes are enough for a value, and a value takes sixty: without a bound a hostile file would take as many times its
//! size. No real lockfile is so dense. So every reader counts what it makes, and stops where a file holds more than its
//! size allows, with one fault that says so.

use super::Fault;
use crate::text::source::Source;

/// Where a file that people write (a manifest, configuration, a policy) holds more than one of its size does, whatever its
/// syntax: of what divides one value from the next, there is one too much. Such files are read whole, and each value may
/// take hundreds of bytes.
pub fn crowded(text: &str) -> Option<usize> {
    let most = 30_000 + text.len() / 128;
    let divides = |byte: u8| matches!(byte, b'\n' | b',' | b'=' | b':' | b'[' | b'{');
    let mut found = text.bytes().enumerate().filter(|(_, byte)| divides(*byte));
    found.nth(most).map(|(at, _)| at)
}

/// What a list takes for one more: it grows by doubling.
pub fn growth<T>(list: &Vec<T>) -> usize {
    if list.len() < list.capacity() { 0 } else { list.capacity().max(4) * size_of::<T>() }
}

/// What is left of it, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    left: usize,
    most: usize,
}

impl Budget {
    /// For a file of any size.
    const ROOM: usize = 4 << 20;

    pub fn of(source: &Source) -> Budget {
        let most = Budget::ROOM + 2 * source.raw().len();
        Budget { left: most, most }
    }

    /// Takes so many bytes; when they are not there, nothing is left for anything.
    pub fn spend(&mut self, bytes: usize) -> bool {
        let is_there = self.holds(bytes);
        self.left = if is_there { self.left - bytes } else { 0 };
        is_there
    }

    /// Gives back what is not kept any longer.
    pub fn regain(&mut self, bytes: usize) {
        self.left += bytes;
    }

    /// Whether so many bytes are left, and one more.
    pub fn holds(&self, bytes: usize) -> bool {
        bytes < self.left
    }

    /// What is said of a text that holds more, at the byte where it does.
    pub fn fault<'s>(&self, text: &'s str, at: usize) -> Fault<'s> {
        let rest = text.get(at..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, char::len_utf8);
        let most = self.most.div_ceil(1 << 20);
        let why = "which no file of its kind and size does";
        Fault::syntax(&rest[..width], format!("holds more than fits into {most} MB of memory, {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;

    #[test]
    fn what_people_write_is_never_crowded() {
        assert_eq!(crowded(&"dependency = \"1.0\"\n".repeat(10_000)), None);
        assert_eq!(crowded(&"x=1\n".repeat(20_000)), Some(61_251));
    }

    #[test]
    fn it_grows_with_the_file_and_ends() {
        let small = Source::new("x", Side::Worktree, vec![b'x'; 10]);
        let large = Source::new("x", Side::Worktree, vec![b'x'; 1000]);
        assert!(Budget::of(&small).left < Budget::of(&large).left);
        let mut budget = Budget::of(&small);
        assert!(budget.spend(Budget::ROOM) && !budget.spend(Budget::ROOM) && !budget.spend(1));
        assert_eq!(budget.fault("ab", 1).at, "b");
        assert_eq!(budget.fault("ab", 9).at, "");
    }
}

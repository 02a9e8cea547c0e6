//! The file, a piece at a time.

use std::io::{ErrorKind, Read};

use super::Error;
use super::entries::LONGEST_ENTRY;

/// A buffer that moves over the input. Reading 25 MB at once takes four times as long as scanning them does: the time
/// goes into the pages of a buffer of that size, which are all new.
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    exhausted: bool,
}

/// Some longest entries, so that little is moved to the front again; and no more than a processor keeps at hand.
const SIZE: usize = 256 << 10;

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Window<R> {
        Window { input, buffer: vec![0; SIZE], start: 0, end: 0, exhausted: false }
    }

    /// What comes next: at least one whole entry, if the input has that much left.
    pub(super) fn filled(&mut self) -> Result<&[u8], Error> {
        if self.end - self.start < LONGEST_ENTRY && !self.exhausted {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Moves on, until only the last `length` bytes of what was filled are left.
    pub(super) fn keep_last(&mut self, length: usize) {
        self.start = self.end - length;
    }

    /// All that is left.
    pub(super) fn into_rest(mut self) -> Result<Vec<u8>, Error> {
        let mut rest = self.buffer[self.start..self.end].to_vec();
        self.input.read_to_end(&mut rest).map_err(|error| Error::Unreadable(error.kind()))?;
        Ok(rest)
    }

    fn fill(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < self.buffer.len() && !self.exhausted {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.exhausted = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Unreadable(error.kind())),
            }
        }
        Ok(())
    }
}

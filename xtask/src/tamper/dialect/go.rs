use std::ops::Range;

use super::Dialect;
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, line_at};

pub(super) struct Go;

impl Dialect for Go {
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize> {
        let hash = entry.integrity().map_or(0, |it| entry.lock.range(it.raw).start);
        line_at(entry.text(), hash)
    }

    /// The line goes: a line without a hash would not be read.
    fn drop_hash(&self, entry: &Entry<'_, '_>) -> Edits {
        Some(vec![Edit { at: self.block(entry), with: String::new() }])
    }

    fn ghost(&self, lock: &Lock<'_>, name: &str, version: &str, random: &mut Random) -> Option<Edit> {
        let end = lock.text().len();
        Some(Edit { at: end..end, with: format!("example.com/{name} v{version} {}\n", self.hash(random)) })
    }

    fn hash(&self, random: &mut Random) -> String {
        format!("h1:{}", data_encoding::BASE64.encode(&random.bytes(32)))
    }
}

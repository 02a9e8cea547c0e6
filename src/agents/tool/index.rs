//! `.index.json`: what a store of Kiwi's remembers of its lockfiles.
//!
//! Its key has no chain hash, so several chains of one tool and version share an entry, and the last one that was saved
//! has it. Every load rewrites it.

use super::store;
use super::time::{self, NoTime, Seconds};
use crate::text::json;
use crate::text::source::Source;
use crate::text::syntax::{Fault, Faults, Node, Table, Text};

/// An index, read.
#[derive(Debug, Default)]
pub struct Index<'s> {
    pub entries: Vec<Entry<'s>>,
    pub faults: Faults<'s>,
}

/// What is remembered of one lockfile.
#[derive(Debug)]
pub struct Entry<'s> {
    /// `<category>/<tool>@<version>`
    pub key: Text<'s>,
    pub path: Option<Text<'s>>,
    pub chain_hash: Option<Text<'s>>,
    pub created_at: Option<Text<'s>>,
    pub last_validated: Option<Text<'s>>,
    pub scope: Option<Text<'s>>,
}

impl<'s> Index<'s> {
    pub fn read(source: &'s Source) -> Index<'s> {
        let (node, faults) = json::read(source);
        let mut index = Index { entries: Vec::new(), faults };
        let Some(node) = node else { return index };
        let top = source.text().lines().next().unwrap_or_default();
        let Some(lockfiles) = node.as_table().and_then(|table| table.table("lockfiles")) else {
            index.faults.push(Fault::shape(top, "should have an object `lockfiles`"));
            return index;
        };
        for (key, node) in &lockfiles.entries {
            match node.as_table() {
                Some(table) => index.entries.push(Entry::read(key, table)),
                None => index.faults.push(Fault::shape(key.raw, "should be an object")),
            }
        }
        index
    }
}

impl<'s> Entry<'s> {
    fn read(key: &Text<'s>, table: &Table<'s>) -> Entry<'s> {
        let text = |field: &str| table.get(field).and_then(Node::as_text).cloned();
        Entry {
            key: key.clone(),
            path: text("path"),
            chain_hash: text("chain_hash"),
            created_at: text("created_at"),
            last_validated: text("last_validated"),
            scope: text("scope"),
        }
    }

    /// A field, or the entry's key where it is not there.
    pub fn place_of(&self, field: &Option<Text<'s>>) -> &'s str {
        field.as_ref().map_or(self.key.raw, |text| text.raw)
    }

    /// Its path, where that stays in the store. The original deletes through any path.
    pub fn safe_path(&self) -> Option<&str> {
        self.path.as_ref().map(Text::as_str).filter(|path| store::stays_below(path))
    }

    /// How many full days ago it was last validated, or else made, as the original counts. Nothing where it has neither.
    pub fn age(&self, now: Seconds) -> Option<Result<i64, NoTime>> {
        let stamp =
            [&self.last_validated, &self.created_at].into_iter().flatten().find(|it| !it.as_str().is_empty());
        stamp.map(|stamp| time::parse(stamp.as_str()).map(|time| time::days_between(time, now)))
    }
}

/// Days without validation from which on a lockfile is stale.
pub const STALE_AFTER: i64 = 90;

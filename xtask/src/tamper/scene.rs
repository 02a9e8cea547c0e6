//! What an operator works on: a change that is honest, or none at all, and a lockfile in it that is about to be edited.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use lockproof::ecosystems::formats::Format;
use lockproof::findings::finding::Finding;
use lockproof::model::{Digest, Lockfile, Package};
use lockproof::text::source::{Side, Source};
use lockproof::text::syntax::Text;

use super::dialect::{self, Dialect};
use super::projects::Verdict;
use super::tree::{self, Tree};
use crate::random::Random;

/// One honest change: from `base` to `head`, which may be the same.
pub(crate) struct Scene<'p> {
    pub(crate) format: &'static Format,
    /// The lockfile to edit.
    pub(crate) path: &'p str,
    pub(crate) base: &'p Tree,
    pub(crate) head: &'p Tree,
    /// Nothing honest changes: no upgrade and no manifest can explain what an operator adds.
    pub(crate) is_still: bool,
    /// What is said of the change as it was found.
    pub(crate) honest: &'p OnceLock<Verdict>,
    /// Makes the same choices on every machine.
    pub(crate) seed: String,
}

/// A text that replaces what stands in a range.
pub(crate) struct Edit {
    pub(crate) at: Range<usize>,
    pub(crate) with: String,
}

/// What an operator does to one file; nothing where there is no place for it.
pub(crate) type Edits = Option<Vec<Edit>>;

impl Scene<'_> {
    pub(crate) fn random(&self) -> Random {
        Random::of(&self.seed)
    }

    /// What is said of the change as it is.
    pub(crate) fn honest(&self) -> Result<&[Finding], String> {
        let judged = self.honest.get_or_init(|| tree::judge(self.base, self.head));
        judged.as_deref().map_err(String::clone)
    }

    /// Reads the lockfile, and hands it to an operator; the tree that comes of it.
    pub(crate) fn edit(&self, work: impl FnOnce(&Lock<'_>, &mut Random) -> Edits) -> Option<Tree> {
        let (head, base) = (self.source(self.head), self.source(self.base));
        let lock = Lock::new(self, &head, &base);
        let edits = work(&lock, &mut self.random())?;
        let text = apply(lock.text(), edits);
        let mut tree = self.head.clone();
        tree.insert(self.path.to_owned(), text);
        Some(tree)
    }

    /// The same change with another head, to be edited once more.
    pub(crate) fn then<'t>(&'t self, head: &'t Tree, seed: &str) -> Scene<'t> {
        Scene { head, seed: format!("{} {seed}", self.seed), ..*self }
    }

    fn source(&self, tree: &Tree) -> Source {
        let text = tree.get(self.path).map_or("", String::as_str);
        Source::new(self.path, Side::Worktree, text.into())
    }
}

/// Edits don't overlap.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.at.start));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.at, &edit.with);
    }
    text
}

/// A lockfile that is about to be edited.
pub(crate) struct Lock<'s> {
    pub(crate) file: Lockfile<'s>,
    pub(crate) dialect: &'static dyn Dialect,
    /// The hashes of the base side, by release.
    before: HashMap<String, Vec<String>>,
    /// As of its scene.
    is_still: bool,
    /// The other files of the head.
    pub(crate) tree: &'s Tree,
    /// The names of the base side.
    names: HashSet<String>,
}

impl<'s> Lock<'s> {
    fn new(scene: &Scene<'s>, head: &'s Source, base: &Source) -> Lock<'s> {
        let format = scene.format;
        let mut before: HashMap<String, Vec<String>> = HashMap::new();
        let mut names = HashSet::new();
        for package in &format.read(base).packages {
            names.insert(package.name.as_str().to_owned());
            let hashes = package.digests().map(|digest| digest.value.to_owned());
            before.entry(package.label()).or_default().extend(hashes);
        }
        let (file, dialect) = (format.read(head), dialect::of(format));
        Lock { file, dialect, before, tree: scene.head, names, is_still: scene.is_still }
    }

    /// Whether the base side has a package of that name.
    pub(crate) fn had(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether an edge that is added can only be a fault. Formats that keep no ranges say which packages an entry uses: with
    /// another feature, platform or version above it, a kept release uses more of them.
    pub(crate) fn tells_edges(&self) -> bool {
        self.is_still || self.file.format.id == "npm"
    }

    /// Whether an entry that is gone must be missed. npm 6 writes optional dependencies as it does the others.
    pub(crate) fn tells_gaps(&self) -> bool {
        !self.file.packages.iter().all(|it| it.flags.legacy)
    }

    pub(crate) fn text(&self) -> &'s str {
        self.file.source.text()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_, 's>> {
        self.file.packages.iter().map(|package| Entry { lock: self, package })
    }

    /// The entries in an order that looks random.
    pub(crate) fn shuffled(&self, random: &mut Random) -> Vec<Entry<'_, 's>> {
        let mut entries: Vec<_> = self.entries().collect();
        for at in (1..entries.len()).rev() {
            entries.swap(at, random.below(at + 1));
        }
        entries
    }

    /// Where a slice of the file stands.
    pub(crate) fn range(&self, slice: &str) -> Range<usize> {
        self.file.source.span(slice).unwrap_or(0..0)
    }
}

/// One entry of it.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'l, 's> {
    pub(crate) lock: &'l Lock<'s>,
    pub(crate) package: &'l Package<'s>,
}

impl<'l, 's> Entry<'l, 's> {
    pub(crate) fn name(&self) -> &'l str {
        self.package.name.as_str()
    }

    pub(crate) fn text(&self) -> &'s str {
        self.lock.text()
    }

    /// The base side has the release, with the same hash.
    pub(crate) fn is_kept(&self) -> bool {
        let known = self.lock.before.get(&self.package.label());
        let has = |digest: &Digest<'_>| known.is_some_and(|known| known.iter().any(|it| it == digest.value));
        self.package.digests().next().is_some() && self.package.digests().all(has)
    }

    /// The base side has no such release.
    pub(crate) fn is_new(&self) -> bool {
        !self.lock.before.contains_key(&self.package.label())
    }

    /// It comes from a registry and has a hash.
    pub(crate) fn is_hashed(&self) -> bool {
        self.package.is_hashed() && !self.package.origin.is_mutable()
    }

    pub(crate) fn digest(&self) -> Option<&'l Digest<'s>> {
        self.package.digests().next()
    }

    /// The field that holds the first hash, as it stands in the file.
    pub(crate) fn integrity(&self) -> Option<&'l Text<'s>> {
        self.package.artifacts.iter().find_map(|artifact| artifact.integrity.as_ref())
    }

    pub(crate) fn replace(&self, slice: &str, with: impl Into<String>) -> Edit {
        Edit { at: self.lock.range(slice), with: with.into() }
    }

    /// The lines of the entry, the last line break included.
    pub(crate) fn block(&self) -> Range<usize> {
        self.lock.dialect.block(self)
    }
}

/// The line that holds an offset, its line break included.
pub(crate) fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    let end = text[at..].find('\n').map_or(text.len(), |after| at + after + 1);
    start..end
}

/// The lines from an offset on, with their ranges.
pub(crate) fn lines_from(text: &str, start: usize) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = start;
    text[start..].split_inclusive('\n').map(move |line| {
        at += line.len();
        (at - line.len()..at, line)
    })
}

pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_from_the_end() {
        let edit = |at: Range<usize>, with: &str| Edit { at, with: with.into() };
        assert_eq!(apply("abc", vec![edit(0..1, "xx"), edit(2..3, ""), edit(2..2, "y")]), "xxby");
    }
}

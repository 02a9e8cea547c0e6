//! Readers that keep spans: JSON, TOML, YAML. What they have in common is a [`Node`] tree of borrowed [`Text`].
//!
//! They are strict about what changes meaning (duplicate keys, needless escapes, nesting) and report it as a
//! [`Fault`] on the slice, rather than stop or repair.

pub mod budget;

use std::borrow::Cow;
use std::fmt;

use foldhash::{HashMap, HashMapExt};

/// Nesting deeper than this is refused: no lockfile needs it, and a recursive reader must stop somewhere.
pub const MAX_DEPTH: usize = 96;

/// A slice of a source, and what it means when that is not what it says: escapes decoded, names canonical.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text<'s> {
    /// As it stands in the file, quotes not included. Its address is its span.
    pub raw: &'s str,
    /// Seldom there, so it may cost a step more: texts are most of a lockfile's memory.
    #[expect(clippy::box_collection, reason = "a thin pointer: `Box<str>` is twice as wide")]
    meaning: Option<Box<String>>,
}

impl<'s> Text<'s> {
    pub fn plain(raw: &'s str) -> Text<'s> {
        Text { raw, meaning: None }
    }

    /// A slice that means something else than it says.
    pub fn with(raw: &'s str, meaning: impl Into<String> + AsRef<str>) -> Text<'s> {
        if meaning.as_ref() == raw {
            Text::plain(raw)
        } else {
            Text { raw, meaning: Some(Box::new(meaning.into())) }
        }
    }

    pub fn as_str(&self) -> &str {
        self.meaning.as_ref().map_or(self.raw, |meaning| meaning.as_str())
    }

    /// The same slice of the file, narrowed to a part of what it says. A part of an escaped text has no slice of its
    /// own: it keeps the whole of it, so that its span stays on the line.
    pub fn part(&self, range: std::ops::Range<usize>) -> Text<'s> {
        match &self.meaning {
            None => Text::plain(&self.raw[range]),
            Some(meaning) => Text { raw: self.raw, meaning: Some(Box::new(meaning[range].to_owned())) },
        }
    }

    /// A part of what it says, borrowed from the file where it stands there as it is meant.
    pub fn borrow(&self, part: Cow<'_, str>) -> Cow<'s, str> {
        let start = (part.as_ptr() as usize).wrapping_sub(self.raw.as_ptr() as usize);
        match self.raw.get(start..start.wrapping_add(part.len())) {
            Some(slice) if !self.is_escaped() => Cow::Borrowed(slice),
            _ => Cow::Owned(part.into_owned()),
        }
    }

    pub fn is_escaped(&self) -> bool {
        self.meaning.is_some()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What a document is made of, whatever its syntax.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'s> {
    String(Text<'s>),
    /// A number, a boolean, null, a date: as it stands.
    Other(&'s str),
    Array(Vec<Node<'s>>),
    Table(Table<'s>),
}

/// Keys in the order of the file; a key may stand twice, and then there is a fault that says so.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table<'s> {
    /// The key or header that opens the table: where it stands.
    pub heading: &'s str,
    pub entries: Vec<(Text<'s>, Node<'s>)>,
}

impl<'s> Table<'s> {
    /// The last entry of that key: what every client that does not refuse takes.
    pub fn get(&self, key: &str) -> Option<&Node<'s>> {
        self.entries.iter().rev().find(|(name, _)| name.as_str() == key).map(|(_, node)| node)
    }

    pub fn text(&self, key: &str) -> Option<&Text<'s>> {
        self.get(key)?.as_text()
    }

    pub fn table(&self, key: &str) -> Option<&Table<'s>> {
        self.get(key)?.as_table()
    }

    pub fn array(&self, key: &str) -> &[Node<'s>] {
        match self.get(key) {
            Some(Node::Array(items)) => items,
            _ => &[],
        }
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Node::Other("true")))
    }
}

impl<'s> Node<'s> {
    pub fn as_text(&self) -> Option<&Text<'s>> {
        if let Node::String(text) = self { Some(text) } else { None }
    }

    pub fn as_table(&self) -> Option<&Table<'s>> {
        if let Node::Table(table) = self { Some(table) } else { None }
    }

    /// A scalar as it stands, whether quoted or not (`'9.0'` and `9.0` are the same version).
    pub fn scalar(&self) -> Option<Text<'s>> {
        match self {
            Node::String(text) => Some(text.clone()),
            Node::Other(raw) => Some(Text::plain(raw)),
            _ => None,
        }
    }

    /// A slice that stands for the node in a message: its text, or where it opens.
    pub fn slice(&self) -> &'s str {
        match self {
            Node::String(text) => text.raw,
            Node::Other(raw) => raw,
            Node::Array(items) => items.first().map_or("", Node::slice),
            Node::Table(table) => table.heading,
        }
    }
}

/// What is wrong with a file as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault<'s> {
    pub kind: FaultKind,
    /// Where: a slice of the source, possibly empty.
    pub at: &'s str,
    /// The first of two, where there are two.
    pub first: Option<&'s str>,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not the syntax that the format has: what follows can't be read, and what came before is not trusted.
    Syntax,
    /// One entry is not what the format says; the others are read.
    Shape,
    /// A key stands twice: two readers may see two values.
    DuplicateKey,
}

impl FaultKind {
    const ALL: [FaultKind; 3] = [FaultKind::Syntax, FaultKind::Shape, FaultKind::DuplicateKey];
}

impl<'s> Fault<'s> {
    pub fn syntax(at: &'s str, message: impl Into<String>) -> Fault<'s> {
        Fault { kind: FaultKind::Syntax, at, first: None, message: message.into() }
    }

    pub fn shape(at: &'s str, message: impl Into<String>) -> Fault<'s> {
        Fault { kind: FaultKind::Shape, at, first: None, message: message.into() }
    }

    pub fn duplicate(at: &'s str, first: &'s str) -> Fault<'s> {
        Fault { kind: FaultKind::DuplicateKey, at, first: Some(first), message: String::new() }
    }

    /// Two entries of a list that are one.
    pub fn twin(at: &'s str, first: &'s str, label: impl fmt::Display) -> Fault<'s> {
        let message = format!("{label} has two entries, which its client refuses.");
        Fault { kind: FaultKind::DuplicateKey, at, first: Some(first), message }
    }
}

/// What is wrong with a file: so many faults of a kind are kept, the others counted. Two bytes are enough for one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults<'s> {
    kept: Vec<Fault<'s>>,
    /// How many there are of each kind.
    counts: [usize; 3],
}

impl<'s> Faults<'s> {
    /// How many of a kind are kept.
    const MOST: usize = 10_000;

    pub fn push(&mut self, fault: Fault<'s>) {
        let count = &mut self.counts[fault.kind as usize];
        *count += 1;
        if *count <= Faults::MOST {
            self.kept.push(fault);
        }
    }

    /// Adds those of another, and what it has counted.
    pub fn append(&mut self, other: &mut Faults<'s>) {
        let other = std::mem::take(other);
        let left_out = FaultKind::ALL.map(|kind| other.left_out(kind));
        self.extend(other.kept);
        FaultKind::ALL
            .into_iter()
            .zip(left_out)
            .for_each(|(kind, count)| self.counts[kind as usize] += count);
    }

    /// How many are not kept.
    pub fn all_left_out(&self) -> usize {
        FaultKind::ALL.into_iter().map(|kind| self.left_out(kind)).sum()
    }

    /// How many of a kind are not kept.
    pub fn left_out(&self, kind: FaultKind) -> usize {
        self.counts[kind as usize].saturating_sub(Faults::MOST)
    }
}

impl<'s> Extend<Fault<'s>> for Faults<'s> {
    fn extend<T: IntoIterator<Item = Fault<'s>>>(&mut self, faults: T) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

impl<'s> FromIterator<Fault<'s>> for Faults<'s> {
    fn from_iter<T: IntoIterator<Item = Fault<'s>>>(faults: T) -> Faults<'s> {
        let mut all = Faults::default();
        all.extend(faults);
        all
    }
}

impl<'s> IntoIterator for Faults<'s> {
    type Item = Fault<'s>;
    type IntoIter = std::vec::IntoIter<Fault<'s>>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

impl<'f, 's> IntoIterator for &'f Faults<'s> {
    type Item = &'f Fault<'s>;
    type IntoIter = std::slice::Iter<'f, Fault<'s>>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.iter()
    }
}

impl<'s> std::ops::Deref for Faults<'s> {
    type Target = [Fault<'s>];

    fn deref(&self) -> &[Fault<'s>] {
        &self.kept
    }
}

/// Notes keys that stand twice in a table.
pub fn find_duplicates<'s>(entries: &[(Text<'s>, Node<'s>)], faults: &mut Faults<'s>) {
    find_duplicate_keys(entries.iter().map(|(key, _)| key), faults);
}

/// Notes keys that stand twice. A few are compared pairwise, many through a set: linear either way.
pub fn find_duplicate_keys<'s: 'k, 'k>(
    keys: impl ExactSizeIterator<Item = &'k Text<'s>> + Clone,
    faults: &mut Faults<'s>,
) {
    const PAIRWISE: usize = 12;
    if keys.len() <= PAIRWISE {
        for (at, key) in keys.clone().enumerate() {
            if let Some(first) = keys.clone().take(at).find(|other| other.as_str() == key.as_str()) {
                faults.push(Fault::duplicate(key.raw, first.raw));
            }
        }
        return;
    }
    let mut seen: HashMap<&str, &str> = HashMap::with_capacity(keys.len());
    for key in keys {
        let first = *seen.entry(key.as_str()).or_insert(key.raw);
        if !std::ptr::eq(first, key.raw) {
            faults.push(Fault::duplicate(key.raw, first));
        }
    }
}

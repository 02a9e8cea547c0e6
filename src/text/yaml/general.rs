//! All of YAML, by way of granit-parser's events.
//!
//! What lets two readers see two trees (anchors, merge keys, tags) is named as a fault where it stands; an alias is
//! never followed, so a tree is never larger than its text.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, options};

use super::Yaml;
use crate::text::syntax::budget::Budget;
use crate::text::syntax::{Fault, Faults, MAX_DEPTH, Node, Table, Text, find_duplicates};

const ANCHOR: &str = "an anchor: no client writes one, and readers differ on what it means";
const ALIAS: &str = "an alias: no client writes one, and readers differ on what it means";
const TAG: &str = "a tag: no client writes one, and readers differ on what it means";
const MERGE: &str = "a merge key: no client writes one, and readers differ on what it means";
const VERSION: &str = "a version directive: no client writes one, and readers differ on what it means";
const COMPLEX: &str = "a key that is not a scalar: no client writes one, and few readers take it";

pub(super) fn read(text: &str, budget: Budget) -> Yaml<'_> {
    let yaml = Yaml { documents: Vec::new(), faults: Faults::default() };
    let mut builder = Builder { text, open: Vec::new(), budget, yaml };
    for event in Parser::new_from_str_with_options(text, limits()) {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                Err(builder.syntax(error.marker().byte_offset().unwrap_or(text.len()), error.info()))
            }
        };
        if let Err(fault) = step {
            builder.yaml.faults.push(fault);
            break;
        }
    }
    builder.yaml
}

/// Files are written by machines and may be large: only nesting is limited, by [`MAX_DEPTH`].
fn limits() -> Options {
    options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        // YAML has 1024, clients do not: they write and read longer keys.
        simple_key_max_lookahead: 1 << 16,
    }
}

/// A collection that is not closed yet.
struct Open<'s> {
    start: usize,
    is: Kind<'s>,
}

enum Kind<'s> {
    Array(Vec<Node<'s>>),
    /// The key waits for its value.
    Table {
        heading: Option<&'s str>,
        entries: Vec<(Text<'s>, Node<'s>)>,
        key: Option<Text<'s>>,
    },
}

struct Builder<'s> {
    text: &'s str,
    open: Vec<Open<'s>>,
    budget: Budget,
    yaml: Yaml<'s>,
}

impl<'s> Builder<'s> {
    fn take(&mut self, event: Event<'s>, span: Span) -> Result<(), Fault<'s>> {
        // A value, its key, and as much again: lists grow by doubling.
        if !self.budget.spend(size_of::<(Text<'_>, Node<'_>)>()) {
            return Err(self.budget.fault(self.text, self.range(span).start));
        }
        if let Some(tag) = span.tag_span() {
            self.shape(tag, TAG);
        }
        match event {
            Event::DocumentStart(_, Some(_)) => self.shape(span, VERSION),
            Event::Anchor(..) => self.shape(span, ANCHOR),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.shape(span, ALIAS);
                self.place(Node::Other(self.slice(span)));
            }
            Event::Scalar(value, style, ..) => {
                if value == "<<" && style == ScalarStyle::Plain && self.awaits_key() {
                    self.shape(span, MERGE);
                }
                let node = self.scalar(&value, style, span);
                self.place(node);
            }
            Event::SequenceStart(..) => self.open(span, Kind::Array(Vec::new()))?,
            Event::MappingStart(..) => {
                let heading = self.heading(span);
                self.open(span, Kind::Table { heading, entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, span: Span, is: Kind<'s>) -> Result<(), Fault<'s>> {
        let start = self.range(span).start;
        if self.open.len() == MAX_DEPTH {
            return Err(self.syntax(start, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(Open { start, is });
        Ok(())
    }

    fn close(&mut self, span: Span) {
        let Some(Open { start, is }) = self.open.pop() else { return };
        let node = match is {
            Kind::Array(items) => Node::Array(items),
            Kind::Table { heading, entries, .. } => {
                find_duplicates(&entries, &mut self.yaml.faults);
                let first = || entries.first().map_or(&self.text[start..start], |(key, _)| key.raw);
                Node::Table(Table { heading: heading.unwrap_or_else(first), entries })
            }
        };
        if self.awaits_key() {
            let key = self.text[start..self.range(span).end.max(start)].trim_end();
            self.yaml.faults.push(Fault::shape(key, COMPLEX));
            self.place(Node::String(Text::plain(key)));
        } else {
            self.place(node);
        }
    }

    /// What opens a map that starts here, if it is not its own first key.
    fn heading(&self, span: Span) -> Option<&'s str> {
        match self.open.last() {
            None => Some(&self.text[self.range(span).start..][..0]),
            Some(Open { is: Kind::Table { key, .. }, .. }) => key.as_ref().map(|key| key.raw),
            Some(_) => None,
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { is: Kind::Table { key: None, .. }, .. }))
    }

    fn place(&mut self, node: Node<'s>) {
        match self.open.last_mut().map(|open| &mut open.is) {
            None => self.yaml.documents.push(node),
            Some(Kind::Array(items)) => items.push(node),
            Some(Kind::Table { entries, key, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(node.scalar().unwrap_or_default()),
            },
        }
    }

    fn scalar(&self, value: &str, style: ScalarStyle, span: Span) -> Node<'s> {
        let slice = self.slice(span);
        let raw = match style {
            // An empty value is announced as `~`, on an empty slice.
            ScalarStyle::Plain if slice.is_empty() || slice == value => return super::resolve(slice),
            ScalarStyle::Plain => slice,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => inside(slice),
            // What is said of a block is said on its first line.
            ScalarStyle::Literal | ScalarStyle::Folded => slice.lines().next().unwrap_or(slice),
        };
        Node::String(Text::with(raw, value))
    }

    fn shape(&mut self, span: Span, message: &str) {
        let at = self.slice(span);
        self.yaml.faults.push(Fault::shape(at, message));
    }

    /// From an offset to the end of its line.
    fn syntax(&self, offset: usize, message: impl Into<String>) -> Fault<'s> {
        let rest = self.text.get(offset..).unwrap_or(&self.text[self.text.len()..]);
        let line = rest.find(['\r', '\n']).map_or(rest, |end| &rest[..end]);
        Fault::syntax(line, message)
    }

    fn slice(&self, span: Span) -> &'s str {
        &self.text[self.range(span)]
    }

    /// The bytes of a span; granit promises them, and an empty range at the end is what a broken promise becomes.
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let end = self.text.len();
        span.byte_range().filter(|range| self.text.get(range.clone()).is_some()).unwrap_or(end..end)
    }
}

/// A slice without the quotes around it.
fn inside(quoted: &str) -> &str {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or(quoted)
}

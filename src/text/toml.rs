//! TOML 1.1, read from `toml_parser`'s events into the shared tree.
//!
//! The `toml` crate's own spanned tree is five times slower and stops at the first duplicate key; a lockfile with a
//! duplicate key deserves a finding on its line.

use foldhash::{HashMap, HashMapExt};
use toml_parser::decoder::Encoding;
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{EventReceiver, RecursionGuard, parse_document};
use toml_parser::{ErrorSink, ParseError, Raw, Span};

use crate::text::source::Source;
use crate::text::syntax::budget::{Budget, growth};
use crate::text::syntax::{Fault, Faults, MAX_DEPTH, Node, Table, Text, find_duplicates};

/// The whole document, and what is wrong with it. After a syntax error the tree holds what could be read.
pub fn read(source: &Source) -> (Table<'_>, Faults<'_>) {
    let text = source.text();
    let mut builder = Builder::new(text, Budget::of(source));
    let mut errors: Option<ParseError> = None;
    let crowded = builder.read(&mut errors);
    let mut faults: Faults<'_> = source.fault().into_iter().collect();
    faults.extend(errors.map(|error| syntax(text, &error)));
    faults.extend(not_toml(text));
    faults.append(&mut builder.faults);
    if let Some(fault) = crowded {
        faults.push(fault);
        return (Table::default(), faults);
    }
    let root = builder.finish(&mut faults);
    (root, faults)
}

/// Tokens of whole statements, so that there are never more than of a part of the text.
struct Statements<'s> {
    lexer: toml_parser::lexer::Lexer<'s>,
    tokens: Vec<Token>,
    /// What ends a list of tokens.
    end: Option<Token>,
}

impl<'s> Statements<'s> {
    /// At least so many are read at once.
    const FEW: usize = 4_000;

    fn new(text: &'s str) -> Statements<'s> {
        let end = toml_parser::Source::new("").lex().next();
        Statements { lexer: toml_parser::Source::new(text).lex(), tokens: Vec::new(), end }
    }

    /// Takes up to the end of a line that no bracket is open at; false if there are none left. Where one statement has more
    /// than the budget allows, the place is the error.
    fn take(&mut self, budget: &Budget) -> Result<bool, usize> {
        let mut open = 0_usize;
        self.tokens.clear();
        for token in self.lexer.by_ref() {
            self.tokens.push(token);
            match token.kind() {
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => open += 1,
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => open = open.saturating_sub(1),
                TokenKind::Newline if open == 0 && self.tokens.len() >= Statements::FEW => {
                    self.tokens.extend(self.end);
                    return Ok(true);
                }
                _ if !budget.holds(2 * self.tokens.len() * size_of::<Token>()) => {
                    return Err(token.span().start());
                }
                _ => {}
            }
        }
        Ok(!self.tokens.is_empty())
    }
}

/// What the tokens don't tell, and every client refuses.
fn not_toml(text: &str) -> Option<Fault<'_>> {
    let bytes = text.as_bytes();
    let is_alone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
    if let Some(at) = memchr::memchr_iter(b'\r', bytes).find(is_alone) {
        return Some(Fault::syntax(&text[at..=at], "a carriage return alone ends no line"));
    }
    text.starts_with('\u{feff}').then(|| Fault::syntax(&text[..3], "a second byte order mark"))
}

fn syntax<'s>(text: &'s str, error: &ParseError) -> Fault<'s> {
    let span = error.unexpected().or(error.context()).unwrap_or_default();
    let at = text.get(span.start()..span.end()).unwrap_or(&text[text.len()..]);
    Fault::syntax(at, error.description())
}

/// What nearly every text is: in quotes, without an escape and without a character that TOML might refuse; or a bare
/// key. The rest is for the decoder, which costs five times as much.
fn plain(whole: &str, encoding: Option<Encoding>, is_key: bool) -> Option<&str> {
    let (inner, quote) = match encoding {
        Some(Encoding::BasicString) => (whole.strip_prefix('"')?.strip_suffix('"')?, b'"'),
        Some(Encoding::LiteralString) => (whole.strip_prefix('\'')?.strip_suffix('\'')?, b'\''),
        None if is_key => {
            let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            return (!whole.is_empty() && whole.bytes().all(is_bare)).then_some(whole);
        }
        _ => return None,
    };
    let is_plain = |byte: u8| matches!(byte, 0x20..0x7f) & (byte != b'\\') & (byte != quote);
    inner.bytes().fold(true, |plain, byte| plain & is_plain(byte)).then_some(inner)
}

/// A table under construction. Children are named by their place in the builder's list, so that a header finds its
/// table in one look-up, however many there are.
#[derive(Default)]
struct Draft<'s> {
    heading: &'s str,
    entries: Vec<(Text<'s>, Slot<'s>)>,
    definition: Definition,
    depth: usize,
}

/// Where a table stands below another: its place in the list, and its entry there.
struct Child {
    table: usize,
    entry: usize,
}

/// What a table was defined by decides what may still add to it.
#[derive(Clone, Copy, Default, PartialEq)]
enum Definition {
    /// Only named on the way to another: a header may still define it.
    #[default]
    Implied,
    /// A header of its own, once.
    Header,
    /// Dotted keys, all below the same header.
    Dotted { below: usize },
}

enum Slot<'s> {
    Value(Node<'s>),
    Table(usize),
    Tables(Vec<usize>),
}

/// An array or inline table that is still open.
enum Open<'s> {
    Array(Vec<Node<'s>>),
    Inline { table: usize, outer: usize, key: Vec<Text<'s>> },
}

struct Builder<'s> {
    text: &'s str,
    tables: Vec<Draft<'s>>,
    children: HashMap<(usize, String), Child>,
    current: usize,
    key: Vec<Text<'s>>,
    opened: Vec<Open<'s>>,
    header: Span,
    too_deep: bool,
    budget: Budget,
    faults: Faults<'s>,
}

impl<'s> Builder<'s> {
    fn new(text: &'s str, budget: Budget) -> Builder<'s> {
        Builder {
            text,
            budget,
            tables: vec![Draft { heading: &text[..0], ..Draft::default() }],
            children: HashMap::new(),
            current: 0,
            key: Vec::new(),
            opened: Vec::new(),
            header: Span::default(),
            too_deep: false,
            faults: Faults::default(),
        }
    }

    /// Reads statement after statement; the fault is that of a text which holds too much.
    fn read(&mut self, errors: &mut Option<ParseError>) -> Option<Fault<'s>> {
        let mut statements = Statements::new(self.text);
        loop {
            let at = match statements.take(&self.budget) {
                Ok(false) => return None,
                Ok(true) => statements.tokens[0].span().start(),
                Err(at) => return Some(self.budget.fault(self.text, at)),
            };
            parse_document(&statements.tokens, &mut RecursionGuard::new(self, MAX_DEPTH as u32), errors);
            if !self.budget.holds(0) {
                return Some(self.budget.fault(self.text, at));
            }
        }
    }

    fn slice(&self, span: Span) -> &'s str {
        self.text.get(span.start()..span.end()).unwrap_or_default()
    }

    fn draft(&mut self, heading: &'s str, depth: usize) -> usize {
        self.budget.spend(size_of::<Draft<'_>>() + size_of::<Option<Table<'_>>>());
        self.tables.push(Draft { heading, depth, ..Draft::default() });
        self.tables.len() - 1
    }

    /// A key of a hundred thousand parts is a table of that depth, and whoever walks it needs a stack as deep.
    fn is_too_deep(&mut self, at: &'s str, depth: usize) -> bool {
        let is_too_deep = depth > MAX_DEPTH;
        if is_too_deep && !self.too_deep {
            self.too_deep = true;
            self.faults.push(Fault::syntax(at, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        is_too_deep
    }

    /// The table that `key` names below `parent`, made when it is not there; of an array of tables, the last.
    fn descend(&mut self, parent: usize, key: &Text<'s>) -> usize {
        if let Some(known) = self.children.get(&(parent, key.as_str().to_owned())) {
            return known.table;
        }
        let depth = self.tables[parent].depth + 1;
        if self.is_too_deep(key.raw, depth) {
            return parent;
        }
        let child = self.draft(key.raw, depth);
        self.adopt(parent, key.clone(), child, Slot::Table(child));
        child
    }

    fn adopt(&mut self, parent: usize, key: Text<'s>, child: usize, slot: Slot<'s>) {
        let entry = self.tables[parent].entries.len();
        // A hash table has room for as many again.
        self.budget.spend(2 * size_of::<((usize, String), Child)>() + key.as_str().len());
        self.children.insert((parent, key.as_str().to_owned()), Child { table: child, entry });
        self.push(parent, (key, slot));
    }

    fn push(&mut self, table: usize, entry: (Text<'s>, Slot<'s>)) {
        let entries = &mut self.tables[table].entries;
        self.budget.spend(growth(entries));
        entries.push(entry);
    }

    /// Of the table that is left for another, the room that it did not need is given back.
    fn leave(&mut self) {
        let entries = &mut self.tables[self.current].entries;
        self.budget.regain((entries.capacity() - entries.len()) * size_of::<(Text<'_>, Slot<'_>)>());
        entries.shrink_to_fit();
    }

    /// `[a.b]`
    fn open_table(&mut self, heading: &'s str) {
        self.leave();
        let key = std::mem::take(&mut self.key);
        self.current = key.iter().fold(0, |at, part| self.descend(at, part));
        let table = &mut self.tables[self.current];
        if std::mem::replace(&mut table.definition, Definition::Header) != Definition::Implied {
            self.faults.push(Fault::duplicate(heading, table.heading));
        }
        table.heading = heading;
    }

    /// The table that the dotted part of a key leads to.
    fn follow(&mut self, key: &[Text<'s>]) -> usize {
        let below = self.current;
        key.iter().fold(below, |at, part| {
            let count = self.tables.len();
            let table = self.descend(at, part);
            let dotted = Definition::Dotted { below };
            if table == count {
                self.tables[table].definition = dotted;
            } else if self.tables[table].definition != dotted {
                self.faults.push(Fault::duplicate(part.raw, self.tables[table].heading));
            }
            table
        })
    }

    /// `[[a.b]]`
    fn open_element(&mut self, heading: &'s str) {
        self.leave();
        let mut key = std::mem::take(&mut self.key);
        let Some(last) = key.pop() else { return };
        let parent = key.iter().fold(0, |at, part| self.descend(at, part));
        let child = self.draft(heading, self.tables[parent].depth + 1);
        self.tables[child].definition = Definition::Header;
        self.current = child;
        let place = (parent, last.as_str().to_owned());
        let entries = &mut self.tables[parent].entries;
        let known = self.children.get_mut(&place).map(|known| {
            known.table = child;
            known.entry
        });
        match known.map(|entry| &mut entries[entry]) {
            Some((_, Slot::Tables(list))) => list.push(child),
            Some((name, _)) => {
                self.faults.push(Fault::duplicate(heading, name.raw));
                entries.push((last, Slot::Tables(vec![child])));
            }
            None => self.adopt(parent, last, child, Slot::Tables(vec![child])),
        }
    }

    /// A finished value goes into the open array, or behind the key that waits for it.
    fn put(&mut self, node: Node<'s>) {
        if let Some(Open::Array(items)) = self.opened.last_mut() {
            self.budget.spend(growth(items));
            items.push(node);
            return;
        }
        let mut key = std::mem::take(&mut self.key);
        let Some(last) = key.pop() else { return };
        let table = self.follow(&key);
        self.push(table, (last, Slot::Value(node)));
    }

    fn decode(
        &mut self,
        span: Span,
        encoding: Option<Encoding>,
        is_key: bool,
        error: &mut dyn ErrorSink,
    ) -> Node<'s> {
        let whole = self.slice(span);
        if let Some(plain) = plain(whole, encoding, is_key) {
            return Node::String(Text::plain(plain));
        }
        let raw = Raw::new_unchecked(whole, encoding, span);
        let mut meaning = std::borrow::Cow::Borrowed("");
        if is_key {
            raw.decode_key(&mut meaning, error);
        } else {
            let kind = raw.decode_scalar(&mut meaning, error);
            if encoding.is_none() && kind != toml_parser::decoder::ScalarKind::String {
                return Node::Other(whole);
            }
        }
        let quotes = match encoding {
            None => 0,
            Some(Encoding::BasicString | Encoding::LiteralString) => 1,
            Some(Encoding::MlBasicString | Encoding::MlLiteralString) => 3,
        };
        let inner = whole.get(quotes..whole.len().saturating_sub(quotes)).unwrap_or(whole);
        self.budget.spend(size_of::<String>() + meaning.len());
        Node::String(Text::with(inner, meaning.into_owned()))
    }

    fn finish(mut self, faults: &mut Faults<'s>) -> Table<'s> {
        // Children always come after their parents, so from the end every child is ready when its parent is built.
        let mut ready: Vec<Option<Table<'s>>> = (0..self.tables.len()).map(|_| None).collect();
        for at in (0..self.tables.len()).rev() {
            let draft = std::mem::take(&mut self.tables[at]);
            let mut take = |child: usize| Node::Table(ready[child].take().unwrap_or_default());
            let entries: Vec<_> = draft
                .entries
                .into_iter()
                .map(|(key, slot)| match slot {
                    Slot::Value(node) => (key, node),
                    Slot::Table(child) => (key, take(child)),
                    Slot::Tables(list) => (key, Node::Array(list.into_iter().map(&mut take).collect())),
                })
                .collect();
            find_duplicates(&entries, faults);
            ready[at] = Some(Table { heading: draft.heading, entries });
        }
        ready[0].take().unwrap_or_default()
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.header = span;
        self.key.clear();
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_table(self.slice(self.header.append(span)));
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.header = span;
        self.key.clear();
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_element(self.slice(self.header.append(span)));
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        let heading = self.slice(span);
        let key = std::mem::take(&mut self.key);
        let depth = self.tables[self.current].depth + key.len() + 1;
        let table = self.draft(heading, depth);
        self.opened.push(Open::Inline { table, outer: self.current, key });
        self.current = table;
        !self.is_too_deep(heading, depth)
    }

    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        let Some(Open::Inline { table, outer, key }) = self.opened.pop() else { return };
        self.key = key;
        self.current = outer;
        let node = self.take_inline(table);
        self.put(node);
    }

    fn array_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.opened.push(Open::Array(Vec::new()));
        true
    }

    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        if let Some(Open::Array(mut items)) = self.opened.pop() {
            self.budget.regain((items.capacity() - items.len()) * size_of::<Node<'_>>());
            items.shrink_to_fit();
            self.put(Node::Array(items));
        }
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        if let Node::String(text) = self.decode(span, kind, true, error) {
            self.key.push(text);
        }
    }

    fn scalar(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        let node = self.decode(span, kind, false, error);
        self.put(node);
    }

    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        // A key whose value never came must not name the next one.
        if self.opened.is_empty() {
            self.key.clear();
        }
    }
}

impl<'s> Builder<'s> {
    /// An inline table is complete when it closes: it leaves the list of drafts as a tree.
    fn take_inline(&mut self, table: usize) -> Node<'s> {
        let draft = std::mem::take(&mut self.tables[table]);
        let mut entries = Vec::with_capacity(draft.entries.len());
        for (key, slot) in draft.entries {
            let node = match slot {
                Slot::Value(node) => node,
                Slot::Table(child) => self.take_inline(child),
                Slot::Tables(list) => Node::Array(list.into_iter().map(|it| self.take_inline(it)).collect()),
            };
            entries.push((key, node));
        }
        find_duplicates(&entries, &mut self.faults);
        Node::Table(Table { heading: draft.heading, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;
    use crate::text::syntax::FaultKind;
    use proptest::prelude::*;

    fn source(text: &str) -> Source {
        Source::new("x.toml", Side::Worktree, text.into())
    }

    fn agrees(node: &Node<'_>, value: &toml::Value) -> bool {
        match (node, value) {
            (Node::String(text), toml::Value::String(other)) => text.as_str() == other,
            (Node::Other(_), other) => !matches!(other, toml::Value::String(_) | toml::Value::Table(_)),
            (Node::Array(items), toml::Value::Array(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(a, b)| agrees(a, b))
            }
            (Node::Table(table), toml::Value::Table(map)) => same_table(table, map),
            _ => false,
        }
    }

    #[test]
    fn a_carriage_return_alone_and_a_second_mark_are_refused() {
        for text in ["a = 1 # c\rb = 2\n", "a = 1\r", "a = \"\"\"\r\"\"\"\n", "\u{feff}\u{feff}a = 1\n"] {
            let source = source(text);
            let faults = read(&source).1;
            assert!(faults.iter().any(|fault| fault.kind == FaultKind::Syntax), "{text:?}");
            assert!(toml::from_str::<toml::Table>(text).is_err(), "{text:?}");
        }
        assert_eq!(read(&source("\u{feff}a = 1\r\n")).1.len(), 0);
    }

    fn same_table(table: &Table<'_>, map: &toml::Table) -> bool {
        table.entries.len() == map.len()
            && table
                .entries
                .iter()
                .all(|(key, node)| map.get(key.as_str()).is_some_and(|it| agrees(node, it)))
    }

    #[test]
    fn reads_what_toml_reads() {
        let text = r#"
version = 4
a.b.c = "dotted"
[[package]]
name = "x"
dependencies = ["a 1", { name = "y", extra = ["z"] }]
[package.source]
registry = 'https://pypi.example.com/simple'
[[package]]
name = """
multi"""
[metadata]
"checksum a 1 (registry+x)" = "<none>"
[metadata.deep.er]
x = 1979-05-27T07:32:00Z
"#;
        let source = source(text);
        let (table, faults) = read(&source);
        assert!(faults.is_empty(), "{faults:?}");
        assert!(same_table(&table, &text.parse().unwrap()), "{table:?}");
    }

    #[test]
    fn duplicates_are_faults_on_the_second() {
        for (text, at) in [
            ("a = 1\na = 2\n", 6),
            ("[t]\n[t]\n", 4),
            ("[[p]]\nx = 1\nx = 1\n", 12),
            ("t = { a = 1, a = 2 }\n", 13),
            ("p = 1\n[[p]]\n", 8),
        ] {
            let source = source(text);
            let (_, faults) = read(&source);
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert_eq!(faults[0].kind, FaultKind::DuplicateKey);
            assert_eq!(source.span(faults[0].at).unwrap().start, at, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded_however_it_is_written() {
        let deep = vec!["a"; 100_000].join(".");
        let inline = "a = { b = ".repeat(200) + "1" + &" }".repeat(200);
        for text in [format!("[{deep}]"), format!("[[{deep}]]"), format!("{deep} = 1"), inline] {
            let source = source(&text);
            let (_, faults) = read(&source);
            assert!(faults.iter().any(|fault| fault.kind == FaultKind::Syntax), "{faults:?}");
        }
    }

    #[test]
    fn syntax_errors_have_a_place() {
        let source = source("a = 1\nb = \n");
        let (_, faults) = read(&source);
        assert_eq!(source.place(source.span(faults[0].at).unwrap().start).line, 2);
    }

    proptest! {
        #[test]
        fn agrees_with_toml_on_any_text(
            lines in proptest::collection::vec(r#"(\[|\[\[)?[ab]{1}(\.[ab]){0,2}(\]|\]\])?( = (1|"x"|\[1, \{ a = 1 \}\]|\{ a = 1, [ab]\.b = 2 \}|\{\}|'))?"#, 0..6),
        ) {
            let text = lines.join("\n");
            let source = source(&text);
            let (table, faults) = read(&source);
            match text.parse::<toml::Table>() {
                Ok(other) => {
                    prop_assert!(faults.is_empty(), "{text}\n{faults:?}");
                    prop_assert!(same_table(&table, &other), "{text}\n{table:?}");
                }
                Err(error) => prop_assert!(!faults.is_empty(), "{text}\n{table:?} {error}"),
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            read(&source(&text));
        }
    }
}

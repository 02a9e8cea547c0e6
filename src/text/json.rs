//! JSON (RFC 8259, nothing more), read in one pass over the text.
//!
//! [`Reader::object`] walks an object without building it: a lockfile of a hundred thousand entries never stands in
//! memory as a tree. [`Reader::node`] builds one, for small files. A value of the wrong type is the caller's to report; a
//! text that is not JSON is a [`Fault`] at the very byte, after which everything returns [`Broken`].

use memchr::memchr2;

use crate::text::source::Source;
use crate::text::syntax::budget::Budget;
use crate::text::syntax::{
    Fault, Faults, MAX_DEPTH, Node, Table, Text, find_duplicate_keys, find_duplicates,
};

/// The text is not JSON; the fault has been noted.
#[derive(Debug)]
pub struct Broken;

/// What a key takes that is kept to find its twins: itself, and its place in a hash table that has room for as many again.
const KEY: usize = size_of::<Text<'_>>() + 2 * size_of::<(&str, &str)>();

type Result<T> = std::result::Result<T, Broken>;

pub struct Reader<'s> {
    text: &'s str,
    at: usize,
    depth: usize,
    /// Of all objects that are open: one list, so that an object costs no allocation.
    keys: Vec<Text<'s>>,
    budget: Budget,
    pub faults: Faults<'s>,
}

/// The whole document as one tree, if it is JSON, and what is wrong with it.
pub fn read(source: &Source) -> (Option<Node<'_>>, Faults<'_>) {
    let mut reader = Reader::new(source);
    let node = reader.node().and_then(|node| reader.end().map(|()| node));
    (node.ok(), reader.faults)
}

impl<'s> Reader<'s> {
    pub fn new(source: &'s Source) -> Reader<'s> {
        Reader {
            text: source.text(),
            at: 0,
            depth: 0,
            keys: Vec::new(),
            budget: Budget::of(source),
            faults: source.fault().into_iter().collect(),
        }
    }

    /// Walks an object: `each` is called behind every key and must consume the value.
    pub fn object(&mut self, mut each: impl FnMut(&mut Self, &Text<'s>) -> Result<()>) -> Result<()> {
        self.open(b'{', "an object")?;
        let first = self.keys.len();
        if !self.close(b'}') {
            loop {
                self.space();
                let key = self.string("a key")?;
                self.expect(b':', "`:`")?;
                each(self, &key)?;
                self.spend(KEY)?;
                self.keys.push(key);
                if !self.more(b'}', "`,` or `}`")? {
                    break;
                }
            }
        }
        find_duplicate_keys(self.keys[first..].iter(), &mut self.faults);
        self.budget.regain((self.keys.len() - first) * KEY);
        self.keys.truncate(first);
        self.depth -= 1;
        Ok(())
    }

    /// Walks what should be an object, and reports it when it is none.
    pub fn object_of(
        &mut self,
        key: &Text<'s>,
        each: impl FnMut(&mut Self, &Text<'s>) -> Result<()>,
    ) -> Result<()> {
        if self.at_object() {
            return self.object(each);
        }
        self.faults.push(Fault::shape(key.raw, "should be an object"));
        self.skip()
    }

    /// What should be a string; another value is reported and passed over.
    pub fn text_of(&mut self, key: &Text<'s>) -> Result<Option<Text<'s>>> {
        self.space();
        if self.peek() == Some(b'"') {
            return self.string("a value").map(Some);
        }
        self.faults.push(Fault::shape(key.raw, "should be a string"));
        self.skip().map(|()| None)
    }

    /// A string that has something in it; nothing for `false` and an empty one, which both say that there is none.
    pub fn text_unless_false(&mut self, key: &Text<'s>) -> Result<Option<Text<'s>>> {
        self.space();
        if self.peek() == Some(b'f') {
            return self.word().map(|_| None);
        }
        Ok(self.text_of(key)?.filter(|text| !text.as_str().is_empty()))
    }

    /// Whether the next value is `true`; anything else is false.
    pub fn flag(&mut self) -> Result<bool> {
        self.space();
        if matches!(self.peek(), Some(b't' | b'f' | b'n')) {
            return self.word().map(|word| word == "true");
        }
        self.skip().map(|()| false)
    }

    /// Passes over a value, which has to be JSON all the same.
    pub fn skip(&mut self) -> Result<()> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object(|reader, _| reader.skip()),
            Some(b'[') => self.each(Self::skip),
            Some(b'"') => self.string("a value").map(drop),
            _ => self.word().map(drop),
        }
    }

    /// Whether the next value is an object.
    pub fn at_object(&mut self) -> bool {
        self.space();
        self.peek() == Some(b'{')
    }

    /// Takes so many bytes of what the file may take. Where they are not there, it is not read on.
    pub fn spend(&mut self, bytes: usize) -> Result<()> {
        if self.budget.spend(bytes) {
            return Ok(());
        }
        self.faults.push(self.budget.fault(self.text, self.at));
        Err(Broken)
    }

    /// Reads the next value whole.
    pub fn node(&mut self) -> Result<Node<'s>> {
        self.spend(size_of::<(Text<'_>, Node<'_>)>())?;
        self.space();
        match self.peek() {
            Some(b'{') => self.table(&self.text[self.at..=self.at]).map(Node::Table),
            Some(b'[') => self.array(),
            Some(b'"') => self.string("a value").map(Node::String),
            Some(b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => self.word().map(Node::Other),
            _ => self.broken("expected a value"),
        }
    }

    /// Looks at the next value as a whole, and keeps nothing of it.
    pub fn glance(&mut self, look: impl FnOnce(&Node<'s>)) -> Result<()> {
        let before = self.budget;
        look(&self.node()?);
        self.budget = before;
        Ok(())
    }

    /// Checks that nothing follows.
    pub fn end(&mut self) -> Result<()> {
        self.space();
        if self.at < self.text.len() { self.broken("expected the end of the file") } else { Ok(()) }
    }

    fn table(&mut self, heading: &'s str) -> Result<Table<'s>> {
        self.open(b'{', "an object")?;
        let mut entries = Vec::new();
        if !self.close(b'}') {
            loop {
                self.space();
                let key = self.string("a key")?;
                self.expect(b':', "`:`")?;
                let node = if self.at_object() { self.table(key.raw).map(Node::Table) } else { self.node() }?;
                entries.push((key, node));
                if !self.more(b'}', "`,` or `}`")? {
                    break;
                }
            }
        }
        find_duplicates(&entries, &mut self.faults);
        self.depth -= 1;
        Ok(Table { heading, entries })
    }

    fn array(&mut self) -> Result<Node<'s>> {
        let mut items = Vec::new();
        self.each(|reader| reader.node().map(|node| items.push(node)))?;
        Ok(Node::Array(items))
    }

    /// Walks an array: `item` must consume an element.
    fn each(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.open(b'[', "an array")?;
        if !self.close(b']') {
            loop {
                item(self)?;
                if !self.more(b']', "`,` or `]`")? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn string(&mut self, what: &str) -> Result<Text<'s>> {
        if self.peek() != Some(b'"') {
            return self.broken(format!("expected {what} in double quotes"));
        }
        let start = self.at + 1;
        let mut end = start;
        let mut escaped = false;
        loop {
            match memchr2(b'"', b'\\', &self.text.as_bytes()[end..]) {
                None => return self.broken("a string that does not end"),
                Some(found) if self.text.as_bytes()[end + found] == b'"' => {
                    end += found;
                    break;
                }
                // Whatever is escaped, it is no closing quote. It may be the first byte of a longer character.
                Some(found) => {
                    escaped = true;
                    end = (end + found + 2).min(self.text.len());
                }
            }
        }
        let raw = &self.text[start..end];
        // Without an early way out the loop runs over many bytes at once.
        if raw.bytes().fold(false, |found, byte| found | (byte < 0x20)) {
            self.at = start + raw.bytes().position(|byte| byte < 0x20).unwrap_or_default();
            return self.broken("a control character in a string");
        }
        let text = if escaped { self.unescape(raw)? } else { Text::plain(raw) };
        self.at = end + 1;
        Ok(text)
    }

    /// Escapes are rare in lockfiles: serde_json knows their rules.
    fn unescape(&mut self, raw: &'s str) -> Result<Text<'s>> {
        let quoted = &self.text[self.at..self.at + raw.len() + 2];
        match serde_json::from_str::<String>(quoted) {
            Ok(meaning) => Ok(Text::with(raw, meaning)),
            Err(error) => self.broken(format!("a string that can't be decoded ({error})")),
        }
    }

    fn word(&mut self) -> Result<&'s str> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let word = &self.text[self.at..self.at + length];
        if !matches!(word, "true" | "false" | "null") && !is_number(word.as_bytes()) {
            return self.broken("expected a value");
        }
        self.at += length;
        Ok(word)
    }

    fn open(&mut self, byte: u8, what: &str) -> Result<()> {
        self.space();
        if self.peek() != Some(byte) {
            return self.broken(format!("expected {what}"));
        }
        if self.depth == MAX_DEPTH {
            return self.broken(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> bool {
        self.space();
        let closes = self.peek() == Some(byte);
        self.at += usize::from(closes);
        closes
    }

    /// Behind an element: whether another follows.
    fn more(&mut self, close: u8, what: &str) -> Result<bool> {
        if self.close(close) {
            return Ok(false);
        }
        self.expect(b',', what)?;
        Ok(true)
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        self.space();
        if self.peek() != Some(byte) {
            return self.broken(format!("expected {what}"));
        }
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn broken<T>(&mut self, message: impl Into<String>) -> Result<T> {
        let rest = &self.text[self.at..];
        let width = rest.chars().next().map_or(0, char::len_utf8);
        self.faults.push(Fault::syntax(&rest[..width], message));
        Err(Broken)
    }
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, text) = split_digits(text);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return false;
    }
    let (fraction_ok, text) = match text.strip_prefix(b".") {
        Some(text) => (!split_digits(text).0.is_empty(), split_digits(text).1),
        None => (true, text),
    };
    let exponent_ok = match text {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => {
            !digits.is_empty() && split_digits(digits).1.is_empty()
        }
        _ => false,
    };
    fraction_ok && exponent_ok
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|b| b.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;
    use crate::text::syntax::FaultKind;
    use proptest::prelude::*;

    fn source(text: &str) -> Source {
        Source::new("x.json", Side::Worktree, text.into())
    }

    /// What serde_json makes of the same tree; its own numbers are compared as text.
    fn agrees(node: &Node<'_>, value: &serde_json::Value) -> bool {
        match (node, value) {
            (Node::String(text), serde_json::Value::String(other)) => text.as_str() == other,
            (Node::Other(raw), serde_json::Value::Number(_)) => is_number(raw.as_bytes()),
            (Node::Other(raw), serde_json::Value::Null) => *raw == "null",
            (Node::Other(raw), serde_json::Value::Bool(yes)) => *raw == if *yes { "true" } else { "false" },
            (Node::Array(items), serde_json::Value::Array(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(a, b)| agrees(a, b))
            }
            (Node::Table(table), serde_json::Value::Object(map)) => {
                table.entries.iter().all(|(key, _)| {
                    map.get(key.as_str()).is_some_and(|it| agrees(table.get(key.as_str()).unwrap(), it))
                }) && map.len() <= table.entries.len()
            }
            _ => false,
        }
    }

    fn spans_hold(node: &Node<'_>, source: &Source) -> bool {
        match node {
            Node::String(text) => source.span(text.raw).is_some(),
            Node::Other(raw) => source.span(raw).is_some(),
            Node::Array(items) => items.iter().all(|it| spans_hold(it, source)),
            Node::Table(table) => {
                source.span(table.heading).is_some()
                    && table
                        .entries
                        .iter()
                        .all(|(k, v)| source.span(k.raw).is_some() && spans_hold(v, source))
            }
        }
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#" {"a": [1, -2.5e+3, true, null, "x\n\u00e9"], "b": {"c": {}}, "d": []} "#;
        let source = source(text);
        let (node, faults) = read(&source);
        assert!(faults.is_empty(), "{faults:?}");
        assert!(agrees(&node.unwrap(), &serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn an_escape_keeps_its_raw_slice() {
        let source = source(r#"{"k": "\u0068ttp"}"#);
        let node = read(&source).0.unwrap();
        let text = node.as_table().unwrap().text("k").unwrap();
        assert_eq!((text.as_str(), text.raw, text.is_escaped()), ("http", r"\u0068ttp", true));
    }

    #[test]
    fn duplicate_keys_are_faults_on_the_second() {
        let source = source(r#"{"a": 1, "b": {"c": 1, "c": 2}, "\u0061": 2}"#);
        let (_, faults) = read(&source);
        let spans: Vec<_> = faults.iter().map(|f| (f.kind, source.span(f.at).unwrap().start)).collect();
        assert_eq!(spans, [(FaultKind::DuplicateKey, 24), (FaultKind::DuplicateKey, 33)]);
    }

    #[test]
    fn what_is_not_json_is_a_fault_at_the_byte() {
        for (text, at) in [
            ("{\"a\" 1}", 5),
            ("{\"a\": 01}", 6),
            ("{\"a\": 1,}", 8),
            ("[1 2]", 3),
            ("\"abc", 0),
            ("", 0),
            ("{}x", 2),
            ("\"a\tb\"", 2),
            ("\"\\x\"", 0),
        ] {
            let source = source(text);
            let (node, faults) = read(&source);
            assert!(node.is_none(), "{text}");
            assert_eq!(source.span(faults[0].at).unwrap().start, at, "{text}: {faults:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = source(&"[".repeat(MAX_DEPTH + 1));
        assert!(read(&deep).1[0].message.contains("nested deeper"));
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_any_text(
            text in r#"[\[\]{}:,"\\a-cu0-9eE.+\- tfn\n\t]{0,40}"#,
        ) {
            let source = source(&text);
            let (node, _) = read(&source);
            let other: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            // serde_json refuses numbers that overflow a double; we keep every number as text.
            if let Some(other) = other {
                let node = node.expect("serde_json reads it");
                prop_assert!(agrees(&node, &other));
                prop_assert!(spans_hold(&node, &source));
            } else if let Some(node) = node {
                prop_assert!(text.to_lowercase().contains('e'), "{node:?}");
            }
        }
    }
}

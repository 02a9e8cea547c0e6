//! The YAML that package managers write, one line at a time.
//!
//! Everything here answers `None` for "not of the subset", and then the file is read by [`general`](super::general).
//! So a doubt costs time, never truth: whatever is accepted must be what a YAML parser reads.

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter};

use super::Yaml;
use super::characters::{STOPS_FLOW_PLAIN, has_comment, is_simple_text, starts_plain, unescape};
use crate::text::syntax::budget::Budget;
use crate::text::syntax::{Faults, MAX_DEPTH, Node, Table, Text, find_duplicates};

/// The length that YAML allows a key without `?`, with room for its quotes; bytes, where YAML counts characters.
const LONGEST_KEY: usize = 1000;

/// The indentation of what is no line: a document marker, the end.
const NO_LINE: isize = -1;

pub(super) fn read(text: &str, budget: Budget) -> Option<Yaml<'_>> {
    if !is_simple_text(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader {
        text,
        line: 0,
        at: 0,
        end: 0,
        next: 0,
        indent: NO_LINE,
        at_marker: false,
        depth: 0,
        entries: Vec::new(),
        items: Vec::new(),
        budget,
        crowded: false,
        faults: Faults::default(),
    };
    reader.next_line()?;
    let documents = match reader.stream() {
        None if reader.crowded => {
            reader.faults.push(budget.fault(text, reader.at));
            Vec::new()
        }
        documents => documents?,
    };
    Some(Yaml { documents, faults: reader.faults })
}

struct Reader<'s> {
    text: &'s str,
    /// Where the line starts.
    line: usize,
    /// What is read next, within the line.
    at: usize,
    /// Where the line ends, without its break.
    end: usize,
    /// Where the next line starts.
    next: usize,
    indent: isize,
    /// With [`NO_LINE`]: a `---` rather than the end.
    at_marker: bool,
    depth: usize,
    /// Of all maps and lists that are open: what one has gets a list of its own when it is closed, and no more room than
    /// it needs.
    entries: Vec<(Text<'s>, Node<'s>)>,
    items: Vec<Node<'s>>,
    budget: Budget,
    /// The budget was not enough: nothing is read on.
    crowded: bool,
    faults: Faults<'s>,
}

impl<'s> Reader<'s> {
    fn stream(&mut self) -> Option<Vec<Node<'s>>> {
        let mut documents = Vec::new();
        loop {
            if self.at_marker {
                self.next_line()?;
            } else if self.indent == NO_LINE {
                return Some(documents);
            }
            if self.indent == NO_LINE {
                return None;
            }
            let document = self.root()?;
            self.spend(size_of_val(&document))?;
            documents.push(document);
            if self.indent != NO_LINE {
                return None;
            }
        }
    }

    fn root(&mut self) -> Option<Node<'s>> {
        let heading = &self.text[self.at..self.at];
        match self.byte()? {
            b'{' | b'[' => self.inline(0, Some(heading)),
            _ => self.block(heading),
        }
    }

    /// A map or a list that starts on this line.
    fn block(&mut self, heading: &'s str) -> Option<Node<'s>> {
        let column = self.column();
        if self.is_dash() { self.list(column) } else { self.map(column, Some(heading)) }
    }

    fn map(&mut self, column: isize, heading: Option<&'s str>) -> Option<Node<'s>> {
        self.enter()?;
        let first = self.entries.len();
        loop {
            let entry = if self.is_explicit() { self.explicit_entry(column) } else { self.entry(column) }?;
            self.put_entry(entry)?;
            if self.indent < column {
                break;
            }
            if self.indent > column {
                return None;
            }
        }
        self.table(heading, first)
    }

    fn put_entry(&mut self, entry: (Text<'s>, Node<'s>)) -> Option<()> {
        self.spend(size_of_val(&entry))?;
        self.entries.push(entry);
        Some(())
    }

    fn put_item(&mut self, item: Node<'s>) -> Option<()> {
        self.spend(size_of_val(&item))?;
        self.items.push(item);
        Some(())
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.crowded = !self.budget.spend(bytes);
        (!self.crowded).then_some(())
    }

    /// The items of a list, once it is closed.
    fn array(&mut self, first: usize) -> Option<Node<'s>> {
        self.depth -= 1;
        Some(Node::Array(self.items.drain(first..).collect()))
    }

    fn entry(&mut self, column: isize) -> Option<(Text<'s>, Node<'s>)> {
        let key = self.key()?;
        let value = self.value(column, key.raw)?;
        Some((key, value))
    }

    /// After the `:` of a key.
    fn value(&mut self, column: isize, key: &'s str) -> Option<Node<'s>> {
        if self.at < self.end {
            self.skip_spaces();
            return self.inline(column, Some(key));
        }
        let colon = self.at - 1;
        self.next_line()?;
        if self.indent > column || (self.indent == column && self.is_dash()) {
            self.block(key)
        } else {
            Some(Node::Other(&self.text[colon..colon]))
        }
    }

    /// `? key`, and `: value` on a line of its own: how long keys are written.
    fn explicit_entry(&mut self, column: isize) -> Option<(Text<'s>, Node<'s>)> {
        self.at += 2;
        let key = self.explicit_key()?;
        self.next_line()?;
        if self.indent != column || self.byte() != Some(b':') {
            return None;
        }
        self.at += 1;
        let value = if self.at == self.end {
            self.next_line()?;
            if self.indent <= column { None } else { self.block(key.raw) }
        } else if self.byte() == Some(b' ') {
            self.skip_spaces();
            self.compact(column, Some(key.raw))
        } else {
            None
        };
        Some((key, value?))
    }

    fn explicit_key(&mut self) -> Option<Text<'s>> {
        let key = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ => Text::plain(self.plain()?),
        };
        (self.at == self.end && key.raw != "<<").then_some(key)
    }

    fn list(&mut self, column: isize) -> Option<Node<'s>> {
        self.enter()?;
        let first = self.items.len();
        loop {
            self.at += 1;
            self.skip_spaces();
            let item = self.compact(column, None)?;
            self.put_item(item)?;
            if self.indent > column {
                return None;
            }
            if self.indent < column || !self.is_dash() {
                break;
            }
        }
        self.array(first)
    }

    /// What follows an indicator on its line: a scalar, or a collection that is indented by where it stands.
    fn compact(&mut self, outer: isize, heading: Option<&'s str>) -> Option<Node<'s>> {
        let column = self.column();
        if self.is_dash() {
            self.list(column)
        } else if self.starts_key() {
            self.map(column, heading)
        } else {
            self.inline(outer, heading)
        }
    }

    /// A value that ends its line. Whether it is continued below shows in the next line's indentation, which whoever
    /// asked compares with its own.
    fn inline(&mut self, column: isize, heading: Option<&'s str>) -> Option<Node<'s>> {
        let node = match self.byte()? {
            b'{' | b'[' | b'"' | b'\'' => self.flow(heading)?,
            b'|' | b'>' => return self.block_scalar(column),
            _ => super::resolve(self.plain()?),
        };
        if self.at != self.end {
            return None;
        }
        self.next_line()?;
        Some(node)
    }

    fn block_scalar(&mut self, column: isize) -> Option<Node<'s>> {
        let (folds, clips) = match &self.text[self.at..self.end] {
            "|" => (false, true),
            "|-" => (false, false),
            ">" => (true, true),
            ">-" => (true, false),
            _ => return None,
        };
        let (raw, mut value) = self.block_lines(column, folds)?;
        if clips {
            // Readers differ on a last line that has no break to keep.
            if !self.text[..self.next].ends_with('\n') {
                return None;
            }
            value.push('\n');
        }
        self.next_line()?;
        Some(Node::String(Text::with(raw, value)))
    }

    /// The first line, and all of them put together.
    fn block_lines(&mut self, column: isize, folds: bool) -> Option<(&'s str, String)> {
        let mut blank = 0;
        while self.take_line() && self.line == self.end {
            blank += 1;
        }
        let raw = &self.text[self.at..self.end];
        let inner = self.column();
        if raw.is_empty() || inner <= column || (folds && raw.ends_with(' ')) {
            return None;
        }
        let mut value = "\n".repeat(blank) + raw;
        blank = 0;
        loop {
            let before = self.next;
            if !self.take_line() {
                break;
            }
            let indent = self.column();
            if self.at == self.end {
                if indent > inner {
                    return None;
                }
                blank += 1;
                continue;
            }
            if indent < inner {
                self.next = before;
                return (indent <= column).then_some((raw, value));
            }
            let line = &self.text[self.line + inner as usize..self.end];
            if folds && (line.starts_with(' ') || line.ends_with(' ')) {
                return None;
            }
            match (folds, blank) {
                (true, 0) => value.push(' '),
                (true, _) => value.extend(std::iter::repeat_n('\n', blank)),
                (false, _) => value.extend(std::iter::repeat_n('\n', blank + 1)),
            }
            value.push_str(line);
            blank = 0;
        }
        Some((raw, value))
    }

    /// A key, and the `:` after it.
    fn key(&mut self) -> Option<Text<'s>> {
        let start = self.at;
        let key = if matches!(self.byte()?, b'"' | b'\'') {
            self.quoted()?
        } else {
            let colon = self.plain_colon()?;
            let raw = &self.text[start..colon];
            if !starts_plain(raw) || raw.ends_with(' ') || raw == "<<" || has_comment(raw) {
                return None;
            }
            self.at = colon;
            Text::plain(raw)
        };
        if self.at - start > LONGEST_KEY || !self.is_colon(self.at) {
            return None;
        }
        self.at += 1;
        Some(key)
    }

    /// Whether this line, from here on, is `key:` or `key: value`.
    fn starts_key(&mut self) -> bool {
        match self.byte() {
            None | Some(b'{' | b'[') => false,
            Some(b'"' | b'\'') => {
                let start = self.at;
                let colon = self.quoted().is_some() && self.is_colon(self.at);
                self.at = start;
                colon
            }
            Some(_) => self.plain_colon().is_some(),
        }
    }

    fn plain_colon(&self) -> Option<usize> {
        let rest = &self.text.as_bytes()[self.at..self.end];
        memchr_iter(b':', rest).map(|colon| self.at + colon).find(|&colon| self.is_colon(colon))
    }

    fn is_colon(&self, at: usize) -> bool {
        matches!(self.text.as_bytes()[at..self.end], [b':'] | [b':', b' ', ..])
    }

    /// A scalar without quotes, up to the end of the line.
    fn plain(&mut self) -> Option<&'s str> {
        let raw = &self.text[self.at..self.end];
        let bytes = raw.as_bytes();
        let is_text = |at: usize| match bytes[at] {
            b':' => bytes.get(at + 1).is_some_and(|&after| after != b' '),
            _ => bytes[at - 1] != b' ',
        };
        if !starts_plain(raw) || raw.ends_with(' ') || !memchr2_iter(b':', b'#', bytes).all(is_text) {
            return None;
        }
        self.at = self.end;
        Some(raw)
    }

    /// A quoted scalar that ends on its line; then what follows its closing quote is next.
    fn quoted(&mut self) -> Option<Text<'s>> {
        let start = self.at + 1;
        let bytes = &self.text.as_bytes()[..self.end];
        let single = bytes[self.at] == b'\'';
        let mut from = start;
        let mut escaped = false;
        let close = loop {
            let rest = bytes.get(from..)?;
            let found = from + if single { memchr(b'\'', rest)? } else { memchr2(b'"', b'\\', rest)? };
            if bytes[found] == b'\\' || (single && bytes.get(found + 1) == Some(&b'\'')) {
                escaped = true;
                from = found + 2;
            } else {
                break found;
            }
        };
        self.at = close + 1;
        let raw = &self.text[start..close];
        Some(match (escaped, single) {
            (false, _) => Text::plain(raw),
            (true, true) => Text::with(raw, raw.replace("''", "'")),
            (true, false) => Text::with(raw, unescape(raw)?),
        })
    }

    fn flow(&mut self, heading: Option<&'s str>) -> Option<Node<'s>> {
        match self.byte()? {
            b'{' => self.flow_map(heading),
            b'[' => self.flow_list(),
            b'"' | b'\'' => self.quoted().map(Node::String),
            _ => self.flow_plain().map(super::resolve),
        }
    }

    fn flow_map(&mut self, heading: Option<&'s str>) -> Option<Node<'s>> {
        self.enter()?;
        let open = &self.text[self.at..self.at];
        let first = self.entries.len();
        let mut more = self.opens(b'}');
        while more {
            let key = self.flow_key()?;
            let value = self.flow(Some(key.raw))?;
            self.put_entry((key, value))?;
            more = self.separates(b'}')?;
        }
        let heading = if self.entries.len() == first { heading.or(Some(open)) } else { heading };
        self.table(heading, first)
    }

    fn flow_list(&mut self) -> Option<Node<'s>> {
        self.enter()?;
        let first = self.items.len();
        let mut more = self.opens(b']');
        while more {
            let item = self.flow(None)?;
            self.put_item(item)?;
            more = self.separates(b']')?;
        }
        self.array(first)
    }

    /// Steps into a bracket; `false` if it is closed at once.
    fn opens(&mut self, closing: u8) -> bool {
        self.at += 1;
        self.skip_spaces();
        let closed = self.byte() == Some(closing);
        self.at += usize::from(closed);
        !closed
    }

    /// Steps over what comes after an item; `false` if that closes the bracket.
    fn separates(&mut self, closing: u8) -> Option<bool> {
        self.skip_spaces();
        let byte = self.byte()?;
        self.at += 1;
        if byte == closing {
            return Some(false);
        }
        if byte != b',' || self.byte() != Some(b' ') {
            return None;
        }
        self.skip_spaces();
        Some(true)
    }

    /// A key, and the `: ` after it.
    fn flow_key(&mut self) -> Option<Text<'s>> {
        let start = self.at;
        let key = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ => Text::plain(self.flow_plain().filter(|&raw| raw != "<<")?),
        };
        let spaced = self.text.as_bytes()[self.at..self.end].starts_with(b": ");
        if !spaced || self.at - start > LONGEST_KEY {
            return None;
        }
        self.at += 1;
        self.skip_spaces();
        Some(key)
    }

    /// A scalar without quotes, up to the `,`, `}`, `]` or `: ` that ends it.
    fn flow_plain(&mut self) -> Option<&'s str> {
        let start = self.at;
        let bytes = &self.text.as_bytes()[..self.end];
        loop {
            self.at += bytes[self.at..].iter().position(|&byte| STOPS_FLOW_PLAIN[usize::from(byte)])?;
            match (bytes[self.at], bytes.get(self.at + 1)) {
                (b',' | b'}' | b']', _) | (b':', Some(b' ')) => break,
                (b':', Some(after)) if !b",[]{}\"'".contains(after) => {}
                (b'#', _) if self.at > start && bytes[self.at - 1] != b' ' => {}
                _ => return None,
            }
            self.at += 1;
        }
        let raw = self.text[start..self.at].trim_end_matches(' ');
        // A key with a space before its `:` is legal, but nobody's.
        let spaced_key = bytes[self.at] == b':' && bytes[self.at - 1] == b' ';
        (starts_plain(raw) && !spaced_key).then_some(raw)
    }

    /// A map, once it is closed.
    fn table(&mut self, heading: Option<&'s str>, first: usize) -> Option<Node<'s>> {
        let entries: Vec<_> = self.entries.drain(first..).collect();
        // Whoever looks for one among many has a hash table of them.
        if entries.len() > 1_000 {
            self.spend(entries.len() * size_of::<(&str, &str)>())?;
        }
        find_duplicates(&entries, &mut self.faults);
        self.depth -= 1;
        let heading = heading.or_else(|| entries.first().map(|(key, _)| key.raw))?;
        Some(Node::Table(Table { heading, entries }))
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// Goes to the next line that says something.
    fn next_line(&mut self) -> Option<()> {
        while self.take_line() {
            match self.byte() {
                None | Some(b'#') => {}
                Some(byte) if self.at == self.line && matches!(byte, b'-' | b'.') && self.has_marker() => {
                    self.indent = NO_LINE;
                    self.at_marker = true;
                    return (&self.text[self.at..self.end] == "---").then_some(());
                }
                Some(_) => {
                    self.indent = self.column();
                    return Some(());
                }
            }
        }
        self.indent = NO_LINE;
        self.at_marker = false;
        Some(())
    }

    fn has_marker(&self) -> bool {
        let rest = &self.text[self.at..self.end];
        rest.starts_with("---") || rest.starts_with("...")
    }

    /// Goes to the next line, whatever it says, past its indentation. At the end of the text nothing is left: `false`.
    fn take_line(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        if self.next == bytes.len() {
            (self.line, self.at, self.end) = (self.next, self.next, self.next);
            return false;
        }
        self.line = self.next;
        let found = memchr(b'\n', &bytes[self.line..]).map(|length| self.line + length);
        self.next = found.map_or(bytes.len(), |end| end + 1);
        self.end = found.unwrap_or(bytes.len());
        if self.end > self.line && bytes[self.end - 1] == b'\r' {
            self.end -= 1;
        }
        self.at = self.line;
        self.skip_spaces();
        true
    }

    fn skip_spaces(&mut self) {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
    }

    /// The next byte of the line.
    fn byte(&self) -> Option<u8> {
        if self.at < self.end { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    fn column(&self) -> isize {
        // A text is shorter than `isize::MAX`, as every allocation.
        (self.at - self.line) as isize
    }

    /// The `-` of a list.
    fn is_dash(&self) -> bool {
        matches!(self.text.as_bytes()[self.at..self.end], [b'-'] | [b'-', b' ', ..])
    }

    fn is_explicit(&self) -> bool {
        self.text.as_bytes()[self.at..self.end].starts_with(b"? ")
    }
}

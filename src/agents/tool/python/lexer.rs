//! Python's tokens, as far as literals need them. What else stands in a file is passed over without being understood.

use crate::agents::tool::value::Str;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    /// A text; nothing where it is one that has to be evaluated.
    Text(Option<Str>),
    /// `b"…"`
    Bytes,
    Name(&'t str),
    Number(&'t str),
    /// A bracket, a comma, an operator: one character, `==` and its like as two.
    Mark(char),
    /// The end of a logical line.
    End,
}

/// A token, where it stands, and whether it begins a line at its very left.
#[derive(Clone, Debug)]
pub(super) struct Spanned<'t> {
    pub(super) token: Token<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) leads: bool,
}

/// The tokens of a file; nothing where a text or a bracket does not end.
pub(super) fn tokens(text: &str) -> Option<Vec<Spanned<'_>>> {
    let mut lexer = Lexer { text, at: 0, depth: 0, tokens: Vec::new() };
    while lexer.at < text.len() {
        lexer.step()?;
    }
    lexer.end_line();
    (lexer.depth == 0).then_some(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    tokens: Vec<Spanned<'t>>,
}

impl<'t> Lexer<'t> {
    fn step(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        match first {
            '#' => self.at += rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '\n' | '\r' => {
                if self.depth == 0 {
                    self.end_line();
                }
                self.at += 1;
            }
            // The line goes on.
            '\\' => self.at += 1 + line_break(&rest[1..])?,
            _ if first.is_whitespace() || first == '\u{feff}' => self.at += first.len_utf8(),
            '"' | '\'' => self.string("")?,
            _ if first.is_ascii_digit() => self.number(),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            _ if first == '_' || first.is_alphabetic() => self.word()?,
            _ => self.mark(first)?,
        }
        Some(())
    }

    fn push(&mut self, token: Token<'t>, start: usize) {
        let leads = start == 0 || self.text[..start].ends_with(['\n', '\r', '\u{feff}']);
        self.tokens.push(Spanned { token, start, end: self.at, leads });
    }

    fn end_line(&mut self) {
        if self.tokens.last().is_some_and(|last| last.token != Token::End) {
            self.push(Token::End, self.at);
        }
    }

    fn mark(&mut self, first: char) -> Option<()> {
        match first {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.checked_sub(1)?,
            _ => {}
        }
        let start = self.at;
        self.at += first.len_utf8();
        self.push(Token::Mark(first), start);
        Some(())
    }

    fn number(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let is_prefixed = bytes[start] == b'0' && bytes.get(start + 1).is_some_and(|b| b"xXoObB".contains(b));
        let goes_on = |at: usize| {
            let byte = bytes[at];
            let is_sign = b"+-".contains(&byte) && !is_prefixed && b"eE".contains(&bytes[at - 1]);
            byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || is_sign
        };
        self.at += 1;
        while self.at < bytes.len() && goes_on(self.at) {
            self.at += 1;
        }
        self.push(Token::Number(&self.text[start..self.at]), start);
    }

    fn word(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..length];
        let is_prefix =
            matches!(word.to_ascii_lowercase().as_str(), "r" | "b" | "u" | "f" | "br" | "rb" | "fr" | "rf");
        if is_prefix && rest[length..].starts_with(['"', '\'']) {
            return self.string(word);
        }
        let start = self.at;
        self.at += length;
        self.push(Token::Name(word), start);
        Some(())
    }

    fn string(&mut self, prefix: &str) -> Option<()> {
        let start = self.at;
        let open = start + prefix.len();
        let rest = &self.text[open..];
        let quote =
            if rest.starts_with("\"\"\"") || rest.starts_with("'''") { &rest[..3] } else { &rest[..1] };
        let body = open + quote.len();
        let end = close(&self.text[body..], quote)? + body;
        self.at = end + quote.len();
        let has = |letter: char| prefix.to_ascii_lowercase().contains(letter);
        let token = if has('b') {
            Token::Bytes
        } else if has('f') {
            Token::Text(None)
        } else {
            Token::Text(decode(&self.text[body..end], has('r')))
        };
        self.push(token, start);
        Some(())
    }
}

/// Where a string ends.
fn close(body: &str, quote: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &body[at..];
        if rest.starts_with(quote) {
            return Some(at);
        }
        match rest.chars().next()? {
            '\\' => at += 1 + rest[1..].chars().next()?.len_utf8(),
            '\n' | '\r' if quote.len() == 1 => return None,
            other => at += other.len_utf8(),
        }
    }
}

/// The length of a line break.
fn line_break(text: &str) -> Option<usize> {
    if text.starts_with("\r\n") {
        return Some(2);
    }
    text.starts_with(['\n', '\r']).then_some(1)
}

/// What a string means; nothing where it names a character (`\N{…}`).
fn decode(body: &str, is_raw: bool) -> Option<Str> {
    let mut out = Str::default();
    let mut at = 0;
    while let Some(character) = body[at..].chars().next() {
        let rest = &body[at..];
        at += match (character, line_break(rest)) {
            (_, Some(length)) => {
                out.push(10);
                length
            }
            ('\\', _) if !is_raw => escape(rest, &mut out)?,
            _ => {
                out.push(u32::from(character));
                character.len_utf8()
            }
        };
    }
    Some(out)
}

/// An escape, put out; how long it is.
fn escape(rest: &str, out: &mut Str) -> Option<usize> {
    if let Some(length) = line_break(&rest[1..]) {
        return Some(1 + length);
    }
    let character = rest[1..].chars().next()?;
    let (code, length) = match character {
        '\\' | '\'' | '"' => (u32::from(character), 2),
        'a' => (7, 2),
        'b' => (8, 2),
        'f' => (12, 2),
        'n' => (10, 2),
        'r' => (13, 2),
        't' => (9, 2),
        'v' => (11, 2),
        'x' => (u32::from_str_radix(rest.get(2..4)?, 16).ok()?, 4),
        'u' => (u32::from_str_radix(rest.get(2..6)?, 16).ok()?, 6),
        'U' => (u32::from_str_radix(rest.get(2..10)?, 16).ok().filter(|code| *code < 0x11_0000)?, 10),
        '0'..='7' => {
            let digits = rest[1..].bytes().take(3).take_while(|b| (b'0'..b'8').contains(b)).count();
            (u32::from_str_radix(&rest[1..1 + digits], 8).ok()?, 1 + digits)
        }
        'N' => return None,
        // Python leaves what it does not know as it is.
        _ => (u32::from('\\'), 1),
    };
    out.push(code);
    Some(length)
}

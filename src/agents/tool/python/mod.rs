//! Python source, read for what it says of itself: module-level assignments of literals, and the docstring.
//!
//! Nothing is run. This is `ast.parse` and `ast.literal_eval` for the few shapes that tools and extractors have.

mod lexer;

use lexer::{Spanned, Token, tokens};

use super::value::{Str, Value, decimal};

/// What a module says at its outermost level.
#[derive(Debug, Default)]
pub struct Module<'t> {
    pub docstring: Option<Str>,
    pub assignments: Vec<Assignment<'t>>,
}

/// `name = value`
#[derive(Debug)]
pub struct Assignment<'t> {
    pub name: &'t str,
    pub value: Literal,
    /// The statement.
    pub at: &'t str,
}

/// What a literal is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Value(Value),
    /// An expression that has to be evaluated, which Python's `literal_eval` refuses to do.
    Expression,
    /// A literal that JSON has no value for, or that is not understood here.
    Other,
}

impl Literal {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Literal::Value(value) = self { value.as_str() } else { None }
    }
}

/// Reads a module; nothing where it is no Python.
pub fn read(text: &str) -> Option<Module<'_>> {
    let tokens = tokens(text)?;
    let mut module = Module::default();
    let mut is_first = true;
    for line in tokens.split(|it| it.token == Token::End) {
        let Some(first) = line.first() else { continue };
        if !first.leads || is_compound(&first.token) {
            is_first = false;
            continue;
        }
        for statement in split(line) {
            if std::mem::take(&mut is_first) {
                module.docstring = docstring(statement);
            }
            module.assignments.extend(assignment(text, statement));
        }
    }
    Some(module)
}

fn is_compound(token: &Token<'_>) -> bool {
    const WORDS: &[&str] =
        &["if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async"];
    matches!(token, Token::Name(name) if WORDS.contains(name)) || *token == Token::Mark('@')
}

/// The statements of a line.
fn split<'l, 't>(line: &'l [Spanned<'t>]) -> impl Iterator<Item = &'l [Spanned<'t>]> {
    line.split(|it| it.token == Token::Mark(';')).filter(|statement| !statement.is_empty())
}

fn docstring(statement: &[Spanned<'_>]) -> Option<Str> {
    let all_texts = statement.iter().all(|it| matches!(it.token, Token::Text(Some(_))));
    match Parser::new(statement).whole() {
        Literal::Value(Value::Str(text)) if all_texts => Some(text),
        _ => None,
    }
}

fn assignment<'t>(text: &'t str, statement: &[Spanned<'t>]) -> Option<Assignment<'t>> {
    let [Spanned { token: Token::Name(name), start, .. }, equals, value @ ..] = statement else {
        return None;
    };
    // `a == b` is a comparison, `a = b = c` has two targets.
    let marks = value.iter().scan(0usize, |depth, it| {
        match it.token {
            Token::Mark('(' | '[' | '{') => *depth += 1,
            Token::Mark(')' | ']' | '}') => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth == 0 && it.token == Token::Mark('='))
    });
    let is_plain = equals.token == Token::Mark('=') && !marks.into_iter().any(|is_equals| is_equals);
    let end = value.last()?.end;
    is_plain.then(|| Assignment { name, value: Parser::new(value).whole(), at: &text[*start..end] })
}

/// Deeper nesting is not understood; Python itself stops soon after.
const MAX_DEPTH: usize = 90;

struct Parser<'l, 't> {
    tokens: &'l [Spanned<'t>],
    at: usize,
    depth: usize,
}

type Parsed = Result<Value, Literal>;

impl<'l, 't> Parser<'l, 't> {
    fn new(tokens: &'l [Spanned<'t>]) -> Parser<'l, 't> {
        Parser { tokens, at: 0, depth: 0 }
    }

    fn whole(mut self) -> Literal {
        let first = match self.value() {
            Ok(value) => value,
            Err(why) => return why,
        };
        if self.peek() == Some(&Token::Mark(',')) {
            // `a = 1, 2`
            return self.rest_of_tuple(first, None).map_or_else(|why| why, Literal::Value);
        }
        if self.at == self.tokens.len() { Literal::Value(first) } else { Literal::Expression }
    }

    fn peek(&self) -> Option<&'l Token<'t>> {
        self.tokens.get(self.at).map(|it| &it.token)
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Literal::Other);
        }
        let value = self.term();
        self.depth -= 1;
        value
    }

    fn term(&mut self) -> Parsed {
        let token = self.peek().ok_or(Literal::Expression)?;
        self.at += 1;
        match token {
            Token::Text(_) => {
                self.at -= 1;
                self.texts()
            }
            Token::Bytes => Err(Literal::Other),
            Token::Number(digits) => number(digits).ok_or(Literal::Other),
            Token::Name("None") => Ok(Value::Null),
            Token::Name("True") => Ok(Value::Bool(true)),
            Token::Name("False") => Ok(Value::Bool(false)),
            Token::Mark('-') => self.value().and_then(negate),
            Token::Mark('+') => self.value().and_then(|value| match value {
                Value::Int(_) | Value::Float(_) => Ok(value),
                _ => Err(Literal::Expression),
            }),
            Token::Mark('[') => self.items(']').map(Value::List),
            Token::Mark('(') => self.parentheses(),
            Token::Mark('{') => self.braces(),
            _ => Err(Literal::Expression),
        }
    }

    /// Texts that stand side by side are one.
    fn texts(&mut self) -> Parsed {
        let mut out = Str::default();
        while let Some(token) = self.peek() {
            match token {
                Token::Text(Some(text)) => text.codes().for_each(|code| out.push(code)),
                Token::Text(None) => return Err(Literal::Expression),
                Token::Bytes => return Err(Literal::Other),
                _ => break,
            }
            self.at += 1;
        }
        Ok(Value::Str(out))
    }

    fn items(&mut self, close: char) -> Result<Vec<Value>, Literal> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.value()?);
            if !self.take(',') && self.peek() != Some(&Token::Mark(close)) {
                return Err(Literal::Expression);
            }
        }
        Ok(items)
    }

    fn parentheses(&mut self) -> Parsed {
        if self.take(')') {
            return Ok(Value::List(Vec::new()));
        }
        let first = self.value()?;
        if self.take(')') {
            return Ok(first);
        }
        self.rest_of_tuple(first, Some(')'))
    }

    /// A tuple is a list to JSON.
    fn rest_of_tuple(&mut self, first: Value, close: Option<char>) -> Parsed {
        let mut items = vec![first];
        loop {
            let ends = |parser: &mut Self| match close {
                Some(close) => parser.take(close),
                None => parser.at == parser.tokens.len(),
            };
            if ends(self) {
                return Ok(Value::List(items));
            }
            if !self.take(',') {
                return Err(Literal::Expression);
            }
            if ends(self) {
                return Ok(Value::List(items));
            }
            items.push(self.value()?);
        }
    }

    fn braces(&mut self) -> Parsed {
        let mut entries = Vec::new();
        while !self.take('}') {
            let key = self.value()?;
            if !self.take(':') {
                // A set, which JSON does not have.
                return Err(if matches!(self.peek(), Some(Token::Mark(',' | '}'))) {
                    Literal::Other
                } else {
                    Literal::Expression
                });
            }
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return Err(Literal::Other);
            }
            entries.push((key, self.value()?));
            if !self.take(',') && self.peek() != Some(&Token::Mark('}')) {
                return Err(Literal::Expression);
            }
        }
        Ok(Value::dict(entries))
    }
}

fn negate(value: Value) -> Parsed {
    match value {
        Value::Int(digits) => Ok(Value::Int(match digits.strip_prefix('-') {
            Some(digits) => digits.to_owned(),
            None => decimal(&format!("-{digits}")),
        })),
        Value::Float(number) => Ok(Value::Float(-number)),
        _ => Err(Literal::Expression),
    }
}

/// A number as Python writes it; nothing for what JSON has not.
fn number(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    let based = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(prefix, base)| {
        let head = text.get(..2).filter(|head| head.eq_ignore_ascii_case(prefix))?;
        Some((&text[head.len()..], base))
    });
    if let Some((digits, base)) = based {
        return u128::from_str_radix(digits, base).ok().map(|value| Value::Int(value.to_string()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Value::Int(decimal(&text)));
    }
    let is_float = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    text.parse().ok().filter(|_| is_float).map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::tool::json::canonical;

    fn value(text: &str) -> Literal {
        let source = format!("x = {text}\n");
        read(&source).unwrap().assignments.pop().map_or(Literal::Expression, |it| it.value)
    }

    fn form(text: &str) -> String {
        match value(text) {
            Literal::Value(value) => canonical(&value).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn literals_are_what_python_makes_of_them() {
        assert_eq!(
            form(r#"{'a': [1, -2.5, 1_000, 0x1F, 1e-7], "b": (True, None,), 'c': ()}"#),
            r#"{"a":[1,-2.5,1000,31,1e-07],"b":[true,null],"c":[]}"#
        );
        assert_eq!(form(r#""a" 'b' r"\n" "\x41\u00e9\101\q""#), r#""ab\\nA\u00e9A\\q""#);
        assert_eq!(form("1,"), "[1]");
        assert_eq!(form("-0"), "0");
        assert_eq!(form("'''a\r\nb'''"), r#""a\nb""#);
    }

    #[test]
    fn what_has_to_be_evaluated_is_not() {
        for text in ["open('x')", "a", "1 + 1", "[x for x in y]", "f'{a}'", "{**a}", "'%s' % 1", "lambda: 1"]
        {
            assert_eq!(value(text), Literal::Expression, "{text}");
        }
        for text in ["b'x'", "{1, 2}", "1j", r"'\N{DASH}'"] {
            assert_ne!(form(text), "1", "{text}");
            assert!(!matches!(value(text), Literal::Value(_)), "{text}");
        }
        assert!(!matches!(value(&format!("{}{}", "[".repeat(200), "]".repeat(200))), Literal::Value(_)));
    }

    #[test]
    fn only_the_outermost_level_counts() {
        let text = "#!/usr/bin/env python3\n# c\n\"\"\"Doc\"\"\"\nA = 1; B = 2\nif x: C = 3\ndef f():\n    D = 4\nE = '''\nF = 5\n'''\nG = H = 6\nI: int = 7\nJ == 8\nK = (\n9)\n";
        let module = read(text).unwrap();
        let names: Vec<_> = module.assignments.iter().map(|it| it.name).collect();
        assert_eq!(names, ["A", "B", "E", "K"]);
        assert_eq!(module.docstring, Some("Doc".into()));
        assert_eq!(module.assignments[3].at, "K = (\n9)");
        assert!(read("import os\n'x'\n").unwrap().docstring.is_none());
        assert!(read("x = '").is_none() && read("x = (").is_none() && read(")").is_none());
    }
}

//! JSON as Python's `json` reads and writes it, to the byte: integers of any size, `NaN`, lone surrogates.
//!
//! The canonical form (keys sorted, no spaces) is what every integrity hash of tools is taken over; the indented form is
//! how lockfiles and indexes are written.

use std::fmt::Write;

use super::value::{Str, Value, decimal};
use crate::agents::canonical::float;

/// Nesting deeper than this is refused. Python stops at about twice as much.
const MAX_DEPTH: usize = 400;

/// Python refuses to read longer integers.
const MAX_DIGITS: usize = 4300;

/// Reads a text.
pub fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.space();
    if reader.at < text.len() { Err(reader.wrong("nothing more")) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn wrong(&self, expected: &str) -> String {
        format!("expected {expected} at byte {}", self.at)
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn value(&mut self) -> Result<Value, String> {
        self.space();
        let words = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        match self.rest().bytes().next() {
            Some(b'"') => self.string().map(Value::Str),
            Some(b'[') => self.nested(Self::list),
            Some(b'{') => self.nested(Self::dict),
            _ => match words.into_iter().find(|(word, _)| self.take(word)) {
                Some((_, value)) => Ok(value),
                None => self.number(),
            },
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.space();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.take("]") {
                return Ok(Value::List(items));
            }
            if !self.take(",") {
                return Err(self.wrong("`,` or `]`"));
            }
        }
    }

    fn dict(&mut self) -> Result<Value, String> {
        let mut entries = Vec::new();
        self.space();
        if self.take("}") {
            return Ok(Value::Dict(entries));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            if !self.take(":") {
                return Err(self.wrong("`:`"));
            }
            entries.push((Value::Str(key), self.value()?));
            self.space();
            if self.take("}") {
                return Ok(Value::dict(entries));
            }
            if !self.take(",") {
                return Err(self.wrong("`,` or `}`"));
            }
        }
    }

    fn string(&mut self) -> Result<Str, String> {
        if !self.take("\"") {
            return Err(self.wrong("a text in double quotes"));
        }
        let mut out = Str::default();
        loop {
            let Some(character) = self.rest().chars().next() else {
                return Err(self.wrong("a closing quote"));
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(out),
                '\\' => {
                    let code = self.escape()?;
                    out.push(code);
                }
                ..' ' => return Err(format!("a control character at byte {}", self.at - 1)),
                _ => out.push(u32::from(character)),
            }
        }
    }

    fn escape(&mut self) -> Result<u32, String> {
        let Some(character) = self.rest().chars().next() else { return Err(self.wrong("an escape")) };
        self.at += character.len_utf8();
        Ok(match character {
            '"' | '\\' | '/' => u32::from(character),
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let high = self.unit()?;
                let before = self.at;
                if (0xd800..0xdc00).contains(&high) && self.take("\\u") {
                    let low = self.unit()?;
                    if (0xdc00..0xe000).contains(&low) {
                        return Ok(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                    }
                    self.at = before;
                }
                high
            }
            _ => return Err(self.wrong("an escape")),
        })
    }

    fn unit(&mut self) -> Result<u32, String> {
        let digits = self.rest().get(..4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            return Err(self.wrong("a value"));
        }
        let whole = self.at;
        self.part(".", &[""]);
        self.part("e", &["-", "+", ""]);
        self.part("E", &["-", "+", ""]);
        let text = &self.text[start..self.at];
        if self.at > whole {
            return text.parse().map(Value::Float).map_err(|_| self.wrong("a number"));
        }
        if text.len() > MAX_DIGITS {
            return Err(format!("an integer of more than {MAX_DIGITS} digits"));
        }
        Ok(Value::Int(decimal(text)))
    }

    /// A mark, a sign and digits; nothing of it where there are no digits.
    fn part(&mut self, mark: &str, signs: &[&str]) {
        let before = self.at;
        if self.take(mark) {
            let _ = signs.iter().any(|sign| self.take(sign));
            if self.digits() == 0 {
                self.at = before;
            }
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }
}

/// The canonical form. Keys that Python can't order or write are an error, as they are there.
pub fn canonical(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_canonical(&mut out, value)?;
    Ok(out)
}

fn write_canonical(out: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_canonical(out, item)?;
            }
            out.push(']');
        }
        Value::Dict(entries) => {
            out.push('{');
            for (at, (key, item)) in sorted(entries)?.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_key(out, key)?;
                out.push(':');
                write_canonical(out, item)?;
            }
            out.push('}');
        }
        _ => write_scalar(out, value),
    }
    Ok(())
}

fn sorted(entries: &[(Value, Value)]) -> Result<Vec<&(Value, Value)>, String> {
    let mut sorted: Vec<_> = entries.iter().collect();
    let comparable = |pair: &[&(Value, Value)]| pair[0].0.compare(&pair[1].0).is_some();
    if !sorted.windows(2).all(comparable) {
        return Err("keys of several kinds in one mapping, which Python can't sort".to_owned());
    }
    sorted.sort_by(|a, b| a.0.compare(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    Ok(sorted)
}

fn write_key(out: &mut String, key: &Value) -> Result<(), String> {
    match key {
        Value::Str(text) => write_text(out, text),
        Value::List(_) | Value::Dict(_) => return Err("a key that is no text and no number".to_owned()),
        _ => {
            out.push('"');
            write_scalar(out, key);
            out.push('"');
        }
    }
    Ok(())
}

/// The form of `json.dump(…, indent=2)`: keys in their order, everything but ASCII escaped, no line break at the end.
pub fn indented(value: &Value) -> String {
    let mut out = String::new();
    write_indented(&mut out, value, 0);
    out
}

fn write_indented(out: &mut String, value: &Value, depth: usize) {
    let line = |out: &mut String, first: bool, depth: usize| {
        out.push_str(if first { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                line(out, at == 0, depth + 1);
                write_indented(out, item, depth + 1);
            }
            line(out, true, depth);
            out.push(']');
        }
        Value::Dict(entries) if !entries.is_empty() => {
            out.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                line(out, at == 0, depth + 1);
                // Keys of what is written this way are texts.
                let _ = write_key(out, key);
                out.push_str(": ");
                write_indented(out, item, depth + 1);
            }
            line(out, true, depth);
            out.push('}');
        }
        Value::List(_) => out.push_str("[]"),
        Value::Dict(_) => out.push_str("{}"),
        _ => write_scalar(out, value),
    }
}

fn write_scalar(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(digits) => out.push_str(digits),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Str(text) => write_text(out, text),
        Value::List(_) | Value::Dict(_) => {}
    }
}

fn write_text(out: &mut String, text: &Str) {
    out.push('"');
    for code in text.codes() {
        match code {
            0x22 => out.push_str("\\\""),
            0x5c => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x09 => out.push_str("\\t"),
            0x20..0x7f => out.extend(char::from_u32(code)),
            0x10000.. => {
                write_unit(out, 0xd800 + ((code - 0x10000) >> 10));
                write_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
            }
            _ => write_unit(out, code),
        }
    }
    out.push('"');
}

fn write_unit(out: &mut String, unit: u32) {
    // A `String` takes everything.
    let _ = write!(out, "\\u{unit:04x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> String {
        read(text).and_then(|value| canonical(&value)).unwrap()
    }

    #[test]
    fn floats_are_printed_as_python_prints_them() {
        assert_eq!(
            form("[1.0,1e-7,1e-5,0.0001,1e16,1e15,-0.0,5e-324,1e22]"),
            "[1.0,1e-07,1e-05,0.0001,1e+16,1000000000000000.0,-0.0,5e-324,1e+22]"
        );
        assert_eq!(
            form("[1e400,-1e400,NaN,9007199254740993.0]"),
            "[Infinity,-Infinity,NaN,9007199254740992.0]"
        );
    }

    #[test]
    fn integers_keep_every_digit() {
        assert_eq!(form("[-0,18446744073709551616]"), "[0,18446744073709551616]");
        assert!(read(&"9".repeat(4301)).is_err());
    }

    #[test]
    fn texts_are_ascii() {
        assert_eq!(
            form(r#"["\ud800","é😀\u007f\/\u0001"]"#),
            r#"["\ud800","\u00e9\ud83d\ude00\u007f/\u0001"]"#
        );
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in
            ["", "01", "[1,]", "{1:2}", "\"\n\"", "[1", "nul", "+1", ".5", "1.", "\u{feff}1", r#""\ud8""#]
        {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(&deep).unwrap_err().contains("nested"));
    }

    #[test]
    fn keys_of_several_kinds_can_not_be_sorted() {
        let mixed = Value::Dict(vec![(Value::text("a"), Value::Null), (Value::Int("1".into()), Value::Null)]);
        assert!(canonical(&mixed).is_err());
        let numbers = ["10", "9", "-1"].map(|it| (Value::Int(it.into()), Value::Null));
        assert_eq!(canonical(&Value::Dict(numbers.into())).unwrap(), r#"{"-1":null,"9":null,"10":null}"#);
    }

    #[test]
    fn the_indented_form_is_that_of_json_dump() {
        let value = read(r#"{"b":[],"a":{"é":[1,{}]}}"#).unwrap();
        assert_eq!(
            indented(&value),
            "{\n  \"b\": [],\n  \"a\": {\n    \"\\u00e9\": [\n      1,\n      {}\n    ]\n  }\n}"
        );
    }
}

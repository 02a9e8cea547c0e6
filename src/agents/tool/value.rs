//! Values as Python has them: what a manifest is made of before it is hashed.
//!
//! JSON as serde_json knows it is not enough: integers have any size, `1` and `1.0` differ, keys may be numbers, and a
//! string may hold half of a surrogate pair.

use std::cmp::Ordering;

/// A text of code points, lone surrogates included: UTF-8, but for those. Its byte order is the order of code points.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Vec<u8>);

impl Str {
    pub fn push(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(character) => self.0.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            // A surrogate, in the three bytes that UTF-8 would have for it.
            None => self.0.extend([0xed, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8]),
        }
    }

    /// The text, when it has no lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn codes(&self) -> impl Iterator<Item = u32> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let first = *rest.first()?;
            let (length, high) = match first {
                0..0x80 => (1, u32::from(first)),
                0x80..0xe0 => (2, u32::from(first & 0x1f)),
                0xe0..0xf0 => (3, u32::from(first & 0x0f)),
                _ => (4, u32::from(first & 0x07)),
            };
            let (character, tail) = rest.split_at(length.min(rest.len()));
            rest = tail;
            Some(character[1..].iter().fold(high, |code, byte| code << 6 | u32::from(byte & 0x3f)))
        })
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Str {
        Str(text.as_bytes().to_vec())
    }
}

/// A value that Python's `json` can write, and what it can be read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// In decimal, as Python prints it.
    Int(String),
    Float(f64),
    Str(Str),
    List(Vec<Value>),
    /// In the order of insertion; a key stands once.
    Dict(Vec<(Value, Value)>),
}

impl Value {
    pub fn text(text: &str) -> Value {
        Value::Str(text.into())
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(text) = self { text.as_str() } else { None }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    pub fn as_dict(&self) -> Option<&[(Value, Value)]> {
        if let Value::Dict(entries) = self { Some(entries) } else { None }
    }

    /// The value of a key of a dict.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_dict()?.iter().find(|(known, _)| known.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// What Python takes for false.
    pub fn is_falsy(&self) -> bool {
        match self {
            Value::Null | Value::Bool(false) => true,
            Value::Int(digits) => digits == "0",
            Value::Float(number) => *number == 0.0,
            Value::Str(text) => text.bytes().is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Dict(entries) => entries.is_empty(),
            Value::Bool(true) => false,
        }
    }

    /// A dict of such entries: a key that stands twice keeps its first place and its last value.
    pub fn dict(entries: Vec<(Value, Value)>) -> Value {
        let mut places = std::collections::HashMap::with_capacity(entries.len());
        let mut kept: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let place = *places.entry(format!("{key:?}")).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(known) => known.1 = value,
                None => kept.push((key, value)),
            }
        }
        Value::Dict(kept)
    }

    /// A dict with text keys, each of them once.
    pub fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Dict(entries.into_iter().map(|(key, value)| (Value::text(key), value)).collect())
    }

    /// How Python orders two keys; nothing where it refuses to.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Some(compare_decimal(a, b)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Int(digits) => digits.parse().ok(),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }
}

fn compare_decimal(a: &str, b: &str) -> Ordering {
    let size = |text: &str| (text.len(), text.to_owned());
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (None, None) => size(a).cmp(&size(b)),
        (Some(a), Some(b)) => size(b).cmp(&size(a)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

/// An integer as Python prints it, from digits with a sign and leading zeros.
pub fn decimal(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_come_back_as_they_went_in() {
        let codes = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdfff, 0xe000, 0xffff, 0x10000, 0x10ffff];
        let mut text = Str::default();
        codes.iter().for_each(|code| text.push(*code));
        assert_eq!(text.codes().collect::<Vec<_>>(), codes);
        assert_eq!(text.as_str(), None);
    }

    #[test]
    fn surrogates_sort_where_their_numbers_do() {
        let of = |code| {
            let mut text = Str::default();
            text.push(code);
            text
        };
        assert!(of(0xd7ff) < of(0xd800) && of(0xdfff) < of(0xe000) && of(0xe000) < of(0x10000));
    }

    #[test]
    fn integers_of_any_size_are_ordered() {
        assert_eq!(compare_decimal("9", "10"), Ordering::Less);
        assert_eq!(compare_decimal("-10", "-9"), Ordering::Less);
        assert_eq!(compare_decimal("-1", "0"), Ordering::Less);
        assert_eq!((decimal("-000"), decimal("007")), ("0".into(), "7".into()));
    }
}

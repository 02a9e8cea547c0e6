//! What a value of the file means to the original's readers.

use super::stamp::Stamp;
use crate::agents::canonical::Value;
use crate::text::syntax::{Node, Text};

/// How a lockfile is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Toml,
    Json,
}

impl Syntax {
    /// By the name alone: the original never looks at the content.
    pub fn of_path(path: &str) -> Syntax {
        if path.ends_with(".json") { Syntax::Json } else { Syntax::Toml }
    }

    pub fn name(self) -> &'static str {
        match self {
            Syntax::Toml => "TOML",
            Syntax::Json => "JSON",
        }
    }
}

/// A free-form value: of `metadata`, of `constraints`, of a model registry's archive.
pub fn value(node: &Node<'_>, syntax: Syntax) -> Value {
    match node {
        Node::String(text) => Value::String(text.as_str().to_owned()),
        Node::Other(raw) => scalar(raw, syntax),
        Node::Array(items) => Value::Array(items.iter().map(|item| value(item, syntax)).collect()),
        Node::Table(table) => {
            let mut entries: Vec<(String, Value)> = Vec::with_capacity(table.entries.len());
            let mut places = std::collections::HashMap::new();
            for (name, node) in &table.entries {
                let (name, value) = (key(name, syntax).to_owned(), value(node, syntax));
                // The last one wins and keeps the place of the first.
                match places.get(&name) {
                    Some(&at) => {
                        let entry: &mut (String, Value) = &mut entries[at];
                        entry.1 = value;
                    }
                    None => {
                        places.insert(name.clone(), entries.len());
                        entries.push((name, value));
                    }
                }
            }
            Value::Object(entries)
        }
    }
}

/// A key as the original reads it: its TOML reader does not decode escapes in quoted keys.
pub fn key<'k>(text: &'k Text<'_>, syntax: Syntax) -> &'k str {
    match syntax {
        Syntax::Toml => text.raw,
        Syntax::Json => text.as_str(),
    }
}

fn scalar(raw: &str, syntax: Syntax) -> Value {
    match raw {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Null,
        _ => {}
    }
    if let Some(digits) = integer(raw) {
        return Value::Int(digits);
    }
    match raw.replace('_', "").parse::<f64>() {
        // Neither has a JSON: the original writes null.
        Ok(number) if !number.is_finite() => Value::Null,
        // Its TOML reader subtracts from zero.
        Ok(number) if syntax == Syntax::Toml => Value::Float(if number == 0.0 { 0.0 } else { number }),
        Ok(number) => Value::Float(number),
        // A date, or a time of day alone.
        Err(_) => Value::String(date(raw).unwrap_or_else(|| raw.to_owned())),
    }
}

fn date(raw: &str) -> Option<String> {
    let stamp = Stamp::from_toml(raw)?;
    Some(if raw.len() == 10 { raw.to_owned() } else { stamp.json() })
}

/// The digits of a whole number, however it is written, without a plus and without leading zeros.
pub fn integer(raw: &str) -> Option<String> {
    let text = raw.replace('_', "");
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let radix = |prefix: &str, radix| {
        Some(u64::from_str_radix(digits.strip_prefix(prefix)?, radix).ok()?.to_string())
    };
    if let Some(digits) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)) {
        return Some(digits);
    }
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { format!("{minus}{digits}") })
}

/// A pinned version as the original takes it: it makes integers of texts, of whole floats and of booleans.
pub fn pin(node: &Node<'_>) -> Option<String> {
    match node {
        Node::String(text) => pin_of_text(text.as_str().trim()),
        Node::Other("true") => Some("1".into()),
        Node::Other("false") => Some("0".into()),
        Node::Other(raw) => integer(raw).or_else(|| whole(raw.replace('_', "").parse().ok()?)),
        _ => None,
    }
}

fn pin_of_text(text: &str) -> Option<String> {
    let has_prefix = text.trim_start_matches(['+', '-']).starts_with(['_', 'x', 'o', 'b']);
    let is_based =
        text.len() > 2 && text.trim_start_matches(['+', '-']).get(1..2).is_some_and(|it| "xob".contains(it));
    let odd = has_prefix || is_based || text.contains("__") || text.ends_with('_');
    match text.split_once('.') {
        Some((whole, zeros)) => {
            let only_zeros = !zeros.is_empty() && zeros.bytes().all(|it| it == b'0');
            (only_zeros && !odd).then(|| integer(whole))?
        }
        None => (!odd).then(|| integer(text))?,
    }
}

fn whole(number: f64) -> Option<String> {
    // Beyond this the original says that it is too large.
    const LARGEST: f64 = 9.2e18;
    (number.fract() == 0.0 && number.abs() < LARGEST).then(|| format!("{}", number as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_coerced_as_the_original_does() {
        let text = |text| pin(&Node::String(Text::plain(text)));
        let cases = [
            ("7", "7"),
            (" 7 ", "7"),
            ("+7", "7"),
            ("7.0", "7"),
            ("1_000", "1000"),
            ("-3", "-3"),
            ("007", "7"),
        ];
        for (written, meant) in cases {
            assert_eq!(text(written).as_deref(), Some(meant));
        }
        for refused in ["7.5", "0x7", "", "1e3", "7.", "1__0", "\u{663}", "x"] {
            assert_eq!(text(refused), None, "{refused}");
        }
        let other = |raw| pin(&Node::Other(raw));
        assert_eq!(other("7.0").as_deref(), Some("7"));
        assert_eq!(other("true").as_deref(), Some("1"));
        assert_eq!(other("0x7").as_deref(), Some("7"));
        assert_eq!(other("100000000000000000000").as_deref(), Some("100000000000000000000"));
        assert_eq!((other("7.5"), other("1e20"), other("null"), other("inf")), (None, None, None, None));
    }

    #[test]
    fn scalars_are_what_python_makes_of_them() {
        let toml = |raw| scalar(raw, Syntax::Toml);
        assert_eq!(toml("1_000"), Value::Int("1000".into()));
        assert_eq!(toml("-0"), Value::Int("0".into()));
        assert_eq!(toml("nan"), Value::Null);
        assert_eq!(toml("2025-09-28"), Value::text("2025-09-28"));
        assert_eq!(toml("2025-09-28T12:00:00+00:00"), Value::text("2025-09-28T12:00:00Z"));
        assert!(matches!(toml("-0.0"), Value::Float(zero) if zero.is_sign_positive()));
        assert!(matches!(scalar("-0.0", Syntax::Json), Value::Float(zero) if zero.is_sign_negative()));
    }
}

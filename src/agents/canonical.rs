//! JSON as Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` writes it: what digests are taken of.
//!
//! It is not RFC 8785: everything beyond ASCII is escaped (`\u00e9`, astral characters as two surrogates), keys are sorted
//! by code point, integers keep all their digits, and floats are written as `repr` writes them (`10.0`, `1e-05`).

use std::fmt::Write as _;

/// A JSON value that keeps what Python tells apart: integers of any size and floats.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Decimal digits, with a minus where there is one.
    Int(String),
    Float(f64),
    String(String),
    Array(Vec<Value>),
    /// In the order in which a Python dictionary would have them; no key stands twice.
    Object(Vec<(String, Value)>),
}

impl Value {
    pub fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    pub fn text(text: impl Into<String>) -> Value {
        Value::String(text.into())
    }

    /// The value behind a key of an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Value::Object(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    pub fn entries(&self) -> &[(String, Value)] {
        if let Value::Object(entries) = self { entries } else { &[] }
    }
}

/// The canonical text.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_compact(value, &mut out);
    out
}

/// As `json.dumps(value, indent=2)` lays it out: keys in their own order, no line break at the end.
pub fn indented(value: &Value) -> String {
    let mut out = String::new();
    write_indented(value, 0, &mut out);
    out
}

fn write_compact(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_compact(item, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            // The order of UTF-8 is the order of code points.
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_compact(value, out);
            }
            out.push('}');
        }
        scalar => write_scalar(scalar, out),
    }
}

fn write_indented(value: &Value, depth: usize, out: &mut String) {
    let open = |out: &mut String, at: usize| {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                open(out, at);
                write_indented(item, depth + 1, out);
            }
            let _ = write!(out, "\n{}]", "  ".repeat(depth));
        }
        Value::Object(entries) if !entries.is_empty() => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                open(out, at);
                write_string(key, out);
                out.push_str(": ");
                write_indented(value, depth + 1, out);
            }
            let _ = write!(out, "\n{}}}", "  ".repeat(depth));
        }
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        scalar => write_scalar(scalar, out),
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    match value {
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Int(digits) => out.push_str(digits),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::String(text) => write_string(text, out),
        _ => out.push_str("null"),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7e}' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A float as Python's `repr` writes it: the shortest digits that mean it, in scientific notation from 1e16 on and below
/// 1e-4. What is no number has no JSON; `json.dumps` would write a word that is none either.
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (digits, power) = shortest(number.abs());
    let after = |from: usize| digits.get(from..).filter(|rest| !rest.is_empty());
    if number != 0.0 && !(-4..16).contains(&power) {
        let mantissa = after(1).map_or(digits.clone(), |rest| format!("{}.{rest}", &digits[..1]));
        let of_power = if power < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{of_power}{:02}", power.abs());
    }
    match usize::try_from(power) {
        Ok(power) => {
            let whole = digits.get(..=power).map_or(format!("{digits:0<0$}", power + 1), str::to_owned);
            format!("{sign}{whole}.{}", after(power + 1).unwrap_or("0"))
        }
        Err(_) => format!("{sign}0.{}{digits}", "0".repeat(power.unsigned_abs() as usize - 1)),
    }
}

/// The digits of a number that is not negative, and the power of ten of the first one. Of two that are as short and as near,
/// Python takes the even one, and so does this library; Rust's own formatting takes the larger.
fn shortest(number: f64) -> (String, i32) {
    let text = serde_json::Number::from_f64(number).map_or_else(String::new, |it| it.to_string());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let first = whole.len() as i32 - 1 - (all.len() - digits.len()) as i32;
    let digits = digits.trim_end_matches('0');
    match digits {
        "" => ("0".to_owned(), 0),
        digits => (digits.to_owned(), exponent.parse().unwrap_or(0) + first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (10.0, "10.0"),
            (0.1, "0.1"),
            (1e-5, "1e-05"),
            (1e-4, "0.0001"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e300, "1.5e+300"),
            (-0.0, "-0.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (-10_294_846_195_800.812, "-10294846195800.812"),
            (0.00012345, "0.00012345"),
            (120.0, "120.0"),
            (5e-324, "5e-324"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn text_beyond_ascii_is_escaped_and_keys_are_sorted() {
        let value = Value::object([
            ("é", Value::text("\u{1f389}\u{7f}\u{0}\u{b}")),
            ("\u{ffff}", Value::Null),
            ("\u{10000}", Value::Bool(true)),
            ("Z", Value::Array(vec![Value::Int("1180591620717411303424".into()), Value::Float(3.0)])),
        ]);
        assert_eq!(
            canonical(&value),
            r#"{"Z":[1180591620717411303424,3.0],"\u00e9":"\ud83c\udf89\u007f\u0000\u000b","\uffff":null,"\ud800\udc00":true}"#
        );
    }

    #[test]
    fn indented_keeps_the_order_and_folds_what_is_empty() {
        let value =
            Value::object([("b", Value::Array(vec![])), ("a", Value::Array(vec![Value::Object(vec![])]))]);
        assert_eq!(indented(&value), "{\n  \"b\": [],\n  \"a\": [\n    {}\n  ]\n}");
    }
}

//! YAML as Python's `yaml.safe_load` reads it: version 1.1, where `yes` is true and `1e3` is a text.
//!
//! What can't be hashed, or would be read in more than one way, is an error: dates, tags, anchors, merge keys.

use granit_parser::{Event, Parser, ScalarStyle, options};

use super::value::{Value, decimal};

/// Nesting deeper than this is refused.
const MAX_DEPTH: usize = 100;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not YAML.
    Syntax,
    /// It is, but its value is none that is understood here.
    Other(&'static str),
}

/// Reads the only document of a text. An empty one is null.
pub fn read(text: &str) -> Result<Value, Refused> {
    let limits = options! { emit_comments: false, emit_unresolved_aliases: true, emit_anchor_events: true };
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, limits) {
        let (event, span) = event.map_err(|_| Refused::Syntax)?;
        if span.tag_span().is_some() {
            return Err(Refused::Other("a tag"));
        }
        builder.take(event)?;
    }
    Ok(builder.document.unwrap_or(Value::Null))
}

enum Open {
    List(Vec<Value>),
    /// The key waits for its value.
    Dict(Vec<(Value, Value)>, Option<Value>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    document: Option<Value>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), Refused> {
        match event {
            Event::Anchor(..) | Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Err(Refused::Other("an anchor"))
            }
            Event::Scalar(value, style, ..) => {
                let value = if style == ScalarStyle::Plain { plain(&value)? } else { Value::text(&value) };
                self.place(value)
            }
            Event::SequenceStart(..) => self.open(Open::List(Vec::new())),
            Event::MappingStart(..) => self.open(Open::Dict(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(items)) => self.place(Value::List(items)),
                Some(Open::Dict(entries, _)) => self.place(Value::dict(entries)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), Refused> {
        if self.open.len() == MAX_DEPTH {
            return Err(Refused::Other("too deep a nesting"));
        }
        self.open.push(open);
        Ok(())
    }

    fn place(&mut self, value: Value) -> Result<(), Refused> {
        match self.open.last_mut() {
            None if self.document.is_some() => return Err(Refused::Syntax),
            None => self.document = Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Dict(entries, key)) => match key.take() {
                Some(key) => entries.push((key, value)),
                None if matches!(value, Value::List(_) | Value::Dict(_)) => {
                    return Err(Refused::Other("a key that is no scalar"));
                }
                None if value.as_str() == Some("<<") => return Err(Refused::Other("a merge key")),
                None => *key = Some(value),
            },
        }
        Ok(())
    }
}

/// A scalar without quotes, by the rules of YAML 1.1 as Python has them.
fn plain(text: &str) -> Result<Value, Refused> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "=" => return Err(Refused::Other("a default value")),
        _ if is_date(text) => return Err(Refused::Other("a date")),
        _ => match number(text) {
            Some(value) => value?,
            None => Value::text(text),
        },
    })
}

/// `2026-01-27`, with or without a time behind it.
fn is_date(text: &str) -> bool {
    let digits = |text: &str, counts: std::ops::RangeInclusive<usize>| {
        counts.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(end);
    if !digits(year, 4..=4) || !digits(month, 1..=2) || !digits(day, 1..=2) {
        return false;
    }
    if time.is_empty() {
        return month.len() == 2 && day.len() == 2;
    }
    let time = time.trim_start_matches(['T', 't', ' ', '\t']);
    time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':')
}

fn number(text: &str) -> Option<Result<Value, Refused>> {
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    let first = unsigned.bytes().next()?;
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    if unsigned.contains(':') && unsigned.bytes().all(|b| b.is_ascii_digit() || b":_.".contains(&b)) {
        // Base sixty: `1:30` is ninety. No tool means it.
        return Some(Err(Refused::Other("a number in base sixty")));
    }
    integer(sign, unsigned).or_else(|| float(sign, unsigned)).map(Ok)
}

fn integer(sign: &str, unsigned: &str) -> Option<Value> {
    let digits = unsigned.replace('_', "");
    let based = |digits: &str, base| {
        let value = u128::from_str_radix(digits, base).ok()?;
        Some(Value::Int(decimal(&format!("{sign}{value}"))))
    };
    if let Some(rest) = digits.strip_prefix("0b") {
        return based(rest, 2);
    }
    if let Some(rest) = digits.strip_prefix("0x") {
        return based(rest, 16);
    }
    let all_digits = !unsigned.starts_with('_') && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.strip_prefix('0') {
        Some(rest) if all_digits && !rest.is_empty() => based(rest, 8),
        _ if all_digits => Some(Value::Int(decimal(&format!("{sign}{digits}")))),
        _ => None,
    }
}

/// A point is needed, and a sign in the exponent.
fn float(sign: &str, unsigned: &str) -> Option<Value> {
    let value = match unsigned {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ => {
            let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
                Some((mantissa, exponent)) => (mantissa, Some(exponent)),
                None => (unsigned, None),
            };
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
            let (whole, fraction) = mantissa.split_once('.')?;
            let good = digits(whole) && digits(fraction) && mantissa.len() > 1;
            let signed = exponent.is_none_or(|it| {
                it.strip_prefix(['-', '+'])
                    .is_some_and(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
            });
            unsigned.replace('_', "").parse::<f64>().ok().filter(|_| good && signed)?
        }
    };
    Some(Value::Float(if sign == "-" { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::tool::json::canonical;

    fn form(text: &str) -> String {
        read(text).map(|value| canonical(&value).unwrap()).unwrap_or_else(|why| format!("{why:?}"))
    }

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        assert_eq!(form("[yes, No, on, OFF, y, ~, null, '']"), r#"[true,false,true,false,"y",null,null,""]"#);
        assert_eq!(
            form("[1.0e+16, 1e16, 1.0e16, .5, 1., 0.0001, -.inf, 1_0.5]"),
            r#"[1e+16,"1e16","1.0e16",0.5,1.0,0.0001,-Infinity,10.5]"#
        );
        assert_eq!(
            form("[010, 0x1f, 0b11, 1_000, -7, +7, 08, 99999999999999999999]"),
            r#"[8,31,3,1000,-7,7,"08",99999999999999999999]"#
        );
    }

    #[test]
    fn what_is_read_in_two_ways_is_refused() {
        for text in [
            "2026-01-27",
            "a: 2026-01-27T12:00:00Z",
            "1:30",
            "&a 1",
            "!!str 1",
            "{<<: {a: 1}}",
            "? [1]\n: 2",
            "=",
        ] {
            assert!(matches!(read(text), Err(Refused::Other(_))), "{text}: {:?}", read(text));
        }
        assert_eq!(read("a: [").unwrap_err(), Refused::Syntax);
        assert_eq!(read("a: 1\n---\nb: 2\n").unwrap_err(), Refused::Syntax);
        assert!(matches!(read(&"[".repeat(5000)), Err(Refused::Other(_) | Refused::Syntax)));
    }

    #[test]
    fn keys_are_resolved_like_values() {
        assert_eq!(form("{9: nine, 10: ten}"), r#"{"9":"nine","10":"ten"}"#);
        assert_eq!(form(""), "null");
        assert_eq!(form("a: 1\na: 2\n"), r#"{"a":2}"#);
    }
}

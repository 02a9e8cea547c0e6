//! The original's exact layouts: bytes that it would write itself.
//!
//! JSON is Python's `json.dump(indent=2)`. TOML is what version 0.10.2 of its `toml` package makes: scalars first, then
//! tables level by level, nothing for null, and texts as Python's `repr` quotes them. What that corrupts is not
//! imitated: [`toml`] is only asked for what survives, see [`lost`].

use std::collections::HashMap;
use std::fmt::Write as _;

use super::Build;
use super::loaded::{Loaded, load};
use super::reader;
use super::value::Syntax;
use crate::agents::canonical::{Value, float, indented};
use crate::text::escape;
use crate::text::source::{Side, Source};
use crate::text::syntax::FaultKind;

/// The bytes of the file.
pub fn save(loaded: &Loaded, syntax: Syntax) -> String {
    match syntax {
        Syntax::Json => indented(&loaded.value),
        Syntax::Toml => toml(&loaded.value),
    }
}

/// What would not come back if these bytes were loaded again, as paths such as `metadata.note`.
pub fn lost(loaded: &Loaded, saved: &str, syntax: Syntax, build: Build) -> Vec<String> {
    let path = if syntax == Syntax::Json { "llmring.lock.json" } else { "llmring.lock" };
    let source = Source::new(path, Side::Worktree, saved.as_bytes().to_vec());
    let (document, faults) = reader::read(&source);
    let readable = faults.iter().all(|fault| fault.kind != FaultKind::Syntax);
    let again = if readable { load(&document, build, "").ok() } else { None };
    let Some(again) = again else {
        return vec!["the whole file: some text or key can't be written so that it is read again".to_owned()];
    };
    let mut paths = Vec::new();
    compare("", &loaded.value, &again.value, &mut paths);
    paths
}

fn compare(path: &str, before: &Value, after: &Value, paths: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(entries), Value::Object(found)) => {
            let found: HashMap<&str, &Value> =
                found.iter().map(|(key, value)| (key.as_str(), value)).collect();
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match found.get(key.as_str()).copied() {
                    Some(after) => compare(&path, value, after, paths),
                    None => paths.push(format!("`{path}`: {} is not written", describe(value))),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{at}]"), before, after, paths);
            }
        }
        (Value::Float(a), Value::Float(b)) if a.to_bits() == b.to_bits() => {}
        (Value::Float(_), _) => {
            paths.push(format!("`{path}`: {} would become {}", describe(before), describe(after)))
        }
        _ if before == after => {}
        _ => paths.push(format!("`{path}`: {} would become {}", describe(before), describe(after))),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Object(entries) if entries.is_empty() => "an empty table".to_owned(),
        Value::Object(_) => "a table".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::String(text) => format!("the text `{}`", escape::cut(text)),
        Value::Null => "null".to_owned(),
        scalar => crate::agents::canonical::canonical(scalar),
    }
}

fn toml(root: &Value) -> String {
    let (mut out, sections) = section(root.entries(), "");
    let mut level = sections;
    while !level.is_empty() {
        let mut below = Vec::new();
        for (name, entries) in level {
            let (text, inner) = section(entries, &name);
            if !text.is_empty() || inner.is_empty() {
                if !out.is_empty() && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                let _ = write!(out, "[{name}]\n{text}");
            }
            below.extend(inner.into_iter().map(|(key, entries)| (format!("{name}.{key}"), entries)));
        }
        level = below;
    }
    out
}

type Sections<'v> = Vec<(String, &'v [(String, Value)])>;

/// The lines of a table, arrays of tables behind the others; its own tables come back by their quoted names.
fn section<'v>(entries: &'v [(String, Value)], above: &str) -> (String, Sections<'v>) {
    let (mut lines, mut tables) = (String::new(), String::new());
    let mut sections = Vec::new();
    let prefix = if above.is_empty() { String::new() } else { format!("{above}.") };
    for (key, value) in entries {
        let name = quoted_key(key);
        match value {
            Value::Object(inner) => sections.push((name, inner.as_slice())),
            Value::Array(items) if items.iter().any(|it| matches!(it, Value::Object(_))) => {
                for item in items {
                    tables += &element(item.entries(), &format!("{prefix}{name}"));
                }
            }
            Value::Null => {}
            value => {
                let _ = writeln!(lines, "{name} = {}", inline(value));
            }
        }
    }
    (lines + &tables, sections)
}

/// `[[name]]`, its lines, and below it its own tables, level by level.
fn element(entries: &[(String, Value)], name: &str) -> String {
    let mut out = format!("[[{name}]]\n");
    let mut behind = "\n".to_owned();
    let (text, sections) = section(entries, name);
    if text.starts_with('[') {
        behind += &text
    } else {
        out += &text
    }
    let mut level = sections;
    while !level.is_empty() {
        let mut below = Vec::new();
        for (key, entries) in level {
            let (text, inner) = section(entries, &format!("{name}.{key}"));
            if !text.is_empty() {
                let _ = write!(behind, "[{name}.{key}]\n{text}");
            }
            below.extend(inner.into_iter().map(|(inner, entries)| (format!("{key}.{inner}"), entries)));
        }
        level = below;
    }
    out + &behind
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: String = items.iter().map(|item| format!(" {},", inline(item))).collect();
            format!("[{items}]")
        }
        Value::Bool(yes) => yes.to_string(),
        Value::Int(digits) => digits.clone(),
        Value::Float(number) => short_float(*number),
        Value::String(text) => quoted(text),
        // Python's own word, which no TOML reader takes: `lost` tells it.
        _ => "\"None\"".to_owned(),
    }
}

fn quoted_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}

/// As Python's `repr` would, in double quotes; below U+0100 its escapes are none that TOML has.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_printable(character) => out.push(character),
            _ => {
                let code = u32::from(character);
                let _ = if code < 0x100 {
                    write!(out, "x{code:02x}")
                } else if code < 0x10000 {
                    write!(out, "\\u{code:04x}")
                } else {
                    write!(out, "\\U{code:08x}")
                };
            }
        }
    }
    out.push('"');
    // A backslash before an `x` is taken for an escape of its own, and halved.
    out.replace("\\\\x", "\\x")
}

/// What Python prints as it is: neither control, format, private and unassigned characters nor separators. The standard
/// library draws the same line.
fn is_printable(character: char) -> bool {
    let pair: String = ['a', character].iter().collect();
    matches!(character, '\'' | '"' | '\\') || pair.escape_debug().eq(pair.chars())
}

/// At most 16 digits, and no zero before a single digit of the exponent.
fn short_float(number: f64) -> String {
    let rounded = format!("{number:.15e}").parse().unwrap_or(number);
    float(rounded).replace("e+0", "e+").replace("e-0", "e-")
}

/// Why a text does not survive when the original saves it as TOML.
pub fn corruption(text: &str) -> Option<String> {
    if let Some(bad) =
        text.chars().find(|it| u32::from(*it) < 0x100 && !is_printable(*it) && !"\n\r\t".contains(*it))
    {
        return Some(format!("U+{:04X}", u32::from(bad)));
    }
    text.contains("\\x").then(|| "`\\x`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_would() {
        assert_eq!(quoted("say \"hi\" and 'bye'\n\té\u{200b}"), "\"say \\\"hi\\\" and 'bye'\\n\\té\\u200b\"");
        assert_eq!(quoted("e\u{301}\u{1f389}\u{e000}"), "\"e\u{301}\u{1f389}\\ue000\"");
        assert_eq!(quoted("a\u{a0}b"), "\"axa0b\"");
        assert_eq!(quoted("C:\\xampp"), "\"C:\\xampp\"");
    }

    #[test]
    fn what_python_corrupts_is_known() {
        assert_eq!(corruption("a\u{a0}b").as_deref(), Some("U+00A0"));
        assert_eq!(corruption("\u{7f}").as_deref(), Some("U+007F"));
        assert_eq!(corruption("C:\\xampp").as_deref(), Some("`\\x`"));
        assert_eq!(corruption("C:\\Users\n\té\u{200b}"), None);
    }

    #[test]
    fn floats_have_sixteen_digits() {
        assert_eq!(short_float(1e-7), "1e-7");
        assert_eq!(short_float(1e16), "1e+16");
        assert_eq!(short_float(0.1 + 0.2), "0.3");
        assert_eq!(short_float(10.0), "10.0");
    }
}

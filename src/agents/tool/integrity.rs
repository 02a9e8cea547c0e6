//! The integrity of a tool, a directive or a knowledge entry: SHA-256 over a canonical text of what it is.
//!
//! What goes into that text has changed over time and between the systems; the keys are what tells them apart.

use sha2::{Digest as _, Sha256};

use super::json::canonical;
use super::value::Value;

/// Whose way of computing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Kiwi,
    /// Kiwi in January 2026, which also hashed whether a file is executable.
    KiwiExecutable,
    Rye,
}

/// What is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tool,
    Directive,
    Knowledge,
}

/// SHA-256 in hex, as Python's `hexdigest`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The integrity of an item given as `{tool_id, version, manifest, files}`, `{directive_name, version, xml_content,
/// metadata}` or `{id, version, content, metadata}`.
pub fn compute(variant: Variant, kind: Kind, item: &Value) -> Result<String, String> {
    preimage(variant, kind, item).map(sha256)
}

/// The text that is hashed.
pub fn preimage(variant: Variant, kind: Kind, item: &Value) -> Result<String, String> {
    item.as_dict().ok_or("should be a JSON object")?;
    let payload = match kind {
        Kind::Tool => tool(variant, item)?,
        Kind::Directive => described(variant, item, "directive_name", ("xml_content", "xml_hash"))?,
        // Until January 2026, kiwi's entries had another name for their id.
        Kind::Knowledge if item.get("zettel_id").is_some() && variant != Variant::Rye => {
            described(variant, item, "zettel_id", ("content", "content_hash"))?
        }
        Kind::Knowledge => described(variant, item, "id", ("content", "content_hash"))?,
    };
    canonical(&payload)
}

fn field(item: &Value, name: &str) -> Result<Value, String> {
    item.get(name).cloned().ok_or_else(|| format!("`{name}` is missing"))
}

fn tool(variant: Variant, item: &Value) -> Result<Value, String> {
    let mut entries = Vec::new();
    for name in ["tool_id", "version", "manifest"] {
        entries.push((Value::text(name), field(item, name)?));
    }
    let given = item.get("files").filter(|files| **files != Value::Null);
    let files = files(variant, given)?;
    // Rye leaves out a list that it was not given; an empty one is a list.
    if variant != Variant::Rye || given.is_some() {
        entries.push((Value::text("files"), Value::List(files)));
    }
    Ok(Value::Dict(entries))
}

/// The files by path; those of one path stay in their order.
fn files(variant: Variant, given: Option<&Value>) -> Result<Vec<Value>, String> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let items = given.as_list().ok_or("`files` should be an array")?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        item.as_dict().ok_or("a file should be an object")?;
        let path = item.get("path").cloned().unwrap_or_else(|| Value::text(""));
        if !matches!(path, Value::Str(_)) {
            return Err("the path of a file should be a text".to_owned());
        }
        keyed.push((path, item));
    }
    keyed.sort_by(|a, b| a.0.compare(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    Ok(keyed.into_iter().map(|(path, item)| file(variant, path, item)).collect())
}

fn file(variant: Variant, path: Value, item: &Value) -> Value {
    if variant == Variant::Rye {
        return item.clone();
    }
    let sha256 = item.get("sha256").cloned().unwrap_or_else(|| Value::text(""));
    let executable = item.get("is_executable").cloned().unwrap_or(Value::Bool(false));
    match variant {
        Variant::KiwiExecutable => {
            Value::object([("path", path), ("sha256", sha256), ("is_executable", executable)])
        }
        _ => Value::object([("path", path), ("sha256", sha256)]),
    }
}

/// Directives and knowledge: Rye puts the content into the text, Kiwi its hash.
fn described(
    variant: Variant,
    item: &Value,
    id: &str,
    (content, hashed): (&str, &str),
) -> Result<Value, String> {
    let mut entries =
        vec![(Value::text(id), field(item, id)?), (Value::text("version"), field(item, "version")?)];
    let metadata = item.get("metadata").filter(|it| **it != Value::Null).cloned();
    let text = field(item, content)?;
    if variant == Variant::Rye {
        entries.push((Value::text(content), text));
        entries.extend(metadata.map(|it| (Value::text("metadata"), it)));
    } else {
        let text =
            text.as_str().ok_or_else(|| format!("`{content}` should be a text that UTF-8 can hold"))?;
        entries.push((Value::text(hashed), Value::text(&sha256(text))));
        let metadata = metadata.filter(|it| !it.is_falsy()).unwrap_or(Value::Dict(Vec::new()));
        entries.push((Value::text("metadata"), metadata));
    }
    Ok(Value::Dict(entries))
}

/// The twelve characters that tell the chains of one tool and version apart, from `id@version:integrity` of each
/// element. An absent field reads `None`, as Python prints it.
pub fn chain_hash<'t>(elements: impl Iterator<Item = (&'t str, &'t str, &'t str)>) -> String {
    let parts: Vec<_> =
        elements.map(|(id, version, integrity)| format!("{id}@{version}:{integrity}")).collect();
    sha256(parts.join("|"))[..12].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_chain_has_a_hash_too() {
        assert_eq!(chain_hash(std::iter::empty()), "e3b0c44298fc");
    }

    #[test]
    fn what_is_missing_is_said() {
        let item = super::super::json::read(r#"{"tool_id": "a", "version": "1"}"#).unwrap();
        assert_eq!(compute(Variant::Kiwi, Kind::Tool, &item).unwrap_err(), "`manifest` is missing");
        assert_eq!(compute(Variant::Kiwi, Kind::Tool, &Value::Null).unwrap_err(), "should be a JSON object");
    }
}

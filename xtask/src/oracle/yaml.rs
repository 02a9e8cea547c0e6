//! YAML as plain values: every scalar is a string, whatever it would be resolved to; an empty one is null.

use granit_parser::{Event, Options, Parser, ScalarStyle, options};
use serde_json::{Map, Value};

enum Open {
    Array(Vec<Value>),
    Table(Map<String, Value>, Option<String>),
}

/// The documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    // Clients write longer keys than YAML's 1024 characters.
    let limits: Options = options! { emit_comments: false, simple_key_max_lookahead: 1 << 16 };
    let (mut open, mut done): (Vec<Open>, Vec<Value>) = (Vec::new(), Vec::new());
    for event in Parser::new_from_str_with_options(text, limits) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let value = match event {
            Event::SequenceStart(..) => {
                open.push(Open::Array(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                continue;
            }
            Event::Scalar(value, ScalarStyle::Plain, ..)
                if value.is_empty() || value == "~" || value == "null" =>
            {
                Value::Null
            }
            Event::Scalar(value, ..) => Value::String(value.into_owned()),
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::Array(items)) => Value::Array(items),
                Some(Open::Table(entries, _)) => Value::Object(entries),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => done.push(value),
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Table(entries, key)) => match key.take() {
                Some(key) => drop(entries.insert(key, value)),
                None => *key = Some(value.as_str().unwrap_or_default().to_owned()),
            },
        }
    }
    Ok(done)
}

//! YAML as actions are written: maps, lists and texts. What a scalar means is for whoever asks.

use granit_parser::{Event, Parser};
use serde_json::{Map, Value};

enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// The only document of a text.
pub(crate) fn read(text: &str) -> Value {
    let (mut open, mut document) = (Vec::new(), Value::Null);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{error} in\n{text}"));
        let value = match event {
            Event::Scalar(value, ..) => Value::String(value.into_owned()),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::Array(items),
                Some(Open::Map(entries, _)) => Value::Object(entries),
                None => unreachable!("the parser pairs them"),
            },
            Event::Alias(..) => panic!("actions have no aliases"),
            _ => continue,
        };
        match open.last_mut() {
            None => document = value,
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(entries, key)) => match key.take() {
                Some(key) => assert!(entries.insert(key.clone(), value).is_none(), "{key} is there twice"),
                None => *key = Some(value.as_str().expect("keys are texts").to_owned()),
            },
        }
    }
    document
}

//! Reads an `llmring.lock`: TOML or JSON into a [`Document`], with everything that the original would stop at or drop.

use std::collections::HashMap;

use super::document::{Binding, Document, Dropped, Pin, Profile, Refusal, stamp};
use super::value::{self, Syntax};
use crate::text::escape::cut;
use crate::text::source::Source;
use crate::text::syntax::budget::crowded;
use crate::text::syntax::{Fault, FaultKind, Faults, Node, Table, Text};
use crate::text::{json, toml};

const TOP: &[&str] =
    &["version", "created_at", "updated_at", "default_profile", "profiles", "extends", "metadata"];
const PROFILE: &[&str] = &["name", "bindings", "registry_versions"];
const BINDING: &[&str] = &["alias", "models", "constraints"];
/// Before 27 September 2025. Such a binding is refused, so nothing of it is dropped.
const OLD_BINDING: &[&str] = &["alias", "provider", "model", "constraints"];
const EXTENDS: &[&str] = &["packages"];

/// Reads a file. What is wrong with its text comes back beside it; with what it says, in it.
pub fn read(source: &Source) -> (Document<'_>, Faults<'_>) {
    let named = Syntax::of_path(&source.path);
    let (syntax, root, faults) = match crowded(source.text()) {
        None => parse(source, named),
        Some(at) => {
            let why = "holds more values than any file of its kind and size";
            let fault = Fault::syntax(&source.text()[at..=at], why);
            (named, Node::Table(Table::default()), Faults::from_iter([fault]))
        }
    };
    let mut document = Document {
        syntax,
        named,
        version: None,
        default_profile: None,
        profiles: Vec::new(),
        names: HashMap::new(),
        extends: Vec::new(),
        refusals: Vec::new(),
        dropped: Vec::new(),
        root: Table::default(),
    };
    match root {
        Node::Table(mut root) => {
            if source.raw().starts_with('\u{feff}') {
                document.drop_first(&mut root, source.text());
            }
            document.top(&root);
            document.root = root;
        }
        node => document.refuse(node.slice(), "the file should hold a table at its top"),
    }
    (document, faults)
}

/// By its name, and by its content where that is what the other syntax would be.
fn parse(source: &Source, named: Syntax) -> (Syntax, Node<'_>, Faults<'_>) {
    let is_syntax = |fault: &Fault<'_>| fault.kind == FaultKind::Syntax;
    let read = |syntax| match syntax {
        Syntax::Toml => {
            let (root, faults) = toml::read(source);
            (syntax, Node::Table(root), faults)
        }
        Syntax::Json => {
            let (root, faults) = json::read(source);
            (syntax, root.unwrap_or(Node::Table(Table::default())), faults)
        }
    };
    let first = read(named);
    if !first.2.iter().any(is_syntax) || source.broken_at.is_some() {
        return first;
    }
    let opens_object = source.text().trim_start().starts_with('{');
    let other = match named {
        Syntax::Toml if opens_object => read(Syntax::Json),
        Syntax::Json if !opens_object => read(Syntax::Toml),
        _ => return first,
    };
    if other.2.iter().any(is_syntax) { first } else { other }
}

impl<'s> Document<'s> {
    fn refuse(&mut self, at: &'s str, message: impl Into<String>) {
        self.refusals.push(Refusal { at, message: message.into(), head_only: false });
    }

    /// Behind a byte order mark the first key is another one for the original's TOML reader; its JSON reader stops.
    fn drop_first(&mut self, root: &mut Table<'s>, text: &'s str) {
        let is_first = |(key, _): &(Text<'s>, Node<'s>)| std::ptr::eq(key.raw.as_ptr(), text.as_ptr());
        if self.syntax == Syntax::Toml && root.entries.first().is_some_and(is_first) {
            root.entries.remove(0);
        } else {
            self.refuse(&text[..0], "the file should not begin with a byte order mark");
        }
    }

    fn drop_unknown(&mut self, table: &Table<'s>, known: &'static [&'static str], place: &str) {
        for (key, _) in &table.entries {
            if !known.contains(&self.key(key)) {
                self.dropped.push(Dropped { key: key.clone(), place: place.to_owned(), known });
            }
        }
    }

    fn top(&mut self, root: &Table<'s>) {
        self.drop_unknown(root, TOP, "at the top");
        for (key, node) in &root.entries {
            match (self.key(key), node) {
                ("version", Node::String(text)) => self.version = Some(text.clone()),
                ("default_profile", Node::String(text)) => self.default_profile = Some(text.clone()),
                ("version" | "default_profile", _) => {
                    self.refuse(key.raw, format!("`{}` should be a text", key.raw))
                }
                ("created_at" | "updated_at", node) if stamp(node).is_none() => {
                    self.refuse(
                        key.raw,
                        format!(
                            "`{}` should be a point in time, such as \"2025-09-28T12:00:00+00:00\"",
                            key.raw
                        ),
                    );
                }
                ("metadata", Node::Table(_) | Node::Other("null")) => {}
                ("metadata", _) => self.refuse(key.raw, "`metadata` should be a table"),
                ("profiles", Node::Table(profiles)) => self.read_profiles(profiles),
                ("profiles", _) => self.refuse(key.raw, "`profiles` should be a table of profiles"),
                ("extends", node) => self.read_extends(key, node),
                _ => {}
            }
        }
        if self.syntax == Syntax::Toml {
            root.entries.iter().for_each(|(key, node)| self.find_unread(key, node));
        }
    }

    fn read_profiles(&mut self, profiles: &Table<'s>) {
        for (key, node) in &profiles.entries {
            match node {
                Node::Table(table) => self.read_profile(key, table),
                _ => self.refuse(key.raw, format!("profile `{}` should be a table", key.as_str())),
            }
        }
    }

    fn read_profile(&mut self, key: &Text<'s>, table: &Table<'s>) {
        let place = format!("in profile `{}`", cut(key.as_str()));
        self.drop_unknown(table, PROFILE, &place);
        let mut profile = Profile::new(key.clone());
        match table.get("name") {
            Some(Node::String(name)) => profile.name = Some(name.clone()),
            Some(_) => self
                .refuse(table.heading, format!("the `name` of profile `{}` should be a text", key.as_str())),
            None => self.refuse(table.heading, format!("profile `{}` should have a `name`", key.as_str())),
        }
        for (field, node) in &table.entries {
            match (self.key(field), node) {
                ("bindings", Node::Array(items)) => {
                    for item in items {
                        let binding = self.read_binding(field, item, &place);
                        profile.bindings.extend(binding);
                    }
                }
                ("bindings", Node::Table(_) | Node::String(_)) => {
                    self.dropped.push(Dropped {
                        key: field.clone(),
                        place: place.clone(),
                        known: &["[[bindings]]"],
                    });
                }
                ("bindings", Node::Other(_)) => {
                    self.refuse(field.raw, "`bindings` should be an array of tables")
                }
                ("registry_versions", Node::Table(pins)) => self.read_pins(pins, &mut profile),
                ("registry_versions", _) => self.refuse(field.raw, "`registry_versions` should be a table"),
                _ => {}
            }
        }
        profile.index();
        self.names.insert(key.as_str().to_owned(), self.profiles.len());
        self.profiles.push(profile);
    }

    fn read_binding(&mut self, field: &Text<'s>, item: &Node<'s>, place: &str) -> Option<Binding<'s>> {
        let Node::Table(table) = item else {
            let at = if item.slice().is_empty() { field.clone() } else { Text::plain(item.slice()) };
            self.dropped.push(Dropped { key: at, place: place.to_owned(), known: &["[[bindings]]"] });
            return None;
        };
        let is_old = table.get("models").is_none() && table.get("model").is_some();
        self.drop_unknown(
            table,
            if is_old { OLD_BINDING } else { BINDING },
            &format!("in a binding {place}"),
        );
        let alias = match table.get("alias") {
            Some(Node::String(alias)) => Some(alias.clone()),
            _ => {
                self.refuse(table.heading, format!("a binding {place} should have an `alias`"));
                None
            }
        };
        if !matches!(table.get("constraints"), None | Some(Node::Table(_) | Node::Other("null"))) {
            self.refuse(table.heading, format!("the `constraints` of a binding {place} should be a table"));
        }
        let models = self.read_pool(table, place)?;
        let pool = table.entries.iter().rev().find(|(key, _)| self.key(key) == "models")?.0.raw;
        Some(Binding { alias: alias?, pool, models })
    }

    fn read_pool(&mut self, table: &Table<'s>, place: &str) -> Option<Vec<Text<'s>>> {
        let Some(node) = table.get("models") else {
            let message = match table.get("model") {
                Some(_) => format!(
                    "a binding {place} has `provider` and `model`, the schema before 27 September 2025; it should have `models`"
                ),
                None => format!("a binding {place} should have `models`"),
            };
            self.refuse(table.heading, message);
            return None;
        };
        let texts =
            |items: &[Node<'s>]| items.iter().map(|item| item.as_text().cloned()).collect::<Option<Vec<_>>>();
        let models = if let Node::Array(items) = node { texts(items) } else { None };
        if models.is_none() {
            self.refuse(
                table.heading,
                format!("the `models` of a binding {place} should be an array of texts"),
            );
        }
        models
    }

    fn read_pins(&mut self, pins: &Table<'s>, profile: &mut Profile<'s>) {
        for (provider, node) in &pins.entries {
            let Some(digits) = value::pin(node) else {
                let message = format!("the pin of `{}` should be a whole number", provider.as_str());
                self.refuse(provider.raw, message);
                continue;
            };
            let whole = matches!(node, Node::Other(raw) if value::integer(raw).is_some());
            let at = if node.slice().is_empty() { provider.raw } else { node.slice() };
            profile.pins.push(Pin { provider: provider.clone(), at, digits, coerced: !whole });
        }
    }

    fn read_extends(&mut self, key: &Text<'s>, node: &Node<'s>) {
        let mut refuse = |at, message: String| self.refusals.push(Refusal { at, message, head_only: true });
        let Node::Table(table) = node else {
            return refuse(key.raw, "`extends` should be a table".to_owned());
        };
        match table.get("packages") {
            None => {}
            Some(Node::Array(items)) => {
                for item in items {
                    match item {
                        Node::String(name) if is_package(name.as_str()) => self.extends.push(name.clone()),
                        Node::String(name) => refuse(
                            name.raw,
                            format!("`{}` is no name that a package can have", name.as_str()),
                        ),
                        _ => refuse(key.raw, "the `packages` of `extends` should be texts".to_owned()),
                    }
                }
            }
            Some(_) => refuse(key.raw, "the `packages` of `extends` should be an array".to_owned()),
        }
        self.drop_unknown(table, EXTENDS, "in `extends`");
    }

    /// The original's TOML reader is not of TOML 1.0: all values of an array must be of one kind, tables have names.
    fn find_unread(&mut self, key: &Text<'s>, node: &Node<'s>) {
        match node {
            Node::Table(table) => {
                if key.as_str().is_empty() {
                    self.refuse(table.heading, "a table should have a name that is not empty");
                }
                table.entries.iter().for_each(|(key, node)| self.find_unread(key, node));
            }
            Node::Array(items) => {
                if let Some(odd) = items.iter().find(|item| kind(item) != kind(&items[0])) {
                    self.refuse(odd.slice(), "an array should hold values of one kind only");
                }
                items.iter().for_each(|item| self.find_unread(&Text::plain("item"), item));
            }
            _ => {}
        }
    }
}

/// What the original's TOML reader tells apart.
fn kind(node: &Node<'_>) -> u8 {
    match node {
        Node::String(_) => 0,
        Node::Other("true" | "false") => 1,
        Node::Other(raw) if value::integer(raw).is_some() => 2,
        Node::Other(raw) if raw.replace('_', "").parse::<f64>().is_ok() => 3,
        Node::Other(_) => 4,
        Node::Array(_) => 5,
        Node::Table(_) => 6,
    }
}

/// A name after PEP 508.
fn is_package(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    name.bytes().all(inner) && edge(name.bytes().next()) && edge(name.bytes().last())
}

//! The file as it is written: profiles, bindings and pins with their places, what the original would refuse, and what it
//! would drop without a word.

use super::Build;
use std::collections::HashMap;

use super::stamp::Stamp;
use super::value::{self, Syntax};
use crate::text::syntax::{Node, Table, Text};

/// A lockfile, read. It is kept beside the generic model: rules that speak of aliases and pins need the places of all of
/// it, and what it holds is in no other lockfile.
#[derive(Debug)]
pub struct Document<'s> {
    /// As the content is written.
    pub syntax: Syntax,
    /// As the name says: what the original reads it as.
    pub named: Syntax,
    pub root: Table<'s>,
    pub version: Option<Text<'s>>,
    pub default_profile: Option<Text<'s>>,
    pub profiles: Vec<Profile<'s>>,
    pub(super) names: HashMap<String, usize>,
    /// The packages of `extends`.
    pub extends: Vec<Text<'s>>,
    /// Why the original does not load the file.
    pub refusals: Vec<Refusal<'s>>,
    /// What it drops when it loads the file.
    pub dropped: Vec<Dropped<'s>>,
}

#[derive(Debug)]
pub struct Profile<'s> {
    pub key: Text<'s>,
    pub name: Option<Text<'s>>,
    pub bindings: Vec<Binding<'s>>,
    pub pins: Vec<Pin<'s>>,
    /// Where the one that counts stands, by alias and by provider: a file may have very many.
    aliases: HashMap<String, usize>,
    providers: HashMap<String, usize>,
}

#[derive(Debug)]
pub struct Binding<'s> {
    pub alias: Text<'s>,
    /// The key of the pool: where it stands when there is nothing in it.
    pub pool: &'s str,
    pub models: Vec<Text<'s>>,
}

#[derive(Debug)]
pub struct Pin<'s> {
    pub provider: Text<'s>,
    pub at: &'s str,
    /// Digits, as the original takes the value.
    pub digits: String,
    /// It is written as something else than a whole number.
    pub coerced: bool,
}

/// Something that a reader of the original stops at.
#[derive(Debug)]
pub struct Refusal<'s> {
    pub at: &'s str,
    /// To follow the name of the field: "should be a text".
    pub message: String,
    /// The published build does not look at it.
    pub head_only: bool,
}

/// A key that no reader of the original knows, or a value that it leaves out.
#[derive(Debug)]
pub struct Dropped<'s> {
    pub key: Text<'s>,
    /// Where it stands, in words: "at the top", "in profile `dev`".
    pub place: String,
    pub known: &'static [&'static str],
}

impl<'s> Pin<'s> {
    /// As a number, where a registry could have that version.
    pub fn version(&self) -> Option<u64> {
        self.digits.parse().ok().filter(|it| *it > 0)
    }
}

impl<'s> Profile<'s> {
    pub(super) fn new(key: Text<'s>) -> Profile<'s> {
        Profile {
            key,
            name: None,
            bindings: Vec::new(),
            pins: Vec::new(),
            aliases: HashMap::new(),
            providers: HashMap::new(),
        }
    }

    /// Once all is read.
    pub(super) fn index(&mut self) {
        for (at, binding) in self.bindings.iter().enumerate() {
            self.aliases.entry(binding.alias.as_str().to_owned()).or_insert(at);
        }
        for (at, pin) in self.pins.iter().enumerate() {
            self.providers.insert(pin.provider.as_str().to_owned(), at);
        }
    }

    pub fn name(&self) -> &str {
        self.key.as_str()
    }

    /// The pin of a provider: the last one counts where there are several.
    pub fn pin(&self, provider: &str) -> Option<&Pin<'s>> {
        self.providers.get(provider).map(|at| &self.pins[*at])
    }

    /// The binding that an alias leads to: the first one counts where there are several.
    pub fn binding(&self, alias: &str) -> Option<&Binding<'s>> {
        self.aliases.get(alias).map(|at| &self.bindings[*at])
    }

    /// Every reference to a model, with the binding that it stands in and its place in the pool.
    pub fn models(&self) -> impl Iterator<Item = (&Binding<'s>, usize, &Text<'s>)> {
        self.bindings
            .iter()
            .flat_map(|it| it.models.iter().enumerate().map(move |(at, model)| (it, at, model)))
    }
}

impl<'s> Document<'s> {
    /// The spelling of a key that counts.
    pub fn key<'k>(&self, text: &'k Text<'_>) -> &'k str {
        value::key(text, self.syntax)
    }

    /// The stamp of a field, where there is one that can be read.
    pub fn stamp(&self, field: &str) -> Option<Stamp> {
        stamp(self.root.get(field)?)
    }

    /// The profile that is used when none is asked for.
    pub fn default_profile(&self) -> &str {
        self.default_profile.as_ref().map_or("default", Text::as_str)
    }

    /// Of several of that name, the last one counts.
    pub fn profile(&self, name: &str) -> Option<&Profile<'s>> {
        self.names.get(name).map(|at| &self.profiles[*at])
    }

    pub fn refusals(&self, build: Build) -> impl Iterator<Item = &Refusal<'s>> {
        self.refusals.iter().filter(move |it| build == Build::Head || !it.head_only)
    }

    /// The original reads it as what it is.
    pub fn is_named_rightly(&self) -> bool {
        self.syntax == self.named
    }
}

/// The bindings that both files have: the profile's name, the binding as it was, and as it is.
pub fn kept<'d, 's>(
    now: &'d Document<'s>,
    before: &'d Document<'s>,
) -> impl Iterator<Item = (&'d str, &'d Binding<'s>, &'d Binding<'s>)> {
    now.profiles.iter().filter_map(|profile| Some((profile, before.profile(profile.name())?))).flat_map(
        |(profile, was)| {
            let pair = move |binding: &'d Binding<'s>| {
                Some((profile.name(), was.binding(binding.alias.as_str())?, binding))
            };
            profile.bindings.iter().filter_map(pair)
        },
    )
}

/// What the original takes for a point in time.
pub(super) fn stamp(node: &Node<'_>) -> Option<Stamp> {
    match node {
        Node::String(text) => Stamp::from_iso(text.as_str()),
        Node::Other("true" | "false" | "null") => None,
        Node::Other(raw) => match raw.replace('_', "").parse::<f64>() {
            Ok(number) => Stamp::from_unix(number),
            Err(_) => Stamp::from_toml(raw),
        },
        _ => None,
    }
}

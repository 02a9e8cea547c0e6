//! `[registries]`: what each ecosystem may resolve from, and which scopes are tied to one registry.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::error::Wrong;
use super::{Place, covers};
use crate::model::Ecosystem;
use crate::model::url;

/// The key that is no ecosystem.
const SCOPED: &str = "scoped";

/// As it is written. The keys are ecosystems and `scoped`, which no derived reader can tell apart with their spans.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RegistriesSection {
    pins: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    scoped: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl<'de> Deserialize<'de> for RegistriesSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RegistriesSection, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = RegistriesSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of ecosystems, each with a list of registries")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RegistriesSection, A::Error> {
                let mut section = RegistriesSection::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    if key.get_ref() == SCOPED {
                        section.scoped = map.next_value()?;
                    } else {
                        section.pins.insert(key, map.next_value()?);
                    }
                }
                Ok(section)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

#[cfg(feature = "cli")]
impl schemars::JsonSchema for RegistriesSection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Registries".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "What each ecosystem may resolve from, by the ids that reports use. An ecosystem that is not named may resolve from what the base side uses.",
            "type": "object",
            "properties": {
                SCOPED: {
                    "description": "A scope (`@acme/`) or the start of names (`pypi:acme-`), and the one registry that it is tied to.",
                    "type": "object",
                    "additionalProperties": { "type": "string" }
                }
            },
            "propertyNames": { "enum": fetched().map(Ecosystem::id).chain([SCOPED]).collect::<Vec<_>>() },
            "additionalProperties": { "type": "array", "items": { "type": "string" } }
        })
    }
}

/// Names that are tied to one registry.
#[derive(Clone, Debug)]
pub struct Tie {
    pub ecosystem: Ecosystem,
    /// What the names begin with.
    pub prefix: String,
    pub(super) place: Place,
}

impl Tie {
    /// The registry that the names are tied to.
    pub fn registry(&self) -> &str {
        &self.place.text
    }
}

/// The section, understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Registries {
    pub(super) pins: Vec<(Ecosystem, Vec<Place>)>,
    /// Longest prefix first: the closest one counts.
    pub(super) ties: Vec<Tie>,
}

impl RegistriesSection {
    pub(super) fn understand(&self) -> Result<Registries, Wrong> {
        let mut registries = Registries::default();
        for (name, places) in &self.pins {
            let ecosystem = ecosystem(name.get_ref()).ok_or_else(|| unknown(name, name.get_ref()))?;
            registries.pins.push((ecosystem, places.iter().map(place).collect()));
        }
        for (name, registry) in &self.scoped {
            let (ecosystem, prefix) = tied(name)?;
            registries.ties.push(Tie { ecosystem, prefix, place: place(registry) });
        }
        registries.ties.sort_by_key(|tie| std::cmp::Reverse(tie.prefix.len()));
        Ok(registries)
    }
}

impl Registries {
    pub(super) fn pins(&self, ecosystem: Ecosystem) -> Option<&[Place]> {
        self.pins.iter().find(|(known, _)| *known == ecosystem).map(|(_, places)| places.as_slice())
    }

    pub(super) fn tie(&self, ecosystem: Ecosystem, name: &str) -> Option<&Tie> {
        self.ties.iter().find(|tie| tie.ecosystem == ecosystem && name.starts_with(&tie.prefix))
    }

    /// Whether a place is pinned, for an ecosystem that has pins.
    pub(super) fn has(&self, ecosystem: Ecosystem, place: &str) -> bool {
        self.pins(ecosystem).is_some_and(|pins| pins.iter().any(|pin| covers(&pin.text, place)))
    }
}

/// The ecosystems whose packages are fetched from registries; models are called where they are.
fn fetched() -> impl Iterator<Item = Ecosystem> {
    Ecosystem::ALL.into_iter().filter(|it| *it != Ecosystem::Llmring)
}

/// An ecosystem by the id that reports use.
pub(super) fn ecosystem(id: &str) -> Option<Ecosystem> {
    fetched().find(|it| it.id() == id)
}

pub(super) fn unknown(at: &Spanned<String>, name: &str) -> Wrong {
    let known: Vec<_> = fetched().map(Ecosystem::id).collect();
    Wrong::new(at.span(), format!("there is no ecosystem `{name}`"))
        .help(format!("There are {}.", known.join(", ")))
        .near(name, known)
}

/// `@acme/` is npm's, as only npm has scopes; other names say whose they are: `pypi:acme-`.
fn tied(name: &Spanned<String>) -> Result<(Ecosystem, String), Wrong> {
    let text = name.get_ref().as_str();
    match text.split_once(':') {
        _ if text.starts_with('@') => {
            // `@acme` alone would be `@acme-evil` as well.
            let prefix = if text.contains('/') { text.to_owned() } else { format!("{text}/") };
            Ok((Ecosystem::Npm, prefix))
        }
        Some((id, prefix)) if !prefix.is_empty() => {
            let ecosystem = ecosystem(id).ok_or_else(|| unknown(name, id))?;
            Ok((ecosystem, prefix.to_owned()))
        }
        _ => Err(Wrong::new(name.span(), format!("`{text}` does not say whose names it means")).help(
            format!("Write an npm scope as `@{text}/`, other names with their ecosystem: `pypi:{text}`."),
        )),
    }
}

fn place(written: &Spanned<String>) -> Place {
    Place { text: url::place(written.get_ref()).into_owned(), span: written.span() }
}

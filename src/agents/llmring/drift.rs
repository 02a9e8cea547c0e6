//! What changed between two versions of the registry, for the models that a lockfile uses.
//!
//! Price, limits, capabilities and status count. A field that only one version has is no change: the registry's schema
//! grew. Prose, tiers and names do not count either.

use std::collections::BTreeSet;

use super::document::Document;
use super::registry::{Archive, Entry, Registry};
use super::split;
use crate::agents::canonical::Value;

/// A pinned provider of a profile, against the latest version.
pub struct Drift<'r> {
    pub profile: String,
    pub provider: String,
    pub pinned: u64,
    pub latest: u64,
    pub models: Vec<Changed<'r>>,
}

/// A model in use that is not what it was.
pub struct Changed<'r> {
    pub model: String,
    pub change: Change<'r>,
}

pub enum Change<'r> {
    /// The pinned version does not have it.
    Added,
    /// The latest version no longer has it.
    Removed,
    Fields(Vec<Field<'r>>),
}

/// A field that both versions have, with another value.
pub struct Field<'r> {
    pub name: &'r str,
    pub before: &'r Value,
    pub now: &'r Value,
}

/// What could not be compared.
pub struct Unchecked {
    pub profile: String,
    pub provider: String,
    pub why: String,
}

const PROSE: [&str; 12] = [
    "added_date",
    "description",
    "display_name",
    "intelligence_tier",
    "model_aliases",
    "model_family",
    "model_name",
    "provider",
    "recommended_use_cases",
    "release_date",
    "requires_tier",
    "speed_tier",
];

/// The drift of every pinned provider of every profile, and what can't be said.
pub fn of<'r>(document: &Document<'_>, registry: &'r Registry<'_>) -> (Vec<Drift<'r>>, Vec<Unchecked>) {
    let (mut drifts, mut unchecked) = (Vec::new(), Vec::new());
    for profile in &document.profiles {
        let used: BTreeSet<&str> = profile.models().map(|(_, _, model)| model.as_str()).collect();
        let providers: BTreeSet<&str> =
            used.iter().filter_map(|model| split(model)).map(|(provider, _)| provider).collect();
        for provider in providers {
            let mut refuse = |why: String| {
                let (profile, provider) = (profile.name().to_owned(), provider.to_owned());
                unchecked.push(Unchecked { profile, provider, why });
            };
            let Some(pin) = profile.pin(provider) else {
                refuse("it is not pinned".to_owned());
                continue;
            };
            let Some(latest) = registry.provider(provider).map(|it| it.latest()) else {
                refuse("the snapshot does not have it".to_owned());
                continue;
            };
            let Some(pinned) = pin.version().and_then(|version| registry.archive(provider, version)) else {
                refuse(format!("the snapshot has no version {}", pin.digits));
                continue;
            };
            if !pinned.is_readable() || !latest.is_readable() {
                refuse("an archive can't be read".to_owned());
                continue;
            }
            let of_provider = used.iter().filter(|it| split(it).is_some_and(|(it, _)| it == provider));
            let models = of_provider.filter_map(|model| changed(model, pinned, latest)).collect();
            let (profile, provider) = (profile.name().to_owned(), provider.to_owned());
            drifts.push(Drift { profile, provider, pinned: pinned.version, latest: latest.version, models });
        }
    }
    (drifts, unchecked)
}

/// How a model differs; also one that is only known by an alias of another.
fn changed<'r>(model: &str, before: &'r Archive<'_>, now: &'r Archive<'_>) -> Option<Changed<'r>> {
    let entry = |archive: &'r Archive<'_>| {
        archive.find(model).map(|it| match it {
            Entry::Model(model) | Entry::Alias(_, model) => model,
        })
    };
    let change = match (entry(before), entry(now)) {
        (None, None) => return None,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (Some(before), Some(now)) => {
            let fields = fields(before, now);
            if fields.is_empty() {
                return None;
            }
            Change::Fields(fields)
        }
    };
    Some(Changed { model: model.to_owned(), change })
}

/// The fields that both have and that count, where they differ; sorted.
pub fn fields<'r>(before: &'r Value, now: &'r Value) -> Vec<Field<'r>> {
    let mut fields: Vec<_> = before
        .entries()
        .iter()
        .filter(|(name, _)| !PROSE.contains(&name.as_str()))
        .filter_map(|(name, before)| Some(Field { name, before, now: now.get(name)? }))
        .filter(|field| !equal(field.before, field.now))
        .collect();
    fields.sort_by_key(|field| field.name);
    fields
}

/// `3` and `3.0` are the same price.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(digits), Value::Float(number)) | (Value::Float(number), Value::Int(digits)) => {
            digits.parse::<f64>().is_ok_and(|it| it == *number)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::llmring::reader;
    use crate::agents::llmring::registry::testing::chain;
    use crate::text::source::{Side, Source};

    #[test]
    fn only_models_in_use_and_fields_that_both_have() {
        let sources = chain(
            "openai",
            &[
                r#"{"openai:a": {"max_input_tokens": null, "dollars_per_million_tokens_input": 3, "speed_tier": "x"}, "openai:gone": {}, "openai:b": {"x": 1}}"#,
                r#"{"openai:a": {"max_input_tokens": 8, "dollars_per_million_tokens_input": 3.0, "new": 1, "speed_tier": "y"}, "openai:b": {"x": 2}}"#,
            ],
        );
        let registry = Registry::new(&sources);
        let text = "[profiles.p]\nname = 'p'\nregistry_versions = { openai = 1, google = 1 }\nbindings = [{ alias = 'x', \
                    models = ['openai:a', 'openai:gone', 'google:x', 'ollama:y'] }]";
        let source = Source::new("llmring.lock", Side::Worktree, text.into());
        let (document, _) = reader::read(&source);
        let (drifts, unchecked) = of(&document, &registry);
        let [drift] = &drifts[..] else { panic!() };
        assert_eq!((drift.provider.as_str(), drift.pinned, drift.latest), ("openai", 1, 2));
        let [a, gone] = &drift.models[..] else { panic!() };
        assert!(
            matches!(&a.change, Change::Fields(fields) if fields.len() == 1 && fields[0].name == "max_input_tokens")
        );
        assert!(matches!(gone.change, Change::Removed));
        assert_eq!(unchecked.iter().map(|it| it.provider.as_str()).collect::<Vec<_>>(), ["google", "ollama"]);
    }

    /// The real archives: for trying out, where they are.
    #[test]
    fn the_drift_of_real_archives_is_what_it_was_found_to_be() {
        let Some(folder) = std::env::var_os("LOCKPROOF_LLMRING_ARCHIVES") else {
            crate::check::testing::skip("LOCKPROOF_LLMRING_ARCHIVES names no folder of real archives");
            return;
        };
        let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llmring/drift.json");
        let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        for (pair, it) in expected.as_object().unwrap() {
            let (provider, versions) = pair.split_once(" v").unwrap();
            let (before, now) = versions.split_once("->v").unwrap();
            let source = |version: &str| {
                let path = format!("{provider}/v/{version}/models.json");
                let bytes = std::fs::read(std::path::Path::new(&folder).join(&path)).unwrap();
                Source::new(path, Side::Worktree, bytes)
            };
            let sources = [source(before), source(now)];
            let registry = Registry::new(&sources);
            let archive = |version: &str| registry.archive(provider, version.parse().unwrap()).unwrap();
            let (before, now) = (archive(before), archive(now));
            let mut found = serde_json::Map::new();
            for (name, model) in before.models() {
                let Some(Entry::Model(other)) = now.find(name) else { continue };
                let json = |value| serde_json::from_str(&crate::agents::canonical::canonical(value)).unwrap();
                let fields: serde_json::Map<_, _> = fields(model, other)
                    .iter()
                    .map(|it| {
                        (it.name.to_owned(), serde_json::Value::Array(vec![json(it.before), json(it.now)]))
                    })
                    .collect();
                if !fields.is_empty() {
                    found.insert(name.clone(), fields.into());
                }
            }
            assert_eq!(serde_json::Value::Object(found), it["changed"], "{pair}");
            let is_new = |name: &&str| before.names().all(|it| it != *name);
            let mut added: Vec<_> = now.names().filter(is_new).collect();
            added.sort();
            assert_eq!(serde_json::json!(added), it["added"], "{pair}");
        }
    }
}

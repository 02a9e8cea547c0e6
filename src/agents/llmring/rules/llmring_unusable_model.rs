//! A model can't do what its alias is for: it is switched off, about to be, or makes embeddings.
//!
//! The latest version of the registry says what can be called today. A model that it calls inactive is an error; so is an
//! embedding model behind an alias that is not called after embeddings, which is what a choice by price alone ends at. A date
//! of deprecation is a warning.
//!
//! ```diff lockproof.toml
//!  [llmring]
//!  registry = "registry"
//! ```
//!
//! ```diff registry/openai/v/1/models.json
//!  {"version": 1, "models": {"openai:small": {"api_endpoint": "embeddings"}, "openai:old": {"is_active": false}}}
//! ```
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["openai:small", "openai:old"]
//!             ^^^^^^^^^^^^ an embedding model
//!                             ^^^^^^^^^^ inactive
//! ```
//!
//! Choose another model, and put it in front: `lockproof llmring bind fast MODEL`.

use crate::agents::llmring::registry::{Entry, deprecated, is_active, is_embedding};
use crate::agents::llmring::rules::{Held, held_models};
use crate::agents::llmring::split;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "llmring-unusable-model",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unusable_model.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (Held { lockfile, profile, registry }, binding, model) in held_models(cx) {
        let provider = split(model.as_str()).and_then(|(provider, _)| registry.provider(provider));
        let Some(latest) = provider.map(|it| it.latest()) else { continue };
        let Some(Entry::Model(entry) | Entry::Alias(_, entry)) = latest.find(model.as_str()) else {
            continue;
        };
        let (name, alias) = (cut(model.as_str()), cut(binding.alias.as_str()));
        let since = deprecated(entry).map(|date| format!(" since {}", cut(date))).unwrap_or_default();
        let (level, message, label) = if !is_active(entry) {
            let message =
                format!("`{name}`, a model of alias `{alias}`, is inactive{since}: calls to it fail.");
            (Level::Error, message, "inactive".to_owned())
        } else if is_embedding(entry) && !alias.to_lowercase().contains("embed") {
            (
                Level::Error,
                format!("`{name}`, a model of alias `{alias}`, makes embeddings and no answers."),
                "an embedding model".to_owned(),
            )
        } else if let Some(date) = deprecated(entry) {
            (
                Level::Warning,
                format!("`{name}`, a model of alias `{alias}`, is deprecated from {} on.", cut(date)),
                "deprecated".to_owned(),
            )
        } else {
            continue;
        };
        report.file(lockfile, model.raw, message).level(level).label(label).help(
            Help::from(format!("Version {} of the registry says so.", latest.version)).and(cx.bind(
                lockfile,
                profile.name(),
                binding.alias.as_str(),
                "MODEL",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn an_alias_for_embeddings_may_have_them() {
        let lock = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'embedder', models = ['p:e', 'p:d'] }]\n";
        check("llmring-unusable-model")
            .policy("[llmring]\nregistry = 'r'\n")
            .head("r/p/v/1/models.json", r#"{"version": 1, "models": {"p:e": {"api_endpoint": "embeddings"}, "p:d": {"deprecated_date": "2026-09-01"}}}"#)
            .head("llmring.lock", lock)
            .finds(&["llmring.lock:3:53 warning `p:d`, a model of alias `embedder`, is deprecated from 2026-09-01 on."]);
    }
}

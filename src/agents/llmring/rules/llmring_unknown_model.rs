//! A model is not in the version of the registry that is pinned for its provider.
//!
//! llmring's own check asks for the first entry of a pool only, never for the pinned version, and says yes when it can't ask.
//! A name that the registry lists as an alias of another model is a warning: the provider takes it today, and decides what it
//! means. So is a model that the latest version no longer has.
//!
//! ```diff lockproof.toml
//!  [llmring]
//!  registry = "registry"
//! ```
//!
//! ```diff registry/openai/v/1/models.json
//!  {"version": 1, "models": {"openai:gpt-4o-mini": {}}}
//! ```
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 1
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["openai:gpt-4o-mini", "openai:gpt-4o-mimi"]
//!                                   ^^^^^^^^^^^^^^^^^^ did you mean `openai:gpt-4o-mini`?
//! ```
//!
//! Name a model of the pinned version, or raise the pin: `lockproof llmring bump`.

use crate::agents::llmring::document::Profile;
use crate::agents::llmring::registry::{Archive, Entry, Registry};
use crate::agents::llmring::rules::{Held, held_models};
use crate::agents::llmring::{near, split};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-unknown-model",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unknown_model.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    // A hint costs a look at every name, and a hostile file has many that are none.
    let mut hints = 100;
    for (Held { lockfile, profile, registry }, binding, model) in held_models(cx) {
        let name = model.as_str();
        let provider = split(name).and_then(|(provider, _)| registry.provider(provider));
        let (Some(provider), Some(pinned)) = (provider, pinned(registry, profile, name)) else { continue };
        let alias = cut(binding.alias.as_str());
        let Some(mut fault) = fault(name, &alias, pinned, provider.latest()) else { continue };
        if fault.level == Level::Error && hints > 0 {
            hints -= 1;
            let near = near(name, pinned.names());
            fault.label = near.map_or(fault.label, |it| format!("did you mean `{it}`?"));
        }
        report
            .file(lockfile, model.raw, fault.message)
            .level(fault.level)
            .label(fault.label)
            .help(fault.help);
    }
}

struct Fault {
    level: Level,
    message: String,
    label: String,
    help: String,
}

fn fault(model: &str, alias: &str, pinned: &Archive<'_>, latest: &Archive<'_>) -> Option<Fault> {
    let (shown, version) = (cut(model), pinned.version);
    let since = latest.find(model);
    let (level, message, label, help) = match (pinned.find(model), since) {
        (None, since) => (
            Level::Error,
            format!("`{shown}`, a model of alias `{alias}`, is not in version {version} of the registry."),
            "not in the registry".to_owned(),
            match since {
                Some(_) => {
                    format!("The latest version, {}, has it.", latest.version)
                }
                None => "Name a model that the registry has.".to_owned(),
            },
        ),
        (Some(Entry::Alias(real, _)), _) => (
            Level::Warning,
            format!("`{shown}` is an alias of `{}`: the provider decides what it means.", cut(real)),
            format!("an alias of `{}`", cut(real)),
            format!("Write `{}`.", cut(real)),
        ),
        (Some(_), None) => (
            Level::Warning,
            format!("`{shown}` is no longer in the registry: version {} does not have it.", latest.version),
            "gone since".to_owned(),
            "Choose a model that is still there.".to_owned(),
        ),
        _ => return None,
    };
    Some(Fault { level, message, label, help })
}

/// The archive that a model is judged by: the pinned one, or the latest where none is pinned.
fn pinned<'r, 'a>(registry: &'r Registry<'a>, profile: &Profile<'_>, model: &str) -> Option<&'r Archive<'a>> {
    let (provider, _) = split(model)?;
    let archive = match profile.pin(provider) {
        Some(pin) => registry.archive(provider, pin.version()?)?,
        None => registry.provider(provider)?.latest(),
    };
    archive.is_readable().then_some(archive)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn aliases_and_what_went_away_are_warnings() {
        let lock = "[profiles.a]\nname = 'a'\nregistry_versions = { p = 1 }\nbindings = [{ alias = 'x', models = ['p:long', 'p:gone', 'p:new'] }]\n";
        check("llmring-unknown-model")
            .policy("[llmring]\nregistry = 'r'\n")
            .head("r/p/v/1/models.json", r#"{"version": 1, "models": {"p:long-1": {"model_aliases": ["long"]}, "p:gone": {}}}"#)
            .head("r/p/v/2/models.json", r#"{"version": 2, "models": {"p:long-1": {"model_aliases": ["long"]}, "p:new": {}}}"#)
            .head("llmring.lock", lock)
            .finds(&[
                "llmring.lock:4:59 error `p:new`, a model of alias `x`, is not in version 1 of the registry.",
                "llmring.lock:4:39 warning `p:long` is an alias of `p:long-1`: the provider decides what it means.",
                "llmring.lock:4:49 warning `p:gone` is no longer in the registry: version 2 does not have it.",
            ]);
    }
}

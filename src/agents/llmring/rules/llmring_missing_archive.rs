//! A pin names a version that the model registry does not have.
//!
//! llmring never looks: its check of a pinned version says yes to any number. So a pin of 9999 stands for years, and a pin
//! made up by an offline bump looks like any other. The snapshot of the registry is the one that the policy names
//! (`[llmring] registry`), or `--registry DIR`; without one, pins are not checked, and the run says so.
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
//!  openai = 27
//!           ^^ the latest is 1
//! ```
//!
//! Pin what there is: `lockproof llmring bump`. If the snapshot is old, take a newer one.

use crate::agents::llmring::is_registered;
use crate::agents::llmring::rules::{Held, held_pins};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-missing-archive",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_missing_archive.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (Held { lockfile, profile, registry }, pin, version) in held_pins(cx) {
        let (provider, name) = (pin.provider.as_str(), cut(profile.name()));
        match registry.provider(provider) {
            None if is_registered(provider) => {
                report
                    .file(lockfile, pin.provider.raw, format!("Profile `{name}` pins {provider}, of which the snapshot of the registry has nothing."))
                    .label("not in the snapshot")
                    .help("Take a whole snapshot: each provider has its archives in v/1, v/2 and so on.");
            }
            Some(archives) if registry.archive(provider, version).is_none() => {
                let latest = archives.latest().version;
                report
                    .file(lockfile, pin.at, format!("Profile `{name}` pins {provider} to {version}, which the snapshot of the registry does not have."))
                    .label(format!("the latest is {latest}"))
                    .help(format!("Pin {latest}, or take a newer snapshot: lockproof never lowers a pin by itself."));
            }
            _ => {}
        }
    }
}

//! The model registry has newer versions than the pinned one.
//!
//! Prices, limits and the set of models may have changed since the pin was made.
//!
//! ```diff lockproof.toml
//!  [llmring]
//!  registry = "registry"
//! ```
//!
//! ```diff registry/openai/v/1/models.json
//!  {"version": 1, "models": {}}
//! ```
//!
//! ```diff registry/openai/v/3/models.json
//!  {"version": 3, "models": {}}
//! ```
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 1
//!           ^ the latest is 3
//! ```
//!
//! See what changed with `lockproof llmring drift`, then raise the pin with `lockproof llmring bump`.

use crate::agents::llmring::rules::{Held, held_pins};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "llmring-stale-pin",
    level: Level::Note,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_stale_pin.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (Held { lockfile, profile, registry }, pin, version) in held_pins(cx) {
        let provider = pin.provider.as_str();
        let latest = registry.provider(provider).map(|it| it.latest().version);
        let Some((latest, behind)) = latest.and_then(|latest| Some((latest, latest.checked_sub(version)?)))
        else {
            continue;
        };
        if behind == 0 {
            continue;
        }
        let versions = if behind == 1 { "version" } else { "versions" };
        let name = cut(profile.name());
        report
            .file(
                lockfile,
                pin.at,
                format!("The pin of {provider} in profile `{name}` is {behind} {versions} behind."),
            )
            .label(format!("the latest is {latest}"))
            .help(Help::from(cx.llmring(lockfile, "drift", "shows what changed")).and(cx.llmring(
                lockfile,
                "bump",
                "raises the pin",
            )));
    }
}

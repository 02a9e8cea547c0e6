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

use crate::context::Context;
use crate::escape::cut;
use crate::finding::Level;
use crate::formats::Family;
use crate::formats::llmring::document;
use crate::model::Lockfile;
use crate::report::Report;
use crate::rules::{Check, Rule};

pub static RULE: Rule = Rule {
    id: "llmring-stale-pin",
    level: Level::Note,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_stale_pin.rs"),
    checks: &[Check::Repository(check)],
};

/// Of the whole side: the archives may change while the lockfile stays.
fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    cx.head.lockfiles.iter().for_each(|lockfile| check_one(cx, lockfile, report));
}

fn check_one<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let Some(registry) = cx.head.models.registry() else { return };
    for profile in &document.profiles {
        for pin in &profile.pins {
            let (provider, Some(version)) = (pin.provider.as_str(), pin.version()) else { continue };
            let Some(latest) = registry.provider(provider).map(|it| it.latest().version) else { continue };
            if version < latest {
                let behind = latest - version;
                let versions = if behind == 1 { "version" } else { "versions" };
                report
                    .file(lockfile, pin.at, format!("The pin of {provider} in profile `{}` is {behind} {versions} behind.", cut(profile.name())))
                    .label(format!("the latest is {latest}"))
                    .help("`lockproof llmring drift` shows what changed, `lockproof llmring bump` raises the pin.");
            }
        }
    }
}

//! A pin of the model registry was lowered or taken out.
//!
//! Versions of the registry only grow, and no command of llmring or lockproof lowers a pin. An older version says other prices
//! and limits, and has models that were since switched off. A pin that goes with its profile or with the last use of its
//! provider is not found here.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//! -openai = 7
//! +openai = 5
//!           ^ it was 7
//! ```
//!
//! Take the line back, or say in the commit why the older version is meant.

use std::collections::HashSet;

use crate::agents::llmring::split;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "llmring-pin-lowered",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_pin_lowered.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(before)) = (pair.head, pair.base) else { return };
    let (Some(document), Some(old)) = (document(lockfile), document(before)) else { return };
    for profile in &document.profiles {
        let Some(old) = old.profile(profile.name()) else { continue };
        let name = cut(profile.name());
        let used: HashSet<&str> =
            profile.models().filter_map(|(_, _, model)| Some(split(model.as_str())?.0)).collect();
        for pin in &old.pins {
            let provider = pin.provider.as_str();
            let Some(was) = pin.version() else { continue };
            let (at, message, label) = match profile.pin(provider) {
                Some(now) if now.version().is_none_or(|now| now < was) => {
                    let to = cut(&now.digits);
                    let message =
                        format!("The pin of {} in profile `{name}` went from {was} to {to}.", cut(provider));
                    (now.at, message, format!("it was {was}"))
                }
                None if used.contains(provider) => {
                    let message =
                        format!("Profile `{name}` no longer pins {}, which it uses.", cut(provider));
                    (profile.key.raw, message, format!("the pin of {} is gone", cut(provider)))
                }
                _ => continue,
            };
            report
                .file(lockfile, at, message)
                .value(provider)
                .label(label)
                .related(before.source, pin.at, "it was")
                .help(cx.restore(lockfile));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(pins: &str, models: &str) -> String {
        format!(
            "[profiles.a]\nname = 'a'\nbindings = [{{ alias = 'x', models = [{models}] }}]\nregistry_versions = {{ {pins} }}\n"
        )
    }

    #[test]
    fn a_pin_may_rise_and_may_go_with_its_last_use() {
        let case = |before: &str, now: &str| {
            check("llmring-pin-lowered").base("llmring.lock", before).head("llmring.lock", now)
        };
        case(&lock("openai = 6", "'openai:x'"), &lock("openai = 7", "'openai:x'")).finds(&[]);
        case(&lock("openai = 6", "'openai:x'"), &lock("", "'google:x'")).finds(&[]);
        case(&lock("openai = 6", "'openai:x'"), &lock("", "'openai:x'"))
            .finds(&["llmring.lock:4:1 error Profile `a` no longer pins openai, which it uses."]);
    }
}

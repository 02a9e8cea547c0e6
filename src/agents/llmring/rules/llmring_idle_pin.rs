//! A pin that says nothing: no alias uses its provider, or another profile pins another version.
//!
//! A pin for a provider that no registry lists is what a bump without a network leaves behind: it pins everything to 1, also a
//! misspelt name. Profiles that pin different versions review the same models twice.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 7
//!  opnai = 1
//!  ^^^^^ did you mean `openai`?
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["openai:gpt-4o-mini"]
//! ```
//!
//! Take the pin out, or raise all profiles together: `lockproof llmring bump`.

use crate::agents::llmring::document::Pin;
use crate::agents::llmring::{PROVIDERS, is_registered, near, split};
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use std::collections::{HashMap, HashSet};

pub static RULE: Rule = Rule {
    id: "llmring-idle-pin",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_idle_pin.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile).filter(|it| it.refusals.is_empty()) else { return };
    let mut firsts: HashMap<&str, (&str, &Pin<'a>)> = HashMap::new();
    for profile in &document.profiles {
        let used: HashSet<&str> =
            profile.models().filter_map(|(_, _, model)| Some(split(model.as_str())?.0)).collect();
        for pin in &profile.pins {
            let (provider, name) = (pin.provider.as_str(), cut(profile.name()));
            let (other, first) = *firsts.entry(provider).or_insert((profile.name(), pin));
            if !used.contains(provider) {
                let unregistered = if is_registered(provider) { "" } else { ", and no registry lists it" };
                let label = match near(provider, PROVIDERS).filter(|_| !PROVIDERS.contains(&provider)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "not used".to_owned(),
                };
                report
                    .file(
                        lockfile,
                        pin.provider.raw,
                        format!(
                            "Profile `{name}` pins `{}`, which none of its aliases uses{unregistered}.",
                            cut(provider)
                        ),
                    )
                    .label(label)
                    .help("Take the pin out.");
            } else if first.digits != pin.digits {
                report
                    .file(
                        lockfile,
                        pin.at,
                        format!(
                            "Profile `{name}` pins {provider} to {}, profile `{}` to {}.",
                            cut(&pin.digits),
                            cut(other),
                            cut(&first.digits)
                        ),
                    )
                    .label(format!("{} in `{}`", cut(&first.digits), cut(other)))
                    .related(lockfile.source, first.at, "another version")
                    .help(cx.llmring(lockfile, "bump", "raises all profiles"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_pin_of_a_fallback_is_not_idle() {
        let text = |pin: &str| {
            format!(
                "[profiles.a]\nname = 'a'\nbindings = [{{ alias = 'x', models = ['ollama:x', 'openai:y'] }}]\nregistry_versions = {{ openai = 7 }}\n\
                    [profiles.b]\nname = 'b'\nbindings = [{{ alias = 'x', models = ['openai:y'] }}]\nregistry_versions = {{ openai = {pin} }}\n"
            )
        };
        check("llmring-idle-pin").head("llmring.lock", &text("7")).finds(&[]);
        check("llmring-idle-pin")
            .head("llmring.lock", &text("6"))
            .finds(&["llmring.lock:8:32 warning Profile `b` pins openai to 6, profile `a` to 7."]);
    }
}

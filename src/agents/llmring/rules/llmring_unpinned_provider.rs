//! A profile uses a provider whose registry version it does not pin.
//!
//! Without a pin nothing says what price, limits and abilities were reviewed, and drift can't be shown. A provider that stands
//! only among fallbacks counts as well: llmring's own bump leaves those out. What runs on one's own machine (ollama) is in no
//! registry.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 7
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["openai:gpt-4o-mini", "google:gemini-2.5-flash"]
//!                                   ^^^^^^^^^^^^^^^^^^^^^^^ not pinned
//! ```
//!
//! Pin it: `lockproof llmring bump`.

use crate::agents::llmring::{is_registered, split};
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use std::collections::HashSet;

pub static RULE: Rule = Rule {
    id: "llmring-unpinned-provider",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unpinned_provider.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let registry = cx.head.models.registry();
    let is_registered = |provider: &str| {
        is_registered(provider) || registry.is_some_and(|it| it.provider(provider).is_some())
    };
    for profile in &document.profiles {
        let mut seen = HashSet::new();
        for (_, _, model) in profile.models() {
            let Some((provider, _)) = split(model.as_str()) else { continue };
            if is_registered(provider) && profile.pin(provider).is_none() && seen.insert(provider) {
                report
                    .file(
                        lockfile,
                        model.raw,
                        format!(
                            "Profile `{}` uses {provider} and pins no version of its registry.",
                            cut(profile.name())
                        ),
                    )
                    .label("not pinned")
                    .help(cx.llmring(lockfile, "bump", "pins what the snapshot of the registry has"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn local_models_need_no_pin() {
        let text = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'x', models = ['ollama:llama3'] }]\n";
        check("llmring-unpinned-provider").head("llmring.lock", text).finds(&[]);
    }
}

//! An alias that no one can ask for.
//!
//! Of two bindings with the same alias in a profile the first one counts and the second is dead. An alias that looks like
//! `provider:model` is taken for a model before any alias is looked up, and one without a name can't be asked for.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["openai:gpt-4o-mini"]
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!           ^^^^ never used
//!  models = ["google:gemini-2.5-flash"]
//! ```
//!
//! Give it another name, or take it out.

use crate::agents::llmring::{PROVIDERS, split};
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use std::collections::HashMap;

pub static RULE: Rule = Rule {
    id: "llmring-unreachable-alias",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unreachable_alias.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    for profile in &document.profiles {
        let mut seen: HashMap<&str, &'a str> = HashMap::new();
        for binding in &profile.bindings {
            let (alias, at) = (binding.alias.as_str(), binding.alias.raw);
            let name = cut(profile.name());
            let first = *seen.entry(alias).or_insert(at);
            if !std::ptr::eq(first, at) {
                report
                    .file(
                        lockfile,
                        at,
                        format!(
                            "Alias `{}` is bound twice in profile `{name}`: the first binding counts.",
                            cut(alias)
                        ),
                    )
                    .label("never used")
                    .related(lockfile.source, first, "this one counts")
                    .help("Take one of them out.");
            } else if alias.trim().is_empty() {
                report
                    .file(lockfile, at, format!("A binding in profile `{name}` has an empty alias."))
                    .label("empty")
                    .help("Give it a name.");
            } else if let Some((provider, _)) =
                split(alias).filter(|(provider, _)| PROVIDERS.contains(provider))
            {
                report
                    .file(lockfile, at, format!("Alias `{}` can't be reached: `{provider}` is a provider, so it is taken for a model.", cut(alias)))
                    .label("taken for a model")
                    .help("Give it a name without the provider.");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn other_profiles_and_namespaces_are_fine() {
        let text = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'x', models = [] }, { alias = 'lib:x', models = [] }]\n\
                    [profiles.b]\nname = 'b'\nbindings = [{ alias = 'x', models = [] }]\n";
        check("llmring-unreachable-alias").head("llmring.lock", text).finds(&[]);
        let text = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'openai:x', models = [] }, { alias = '', models = [] }]\n";
        check("llmring-unreachable-alias").head("llmring.lock", text).finds(&[
            "llmring.lock:3:24 error Alias `openai:x` can't be reached: `openai` is a provider, so it is taken for a model.",
            "llmring.lock:3:61 error A binding in profile `a` has an empty alias.",
        ]);
    }
}

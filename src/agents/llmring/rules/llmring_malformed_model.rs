//! An entry of a pool is no `provider:model`.
//!
//! llmring skips such an entry with a line in the log, or sends it to a provider that knows no such model. It compares
//! providers as they are spelled, splits no list inside of a text, and follows no alias that stands among models. Every entry
//! of a pool is looked at, not only the first.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = ["opnai:gpt-4o-mini", "claude-haiku"]
//!             ^^^^^^^^^^^^^^^^^ did you mean `openai`?
//!                                  ^^^^^^^^^^^^ should be `provider:model`
//! ```
//!
//! Write the provider as llmring knows it: openai, anthropic, google or ollama.

use crate::agents::llmring::document::Profile;
use crate::agents::llmring::{PROVIDERS, near, split};
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-malformed-model",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_malformed_model.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    for profile in &document.profiles {
        for (binding, _, model) in profile.models() {
            let Some(fault) = fault(cx, model.as_str(), profile) else { continue };
            report
                .file(
                    lockfile,
                    model.raw,
                    format!(
                        "`{}`, a model of alias `{}`, {}.",
                        cut(model.as_str()),
                        cut(binding.alias.as_str()),
                        fault.0
                    ),
                )
                .label(fault.1)
                .help("Write it as `provider:model`.");
        }
    }
}

/// What is wrong, as a sentence and as a label.
fn fault(cx: &Context<'_>, model: &str, profile: &Profile<'_>) -> Option<(String, String)> {
    let plain = |what: &str, label: &str| Some((what.to_owned(), label.to_owned()));
    if model.contains(',') {
        return plain("is a list in one text, which llmring does not split", "a list in a text");
    }
    let Some((provider, name)) = split(model) else {
        return match profile.binding(model) {
            Some(_) => plain("is an alias itself, and aliases are not followed", "an alias"),
            None => plain("names no provider", "should be `provider:model`"),
        };
    };
    if model.contains(char::is_whitespace) {
        return plain("has white space in it", "white space");
    }
    if provider.is_empty() || name.is_empty() {
        return plain("has nothing on one side of its colon", "should be `provider:model`");
    }
    let in_registry = cx.head.models.registry().is_some_and(|it| it.provider(provider).is_some());
    if PROVIDERS.contains(&provider) || in_registry {
        return None;
    }
    let label = near(provider, PROVIDERS)
        .map_or("no provider that llmring has".to_owned(), |it| format!("did you mean `{it}`?"));
    Some((format!("names the provider `{}`, which llmring does not have", cut(provider)), label))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn one(model: &str) -> String {
        format!(
            "[profiles.a]\nname = 'a'\n[[profiles.a.bindings]]\nalias = 'x'\nmodels = ['openai:ok', '{model}']\n"
        )
    }

    #[test]
    fn every_entry_of_a_pool_is_looked_at() {
        let cases = [
            ("openai:a,google:b", "is a list in one text, which llmring does not split"),
            ("x", "is an alias itself, and aliases are not followed"),
            ("y", "names no provider"),
            ("openai: a", "has white space in it"),
            (":a", "has nothing on one side of its colon"),
            ("OpenAI:a", "names the provider `OpenAI`, which llmring does not have"),
        ];
        for (model, what) in cases {
            let expected = format!("llmring.lock:5:25 error `{model}`, a model of alias `x`, {what}.");
            check("llmring-malformed-model").head("llmring.lock", &one(model)).finds(&[&expected]);
        }
        check("llmring-malformed-model").head("llmring.lock", &one("ollama:llama3:8b")).finds(&[]);
    }
}

//! An alias leads to no model, to one twice, or to one alone where others have fallbacks.
//!
//! A pool is tried from its first entry on. An empty one always fails. An entry that stands twice helps no one, and is a
//! warning. An alias without a fallback is a note, where other aliases of the file have one.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//!  models = []
//!  ^^^^^^ empty
//!  [[profiles.default.bindings]]
//!  alias = "deep"
//!  models = ["openai:o3", "openai:o3"]
//!                          ^^^^^^^^^ tried before
//! ```
//!
//! Name the models in the order in which they are to be tried.

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
    id: "llmring-faulty-pool",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_faulty_pool.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let has_fallbacks = document.profiles.iter().flat_map(|it| &it.bindings).any(|it| it.models.len() > 1);
    let bindings =
        document.profiles.iter().flat_map(|profile| profile.bindings.iter().map(move |it| (profile, it)));
    for (profile, binding) in bindings {
        let alias = cut(binding.alias.as_str());
        let bind = || cx.bind(lockfile, profile.name(), binding.alias.as_str(), "MODEL,FALLBACK");
        let mut seen: HashMap<&str, &'a str> = HashMap::new();
        for model in &binding.models {
            let first = *seen.entry(model.as_str()).or_insert(model.raw);
            if !std::ptr::eq(first, model.raw) {
                report
                    .file(
                        lockfile,
                        model.raw,
                        format!("Alias `{alias}` has `{}` twice.", cut(model.as_str())),
                    )
                    .level(Level::Warning)
                    .label("tried before")
                    .help("Take one of them out.");
            }
        }
        match &binding.models[..] {
            [] => {
                report
                    .file(lockfile, binding.pool, format!("Alias `{alias}` leads to no model."))
                    .label("empty")
                    .help(bind());
            }
            [only] if has_fallbacks => {
                report
                    .file(lockfile, only.raw, format!("Alias `{alias}` has no fallback, and others have."))
                    .level(Level::Note)
                    .label("nothing else is tried")
                    .help(bind());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_file_without_fallbacks_is_not_nagged() {
        let text = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'x', models = ['openai:x'] }]\n";
        check("llmring-faulty-pool").head("llmring.lock", text).finds(&[]);
        let text = "[profiles.a]\nname = 'a'\nbindings = [{ alias = 'x', models = ['openai:x'] }, { alias = 'y', models = ['openai:x', 'openai:y'] }]\n";
        check("llmring-faulty-pool")
            .head("llmring.lock", text)
            .finds(&["llmring.lock:3:39 note Alias `x` has no fallback, and others have."]);
    }
}

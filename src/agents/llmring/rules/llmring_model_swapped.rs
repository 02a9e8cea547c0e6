//! An alias leads to another model than before.
//!
//! Programs ask for the alias, so none of them changes: a review of this file is the only one that the new model gets. A
//! fallback that is another one is a note.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//! -models = ["openai:gpt-4o-mini"]
//! +models = ["openai:gpt-4.1-nano"]
//!             ^^^^^^^^^^^^^^^^^^^ another model
//! ```
//!
//! Look at what the new model costs and can do: `lockproof llmring drift` and the registry say.

use crate::agents::llmring::document::kept;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::syntax::Text;
use crate::world::{Context, Pair};
use std::collections::HashSet;

pub static RULE: Rule = Rule {
    id: "llmring-model-swapped",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_model_swapped.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(before)) = (pair.head, pair.base) else { return };
    let (Some(document), Some(old)) = (document(lockfile), document(before)) else { return };
    for (profile, was, now) in kept(document, old) {
        let (Some(first), Some(model)) = (was.models.first(), now.models.first()) else { continue };
        let known: HashSet<&str> = was.models.iter().map(Text::as_str).collect();
        let whose = format!("Alias `{}` of profile `{}`", cut(now.alias.as_str()), cut(profile));
        let mut tell = |at: &'a str, what: String, level, label: &str, was: &str| {
            report
                .file(lockfile, at, format!("{whose} {what}."))
                .level(level)
                .label(label)
                .related(before.source, first.raw, was)
                .help(cx.restore(lockfile));
        };
        if first.as_str() != model.as_str() {
            // One that was a fallback before has been reviewed.
            let level = if known.contains(model.as_str()) { Level::Note } else { Level::Warning };
            let what =
                format!("leads to `{}` now, and led to `{}`", cut(model.as_str()), cut(first.as_str()));
            tell(model.raw, what, level, "another model", "it was");
            continue;
        }
        for model in now.models.iter().skip(1).filter(|it| !known.contains(it.as_str())) {
            let what = format!("falls back to `{}`, which it did not", cut(model.as_str()));
            tell(model.raw, what, Level::Note, "a new fallback", "the pool was");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_new_alias_swaps_nothing() {
        let lock = |alias: &str, models: &str| {
            format!("[profiles.a]\nname = 'a'\nbindings = [{{ alias = '{alias}', models = [{models}] }}]\n")
        };
        let case = |before: &str, now: &str| {
            check("llmring-model-swapped").base("llmring.lock", before).head("llmring.lock", now)
        };
        case(&lock("x", "'openai:a'"), &lock("y", "'openai:b'")).finds(&[]);
        case(&lock("x", "'openai:a', 'openai:b'"), &lock("x", "'openai:b', 'openai:a'")).finds(&[
            "llmring.lock:3:39 note Alias `x` of profile `a` leads to `openai:b` now, and led to `openai:a`.",
        ]);
        case(&lock("x", "'openai:a'"), &lock("x", "'openai:a', 'openai:b'")).finds(&[
            "llmring.lock:3:51 note Alias `x` of profile `a` falls back to `openai:b`, which it did not.",
        ]);
    }
}

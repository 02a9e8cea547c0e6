//! An alias lost all of its fallbacks.
//!
//! When its one model fails, or its key is missing, nothing else is tried any more.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "fast"
//! -models = ["openai:gpt-4o-mini", "google:gemini-2.5-flash"]
//! +models = ["openai:gpt-4o-mini"]
//!             ^^^^^^^^^^^^^^^^^^ nothing else is tried
//! ```
//!
//! Keep a model of another provider behind the first one.

use crate::agents::llmring::document::kept;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "llmring-fallback-removed",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_fallback_removed.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(before)) = (pair.head, pair.base) else { return };
    let (Some(document), Some(old)) = (document(lockfile), document(before)) else { return };
    for (profile, was, now) in kept(document, old) {
        if was.models.len() < 2 || now.models.len() > 1 {
            continue;
        }
        let Some(fallback) = was.models.get(1) else { continue };
        let at = now.models.first().map_or(now.pool, |model| model.raw);
        report
            .file(
                lockfile,
                at,
                format!(
                    "Alias `{}` of profile `{}` has no fallback any more.",
                    cut(now.alias.as_str()),
                    cut(profile)
                ),
            )
            .label("nothing else is tried")
            .related(before.source, fallback.raw, "it had this one")
            .help(cx.restore(lockfile));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn one_fallback_for_another_is_fine() {
        let lock = |models: &str| {
            format!("[profiles.a]\nname = 'a'\nbindings = [{{ alias = 'x', models = [{models}] }}]\n")
        };
        let (before, now) = (lock("'p:a', 'p:b', 'p:c'"), lock("'p:a', 'p:d'"));
        check("llmring-fallback-removed").base("llmring.lock", &before).head("llmring.lock", &now).finds(&[]);
    }
}

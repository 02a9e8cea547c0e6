//! An alias or a profile was taken out.
//!
//! A program that asks for it fails, and only when it asks. For a profile that is not there llmring makes an empty one.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!            ^^^^^^^ `fast` is gone
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "deep"
//!  models = ["openai:o3"]
//! -[[profiles.default.bindings]]
//! -alias = "fast"
//! -models = ["openai:gpt-4o-mini"]
//! ```
//!
//! See that nothing asks for it any more.

use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "llmring-alias-removed",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_alias_removed.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(before)) = (pair.head, pair.base) else { return };
    let (Some(document), Some(old)) = (document(lockfile), document(before)) else { return };
    for was in &old.profiles {
        let Some(profile) = document.profile(was.name()) else {
            if was.bindings.is_empty() {
                continue;
            }
            let text = lockfile.source.text();
            report
                .file(
                    lockfile,
                    text.lines().next().unwrap_or(text),
                    format!(
                        "Profile `{}` was taken out, with {} aliases.",
                        cut(was.name()),
                        was.bindings.len()
                    ),
                )
                .value(was.name())
                .label(format!("profile `{}` is gone", cut(was.name())))
                .related(before.source, was.key.raw, "it was")
                .help(cx.restore(lockfile));
            continue;
        };
        for binding in was.bindings.iter().filter(|it| profile.binding(it.alias.as_str()).is_none()) {
            let alias = cut(binding.alias.as_str());
            report
                .file(
                    lockfile,
                    profile.key.raw,
                    format!("Alias `{alias}` of profile `{}` was taken out.", cut(was.name())),
                )
                .value(binding.alias.as_str())
                .label(format!("`{alias}` is gone"))
                .related(before.source, binding.alias.raw, "it was")
                .help(cx.restore(lockfile));
        }
    }
}

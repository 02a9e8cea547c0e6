//! The lockfile binds no alias, and loads all the same.
//!
//! llmring takes an empty file, or one that holds only what it does not know, for a valid lockfile. Every alias then fails
//! where it is used, in the running program. A save that crashes leaves such a file.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  ^^^^^^^^^^^^^^^ nothing is bound
//!  default_profile = "default"
//! ```
//!
//! Bind an alias: `lockproof llmring bind fast openai:gpt-4o-mini`.

use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-empty",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_empty.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let has_bindings = document.profiles.iter().any(|profile| !profile.bindings.is_empty());
    if has_bindings || !document.refusals.is_empty() || !document.is_named_rightly() {
        return;
    }
    let text = lockfile.source.text();
    report
        .file(
            lockfile,
            text.lines().next().unwrap_or(text),
            format!("{} binds no alias, and llmring loads it without a word.", lockfile.source.path),
        )
        .label("nothing is bound")
        .help(cx.llmring(lockfile, "bind ALIAS PROVIDER:MODEL", "binds one"));
}

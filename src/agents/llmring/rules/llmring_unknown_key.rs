//! A key is none that llmring knows, so it is dropped without a word.
//!
//! What is dropped has no effect, and is gone after the next save. A misspelt key is an error: what it was meant to say is not
//! said. So are the schema that llmring.ai publishes, with `bindings` at the top, and `[aliases]`: both load as an empty
//! lockfile.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  default_profil = "prod"
//!  ^^^^^^^^^^^^^^ did you mean `default_profile`?
//!  [profiles.prod]
//!  name = "prod"
//! ```
//!
//! Write the key as llmring knows it, or take it out.

use crate::agents::llmring::near;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-unknown-key",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unknown_key.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    for dropped in &document.dropped {
        let key = document.key(&dropped.key);
        if dropped.known == ["[[bindings]]"] {
            report
                .file(
                    lockfile,
                    dropped.key.raw,
                    format!(
                        "A part of `bindings` {} is no table, and is left out without a word.",
                        dropped.place
                    ),
                )
                .level(Level::Error)
                .label("left out")
                .help("Write each binding as a table, with `alias` and `models`.");
            continue;
        }
        let message = format!(
            "`{}` {} is no key that llmring knows: it is dropped without a word.",
            cut(key),
            dropped.place
        );
        let found = report.file(lockfile, dropped.key.raw, message);
        let at_top = dropped.place == "at the top";
        if at_top && matches!(key, "bindings" | "registry_versions" | "aliases") {
            let help = "Bindings stand in `[[profiles.NAME.bindings]]`, pins in `[profiles.NAME.registry_versions]`: llmring reads no other schema, whatever is published.";
            found.level(Level::Error).label("loads as an empty lockfile").help(help);
        } else if let Some(near) = near(key, dropped.known.iter().copied()) {
            found
                .level(Level::Error)
                .label(format!("did you mean `{near}`?"))
                .help(format!("Write `{near}`."));
        } else {
            found.label("dropped").help("Take it out; free-form values have their place in `metadata`.");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn free_form_tables_hold_what_they_like() {
        let text = "[metadata]\nx = 1\n[profiles.a]\nname = 'a'\n[[profiles.a.bindings]]\nalias = 'x'\nmodels = ['openai:y']\n\
                    constraints = { temperature = 1 }\n";
        check("llmring-unknown-key").head("llmring.lock", text).finds(&[]);
    }

    #[test]
    fn a_table_of_bindings_is_left_out() {
        let text = "[profiles.a]\nname = 'a'\n[profiles.a.bindings]\nfast = 'openai:x'\n";
        check("llmring-unknown-key").head("llmring.lock", text).finds(&[
            "llmring.lock:3:13 error A part of `bindings` in profile `a` is no table, and is left out without a word.",
        ]);
    }

    #[test]
    fn other_schemas_are_errors() {
        check("llmring-unknown-key").head("llmring.lock", "[[bindings]]\nalias = 'x'\n[profile.x]\n").finds(&[
            "llmring.lock:1:3 error `bindings` at the top is no key that llmring knows: it is dropped without a word.",
            "llmring.lock:3:2 error `profile` at the top is no key that llmring knows: it is dropped without a word.",
        ]);
    }
}

//! llmring does not load the file.
//!
//! What its reader stops at ends the program that asks for a model: a field of the wrong type, a binding without `models`, JSON
//! under a name that says TOML. A file of the schema before 27 September 2025 has `provider` and `model` where `models` is
//! needed.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ of the schema before `models`
//!  alias = "fast"
//!  provider = "openai"
//!  model = "gpt-4o-mini"
//! ```
//!
//! Write the field as the message says. A JSON lockfile is named `llmring.lock.json`, and is loaded by explicit path only.

use crate::agents::llmring::value::Syntax;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-refused",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_refused.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let path = &lockfile.source.path;
    if !document.is_named_rightly() {
        let (is, named) = (document.syntax.name(), document.named.name());
        let first = lockfile.source.text().trim_start();
        report
            .file(
                lockfile,
                first.lines().next().unwrap_or(first),
                format!("llmring does not load {path}: it is {is}, and by its name it is read as {named}."),
            )
            .label(format!("this is {is}"))
            .help(help(document.syntax));
        return;
    }
    for refusal in &document.refusals {
        let (loads, whose) = match refusal.head_only {
            true => ("the head of llmring does not load", ", which the published 1.4.0 does not look at"),
            false => ("llmring does not load", ""),
        };
        let message =
            format!("{}{} {path}: {}{whose}.", loads[..1].to_uppercase(), &loads[1..], refusal.message);
        let message = message.replacen("Llmring", "llmring", 1);
        let found = report.file(lockfile, refusal.at, message);
        if refusal.message.contains("schema before") {
            found
                .label("of the schema before `models`")
                .help("Write `models = [\"provider:model\"]` in place of `provider` and `model`.");
        } else {
            found.label("its reader stops here").help(cx.llmring(lockfile, "validate", "checks it again"));
        }
    }
}

fn help(syntax: Syntax) -> &'static str {
    match syntax {
        Syntax::Json => "Name it llmring.lock.json and load it by its path, or write it as TOML.",
        Syntax::Toml => "Name it llmring.lock: the original looks for no other name.",
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn what_is_coerced_is_not_refused() {
        let text = "version = '1.0'\ncreated_at = 0\nupdated_at = 2026-01-01\n[profiles.x]\nname = 'x'\nbindings = ['no table']\n\
                    [profiles.x.registry_versions]\nopenai = '7'\n";
        check("llmring-refused").head("llmring.lock", text).finds(&[]);
    }

    #[test]
    fn both_syntaxes_have_their_name() {
        let json = r#"{"profiles": {}}"#;
        check("llmring-refused").head("x.llmring.lock.json", json).finds(&[]);
        check("llmring-refused").head("llmring.lock", json).finds(&[
            "llmring.lock:1:1 error llmring does not load llmring.lock: it is JSON, and by its name it is read as TOML.",
        ]);
        check("llmring-refused").head("llmring.lock.json", "version = '1.0'\n").finds(&[
            "llmring.lock.json:1:1 error llmring does not load llmring.lock.json: it is TOML, and by its name it is read as JSON.",
        ]);
        check("llmring-refused").head("llmring.lock.json", "[]").finds(&[
            "llmring.lock.json error llmring does not load llmring.lock.json: the file should hold a table at its top.",
        ]);
    }

    #[test]
    fn extends_is_only_looked_at_by_the_head() {
        check("llmring-refused").head("llmring.lock", "[extends]\npackages = ['../x']\n").finds(&[
            "llmring.lock:2:14 error The head of llmring does not load llmring.lock: `../x` is no name that a package can have, \
             which the published 1.4.0 does not look at.",
        ]);
    }
}

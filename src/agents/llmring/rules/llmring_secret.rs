//! The lockfile holds what looks like a key or a password.
//!
//! `metadata` and `constraints` take anything, the file is committed, and everyone who can read the repository has the key. No
//! output of lockproof shows its text.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  [metadata]
//!  api_key = "an-example-of-a-key-0123456789"
//!  ^^^^^^^ looks like a secret
//! ```
//!
//! Take the key back where it was issued, then take it out of the file. llmring reads keys from the environment.

use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::secrets;
use crate::text::syntax::{Node, Text};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-secret",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_secret.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let mut look = |key: &Text<'a>, node: &Node<'a>| {
        let Node::String(text) = node else { return };
        let named = secrets::is_name(key.as_str()) && secrets::may_be_secret(text.as_str());
        if !named && secrets::tokens(text.as_str()).is_empty() {
            return;
        }
        let at = if key.raw.is_empty() { text.raw } else { key.raw };
        let found = report.file(
            lockfile,
            at,
            format!("`{}` holds what looks like a key or a password.", cut(key.as_str())),
        );
        found
            .label("looks like a secret")
            .help("Take the key back where it was issued, and take it out of the file; llmring reads keys from the environment.");
        // The lines around a finding are shown, and these would be the secret's own.
        if text.raw.contains('\n') {
            found.without_place();
        }
    };
    walk(&Text::default(), &Node::Table(document.root.clone()), &mut look);
}

fn walk<'a>(key: &Text<'a>, node: &Node<'a>, look: &mut dyn FnMut(&Text<'a>, &Node<'a>)) {
    match node {
        Node::Table(table) => table.entries.iter().for_each(|(key, node)| walk(key, node, look)),
        Node::Array(items) => items.iter().for_each(|item| walk(key, item, look)),
        scalar => look(key, scalar),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn ordinary_values_are_no_secrets() {
        let text = "[metadata]\nowner = 'token team'\nmax_tokens = 'many'\ntoken_budget = 7\napi_key = 'OPENAI_API_KEY'\npassword = ''\n";
        check("llmring-secret").head("llmring.lock", text).finds(&[]);
        let text = "[metadata]\nnotes = ['sk-proj-abcdefghij0123456789ABCD']\n";
        check("llmring-secret")
            .head("llmring.lock", text)
            .finds(&["llmring.lock:2:1 error `notes` holds what looks like a key or a password."]);
    }
}

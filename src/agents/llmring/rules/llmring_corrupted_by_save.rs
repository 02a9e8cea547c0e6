//! llmring corrupts a text when it saves the file.
//!
//! Its TOML writer turns control characters, the no-break space and some others below U+0100 into other text, crashes on some
//! after it has emptied the file, and writes `\x` so that it can't be read again. `llmring bind` and `llmring lock
//! bump-registry` save the file.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  [metadata]
//!  folder = 'C:\xampp'
//!            ^^^^^^^^ `\x` does not survive
//! ```
//!
//! Write the text without it, or change the file with `lockproof llmring bind` and `bump`, which leave the rest alone.

use crate::agents::llmring::save::corruption;
use crate::agents::llmring::value::Syntax;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::{Node, Text};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-corrupted-by-save",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_corrupted_by_save.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    if document.named == Syntax::Toml {
        texts(&Node::Table(document.root.clone()), &mut |text| {
            let Some(bad) = corruption(text.as_str()) else { return };
            report
                .file(
                    lockfile,
                    text.raw,
                    format!("llmring corrupts this text when it saves the file: {bad} does not survive."),
                )
                .label(format!("{bad} does not survive"))
                .help("The commands `bind` and `bump` of lockproof llmring change the file without that.");
        });
    }
}

fn texts<'a>(node: &Node<'a>, tell: &mut dyn FnMut(&Text<'a>)) {
    match node {
        Node::String(text) => tell(text),
        Node::Array(items) => items.iter().for_each(|it| texts(it, tell)),
        Node::Table(table) => {
            for (key, node) in &table.entries {
                if corruption(key.as_str()).is_some() {
                    tell(key);
                }
                texts(node, tell);
            }
        }
        Node::Other(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn json_and_ordinary_texts_survive() {
        check("llmring-corrupted-by-save")
            .head("llmring.lock.json", "{\"metadata\": {\"x\": \"a\\u00a0b\"}}")
            .finds(&[]);
        check("llmring-corrupted-by-save").head("llmring.lock", "metadata = { x = 'é\u{1f389} C:\\Users', y = 'a\u{a0}b' }").finds(&[
            "llmring.lock:1:38 warning llmring corrupts this text when it saves the file: U+00A0 does not survive.",
        ]);
    }
}

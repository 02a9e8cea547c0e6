//! The file is written in a way that llmring's readers take for something else.
//!
//! Its TOML reader is older than TOML 1.0. Behind a byte order mark the first key is another key, and is dropped.
//! Escapes in quoted keys stay as they are written. Line breaks of Windows are a note.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  [profiles."d\u0065v"]
//!             ^^^^^^^^ stays as it is written
//!  name = "dev"
//! ```
//!
//! Write plain UTF-8 and plain keys.

use crate::agents::llmring::value::Syntax;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::syntax::{Node, Table};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-encoding",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_encoding.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let source = lockfile.source;
    if source.raw().starts_with('\u{feff}') && document.refusals.is_empty() {
        let text = source.text();
        report
            .file(
                lockfile,
                text.lines().next().unwrap_or(text),
                format!("{} begins with a byte order mark, so llmring drops its first key.", source.path),
            )
            .label("behind a byte order mark")
            .help("Save the file as UTF-8 without a byte order mark.");
    }
    if let Some(at) = source.raw().find("\r\n") {
        report
            .file(lockfile, &source.raw()[at..at], format!("{} has the line breaks of Windows.", source.path))
            .level(Level::Note)
            .label("CR LF")
            .help("`*.lock text eol=lf` in .gitattributes keeps them out.");
    }
    if document.syntax == Syntax::Toml {
        keys(&document.root, lockfile, report);
    }
}

fn keys<'a>(table: &'a Table<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    for (key, node) in &table.entries {
        if key.is_escaped() {
            report
                .file(
                    lockfile,
                    key.raw,
                    format!(
                        "The key `{}` is not decoded by llmring: it reads `{}`.",
                        cut(key.as_str()),
                        cut(key.raw)
                    ),
                )
                .label("stays as it is written")
                .help("Write the characters themselves.");
        }
        match node {
            Node::Table(inner) => keys(inner, lockfile, report),
            Node::Array(items) => {
                items.iter().filter_map(Node::as_table).for_each(|it| keys(it, lockfile, report))
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn marks_and_line_breaks() {
        check("llmring-encoding").head("llmring.lock", "\u{feff}version = '1.0'\r\n").finds(&[
            "llmring.lock:1:2 warning llmring.lock begins with a byte order mark, so llmring drops its first key.",
            "llmring.lock:1:17 note llmring.lock has the line breaks of Windows.",
        ]);
        check("llmring-encoding").head("llmring.lock.json", "\u{feff}{}").finds(&[]);
    }
}

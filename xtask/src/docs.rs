//! Docs that are made from the code: rule pages, the command line, schemas, the tables of the README.

use std::fs;
use std::path::PathBuf;

use lockproof::bytes;
use lockproof::bytes::Store;
use lockproof::cli::{self, SchemaOf};
use lockproof::ecosystems::formats;
use lockproof::ecosystems::formats::Format;
use lockproof::ecosystems::unread;
use lockproof::rules::{self, Rule};

use crate::picture;
use crate::tools::{Done, Failure, at, root, say};

const FIX: &str = "cargo xtask docs";

pub(crate) fn run(arguments: &[String]) -> Done {
    match arguments {
        [] => write(),
        [check] if check == "--check" => {
            let stale = stale()?;
            if stale.is_empty() {
                return Ok(());
            }
            Err(Failure::Failed(format!("not up to date: {}\n  fix: {FIX}", stale.join(", "))))
        }
        _ => Err(Failure::Usage("docs knows --check only".into())),
    }
}

fn write() -> Done {
    for (path, text) in documents()? {
        let full = root().join(path);
        if fs::read_to_string(&full).is_ok_and(|present| present == text) {
            continue;
        }
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        fs::write(&full, text).map_err(at(&full))?;
        say(format!("wrote {path}"));
    }
    Ok(())
}

/// The documents that are not what they should be.
pub(crate) fn stale() -> Result<Vec<&'static str>, Failure> {
    let differs = |path: &str, text: &str| {
        fs::read_to_string(root().join(path)).map_or(true, |present| present != text)
    };
    Ok(documents()?.into_iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path).collect())
}

fn documents() -> Result<Vec<(&'static str, String)>, Failure> {
    let mut documents = vec![
        ("docs/diagnostic.svg", picture::svg()?),
        ("docs/rules.md", rules_page()),
        ("docs/cli.md", cli_page()),
        ("docs/schema/report.json", cli::schema(SchemaOf::Report)),
        ("docs/schema/diff.json", cli::schema(SchemaOf::Diff)),
        ("docs/schema/inventory.json", cli::schema(SchemaOf::Inventory)),
        ("docs/schema/proof.json", cli::schema(SchemaOf::Proof)),
        ("docs/schema/config.json", cli::schema(SchemaOf::Config)),
    ];
    if let Ok(text) = fs::read_to_string(root().join("docs/bytes.md")) {
        documents.push(("docs/bytes.md", between(&text, "stores", &stores_table())));
    }
    // Nothing to fill in where there is no README.
    let readme: PathBuf = root().join("README.md");
    if let Ok(text) = fs::read_to_string(readme) {
        let text = between(&text, "rules", &rules_table("docs/rules.md"));
        let text = between(&text, "unread", &unread_kinds());
        documents.push(("README.md", between(&text, "formats", &formats_table())));
    }
    Ok(documents)
}

/// Replaces what stands between `<!-- name -->` and `<!-- /name -->`; a text without these marks stays as it is.
pub(crate) fn between(text: &str, name: &str, content: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let Some((before, rest)) = text.split_once(&open) else { return text.to_owned() };
    let Some((_, after)) = rest.split_once(&close) else { return text.to_owned() };
    format!("{before}{open}\n{content}{close}{after}")
}

fn generated(from: &str) -> String {
    format!("<!-- Made by `{FIX}` from {from}: change it there. -->\n\n")
}

fn rules_page() -> String {
    let table = rules_table("");
    let pages: String = rules::ALL.iter().map(|rule| rule_section(rule)).collect();
    let head = generated("the pages in src/rules");
    format!(
        "{head}# Rules\n\n`lockproof explain RULE` shows a page in the terminal. A rule with † speaks of tampering: it can't be \
         switched off or set to another level.\n\n{table}\n{pages}"
    )
    .trim_end()
    .to_owned()
        + "\n"
}

fn rules_table(page: &str) -> String {
    let row = |rule: &&Rule| {
        let tamper = if rule.tamper { " †" } else { "" };
        format!(
            "| [`{id}`]({page}#{id}){tamper} | {} | {} |\n",
            if rule.is_opt_in() { "off" } else { rule.level.name() },
            cell(rule.summary()),
            id = rule.id
        )
    };
    let rows: String = rules::ALL.iter().map(row).collect();
    format!("| Rule | Level | What it finds |\n|---|---|---|\n{rows}")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn rule_section(rule: &Rule) -> String {
    let tamper = if rule.tamper { ", †" } else { "" };
    format!("## {}\n\n*{}{tamper}*\n\n{}\n\n", rule.id, rule.level, fences(&rule.page()))
}

/// The path of an example stands above it: behind ` ```diff ` Markdown would not show it.
fn fences(page: &str) -> String {
    let line = |line: &str| match line.strip_prefix("```diff ") {
        Some(path) => format!("`{path}`:\n\n```diff"),
        None => line.to_owned(),
    };
    page.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn formats_table() -> String {
    let quoted = |names: &[&str]| names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let row = |format: &&Format| {
        let versions = if format.versions.is_empty() { "–".to_owned() } else { format.versions.join(", ") };
        format!("| {} | {} | {} | {versions} |\n", format.id, quoted(format.files), format.ecosystem.id())
    };
    let rows: String = formats::ALL.iter().map(row).collect();
    format!("| Format | Files | Ecosystem | Versions |\n|---|---|---|---|\n{rows}")
}

/// What is known and not read.
fn unread_kinds() -> String {
    let ids: Vec<_> = unread::ids().iter().map(|id| format!("`{id}`")).collect();
    ids.join(", ") + "\n"
}

fn stores_table() -> String {
    let row = |store: &&Store| {
        let when = if store.in_repository { "always" } else { "`--bytes all`" };
        format!("| {} | {} | {when} | {} |\n", store.id, store.formats.join(", "), cell(store.proves))
    };
    let rows: String = bytes::ALL.iter().map(row).collect();
    format!("| Store | Formats | Looked into | What it proves |\n|---|---|---|---|\n{rows}")
}

fn cli_page() -> String {
    // A width of its own: the terminal's must not show in the docs.
    let mut command = cli::command().term_width(100);
    command.build();
    let mut text = generated("src/cli.rs") + "# Command line\n\n";
    text.push_str(&section("lockproof", &command.render_long_help().to_string()));
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let name = format!("lockproof {}", sub.get_name());
        text.push_str(&section(&name, &sub.render_long_help().to_string()));
        for inner in sub.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
            let name = format!("{name} {}", inner.get_name());
            text.push_str(&section(&name, &inner.render_long_help().to_string()));
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn section(name: &str, help: &str) -> String {
    let lines: Vec<_> = help.trim().lines().map(str::trim_end).collect();
    format!("## {name}\n\n```text\n{}\n```\n\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = "a\n<!-- rules -->\nold\n<!-- /rules -->\nb";
        assert_eq!(between(text, "rules", "new\n"), "a\n<!-- rules -->\nnew\n<!-- /rules -->\nb");
        assert_eq!(between(text, "formats", "new\n"), text);
    }

    #[test]
    fn an_example_says_its_path_above() {
        assert_eq!(fences("x\n```diff go.sum\n- a\n```"), "x\n`go.sum`:\n\n```diff\n- a\n```");
    }
}

//! The index of a lockfile store says something else than its lockfiles.
//!
//! Kiwi's `.index.json` has the place, the chain hash and the times of every lockfile, and lists and prunes by it. It is
//! rewritten on every load and merges badly. An entry that speaks of another lockfile is an error; a lockfile that is not in
//! the index, an entry whose lockfile is gone, and two chains that share one entry (the index has no room for a second) are
//! warnings.
//!
//! ```diff .ai/lockfiles/scripts/hello@1.0.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-01-27T12:00:00+00:00",
//!    "root": {
//!      "tool_id": "hello",
//!      "version": "1.0.0",
//!      "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!    },
//!    "resolved_chain": [
//!      {
//!        "tool_id": "hello",
//!        "version": "1.0.0",
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f",
//!        "executor": null
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! ```diff .ai/lockfiles/.index.json
//!  {
//!    "version": "1",
//!    "lockfiles": {
//!      "scripts/hello@1.0.0": {
//!        "path": "scripts/hello@1.0.0.lock.json",
//!        "chain_hash": "0f9c669a93de",
//!                       ^^^^^^^^^^^^ should be 84db116e08b0
//!        "created_at": "2026-01-27T12:00:00+00:00",
//!        "last_validated": "2026-01-27T12:00:00+00:00",
//!        "scope": "project"
//!      }
//!    }
//!  }
//! ```
//!
//! `lockproof tool index --rebuild` writes it from the lockfiles. Better still: let git ignore it.

use crate::agents::tool::index::{Entry, Index};
use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::store;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::world::Context;
use std::collections::{HashMap, HashSet};

pub static RULE: Rule = Rule {
    id: "tool-index-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_index_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

type Found<'a> = (&'a Lockfile<'a>, &'a ToolLock<'a>);

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let indexes = cx.head.tools().projects().flat_map(|(_, project)| project.indexes.iter().copied());
    let indexes: Vec<&Source> = indexes.collect();
    if indexes.is_empty() {
        return;
    }
    let mut stores: HashMap<&str, HashMap<&str, Found<'a>>> = HashMap::new();
    for (lockfile, tool) in cx.head.tool_lockfiles().filter(|(_, tool)| !tool.is_rye()) {
        if let Some(place) = store::place(&lockfile.source.path) {
            stores.entry(place.base).or_default().insert(place.below, (lockfile, tool));
        }
    }
    for source in indexes {
        let Some(place) = store::place(&source.path) else { continue };
        let lockfiles = stores.remove(place.base).unwrap_or_default();
        check_index(cx, source, place.base, &lockfiles, report);
    }
}

fn check_index<'a>(
    cx: &Context<'a>,
    source: &'a Source,
    base: &str,
    lockfiles: &HashMap<&'a str, Found<'a>>,
    report: &mut Report<'a>,
) {
    let index = Index::read(source);
    for fault in &index.faults {
        report
            .source(source, fault.at, format!("{} can't be read: {}.", source.path, fault.message))
            .help(cx.rebuild(source));
    }
    report.uncounted(&source.path, index.faults.all_left_out());
    let scope =
        index.entries.first().and_then(|entry| entry.scope.as_ref()).map(|scope| scope.as_str().to_owned());
    for entry in &index.entries {
        let Some(path) = entry.safe_path() else { continue };
        match lockfiles.get(path) {
            Some(found) => check_entry(cx, source, entry, path, found, scope.as_deref(), report),
            None if cx.head.has_path(&format!("{base}/{path}")) => {}
            None => {
                let message =
                    format!("The lockfile of the index entry {} is gone: {path}.", entry.key.as_str());
                warn(cx, report, source, entry.place_of(&entry.path), message, "is not there");
            }
        }
    }
    if index.faults.is_empty() {
        check_unlisted(cx, source, &index, lockfiles, report);
    }
}

fn check_entry<'a>(
    cx: &Context<'a>,
    source: &'a Source,
    entry: &Entry<'a>,
    path: &str,
    (lockfile, tool): &Found<'a>,
    scope: Option<&str>,
    report: &mut Report<'a>,
) {
    let hash = tool.chain_hash();
    let category = store::category(path);
    let key =
        if category.is_empty() { tool.root.label() } else { format!("{category}/{}", tool.root.label()) };
    let says = |text: &Option<crate::text::syntax::Text<'_>>| {
        text.as_ref().map_or("nothing".to_owned(), |it| it.as_str().to_owned())
    };
    let created = tool.generated_at.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default();
    let fields = [
        ("key", entry.key.raw, entry.key.as_str().to_owned(), key),
        ("chain_hash", entry.place_of(&entry.chain_hash), says(&entry.chain_hash), hash),
        ("created_at", entry.place_of(&entry.created_at), says(&entry.created_at), created),
    ];
    for (field, at, says, is) in fields.into_iter().filter(|(.., says, is)| says != is) {
        let message = format!("The index says {field} {says} of {}, which has {is}.", lockfile.source.path);
        let found = report.source(source, at, message);
        found.label(format!("should be {is}")).value(entry.key.as_str()).help(cx.rebuild(source));
        found.related(lockfile.source, super::root_place(tool), "the lockfile");
    }
    let scope_is = says(&entry.scope);
    if !matches!(scope_is.as_str(), "project" | "user") || scope.is_some_and(|scope| scope != scope_is) {
        let message = format!(
            "The index entry {} has the scope {scope_is}, and a store has one scope.",
            entry.key.as_str()
        );
        report
            .source(source, entry.place_of(&entry.scope), message)
            .label("another scope")
            .help(cx.rebuild(source));
    }
}

fn check_unlisted<'a>(
    cx: &Context<'a>,
    source: &'a Source,
    index: &Index<'a>,
    lockfiles: &HashMap<&'a str, Found<'a>>,
    report: &mut Report<'a>,
) {
    let listed: HashSet<&str> = index.entries.iter().filter_map(Entry::safe_path).collect();
    let keys: HashSet<&str> = index.entries.iter().map(|entry| entry.key.as_str()).collect();
    let mut unlisted: Vec<_> = lockfiles.iter().filter(|(path, _)| !listed.contains(**path)).collect();
    unlisted.sort_by_key(|(path, _)| **path);
    for (path, (lockfile, tool)) in unlisted {
        let key = format!("{}/{}", store::category(path), tool.root.label());
        let is_second = keys.contains(key.as_str());
        let message = if is_second {
            format!("{} shares its index entry {key} with another chain.", lockfile.source.path)
        } else {
            format!("{} is not in its index.", lockfile.source.path)
        };
        let found = report.file(lockfile, super::root_place(tool), message);
        found.level(Level::Warning).label("not listed").help(cx.rebuild(source));
        found.related(source, source.text().lines().next().unwrap_or_default(), "the index");
    }
}

fn warn<'a>(
    cx: &Context<'a>,
    report: &mut Report<'a>,
    source: &'a Source,
    at: &'a str,
    message: String,
    label: &str,
) {
    report.source(source, at, message).level(Level::Warning).label(label).help(cx.rebuild(source));
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "now", "root": {"tool_id": "t", "version": "1.0.0", "integrity": "{HEX}"}, "resolved_chain": []}"#;

    fn messages(entry: &str) -> Vec<String> {
        let index = format!(r#"{{"version": "1", "lockfiles": {{{entry}}}}}"#);
        let test = check("tool-index-mismatch").head(".ai/lockfiles/a/t@1.0.0.lock.json", LOCK);
        let found = test.head(".ai/lockfiles/.index.json", &index).run();
        found.into_iter().map(|it| format!("{} {}", it.level, it.message)).collect()
    }

    #[test]
    fn index_and_lockfiles_are_compared_both_ways() {
        let good = r#""a/t@1.0.0": {"path": "a/t@1.0.0.lock.json", "chain_hash": "e3b0c44298fc", "created_at": "now", "scope": "project"}"#;
        assert!(messages(good).is_empty());
        assert_eq!(messages(""), ["warning .ai/lockfiles/a/t@1.0.0.lock.json is not in its index."]);
        assert_eq!(messages(&good.replace("a/t@1.0.0\": {", "b/t@1.0.0\": {")).len(), 1);
        assert_eq!(messages(&good.replace("now", "then")).len(), 1);
        let gone =
            messages(&format!(r#"{good}, "a/u@1": {{"path": "a/u@1.lock.json", "scope": "project"}}"#));
        assert_eq!(gone, ["warning The lockfile of the index entry a/u@1 is gone: a/u@1.lock.json."]);
    }
}

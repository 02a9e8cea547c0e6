//! An id or a path leaves the store that it belongs to.
//!
//! Ids become file names, and Kiwi's prune deletes what its index names, wherever that is: an entry with `../../` in it
//! deletes a file of somebody else. RYE's lockfiles of February 2026 name tools by where they stood on somebody's disk; that
//! is a warning.
//!
//! ```diff .ai/lockfiles/.index.json
//!  {
//!    "version": "1",
//!    "lockfiles": {
//!      "scripts/hello@1.0.0": {
//!        "path": "../../victim.txt",
//!                 ^^^^^^^^^^^^^^^^ Kiwi would delete this
//!        "chain_hash": "0f9c669a93de",
//!        "created_at": "2026-01-27T12:00:00+00:00",
//!        "last_validated": "2026-01-27T12:00:00+00:00",
//!        "scope": "project"
//!      }
//!    }
//!  }
//! ```
//!
//! Take the line back; `lockproof tool index --rebuild` writes the index from the lockfiles.

use crate::agents::tool::index::Index;
use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::store::stays_below;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "tool-path-escape",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_path_escape.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        check_ids(cx, lockfile, tool, report);
    }
    for source in cx.head.tools().projects().flat_map(|(_, project)| &project.indexes) {
        for entry in Index::read(source).entries {
            let Some(path) = entry.path.as_ref().filter(|path| !stays_below(path.as_str())) else { continue };
            let (key, path_text) = (entry.key.as_str(), path.as_str());
            let message = format!("The index entry {key} points out of its store, to {path_text}.");
            let found = report.source(source, path.raw, message);
            found.label("Kiwi would delete this").value(key);
            found.help(cx.rebuild(source));
        }
    }
}

fn check_ids<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    tool: &'a ToolLock<'a>,
    report: &mut Report<'a>,
) {
    let elements = || std::iter::once(&tool.root).chain(&tool.chain);
    let ids = elements().map(|element| &element.id);
    let versions = elements().filter_map(|element| element.version.as_ref());
    for text in ids.chain(versions).filter(|text| !text.as_str().is_empty() && !stays_below(text.as_str())) {
        let message =
            format!("`{}` is no name of a tool or version: as a path it leads elsewhere.", text.as_str());
        report.file(lockfile, text.raw, message).label("leads out of its folder").help(cx.restore(lockfile));
    }
    for path in
        elements().filter_map(|element| element.path.as_ref()).filter(|path| !stays_below(path.as_str()))
    {
        let root = tool.root.label();
        let message = format!("The lockfile of {root} names a file on somebody's disk, {}.", path.as_str());
        let found = report.file(lockfile, path.raw, message);
        found.level(Level::Warning).label("only there").help("Freeze it again: RYE writes ids by now.");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn an_id_that_leads_elsewhere_is_found() {
        let text = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "../../etc/x", "version": "1", "integrity": "{HEX}"}, "resolved_chain": []}"#;
        let found = check("tool-path-escape").head("t.lock.json", text).run();
        assert_eq!(
            found[0].message,
            "`../../etc/x` is no name of a tool or version: as a path it leads elsewhere."
        );
        check("tool-path-escape").head("t.lock.json", &text.replace("../../etc/x", "rye/core/x")).finds(&[]);
    }
}

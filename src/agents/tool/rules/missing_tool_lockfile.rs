//! A tool has no lockfile, although others of its project have.
//!
//! Tools that some lockfile's chain contains are pinned by it. The others run as they are found; Kiwi's newer versions refuse
//! to run them. A warning, and an error in strict mode. A project without any tool lockfile has decided so.
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
//! ```diff .ai/tools/scripts/hello.py
//!  __version__ = "1.0.0"
//! ```
//!
//! ```diff .ai/tools/scripts/other.py
//!  __version__ = "2.0.0"
//!  ^^^^^^^^^^^^^^^^^^^^^ not locked
//!  __executor_id__ = "python_runtime"
//! ```
//!
//! `lockproof tool freeze --all` writes what is missing.

use crate::agents::tool::store;
use crate::agents::tool::tools::Tool;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;
use std::collections::{BTreeMap, HashSet};

pub static RULE: Rule = Rule {
    id: "missing-tool-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("missing_tool_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let mut projects: BTreeMap<&str, (bool, HashSet<&str>)> = BTreeMap::new();
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        let (is_rye, locked) = projects.entry(store::project(&lockfile.source.path)).or_default();
        *is_rye |= tool.is_rye();
        locked.insert(tool.root.id.as_str());
        locked.extend(tool.chain.iter().map(|element| element.id.as_str()));
    }
    for (folder, (is_rye, locked)) in projects {
        let project = cx.head.tools().project(folder);
        let runs =
            |tool: &&Tool<'_>| tool.says(is_rye).executor.is_some() && !locked.contains(tool.name(is_rye));
        let missing: Vec<&Tool<'a>> = project.tools.iter().filter(runs).collect();
        let Some(first) = missing.first() else { continue };
        let others = match missing.len() - 1 {
            0 => String::new(),
            1 => format!(", nor for {}", missing[1].name(is_rye)),
            count => format!(", nor for {count} other tools"),
        };
        let version = first.version(is_rye).unwrap_or("0.0.0");
        let message = format!("No lockfile found for {}@{version}{others}.", first.name(is_rye));
        let found = report.source(first.source, first.first_line(), message);
        found.level(cx.policy.tool_level(&first.source.path)).label("not locked");
        let freeze = cx.tool("freeze --all", &first.source.path);
        found.help(freeze.map(|it| format!("{it} writes lockfiles for all tools.")).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}", "executor": null}]}"#;

    #[test]
    fn a_project_without_lockfiles_has_decided_so() {
        let tool = "__executor_id__ = 'x'\n";
        check("missing-tool-lockfile").head(".ai/tools/u.py", tool).finds(&[]);
        let found = check("missing-tool-lockfile")
            .head(".ai/lockfiles/a/t@0.0.0.lock.json", LOCK)
            .head(".ai/tools/t.py", tool)
            .head(".ai/tools/lib/helpers.py", "x = 1\n")
            .head(".ai/tools/u.py", tool)
            .head(".ai/tools/v.py", tool)
            .run();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "No lockfile found for u@0.0.0, nor for v.");
    }
}

//! The id of a tool may mean two files.
//!
//! RYE tries extensions in an order that changes from run to run, and Kiwi takes the first file of that name that a walk
//! through the tools happens to find. Which one runs is chance. A warning, and an error in strict mode.
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
//!                    ^^^^^ means several files
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
//! ```diff .ai/tools/old/hello.py
//!  __version__ = "0.9.0"
//! ```
//!
//! Rename one of them.

use crate::agents::tool::store;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::world::Context;
use std::collections::HashSet;

pub static RULE: Rule = Rule {
    id: "ambiguous-tool",
    level: Level::Warning,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("ambiguous_tool.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    // Every lockfile of a chain's last tools has them: the first one tells.
    let mut told = HashSet::new();
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        let project = super::project(cx, lockfile);
        let folder = store::project(&lockfile.source.path);
        for (element, package) in
            tool.chain.iter().zip(&lockfile.packages).filter(|(it, _)| it.is_of_project())
        {
            let files = project.find(element.id.as_str(), tool.is_rye());
            if files.len() < 2 || !told.insert((folder, element.id.as_str())) {
                continue;
            }
            let paths: Vec<_> = files.iter().take(5).map(|file| file.source.path.as_str()).collect();
            let message = format!("{} may be any of {}.", element.id.as_str(), paths.join(", "));
            let found = report.package(lockfile, package, Field::Name, &element.id, message);
            found.level(cx.policy.tool_level(&lockfile.source.path)).label("means several files");
            found.help("Rename all of them but one.");
            for file in files.iter().take(5) {
                found.related(file.source, file.first_line(), "one of them");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"item_id": "t", "space": "project", "tool_type": null, "executor_id": null, "integrity": "{HEX}"}]}"#;

    #[test]
    fn two_extensions_are_ambiguous_and_data_is_not() {
        let test = |other: &str| {
            let test = check("ambiguous-tool").head(".ai/lockfiles/t@0.0.0.lock.json", LOCK);
            test.head(".ai/tools/t.py", "").head(other, "").run().len()
        };
        assert_eq!(test(".ai/tools/t.sh"), 1);
        // RYE's ids are paths: a file elsewhere is another tool. Data beside a tool is none.
        assert_eq!((test(".ai/tools/x/t.py"), test(".ai/tools/t.json"), test(".ai/tools/t.md")), (0, 0, 0));
    }
}

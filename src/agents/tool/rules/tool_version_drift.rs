//! A tool has another version than its lockfile says.
//!
//! A warning, and an error in strict mode: the hash says whether the tool itself is another.
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
//!                    ^^^^^ the tool has 1.1.0
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f",
//!        "executor": null
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! ```diff .ai/tools/scripts/hello.py
//!  __version__ = "1.1.0"
//! ```
//!
//! `lockproof tool freeze hello` locks the new version, under its own name.

use crate::agents::tool::lock::{Element, ToolLock};
use crate::agents::tool::tools::Tool;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "tool-version-drift",
    level: Level::Warning,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("tool_version_drift.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        let project = super::project(cx, lockfile);
        let find = |element: &Element<'_>| project.only(element.id.as_str(), tool.is_rye());
        // RYE's elements have no version, only its root has.
        if let Some((version, file, is)) =
            find(&tool.root).filter(|_| tool.is_rye()).and_then(|it| drift(tool, &tool.root, it))
        {
            let found = report.file(lockfile, version.raw, message(&tool.root, version, is));
            found.level(cx.policy.tool_level(&lockfile.source.path)).label(format!("the tool has {is}"));
            found.related(file.source, file.first_line(), "the tool").help(super::mend(cx, lockfile, tool));
        }
        for (element, package) in
            tool.chain.iter().zip(&lockfile.packages).filter(|(it, _)| it.is_of_project())
        {
            let Some((version, file, is)) = find(element).and_then(|it| drift(tool, element, it)) else {
                continue;
            };
            let message = message(element, version, is);
            let found = report.package(lockfile, package, Field::Version, version, message);
            found.level(level(cx, lockfile)).label(format!("the tool has {is}"));
            found.related(file.source, file.first_line(), "the tool").help(super::mend(cx, lockfile, tool));
        }
    }
}

fn level(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> Level {
    cx.policy.tool_level(&lockfile.source.path)
}

fn drift<'e, 's, 't, 'a>(
    lock: &ToolLock<'_>,
    element: &'e Element<'s>,
    tool: &'t Tool<'a>,
) -> Option<(&'e Text<'s>, &'t Tool<'a>, &'t str)> {
    let locked = element.version.as_ref()?;
    let is = tool.version(lock.is_rye())?;
    (is != locked.as_str()).then_some((locked, tool, is))
}

fn message(element: &Element<'_>, locked: &Text<'_>, is: &str) -> String {
    format!("Version mismatch for {}: lockfile={}, resolved={is}.", element.id.as_str(), locked.as_str())
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"item_id": "t", "space": "project", "tool_type": null, "executor_id": null, "integrity": "{HEX}"}]}"#;

    #[test]
    fn rye_hears_python_and_yaml_only() {
        let test = |name: &str, text: &str, policy: &str| {
            let test = check("tool-version-drift").head(".ai/lockfiles/t@0.0.0.lock.json", LOCK);
            let found = test.head(name, text).policy(policy).run();
            found.iter().map(|it| it.level.name()).collect::<Vec<_>>()
        };
        assert!(test(".ai/tools/t.js", "const __version__ = '1'", "").is_empty());
        assert!(test(".ai/tools/t.py", "x = 1\n", "").is_empty());
        assert_eq!(test(".ai/tools/t.yaml", "version: 1.0\n", ""), ["warning"]);
        assert_eq!(test(".ai/tools/t.py", "__version__ = '1'", "[tool]\nmode = 'strict'"), ["error"]);
        assert_eq!(
            test(".ai/tools/t.py", "__version__ = '1'", "[tool.modes]\n'.ai/lockfiles' = 'strict'"),
            ["error"]
        );
    }
}

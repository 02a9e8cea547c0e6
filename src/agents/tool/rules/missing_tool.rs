//! A tool that a lockfile pins is not here.
//!
//! What is not on the disk can't be checked. A tool of the project should be in the repository; one of the user's space or
//! the system's stands elsewhere, and is only checked where that place can be read (`lockproof tool verify`). A warning, and
//! an error in strict mode.
//!
//! ```diff .ai/lockfiles/demo/hello@1.0.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-02-15T07:11:31.962530+00:00",
//!    "root": {
//!      "tool_id": "demo/hello",
//!      "version": "1.0.0",
//!      "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!    },
//!    "resolved_chain": [
//!      {
//!        "item_id": "demo/hello",
//!                    ^^^^^^^^^^ not on disk
//!        "space": "project",
//!        "tool_type": "python",
//!        "executor_id": null,
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! Commit the tool, or remove the lockfile with it.

use crate::agents::tool::lock::{Element, Form, ToolLock};
use crate::agents::tool::store;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "missing-tool",
    level: Level::Warning,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("missing_tool.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        if tool.form == Form::Lilux || store::place(&lockfile.source.path).is_none() {
            continue;
        }
        let is_here = |element: &Element<'_>| !super::find(cx, lockfile, tool, element).1.is_empty();
        // One finding says it for the whole chain: nobody commits half of it by accident.
        let missing: Vec<&Element<'a>> = tool.chain.iter().filter(|element| !is_here(element)).collect();
        let Some(first) = missing.first() else { continue };
        let found = report.file(lockfile, first.id.raw, message(tool, &missing));
        found.level(cx.policy.tool_level(&lockfile.source.path)).label("not on disk");
        found.help(
            "Commit the tools of the project; those of other spaces are read by lockproof tool verify.",
        );
    }
}

fn message(tool: &ToolLock<'_>, missing: &[&Element<'_>]) -> String {
    const TOLD: usize = 8;
    let show = |element: &&Element<'_>| match element.space.as_ref().map(Text::as_str) {
        Some(space) => format!("{} (space: {space})", element.id.as_str()),
        None => element.id.as_str().to_owned(),
    };
    let names: Vec<_> = missing.iter().take(TOLD).map(show).collect();
    let more = missing.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "Lockfile chain element not found: {}{more}. They belong to the chain of {}.",
        names.join(", "),
        tool.root.label()
    )
    .replace("They belong", if missing.len() == 1 { "It belongs" } else { "They belong" })
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "a/t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"item_id": "a/t", "space": "project", "tool_type": null, "executor_id": "b", "integrity": "{HEX}"}, {"item_id": "b", "space": "system:rye", "tool_type": null, "executor_id": null, "integrity": "{HEX}"}]}"#;

    #[test]
    fn one_finding_speaks_for_the_chain() {
        let test = || check("missing-tool").head(".ai/lockfiles/a/t@0.0.0.lock.json", LOCK);
        let both = "Lockfile chain element not found: a/t (space: project), b (space: system:rye). They belong to the chain of a/t@0.0.0.";
        assert_eq!(test().run()[0].message, both);
        let one = test().head(".ai/tools/a/t.py", "").run();
        assert_eq!(
            one[0].message,
            "Lockfile chain element not found: b (space: system:rye). It belongs to the chain of a/t@0.0.0."
        );
    }
}

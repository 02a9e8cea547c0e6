//! A tool changed, and its lockfile did not.
//!
//! The lockfile pins what the tool was. Freeze it again with every change of a tool, in the same commit.
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
//!        "space": "project",
//!        "tool_type": "python",
//!        "executor_id": null,
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pins what the tool was
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! ```diff .ai/tools/demo/hello.py
//!  __version__ = "1.0.0"
//! -print("hello")
//! +print("goodbye")
//! ```
//!
//! `lockproof tool freeze demo/hello`; a hook can do it, see `docs/tool-lockfiles.md`.

use crate::agents::tool::content::newlines;
use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::tools::{Project, Tool};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::world::Context;
use std::borrow::Cow;

pub static RULE: Rule = Rule {
    id: "tool-lockfile-left-behind",
    level: Level::Error,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("tool_lockfile_left_behind.rs"),
    checks: &[Check::Range(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let Some(base) = &cx.base else { return };
    let before: std::collections::HashMap<&str, &ToolLock<'_>> =
        base.tool_lockfiles().map(|(lockfile, tool)| (lockfile.source.path.as_str(), tool)).collect();
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        let Some(old) = before.get(lockfile.source.path.as_str()) else { continue };
        let project = super::project(cx, lockfile);
        let was = super::project_of(base, lockfile);
        for (element, package) in
            tool.chain.iter().zip(&lockfile.packages).filter(|(it, _)| it.is_of_project())
        {
            let Some(pin) = &element.integrity else { continue };
            let is_as_it_was = |it: &&crate::agents::tool::lock::Element<'_>| {
                it.id.as_str() == element.id.as_str()
                    && it.integrity.as_ref().is_some_and(|it| it.as_str() == pin.as_str())
            };
            if !old.chain.iter().any(|it| is_as_it_was(&it)) {
                continue;
            }
            let (id, is_rye) = (element.id.as_str(), tool.is_rye());
            let (Some(now), Some(then)) = (project.only(id, is_rye), was.only(id, is_rye)) else { continue };
            if text(project, now) == text(was, then) {
                continue;
            }
            let message = format!("{id} changed since {}, but its lockfile did not.", cx.base_name);
            let found = report.package(lockfile, package, Field::Integrity, pin, message);
            found.label("pins what the tool was").related(
                now.source,
                now.first_line(),
                "the tool that changed",
            );
            found.help(super::mend(cx, lockfile, tool));
        }
    }
}

/// What a tool says without the line that signs it.
fn text<'a>(project: &Project<'a>, tool: &Tool<'a>) -> String {
    let text = newlines(tool.source.raw());
    match project.signature(tool) {
        Some(line) => text.replacen(line.raw, "", 1),
        None => Cow::into_owned(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}", "executor": null}]}"#;
    const PATH: &str = ".ai/lockfiles/a/t@0.0.0.lock.json";

    #[test]
    fn a_signature_alone_is_no_change() {
        let test = |before: &str, now: &str| {
            let test = check("tool-lockfile-left-behind").both(PATH, LOCK);
            test.base(".ai/tools/t.py", before).head(".ai/tools/t.py", now).run().len()
        };
        let signed = "# kiwi-mcp:validated:2026:{HEX}\nx = 1\n";
        assert_eq!((test("x = 1\n", "x = 2\n"), test("x = 1\n", "x = 1\r\n")), (1, 0));
        assert_eq!(test(&signed.replace("2026", "2025"), signed), 0);
    }

    #[test]
    fn a_lockfile_that_changed_along_is_fine() {
        let new = LOCK.replace("{HEX}", &"2f".repeat(32));
        let test = check("tool-lockfile-left-behind").base(PATH, LOCK).head(PATH, &new);
        test.base(".ai/tools/t.py", "x = 1").head(".ai/tools/t.py", "x = 2").finds(&[]);
    }
}

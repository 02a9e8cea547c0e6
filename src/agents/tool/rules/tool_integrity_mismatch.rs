//! A tool is not what its lockfile pins.
//!
//! The hash of each element is computed again from the tool's own bytes, as its system does: for RYE from the text, for Kiwi
//! from the text and the manifest that the project's extractor rules find in it, or, where those are not in the repository,
//! taken from the tool's signature line. Somebody changed the tool, or the lockfile. A second chain, with its chain hash in
//! its name, is a note: Kiwi never opens it.
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
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ .ai/tools/demo/hello.py has 9b43717824dc…
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! ```diff .ai/tools/demo/hello.py
//!  """Say hello."""
//!  __version__ = "1.0.0"
//!  print("hello")
//! ```
//!
//! Look at what changed. If the tool is as it should be, `lockproof tool freeze demo/hello` pins it anew.

use crate::agents::tool::lock::{Element, ToolLock};
use crate::agents::tool::signature::is_hash;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "tool-integrity-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_integrity_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        for (at, element) in tool.chain.iter().enumerate() {
            let Some(locked) = element.integrity.as_ref().filter(|text| is_hash(text.as_str())) else {
                continue;
            };
            let (project, found) = super::find(cx, lockfile, tool, element);
            let [file] = found[..] else { continue };
            let Some(is) = project.integrity(file, tool.is_rye()).filter(|is| is != locked.as_str()) else {
                continue;
            };
            let message = message(tool, element, at, locked, &is);
            let found = report.package(lockfile, &lockfile.packages[at], Field::Integrity, locked, message);
            if super::is_second(lockfile, tool) {
                found.level(Level::Note);
            }
            found
                .label(format!("{} has {}…", file.source.path, &is[..12]))
                .related(file.source, file.first_line(), "the tool")
                .help(super::mend(cx, lockfile, tool));
        }
    }
}

/// The words of the systems, so that their users know them again.
fn message(tool: &ToolLock<'_>, element: &Element<'_>, at: usize, locked: &Text<'_>, is: &str) -> String {
    let (locked, is) = (&locked.as_str()[..12], &is[..12]);
    let id = element.id.as_str();
    match (tool.is_rye(), at) {
        (false, _) => {
            format!("Integrity mismatch for {}: lockfile={locked}, resolved={is}.", element.label())
        }
        (true, 0) => format!("Lockfile integrity mismatch for {id}: lockfile={locked}, resolved={is}."),
        (true, _) => {
            format!("Lockfile integrity mismatch for chain element {id}: lockfile={locked}, resolved={is}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::agents::tool::integrity::sha256;
    use crate::check::testing::check;

    const TOOL: &str = "#!/usr/bin/env python3\n# rye:signed:x\nprint(1)\n";

    fn lock(hash: &str, space: &str) -> String {
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "a/t", "version": "0.0.0", "integrity": "{hash}"}}, "resolved_chain": [{{"item_id": "a/t", "space": "{space}", "tool_type": null, "executor_id": null, "integrity": "{hash}"}}]}}"#
        )
    }

    #[test]
    fn a_tool_that_is_as_it_was_is_clean_whatever_its_line_endings() {
        let hash = sha256("print(1)\n");
        for tool in [TOOL, "print(1)\n", "print(1)\r\n"] {
            check("tool-integrity-mismatch")
                .head(".ai/tools/a/t.py", tool)
                .head(".ai/lockfiles/a/t@0.0.0.lock.json", &lock(&hash, "project"))
                .finds(&[]);
        }
    }

    #[test]
    fn what_stands_in_another_space_is_another_tool() {
        let test = |space: &str| {
            check("tool-integrity-mismatch")
                .head(".ai/tools/a/t.py", TOOL)
                .head(".ai/lockfiles/a/t@0.0.0.lock.json", &lock("{HEX}", space))
                .run()
                .len()
        };
        assert_eq!((test("project"), test("user"), test("system:rye")), (1, 0, 0));
    }
}

//! A tool lockfile is not what its own system reads.
//!
//! Kiwi refuses a lockfile whose version is not 1, and stops on fields that it does not know; RYE takes any version without a
//! look. Either way the lockfile does not do what it is there for. The messages are those of the systems.
//!
//! ```diff .ai/lockfiles/scripts/hello@1.0.0.lock.json
//!  {
//!    "lockfile_version": 2,
//!                        ^ Unsupported lockfile version: 2 (expected 1)
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
//! Write it again with `lockproof tool freeze hello`, or take it back from git.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "refused-tool-lockfile",
    level: Level::Error,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("refused_tool_lockfile.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(tool) = &lockfile.tool else { return };
    for (at, why) in &tool.refusals {
        report
            .file(lockfile, at, format!("{why}."))
            .label(why.as_str())
            .help(super::mend(cx, lockfile, tool));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn what_the_systems_take_is_taken() {
        let lock = |version: &str| {
            format!(
                r#"{{"lockfile_version": {version}, "generated_at": "x", "root": {{"tool_id": "t", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": []}}"#
            )
        };
        for version in ["1", "1.0", "true"] {
            check("refused-tool-lockfile").head("t.lock.json", &lock(version)).finds(&[]);
        }
        check("refused-tool-lockfile")
            .head("t.lock.json", &lock("null"))
            .finds(&["t.lock.json:1:22 error Unsupported lockfile version: None (expected 1)."]);
    }

    #[test]
    fn an_unknown_field_stops_kiwi_and_not_rye() {
        let lock = |id: &str| {
            format!(
                r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [{{"{id}": "t", "version": "1", "integrity": "{{HEX}}", "x": null}}]}}"#
            )
        };
        check("refused-tool-lockfile").head("t.lock.json", &lock("item_id")).finds(&[]);
        let found = check("refused-tool-lockfile").head("t.lock.json", &lock("tool_id")).run();
        assert_eq!(found[0].message, "It has an unexpected field 'x'.");
    }

    #[test]
    fn another_program_s_lockfile_is_left_alone() {
        for text in ["{}", r#"{"lockfile_version": 3, "nodes": {}}"#, "no json", ""] {
            check("refused-tool-lockfile").head("a.lock.json", text).head("b.lock", text).finds(&[]);
        }
    }
}

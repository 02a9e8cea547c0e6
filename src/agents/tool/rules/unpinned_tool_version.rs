//! A tool lockfile has a range where a version belongs.
//!
//! Lockfiles pin exact versions: a range locks nothing, and the name of the file is made from it. What is no semantic version
//! is a note, for no system orders it.
//!
//! ```diff .ai/lockfiles/scripts/hello@^1.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-01-27T12:00:00+00:00",
//!    "root": {
//!      "tool_id": "hello",
//!      "version": "^1.0",
//!                  ^^^^ is a range
//!      "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!    },
//!    "resolved_chain": [
//!      {
//!        "tool_id": "hello",
//!        "version": "^1.0",
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f",
//!        "executor": null
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! Give the tool a version, and freeze it again.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "unpinned-tool-version",
    level: Level::Error,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("unpinned_tool_version.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(tool) = lockfile.tool.as_deref() else { return };
    // The first element is the root once more.
    let others = tool.chain.iter().filter(|element| element.id.as_str() != tool.root.id.as_str());
    for element in std::iter::once(&tool.root).chain(others) {
        let Some(version) = &element.version else { continue };
        let (level, why) = match version.as_str() {
            text if is_range(text) => (Level::Error, "is a range"),
            text if semver::Version::parse(text).is_err() => (Level::Note, "is no semantic version"),
            _ => continue,
        };
        let message = format!("The version of {} {why}.", element.label());
        let found = report.file(lockfile, Text::plain(version.raw).raw, message);
        found.level(level).label(why).help(super::mend(cx, lockfile, tool));
    }
}

fn is_range(text: &str) -> bool {
    let is_open = text.is_empty() || matches!(text, "latest" | "x" | "X" | "next");
    is_open || text.contains(['^', '~', '*', '<', '>', '=', '|', ' ', ',']) || text.ends_with(".x")
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn exact_versions_are_pins() {
        let test = |version: &str| {
            let text = format!(
                r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "{version}", "integrity": "{{HEX}}"}}, "resolved_chain": []}}"#
            );
            let found = check("unpinned-tool-version").head("t.lock.json", &text).run();
            found.iter().map(|it| it.level.name()).collect::<Vec<_>>()
        };
        for exact in ["1.0.0", "1.0.0-beta.1", "0.0.0-rc.1+build.5"] {
            assert!(test(exact).is_empty(), "{exact}");
        }
        for range in ["^1.0", "~1", ">=1.0.0", "*", "1.x", "latest", ""] {
            assert_eq!(test(range), ["error"], "{range}");
        }
        assert_eq!((test("1"), test("2026-01")), (vec!["note"], vec!["note"]));
    }
}

//! A tool lockfile hides another one, and is not what that one is.
//!
//! Lockfiles are looked for in the project, then in the user's folder, then in RYE's own, and the first one counts. RYE reads
//! a broken one as none, and writes over it after the next run: a good copy below it is never asked. Two good ones that differ
//! are a warning, and an error in strict mode. Tiers outside of the repository are read by `lockproof tool verify` only.
//!
//! ```diff .ai/lockfiles/demo/hello@1.0.0.lock.json
//!  {"lockfile_version": 1, "root": {"tool_id":
//!  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ hides a good one
//! ```
//!
//! ```diff ~/.ai/lockfiles/demo/hello@1.0.0.lock.json
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
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! Take the lockfile of the project back from git, or write it again with `lockproof tool freeze demo/hello`.

use std::collections::HashSet;

use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::store;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::Tier;

pub static RULE: Rule = Rule {
    id: "shadowed-tool-lockfile",
    level: Level::Error,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("shadowed_tool_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    if cx.tiers.is_empty() {
        return;
    }
    let own = cx.head.lockfiles.iter().copied().filter(|lockfile| lockfile.format.family == Family::Tools);
    let above: Vec<_> =
        own.filter_map(|lockfile| Some((lockfile, store::place(&lockfile.source.path)?.below))).collect();
    let names: HashSet<&str> = above.iter().map(|(_, below)| *below).collect();
    for (lockfile, below) in &above {
        check_one(cx, lockfile, below, cx.tiers, report);
    }
    for (at, tier) in cx.tiers.iter().enumerate() {
        for (below, lockfile) in tier.lockfiles.iter().filter(|(below, _)| !names.contains(*below)) {
            check_one(cx, lockfile, below, &cx.tiers[at + 1..], report);
        }
    }
}

/// A lockfile against the first one of its name in the tiers below.
fn check_one<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    below: &str,
    tiers: &'a [Tier<'a>],
    report: &mut Report<'a>,
) {
    let hidden = tiers.iter().find_map(|tier| tier.lockfiles.get(below));
    let Some((hidden, other)) = hidden.and_then(|hidden| Some((hidden, good(hidden)?))) else { return };
    let path = &lockfile.source.path;
    let (level, message, label) = match good(lockfile) {
        None => {
            let message = format!("{path} can't be read, and hides {}, which can.", hidden.source.path);
            (Level::Error, message, "hides a good one".to_owned())
        }
        Some(own) if says(own) != says(other) => {
            let message = format!("{path} hides {}, which locks something else.", hidden.source.path);
            (cx.policy.tool_level(path), message, format!("there, the chain hash is {}", other.chain_hash()))
        }
        Some(_) => return,
    };
    let place = good(lockfile).map_or_else(|| first_line(lockfile), super::root_place);
    let found = report.file(lockfile, place, message);
    found.level(level).label(label).related(
        hidden.source,
        super::root_place(other),
        "the one that is hidden",
    );
    found.help("Remove one of them, or make them the same.");
}

/// What a lockfile pins, where its own system reads it.
fn good<'a>(lockfile: &'a Lockfile<'a>) -> Option<&'a ToolLock<'a>> {
    lockfile.tool.as_deref().filter(|tool| tool.refusals.is_empty() && lockfile.faults.is_empty())
}

fn says(tool: &ToolLock<'_>) -> (Option<String>, String) {
    (tool.root.integrity.as_ref().map(|it| it.as_str().to_owned()), tool.chain_hash())
}

fn first_line<'a>(lockfile: &'a Lockfile<'a>) -> &'a str {
    lockfile.source.text().lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(hash: &str) -> String {
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "1", "integrity": "{hash}"}}, "resolved_chain": [{{"item_id": "t", "integrity": "{hash}"}}], "registry": null, "verified_deps": null}}"#
        )
    }

    #[test]
    fn copies_may_be_the_same() {
        let path = ".ai/lockfiles/t@1.lock.json";
        let test = |below: &str| {
            let test =
                check("shadowed-tool-lockfile").head(path, &lock("{HEX}")).head(&format!("~/{path}"), below);
            test.run().iter().map(|it| it.level.name()).collect::<Vec<_>>()
        };
        assert!(test(&lock("{HEX}").replace("\"x\"", "\"y\"")).is_empty());
        assert_eq!(test(&lock(&"2f".repeat(32))), ["warning"]);
        assert!(test("{").is_empty());
    }
}

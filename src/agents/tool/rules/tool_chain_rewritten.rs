//! The chain of a tool was reordered, cut short or given another executor, under the version that it had.
//!
//! An executor is what runs the tool, with everything that it may do. Where the tools themselves changed along and make the
//! chain that is locked now, it is a warning; else an error.
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
//! -      "executor": null
//! +      "executor": "shell"
//!                     ^^^^^ has hello run by shell, not by nothing
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! Take the lockfile back from git.

use crate::agents::tool::chain;
use crate::agents::tool::lock::{Element, ToolLock};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::Pair;

pub static RULE: Rule = Rule {
    id: "tool-chain-rewritten",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_chain_rewritten.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let Some((lockfile, base)) = pair.head.zip(pair.base) else { return };
    let Some((tool, old)) = lockfile.tool.as_deref().zip(base.tool.as_deref()) else { return };
    let is_same = (tool.root.id.as_str(), tool.root.version()) == (old.root.id.as_str(), old.root.version());
    let Some((place, why)) = difference(tool, old).filter(|_| is_same) else { return };
    let label = tool.root.label();
    let found = report.file(lockfile, place, format!("The chain of {label} {why}, under the same version."));
    found
        .label(why)
        .related(base.source, super::root_place(old), "the chain that it had")
        .help(cx.restore(lockfile));
    if is_explained(cx, lockfile, tool) {
        found
            .level(Level::Warning)
            .help("The tools themselves changed: give the tool a new version, and freeze it.");
    }
}

fn difference<'a>(tool: &'a ToolLock<'a>, old: &ToolLock<'_>) -> Option<(&'a str, String)> {
    let ids = |lock: &ToolLock<'_>| lock.chain.iter().map(|it| it.id.as_str().to_owned()).collect::<Vec<_>>();
    let (now, before) = (ids(tool), ids(old));
    if now == before {
        let executor = |element: &Element<'_>| {
            element.executor.as_ref().map(Text::as_str).unwrap_or("nothing").to_owned()
        };
        let (is, was) = tool.chain.iter().zip(&old.chain).find(|(is, was)| executor(is) != executor(was))?;
        let why = format!("has {} run by {}, not by {}", is.id.as_str(), executor(is), executor(was));
        return Some((is.place_of(&is.executor).raw, why));
    }
    let at = now.iter().zip(&before).take_while(|(a, b)| a == b).count();
    let place =
        tool.chain.get(at).or(tool.chain.last()).map_or(super::root_place(tool), |element| element.id.raw);
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let why = match now.len().cmp(&before.len()) {
        _ if sorted(now.clone()) == sorted(before.clone()) => "was reordered".to_owned(),
        std::cmp::Ordering::Less => format!("was cut from {} to {} elements", before.len(), now.len()),
        std::cmp::Ordering::Greater => format!("grew from {} to {} elements", before.len(), now.len()),
        std::cmp::Ordering::Equal => format!("has {} in the place of {}", now[at], before[at]),
    };
    Some((place, why))
}

/// The tools of the repository make this chain.
fn is_explained(cx: &Context<'_>, lockfile: &Lockfile<'_>, tool: &ToolLock<'_>) -> bool {
    let rebuilt = chain::rebuild(super::project(cx, lockfile), tool.root.id.as_str(), tool.is_rye());
    let ends = tool.chain.last().is_some_and(|last| last.executor.is_none());
    rebuilt.stopped.is_none() && ends && chain::difference(tool, &rebuilt).is_none()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(ids: &[&str]) -> String {
        let element = |(at, id): (usize, &&str)| {
            let executor = ids.get(at + 1).map_or("null".to_owned(), |next| format!(r#""{next}""#));
            format!(
                r#"{{"tool_id": "{id}", "version": "1", "integrity": "{{HEX}}", "executor": {executor}}}"#
            )
        };
        let chain: Vec<_> = ids.iter().enumerate().map(element).collect();
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "a", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [{}]}}"#,
            chain.join(",")
        )
    }

    #[test]
    fn every_way_of_rewriting_is_told() {
        let path = ".ai/lockfiles/x/a@1.lock.json";
        let test = |now: &[&str]| {
            let test =
                check("tool-chain-rewritten").base(path, &lock(&["a", "b", "c"])).head(path, &lock(now));
            test.run().into_iter().map(|it| it.message).collect::<Vec<_>>()
        };
        assert!(test(&["a", "b", "c"]).is_empty());
        assert_eq!(test(&["a", "c", "b"]), ["The chain of a@1 was reordered, under the same version."]);
        assert_eq!(test(&["a"]), ["The chain of a@1 was cut from 3 to 1 elements, under the same version."]);
        assert_eq!(
            test(&["a", "b", "d"]),
            ["The chain of a@1 has d in the place of c, under the same version."]
        );
    }

    #[test]
    fn tools_that_changed_along_explain_it() {
        let path = ".ai/lockfiles/x/a@1.lock.json";
        let found = check("tool-chain-rewritten")
            .base(path, &lock(&["a", "b"]))
            .head(path, &lock(&["a", "d"]))
            .head(".ai/tools/a.py", "__executor_id__ = 'd'\n")
            .head(".ai/tools/d.py", "")
            .run();
        assert_eq!(found[0].level.name(), "warning");
    }
}

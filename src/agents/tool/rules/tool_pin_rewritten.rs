//! A tool has another hash under the version that it had.
//!
//! A version is a promise: who has it locked elsewhere gets something else now. If the tool itself changed along, it is a
//! warning: give it a new version. If the lockfile alone changed, or the tool is not what it pins now, it is an error.
//!
//! ```diff .ai/lockfiles/scripts/hello@1.0.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-01-27T12:00:00+00:00",
//!    "root": {
//!      "tool_id": "hello",
//!      "version": "1.0.0",
//! -    "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//! +    "integrity": "2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f"
//!    },
//!    "resolved_chain": [
//!      {
//!        "tool_id": "hello",
//!        "version": "1.0.0",
//! -      "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f",
//! +      "integrity": "2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f",
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ was 1f1f1f1f1f1f…
//!        "executor": null
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! Take the lockfile back, or give the tool a new version and freeze it.

use crate::agents::tool::lock::{Element, ToolLock};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::Pair;
use std::collections::HashMap;

pub static RULE: Rule = Rule {
    id: "tool-pin-rewritten",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_pin_rewritten.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let Some((lockfile, base)) = pair.head.zip(pair.base) else { return };
    let Some((tool, old)) = lockfile.tool.as_deref().zip(base.tool.as_deref()) else { return };
    // RYE's elements have no version: the lockfile's own stands for theirs.
    if tool.is_rye()
        && (tool.root.id.as_str(), tool.root.version()) != (old.root.id.as_str(), old.root.version())
    {
        return;
    }
    let before: HashMap<(&str, &str), &Text<'_>> = old
        .chain
        .iter()
        .filter_map(|it| Some(((it.id.as_str(), it.version()), it.integrity.as_ref()?)))
        .collect();
    for (element, package) in tool.chain.iter().zip(&lockfile.packages) {
        let Some(was) = before.get(&(element.id.as_str(), element.version())) else { continue };
        let Some(is) = element.integrity.as_ref().filter(|is| is.as_str() != was.as_str()) else { continue };
        let message =
            format!("{} has another hash than in {}, under the same version.", element.label(), cx.base_name);
        let found = report.package(lockfile, package, Field::Integrity, is, message);
        found.label(format!("was {}…", crate::text::escape::head(was.as_str(), 12)));
        found.related(base.source, was.raw, "the hash that it had").help(cx.restore(lockfile));
        if is_explained(cx, lockfile, tool, element) {
            found
                .level(Level::Warning)
                .help("The tool itself changed: give it a new version, and freeze it.");
        }
    }
}

/// The tool changed along, and is what is pinned now.
fn is_explained(
    cx: &Context<'_>,
    lockfile: &Lockfile<'_>,
    tool: &ToolLock<'_>,
    element: &Element<'_>,
) -> bool {
    let Some(base) = &cx.base else { return false };
    let (id, is_rye) = (element.id.as_str(), tool.is_rye());
    let project = super::project(cx, lockfile);
    let (Some(now), then) = (project.only(id, is_rye), super::project_of(base, lockfile).only(id, is_rye))
    else {
        return false;
    };
    let changed = then.is_none_or(|then| then.source.raw() != now.source.raw());
    changed && project.integrity(now, is_rye).as_deref() == element.integrity.as_ref().map(Text::as_str)
}

#[cfg(test)]
mod tests {
    use crate::agents::tool::integrity::sha256;
    use crate::check::testing::check;

    fn lock(text: &str) -> String {
        let hash = sha256(text);
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "0.0.0", "integrity": "{hash}"}}, "resolved_chain": [{{"item_id": "t", "space": "project", "tool_type": null, "executor_id": null, "integrity": "{hash}"}}]}}"#
        )
    }

    #[test]
    fn a_tool_that_changed_along_explains_it() {
        let path = ".ai/lockfiles/t@0.0.0.lock.json";
        let test = |before: &str, now: &str| {
            let test = check("tool-pin-rewritten").base(path, &lock("x = 1\n")).head(path, &lock("x = 2\n"));
            let found = test.base(".ai/tools/t.py", before).head(".ai/tools/t.py", now).run();
            found.iter().map(|it| it.level.name()).collect::<Vec<_>>()
        };
        assert_eq!(test("x = 1\n", "x = 2\n"), ["warning"]);
        assert_eq!(test("x = 1\n", "x = 1\n"), ["error"]);
        assert_eq!(test("x = 1\n", "x = 3\n"), ["error"]);
    }

    #[test]
    fn a_new_version_has_a_new_hash() {
        let (old, new) = (lock("x = 1\n"), lock("x = 2\n").replace("0.0.0", "0.1.0"));
        let path = ".ai/lockfiles/t@0.0.0.lock.json";
        check("tool-pin-rewritten").base(path, &old).head(path, &new).finds(&[]);
    }
}

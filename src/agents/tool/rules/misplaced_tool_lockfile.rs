//! A tool lockfile stands where its name or folder says something else than it does.
//!
//! Lockfiles are looked up by name: the id, the version and, for Kiwi's second chains, the chain hash. One that locks another
//! tool than its name says is loaded for the wrong tool, and nothing in the systems looks at what is in it.
//!
//! ```diff .ai/lockfiles/scripts/hello@1.1.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-01-27T12:00:00+00:00",
//!    "root": {
//!      "tool_id": "hello",
//!                  ^^^^^ a lockfile of it is called hello@1.0.0.lock.json
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
//! Write it again with `lockproof tool freeze hello`, or give it the name of what it locks.

use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::store;
use crate::agents::tool::store::Named;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "misplaced-tool-lockfile",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("misplaced_tool_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles() {
        let path = lockfile.source.path.as_str();
        let why = match store::place(path) {
            Some(place) if path.ends_with(".lock.json") => in_store(cx, tool, place),
            _ => beside_a_tool(cx, lockfile, tool),
        };
        if let Some(why) = why {
            let message = format!("{path} locks {}, but {why}.", tool.root.label());
            let found = report.file(lockfile, super::root_place(tool), message);
            found.label(why).help(super::mend(cx, lockfile, tool));
        }
    }
}

fn in_store(cx: &Context<'_>, tool: &ToolLock<'_>, place: store::Place<'_>) -> Option<String> {
    let (id, version) = (tool.root.id.as_str(), tool.root.version());
    let base_name = place.below.rsplit('/').next().unwrap_or(place.below);
    let name = if tool.is_rye() { place.below } else { base_name };
    match store::named(name, id, version) {
        Named::ByChain(hash) if !tool.is_rye() => {
            let is = tool.chain_hash();
            return (hash != is)
                .then(|| format!("its name says that its chain hash is {hash}, which is {is}"));
        }
        Named::Plainly => {}
        // A copy in a folder that happens to be called like a store.
        _ if !name.contains('@') && !place.base.ends_with(".ai/lockfiles") => return None,
        _ => return Some(format!("a lockfile of it is called {id}@{version}.lock.json")),
    }
    let category = Some(store::category(place.below)).filter(|it| !it.is_empty() && !tool.is_rye())?;
    let says = cx.head.tools().project(place.project).only(id, false)?.says(false).category.as_deref()?;
    (says != category).then(|| format!("its tool says that its category is {says}, where Kiwi looks for it"))
}

/// `<tool>.lock`, as Lilux documents it: there is a tool of that name beside it.
fn beside_a_tool(cx: &Context<'_>, lockfile: &Lockfile<'_>, tool: &ToolLock<'_>) -> Option<String> {
    let stem = lockfile.source.path.strip_suffix(".lock")?;
    let beside = store::EXTENSIONS.iter().any(|extension| cx.head.has_path(&format!("{stem}.{extension}")));
    let name = stem.rsplit('/').next()?;
    let id = tool.root.id.as_str();
    let is_named = id == name || id.rsplit('/').next() == Some(name);
    (beside && !is_named).then(|| format!("it stands beside the tool {name}"))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(id: &str) -> String {
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "{id}", "version": "1.0.0-beta.1", "integrity": "{{HEX}}"}}, "resolved_chain": [{{"tool_id": "{id}", "version": "1.0.0-beta.1", "integrity": "{{HEX}}", "executor": null}}]}}"#
        )
    }

    #[test]
    fn versions_with_many_dots_are_read_by_what_is_in_the_file() {
        check("misplaced-tool-lockfile")
            .head(".ai/lockfiles/a/t@1.0.0-beta.1.lock.json", &lock("t"))
            .finds(&[]);
        let path = ".ai/lockfiles/a/t@1.0.0-beta.1.000011112222.lock.json";
        let found = check("misplaced-tool-lockfile").head(path, &lock("t")).run();
        assert!(found[0].message.contains("chain hash is 000011112222, which is"), "{}", found[0].message);
    }

    #[test]
    fn the_folder_is_the_category_that_the_tool_says() {
        let test = |category: &str| {
            let tool = format!("__category__ = '{category}'\n");
            check("misplaced-tool-lockfile")
                .head(".ai/tools/x/t.py", &tool)
                .head(".ai/lockfiles/a/b/t@1.0.0-beta.1.lock.json", &lock("t"))
                .run()
                .len()
        };
        assert_eq!((test("a/b"), test("b")), (0, 1));
    }

    #[test]
    fn a_lockfile_beside_a_tool_has_its_name() {
        let test = |tool: &str, name: &str| {
            check("misplaced-tool-lockfile").head(tool, "").head(name, &lock("t")).run().len()
        };
        assert_eq!(test(".ai/tools/t.py", ".ai/tools/t.lock"), 0);
        assert_eq!(test(".ai/tools/t.py", ".ai/tools/u.lock"), 0);
        assert_eq!(test(".ai/tools/u.py", ".ai/tools/u.lock"), 1);
    }
}

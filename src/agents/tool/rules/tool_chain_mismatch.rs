//! A tool is run by other tools than its lockfile says.
//!
//! The chain is made anew from what the tools themselves name as their executors, and compared with the locked one, in the
//! words of Kiwi's own check. A second chain, with its chain hash in its name, is a note: Kiwi never opens it.
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
//!                    ^^^^^ differs from here on
//!        "version": "1.0.0",
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f",
//!        "executor": null
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! ```diff .ai/tools/scripts/hello.py
//!  __version__ = "1.0.0"
//!  __executor_id__ = "subprocess"
//! ```
//!
//! ```diff .ai/tools/primitives/subprocess.yaml
//!  version: "1.0.0"
//!  tool_type: primitive
//! ```
//!
//! If the tools are right, `lockproof tool freeze hello` writes the lockfile again.

use crate::agents::tool::chain;
use crate::agents::tool::lock::Form;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "tool-chain-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_chain_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, tool) in cx.head.tool_lockfiles().filter(|(_, tool)| tool.form != Form::Lilux) {
        // An empty chain has a rule of its own; so has a root that is not here.
        if tool.chain.is_empty() {
            continue;
        }
        let project = super::project(cx, lockfile);
        let rebuilt = chain::rebuild(project, tool.root.id.as_str(), tool.is_rye());
        let Some((at, why)) = chain::difference(tool, &rebuilt) else { continue };
        let place = &tool.chain[at].id;
        let found = report.package(lockfile, &lockfile.packages[at], Field::Name, place, format!("{why}."));
        if super::is_second(lockfile, tool) {
            found.level(Level::Note);
        }
        let names: Vec<_> = rebuilt.tools.iter().map(|it| it.name(tool.is_rye())).collect();
        found.label("differs from here on").help(
            Help::from(format!("The tools' own chain is {}.", names.join(" → ")))
                .and(super::mend(cx, lockfile, tool)),
        );
        let files = rebuilt.tools.iter().map(|it| (it.source, it.first_line()));
        files.take(8).for_each(|(source, line)| {
            found.related(source, line, "a tool of the chain");
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(elements: &[(&str, &str)]) -> String {
        let element = |(id, executor): &(&str, &str)| {
            format!(
                r#"{{"tool_id": "{id}", "version": "1", "integrity": "{{HEX}}", "executor": {executor}}}"#
            )
        };
        let chain: Vec<_> = elements.iter().map(element).collect();
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "a", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [{}]}}"#,
            chain.join(",")
        )
    }

    fn messages(elements: &[(&str, &str)]) -> Vec<String> {
        let test = check("tool-chain-mismatch")
            .head(".ai/lockfiles/x/a@1.lock.json", &lock(elements))
            .head(".ai/tools/a.py", "__executor_id__ = 'b'\n")
            .head(".ai/tools/x/b.yaml", "executor_id: c\n");
        test.run().into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn the_words_are_those_of_kiwi() {
        let (a, b, c) = (("a", r#""b""#), ("b", r#""c""#), ("c", "null"));
        assert!(messages(&[a, b, c]).is_empty());
        assert_eq!(
            messages(&[a, ("x", "null")]),
            ["Tool ID mismatch at position 1: lockfile=x, resolved=b."]
        );
        assert_eq!(messages(&[a]), ["Chain length mismatch: lockfile has 1, resolved has 2."]);
    }

    #[test]
    fn a_loop_of_tools_ends() {
        check("tool-chain-mismatch")
            .head(".ai/lockfiles/x/a@1.lock.json", &lock(&[("a", r#""a""#)]))
            .head(".ai/tools/a.py", "__executor_id__ = 'a'\n")
            .finds(&[]);
    }
}

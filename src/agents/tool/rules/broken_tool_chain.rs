//! The chain of a tool lockfile contradicts itself.
//!
//! A chain runs from the tool to the primitive that ends it: its first element is the root, each element's executor is the
//! next element, and the last one has none. No system checks that: they run what they resolve, and a lockfile whose chain was
//! emptied, reordered or cut short is accepted. Lilux documents another form, in which the chain leaves out the root and
//! executors are kinds; that is fine.
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
//!        "executor": "subprocess"
//!                     ^^^^^^^^^^ hello is run by subprocess, but the chain ends with it
//!      }
//!    ],
//!    "registry": null
//!  }
//! ```
//!
//! Take the lockfile back from git, or write it again with `lockproof tool freeze hello`.

use crate::agents::tool::lock::{Form, ToolLock};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "broken-tool-chain",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("broken_tool_chain.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(tool) = lockfile.tool.as_deref() else { return };
    if tool.chain.is_empty() {
        let message = format!("The chain of {} is empty.", tool.root.label());
        let found = report.file(lockfile, super::root_place(tool), message);
        found.label("its chain is empty").help(super::mend(cx, lockfile, tool));
        return;
    }
    if tool.form == Form::Lilux {
        return;
    }
    check_root(cx, lockfile, tool, report);
    check_links(cx, lockfile, tool, report);
}

fn check_root<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    tool: &'a ToolLock<'a>,
    report: &mut Report<'a>,
) {
    let (root, first) = (&tool.root, &tool.chain[0]);
    let differs = |a: &Option<Text<'_>>, b: &Option<Text<'_>>| {
        a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a.as_str() != b.as_str())
    };
    let (what, place) = if root.id.as_str() != first.id.as_str() {
        ("id", root.id.clone())
    } else if differs(&root.version, &first.version) {
        ("version", root.place_of(&root.version))
    } else if differs(&root.integrity, &first.integrity) {
        ("integrity", root.place_of(&root.integrity))
    } else {
        return;
    };
    let (root, label) = (root.label(), first.label());
    let message =
        format!("The root {root} is not the first element of its chain, {label}: the {what} differs.");
    let found = report.file(lockfile, place.raw, message);
    found.label("not the first element's").related(lockfile.source, first.at, "the first element");
    found.help(super::mend(cx, lockfile, tool));
}

fn check_links<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    tool: &'a ToolLock<'a>,
    report: &mut Report<'a>,
) {
    for (at, element) in tool.chain.iter().enumerate() {
        let next = tool.chain.get(at + 1).map(|next| next.id.as_str());
        let executor = element.executor.as_ref().map(Text::as_str);
        let why = match (executor, next) {
            (Some(executor), Some(next)) if executor != next => {
                format!("is run by {executor}, but the next element is {next}")
            }
            (Some(executor), None) => format!("is run by {executor}, but the chain ends with it"),
            (None, Some(next)) if element.says_executor => {
                format!("is run by nothing, but the chain goes on with {next}")
            }
            _ => continue,
        };
        let place = element.place_of(&element.executor);
        let message = format!("In the chain of {}, {} {why}.", tool.root.label(), element.label());
        report
            .package(lockfile, &lockfile.packages[at], Field::Source, &place, message)
            .label(format!("{} {why}", element.id.as_str()))
            .help(super::mend(cx, lockfile, tool));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    /// The example of Lilux's documentation.
    const DOCUMENTED: &str = r#"{
  "lockfile_version": 1,
  "generated_at": "2026-01-30T12:00:00Z",
  "root": {"tool_id": "data_pipeline", "version": "2.3.1", "integrity": "abc123def456abc123def456abc123def456abc123def456abc123def456abcd"},
  "resolved_chain": [
    {"tool_id": "csv_reader", "version": "1.0.0", "integrity": "xyz789abc123xyz789abc123xyz789abc123xyz789abc123xyz789abc123xyzd", "executor": "subprocess"},
    {"tool_id": "json_validator", "version": "2.1.0", "integrity": "pqr456stu789pqr456stu789pqr456stu789pqr456stu789pqr456stu789pqrd", "executor": "http_client"}
  ],
  "registry": {"url": "https://registry.example.com", "fetched_at": "2026-01-30T12:00:00Z"}
}"#;

    #[test]
    fn the_documented_form_is_clean_wherever_it_stands() {
        let paths = ["my_pipeline.lock", "data_pipeline.lock.json", ".ai/tools/data_pipeline.lock"];
        for path in paths.into_iter().chain([".ai/lockfiles/data_pipeline@2.3.1.lock.json"]) {
            let findings = check("broken-tool-chain").head(path, DOCUMENTED).all();
            assert!(findings.is_empty(), "{path}: {findings:?}");
        }
    }

    fn chain(elements: &str) -> String {
        format!(
            r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "a", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [{elements}]}}"#
        )
    }

    fn element(id: &str, executor: &str) -> String {
        format!(r#"{{"tool_id": "{id}", "version": "1", "integrity": "{{HEX}}", "executor": {executor}}}"#)
    }

    #[test]
    fn what_was_cut_off_reordered_or_emptied_is_found() {
        let messages = |elements: &[String]| {
            let findings = check("broken-tool-chain").head("a.lock.json", &chain(&elements.join(","))).run();
            findings.into_iter().map(|it| it.message).collect::<Vec<_>>()
        };
        let (a, b, c) = (element("a", r#""b""#), element("b", r#""c""#), element("c", "null"));
        assert!(messages(&[a.clone(), b.clone(), c.clone()]).is_empty());
        assert_eq!(messages(&[]), ["The chain of a@1 is empty."]);
        let ends = "In the chain of a@1, b@1 is run by c, but the chain ends with it.";
        assert_eq!(messages(&[a.clone(), b.clone()]), [ends]);
        let headless = "The root a@1 is not the first element of its chain, b@1: the id differs.";
        assert_eq!(messages(&[b.clone(), c.clone()]), [headless]);
        assert_eq!(messages(&[a, c, b]).len(), 3);
    }

    #[test]
    fn a_field_that_kiwi_need_not_read_may_be_missing() {
        let first = r#"{"tool_id": "a", "version": "1", "integrity": "{HEX}"}"#;
        let text = chain(&format!("{first},{}", element("b", "null")));
        check("broken-tool-chain").head("a.lock.json", &text).finds(&[]);
    }
}

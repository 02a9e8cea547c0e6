//! A tool lockfile names another registry than it did.
//!
//! The chain's tools come from somewhere else now, if their system asks the registry at all. A registry where there was none is
//! a warning.
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
//!        "executor": null
//!      }
//!    ],
//!    "registry": {
//! -    "url": "https://registry.example.com",
//! +    "url": "https://registry.example.net",
//!              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another registry
//!      "fetched_at": "2026-01-27T12:00:00Z"
//!    }
//!  }
//! ```
//!
//! Take the line back from git.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::Pair;

pub static RULE: Rule = Rule {
    id: "tool-registry-changed",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_registry_changed.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let Some((lockfile, base)) = pair.head.zip(pair.base) else { return };
    let Some((tool, old)) = lockfile.tool.as_deref().zip(base.tool.as_deref()) else { return };
    let Some(is) = &tool.registry else { return };
    match &old.registry {
        Some(was) if was.as_str() == is.as_str() => {}
        Some(was) => {
            let (is_text, was_text) = (is.as_str(), was.as_str());
            let message = format!("The registry of {} is {is_text}, and was {was_text}.", tool.root.label());
            let found = report.file(lockfile, is.raw, message);
            found
                .label("another registry")
                .related(base.source, was.raw, "the one it was")
                .help(cx.restore(lockfile));
        }
        None => {
            let message = format!("{} has a registry now, {}.", tool.root.label(), is.as_str());
            report
                .file(lockfile, is.raw, message)
                .level(Level::Warning)
                .label("new")
                .help(cx.restore(lockfile));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_registry_that_stays_or_goes_is_fine() {
        let lock = |registry: &str| {
            format!(
                r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [], "registry": {registry}}}"#
            )
        };
        let at = |url: &str| lock(&format!(r#"{{"url": "{url}", "fetched_at": "x"}}"#));
        let test = |before: &str, now: &str| {
            let found =
                check("tool-registry-changed").base("t.lock.json", before).head("t.lock.json", now).run();
            found.iter().map(|it| it.level.name()).collect::<Vec<_>>()
        };
        let here = at("https://registry.example.com");
        assert!(
            test(&here, &here.replace(r#""x""#, r#""y""#)).is_empty()
                && test(&here, &lock("null")).is_empty()
        );
        assert_eq!(test(&lock("null"), &here), ["warning"]);
        assert_eq!(test(&here, &at("https://evil.example.net")), ["error"]);
    }
}

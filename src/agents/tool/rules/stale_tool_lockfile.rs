//! A tool lockfile was not validated for more than 90 days.
//!
//! Counted as Kiwi's prune counts, from the last validation that the index knows, or else from when it was made: `lockproof
//! tool prune` would remove it. A warning, and an error in strict mode. A time that Kiwi would stop on, because it names no time
//! zone or is none, is a warning.
//!
//! ```diff .ai/lockfiles/.index.json
//!  {
//!    "version": "1",
//!    "lockfiles": {
//!      "scripts/hello@1.0.0": {
//!        "path": "scripts/hello@1.0.0.lock.json",
//!        "chain_hash": "84db116e08b0",
//!        "created_at": "2026-01-27T12:00:00+00:00",
//!        "last_validated": "2026-01-27T12:00:00+00:00",
//!                           ^^^^^^^^^^^^^^^^^^^^^^^^^ was not validated for 338 days
//!        "scope": "project"
//!      }
//!    }
//!  }
//! ```
//!
//! Run the tool, or remove the lockfile with `lockproof tool prune --write`.

use crate::agents::tool::index::{Index, STALE_AFTER};
use crate::agents::tool::time::NoTime;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "stale-tool-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::TOOLS,
    docs: include_str!("stale_tool_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let Some(now) = cx.now else { return };
    for source in cx.head.tools().projects().flat_map(|(_, project)| project.indexes.iter().copied()) {
        for entry in Index::read(source).entries {
            let stamp = if entry.last_validated.as_ref().is_some_and(|it| !it.as_str().is_empty()) {
                &entry.last_validated
            } else {
                &entry.created_at
            };
            let (why, level) = match entry.age(now) {
                Some(Ok(days)) if days > STALE_AFTER => {
                    (format!("was not validated for {days} days"), cx.policy.tool_level(&source.path))
                }
                Some(Err(NoTime::Naive)) => ("has a time without a zone".to_owned(), Level::Warning),
                Some(Err(NoTime::Malformed)) => ("has a time that is none".to_owned(), Level::Warning),
                _ => continue,
            };
            let found =
                report.source(source, entry.place_of(stamp), format!("{} {why}.", entry.key.as_str()));
            found.level(level).label(why).value(entry.key.as_str());
            found.help("Run the tool: that validates it. A lockfile of a tool that nobody uses any more can be deleted.");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn ninety_days_are_not_too_many() {
        let index = |stamp: &str| {
            format!(
                r#"{{"lockfiles": {{"a/t@1": {{"path": "a/t@1.lock.json", "last_validated": "{stamp}"}}}}}}"#
            )
        };
        let days = |days: i64| crate::agents::tool::time::format(1_769_515_208 - days * 86_400, 0);
        let count = |stamp: &str| {
            let test = check("stale-tool-lockfile").head(".ai/lockfiles/.index.json", &index(stamp));
            test.run_at(Some(1_769_515_208)).len()
        };
        assert_eq!((count(&days(90)), count(&days(91)), count("2025-01-01"), count("")), (0, 1, 1, 0));
    }
}

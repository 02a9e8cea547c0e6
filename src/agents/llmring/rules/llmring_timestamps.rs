//! A time stamp is missing, runs backwards, or does not say where its clock hangs.
//!
//! A file without `created_at` or `updated_at` has another digest each time it is loaded, for the time of loading is taken. A
//! stamp without an offset is a note: two readers take it for two points in time.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  created_at = "2026-01-02T00:00:00+00:00"
//!  updated_at = "2026-01-01T00:00:00+00:00"
//!                ^^^^^^^^^^^^^^^^^^^^^^^^^ before it was made
//! ```
//!
//! Write the time of the last change, with its offset: `lockproof llmring bump` and `bind` do.

use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-timestamps",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_timestamps.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    if !document.refusals.is_empty() || !document.is_named_rightly() || document.root.entries.is_empty() {
        return;
    }
    let text = lockfile.source.text();
    for field in ["created_at", "updated_at"] {
        let Some(node) = document.root.get(field) else {
            report
                .file(
                    lockfile,
                    text.lines().next().unwrap_or(text),
                    format!(
                        "{} has no `{field}`, so its digest is another one each time.",
                        lockfile.source.path
                    ),
                )
                .value(field)
                .label(format!("`{field}` is missing"))
                .help(format!("Write `{field}` with the time and its offset from UTC."));
            continue;
        };
        if document.stamp(field).is_some_and(|it| !it.has_offset()) {
            report
                .file(lockfile, node.slice(), format!("`{field}` does not say its offset from UTC."))
                .level(Level::Note)
                .label("no offset")
                .help("Write the offset behind the time: `+00:00` for UTC.");
        }
    }
    let instant = |field: &str| document.stamp(field).and_then(|it| it.instant());
    let (Some(created), Some(updated)) = (instant("created_at"), instant("updated_at")) else { return };
    if let Some(node) = document.root.get("updated_at").filter(|_| updated < created) {
        report
            .file(lockfile, node.slice(), "`updated_at` lies before `created_at`.")
            .label("before it was made")
            .help("Write the time of the last change.");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn stamps_may_be_written_in_every_way_that_is_read() {
        let text = "created_at = 2026-01-01T00:00:00Z\nupdated_at = '2026-01-01T02:00:00+02:00'\n";
        check("llmring-timestamps").head("llmring.lock", text).finds(&[]);
        let text = "created_at = '2026-01-01'\nversion = '1.0'\n";
        check("llmring-timestamps").head("llmring.lock", text).finds(&[
            "llmring.lock:1:1 warning llmring.lock has no `updated_at`, so its digest is another one each time.",
            "llmring.lock:1:15 note `created_at` does not say its offset from UTC.",
        ]);
    }
}

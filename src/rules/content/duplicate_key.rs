//! A key stands twice in one table.
//!
//! Readers differ on which one counts: one tool verifies the first value, another installs the second. No client
//! writes such a file. The same goes for a package that a list has twice, with one version from one source.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!        "resolved": "https://registry.example.com/other/-/other-1.3.0.tgz"
//!         ^^^^^^^^ stands here a second time
//!      }
//!    }
//!  }
//! ```
//!
//! Remove the one that the package manager did not write; git knows which.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::text::syntax::FaultKind;
use crate::world::Context;

/// What stands from the first to the second: it tells one entry's `resolved` from another's.
fn between<'a>(source: &'a Source, first: &str, second: &str) -> &'a str {
    let (Some(first), Some(second)) = (source.span(first), source.span(second)) else { return "" };
    let end = source.line_range(source.line_index(second.end)).end;
    source.raw().get(first.start.min(end)..end).unwrap_or_default()
}

pub static RULE: Rule = Rule {
    id: "duplicate-key",
    level: Level::Error,
    tamper: true,
    families: Family::ALL,
    docs: include_str!("duplicate_key.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    for fault in lockfile.faults.iter().filter(|fault| fault.kind == FaultKind::DuplicateKey) {
        let message = match &*fault.message {
            "" => format!("`{}` stands twice in one table.", fault.at),
            message => message.to_owned(),
        };
        let found = report.file(lockfile, fault.at, message);
        found.label("stands here a second time").help(cx.restore(lockfile));
        if let Some(first) = fault.first {
            found.value(between(lockfile.source, first, fault.at));
            found.related(lockfile.source, first, "stands here first");
        }
    }
    report.uncounted(&lockfile.source.path, lockfile.faults.left_out(FaultKind::DuplicateKey));
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn an_entry_stands_once_wherever_the_other_one_stands() {
        let entry = |name: &str, source: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{source}")
        };
        let index = "source = \"registry+https://index.example.com/i\"\n";
        let lock = |entries: &[String]| format!("version = 4\n{}", entries.concat());
        let (x, y, own) = (entry("x", index), entry("y", index), entry("x", ""));
        check("duplicate-key").head("Cargo.lock", &lock(&[own, x.clone(), y.clone()])).finds(&[]);
        let told = ["Cargo.lock:11:9 error x@1.0.0 has two entries, which its client refuses."];
        check("duplicate-key").head("Cargo.lock", &lock(&[x.clone(), y, x])).finds(&told);
    }
}

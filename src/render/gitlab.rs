//! The findings as a Code Quality report of GitLab, which shows them in merge requests.
//!
//! GitLab compares the reports of both branches itself, by the fingerprints: so what was there before a change is in it
//! as well.

use serde::Serialize;

use super::json;
use crate::check::Outcome;
use crate::findings::finding::{Finding, Level};
use crate::text::escape;

/// One finding, in GitLab's terms.
#[derive(Serialize)]
struct Violation<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub fn report(outcome: &Outcome) -> String {
    json::print(&outcome.findings.iter().map(violation).collect::<Vec<_>>())
}

fn violation(finding: &Finding) -> Violation<'_> {
    Violation {
        description: format!("{} {}", finding.message, finding.help).trim_end().to_owned(),
        check_name: finding.rule,
        fingerprint: &finding.fingerprint,
        severity: severity(finding),
        location: Location {
            // A policy may have been named by its full path; GitLab takes none.
            path: escape::head(&finding.path, escape::PATH).trim_start_matches('/'),
            lines: Lines { begin: finding.span.map_or(1, |span| span.start.line) },
        },
    }
}

fn severity(finding: &Finding) -> &'static str {
    match (finding.level, finding.tamper) {
        (Level::Error, true) => "blocker",
        (Level::Error, false) => "critical",
        (Level::Warning, true) => "major",
        (Level::Warning, false) => "minor",
        (Level::Note, _) => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{finding, outcome};

    #[test]
    fn severities_tell_tampering_apart() {
        let of = |rule| severity(&finding(rule, 1));
        let rules = ["pin-rewritten", "insecure-url", "pin-widened", "git-source", "lockfile-format-changed"];
        assert_eq!(rules.map(of), ["blocker", "critical", "major", "minor", "info"]);
    }

    #[test]
    fn nothing_found_is_an_empty_list() {
        assert_eq!(report(&outcome(Vec::new())), "[]\n");
    }
}

//! Findings for the tests of outputs.

use crate::check::{Coverage, Outcome};
use crate::findings::finding::{Finding, Level, Position, Span};
use crate::policy::Policy;
use crate::read::Sources;
use crate::rules;
use crate::text::source::Side;

/// A finding of a rule, on a line of a lockfile.
pub(super) fn finding(rule: &str, line: usize) -> Finding {
    let rule = rules::find(rule).expect("a rule");
    let position = |column| Position { line, column, offset: 0 };
    Finding {
        rule: rule.id,
        level: rule.level,
        message: format!("{} on line {line}.", rule.summary()),
        help: "Take it back from git.".to_owned(),
        path: "a/Cargo.lock".to_owned(),
        span: Some(Span { start: position(3), end: position(9) }),
        package: None,
        related: Vec::new(),
        also: Vec::new(),
        values: Vec::new(),
        preexisting: false,
        accepted: false,
        help_if_old: None,
        fingerprint: format!("{line:032x}"),
        label: "here".to_owned(),
        side: Side::Worktree,
        tamper: rule.tamper,
        stood: false,
        rest: None,
        fresh: false,
    }
}

/// So many findings of one rule.
pub(super) fn findings(rule: &str, number: usize) -> Vec<Finding> {
    (1..=number).map(|line| finding(rule, line)).collect()
}

pub(super) fn at_level(level: Level, finding: Finding) -> Finding {
    Finding { level, ..finding }
}

/// What a run says that found this.
pub(super) fn outcome(findings: Vec<Finding>) -> Outcome {
    Outcome { findings, coverage: Coverage::default(), spent: Vec::new() }
}

/// The worktree alone, of an empty repository.
pub(super) fn sources() -> Sources {
    Sources { root: Some("/".into()), ..Sources::new(Side::Worktree, Policy::default()) }
}

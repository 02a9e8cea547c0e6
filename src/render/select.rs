//! Which findings an output keeps that has no room for all of them.

use std::collections::HashMap;

use crate::findings::finding::Finding;

/// The worst findings, so many of them, in the order of the report.
///
/// A lockfile's author decides how much is found in it. So what speaks of tampering stays before anything else, and the
/// first finding of each rule before the second of any: a flood of one kind washes no other away.
pub(super) fn worst<'f>(findings: impl IntoIterator<Item = &'f Finding>, number: usize) -> Vec<&'f Finding> {
    let findings: Vec<&Finding> = findings.into_iter().collect();
    let mut order = by_weight(&findings);
    order.truncate(number);
    order.sort_unstable();
    order.into_iter().map(|at| findings[at]).collect()
}

/// Positions of the findings, the one to be kept longest first.
pub(super) fn by_weight(findings: &[&Finding]) -> Vec<usize> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let keys: Vec<_> = findings
        .iter()
        .map(|it| {
            let nth = seen.entry(it.rule).and_modify(|count| *count += 1).or_default();
            (it.preexisting, !it.tamper, std::cmp::Reverse(it.level), *nth)
        })
        .collect();
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|&at| keys[at]);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::finding;

    #[test]
    fn a_flood_washes_nothing_worse_away() {
        let mut all: Vec<Finding> = (0..100).map(|line| finding("insecure-url", line + 1)).collect();
        all.push(finding("missing-integrity", 500));
        all.push(finding("pin-rewritten", 600));
        let kept: Vec<_> = worst(&all, 4).iter().map(|it| (it.rule, it.span.unwrap().start.line)).collect();
        assert_eq!(
            kept,
            [("insecure-url", 1), ("insecure-url", 2), ("missing-integrity", 500), ("pin-rewritten", 600)]
        );
    }

    #[test]
    fn what_was_there_before_goes_first() {
        let mut all = vec![finding("pin-rewritten", 1), finding("git-source", 2)];
        all[0].preexisting = true;
        assert_eq!(worst(&all, 1)[0].rule, "git-source");
    }
}

//! The report as Markdown, for the summary of a step or a comment: the verdict first, then what was found, then what was
//! checked. Every text of the repository is code, so nothing in it is markup; what is too much is cut at a row.

use super::page::{Page, line};
use super::{checked, count, not_checked, rule_page, select, state, verdict};
use crate::check::excuse::Accepted;
use crate::check::{Covered, Outcome, Unsupported};
use crate::findings::finding::Finding;
use crate::read::Sources;
use crate::text::escape::markdown as code;
use crate::text::source::Side;

pub fn report(sources: &Sources, outcome: &Outcome) -> String {
    let mut page = Page { text: format!("### lockproof: {}\n", verdict(outcome)), ..Page::default() };
    let checked = checked(outcome, sources.base.as_ref().map(Side::describe));
    if !checked.is_empty() {
        page.text.push_str(&format!("\n{}\n", code(&checked.join("; "))));
    }
    let coverage = &outcome.coverage;
    if !outcome.is_complete() {
        page.text.push_str("\n**Not everything could be read: this is no pass.**\n");
        page.table(["Not read"], coverage.problems.iter().map(|problem| [code(problem)]));
    }
    if !coverage.unchecked.is_empty() {
        page.table(["Not checked"], coverage.unchecked.iter().map(|what| [code(what)]));
    }
    if let Some(kinds) = not_checked(coverage) {
        page.text.push_str(&format!("\n**Not checked:** {}\n", code(&kinds)));
    }
    findings(&mut page, outcome);
    if !coverage.accepted.is_empty() {
        let summary = format!("{} accepted by the policy", count(coverage.accepted.len(), "finding"));
        page.fold(&summary, ["Finding", "Where", "Why", "Until"], coverage.accepted.iter().map(accepted));
    }
    if !coverage.unsupported.is_empty() {
        let summary = format!("{} that lockproof can't read", count(coverage.unsupported.len(), "lockfile"));
        page.fold(&summary, ["Lockfile", "Kind", "State"], coverage.unsupported.iter().map(unsupported));
    }
    if !coverage.lockfiles.is_empty() {
        let columns = ["Lockfile", "State", "Packages", "Hashed", "Compared"];
        page.fold(
            &count(coverage.lockfiles.len(), "lockfile"),
            columns,
            coverage.lockfiles.iter().map(of_file),
        );
    }
    if page.left_out > 0 {
        let rows = count(page.left_out, "row");
        page.text.push_str(&format!("\n**{rows} left out**: `--format json` has all of it.\n"));
    }
    page.text
}

/// As many findings as there is room for, the worst of them, in the order of the report.
fn findings(page: &mut Page, outcome: &Outcome) {
    let shown: Vec<&Finding> = outcome.findings.iter().filter(|it| !it.preexisting).collect();
    if shown.is_empty() {
        return;
    }
    page.text
        .push_str("\n| Finding | Package | Where | What is wrong, and what to do |\n|---|---|---|---|\n");
    let mut room = 0;
    let mut rows = Vec::new();
    for at in select::by_weight(&shown) {
        let row = line(&in_full(shown[at]));
        if !page.has_room(room + row.len()) {
            break;
        }
        room += row.len();
        rows.push((at, row));
    }
    page.left_out += shown.len() - rows.len();
    rows.sort_unstable_by_key(|(at, _)| *at);
    rows.iter().for_each(|(_, row)| page.text.push_str(row));
}

fn in_full(finding: &Finding) -> [String; 4] {
    let line = finding.span.map(|span| format!(":{}", span.start.line)).unwrap_or_default();
    let package = finding.package.as_ref().map(|package| {
        let version = package.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
        code(&format!("{}{version}", package.name))
    });
    let help = if finding.help.is_empty() { String::new() } else { format!("<br>{}", code(&finding.help)) };
    [
        format!("{} [`{}`]({})", finding.level, finding.rule, rule_page(finding.rule)),
        package.unwrap_or_default(),
        code(&format!("{}{line}", finding.path)),
        code(&finding.message) + &help,
    ]
}

fn accepted(it: &Accepted) -> [String; 4] {
    let what = format!("{} [`{}`]({})<br>{}", it.level, it.rule, rule_page(it.rule), code(&it.message));
    [what, code(&it.path), code(&it.reason), it.until.clone().unwrap_or_default()]
}

fn unsupported(it: &Unsupported) -> [String; 3] {
    let accepted = if it.accepted { ", accepted by the policy" } else { "" };
    let changed = if it.changed { "changed, " } else { "" };
    [code(&it.path), code(it.kind), format!("{changed}not checked{accepted}")]
}

fn of_file(it: &Covered) -> [String; 5] {
    let from = it.moved_from.as_ref().map(|from| format!(", moved from {}", code(from))).unwrap_or_default();
    let number = |number: usize| number.to_string();
    [
        code(&it.path),
        format!("{}{from}", state(it.state)),
        number(it.packages),
        number(it.hashed),
        number(it.compared),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::finding::Level;
    use crate::render::samples::{finding, findings, outcome, sources};

    #[test]
    fn the_verdict_comes_first() {
        let text = report(&sources(), &outcome(vec![finding("insecure-url", 7)]));
        assert_eq!(
            text,
            "### lockproof: 1 error. There are no lockfiles here\n\n\
             | Finding | Package | Where | What is wrong, and what to do |\n|---|---|---|---|\n\
             | error [`insecure-url`](https://github.com/lockproof/lockproof/blob/main/docs/rules.md#insecure-url) |  | \
             <code>a/Cargo.lock&#58;7</code> | <code>An address is not encrypted on line 7.</code><br>\
             <code>Take it back from git.</code> |\n"
        );
    }

    #[test]
    fn a_page_is_cut_at_a_row_and_keeps_the_worst() {
        let mut all = findings("insecure-url", 20_000);
        all.push(Finding { level: Level::Warning, ..finding("pin-rewritten", 99_999) });
        let text = report(&sources(), &outcome(all));
        assert!(text.len() < 1 << 20 && text.len() > 1_000_000, "{}", text.len());
        assert!(text.contains("a/Cargo.lock&#58;99999"));
        let rows = text.lines().filter(|line| line.starts_with("| error") || line.starts_with("| warning"));
        assert!(text.ends_with(&format!(
            "\n**{} rows left out**: `--format json` has all of it.\n",
            20_001 - rows.count()
        )));
    }

    #[test]
    fn a_run_that_is_not_whole_says_so() {
        let mut outcome = outcome(Vec::new());
        outcome.coverage.problems = vec!["a|b\n# c".to_owned()];
        let text = report(&sources(), &outcome);
        assert!(text.starts_with("### lockproof: No lockfile was read\n"), "{text}");
        assert!(
            text.contains("this is no pass") && text.contains("| <code>a&#124;b&#92;n&#35; c</code> |"),
            "{text}"
        );
    }
}

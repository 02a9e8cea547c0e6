//! The findings as workflow commands of GitHub Actions, which shows them on the lines of a change.
//!
//! A step may annotate ten times at each level; what is more vanishes without a word. So the worst ten are told, and
//! a notice says how many there are besides.

use super::{closing, count, not_checked, select};
use crate::check::Outcome;
use crate::findings::finding::{Finding, Level};
use crate::read::Sources;
use crate::text::escape;
use crate::text::escape::{workflow_data, workflow_property};

/// Annotations of one level that a step may make.
const SHOWN: usize = 10;
/// Other places that an annotation names.
const RELATED: usize = 3;

/// Annotations, and the last line of a report for the log.
pub fn report(sources: &Sources, outcome: &Outcome) -> String {
    let mut out = problems(outcome);
    let unread = unread(outcome);
    let incomplete = usize::from(!outcome.is_complete());
    let room = SHOWN - usize::from(!unread.is_empty());
    out.push_str(&unread);
    let of = |level| outcome.findings.iter().filter(move |it| !it.preexisting && it.level == level);
    let (errors, warnings) = (of(Level::Error), of(Level::Warning));
    let (errors_kept, warnings_kept) =
        (select::worst(errors.clone(), SHOWN - incomplete), select::worst(warnings.clone(), room));
    let notes_there = of(Level::Note).count();
    let left = (errors.count() - errors_kept.len(), warnings.count() - warnings_kept.len());
    let has_rest = left != (0, 0) || notes_there > SHOWN;
    let notes_kept = select::worst(of(Level::Note), SHOWN - usize::from(has_rest));
    for finding in errors_kept.into_iter().chain(warnings_kept).chain(notes_kept.iter().copied()) {
        out.push_str(&annotation(finding));
    }
    if has_rest {
        out.push_str(&rest(left.0, left.1, notes_there - notes_kept.len()));
    }
    out + &closing(sources, outcome) + "\n"
}

/// `::error file=…,line=…::…`
fn annotation(finding: &Finding) -> String {
    let mut properties = format!("file={}", workflow_property(&escape::message(&finding.path)));
    if let Some(span) = finding.span {
        let (line, column) = (span.start.line, span.start.column);
        let end = span.end.column.max(column);
        properties.push_str(&format!(",line={line},endLine={line},col={column},endColumn={end}"));
    }
    let mut text = finding.message.clone();
    for it in finding.related.iter().take(RELATED) {
        let line = it.span.map(|span| format!(":{}", span.start.line)).unwrap_or_default();
        text.push_str(&format!("\n{}{line}: {}", it.at, it.message));
    }
    if !finding.help.is_empty() {
        text.push_str(&format!("\n\n{}", finding.help));
    }
    command(finding.level, &format!("{properties},title=lockproof%3A {}", finding.rule), &text)
}

fn command(level: Level, properties: &str, text: &str) -> String {
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    format!("::{name} {properties}::{}\n", workflow_data(text))
}

/// That the check is no whole one weighs more than any finding.
fn problems(outcome: &Outcome) -> String {
    let problems = &outcome.coverage.problems;
    let Some(first) = problems.first() else { return String::new() };
    let more = problems.len() - 1;
    let more = if more > 0 { format!("\nand {}", count(more, "more problem")) } else { String::new() };
    let text = format!("Not everything could be checked.\n{}{more}", escape::message(first));
    command(Level::Error, "title=lockproof%3A incomplete", &text)
}

/// Which lockfiles nothing was checked of: a green run says nothing about them.
fn unread(outcome: &Outcome) -> String {
    let Some(kinds) = not_checked(&outcome.coverage) else { return String::new() };
    let text =
        format!("Not checked: {kinds}. lockproof can't read these yet, so this run says nothing about them.");
    command(Level::Warning, "title=lockproof%3A not checked", &text)
}

/// `12 errors and 3 notes more`
fn rest(errors: usize, warnings: usize, notes: usize) -> String {
    let kinds = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let kinds: Vec<_> =
        kinds.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun)).collect();
    let text = format!(
        "Not shown here: {}. Annotations are limited to {SHOWN} of a kind for each step; every other form of the \
         report has all findings.",
        kinds.join(", ")
    );
    command(Level::Note, "title=lockproof%3A more findings", &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{at_level, finding, findings, outcome, sources};

    #[test]
    fn an_annotation_stands_on_its_line() {
        let text = report(&sources(), &outcome(vec![finding("insecure-url", 7)]));
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "::error file=a/Cargo.lock,line=7,endLine=7,col=3,endColumn=9,title=lockproof%3A insecure-url::\
             An address is not encrypted on line 7.%0A%0ATake it back from git."
        );
        assert_eq!(text.lines().nth(1), Some("1 error. There are no lockfiles here."));
    }

    #[test]
    fn ten_of_each_kind_are_told_and_the_rest_is_counted() {
        let mut all = findings("insecure-url", 30);
        all.extend(findings("stale-lockfile", 12));
        all.extend(findings("lockfile-format-changed", 10));
        all.push(at_level(Level::Warning, finding("pin-widened", 99)));
        let text = report(&sources(), &outcome(all));
        let of = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!((of("::error "), of("::warning "), of("::notice ")), (10, 10, 10));
        assert!(text.contains("::Not shown here: 20 errors, 3 warnings, 1 note."), "{text}");
        assert!(text.contains("title=lockproof%3A pin-widened"), "{text}");
    }

    #[test]
    fn what_could_not_be_read_comes_first() {
        let mut outcome = outcome(findings("insecure-url", 30));
        outcome.coverage.problems = vec!["a\n::error::x".to_owned(), "b".to_owned()];
        let text = report(&sources(), &outcome);
        assert!(text.starts_with("::error title=lockproof%3A incomplete::Not everything"), "{text}");
        assert_eq!(text.matches("\n::error ").count() + 1, SHOWN);
    }

    #[test]
    fn what_was_there_before_is_not_annotated() {
        let old = Finding { preexisting: true, ..finding("insecure-url", 1) };
        let text = report(&sources(), &outcome(vec![old]));
        assert_eq!(text, "There are no lockfiles here; 1 finding pre-existing, shown by --scope all.\n");
    }
}

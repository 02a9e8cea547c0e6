//! What was measured, as a document and as lines.

use std::fmt::Write as _;

use lockproof::ecosystems::formats;

use super::honest::Honest;
use super::measure::{Row, Tally};
use super::operators::{Grade, Operator};

/// Everything that a run has measured.
pub(crate) struct Measured {
    pub(crate) rows: Vec<(&'static Operator, Row)>,
    pub(crate) pairs: Vec<(String, Tally)>,
    pub(crate) honest: Honest,
}

impl Measured {
    /// What keeps the bar from being met, one line each.
    pub(crate) fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        for (operator, row) in self.rows.iter().filter(|(operator, _)| operator.grade != Grade::Undecided) {
            for format in measured(row) {
                let (caught, applied) = cell(row, format);
                if applied == 0 {
                    misses.push(format!("{} was applied to no project of {format}", operator.name));
                } else if caught < applied {
                    let missed = of_format(row, format).flat_map(|tally| &tally.missed);
                    misses.extend(missed.take(2).cloned());
                }
            }
        }
        misses.extend(self.pairs.iter().flat_map(|(_, tally)| tally.missed.iter().take(3).cloned()));
        misses.extend(self.honest.errors.iter().cloned());
        if !self.honest.passes() {
            misses.extend(self.honest.warnings.iter().cloned());
        }
        misses
    }

    /// The table, as it stands in the docs.
    pub(crate) fn markdown(&self) -> String {
        let ids: Vec<_> = formats::ALL.iter().map(|format| format.id).filter(|id| self.has(id)).collect();
        let mut out = format!("| Tampering | Has to be | {} | Because |\n", ids.join(" | "));
        let _ = writeln!(out, "|---|---|{}---|", "---|".repeat(ids.len()));
        for (operator, row) in &self.rows {
            let cells: Vec<_> = ids.iter().map(|id| shown(operator, row, id)).collect();
            let grade = grade(operator.grade);
            let _ =
                writeln!(out, "| {} | {grade} | {} | {} |", operator.name, cells.join(" | "), operator.why);
        }
        out
    }

    /// Why an operator can't be applied to a format.
    pub(crate) fn exceptions(&self) -> String {
        let mut out = String::new();
        for (operator, _) in self.rows.iter().filter(|(operator, _)| !operator.except.is_empty()) {
            let all: Vec<_> = operator.except.iter().map(|(id, why)| format!("{id}: {why}")).collect();
            let _ = writeln!(out, "- {} – {}", operator.name, all.join("; "));
        }
        out
    }

    /// The whole in a few sentences.
    pub(crate) fn summary(&self) -> String {
        let applied: usize =
            self.rows.iter().flat_map(|(_, row)| row.projects.values()).map(|it| it.applied).sum();
        let by = |grade: Grade| self.rows.iter().filter(|(operator, _)| operator.grade == grade).count();
        let (pairs, caught) =
            self.pairs.iter().fold((0, 0), |(a, b), (_, it)| (a + it.applied, b + it.caught));
        let honest = &self.honest;
        format!(
            "{} operators ({} must be errors, {} must be seen, {} can't be decided offline) were applied {applied} times to {} projects, \
             and {pairs} times in pairs, of which {caught} were errors. {} honest steps, made by the real clients, \
             reverted, squashed and merged: {} errors, {} warnings, {} more where a manifest moves a \
             dependency, and {} where the step itself goes back to older releases.\n",
            self.rows.len(),
            by(Grade::Error),
            by(Grade::Visible),
            by(Grade::Undecided),
            self.pairs.len(),
            honest.steps,
            honest.errors.len(),
            honest.warnings.len(),
            honest.declared,
            honest.gone_back,
        )
    }

    /// The same for a page that has other things to say: the table is folded away.
    pub(crate) fn fold(&self) -> String {
        let summary =
            "<details><summary>Operator by operator: in how many projects each was caught</summary>";
        format!("{}\n{summary}\n\n{}\n</details>\n", self.summary(), self.markdown())
    }

    fn has(&self, format: &str) -> bool {
        self.pairs.iter().any(|(project, _)| format_of(project) == format)
    }
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Error => "an error",
        Grade::Visible => "seen",
        Grade::Undecided => "–",
    }
}

/// `3/3`: in how many projects it was caught every time, of those in which there was a place for it.
fn shown(operator: &Operator, row: &Row, format: &str) -> String {
    if operator.exception(format).is_some() {
        return "n/a".into();
    }
    let (caught, applied) = cell(row, format);
    match (operator.grade, caught) {
        (Grade::Undecided, 0) => "not seen".into(),
        _ => format!("{caught}/{applied}"),
    }
}

fn cell(row: &Row, format: &str) -> (usize, usize) {
    let applied: Vec<_> = of_format(row, format).filter(|tally| tally.applied > 0).collect();
    (applied.iter().filter(|tally| tally.missed.is_empty()).count(), applied.len())
}

fn of_format<'r>(row: &'r Row, format: &'r str) -> impl Iterator<Item = &'r Tally> {
    row.projects.iter().filter(move |(project, _)| format_of(project) == format).map(|(_, tally)| tally)
}

/// The formats that a row speaks of.
fn measured(row: &Row) -> Vec<&str> {
    let mut formats: Vec<_> = row.projects.keys().map(|project| format_of(project)).collect();
    formats.dedup();
    formats
}

fn format_of(project: &str) -> &str {
    project.split('/').next().unwrap_or(project)
}

//! Findings as compilers print them: `path:line:column: level[rule]: message`, below it what belongs to it, and the next
//! command. Nothing is drawn, so nothing but the text is needed: a lean build has this alone.

use std::fmt::Write as _;

use super::{Style, closing, paint, problem_text, wrap};
use crate::check::Outcome;
use crate::findings::finding::{Finding, Level, Span};
use crate::read::Sources;
use crate::text::escape;
use crate::text::source::Side;

/// The whole report.
pub fn report(sources: &Sources, outcome: &Outcome, style: Style) -> String {
    let mut out = String::new();
    for finding in outcome.findings.iter().filter(|finding| !finding.preexisting) {
        put(&mut out, finding, style);
    }
    if !style.quiet {
        for what in &outcome.coverage.unchecked {
            let _ = writeln!(out, "{} {}", paint(style.color, "1;33", "not checked:"), escape::message(what));
        }
    }
    for problem in &outcome.coverage.problems {
        let _ = writeln!(out, "{} {}", paint(style.color, "1;31", "not read:"), problem_text(problem));
    }
    if !style.quiet {
        let _ = writeln!(out, "{}", wrap(&closing(sources, outcome), style.width));
    }
    if let Some(unstaged) = &outcome.coverage.unstaged {
        let _ = writeln!(out, "{}", wrap(&super::unstaged(sources, unstaged), style.width));
    }
    out
}

fn put(out: &mut String, finding: &Finding, style: Style) {
    let color = match finding.level {
        Level::Error => "1;31",
        Level::Warning => "1;33",
        Level::Note => "1;36",
    };
    let also = match finding.also.is_empty() {
        true => String::new(),
        false => format!(" (also: {})", finding.also.join(", ")),
    };
    let code = paint(style.color, color, &format!("{}[{}]", finding.level, finding.rule));
    let _ = writeln!(out, "{}: {code}:", place(&finding.side, &finding.path, finding.span));
    put_wrapped(out, &finding.message, style.width);
    for related in &finding.related {
        let place = place(&related.side, &related.path, related.span);
        put_wrapped(out, &format!("{place}: {}", related.message), style.width);
    }
    put_wrapped(out, &format!("help: {}{also}", finding.help), style.width);
    out.push('\n');
}

/// As git names the file on its side, where editors and terminals find the place in it.
fn place(side: &Side, path: &str, span: Option<Span>) -> String {
    let path = escape::message(&side.spell(path));
    span.map_or(path.clone(), |span| format!("{path}:{}:{}", span.start.line, span.start.column))
}

fn put_wrapped(out: &mut String, text: &str, width: usize) {
    for line in wrap(text, width.saturating_sub(2)).lines() {
        let _ = writeln!(out, "  {line}");
    }
}

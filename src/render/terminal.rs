//! Findings, drawn: the line of the lockfile with its caret, the base side's line below it, the next command.
//!
//! What is drawn is not the source but a [`Snippet`] of it: escaped, masked, cut to the width. miette's own reading of
//! a source costs a pass over it for every label, and would print whatever stands in a lockfile.

use std::collections::HashMap;
use std::fmt::Write as _;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    Severity, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{closing, count, problem_text, wrap};
use crate::check::{Covered, Outcome};
use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::findings::finding::{Finding, Level, Position, Span};
use crate::policy::PolicyError;
use crate::read::Sources;
use crate::read::options::Bytes;
use crate::text::escape;
use crate::text::secrets;
use crate::text::source::{Side, Source};

pub use super::Style;

/// The whole report.
pub fn report(sources: &Sources, outcome: &Outcome, style: Style) -> String {
    let mut out = String::new();
    let handler = handler(style);
    let shown: Vec<_> = outcome.findings.iter().filter(|finding| !finding.preexisting).collect();
    let names = short_names(&outcome.findings);
    let places = sources.by_place();
    for path in paths(&shown) {
        let here: Vec<_> = shown.iter().filter(|finding| finding.path == path).collect();
        if outcome.coverage.lockfiles.len() > 1 {
            let heading = format!("{}: {}", escape::message(path), count(here.len(), "finding"));
            let _ = writeln!(out, "{}\n", paint(style, "1", &heading));
        }
        for finding in here {
            let mut drawn = Drawn::new(&places, finding, style);
            if let Some(name) = names.get(finding.fingerprint.as_str()).filter(|_| is_acceptable(finding)) {
                drawn.code.push_str(&format!(" {name}"));
            }
            let _ = handler.render_report(&mut out, &drawn);
            out.push('\n');
        }
    }
    if !style.quiet {
        for what in &outcome.coverage.unchecked {
            let _ = writeln!(out, "{} {}", paint(style, "1;33", "not checked:"), escape::message(what));
        }
    }
    for problem in &outcome.coverage.problems {
        let _ = writeln!(out, "{} {}", paint(style, "1;31", "not read:"), problem_text(problem));
    }
    if style.verbose {
        outcome.coverage.lockfiles.iter().for_each(|it| out.push_str(&covered(it, outcome.coverage.bytes)));
    }
    if !style.quiet {
        let text = closing(sources, outcome);
        let color = match outcome.worst() {
            Some(Level::Error) => "1;31",
            Some(Level::Warning) => "1;33",
            _ if super::not_checked(&outcome.coverage).is_some() => "1;33",
            _ => "1;32",
        };
        let wrapped = wrap(&text, style.width);
        let _ = writeln!(out, "{}", paint(style, color, &wrapped));
        if let Some(first) = shown.iter().find(|finding| !finding.accepted) {
            let _ = writeln!(out, "What it means: `lockproof explain {}`", first.rule);
        }
        let acceptable = shown.iter().find(|finding| is_acceptable(finding));
        let name = acceptable.and_then(|finding| names.get(finding.fingerprint.as_str()));
        if let Some(accept) = name.and_then(|name| sources.stand.accept(name)) {
            let _ = writeln!(out, "To accept it:  {accept}");
        }
    }
    if let Some(unstaged) = &outcome.coverage.unstaged {
        let _ = writeln!(out, "{}", wrap(&super::unstaged(sources, unstaged), style.width));
    }
    out
}

/// An exception could take it out.
fn is_acceptable(finding: &Finding) -> bool {
    !finding.values.is_empty() && !finding.accepted
}

/// The beginnings of the fingerprints that are enough to tell them apart, and not too short to type.
fn short_names(findings: &[Finding]) -> HashMap<&str, &str> {
    let mut all: Vec<&str> = findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    all.sort_unstable();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let short = |at: usize| {
        let neighbours = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|it| all.get(it));
        let shared = neighbours.map(|other| common(all[at], other)).max().unwrap_or(0);
        (all[at], &all[at][..all[at].len().min(8.max(shared + 1))])
    };
    (0..all.len()).map(short).collect()
}

/// In the order in which they first appear: the gravest finding's file first.
fn paths<'f>(findings: &[&'f Finding]) -> Vec<&'f str> {
    let mut seen = std::collections::HashSet::new();
    findings.iter().map(|finding| finding.path.as_str()).filter(|path| seen.insert(*path)).collect()
}

fn covered(it: &Covered, looked: Bytes) -> String {
    let state = super::state(it.state);
    let mut text = format!(
        "{}: {}, {state}, {}, {} hashed",
        it.path,
        it.format,
        count(it.packages, "package"),
        it.hashed
    );
    for (reason, number) in &it.unhashable {
        let _ = write!(text, ", {number} {reason}");
    }
    let _ = write!(text, ", {} compared", it.compared);
    if let Some(counted) = it.bytes.as_ref().filter(|it| looked == Bytes::All || it.has_seen()) {
        let _ = write!(text, "; bytes: {}", super::counted_bytes(counted, looked));
    }
    if let Some(from) = &it.moved_from {
        let _ = write!(text, ", moved from {from}");
    }
    escape::message(&text) + "\n"
}

fn paint(style: Style, code: &str, text: &str) -> String {
    super::paint(style.color, code, text)
}

/// Colours of the terminal's own palette, none of the bright ones: readable on black and on white.
fn handler(style: Style) -> GraphicalReportHandler {
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    // The texts come wrapped: commands and URLs are there to be copied, so they break at spaces or not at all.
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_context_lines(1)
        .with_links(false)
        .with_wrap_lines(false)
        .without_syntax_highlighting()
}

/// What is wrong with a policy, drawn like a finding: it has a place as well.
pub fn policy_error(error: &PolicyError, style: Style) -> String {
    let source = error.source();
    let place = |offset| {
        let place = source.place(offset);
        Position { line: place.line, column: place.column, offset: place.offset }
    };
    let line = source.line_range(source.line_index(error.span.start));
    let end = error.span.end.clamp(error.span.start, line.end.max(error.span.start));
    let span = Span { start: place(error.span.start), end: place(end) };
    let drawn = Drawn {
        code: "error: the policy can't be understood".to_owned(),
        level: Level::Error,
        snippets: vec![Snippet::new(&source, span, "here", 0, style.width)],
        message: wrap(&escape::message(&error.message), style.width - 4),
        help: wrap(&escape::message(&error.help), style.width - 8),
    };
    let mut out = String::new();
    let _ = handler(style).render_report(&mut out, &drawn);
    out
}

/// A finding as miette sees it.
#[derive(Debug)]
struct Drawn {
    code: String,
    level: Level,
    snippets: Vec<Snippet>,
    message: String,
    help: String,
}

impl Drawn {
    fn new(places: &HashMap<(&Side, &str), &Source>, finding: &Finding, style: Style) -> Drawn {
        let also = match finding.also.is_empty() {
            true => String::new(),
            false => format!(" (also: {})", finding.also.join(", ")),
        };
        let mut drawn = Drawn {
            code: format!("{}[{}]", finding.level, finding.rule),
            level: finding.level,
            snippets: Vec::new(),
            message: wrap(&finding.message, style.width - 4),
            help: wrap(&format!("{}{also}", finding.help), style.width - 8),
        };
        let own =
            finding.span.map(|span| (&finding.side, finding.path.as_str(), span, finding.label.as_str()));
        let related = finding
            .related
            .iter()
            .filter_map(|it| Some((&it.side, it.path.as_str(), it.span?, &*it.message)));
        for (side, path, span, label) in own.into_iter().chain(related) {
            let Some(source) = places.get(&(side, path)) else { continue };
            let start = drawn.snippets.last().map_or(0, |last| last.start + last.text.len() + 1);
            drawn.snippets.push(Snippet::new(source, span, label, start, style.width));
        }
        drawn
    }
}

impl std::fmt::Display for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.snippets.is_empty()).then_some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.snippets.iter().map(Snippet::labeled)))
    }
}

/// All snippets stand one behind the other in one space of offsets; no reading may run from one into the next.
impl SourceCode for Drawn {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let holds = |it: &&Snippet| {
            it.start <= span.offset() && span.offset() + span.len() <= it.start + it.text.len()
        };
        let snippet = self.snippets.iter().find(holds).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(snippet.contents(before > 0)))
    }
}

/// A line of a source with its neighbours, made harmless and cut to the width.
#[derive(Debug)]
struct Snippet {
    name: String,
    text: String,
    /// Where `text` begins in the space of offsets.
    start: usize,
    /// 0-based, of the first line of `text`.
    first_line: usize,
    /// 0-based, in the source.
    line: usize,
    column: usize,
    /// What is underlined, in `text`.
    mark: std::ops::Range<usize>,
    label: String,
}

impl Snippet {
    fn new(source: &Source, span: Span, label: &str, start: usize, width: usize) -> Snippet {
        let line = span.start.line - 1;
        let first_line = line.saturating_sub(1);
        let last_line = (line + 1).min(source.line_count() - 1);
        let gutter = (last_line + 1).to_string().len() + 4;
        let room = width.saturating_sub(gutter).max(20);
        let indent = (first_line..=last_line).filter_map(|it| indent(source, it)).min().unwrap_or(0);
        let mut snippet = Snippet {
            name: escape::message(&source.side.spell(&source.path)),
            text: String::new(),
            start,
            first_line,
            line,
            column: span.start.column - 1,
            mark: 0..0,
            label: label.to_owned(),
        };
        for number in first_line..=last_line {
            let range = source.line_range(number);
            let mark = (number == line)
                .then(|| span.start.offset..span.end.offset.min(range.end).max(span.start.offset));
            let drawn = Line::new(source, number, indent, mark, room);
            if number > first_line {
                snippet.text.push('\n');
            }
            if let Some(mark) = drawn.mark {
                let base = snippet.text.len();
                snippet.mark = base + mark.start..base + mark.end;
            }
            snippet.text.push_str(&drawn.text);
        }
        snippet.shorten(room);
        snippet
    }

    /// Keeps room for the label, which stands behind the middle of what is underlined.
    fn shorten(&mut self, room: usize) {
        let line_start = self.text[..self.mark.start].rfind('\n').map_or(0, |at| at + 1);
        let column = self.text[line_start..self.mark.start].chars().count();
        let free = room.saturating_sub(column + self.label.chars().count() + 5);
        let marked = &self.text[self.mark.clone()];
        if let Some((at, _)) = marked.char_indices().nth((free * 2).max(1)) {
            self.mark.end = self.mark.start + at;
        }
    }

    fn labeled(&self) -> LabeledSpan {
        let label = Some(self.label.clone()).filter(|label| !label.is_empty());
        LabeledSpan::new(label, self.start + self.mark.start, self.mark.len())
    }

    /// With its neighbours; or the place alone, which miette asks for to print it.
    fn contents(&self, context: bool) -> MietteSpanContents<'_> {
        if context {
            let lines = self.text.bytes().filter(|byte| *byte == b'\n').count();
            let span = (self.start, self.text.len()).into();
            return MietteSpanContents::new_named(
                self.name.clone(),
                self.text.as_bytes(),
                span,
                self.first_line,
                0,
                lines,
            );
        }
        let data = self.text[self.mark.clone()].as_bytes();
        let span = (self.start + self.mark.start, self.mark.len()).into();
        MietteSpanContents::new_named(self.name.clone(), data, span, self.line, self.column, 0)
    }
}

/// The white space that a line begins with; nothing of a blank one.
fn indent(source: &Source, line: usize) -> Option<usize> {
    let text = &source.raw()[source.line_range(line)];
    let bare = text.trim_start_matches([' ', '\t']);
    (!bare.is_empty()).then_some(text.len() - bare.len())
}

/// One line, drawn.
struct Line {
    text: String,
    mark: Option<std::ops::Range<usize>>,
}

impl Line {
    /// `mark` is in bytes of the source. Of a line that is too long (a whole file may be one) only what stands around
    /// the mark is looked at.
    fn new(
        source: &Source,
        number: usize,
        indent: usize,
        mark: Option<std::ops::Range<usize>>,
        room: usize,
    ) -> Line {
        let range = source.line_range(number);
        let start = (range.start + indent).min(range.end);
        let text = source.raw();
        let lead = room / 3;
        let from = match &mark {
            Some(mark) if text[start.min(mark.start)..mark.start].chars().count() > room / 2 => {
                step_back(text, mark.start, lead)
            }
            _ => start,
        };
        let to = text[from..range.end].char_indices().nth(room * 2).map_or(range.end, |(at, _)| from + at);
        let secrets = secrets(source, from, to);
        let mut line = Line { text: String::new(), mark: None };
        if from > start {
            line.text.push('…');
        }
        let (mut mark_start, mut mark_end) = (None, None);
        let mut columns = line.text.chars().count();
        for (offset, character) in text[from..to].char_indices().map(|(at, c)| (from + at, c)) {
            if mark.as_ref().is_some_and(|mark| mark.start == offset) {
                mark_start = Some(line.text.len());
            }
            if mark.as_ref().is_some_and(|mark| mark.end == offset) {
                mark_end = Some(line.text.len());
            }
            if columns + 1 >= room {
                line.text.push('…');
                break;
            }
            let before = line.text.len();
            match secrets.iter().find(|span| span.contains(&offset)) {
                Some(span) if span.start == offset || offset == from => line.text.push_str("***"),
                Some(_) => {}
                None if character == '\t' => line.text.push(' '),
                None => escape::push(&mut line.text, character),
            }
            columns += line.text[before..].chars().count();
        }
        if mark.is_some() {
            let start = mark_start.unwrap_or(line.text.len());
            line.mark = Some(start..mark_end.unwrap_or(line.text.len()).max(start));
        }
        line.widen();
        line
    }
}

impl Line {
    /// A place without a width (the end of a line, where something is missing) gets a column of its own.
    fn widen(&mut self) {
        let Some(mark) = self.mark.as_mut().filter(|mark| mark.start == mark.end) else { return };
        if mark.end == self.text.len() {
            self.text.push(' ');
        }
        mark.end += self.text[mark.end..].chars().next().map_or(0, char::len_utf8);
    }
}

/// Credentials in that part of the text; what stands before and behind it decides whether they are.
fn secrets(source: &Source, from: usize, to: usize) -> Vec<std::ops::Range<usize>> {
    const AROUND: usize = 300;
    let text = source.raw();
    let start = step_back(text, from, AROUND);
    let ahead = text[to..].char_indices().take(AROUND).take_while(|(_, c)| *c != '\n').last();
    let window = &text[start..ahead.map_or(to, |(at, c)| to + at + c.len_utf8())];
    let mut spans = crate::model::url::userinfo_spans(window);
    spans.retain(|span| &window[span.clone()] != "git");
    spans.extend(secrets::tokens(window));
    if formats::of_path(source.path.as_bytes()).is_some_and(|format| format.family == Family::Models) {
        spans.extend(secrets::values(window));
    }
    spans.into_iter().map(|span| start + span.start..start + span.end).collect()
}

/// That many characters before an offset, but no further than the line.
fn step_back(text: &str, offset: usize, characters: usize) -> usize {
    let before = text[..offset].char_indices().rev().take(characters);
    before.take_while(|(_, c)| *c != '\n').last().map_or(offset, |(at, _)| at)
}

//! The findings as SARIF 2.1.0, for code scanning and the viewers of editors.
//!
//! What the policy accepts is not in it: code hosts open an alert for every result, suppressed or not.

mod log;
mod rule;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use log::{
    Artifact, Automation, Described, Driver, Finding, Invocation, Location, Log, Message, Notification,
    Physical, Properties, Region, Run, RunProperties, Tool,
};

use super::json::{Inputs, TOOL, print};
use super::{HOME, count, line_hash, not_checked, select};
use crate::check::Outcome;
use crate::findings::finding::{Finding as Found, Level, Related, Span};
use crate::read::Sources;
use crate::read::options::Scope;
use crate::rules::{self, Rule};
use crate::text::escape;
use crate::text::escape::unlinked;
use crate::text::source::Side;

/// A code host takes no more results of a run.
const RESULTS: usize = 25_000;
/// A code host shows no more places of a result.
const PLACES: usize = 100;
/// Things that a run could not do, one by one.
const NOTIFICATIONS: usize = 1000;
/// The side that is judged, and the one that it is compared with.
const HEAD: &str = "%SRCROOT%";
const BASE: &str = "BASE";

pub fn report(sources: &Sources, outcome: &Outcome) -> String {
    let kept = select::worst(&outcome.findings, RESULTS);
    let ranks = kept.iter().filter_map(|it| rules::find(it.rule)).map(Rule::rank);
    let named: Vec<usize> = ranks.collect::<BTreeSet<_>>().into_iter().collect();
    let writer = Writer {
        head: &sources.head,
        base: sources.base.as_ref(),
        is_compared: outcome.coverage.scope == Scope::New,
        positions: named
            .iter()
            .enumerate()
            .map(|(position, rank)| (rules::ALL[*rank].id, position))
            .collect(),
        hashes: line_hashes(sources, &kept),
    };
    let run = Run {
        tool: tool(&named),
        automation_details: Automation { id: category(outcome) },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: folders(sources),
        invocations: [invocation(outcome, outcome.findings.len() - kept.len())],
        results: kept.into_iter().map(|it| writer.finding(it)).collect(),
        properties: RunProperties { inputs: Inputs::new(sources) },
    };
    print(&Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] })
}

/// Code scanning replaces what was reported before under the same name: shares of one check have one each.
fn category(outcome: &Outcome) -> String {
    match &outcome.coverage.shard {
        Some(share) => format!("lockproof/{}-of-{}/", share.number, share.of),
        None => "lockproof/".to_owned(),
    }
}

fn tool(named: &[usize]) -> Tool {
    Tool {
        driver: Driver {
            name: TOOL.name,
            version: TOOL.version,
            semantic_version: TOOL.version,
            information_uri: HOME,
            rules: named.iter().map(|rank| rule::describe(rules::ALL[*rank])).collect(),
        },
    }
}

fn folders(sources: &Sources) -> BTreeMap<&'static str, Described> {
    let described = |text: String| Described { description: Message::text(text) };
    let mut folders = BTreeMap::from([(HEAD, described("The root of what is checked.".to_owned()))]);
    if let Some(base) = &sources.base {
        let text = format!("The root of what it is compared with: {}.", escape::message(base.describe()));
        folders.insert(BASE, described(unlinked(&text)));
    }
    folders
}

/// What went wrong, and what is missing here.
fn invocation(outcome: &Outcome, cut: usize) -> Invocation {
    let coverage = &outcome.coverage;
    let notify =
        |level, text: &str| Notification { level, message: Message::text(unlinked(&escape::message(text))) };
    let problems = coverage.problems.iter().map(|it| notify(Level::Error, it));
    let kinds = not_checked(coverage).map(|kinds| format!("{kinds}: lockproof can't read these yet"));
    let unchecked = kinds.iter().chain(&coverage.unchecked);
    let unchecked = unchecked.map(|it| notify(Level::Warning, &format!("not checked: {it}")));
    let mut all: Vec<_> = problems.chain(unchecked).take(NOTIFICATIONS).collect();
    let more = coverage.problems.len() + kinds.iter().len() + coverage.unchecked.len() - all.len();
    if more > 0 {
        all.push(notify(Level::Error, &format!("And {more} more like these.")));
    }
    if cut > 0 {
        let text = format!("{} left out: a run may have {RESULTS} results.", count(cut, "finding"));
        all.push(notify(Level::Warning, &text));
    }
    if !coverage.accepted.is_empty() {
        let text = format!("{} accepted by the policy.", count(coverage.accepted.len(), "finding"));
        all.push(notify(Level::Note, &text));
    }
    Invocation { execution_successful: outcome.is_complete(), tool_execution_notifications: all }
}

/// The hashes of the lines that findings stand on. Of a text that breaks off they would not be the file's.
fn line_hashes<'a>(sources: &Sources, findings: &[&'a Found]) -> HashMap<(&'a str, usize), String> {
    let mut lines: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for it in findings.iter().filter(|it| it.side == sources.head) {
        lines.entry(&it.path).or_default().insert(line(it.span));
    }
    let places = sources.by_place();
    let mut hashes = HashMap::new();
    for (path, lines) in lines {
        let source = places.get(&(&sources.head, path)).filter(|source| source.broken_at.is_none());
        let of_file = source.map(|source| line_hash::of_lines(source.raw(), &lines)).unwrap_or_default();
        hashes.extend(lines.iter().filter_map(|line| Some(((path, *line), of_file.get(line)?.clone()))));
    }
    hashes
}

/// What has no place stands on the first line: code hosts want one.
fn line(span: Option<Span>) -> usize {
    span.map_or(1, |span| span.start.line)
}

/// What all results need.
struct Writer<'a> {
    head: &'a Side,
    base: Option<&'a Side>,
    /// It is known which findings the base side has.
    is_compared: bool,
    /// Of the rules in the run's list.
    positions: HashMap<&'a str, usize>,
    hashes: HashMap<(&'a str, usize), String>,
}

impl<'a> Writer<'a> {
    fn finding(&self, it: &'a Found) -> Finding<'a> {
        let text = format!("{} {}", it.message, it.help);
        let place = physical(&it.path, HEAD, it.span, true);
        Finding {
            rule_id: it.rule,
            rule_index: self.positions.get(it.rule).copied().unwrap_or_default(),
            level: it.level,
            message: Message::text(unlinked(text.trim_end())),
            locations: [Location { id: None, physical_location: place, message: None }],
            related_locations: self.related(&it.related),
            partial_fingerprints: self.fingerprints(it),
            baseline_state: self.is_compared.then_some(if it.preexisting { "unchanged" } else { "new" }),
            properties: Properties {
                purl: it.package.as_ref().map(|package| package.purl.as_str()),
                also: &it.also,
            },
        }
    }

    fn related(&self, related: &[Related]) -> Vec<Location> {
        let place = |(number, it): (usize, &Related)| {
            let folder = if Some(&it.side) == self.base { BASE } else { HEAD };
            Location {
                id: Some(number + 1),
                physical_location: physical(&it.path, folder, it.span, false),
                message: Some(Message::text(unlinked(&format!("{}: {}", it.at, it.message)))),
            }
        };
        related.iter().take(PLACES).enumerate().map(place).collect()
    }

    /// Ours, which outlives a move within the file, and the code host's own.
    fn fingerprints(&self, it: &Found) -> BTreeMap<&'static str, String> {
        let hash = self.hashes.get(&(it.path.as_str(), line(it.span))).filter(|_| it.side == *self.head);
        let of_line = hash.map(|hash| ("primaryLocationLineHash", hash.clone()));
        [("lockproof/v1", it.fingerprint.clone())].into_iter().chain(of_line).collect()
    }
}

/// A place in a file of the repository, or in one that was named by its full path.
fn physical(path: &str, folder: &'static str, span: Option<Span>, needs_line: bool) -> Physical {
    let path = escape::head(path, escape::PATH);
    let artifact_location = match path.starts_with('/') {
        true => Artifact { uri: format!("file://{}", escape::uri(path)), uri_base_id: None },
        false => Artifact { uri: escape::uri(path), uri_base_id: Some(folder) },
    };
    let region = span.map(|span| Region {
        start_line: span.start.line,
        start_column: Some(span.start.column),
        end_line: Some(span.end.line),
        end_column: Some(span.end.column),
    });
    let first_line = Region { start_line: 1, start_column: None, end_line: None, end_column: None };
    Physical { artifact_location, region: region.or(needs_line.then_some(first_line)) }
}

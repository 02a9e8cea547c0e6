//! Where a finding shows: on a line that the change has touched, if its entry has one. Code hosts show no other.
//!
//! What is wrong may have no line any more (a hash that was dropped), or a line that was there before (the first of two
//! that contradict each other). Then the nearest line of the same entry that the base side does not have is the place,
//! and what the rule pointed at becomes a related one.

use std::cell::OnceCell;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashMapExt, HashSet};

use crate::findings::finding::{Finding, Position, Related, Span};
use crate::read::File;
use crate::text::escape;
use crate::text::source::Source;

/// How far from its place a finding may move. An entry is seldom longer, and looking must stay cheap.
const NEAR: usize = 100;

/// Moves the findings of changed files to changed lines.
pub fn anchor(findings: &mut [Finding], files: &[File]) {
    let changed: HashMap<&str, (&Source, &Source)> = files
        .iter()
        .filter_map(|it| Some((it.path.as_str(), (it.head.as_ref()?, it.base.as_ref()?))))
        .filter(|(_, (head, base))| !is_crowded(head) && !is_crowded(base))
        .collect();
    let mut compared: HashMap<&str, Lines> = HashMap::new();
    for finding in findings {
        let Some((path, (head, base))) = changed.get_key_value(finding.path.as_str()) else { continue };
        if finding.preexisting || finding.side != head.side {
            continue;
        }
        let lines = compared.entry(path).or_insert_with(|| Lines::new(head, base));
        settle(finding, head, lines);
    }
}

/// Whether a file is little but line breaks: to compare its lines would take many times the memory of its text.
fn is_crowded(source: &Source) -> bool {
    let text = source.raw().as_bytes();
    memchr::memchr_iter(b'\n', text).count() > 100_000 + text.len() / 16
}

/// Which lines the base side does not have, as well as one look at each can tell: a text that stands there too is new
/// where there is more of it than before, and between two others.
struct Lines {
    looks: Vec<Look>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    New,
    Old,
    /// Nobody can say. It stays where a rule saw it.
    Unsure,
}

impl Lines {
    /// Looks at every line once: many findings may stand on a single one, as long as the file. Texts are compared by their
    /// hashes, with a seed that no file can know.
    fn new(head: &Source, base: &Source) -> Lines {
        let seed = RandomState::default();
        let prints = |source: &Source| -> Vec<u64> {
            (0..source.line_count()).map(|at| seed.hash_one(line(source, at).trim_end())).collect()
        };
        let (before, now) = (prints(base), prints(head));
        // How often a text stands on each side.
        let mut counts: HashMap<u64, (u32, u32)> = HashMap::with_capacity(before.len().max(now.len()));
        before.iter().for_each(|print| counts.entry(*print).or_default().0 += 1);
        now.iter().for_each(|print| counts.entry(*print).or_default().1 += 1);
        let edge = seed.hash_one("");
        let pairs = Pairs { seed: &seed, prints: &before, edge, known: OnceCell::new() };
        let look = |at: usize| {
            let print = now[at];
            match counts[&print] {
                (0, _) => return Look::New,
                (before, now) if now <= before => return Look::Old,
                _ => {}
            }
            let above = at.checked_sub(1).map_or(edge, |at| now[at]);
            let below = now.get(at + 1).copied().unwrap_or(edge);
            match (pairs.has(above, print), pairs.has(print, below)) {
                (false, false) => Look::New,
                (true, true) => Look::Old,
                _ => Look::Unsure,
            }
        };
        Lines { looks: (0..now.len()).map(look).collect() }
    }

    fn is_new(&self, at: usize) -> bool {
        self.looks.get(at) == Some(&Look::New)
    }

    fn is_old(&self, at: usize) -> bool {
        self.looks.get(at) == Some(&Look::Old)
    }
}

/// Which lines stood under each other. Made when first asked for.
struct Pairs<'a> {
    seed: &'a RandomState,
    prints: &'a [u64],
    /// What stands above the first line, and below the last.
    edge: u64,
    known: OnceCell<HashSet<u64>>,
}

impl Pairs<'_> {
    fn has(&self, above: u64, below: u64) -> bool {
        let known = self.known.get_or_init(|| {
            let after = self.prints.iter().copied().chain([self.edge]);
            let pairs = [self.edge].into_iter().chain(self.prints.iter().copied()).zip(after);
            pairs.map(|pair| self.seed.hash_one(pair)).collect()
        });
        known.contains(&self.seed.hash_one((above, below)))
    }
}

fn settle(finding: &mut Finding, head: &Source, lines: &Lines) {
    let Some(span) = finding.span.filter(|span| lines.is_old(span.start.line - 1)) else { return };
    let there = |it: &&mut Related| it.path == finding.path && it.side == head.side;
    let is_changed = |it: &&mut Related| it.span.is_some_and(|span| lines.is_new(span.start.line - 1));
    if let Some(other) = finding.related.iter_mut().filter(there).find(is_changed) {
        finding.span = other.span.replace(span);
        std::mem::swap(&mut finding.label, &mut other.message);
        return;
    }
    let Some(line) = nearest(head, span.start.line - 1, lines) else { return };
    finding.span = Some(whole(head, line));
    finding.related.push(Related {
        at: escape::message(&head.side.spell(&head.path)),
        path: finding.path.clone(),
        span: Some(span),
        message: "the entry".into(),
        side: head.side.clone(),
    });
}

/// The nearest line of the entry that is new, if there is one.
fn nearest(head: &Source, at: usize, lines: &Lines) -> Option<usize> {
    let entry = Entry::around(head, at);
    let below = (at + 1..head.line_count().min(at + NEAR)).take_while(|&line| entry.goes_on(line));
    let mut above: Vec<usize> =
        (at.saturating_sub(NEAR)..at).rev().take_while(|&line| entry.goes_on(line)).collect();
    // The heading of a field stands one step further out.
    above.extend(above.last().unwrap_or(&at).checked_sub(1).filter(|_| !entry.is_heading && entry.depth > 0));
    below.chain(above).filter(|&line| lines.is_new(line)).min_by_key(|line| line.abs_diff(at))
}

/// The lines around a place that belong to the same entry, as all formats lay them out: indented under a heading, set
/// apart by blank lines, or one line each that begins with the same word.
struct Entry<'a> {
    head: &'a Source,
    depth: usize,
    is_heading: bool,
    /// Where lines are entries.
    word: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn around(head: &'a Source, at: usize) -> Entry<'a> {
        let depth = indent(line(head, at));
        let is_heading = at + 1 < head.line_count() && indent(line(head, at + 1)) > depth;
        let is_list = head.path.ends_with(".sum");
        let word = line(head, at).split(' ').next().filter(|_| is_list);
        Entry { head, depth, is_heading, word }
    }

    fn goes_on(&self, at: usize) -> bool {
        let text = line(self.head, at);
        if let Some(word) = self.word {
            return text.split(' ').next() == Some(word);
        }
        let depth = indent(text);
        !text.trim().is_empty() && if self.is_heading { depth > self.depth } else { depth >= self.depth }
    }
}

fn line(source: &Source, at: usize) -> &str {
    &source.raw()[source.line_range(at)]
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A line without its indentation.
fn whole(source: &Source, at: usize) -> Span {
    let range = source.line_range(at);
    let position = |offset| {
        let place = source.place(offset);
        Position { line: place.line, column: place.column, offset: place.offset }
    };
    let start = range.start + indent(&source.raw()[range.clone()]);
    Span { start: position(start), end: position(range.end) }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const NPM: &str = "{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"node_modules/x\": {\n      \"version\": \"1.0.0\",\n      \"integrity\": \"sha512-{A512}\"\n    }\n  }\n}\n";

    #[test]
    fn a_hash_that_is_gone_shows_where_it_was() {
        let head = NPM.replace("\"1.0.0\",\n      \"integrity\": \"sha512-{A512}\"", "\"1.0.0\"");
        check("integrity-removed")
            .base("package-lock.json", NPM)
            .head("package-lock.json", &head)
            .finds(&["package-lock.json:5:7 error x@1.0.0 kept its version and lost its hash."]);
    }

    #[test]
    fn of_two_lines_the_new_one_is_the_place() {
        let head = NPM.replace("      \"integrity\"", "      \"integrity\": \"\",\n      \"integrity\"");
        check("duplicate-key")
            .base("package-lock.json", NPM)
            .head("package-lock.json", &head)
            .finds(&["package-lock.json:6:8 error `integrity` stands twice in one table."]);
    }

    #[test]
    fn a_line_of_another_entry_is_no_place() {
        let sum = "a v1.0.0 h1:{A}\na v1.0.0/go.mod h1:{A}\nb v1.0.0 h1:{A}\n";
        let mod_file = "module m\nrequire a v1.0.0\n";
        check("integrity-removed")
            .base("go.sum", sum)
            .head("go.sum", "a v1.0.0/go.mod h1:{A}\nb v1.1.0 h1:{A}\n")
            .both("go.mod", mod_file)
            .finds(&["go.sum:1:1 error a@v1.0.0 is still selected, but lost its hash."]);
    }
}

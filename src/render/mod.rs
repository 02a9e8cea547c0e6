//! The only output. One file for each form of it; `terminal` is the only one that knows how diagnostics are drawn.

pub mod diff;
pub mod github;
pub mod gitlab;
pub mod inventory;
pub mod json;
pub mod junit;
mod line_hash;
pub mod markdown;
mod page;
pub mod plain;
pub mod proof;
#[cfg(test)]
mod samples;
pub mod sarif;
mod select;
#[cfg(feature = "cli")]
pub mod terminal;

use crate::check::excuse::Unstaged;
use crate::check::{Coverage, Outcome, State};
use crate::findings::facts::Counted;
use crate::findings::finding::Level;
use crate::read::Sources;
use crate::read::options::Bytes;
use crate::text::escape;
use crate::text::source::Side;

/// How to draw a report.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub color: bool,
    /// In columns.
    pub width: usize,
    /// Only what was found.
    pub quiet: bool,
    /// Also what was checked, lockfile by lockfile.
    pub verbose: bool,
}

impl Default for Style {
    /// For a log: no colours, 80 columns.
    fn default() -> Style {
        Style { color: false, width: 80, quiet: false, verbose: false }
    }
}

/// Where the project lives.
pub const HOME: &str = "https://github.com/lockproof/lockproof";

/// The page of a rule.
pub fn rule_page(id: &str) -> String {
    format!("{HOME}/blob/main/docs/rules.md#{id}")
}

/// Text for a terminal, in a colour if there are any.
fn paint(color: bool, code: &str, text: &str) -> String {
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Breaks at spaces, but not within a command: it is there to be copied.
fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let last = lines.last_mut().expect("never empty");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// What stands between spaces; what stands between backticks is one word.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), 0);
    while start <= text.len() {
        let rest = &text[start..];
        let space = rest.find(' ').unwrap_or(rest.len());
        let opened = rest[..space].find('`').filter(|_| rest[..space].matches('`').count() % 2 == 1);
        let closed = opened.and_then(|at| Some(at + 1 + rest[at + 1..].find('`')?));
        let end = match closed.filter(|at| *at > space) {
            Some(at) => at + rest[at..].find(' ').unwrap_or(rest.len() - at),
            None => space,
        };
        words.push(&rest[..end]);
        start += end + 1;
    }
    words
}

/// `1 error`, `2 errors`
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Errors of ours may span lines (a policy with its caret); what a repository put in them may not.
fn problem_text(problem: &str) -> String {
    problem.lines().map(escape::message).collect::<Vec<_>>().join("\n")
}

/// The summary, and whether anything was compared at all.
pub fn closing(sources: &Sources, outcome: &Outcome) -> String {
    let base = sources.base.as_ref().map(Side::describe);
    let mut text = summary(outcome, base);
    if sources.root.is_none() {
        text.push_str(" This is no git repository, so nothing was compared.");
    } else if base.is_none() && sources.head_id.is_none() && !outcome.coverage.lockfiles.is_empty() {
        text.push_str(" Nothing was compared.");
    }
    if let Some(kinds) = not_checked(&outcome.coverage) {
        text.push_str(&format!(" Not checked: {kinds}."));
    }
    escape::message(&text)
}

/// `yarn.lock (3), poetry.lock (1)`: what nothing was checked of. What the policy accepts is not among it.
pub fn not_checked(coverage: &Coverage) -> Option<String> {
    let kinds = coverage.unchecked_kinds();
    let kinds: Vec<_> = kinds.iter().map(|(kind, number)| format!("{kind} ({number})")).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// The last line of a report: what was found, what was checked, and what was not.
pub fn summary(outcome: &Outcome, base: Option<&str>) -> String {
    let mut parts = vec![verdict(outcome)];
    parts.extend(checked(outcome, base));
    parts.join("; ") + "."
}

/// What was checked, and what was not.
fn checked(outcome: &Outcome, base: Option<&str>) -> Vec<String> {
    let coverage = &outcome.coverage;
    let mut parts = Vec::new();
    let read: Vec<_> = coverage.lockfiles.iter().filter(|it| it.state != State::Removed).collect();
    if !read.is_empty() {
        let is_model =
            |it: &&&crate::check::Covered| it.format == crate::ecosystems::formats::llmring::FORMAT.id;
        let models: usize = read.iter().filter(is_model).map(|it| it.packages).sum();
        let packaged: Vec<_> = read.iter().filter(|it| !is_model(it)).collect();
        let total = |of: fn(&crate::check::Covered) -> usize| packaged.iter().map(|it| of(it)).sum::<usize>();
        let (packages, hashed, compared) =
            (total(|it| it.packages), total(|it| it.hashed), total(|it| it.compared));
        if models > 0 {
            parts.push(count(models, "bound model"));
        }
        let mut text = format!("{}, {hashed} hashed", count(packages, "package"));
        for (reason, number) in unhashable(coverage) {
            text.push_str(&format!(", {number} {reason}"));
        }
        if let Some(base) = base {
            text.push_str(&format!(", {compared} compared with {base}"));
        }
        let incomparable = total(|it| it.not_comparable);
        if incomparable > 0 {
            text.push_str(&format!(" ({incomparable} not, for want of a common algorithm)"));
        }
        parts.extend(Some(text).filter(|_| !packaged.is_empty()));
        parts.extend(bytes(coverage));
    }
    parts.extend(leftovers(outcome));
    parts
}

/// What a commit is stopped by, though it was accepted.
fn unstaged(sources: &Sources, unstaged: &Unstaged) -> String {
    let path = escape::message(&unstaged.path);
    let stage = sources.stand.stage(&unstaged.path).map(|it| format!(": {it}")).unwrap_or_default();
    format!("{path} in the worktree accepts {} of these, but it is not staged{stage}.", unstaged.accepts)
}

/// How a lockfile stands to the base side, in a word.
fn state(state: State) -> &'static str {
    match state {
        State::Unchanged => "unchanged",
        State::Changed => "changed",
        State::Added => "new",
        State::Removed => "removed",
        State::Alone => "not compared",
        State::Unreadable => "unreadable",
    }
}

/// What came of comparing with artifacts, where any were there or asked for.
fn bytes(coverage: &Coverage) -> Option<String> {
    let mut all = Counted::default();
    coverage.lockfiles.iter().filter_map(|it| it.bytes.as_ref()).for_each(|counted| all.add(counted));
    let asked = coverage.bytes == Bytes::All;
    (asked || all.has_seen()).then(|| format!("bytes: {}", counted_bytes(&all, coverage.bytes)))
}

/// `3 verified, 1 mismatched, 2 not on disk`
pub fn counted_bytes(counted: &Counted, looked: Bytes) -> String {
    let absent = if looked == Bytes::All { "not on disk" } else { "not in the repository" };
    let kinds = [
        (counted.consistent, "consistent"),
        (counted.mismatched, "mismatched"),
        (counted.untouched, "untouched"),
        (counted.not_on_disk, absent),
    ];
    let mut text = format!("{} verified", counted.verified);
    for (number, what) in kinds.iter().filter(|(number, _)| *number > 0) {
        text.push_str(&format!(", {number} {what}"));
    }
    for (reason, number) in &counted.not_verifiable {
        text.push_str(&format!(", {number} not verifiable ({reason})"));
    }
    text
}

fn verdict(outcome: &Outcome) -> String {
    let counted = outcome.findings.iter().filter(|it| !it.preexisting);
    let of = |level: Level| counted.clone().filter(|it| it.level == level).count();
    let levels = [(of(Level::Error), "error"), (of(Level::Warning), "warning"), (of(Level::Note), "note")];
    let found: Vec<_> =
        levels.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun)).collect();
    let coverage = &outcome.coverage;
    let lockfiles = coverage.lockfiles.len();
    match (found.is_empty(), lockfiles) {
        (true, 0) => none_read(outcome).to_owned(),
        (false, 0) => format!("{}. {}", found.join(", "), none_read(outcome)),
        (true, _) if !coverage.unchecked_kinds().is_empty() => {
            format!("Nothing found in {}", count(lockfiles, "lockfile"))
        }
        (true, 1) => "1 lockfile is clean".to_owned(),
        (true, _) => format!("{lockfiles} lockfiles are clean"),
        (false, _) => format!("{} in {}", found.join(", "), count(lockfiles, "lockfile")),
    }
}

/// Why no lockfile was checked.
fn none_read(outcome: &Outcome) -> &'static str {
    let coverage = &outcome.coverage;
    if coverage.shard.as_ref().is_some_and(|it| it.elsewhere > 0) {
        "No lockfile is in this shard"
    } else if !coverage.not_read.is_empty() {
        "No lockfile is touched by this change"
    } else if !coverage.unsupported.is_empty() {
        "There is no lockfile here that lockproof can read"
    } else if !outcome.is_complete() {
        "No lockfile was read"
    } else {
        "There are no lockfiles here"
    }
}

/// Entries without a hash, by reason, in the order of the reasons.
fn unhashable(coverage: &Coverage) -> Vec<(&'static str, usize)> {
    let mut sums = std::collections::BTreeMap::new();
    for (reason, number) in coverage.lockfiles.iter().flat_map(|it| &it.unhashable) {
        *sums.entry(*reason).or_insert(0) += number;
    }
    sums.into_iter().collect()
}

fn leftovers(outcome: &Outcome) -> Vec<String> {
    let preexisting = outcome.findings.iter().filter(|it| it.preexisting).count();
    let coverage = &outcome.coverage;
    let mut parts = Vec::new();
    if preexisting > 0 {
        parts.push(format!("{} pre-existing, shown by --scope all", count(preexisting, "finding")));
    }
    for it in coverage.lockfiles.iter().filter(|it| it.base_unreadable) {
        parts.push(format!("{} could not be read before and was not compared", it.path));
    }
    if !coverage.not_read.is_empty() && !coverage.lockfiles.is_empty() {
        parts.push(format!("{} not touched and not read", count(coverage.not_read.len(), "lockfile")));
    }
    if let Some(share) = &coverage.shard {
        let others = count(share.elsewhere, "lockfile");
        parts.push(format!("shard {}/{}: {others} in others", share.number, share.of));
    }
    if !coverage.accepted.is_empty() {
        parts.push(format!("{} accepted by the policy", count(coverage.accepted.len(), "finding")));
    }
    if coverage.excluded > 0 {
        parts.push(format!("{} excluded by the policy", coverage.excluded));
    }
    if !coverage.problems.is_empty() {
        parts.push(format!("incomplete: {} could not be read", count(coverage.problems.len(), "file")));
    }
    parts
}

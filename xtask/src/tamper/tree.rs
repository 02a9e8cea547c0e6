//! A repository's files at one commit, and what lockproof says of a change from one to another: in memory, as a pull
//! request is judged.

use std::collections::{BTreeMap, BTreeSet};

use lockproof::check;
use lockproof::ecosystems::formats;
use lockproof::findings::finding::{Finding, Level};
use lockproof::policy::{self, Policy};
use lockproof::read::discover::is_interesting;
use lockproof::read::options::{Base, Options};
use lockproof::read::{File, Sources};
use lockproof::text::source::{Side, Source};

/// Two trees, one made from the other.
pub(crate) struct Change {
    pub(crate) base: Tree,
    pub(crate) head: Tree,
}

/// Texts by path.
pub(crate) type Tree = BTreeMap<String, String>;

/// What counts of a change from `base` to `head`: the findings that the base side does not have.
pub(crate) fn judge(base: &Tree, head: &Tree) -> Result<Vec<Finding>, String> {
    let sources = sources(base, head)?;
    let options = Options { base: Base::MergeBase("main".into()), ..Options::default() };
    counting(check::lint(&sources, &options))
}

/// The findings that count, if the check is whole.
pub(crate) fn counting(outcome: check::Outcome) -> Result<Vec<Finding>, String> {
    match outcome.coverage.problems.first() {
        Some(problem) => Err(problem.clone()),
        None => Ok(outcome.findings.into_iter().filter(|finding| !finding.preexisting).collect()),
    }
}

pub(crate) fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.level == Level::Error)
}

/// Whether an error points at a line that the change has added or edited, as far as the tampering itself has left one.
pub(crate) fn shows(findings: &[Finding], honest: &Tree, change: &Change) -> bool {
    let text = |tree: &Tree, path: &str| tree.get(path).cloned().unwrap_or_default();
    let has_lines = |(path, now): (&String, &String)| {
        honest.get(path) != Some(now) && !edited(&text(honest, path), now).is_empty()
    };
    let is_shown = |finding: &Finding| {
        let lines = edited(&text(&change.base, &finding.path), &text(&change.head, &finding.path));
        finding.span.is_some_and(|span| lines.contains(&span.start.line))
    };
    errors(findings).any(is_shown) || !change.head.iter().any(has_lines)
}

/// The 1-based lines of `after` that a code host would show as added.
fn edited(before: &str, after: &str) -> BTreeSet<usize> {
    let diff = similar::TextDiff::from_lines(before, after);
    let added = diff.iter_all_changes().filter(|change| change.tag() == similar::ChangeTag::Insert);
    added.filter_map(|change| change.new_index()).map(|line| line + 1).collect()
}

/// As `lockproof --base main` would read both trees, with the policy of the base.
fn sources(base: &Tree, head: &Tree) -> Result<Sources, String> {
    let base_side = Side::Revision("main".into());
    let paths: BTreeSet<&String> = base.keys().chain(head.keys()).collect();
    let (mut lockfiles, mut companions) = (Vec::new(), Vec::new());
    for path in paths {
        if !is_interesting(path.as_bytes()) || policy::FILES.contains(&path.as_str()) {
            continue;
        }
        let (before, now) = (base.get(path), head.get(path));
        let same = before.is_some() && before == now;
        let source =
            |side: &Side, text: &String| Source::new(path.as_str(), side.clone(), text.clone().into());
        let file = File {
            path: path.clone(),
            format: formats::of_path(path.as_bytes()),
            head: now.map(|text| source(&Side::Worktree, text)),
            base: before.filter(|_| !same).map(|text| source(&base_side, text)),
            same,
            judged: true,
        };
        if file.format.is_some() { lockfiles.push(file) } else { companions.push(file) }
    }
    let names = |tree: &Tree| tree.keys().filter(|path| is_interesting(path.as_bytes())).cloned().collect();
    let policy_path = policy::FILES.iter().find(|path| base.contains_key(**path));
    let policy = match policy_path {
        Some(path) => Policy::parse(path, &base[*path]).map_err(|error| error.to_string())?,
        None => Policy::default(),
    };
    Ok(Sources {
        base: Some(base_side),
        lockfiles,
        companions,
        head_paths: names(head),
        base_paths: names(base),
        policy_path: policy_path.map(|path| format!("main:{path}")),
        ..Sources::new(Side::Worktree, policy)
    })
}

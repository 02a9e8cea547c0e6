//! `lockproof diff`: the same changes as text, as Markdown and as JSON.

pub mod markdown;
pub mod text;

use serde::Serialize;

use super::json::{self, Inputs, TOOL, Tool};
use crate::actions::diff::{Change, Count, Diff, FileDiff, Kind, Mark, Pinned};
use crate::check::State;
use crate::findings::finding::Whence;
use crate::read::Sources;
use crate::text::source::Side;

/// The changes as JSON.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", schemars(title = "lockproof-diff"))]
pub struct DiffDocument<'a> {
    /// `lockproof-diff`
    schema: &'static str,
    version: u32,
    tool: Tool,
    inputs: Inputs,
    /// How many packages each kind has; a package counts once, under the gravest that happened to it.
    counts: Vec<Count>,
    /// The lockfiles that are not the same on both sides.
    lockfiles: &'a [FileDiff],
    /// What is alarming first, then by what brought it.
    changes: &'a [Change],
    /// What could not be read. The comparison is incomplete when this is not empty.
    problems: &'a [String],
}

pub fn json(sources: &Sources, diff: &Diff, problems: &[String]) -> String {
    json::print(&DiffDocument {
        schema: "lockproof-diff",
        version: 1,
        tool: TOOL,
        inputs: Inputs::new(sources),
        counts: diff.counts(),
        lockfiles: &diff.lockfiles,
        changes: &diff.changes,
        problems,
    })
}

/// `HEAD → the worktree`
fn sides(sources: &Sources) -> String {
    let base = sources.base.as_ref().map_or("nothing", Side::describe);
    format!("{base} → {}", sources.head.describe())
}

/// `1 re-pinned, 97 upgraded`
fn counted(counts: &[Count]) -> String {
    let parts: Vec<_> = counts.iter().map(|it| format!("{} {}", it.packages, it.kind.name())).collect();
    parts.join(", ")
}

/// `moved and upgraded`
fn kinds(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" and ")
}

/// `error[pin-rewritten]`
fn marks(marks: &[Mark]) -> String {
    marks.iter().map(|it| format!("{}[{}]", it.level, it.rule)).collect::<Vec<_>>().join(" ")
}

/// The version, and of a git source the beginning of its commit.
fn version(pinned: &Pinned) -> String {
    let version = pinned.version.as_deref().unwrap_or_default();
    match &pinned.origin.commit {
        Some(commit) => {
            format!("{version} ({})", crate::text::escape::head(commit, 8)).trim_start().to_owned()
        }
        None => version.to_owned(),
    }
}

/// The place without what nearly all of them begin with, or else the kind.
fn place(origin: &Whence) -> String {
    match (&origin.place, origin.kind) {
        (None, "registry") => "the configured registry".to_owned(),
        (None, kind) => kind.to_owned(),
        (Some(place), "git") => format!("git {place}"),
        (Some(place), _) => place.trim_start_matches("https://").to_owned(),
    }
}

/// What stands on either side of an arrow: places that differ, or hashes.
fn details(change: &Change) -> Option<(String, String)> {
    let (before, after) = (change.before.as_ref()?, change.after.as_ref()?);
    let hash = |pinned: &Pinned| match pinned.hashes.as_slice() {
        [] => "none".to_owned(),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let cut = if first.len() > 26 { "…" } else { "" };
            format!("{}{cut}{more}", crate::text::escape::head(first, 26))
        }
    };
    if !before.hashes.is_empty() || !after.hashes.is_empty() {
        return Some((hash(before), hash(after)));
    }
    let places = (place(&before.origin), place(&after.origin));
    (change.kinds.contains(&Kind::Moved) && places.0 != places.1).then_some(places)
}

/// What became of a lockfile as a whole.
fn file_state(it: &FileDiff) -> String {
    let happened = match it.counts.as_slice() {
        [] if it.unreadable => String::new(),
        [] => "no package changed".to_owned(),
        counts => counted(counts),
    };
    let state = match it.state {
        _ if it.unreadable => "can't be read, not compared".to_owned(),
        State::Removed => "gone".to_owned(),
        State::Added => format!("new, {}", super::count(it.packages, "package")),
        _ => String::new(),
    };
    let from = it.moved_from.as_ref().map(|from| format!("moved from {from}")).unwrap_or_default();
    let parts = [state, from, happened];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

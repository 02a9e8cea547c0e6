//! The changes as Markdown, for a comment or a summary on a code host. Every text of the repository is code in a cell of
//! a table, so nothing in it is markup; what is too much is cut at a row.

use super::{counted, details, file_state, kinds, marks, sides, version};
use crate::actions::diff::{Change, Diff, FileDiff};
use crate::read::Sources;
use crate::render::count;
use crate::render::page::Page;
use crate::text::escape::markdown as code;

/// Places that a row names.
const PLACES: usize = 3;

pub fn report(sources: &Sources, diff: &Diff) -> String {
    let mut out = Page { text: format!("### Lockfile changes\n\n{}", code(&sides(sources))), left_out: 0 };
    if diff.lockfiles.is_empty() {
        return out.text + ": no lockfile changed.\n";
    }
    out.text.push_str(&format!(": {} changed", count(diff.lockfiles.len(), "lockfile")));
    let counts = counted(&diff.counts());
    let colon = if counts.is_empty() { "" } else { "; " };
    out.text.push_str(&format!("{colon}{counts}.\n"));
    let (alarming, others): (Vec<_>, Vec<_>) = diff.changes.iter().partition(|it| it.is_alarming());
    if !alarming.is_empty() {
        out.text.push_str("\n#### Look at these first\n");
        let columns = ["Package", "What", "Before", "After", "`lockproof check`", "Where"];
        out.table(columns, alarming.into_iter().map(in_full));
    }
    if !others.is_empty() {
        let columns = ["Package", "What", "Before", "After", "Brought by", "Where"];
        out.fold(&count(others.len(), "other change"), columns, others.into_iter().map(in_short));
    }
    let columns = ["Lockfile", "What", "`lockproof check`"];
    out.fold(&count(diff.lockfiles.len(), "lockfile"), columns, diff.lockfiles.iter().map(of_file));
    if out.left_out > 0 {
        let rows = count(out.left_out, "row");
        out.text.push_str(&format!("\n**{rows} left out**: `lockproof diff` shows all of it.\n"));
    }
    out.text
}

fn in_full(change: &Change) -> [String; 6] {
    let [package, what, mut before, mut after, _, places] = in_short(change);
    if let Some((was, is)) = details(change) {
        before = format!("{before}<br>{}", code(&was));
        after = format!("{after}<br>{}", code(&is));
    }
    [package, what, before, after, marks(&change.rules), places]
}

fn in_short(change: &Change) -> [String; 6] {
    let side = |side: &Option<crate::actions::diff::Pinned>| {
        side.as_ref().map(version).filter(|it| !it.is_empty()).map(|it| code(&it)).unwrap_or_default()
    };
    let via = change.via.as_ref().filter(|_| !change.is_direct()).map(|via| code(&via.name));
    let name = format!("{} {}", change.ecosystem, code(&change.name));
    let (before, after) = (side(&change.before), side(&change.after));
    [name, kinds(&change.kinds), before, after, via.unwrap_or_default(), places(change)]
}

fn places(change: &Change) -> String {
    let named = change.lockfiles.iter().take(PLACES).map(|it| match it.line {
        Some(line) => code(&format!("{}:{line}", it.path)),
        None => code(&it.path),
    });
    let mut parts: Vec<_> = named.collect();
    if change.lockfiles.len() > PLACES {
        parts.push(format!("and {} more", change.lockfiles.len() - PLACES));
    }
    parts.join("<br>")
}

fn of_file(it: &FileDiff) -> [String; 3] {
    let state = match &it.moved_from {
        Some(_) => code(&file_state(it)),
        None => file_state(it),
    };
    [code(&it.path), state, marks(&it.rules)]
}

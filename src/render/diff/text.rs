//! The changes for a terminal: what is alarming in full, the rest a line each, under what brought it.

use std::fmt::Write as _;

use super::{details, file_state, kinds, marks, sides, version};
use crate::actions::diff::{Change, Count, Diff, FileDiff, Kind};
use crate::check::State;
use crate::findings::finding::Level;
use crate::read::Sources;
use crate::render::{count, paint, wrap};
use crate::text::escape;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub color: bool,
    /// In columns.
    pub width: usize,
}

/// Names are aligned up to this width.
const NAME: usize = 42;
/// Lockfiles that are told one by one.
const FILES: usize = 20;

pub fn report(sources: &Sources, diff: &Diff, style: Style) -> String {
    let sides = escape::message(&sides(sources));
    let what = match diff.lockfiles.as_slice() {
        [] => return format!("{sides}: no lockfile changed.\n"),
        [one] => escape::message(&one.path),
        several => count(several.len(), "lockfile"),
    };
    // A line breaks between two counts only.
    let counts: Vec<_> =
        diff.counts().iter().map(|it| counted_with_sign(*it).replace(' ', "\u{a0}")).collect();
    let counts = wrap(&counts.join(", "), style.width).replace('\u{a0}', " ");
    let head = format!("{sides}: {what}\n{counts}");
    let mut out = paint(style.color, "1", head.trim_end()) + "\n";
    let (alarming, others): (Vec<_>, Vec<_>) = diff.changes.iter().partition(|it| it.is_alarming());
    if !alarming.is_empty() {
        let _ = writeln!(out, "\n{}", paint(style.color, "1", "Look at these first"));
        alarming.into_iter().for_each(|change| out.push_str(&in_full(change, style)));
    }
    let several = diff.lockfiles.len() > 1;
    for of_ecosystem in others.chunk_by(|a, b| a.ecosystem == b.ecosystem) {
        let name = of_ecosystem[0].ecosystem;
        let _ = writeln!(out, "\n{}", paint(style.color, "1", &format!("{name}, by what brought it")));
        out.push_str(&groups(of_ecosystem, several, style));
    }
    out + &lockfiles(diff, style)
}

/// What stands in front of a row.
fn sign(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Added => ("+", "32"),
        Kind::Removed => ("-", "31"),
        Kind::Upgraded => ("↑", "36"),
        _ => ("~", "33"),
    }
}

/// `97 upgraded ↑`
fn counted_with_sign(it: Count) -> String {
    let sign = if it.kind >= Kind::Rehashed { format!(" {}", sign(it.kind).0) } else { String::new() };
    format!("{} {}{sign}", it.packages, it.kind.name())
}

/// Two or three lines: what happened, from what to what, where and why.
fn in_full(change: &Change, style: Style) -> String {
    let color = match change.level() {
        Some(Level::Error) => "1;31",
        Some(Level::Warning) => "1;33",
        _ => "1",
    };
    let mut out = format!(
        "  {} {} {}  {}",
        paint(style.color, color, &kinds(&change.kinds)),
        escape::message(&change.name),
        versions(change, 0),
        paint(style.color, color, &marks(&change.rules)),
    );
    out.truncate(out.trim_end().len());
    if let Some((before, after)) = details(change) {
        let _ = write!(out, "\n      {} → {}", escape::message(&before), escape::message(&after));
    }
    let _ = writeln!(out, "\n      {}", paint(style.color, "2", &located(change)));
    out
}

/// `a/Cargo.lock:12 and 3 more, brought by clap`
fn located(change: &Change) -> String {
    let mut text = String::new();
    if let Some(first) = change.lockfiles.first() {
        text = escape::message(&first.path);
        if let Some(line) = first.line {
            let _ = write!(text, ":{line}");
        }
    }
    if change.lockfiles.len() > 1 {
        let _ = write!(text, " and {} more", change.lockfiles.len() - 1);
    }
    match &change.via {
        Some(via) if !change.is_direct() => text + &format!(", brought by {}", escape::message(&via.name)),
        _ => text,
    }
}

/// `1.0.0 → 1.1.0`, the arrows aligned.
fn versions(change: &Change, width: usize) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            let (before, after) = (shown(&version(before)), shown(&version(after)));
            if before == after { before } else { format!("{before:width$} → {after}") }
        }
        (Some(one), None) | (None, Some(one)) => shown(&version(one)),
        (None, None) => String::new(),
    }
}

fn shown(text: &str) -> String {
    escape::message(text)
}

/// Under each dependency of the project, what it brought.
fn groups(changes: &[&Change], several: bool, style: Style) -> String {
    let name = |it: &&Change| escape::message(&it.name).chars().count() + if it.is_direct() { 0 } else { 2 };
    let names = changes.iter().map(name).max().unwrap_or(0).min(NAME);
    let before = |it: &&Change| it.after.as_ref().and(it.before.as_ref()).map(version);
    let olds =
        changes.iter().filter_map(before).map(|it| shown(&it).chars().count()).max().unwrap_or(0).min(14);
    let columns = Columns { names, olds, several, style };
    let key = |change: &Change| change.via.as_ref().map(|via| via.name.clone());
    let mut out = String::new();
    for group in changes.chunk_by(|a, b| key(a) == key(b)) {
        let Some(via) = &group[0].via else {
            let _ = writeln!(
                out,
                "  {}",
                paint(style.color, "2", "nothing that the lockfile asks for leads to:")
            );
            group.iter().for_each(|change| out.push_str(&columns.row(change, 1)));
            continue;
        };
        if !group[0].is_direct() {
            let why = if via.changed { "see above" } else { "itself unchanged" };
            let text = format!("{} ({why}){}", escape::message(&via.name), for_member(group[0]));
            let _ = writeln!(out, "    {}", paint(style.color, "2", &text));
        }
        // What is gone needs no line of its own.
        let is_gone = |it: &Change| it.kind() == Kind::Removed && !it.is_direct() && !several;
        let (gone, rest): (Vec<_>, Vec<_>) = group.iter().partition(|it| is_gone(it));
        for change in rest {
            out.push_str(&columns.row(change, usize::from(!change.is_direct())));
        }
        out.push_str(&listed(&gone, style));
    }
    out
}

/// Names and versions one behind the other, wrapped.
fn listed(changes: &[&Change], style: Style) -> String {
    let item = |it: &&Change| format!("{} {}", escape::message(&it.name), versions(it, 0));
    let mut lines: Vec<String> = Vec::new();
    for item in changes.iter().map(item) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + item.chars().count() + 9 < style.width => {
                line.push_str(", ");
                line.push_str(&item);
            }
            Some(line) => {
                line.push(',');
                lines.push(item);
            }
            None => lines.push(item),
        }
    }
    let (minus, color) = sign(Kind::Removed);
    let signs = std::iter::once(minus).chain(std::iter::repeat(" "));
    let line = |(sign, line): (&str, String)| format!("  {}   {line}\n", paint(style.color, color, sign));
    signs.zip(lines).map(line).collect()
}

fn for_member(change: &Change) -> String {
    let member = change.via.as_ref().and_then(|via| via.member.as_deref());
    member.map(|member| format!(", for {}", escape::message(member))).unwrap_or_default()
}

/// The widths of a table.
struct Columns {
    names: usize,
    olds: usize,
    several: bool,
    style: Style,
}

impl Columns {
    fn row(&self, change: &Change, depth: usize) -> String {
        let (sign, color) = sign(change.kind());
        let indent = "  ".repeat(depth);
        let width = self.names.saturating_sub(2 * depth);
        let mut line =
            format!("{indent}{:width$}  {}", escape::message(&change.name), versions(change, self.olds));
        let mut behind = marks(&change.rules);
        if self.several {
            behind = format!("{}  {behind}", self.place(change, &line)).trim_end().to_owned();
        }
        if change.is_direct() {
            behind.push_str(&for_member(change));
        }
        if !behind.is_empty() {
            line = format!("{line}  {}", paint(self.style.color, "2", behind.trim_start_matches(", ")));
        }
        format!("  {} {line}\n", paint(self.style.color, color, sign))
    }

    /// Where, in what room is left of the line.
    fn place(&self, change: &Change, line: &str) -> String {
        match change.lockfiles.as_slice() {
            [one] => {
                let path = escape::message(&one.path);
                let (length, used) = (path.chars().count(), line.chars().count() + 6);
                let room = self.style.width.saturating_sub(used).max(16);
                if length <= room {
                    return path;
                }
                format!("…{}", path.chars().skip(length + 1 - room).collect::<String>())
            }
            several => format!("in {} lockfiles", several.len()),
        }
    }
}

/// The lockfiles themselves, where the header does not say it all.
fn lockfiles(diff: &Diff, style: Style) -> String {
    let is_plain = |it: &FileDiff| {
        it.state == State::Changed && it.rules.is_empty() && it.moved_from.is_none() && !it.unreadable
    };
    if matches!(diff.lockfiles.as_slice(), [one] if is_plain(one) && !one.counts.is_empty()) {
        return String::new();
    }
    let mut out = format!("\n{}\n", paint(style.color, "1", "Lockfiles"));
    // What is not as usual must not be the one that is left out.
    let (plain, special): (Vec<_>, Vec<_>) = diff.lockfiles.iter().partition(|it| is_plain(it));
    let all: Vec<_> = special.into_iter().chain(plain).collect();
    for it in all.iter().take(FILES) {
        let rules = marks(&it.rules);
        let behind = if rules.is_empty() { rules } else { format!("  {}", paint(style.color, "1", &rules)) };
        let _ =
            writeln!(out, "  {}: {}{behind}", escape::message(&it.path), escape::message(&file_state(it)));
    }
    if all.len() > FILES {
        let _ = writeln!(out, "  and {} more", all.len() - FILES);
    }
    out
}

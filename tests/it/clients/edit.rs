//! One change by hand to a lockfile that a client has written.

/// The file with its change, and the 1-based line on which it shows.
pub(crate) struct Edited {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Changes the first line at or below the anchor of which `change` makes something else. The anchor is how that line
/// begins, indentation aside: names stand elsewhere too, as somebody's dependency.
pub(crate) fn edit(text: &str, anchor: &str, change: impl Fn(&str) -> Option<String>) -> Edited {
    let mut lines = lines(text);
    let first = find(&lines, anchor);
    let found = lines[first..].iter().enumerate().find_map(|(at, line)| Some((first + at, change(line)?)));
    let (at, changed) = found.unwrap_or_else(|| panic!("nothing to change below {anchor:?} in\n{text}"));
    assert_ne!(lines[at], changed, "the change changes nothing");
    lines[at] = changed;
    Edited { text: join(&lines), line: at + 1 }
}

/// Replaces `from` on the first line that has it, at or below the anchor.
pub(crate) fn replace(text: &str, anchor: &str, from: &str, to: &str) -> Edited {
    edit(text, anchor, |line| line.contains(from).then(|| line.replacen(from, to, 1)))
}

/// Another hash of the same length and encoding, where the first hash after `prefix` stood.
pub(crate) fn other_hash(text: &str, anchor: &str, prefix: &str) -> Edited {
    edit(text, anchor, |line| {
        let at = line.find(prefix)? + prefix.len();
        let other = if line[at..].starts_with('1') { '2' } else { '1' };
        Some(format!("{}{other}{}", &line[..at], &line[at + 1..]))
    })
}

/// Another host in the first URL at or below the anchor.
pub(crate) fn other_host(text: &str, anchor: &str) -> Edited {
    edit(text, anchor, |line| {
        let start = line.find("https://")? + "https://".len();
        let end = start + line[start..].find('/')?;
        Some(format!("{}other.example.com{}", &line[..start], &line[end..]))
    })
}

pub(crate) fn http(text: &str, anchor: &str) -> Edited {
    replace(text, anchor, "https://", "http://")
}

/// Drops the first line that contains `what` below the anchor. It shows on the line of the entry.
pub(crate) fn drop_line(text: &str, anchor: &str, what: &str) -> Edited {
    let mut lines = lines(text);
    let first = find(&lines, anchor);
    let at = first + lines[first..].iter().position(|line| line.contains(what)).expect("a line to drop");
    lines.remove(at);
    Edited { text: join(&lines), line: first + 1 }
}

/// Inserts a conflict marker above the anchor's line.
pub(crate) fn conflict(text: &str, anchor: &str) -> Edited {
    let mut lines = lines(text);
    let at = find(&lines, anchor);
    lines.insert(at, "<<<<<<< HEAD".to_owned());
    Edited { text: join(&lines), line: at + 1 }
}

/// The first line at or below the anchor that contains `what`.
pub(crate) fn line_of<'t>(text: &'t str, anchor: &str, what: &str) -> &'t str {
    let below = text.lines().skip_while(|line| !begins(line, anchor));
    below
        .into_iter()
        .find(|line| line.contains(what))
        .unwrap_or_else(|| panic!("no {what:?} below {anchor:?}"))
}

fn find(lines: &[String], anchor: &str) -> usize {
    let at = lines.iter().position(|line| begins(line, anchor));
    at.unwrap_or_else(|| panic!("no {anchor:?} in\n{}", lines.join("\n")))
}

fn begins(line: &str, anchor: &str) -> bool {
    line.trim_start().starts_with(anchor.trim_start())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn join(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

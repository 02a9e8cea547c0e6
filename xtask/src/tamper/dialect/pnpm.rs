use std::ops::Range;

use super::{Dialect, sri};
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, indent, line_at, lines_from};

pub(super) struct Pnpm;

impl Dialect for Pnpm {
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize> {
        block(entry.text(), entry.lock.range(entry.package.slot.raw).start)
    }

    fn address(&self, entry: &Entry<'_, '_>) -> Option<String> {
        let name = entry.name();
        let file = name.rsplit('/').next().unwrap_or(name);
        Some(format!("https://registry.example.com/{name}/-/{file}-{}.tgz", entry.package.version()))
    }

    fn set_address(&self, entry: &Entry<'_, '_>, address: &str) -> Edits {
        let hash = entry.lock.range(entry.integrity()?.raw);
        let address = if address.contains('\\') { format!("\"{address}\"") } else { address.to_owned() };
        Some(vec![Edit { at: hash.end..hash.end, with: format!(", tarball: {address}") }])
    }

    fn escaped(&self, address: &str) -> Option<String> {
        Some(address.replacen('h', "\\x68", 1))
    }

    fn drop_hash(&self, entry: &Entry<'_, '_>) -> Edits {
        resolution(entry, "{}")
    }

    fn git(&self, entry: &Entry<'_, '_>, repository: &str, commit: Option<&str>) -> Edits {
        let commit = commit.unwrap_or("main");
        resolution(entry, &format!("{{type: git, repo: https://{repository}.git, commit: {commit}}}"))
    }

    fn local(&self, entry: &Entry<'_, '_>, folder: &str) -> Edits {
        resolution(entry, &format!("{{directory: {folder}, type: directory}}"))
    }

    fn add_edge(&self, entry: &Entry<'_, '_>, name: &str, version: &str) -> Edits {
        let text = entry.text();
        // Since version 9 edges stand in a section of their own.
        let slot = entry.package.slot.raw;
        let heading = match text.find("\nsnapshots:\n") {
            Some(section) => section + text[section..].find(&format!("\n  {slot}"))? + 3,
            None => entry.lock.range(slot).start,
        };
        let block = block(text, heading);
        let head = line_at(text, heading);
        if text[head.clone()].trim_end().ends_with(": {}") {
            let at = head.end - " {}\n".len()..head.end;
            return Some(vec![Edit { at, with: format!("\n    dependencies:\n      {name}: {version}\n") }]);
        }
        let inside = &text[block.clone()];
        let at = block.start
            + match inside.find("    dependencies:\n") {
                Some(at) => at + "    dependencies:\n".len(),
                None => inside.trim_end().len() + 1,
            };
        let head = if inside.contains("    dependencies:\n") { "" } else { "    dependencies:\n" };
        Some(vec![Edit { at: at..at, with: format!("{head}      {name}: {version}\n") }])
    }

    fn ghost(&self, lock: &Lock<'_>, name: &str, version: &str, random: &mut Random) -> Option<Edit> {
        let text = lock.text();
        let section = text.rfind("\npackages:\n")? + "\npackages:\n".len();
        let key =
            if text.contains("\n  /") { format!("/{name}@{version}") } else { format!("{name}@{version}") };
        let with = format!("\n  {key}:\n    resolution: {{integrity: {}}}\n", self.hash(random));
        Some(Edit { at: section..section, with })
    }

    fn repeat(&self, entry: &Entry<'_, '_>, hash: &str) -> Edits {
        let block = entry.block();
        let copy = entry.text()[block.clone()].replace(entry.integrity()?.raw, hash);
        Some(vec![Edit { at: block.start..block.start, with: copy }])
    }

    fn hash(&self, random: &mut Random) -> String {
        sri(random)
    }
}

/// A heading, and the lines that are indented further.
fn block(text: &str, heading: usize) -> Range<usize> {
    let head = line_at(text, heading);
    let depth = indent(&text[head.clone()]);
    let below = lines_from(text, head.end).find(|(_, line)| line.trim().is_empty() || indent(line) <= depth);
    head.start..below.map_or(text.len(), |(range, _)| range.start)
}

/// Replaces the flow mapping behind `resolution:`.
fn resolution(entry: &Entry<'_, '_>, with: &str) -> Edits {
    let hash = entry.lock.range(entry.integrity()?.raw).start;
    let line = line_at(entry.text(), hash);
    let text = &entry.text()[line.clone()];
    let (open, close) = (text.find('{')?, text.rfind('}')?);
    Some(vec![Edit { at: line.start + open..line.start + close + 1, with: with.to_owned() }])
}

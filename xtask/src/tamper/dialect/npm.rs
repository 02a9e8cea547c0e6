use std::ops::Range;

use super::{Dialect, sri};
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, indent, line_at, lines_from};

pub(super) struct Npm;

impl Dialect for Npm {
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize> {
        let text = entry.text();
        let head = line_at(text, entry.lock.range(entry.package.slot.raw).start);
        let depth = indent(&text[head.clone()]);
        let closes = |line: &str| indent(line) == depth && line.trim_start().starts_with('}');
        let last = lines_from(text, head.end).find(|(_, line)| closes(line));
        head.start..last.map_or(text.len(), |(range, _)| range.end)
    }

    fn address(&self, entry: &Entry<'_, '_>) -> Option<String> {
        let own = entry.package.source.as_ref().map(|it| it.as_str().to_owned());
        let name = entry.name();
        let file = name.rsplit('/').next().unwrap_or(name);
        own.or_else(|| {
            Some(format!("https://registry.example.com/{name}/-/{file}-{}.tgz", entry.package.version()))
        })
    }

    fn set_address(&self, entry: &Entry<'_, '_>, address: &str) -> Edits {
        match &entry.package.source {
            Some(source) => Some(vec![entry.replace(source.raw, address)]),
            None => insert(entry, &format!("\"resolved\": \"{address}\",")),
        }
    }

    fn drop_hash(&self, entry: &Entry<'_, '_>) -> Edits {
        Some(vec![drop_line(entry, entry.integrity()?.raw)])
    }

    fn git(&self, entry: &Entry<'_, '_>, repository: &str, commit: Option<&str>) -> Edits {
        let mut edits = vec![drop_line(entry, entry.integrity()?.raw)];
        let address = format!("git+https://{repository}.git#{}", commit.unwrap_or("main"));
        edits.extend(self.set_address(entry, &address)?);
        Some(edits)
    }

    fn local(&self, entry: &Entry<'_, '_>, folder: &str) -> Edits {
        let mut edits = self.set_address(entry, folder)?;
        let hash = line_at(entry.text(), entry.lock.range(entry.integrity()?.raw).start);
        let end = if ends_with_comma(&entry.text()[hash.clone()]) { "," } else { "" };
        let depth = indent(&entry.text()[hash.clone()]);
        edits.push(Edit { at: hash, with: format!("{}\"link\": true{end}\n", " ".repeat(depth)) });
        Some(edits)
    }

    fn add_edge(&self, entry: &Entry<'_, '_>, name: &str, version: &str) -> Edits {
        let block = entry.block();
        let legacy = entry.package.flags.legacy;
        let field = if legacy { "\"requires\": {" } else { "\"dependencies\": {" };
        let own = indent(&entry.text()[block.clone()]) + 2;
        let mut lines = lines_from(&entry.text()[block.clone()], 0);
        if let Some((line, _)) = lines.find(|(_, line)| indent(line) == own && line.trim() == field) {
            let with = format!("{}\"{name}\": \"^{version}\",\n", " ".repeat(own + 2));
            let at = block.start + line.end;
            return Some(vec![Edit { at: at..at, with }]);
        }
        insert(entry, &format!("{field} \"{name}\": \"^{version}\" }},"))
    }

    fn ghost(&self, lock: &Lock<'_>, name: &str, version: &str, random: &mut Random) -> Option<Edit> {
        let text = lock.text();
        let modern = text.find("\n  \"packages\": {\n");
        let (section, prefix) = match modern {
            Some(at) => (at + "\n  \"packages\": {\n".len(), "node_modules/"),
            None => (text.find("\n  \"dependencies\": {\n")? + "\n  \"dependencies\": {\n".len(), ""),
        };
        let with = format!(
            "    \"{prefix}{name}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \
             \"https://registry.example.com/{name}/-/{name}-{version}.tgz\",\n      \"integrity\": \"{}\"\n    }},\n",
            self.hash(random)
        );
        Some(Edit { at: section..section, with })
    }

    fn repeat(&self, entry: &Entry<'_, '_>, hash: &str) -> Edits {
        let block = entry.block();
        let text = &entry.text()[block.clone()];
        let copy = text.replace(entry.integrity()?.raw, hash);
        let copy = format!("{},\n", copy.trim_end().trim_end_matches(','));
        Some(vec![Edit { at: block.start..block.start, with: copy }])
    }

    fn hash(&self, random: &mut Random) -> String {
        sri(random)
    }
}

/// Adds a field behind the line of the version.
pub(in crate::tamper) fn insert(entry: &Entry<'_, '_>, field: &str) -> Edits {
    let version = entry.package.version.as_ref()?;
    let line = line_at(entry.text(), entry.lock.range(version.raw).start);
    let text = &entry.text()[line.clone()];
    let space = " ".repeat(indent(text));
    let (at, with) = match ends_with_comma(text) {
        true => (line.end, format!("{space}{field}\n")),
        // The version is the last field: the new one goes above it.
        false => (line.start, format!("{space}{field}\n")),
    };
    Some(vec![Edit { at: at..at, with }])
}

fn ends_with_comma(line: &str) -> bool {
    line.trim_end().ends_with(',')
}

/// Takes a line out, and the comma above it where it was the last of its object.
fn drop_line(entry: &Entry<'_, '_>, slice: &str) -> Edit {
    let line = line_at(entry.text(), entry.lock.range(slice).start);
    if ends_with_comma(&entry.text()[line.clone()]) {
        return Edit { at: line, with: String::new() };
    }
    let above = entry.text()[..line.start].trim_end().len() - 1;
    Edit { at: above..line.end - 1, with: String::new() }
}

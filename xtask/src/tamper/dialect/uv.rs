use std::ops::Range;

use super::{Dialect, hex, repeat_table, table};
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, line_at};

pub(super) struct Uv;

impl Dialect for Uv {
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize> {
        table(entry)
    }

    fn address(&self, entry: &Entry<'_, '_>) -> Option<String> {
        Some(entry.package.artifacts.iter().find_map(|artifact| artifact.url.as_ref())?.as_str().to_owned())
    }

    fn set_address(&self, entry: &Entry<'_, '_>, address: &str) -> Edits {
        let url = entry.package.artifacts.iter().find_map(|artifact| artifact.url.as_ref())?;
        Some(vec![entry.replace(url.raw, address)])
    }

    /// Of one file: the others keep theirs.
    fn drop_hash(&self, entry: &Entry<'_, '_>) -> Edits {
        let hash = entry.lock.range(entry.integrity()?.raw);
        let field = entry.text()[..hash.start].rfind(", hash = ")?;
        Some(vec![Edit { at: field..hash.end + 1, with: String::new() }])
    }

    fn git(&self, entry: &Entry<'_, '_>, repository: &str, commit: Option<&str>) -> Edits {
        let commit = commit.map(|it| format!("?rev={it}#{it}")).unwrap_or("?branch=main".into());
        source(entry, &format!("{{ git = \"https://{repository}.git{commit}\" }}"))
    }

    fn local(&self, entry: &Entry<'_, '_>, folder: &str) -> Edits {
        source(entry, &format!("{{ directory = \"{folder}\" }}"))
    }

    fn add_edge(&self, entry: &Entry<'_, '_>, name: &str, _: &str) -> Edits {
        let block = entry.block();
        let text = &entry.text()[block.clone()];
        let (offset, with) = match text.find("\ndependencies = [\n") {
            Some(at) => (at + "\ndependencies = [\n".len(), format!("    {{ name = \"{name}\" }},\n")),
            None => {
                let at = text.find("\nsource = ")? + 1;
                (
                    at + text[at..].find('\n')? + 1,
                    format!("dependencies = [\n    {{ name = \"{name}\" }},\n]\n"),
                )
            }
        };
        Some(vec![Edit { at: block.start + offset..block.start + offset, with }])
    }

    fn ghost(&self, lock: &Lock<'_>, name: &str, version: &str, random: &mut Random) -> Option<Edit> {
        let entry = lock.entries().find(|entry| entry.is_hashed())?;
        let (index, url) = (entry.package.source.as_ref()?.raw, self.address(&entry)?);
        let folder = url.rsplit_once('/')?.0.to_owned();
        let at = lock.text().find("[[package]]")?;
        let with = format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"{index}\" }}\nwheels = [\n    {{ url = \
             \"{folder}/{}-{version}-py3-none-any.whl\", hash = \"{}\", size = 4242 }},\n]\n\n",
            name.replace('-', "_"),
            self.hash(random)
        );
        Some(Edit { at: at..at, with })
    }

    fn repeat(&self, entry: &Entry<'_, '_>, hash: &str) -> Edits {
        repeat_table(entry, hash.trim_start_matches("sha256:"))
    }

    fn hash(&self, random: &mut Random) -> String {
        format!("sha256:{}", hex(random))
    }
}

/// Another source, and none of the files that the old one had.
fn source(entry: &Entry<'_, '_>, with: &str) -> Edits {
    let text = entry.text();
    let line = line_at(text, entry.lock.range(entry.package.source.as_ref()?.raw).start);
    let block = entry.block();
    let mut edits = vec![Edit { at: line, with: format!("source = {with}\n") }];
    for (field, end) in [("\nsdist = ", "\n"), ("\nwheels = [", "\n]\n")] {
        if let Some(from) = text[block.clone()].find(field).map(|at| block.start + at + 1) {
            let until = from + text[from..].find(end)? + end.len();
            edits.push(Edit { at: from..until, with: String::new() });
        }
    }
    Some(edits)
}

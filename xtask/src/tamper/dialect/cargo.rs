use std::ops::Range;

use super::{Dialect, hex, repeat_table, table};
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, line_at};

pub(super) struct Cargo;

impl Dialect for Cargo {
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize> {
        table(entry)
    }

    fn address(&self, entry: &Entry<'_, '_>) -> Option<String> {
        Some(entry.package.source.as_ref()?.as_str().to_owned())
    }

    fn set_address(&self, entry: &Entry<'_, '_>, address: &str) -> Edits {
        Some(vec![entry.replace(entry.package.source.as_ref()?.raw, address)])
    }

    fn drop_hash(&self, entry: &Entry<'_, '_>) -> Edits {
        Some(vec![line(entry, entry.integrity()?.raw)])
    }

    fn git(&self, entry: &Entry<'_, '_>, repository: &str, commit: Option<&str>) -> Edits {
        let commit = commit.map(|it| format!("?rev={it}#{it}")).unwrap_or("?branch=main".into());
        let source = entry.package.source.as_ref()?.raw;
        let at = format!("git+https://{repository}.git{commit}");
        Some(vec![entry.replace(source, at), line(entry, entry.integrity()?.raw)])
    }

    fn local(&self, entry: &Entry<'_, '_>, _: &str) -> Edits {
        Some(vec![line(entry, entry.package.source.as_ref()?.raw), line(entry, entry.integrity()?.raw)])
    }

    fn add_edge(&self, entry: &Entry<'_, '_>, name: &str, _: &str) -> Edits {
        let block = entry.block();
        let text = &entry.text()[block.clone()];
        let (offset, with) = match text.find("dependencies = [\n") {
            Some(at) => (at + "dependencies = [\n".len(), format!(" \"{name}\",\n")),
            None => (text.trim_end().len() + 1, format!("dependencies = [\n \"{name}\",\n]\n")),
        };
        Some(vec![Edit { at: block.start + offset..block.start + offset, with }])
    }

    fn ghost(&self, lock: &Lock<'_>, name: &str, version: &str, random: &mut Random) -> Option<Edit> {
        let source = lock.entries().find(|entry| entry.is_hashed())?.package.source.as_ref()?.raw;
        let at = lock.text().find("[[package]]")?;
        let hash = self.hash(random);
        // Version 1 keeps checksums apart.
        let sum = if lock.text().contains("\nchecksum = ") {
            format!("checksum = \"{hash}\"\n")
        } else {
            String::new()
        };
        let with = format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n{sum}\n"
        );
        Some(Edit { at: at..at, with })
    }

    fn repeat(&self, entry: &Entry<'_, '_>, hash: &str) -> Edits {
        entry.text()[entry.block()].contains("checksum").then(|| repeat_table(entry, hash))?
    }

    fn hash(&self, random: &mut Random) -> String {
        hex(random)
    }
}

fn line(entry: &Entry<'_, '_>, slice: &str) -> Edit {
    Edit { at: line_at(entry.text(), entry.lock.range(slice).start), with: String::new() }
}

//! How each format writes what an operator wants to have written.

mod cargo;
mod go;
mod npm;
mod pnpm;
mod uv;

use std::ops::Range;

use lockproof::ecosystems::formats::Format;

use super::scene::{Edit, Edits, Entry, Lock};
use crate::random::Random;

/// A format, seen by somebody who edits its files by hand. What a format can't say is `None`.
pub(crate) trait Dialect: Sync {
    /// The lines of an entry.
    fn block(&self, entry: &Entry<'_, '_>) -> Range<usize>;

    /// Where a client would fetch the entry from.
    fn address(&self, _: &Entry<'_, '_>) -> Option<String> {
        None
    }

    /// Makes clients fetch it from somewhere else.
    fn set_address(&self, _: &Entry<'_, '_>, _address: &str) -> Edits {
        None
    }

    /// Writes an address, escaped so that no search for its scheme finds it.
    fn escaped(&self, address: &str) -> Option<String> {
        Some(address.replacen('h', "\\u0068", 1))
    }

    fn drop_hash(&self, _: &Entry<'_, '_>) -> Edits;

    /// Takes the entry from a git repository, at a branch where there is no commit.
    fn git(&self, _: &Entry<'_, '_>, _repository: &str, _commit: Option<&str>) -> Edits {
        None
    }

    /// Claims that the entry lies in a folder.
    fn local(&self, _: &Entry<'_, '_>, _folder: &str) -> Edits {
        None
    }

    /// Lets the entry ask for one more package.
    fn add_edge(&self, _: &Entry<'_, '_>, _name: &str, _version: &str) -> Edits {
        None
    }

    /// A new entry, which nobody asks for.
    fn ghost(&self, _: &Lock<'_>, _name: &str, _version: &str, _: &mut Random) -> Option<Edit> {
        None
    }

    /// The entry once more, under a name that is taken.
    fn repeat(&self, _: &Entry<'_, '_>, _other_hash: &str) -> Edits {
        None
    }

    /// A hash of its kind: of nothing.
    fn hash(&self, random: &mut Random) -> String;
}

pub(crate) fn of(format: &Format) -> &'static dyn Dialect {
    match format.id {
        "cargo" => &cargo::Cargo,
        "go" => &go::Go,
        "npm" => &npm::Npm,
        "pnpm" => &pnpm::Pnpm,
        "uv" => &uv::Uv,
        // A format without a dialect has no projects either.
        other => unreachable!("nobody has written down how {other} is edited"),
    }
}

/// `sha512-…` as npm and pnpm write it.
fn sri(random: &mut Random) -> String {
    format!("sha512-{}", data_encoding::BASE64.encode(&random.bytes(64)))
}

fn hex(random: &mut Random) -> String {
    data_encoding::HEXLOWER.encode(&random.bytes(32))
}

/// From the nearest line above that says so to the next blank line which a table of packages follows.
fn table(entry: &Entry<'_, '_>) -> Range<usize> {
    let text = entry.text();
    let name = entry.lock.range(entry.package.name.raw).start;
    let start = text[..name].rfind("[[package]]").unwrap_or(name);
    let next = ["\n[[", "\n[metadata]"].iter().filter_map(|it| text[name..].find(it)).min();
    let end = next.map_or(text.len(), |at| name + at + 1);
    start..end
}

/// A table of packages once more, behind the first, with another hash.
fn repeat_table(entry: &Entry<'_, '_>, hash: &str) -> Edits {
    let block = entry.block();
    let copy = entry.text()[block.clone()].replace(entry.digest()?.value, hash);
    Some(vec![Edit { at: block.end..block.end, with: format!("{}\n\n", copy.trim_end()) }])
}

/// One more field in an entry of npm's.
pub(in crate::tamper) fn npm_field(entry: &Entry<'_, '_>, field: &str) -> Edits {
    npm::insert(entry, field)
}

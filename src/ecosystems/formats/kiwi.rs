//! Tool lockfiles of Kiwi and Lilux, and the documented `<tool>.lock` beside a tool.
//!
//! JSON. Each element of the chain has the SHA-256 of a tool: over its manifest, as extractor rules find it, and its
//! text without the signature line. Anybody may call a file `*.lock.json`: only what is in it tells.

use super::{Family, Format};
use crate::agents::tool::lock;
use crate::model::graph::Links;
use crate::model::{Ecosystem, Lockfile};
use crate::text::source::Source;

pub static FORMAT: Format = Format {
    id: "kiwi",
    family: Family::Tools,
    ecosystem: Ecosystem::Tool,
    files: &["*.lock.json", "*.lock"],
    manifests: &[],
    versions: &[],
    manifest_selects: false,
    hashes_archives: false,
    links: Links::None,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    lock::read(source, &FORMAT, false)
}

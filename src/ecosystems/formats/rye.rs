//! Tool lockfiles of RYE, whose ids are paths.
//!
//! JSON. Each element of the chain has the SHA-256 of a tool's text, without signature line and shebang. February 2026's
//! older layout has no hashes, and names files by where they stood on somebody's disk.

use super::{Family, Format};
use crate::agents::tool::lock;
use crate::model::graph::Links;
use crate::model::{Ecosystem, Lockfile};
use crate::text::source::Source;

pub static FORMAT: Format = Format {
    id: "rye",
    family: Family::Tools,
    ecosystem: Ecosystem::Tool,
    files: &["*.lock.json"],
    manifests: &[],
    versions: &[],
    manifest_selects: false,
    hashes_archives: false,
    links: Links::None,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    lock::read(source, &FORMAT, true)
}

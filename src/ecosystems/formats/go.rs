//! `go.sum` and `go.work.sum`.
//!
//! Lines of three fields: module, version, hash. `h1:` is the SHA-256 over the sorted list of the module's files and
//! their hashes; a version that ends in `/go.mod` hashes that file alone. The file selects nothing, `go.mod` does.

use foldhash::{HashMap, HashMapExt};

use super::{Family, Format};
use crate::model::graph::Links;
use crate::model::integrity;
use crate::model::{Artifact, Digest, Ecosystem, Lockfile, Origin, PLACE, Package, Subject};
use crate::text::source::Source;
use crate::text::syntax::{Fault, Text};

pub static FORMAT: Format = Format {
    id: "go",
    family: Family::Packages,
    ecosystem: Ecosystem::Go,
    files: &["go.sum", "go.work.sum"],
    manifests: &["go.mod", "go.work"],
    versions: &[],
    manifest_selects: true,
    hashes_archives: true,
    links: Links::None,
    parse,
};

/// What a line takes: an artifact with its digest, and often an entry of its own.
const LINE: usize = PLACE + size_of::<Package<'_>>() + size_of::<Artifact<'_>>() + size_of::<Digest<'_>>();

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    lockfile.faults.extend(source.fault());
    let mut known = HashMap::new();
    for line in source.text().lines() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if !lockfile.spend(line, LINE) {
            break;
        }
        read_line(line, &mut lockfile, &mut known);
    }
    lockfile
}

fn read_line<'s>(line: &'s str, lockfile: &mut Lockfile<'s>, known: &mut HashMap<(&'s str, &'s str), usize>) {
    let mut fields = line.split_ascii_whitespace();
    let (Some(module), Some(version), Some(hash), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        lockfile.faults.push(Fault::shape(line, "a line should be a module, its version and a hash"));
        return;
    };
    let (release, key, subject) = match version.strip_suffix("/go.mod") {
        Some(release) => (release, &version[release.len() + 1..], Subject::GoMod),
        None => (version, "", Subject::Tree),
    };
    // The lines of one release stand together in any order; `go` adds more when it learns more.
    let at = *known.entry((module, release)).or_insert_with(|| {
        lockfile.packages.push(Package {
            slot: Text::with(module, format!("{module} {release}")),
            name: Text::plain(module),
            version: Some(Text::plain(release)),
            origin: Origin::Registry(None),
            ..Package::default()
        });
        lockfile.packages.len() - 1
    });
    lockfile.packages[at].artifacts.push(Artifact {
        key: Text::plain(key),
        digests: vec![integrity::dirhash(hash, subject)],
        integrity: Some(Text::plain(hash)),
        url: None,
    });
}

//! Cargo's copy of the registry's index: a second witness of what an archive's hash should be.
//!
//! Its cache files hold a version byte (3), the index's format (2, little-endian), a revision, and then pairs of a
//! version and a line of JSON, all ended by zeros. Other formats are passed over.

use std::collections::BTreeMap;
use std::path::PathBuf;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use super::cargo_cache::{Registries, registry};
use super::hash::Hashes;
use super::queue::{Found, Job};
use super::{Search, Store, Target, facts_for, is_file_name};
use crate::disk::{Refused, Root};
use crate::findings::facts::{Mismatch, Outcome};
use crate::model::Algorithm;

pub(super) static STORE: Store = Store {
    id: "cargo-index",
    name: "Cargo's copy of the index",
    in_repository: false,
    proves: "nothing of the bytes: the registry said the pinned hash when the index was fetched",
    fetch: "cargo fetch --locked",
    formats: &["cargo"],
    find,
};

/// The longest file of the index that is read.
const LONGEST: u64 = 64 << 20;

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let Some(registry) = registry(search) else { return Vec::new() };
    let indexes = Registries::new(&registry, "index", search);
    let mut files: BTreeMap<(Root, PathBuf), Vec<Target<'a>>> = BTreeMap::new();
    for target in search.targets(&STORE) {
        let Some(path) = path(target.package().name.as_str()) else { continue };
        for index in indexes.of(target) {
            files.entry((index.clone(), path.clone())).or_default().push(target);
        }
    }
    let job = |((index, path), targets): ((Root, PathBuf), Vec<Target<'a>>)| -> Job<'a> {
        Box::new(move |_| check(&index, &path, &targets))
    };
    files.into_iter().map(job).collect()
}

/// `.cache/se/rd/serde`; short names have folders of their own.
fn path(name: &str) -> Option<PathBuf> {
    let name = name.to_ascii_lowercase();
    if !is_file_name(&name) || !name.is_ascii() {
        return None;
    }
    let folder = match name.len() {
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    };
    Some(PathBuf::from(format!(".cache/{folder}/{name}")))
}

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    cksum: std::borrow::Cow<'l, str>,
}

fn check(index: &Root, path: &PathBuf, targets: &[Target<'_>]) -> Result<Found, Refused> {
    let Some(opened) = index.open(path)? else { return Ok(Vec::new()) };
    let (shown, size, modified) = (opened.path.display().to_string(), opened.size, opened.modified);
    let bytes = opened.all(LONGEST)?;
    let mut found = Vec::new();
    for target in targets {
        let said = checksum(&bytes, target.package().version());
        let Some((digest, said)) = said.and_then(|it| it.contradiction(target.artifact())) else { continue };
        let denied = Outcome::Denied(Box::new(Mismatch { digest, found: said, size, modified }));
        found.extend(facts_for(&[*target], &STORE, &shown, None, |_| denied.clone()));
    }
    Ok(found)
}

/// The hash that the index has for a version.
fn checksum(file: &[u8], version: &str) -> Option<Hashes> {
    let rest = file.strip_prefix(&[3, 2, 0, 0, 0])?;
    let mut parts = rest.split(|byte| *byte == 0).skip(1);
    while let Some(known) = parts.next() {
        let line = parts.next()?;
        if known == version.as_bytes() {
            let line: Line<'_> = serde_json::from_slice(line).ok()?;
            let hash = HEXLOWER_PERMISSIVE.decode(line.cksum.as_bytes()).ok()?;
            return (hash.len() == Algorithm::Sha256.length()).then(|| Hashes::of(Algorithm::Sha256, &hash));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Artifact;
    use crate::model::integrity;

    #[test]
    fn a_version_of_the_index_is_found() {
        let hex = "ab".repeat(32);
        let line = format!("{{\"name\": \"x\", \"vers\": \"1.0.1\", \"cksum\": \"{hex}\"}}");
        let file =
            [&[3, 2, 0, 0, 0], &b"etag: x\x001.0.0\0{}\x001.0.1\0"[..], line.as_bytes(), b"\0"].concat();
        let artifact =
            Artifact { digests: vec![integrity::hex(&hex, Algorithm::Sha256)], ..Artifact::default() };
        assert!(checksum(&file, "1.0.1").unwrap().contradiction(&artifact).is_none());
        assert!(checksum(&file, "1.0.0").is_none() && checksum(&file, "1").is_none());
        assert!(checksum(&file[1..], "1.0.1").is_none());
    }

    #[test]
    fn names_have_folders() {
        let at = |name: &str| path(name).map(|path| path.display().to_string());
        assert_eq!(at("a").as_deref(), Some(".cache/1/a"));
        assert_eq!(at("Abc").as_deref(), Some(".cache/3/a/abc"));
        assert_eq!(at("serde").as_deref(), Some(".cache/se/rd/serde"));
        assert_eq!(at("../x"), None);
    }
}

//! Go's module cache: the zip archives and `go.mod` files as they were fetched, the hash that Go noted beside each
//! archive, and what was unpacked.
//!
//! Go compares its note with `go.sum`, not the archive; `go mod verify` hashes again, all of it. What is compiled are the
//! unpacked files.

use std::path::PathBuf;

use super::dirhash::{self, Listing};
use super::hash::{Hashes, sha256};
use super::queue::{Found, Job, Worker};
use super::{Search, Store, Target, cargo_cache, facts_for};
use crate::disk::{Opened, Refused, Root};
use crate::findings::facts::{Altered, How, Mismatch, Outcome};
use crate::model::Subject;
use crate::model::integrity;

pub(super) static STORE: Store = Store {
    id: "go-cache",
    name: "Go's module cache",
    in_repository: false,
    proves: "the files in the zip archive, the `go.mod` and Go's own note hash to what is pinned",
    fetch: "go mod download",
    formats: &["go"],
    find,
};

/// Looked into together with the archives that prove it.
pub(super) static UNPACKED: Store = Store {
    id: "go-src",
    name: "Go's unpacked modules",
    in_repository: false,
    proves: "every unpacked file hashes to what is pinned, and there is no other",
    fetch: "go mod download",
    formats: &["go"],
    find: |_| Vec::new(),
};

/// The longest note that Go leaves, and the longest `go.mod`.
const LONGEST: u64 = 16 << 20;

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let Some(cache) = search.environment.go_module_cache().and_then(|path| Root::new(&path)) else {
        return Vec::new();
    };
    let mut releases: std::collections::BTreeMap<(String, String, bool), Vec<Target<'a>>> =
        std::collections::BTreeMap::new();
    for target in search.targets(&STORE) {
        let (module, version) = (target.package().name.as_str(), target.package().version());
        let (Some(module), Some(version)) = (escape(module), escape(version)) else { continue };
        let is_mod = target.artifact().digests.iter().any(|digest| digest.subject == Subject::GoMod);
        releases.entry((module, version, is_mod)).or_default().push(target);
    }
    let job = |((module, version, is_mod), targets): ((String, String, bool), Vec<Target<'a>>)| -> Job<'a> {
        let cache = cache.clone();
        Box::new(move |worker| match is_mod {
            true => check_mod(&cache, worker, &module, &version, &targets),
            false => check_zip(&cache, worker, &module, &version, &targets),
        })
    };
    releases.into_iter().map(job).collect()
}

/// Capitals are `!` and the small letter: file systems may not tell them apart. Nothing for what is no module path.
fn escape(path: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/+".contains(c);
    let has_steps = path.split('/').all(|step| !step.is_empty() && step != "." && step != "..");
    if !path.chars().all(is_plain) || !has_steps {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        if character.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(character.to_ascii_lowercase());
    }
    Some(out)
}

fn download(module: &str, version: &str, end: &str) -> PathBuf {
    PathBuf::from(format!("cache/download/{module}/@v/{version}.{end}"))
}

fn check_mod(
    cache: &Root,
    worker: &mut Worker<'_>,
    module: &str,
    version: &str,
    targets: &[Target<'_>],
) -> Result<Found, Refused> {
    let Some(opened) = cache.open(download(module, version, "mod"))? else { return Ok(Vec::new()) };
    let file = File::of(&opened);
    let bytes = opened.all(LONGEST)?;
    let hashes = dirhash::of_go_mod(&bytes[..], &mut worker.buffer).map_err(|error| file.broken(&error))?;
    Ok(facts_for(targets, &STORE, &file.shown, None, |target| file.verdict(&hashes, target)))
}

/// What is told of a file that does not hold.
struct File {
    shown: String,
    size: u64,
    modified: Option<std::time::SystemTime>,
}

impl File {
    fn of(opened: &Opened) -> File {
        File { shown: opened.path.display().to_string(), size: opened.size, modified: opened.modified }
    }

    fn broken(&self, error: &std::io::Error) -> Refused {
        Refused::Unreadable { path: self.shown.clone(), why: error.to_string() }
    }

    fn mismatch(&self, hashes: &Hashes, target: &Target<'_>) -> Option<Box<Mismatch>> {
        let (digest, found) = hashes.contradiction(target.artifact())?;
        Some(Box::new(Mismatch { digest, found, size: self.size, modified: self.modified }))
    }

    fn no_archive(&self, why: &std::io::Error) -> Mismatch {
        let found = format!("no archive that can be read ({why})");
        Mismatch { digest: 0, found, size: self.size, modified: self.modified }
    }

    fn verdict(&self, hashes: &Hashes, target: &Target<'_>) -> Outcome {
        self.mismatch(hashes, target).map_or(Outcome::Verified(None), Outcome::Mismatch)
    }
}

fn check_zip(
    cache: &Root,
    worker: &mut Worker<'_>,
    module: &str,
    version: &str,
    targets: &[Target<'_>],
) -> Result<Found, Refused> {
    let mut found = check_note(cache, module, version, targets)?;
    let mut archive = None;
    if let Some(opened) = cache.open(download(module, version, "zip"))? {
        let file = File::of(&opened);
        let listing = listing_of_zip(opened, &file, worker)?;
        let verdict = |target: &Target<'_>| match &listing {
            Ok(listing) => file.verdict(&dirhash::of(listing), target),
            Err(why) => Outcome::Mismatch(Box::new(file.no_archive(why))),
        };
        found.extend(facts_for(targets, &STORE, &file.shown, None, verdict));
        archive = Some(listing.unwrap_or_default());
    }
    // Capitals are escaped there as well.
    if let Some(folder) = cache.enter(format!("{module}@{version}"))? {
        let prefix = format!("{}@{}", targets[0].package().name.as_str(), targets[0].package().version());
        let unpacked = listing(&folder, &prefix, worker)?;
        let at = folder.path().display().to_string();
        for target in targets {
            let outcome = unpacked_verdict(target, archive.as_ref(), &unpacked, &prefix);
            found.extend(outcome.map(|outcome| (target.lockfile, target.fact(&UNPACKED, &at, outcome))));
        }
    }
    Ok(found)
}

/// What can't be read as an archive is not the one that was fetched; one without end is refused.
fn listing_of_zip(
    mut opened: Opened,
    file: &File,
    worker: &mut Worker<'_>,
) -> Result<Result<Listing, std::io::Error>, Refused> {
    let listing = dirhash::of_zip(&mut opened, &mut worker.buffer);
    opened.is_steady()?;
    match listing {
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(file.broken(&error)),
        listing => Ok(listing),
    }
}

/// Nothing where nothing can be said: the archive is there, and is itself not the pinned one.
fn unpacked_verdict(
    target: &Target<'_>,
    archive: Option<&Listing>,
    unpacked: &Listing,
    prefix: &str,
) -> Option<Outcome> {
    let holds = |listing: &Listing| dirhash::of(listing).contradiction(target.artifact()).is_none();
    if holds(unpacked) {
        return Some(Outcome::Verified(None));
    }
    let Some(archive) = archive else { return Some(Outcome::Altered(Vec::new())) };
    // An archive of another tool may list folders, which are hashed there and are no files here.
    let altered = holds(archive).then(|| differences(archive, unpacked, prefix))?;
    Some(if altered.is_empty() { Outcome::Verified(None) } else { Outcome::Altered(altered) })
}

/// Go's note beside an archive: what it takes the archive's hash to be.
fn check_note(cache: &Root, module: &str, version: &str, targets: &[Target<'_>]) -> Result<Found, Refused> {
    let Some(opened) = cache.open(download(module, version, "ziphash"))? else { return Ok(Vec::new()) };
    let file = File::of(&opened);
    let bytes = opened.all(LONGEST)?;
    let note = String::from_utf8_lossy(&bytes);
    let digest = integrity::dirhash(note.trim(), Subject::Tree);
    let Some((algorithm, hash)) = digest.hash() else { return Ok(Vec::new()) };
    let hashes = Hashes::of(algorithm, &hash[..algorithm.length()]);
    let denied = targets.iter().filter_map(|target| {
        let outcome = Outcome::Denied(file.mismatch(&hashes, target)?);
        Some(facts_for(&[*target], &STORE, &file.shown, None, |_| outcome.clone()))
    });
    Ok(denied.flatten().collect())
}

/// The files of an unpacked module, as Go names them.
fn listing(folder: &Root, prefix: &str, worker: &mut Worker<'_>) -> Result<Listing, Refused> {
    let mut files = Vec::new();
    cargo_cache::list(folder, &mut PathBuf::new(), &mut files)?;
    let mut listing = Listing::new();
    for path in files {
        let Some(mut opened) = folder.open(&path)? else { continue };
        let shown = opened.path.clone();
        let hash = sha256(&mut opened, &mut worker.buffer);
        let hash = hash.map_err(|error| Refused::unreadable(&shown, &error))?;
        opened.is_steady()?;
        listing.insert(format!("{prefix}/{path}"), hash.into());
    }
    Ok(listing)
}

/// By file.
fn differences(archived: &Listing, unpacked: &Listing, prefix: &str) -> Vec<Altered> {
    let name = |path: &str| path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/').to_owned();
    let mut altered = Vec::new();
    for (path, hash) in archived.iter().filter(|(path, _)| !path.ends_with('/')) {
        let how = match unpacked.get(path) {
            None => How::Missing,
            Some(other) if other != hash => How::Edited,
            Some(_) => continue,
        };
        altered.push(Altered { path: name(path), how });
    }
    let added = unpacked.keys().filter(|path| !archived.contains_key(*path));
    altered.extend(added.map(|path| Altered { path: name(path), how: How::Added }));
    altered.sort();
    altered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_are_escaped() {
        assert_eq!(escape("example.com/Acme/x").as_deref(), Some("example.com/!acme/x"));
        assert_eq!(escape("../x"), None);
        assert_eq!(escape("a//b"), None);
        assert_eq!(escape("a\\b"), None);
    }

    #[test]
    fn differing_files_are_named() {
        let listing = |files: &[(&str, u8)]| -> Listing {
            files.iter().map(|(name, byte)| (format!("m@v1/{name}"), [*byte; 32])).collect()
        };
        let (archived, unpacked) = (listing(&[("a", 1), ("b", 2)]), listing(&[("b", 3), ("c", 4)]));
        let found: Vec<_> = differences(&archived, &unpacked, "m@v1")
            .into_iter()
            .map(|it| format!("{} {:?}", it.path, it.how))
            .collect();
        assert_eq!(found, ["a Missing", "b Edited", "c Added"]);
    }
}

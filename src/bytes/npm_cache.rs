//! npm's cache: archives by the hash of their content. It proves pnpm's pins as well, which are of the same archives.

use data_encoding::HEXLOWER;

use super::queue::Job;
use super::{Archives, Copy, Search, Store};
use crate::disk::Root;
use crate::model::{Algorithm, Digest};

pub(super) static STORE: Store = Store {
    id: "npm-cache",
    name: "npm's cache",
    in_repository: false,
    proves: "the archive in npm's cache is the pinned one (also for pnpm, whose own store keeps files)",
    fetch: "npm ci",
    formats: &["npm", "pnpm"],
    find,
};

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let configured = search.sources.companions.iter().filter(|file| file.path == ".npmrc");
    let project = configured.filter_map(|file| file.head.as_ref()).map(|source| source.text()).next();
    let cache = search.environment.npm_cache(project.unwrap_or_default());
    let Some(content) = cache.and_then(|path| Root::new(&path.join("_cacache/content-v2"))) else {
        return Vec::new();
    };
    let mut archives = Archives::new(&STORE);
    for target in search.targets(&STORE) {
        let mut paths: Vec<_> = target.artifact().digests.iter().filter_map(path).collect();
        paths.sort();
        // The strongest hash that it is kept under decides.
        let only = paths.len() == 1;
        let is_kept = |path: &String| only || content.path().join(path).symlink_metadata().is_ok();
        let kept = paths.into_iter().rev().find(|(_, path)| is_kept(path));
        if let Some((_, path)) = kept {
            archives.add(Copy::InStore(content.clone(), path.into()), target);
        }
    }
    archives.into_jobs(search)
}

/// `sha512/ab/cd/<the other digits>`
fn path(digest: &Digest<'_>) -> Option<(Algorithm, String)> {
    let (algorithm, hash) = digest.hash()?;
    let hex = HEXLOWER.encode(&hash[..algorithm.length()]);
    Some((algorithm, format!("{}/{}/{}/{}", algorithm.name(), &hex[..2], &hex[2..4], &hex[4..])))
}

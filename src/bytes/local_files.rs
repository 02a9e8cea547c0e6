//! Archives in the repository that a lockfile names by their path: `file:vendor/x.tgz` of npm and pnpm, `path = "…"` of uv.

use super::queue::Job;
use super::{Archives, Copy, Search, Store, Target, resolve};

pub(super) static STORE: Store = Store {
    id: "local-files",
    name: "the repository",
    in_repository: true,
    proves: "an archive that the lockfile names by its path is the pinned one",
    fetch: "",
    formats: &["npm", "pnpm", "uv"],
    find,
};

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let mut archives = Archives::new(&STORE);
    for target in search.targets(&STORE) {
        if let Some(place) = path(target).and_then(|path| search.tree.file(&path)) {
            archives.add(Copy::InTree(place), target);
        }
    }
    archives.into_jobs(search)
}

/// Only what is plainly a file: folders have no digest.
fn path(target: Target<'_>) -> Option<String> {
    let package = target.package();
    if !package.origin.is_local() {
        return None;
    }
    let source = package.source.as_ref()?.as_str();
    let relative = match target.of.format.id {
        "uv" => source,
        _ => source.strip_prefix("file:")?,
    };
    const ENDS: [&str; 5] = [".tgz", ".tar.gz", ".whl", ".zip", ".tar"];
    let is_archive = ENDS.iter().any(|end| relative.ends_with(end));
    is_archive.then(|| resolve(target.of.folder(), relative))?
}

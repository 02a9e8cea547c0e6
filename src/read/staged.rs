//! Which ecosystems a staged change touches by artifacts alone: a vendored file, an archive that lies in the repository.
//!
//! Looked into only where the repository has any, as it means to read the index once more.

use std::collections::BTreeSet;

use crate::bytes::cargo_vendor;
use crate::ecosystems::formats;
use crate::git::changed::{Interest, Listed};
use crate::git::{Commit, Repo, RepoError};
use crate::model::{Ecosystem, folder};
use crate::text::source::Source;

/// Archives that lockfiles name by path or by file name, by how they end.
const ARCHIVES: [(&[u8], Ecosystem); 3] =
    [(b".tgz", Ecosystem::Npm), (b".whl", Ecosystem::PyPi), (b".tar.gz", Ecosystem::PyPi)];

/// Whether a path looks like an archive. Asked of every path of the index.
pub(crate) fn is_archive(path: &[u8]) -> bool {
    matches!(path.last(), Some(b'z' | b'l')) && ecosystem(path).is_some()
}

fn ecosystem(path: &[u8]) -> Option<Ecosystem> {
    ARCHIVES.iter().find(|(end, _)| path.ends_with(end)).map(|(_, ecosystem)| *ecosystem)
}

/// The folders that may hold vendored packages, each with a slash at its end: `paths` are those of lockfiles and
/// manifests, sorted.
fn vendored(paths: &[String], configs: &[Source]) -> BTreeSet<String> {
    let is_cargo =
        |path: &&String| formats::of_path(path.as_bytes()).is_some_and(|it| it.ecosystem == Ecosystem::Cargo);
    let beside =
        paths.iter().filter(is_cargo).filter_map(|path| crate::bytes::resolve(folder(path), "vendor"));
    let configured = configs.iter().flat_map(cargo_vendor::configured);
    let mut folders: BTreeSet<String> = beside.chain(configured).map(|folder| folder + "/").collect();
    // The manifests of vendored packages are among the paths.
    folders.retain(|folder| {
        let at = paths.partition_point(|path| path < folder);
        paths.get(at).is_some_and(|path| path.starts_with(folder))
    });
    folders
}

/// What differs between the index and a commit below vendored folders, and of archives.
pub(crate) fn touched(
    repo: &Repo,
    base: &Commit,
    paths: &[String],
    configs: &[Source],
    has_archives: bool,
) -> Result<BTreeSet<Ecosystem>, RepoError> {
    let folders = vendored(paths, configs);
    if folders.is_empty() && !has_archives {
        return Ok(BTreeSet::new());
    }
    let is_vendored = |path: &[u8]| folders.iter().any(|folder| path.starts_with(folder.as_bytes()));
    let holds_bytes = |path: &[u8]| is_vendored(path) || is_archive(path);
    let staging = repo.staging(&holds_bytes, false)?;
    let before: BTreeSet<Listed> =
        repo.list(base, Some(&staging), Interest::by_path(&holds_bytes))?.into_iter().collect();
    let now: BTreeSet<Listed> = staging.files.into_iter().collect();
    let of = |file: &Listed| match is_vendored(&file.path) {
        true => Some(Ecosystem::Cargo),
        false => ecosystem(&file.path),
    };
    Ok(now.symmetric_difference(&before).filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_their_end() {
        assert!(is_archive(b"wheels/x-1.0-py3-none-any.whl") && is_archive(b"x.tar.gz"));
        assert!(!is_archive(b"x.html") && !is_archive(b"x.gz") && !is_archive(b""));
    }

    #[test]
    fn vendored_folders_hold_manifests() {
        let paths = ["Cargo.lock", "a/Cargo.lock", "a/vendor/x/Cargo.toml", "vendors/Cargo.toml"];
        let paths = paths.map(str::to_owned);
        assert_eq!(vendored(&paths, &[]).into_iter().collect::<Vec<_>>(), ["a/vendor/"]);
    }
}

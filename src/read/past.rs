//! Reads what lies behind the two sides: the history of the head, and the other sides of a merge.

use rayon::prelude::*;

use super::ReadError;
use crate::ecosystems::formats;
use crate::git::changed::Interest;
use crate::git::{Commit, Repo, RepoError};
use crate::policy::Policy;
use crate::read::discover::spell;
use crate::read::witness::Witnesses;
use crate::text::source::{Side, Source};

/// So many versions are in memory at once.
const BATCH: usize = 64;

/// The hashes of every version of every lockfile that a commit can be traced back to.
pub(super) fn witnesses(repo: &Repo, from: &Commit, policy: &Policy) -> Result<Witnesses, RepoError> {
    let is_lockfile = |path: &[u8]| formats::of_path(path).is_some() && !policy.excludes(&spell(path));
    let versions = repo.versions(from, &is_lockfile)?;
    let mut witnesses = Witnesses::default();
    for batch in versions.chunks(BATCH) {
        let sources = batch.iter().map(|version| {
            let side = Side::Revision(version.commit.clone());
            repo.blob(&version.file).map(|bytes| Source::new(spell(&version.file.path), side, bytes))
        });
        let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
        let read: Vec<_> = sources
            .par_iter()
            .map(|source| formats::of_path(source.path.as_bytes()).map(|format| format.read(source)))
            .collect();
        for (lockfile, version) in read.iter().zip(batch) {
            lockfile.iter().for_each(|lockfile| witnesses.add(lockfile, &version.commit));
        }
    }
    Ok(witnesses)
}

/// The lockfiles of the sides of a merge, but for one that is compared with anyway.
pub(super) fn merged(
    repo: &Repo,
    head: Option<&Commit>,
    base: Option<&Commit>,
    policy: &Policy,
) -> Result<Vec<Source>, ReadError> {
    let is_lockfile = |path: &[u8]| formats::of_path(path).is_some() && !policy.excludes(&spell(path));
    let mut sources = Vec::new();
    for side in repo.merged(head)?.into_iter().filter(|side| base.is_none_or(|base| base.id != side.id)) {
        for file in repo.list(&side, None, Interest::by_path(&is_lockfile))? {
            sources.push(Source::new(spell(&file.path), side.side(), repo.content(&file, Some(&side))?));
        }
    }
    Ok(sources)
}

//! Which policy judges, and what both sides have as one.

use std::path::Path;

use super::{At, HeadSide, Place, ReadError, is_there, read_file};
use crate::disk;
use crate::git::changed::Listed;
use crate::git::{Commit, Repo, RepoError};
use crate::policy::sides::{Sides, Stated};
use crate::policy::{FILES, Policy, PolicyError};
use crate::read::options::{Options, PolicyFile, PolicyFrom};
use crate::text::source::{Side, Source};

/// What was read.
#[derive(Default)]
pub(super) struct Policies {
    pub(super) policy: Policy,
    pub(super) path: Option<String>,
    pub(super) sides: Sides,
}

/// What each side has.
pub(super) struct Places<'p> {
    pub(super) head: &'p [Place],
    pub(super) base: &'p [Listed],
}

pub(super) fn read(
    repo: &Repo,
    root: &Path,
    options: &Options,
    places: &Places<'_>,
    (head, base): (&HeadSide, Option<&Commit>),
) -> Result<Policies, ReadError> {
    match &options.policy {
        PolicyFile::None => return Ok(Policies::default()),
        PolicyFile::At(path) => return at(&options.folder.join(path)),
        PolicyFile::Default => {}
    }
    let mut sides = Sides {
        head: head_side(repo, root, places.head, head)?,
        base: base.map(|commit| base_side(repo, places.base, commit)).transpose()?.flatten(),
        base_judges: options.policy_from() == PolicyFrom::Base,
        hidden: Vec::new(),
        unstaged: None,
    };
    if matches!(head, HeadSide::Index) && !sides.base_judges {
        let staged = sides.head.as_ref().map(|it| it.source.raw().to_owned());
        sides.unstaged = in_worktree(root).filter(|it| Some(it.source.raw()) != staged.as_deref());
    }
    judging(sides)
}

/// Outside of a repository there is one side.
pub(super) fn read_folder(folder: &Path, options: &Options) -> Result<Policies, ReadError> {
    match &options.policy {
        PolicyFile::None => Ok(Policies::default()),
        PolicyFile::At(path) => at(path),
        PolicyFile::Default => match FILES.iter().find(|name| is_there(folder, name.as_bytes())) {
            Some(name) => {
                let source = Source::new(*name, Side::Worktree, read_file(folder, name.as_bytes())?);
                judging(Sides { head: Some(Stated::new(source)), ..Sides::default() })
            }
            None => Ok(Policies::default()),
        },
    }
}

fn judging(sides: Sides) -> Result<Policies, ReadError> {
    let Some(judge) = sides.judging() else { return Ok(Policies { sides, ..Policies::default() }) };
    let policy = judge.policy.clone().map_err(|error| advise(error, sides.base_judges))?;
    let path = Some(judge.source.side.spell(&judge.source.path));
    Ok(Policies { policy, path, sides })
}

/// A change that repairs the policy must be able to land.
fn advise(mut error: PolicyError, base_judges: bool) -> PolicyError {
    if base_judges {
        error.help.push_str(" If this change repairs it: `--policy-from head`.");
        error.help = error.help.trim_start().to_owned();
    }
    error
}

/// What stands on the disk. It does not judge: what can't be read is left to a run that asks for it.
fn in_worktree(root: &Path) -> Option<Stated> {
    let name = FILES.iter().find(|name| root.join(name).is_file())?;
    let bytes = read_file(root, name.as_bytes()).ok()?;
    Some(Stated::new(Source::new(*name, Side::Worktree, bytes)))
}

fn head_side(
    repo: &Repo,
    root: &Path,
    places: &[Place],
    head: &HeadSide,
) -> Result<Option<Stated>, RepoError> {
    for name in FILES {
        let Some(place) = places.iter().find(|place| place.path == name.as_bytes()) else {
            // Git may ignore it; on the disk it is all the same.
            if matches!(head, HeadSide::Worktree) && root.join(name).is_file() {
                let bytes = read_file(root, name.as_bytes())?;
                return Ok(Some(Stated::new(Source::new(name, Side::Worktree, bytes))));
            }
            continue;
        };
        let (side, bytes) = match &place.at {
            At::Blob(listed) => (head.side(), repo.content(listed, head.commit())?),
            At::Disk { .. } => (Side::Worktree, read_file(root, &place.path)?),
        };
        return Ok(Some(Stated::new(Source::new(name, side, bytes))));
    }
    Ok(None)
}

fn base_side(repo: &Repo, places: &[Listed], commit: &Commit) -> Result<Option<Stated>, RepoError> {
    for name in FILES {
        let Some(listed) = places.iter().find(|file| file.path == name.as_bytes()) else { continue };
        let bytes = repo.content(listed, Some(commit))?;
        return Ok(Some(Stated::new(Source::new(name, commit.side(), bytes))));
    }
    Ok(None)
}

/// A policy that the user named: it is no part of what is compared.
fn at(path: &Path) -> Result<Policies, ReadError> {
    let shown = path.display().to_string();
    let bytes = match disk::read(path, Source::LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(ReadError::Usage(format!("{shown} is not there"))),
        Err(refused) => return Err(RepoError::from(refused).into()),
    };
    let stated = Stated::new(Source::new(shown, Side::Worktree, bytes));
    judging(Sides { head: Some(stated), ..Sides::default() })
}

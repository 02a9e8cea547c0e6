//! Whether what is generated is what is committed: generate it twice, and nothing may differ from HEAD.

use std::fs;
use std::path::Path;

use crate::git::drift::Snapshot;
use crate::git::{Repo, RepoError};
use crate::read::discover::{Selection, SelectionError};

/// What two runs of a generator changed; paths from the root of the repository, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// What the first run left other than HEAD has it: it is stale, or was edited by hand.
    pub from_head: Vec<String>,
    /// What the second run left other than the first did: the generator is not deterministic.
    pub between_runs: Vec<String>,
}

impl Drift {
    /// Both runs left what HEAD has.
    pub fn is_none(&self) -> bool {
        self.from_head.is_empty() && self.between_runs.is_empty()
    }
}

/// Why a generator could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum RegenError<E> {
    /// The generator failed.
    #[error("{0}")]
    Generator(E),
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// A glob that is none, or that no file matches: a typing error must not look like a clean run.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error("{0} is in no git repository: there is nothing to compare with")]
    NoRepository(String),
}

/// Runs a generator twice, and says which of the files that `globs` name (or files, or folders; relative to `root`) are
/// not what HEAD has after the first run, and not what the first run left after the second. Running it twice alone would
/// pass a stale file; comparing with HEAD alone would pass a generator that is only lucky. What git ignores is not looked
/// at.
///
/// ```no_run
/// use lockproof::gate;
///
/// let drift = gate::unchanged(".", &["docs/**/*.md"], || std::fs::write("docs/cli.md", "…"))?;
/// assert!(drift.is_none(), "not up to date: {}", drift.from_head.join(", "));
/// # Ok::<(), gate::RegenError<std::io::Error>>(())
/// ```
pub fn unchanged<E>(
    root: impl AsRef<Path>,
    globs: &[&str],
    mut generate: impl FnMut() -> Result<(), E>,
) -> Result<Drift, RegenError<E>> {
    let folder = root.as_ref();
    let unreadable = |error: std::io::Error| {
        RegenError::Repo(RepoError::Unreadable { path: folder.display().to_string(), why: error.to_string() })
    };
    let folder = fs::canonicalize(folder).map_err(unreadable)?;
    let repo = Repo::open(&folder)?.ok_or_else(|| RegenError::NoRepository(folder.display().to_string()))?;
    let worktree = fs::canonicalize(repo.root()?).map_err(unreadable)?;
    let globs: Vec<String> = globs.iter().map(|&glob| glob.to_owned()).collect();
    let selection = Selection::new(&globs, &folder, &worktree)?;
    let wanted = |path: &str| selection.has(path);

    let mut run = || {
        generate().map_err(RegenError::Generator)?;
        let changed = repo.changed_from_head(&wanted)?;
        let snapshot = repo.snapshot(&wanted, &changed)?;
        Ok::<_, RegenError<E>>((changed, snapshot))
    };
    let (from_head, first) = run()?;
    let (_, second) = run()?;
    selection.check(&globs, first.keys().chain(second.keys()).map(String::as_str))?;
    Ok(Drift { from_head, between_runs: differing(&first, &second) })
}

fn differing(first: &Snapshot, second: &Snapshot) -> Vec<String> {
    let paths: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
    let of = |snapshot: &Snapshot, path: &String| snapshot.get(path).copied().flatten();
    paths.into_iter().filter(|path| of(first, path) != of(second, path)).cloned().collect()
}

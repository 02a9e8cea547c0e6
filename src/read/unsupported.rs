//! Lockfiles of kinds that can't be read: that they are there, and whether a change touches them.

use std::collections::BTreeSet;
use std::path::Path;

use super::{File, Pair, Reader, read_file};
use crate::ecosystems::unread;
use crate::ecosystems::unread::{Kind, SUBMODULE};
use crate::git::{Commit, Repo, RepoError, Staging};
use crate::read::discover::spell;
use crate::text::source::{Side, Source};

/// A lockfile that nothing is checked of.
pub struct Unsupported {
    pub path: String,
    pub kind: &'static Kind,
    /// Each side that has it, without the text.
    pub head: Option<Source>,
    pub base: Option<Source>,
    /// It is not the same on both sides.
    pub changed: bool,
    /// The user's PATHs include it.
    pub judged: bool,
}

impl Unsupported {
    /// What is at a file's place, when that is one.
    pub fn of(file: &File, kind: &'static Kind) -> Option<Unsupported> {
        let is_one = |source: &&Source| kind.is_one(source);
        let (head, base) = (file.head.as_ref().filter(is_one), file.base_source().filter(is_one));
        Unsupported::new(&file.path, kind, [head, base].map(|it| it.map(|it| &it.side)), !file.same)
    }

    fn new(
        path: &str,
        kind: &'static Kind,
        [head, base]: [Option<&Side>; 2],
        changed: bool,
    ) -> Option<Unsupported> {
        let bare = |side: &Side| Source::new(path, side.clone(), Vec::new());
        let is_there = head.is_some() || base.is_some();
        is_there.then(|| Unsupported {
            path: path.to_owned(),
            kind,
            head: head.map(bare),
            base: base.map(bare),
            changed,
            judged: true,
        })
    }
}

/// Looks at all of them, as closely as it takes to tell what they are and whether they changed.
pub(super) fn look(
    reader: &Reader<'_>,
    repo: &Repo,
    pairs: Vec<Pair>,
) -> Result<Vec<Unsupported>, RepoError> {
    let found = reader.each(repo, pairs, |repo, pair| look_at(reader, repo, pair))?;
    Ok(found.into_iter().flatten().collect())
}

fn look_at(reader: &Reader<'_>, repo: Option<&Repo>, pair: &Pair) -> Option<Unsupported> {
    let kind = unread::of_path(&pair.path)?;
    let both_and_unsure =
        pair.changed && pair.base.is_some() && pair.head.as_ref().is_some_and(|it| it.id().is_none());
    if !kind.is_certain() || both_and_unsure {
        let mut file = File::new(spell(&pair.path));
        if repo.is_some_and(|repo| reader.fill(repo, pair, &mut file).is_ok()) {
            return Unsupported::of(&file, kind);
        }
        // What can't be told from a lockfile is taken for one.
    }
    let base = reader.base.map(Commit::side).filter(|_| pair.base.is_some());
    let head = pair.head.as_ref().map(|_| reader.head);
    Unsupported::new(&spell(&pair.path), kind, [head, base.as_ref()], pair.changed)
}

/// Outside of a repository.
pub(super) fn in_folder(folder: &Path, path: &[u8]) -> Option<Unsupported> {
    let kind = unread::of_path(path)?;
    let shown = spell(path);
    if !kind.is_certain()
        && let Ok(bytes) = read_file(folder, path)
    {
        let head = Some(Source::new(&*shown, Side::Worktree, bytes));
        return Unsupported::of(&File { head, ..File::new(shown) }, kind);
    }
    Unsupported::new(&shown, kind, [Some(&Side::Worktree), None], false)
}

/// The folders of lockfiles that went, where another repository stands now.
pub(super) fn submodules(
    repo: &Repo,
    reader: &Reader<'_>,
    staging: Option<&Staging>,
    removed: &[&str],
) -> Vec<Unsupported> {
    let above =
        |path: &&str| path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect::<Vec<_>>();
    let folders: BTreeSet<String> = removed.iter().flat_map(above).collect();
    let staged =
        |folder: &str| staging.is_some_and(|it| it.submodules.iter().any(|path| path == folder.as_bytes()));
    let is_one = |folder: &&String| match reader.commit {
        Some(commit) => repo.is_submodule(folder, commit),
        None => staged(folder),
    };
    let found = folders.iter().filter(is_one);
    found.filter_map(|it| Unsupported::new(it, &SUBMODULE, [Some(reader.head), None], true)).collect()
}

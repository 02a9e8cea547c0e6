//! The library of tampering: each operator is one thing that somebody could do to a lockfile, or around it.

mod addresses;
mod deception;
mod entries;
mod exemptions;
mod hashes;
mod history;
mod origins;
mod repository;
mod structure;
mod undecided;
mod visible;

use lockproof::read::options::Options;

use super::git::Repo;
use super::scene::{Edits, Entry, Lock, Scene};
use super::tree::Change;
use crate::random::Random;
use crate::tools::Failure;

/// What lockproof has to say to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    Error,
    /// A warning or a note.
    Visible,
    /// Nobody can tell offline.
    Undecided,
}

pub(crate) struct Operator {
    pub(crate) name: &'static str,
    pub(crate) grade: Grade,
    /// Why it has that grade.
    pub(crate) why: &'static str,
    /// Formats in which it can't be done, with the reason.
    pub(crate) except: &'static [(&'static str, &'static str)],
    pub(crate) act: Act,
}

/// What an operator works on. It does nothing where it finds no place for its work.
pub(crate) enum Act {
    /// One entry of the lockfile.
    Entry(Pick, fn(&Entry<'_, '_>, &mut Random) -> Edits),
    /// The lockfile's text.
    File(fn(&Lock<'_>, &mut Random) -> Edits),
    /// Both sides of the change.
    Trees(fn(&Scene<'_>) -> Option<Change>),
    /// A repository, with branches and merges; how it is then checked.
    History(fn(&Scene<'_>, &Repo) -> Result<Option<Options>, Failure>),
}

/// The entries that an operator may choose from.
#[derive(Clone, Copy)]
pub(crate) enum Pick {
    /// Hashed, from a registry, and on the base side too.
    Kept,
    /// Hashed, from a registry, and not on the base side.
    New,
    Any,
}

impl Operator {
    /// Why it can't be done in a format.
    pub(crate) fn exception(&self, format: &str) -> Option<&'static str> {
        self.except.iter().find(|(id, _)| *id == format).map(|(_, why)| *why)
    }

    /// Whether it edits one lockfile only: then it can be combined with another.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.act, Act::Entry(..) | Act::File(_))
    }

    /// The change, tampered with. Not for what needs a repository.
    pub(crate) fn apply(&self, scene: &Scene<'_>) -> Option<Change> {
        let edited = match &self.act {
            Act::Entry(pick, edit) => scene.edit(|lock, random| first(lock, *pick, *edit, random)),
            Act::File(edit) => scene.edit(edit),
            Act::Trees(make) => return make(scene),
            Act::History(_) => None,
        };
        let head = edited.filter(|head| head != scene.head)?;
        Some(Change { base: scene.base.clone(), head })
    }
}

/// The first entry, in an order that looks random, to which it can be done.
fn first(
    lock: &Lock<'_>,
    pick: Pick,
    edit: fn(&Entry<'_, '_>, &mut Random) -> Edits,
    random: &mut Random,
) -> Edits {
    let fits = |entry: &Entry<'_, '_>| match pick {
        Pick::Kept => entry.is_hashed() && entry.is_kept(),
        Pick::New => entry.is_hashed() && entry.is_new(),
        Pick::Any => true,
    };
    lock.shuffled(random).into_iter().filter(fits).find_map(|entry| edit(&entry, random))
}

/// All of them, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Operator> {
    [
        hashes::ALL,
        addresses::ALL,
        deception::ALL,
        origins::ALL,
        entries::ALL,
        structure::ALL,
        exemptions::ALL,
        repository::ALL,
        history::ALL,
        visible::ALL,
        undecided::ALL,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use lockproof::ecosystems::formats;

    use super::*;

    #[test]
    fn names_are_told_apart_and_exceptions_speak_of_formats() {
        let mut names = HashSet::new();
        for operator in all() {
            assert!(names.insert(operator.name), "{} stands twice", operator.name);
            for (id, why) in operator.except {
                assert!(
                    formats::ALL.iter().any(|format| format.id == *id),
                    "{}: no format {id}",
                    operator.name
                );
                assert!(!why.is_empty(), "{}: why not {id}?", operator.name);
            }
        }
        assert!(names.len() >= 40, "only {} operators", names.len());
    }
}

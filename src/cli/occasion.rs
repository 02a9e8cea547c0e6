//! On what occasion a hook of pre-commit or prek runs. They tell it by the environment: a range of commits that is pushed
//! or was asked for, or, when it is only set, that there is no commit in the making.

use std::env;
use std::path::{Path, PathBuf};

use super::check::SideArgs;
use crate::read::options::{Base, Head, Options};
use crate::read::{self, ReadError, Sources};

const FROM: &str = "PRE_COMMIT_FROM_REF";
const TO: &str = "PRE_COMMIT_TO_REF";

/// What is judged, and what it is compared with: what was typed, or the range of the occasion. `--staged` gives way: no
/// range is in the index.
pub(super) fn sides(typed: &SideArgs) -> Result<(Head, Base), String> {
    choose(typed, &variable)
}

fn choose(typed: &SideArgs, variable: &dyn Fn(&str) -> Option<String>) -> Result<(Head, Base), String> {
    let names_a_base = typed.base.is_some() || typed.against.is_some() || typed.no_base;
    if names_a_base || typed.head.is_some() {
        return Ok((typed.head(), typed.base()));
    }
    match (variable(FROM), variable(TO)) {
        (Some(from), Some(to)) => Ok((Head::Revision(to), Base::MergeBase(from))),
        (None, None) => {
            // The first push of a history: pre-commit then names no range, since there is nothing to begin it.
            let pushed = variable("PRE_COMMIT_REMOTE_NAME").and(variable("PRE_COMMIT_LOCAL_BRANCH"));
            Ok(pushed.map_or((typed.head(), typed.base()), |branch| (Head::Revision(branch), Base::None)))
        }
        (Some(_), None) => Err(format!("{FROM} is set, but {TO} is not: what range is meant?")),
        (None, Some(_)) => Err(format!("{TO} is set, but {FROM} is not: what range is meant?")),
    }
}

/// Reads what the options ask for. `pre-commit run --all-files` runs the same command as a commit does, though nothing is
/// staged: all lockfiles are meant then.
pub(super) fn read(options: &mut Options) -> Result<Sources, ReadError> {
    let sources = read::read(options)?;
    // Git names the index to the hooks of a commit.
    let by_hand = variable("PRE_COMMIT").is_some() && variable("GIT_INDEX_FILE").is_none();
    let nothing = sources.lockfiles.is_empty() && sources.problems.is_empty();
    if !(options.head == Head::Index && by_hand && nothing) {
        return Ok(sources);
    }
    options.head = Head::Worktree;
    read::read(options)
}

/// Where the user stands: git starts hooks at the root, and says from which folder of it the user did.
pub(super) fn stands(folder: &Path) -> Option<PathBuf> {
    variable("GIT_PREFIX")
        .map(|prefix| folder.join(prefix))
        .filter(|it| it.is_dir() && folder.join(".git").exists())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(typed: &SideArgs, set: &[(&str, &str)]) -> Result<(Head, Base), String> {
        let variable = |name: &str| set.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        choose(typed, &variable)
    }

    #[test]
    fn a_range_counts_unless_a_side_was_typed() {
        let set = [(FROM, "a"), (TO, "b")];
        let range = (Head::Revision("b".into()), Base::MergeBase("a".into()));
        let staged = SideArgs { staged: true, ..SideArgs::default() };
        assert_eq!(sides(&SideArgs::default(), &set), Ok(range.clone()));
        assert_eq!(sides(&staged, &set), Ok(range));
        assert_eq!(sides(&staged, &[]), Ok((Head::Index, Base::Default)));
        let typed = SideArgs { base: Some("c".into()), ..SideArgs::default() };
        assert_eq!(sides(&typed, &set), Ok((Head::Worktree, Base::MergeBase("c".into()))));
        assert!(sides(&staged, &set[..1]).is_err() && sides(&staged, &set[1..]).is_err());
    }

    #[test]
    fn a_first_push_has_nothing_to_be_compared_with() {
        let set = [("PRE_COMMIT_REMOTE_NAME", "origin"), ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")];
        let expected = (Head::Revision("refs/heads/main".into()), Base::None);
        assert_eq!(sides(&SideArgs::default(), &set), Ok(expected));
    }
}

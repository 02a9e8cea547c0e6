//! A lockfile is of a kind that lockproof can't read yet.
//!
//! Nothing in it was checked: not what it pins, and not what changed in it. That is no fault of the file, so it is a warning
//! and fails no run; but a run that is green says nothing about it. One that a change touches, adds or removes is told in
//! that change again. A project that became a submodule is told as well: its lockfiles are another repository's now.
//!
//! ```diff yarn.lock
//! +# yarn lockfile v1
//! ```
//!
//! Files with requirements for pip count when they have hashes (`--hash=`): `.txt` and `.in` with `requirements`, `constraints`,
//! `reqs`, `deps` or `lock` in their names, or in a folder that is called `requirements`, `reqs`, `deps`, `dependencies` or
//! `pip`.
//!
//! Look at its changes by hand. Where that is settled, say so in `lockproof.toml`: `unread-lockfile = "off"` for its path, in an
//! `[[override]]`, or its path under `exclude` in `[files]`; a single one can be accepted with a reason. Then
//! `--require-coverage` passes as well, which otherwise ends with exit code 3 when a lockfile was not read.

use crate::ecosystems::formats::Family;
use crate::ecosystems::unread::SUBMODULE;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::folder;
use crate::policy::Policy;
use crate::policy::exceptions::{Exceptions, Subject};
use crate::read::discover;
use crate::rules::{Check, Rule};
use crate::world::{Context, Unread};
use sha2::{Digest as _, Sha256};

pub static RULE: Rule = Rule {
    id: "unread-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("unread_lockfile.rs"),
    checks: &[Check::Repository(check), Check::Range(check_removed)],
};

const HELP: &str =
    "Look at it by hand. If that is settled, turn `unread-lockfile` off for its path in lockproof.toml.";

/// Whether the policy says that it is all right not to check the file.
pub fn is_accepted(policy: &Policy, exceptions: &Exceptions<'_>, path: &str) -> bool {
    let subject =
        Subject { rule: &RULE, path, package: None, sha256: Sha256::digest(path).into(), before: None };
    policy.level(RULE.id, path) == Some(None) || exceptions.accepting(&subject).is_some()
}

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for it in &cx.head.unread {
        let path = &it.source.path;
        let message = match (it.kind.id == SUBMODULE.id, it.changed, it.is_on_both) {
            (true, ..) => format!("{path} became a submodule, so its lockfiles are not checked any more."),
            (_, true, true) => {
                format!("{path} changed, and nothing in it was checked: lockproof can't read it yet.")
            }
            (_, true, false) if cx.base.is_some() => {
                format!("{path} is new, and nothing in it was checked: lockproof can't read it yet.")
            }
            _ => format!("{path} was not checked: lockproof can't read it yet."),
        };
        let found = report.source(it.source, "", message);
        let help = if it.kind.id == SUBMODULE.id { "Check that repository itself." } else { HELP };
        found.without_place().value(path).help(help);
        if it.changed {
            found.fresh();
        }
    }
}

/// Nobody else tells that such a file went.
fn check_removed<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let gone = |it: &&Unread<'_>| !it.is_on_both;
    for it in cx.base.iter().flat_map(|base| &base.unread).filter(gone) {
        let path = &it.source.path;
        // It is there, and no lockfile any more: requirements without hashes.
        if cx.head.has_path(path) {
            let found = report.source(it.source, "", format!("{path} pins no hashes any more."));
            found.without_place().value(path).help("If that is not meant, take it back from git.").fresh();
            continue;
        }
        // Another lockfile in its place, read or not, has a line of its own.
        let serves =
            |other: &&String| folder(other) == folder(path) && discover::is_lockfile(other.as_bytes());
        if cx.head.paths.iter().any(|other| serves(&other)) {
            continue;
        }
        let found =
            report.source(it.source, "", format!("{path} was removed, and no lockfile took its place."));
        let help = "If it is still needed, take it back from git.";
        found.without_place().value(path).help(help).fresh();
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const HASHED: &str = "a==1 --hash=sha256:00\n";

    #[test]
    fn each_is_told_once_and_its_change_again() {
        check("unread-lockfile")
            .both("a/yarn.lock", "")
            .base("b/poetry.lock", "1")
            .head("b/poetry.lock", "2")
            .head("c/Gemfile.lock", "")
            .head("d/YARN.LOCK", "")
            .head("requirements.txt", "a==1\n")
            .finds(&[
                "a/yarn.lock warning a/yarn.lock was not checked: lockproof can't read it yet.",
                "b/poetry.lock warning b/poetry.lock changed, and nothing in it was checked: lockproof can't read it yet.",
                "c/Gemfile.lock warning c/Gemfile.lock is new, and nothing in it was checked: lockproof can't read it yet.",
                "d/YARN.LOCK warning d/YARN.LOCK is new, and nothing in it was checked: lockproof can't read it yet.",
            ]);
        let both =
            check("unread-lockfile").both("a/yarn.lock", "").base("yarn.lock", "1").head("yarn.lock", "2");
        assert_eq!(both.fresh().len(), 1);
    }

    #[test]
    fn hashes_make_and_unmake_a_lockfile() {
        let found = |before: &str, after: &str| {
            let found = check("unread-lockfile")
                .base("requirements.txt", before)
                .head("requirements.txt", after)
                .all();
            found.into_iter().map(|it| it.message).collect::<Vec<_>>()
        };
        assert!(found("a==1\n", HASHED)[0].contains("is new"));
        assert!(found(HASHED, "a==1\n")[0].contains("pins no hashes any more"));
        assert!(found("a==1\n", "a==2\n").is_empty());
    }

    #[test]
    fn one_may_take_another_s_place() {
        let gone = || check("unread-lockfile").base("yarn.lock", "").head("package.json", "{}");
        gone().finds(&["yarn.lock warning yarn.lock was removed, and no lockfile took its place."]);
        gone().head("package-lock.json", "{}").finds(&[]);
    }

    #[test]
    fn the_policy_may_accept_a_path() {
        check("unread-lockfile")
            .policy("[[override]]\npaths = ['a/**']\nrules = { unread-lockfile = 'off' }")
            .head("a/yarn.lock", "")
            .finds(&[]);
    }
}

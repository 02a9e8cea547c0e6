//! A package comes straight from a git repository.
//!
//! No registry has published it, and no hash of an archive pins it: the commit does. What the project's own manifest
//! declares is fine, and so is what a declared repository brings along. Else it is a warning: another package of the
//! lockfile has asked for it.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "git+https://git.example.com/acme/itoa?branch=main#0123456789012345678901234567890123456789"
//!            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no manifest here asks for git.example.com/acme/itoa
//! ```
//!
//! When the repository of a package changes and no manifest says so, that is an error, and so is another repository than
//! the one that the manifest names for it, and a commit that is not the one that the address or the manifest asks for.
//! Another commit of the same repository is a note, and a warning where the same tag is asked for on both sides. A folder
//! of a repository is a place of its own (`git.example.com/acme/itoa#subdirectory=lib`), and a forge's archive of a commit
//! is its repository. What only other packages from git lead to is a warning, whatever the manifest asks for by that name.
//! `[git] allow` in `lockproof.toml` lists repositories that may be used without a word.

use crate::check::excuse::TWO_STEPS;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::Slot;
use crate::model::url;
use crate::model::{Git, Lockfile, Origin, Package};
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::{Brought, Context};

pub static RULE: Rule = Rule {
    id: "git-source",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("git_source.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    if let Origin::Git(git) = &package.origin {
        judge(cx, lockfile, package, git, report);
    }
}

fn judge<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    git: &'a Git<'a>,
    report: &mut Report<'a>,
) {
    let ecosystem = lockfile.ecosystem();
    let declared = cx.head.declaration(lockfile, None, &git.repository).is_some();
    let allowed = declared || cx.policy.allows_git(&git.repository);
    let origins =
        cx.base.as_ref().map_or(&[][..], |base| base.fold(ecosystem).origins(package.name.as_str()));
    let before: Vec<_> = origins
        .iter()
        .filter_map(
            |(_, slot)| if let Origin::Git(git) = &slot.package.origin { Some((git, *slot)) } else { None },
        )
        .collect();
    let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
    let name = package.name.as_str();
    let same = before.iter().find(|(old, _)| old.repository == git.repository);
    let stayed = before.iter().any(|(old, _)| old.repository == git.repository && old.commit == git.commit);
    if let Some((asked, line)) = contradicted(cx, lockfile, package, git, stayed) {
        let message = format!("{name} is to come from commit {asked}, and comes from another one.");
        let found = report.package(lockfile, package, Field::Source, &at, message);
        found.level(Level::Error).label("another commit").help(cx.restore(lockfile));
        if let Some((manifest, line)) = line {
            found.related(manifest, line, "what a manifest asks for");
        }
    } else if let Some((old, slot)) = same.filter(|_| !stayed) {
        let message = format!("{name} moved to another commit of {}.", git.repository);
        let found = report.package(lockfile, package, Field::Source, &at, message);
        let old_line = slot.package.source.as_ref().map_or(slot.package.heading(), |it| it.raw);
        found
            .level(if is_tag(cx, slot.lockfile, lockfile, package, git) {
                Level::Warning
            } else {
                Level::Note
            })
            .label(format!("was {}", old.commit.as_deref().unwrap_or("another commit")))
            .related(slot.lockfile.source, old_line, "the commit it had")
            .help("Look at what came between the two commits, in that repository.");
    } else if let (None, Some((old, slot)), false) = (same, before.first(), allowed) {
        let message = format!("{name} came from {} and now comes from {}.", old.repository, git.repository);
        let found = report.package(lockfile, package, Field::Source, &at, message);
        let old_line = slot.package.source.as_ref().map_or(slot.package.heading(), |it| it.raw);
        found
            .level(Level::Error)
            .label("no manifest here says so")
            .related(slot.lockfile.source, old_line, "where it came from")
            .help(cx.restore(lockfile));
    } else if let (false, Some((manifest, line))) = (allowed, cx.head.elsewhere(lockfile, name)) {
        let message = format!("{name} comes from a git repository that no manifest names for it.");
        report
            .package(lockfile, package, Field::Source, &at, message)
            .level(if is_transitive(cx, lockfile, package) { Level::Warning } else { Level::Error })
            .label(format!("comes from {}", git.repository))
            .value(&*git.repository)
            .related(manifest, line, "what a manifest asks for")
            .help(cx.restore(lockfile).and(cx.relock(lockfile, "makes it fit the manifest")));
    } else if !allowed {
        let message =
            format!("{} comes from a git repository that no manifest here asks for.", package.label());
        let found = report.package(lockfile, package, Field::Source, &at, message);
        found.label(format!("no manifest here asks for {}", git.repository)).value(&*git.repository).help(
            format!("If it is right: `allow = [\"{}\"]` under `[git]` in lockproof.toml.", git.repository),
        );
        if let Some((stated, policy)) = cx.policies.pending()
            && policy.allows_git(&git.repository)
        {
            found.help_more(&format!("{} allows it. {TWO_STEPS}", stated.source.path));
        }
    }
}

/// Only other packages from git lead to it: what the project itself asks for under that name is another entry.
fn is_transitive<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, package: &Package<'a>) -> bool {
    cx.head.brought(lockfile, package) != Brought::Otherwise
}

/// The commit that is asked for, in the address or by a manifest, where the one that is locked is another. A short one may be
/// a tag's name: what stays is not held against it.
fn contradicted<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &Package<'a>,
    git: &Git<'a>,
    stayed: bool,
) -> Option<(String, Option<(&'a Source, &'a str)>)> {
    let commit = git.commit.as_deref()?.to_ascii_lowercase();
    let contradicts = |asked: &str| {
        let is_commit = url::is_commit(asked) || url::is_revision(asked) && !stayed;
        is_commit && !commit.starts_with(&asked.to_ascii_lowercase())
    };
    let source = package.source.as_ref().map_or("", Text::as_str);
    let own = git.reference.as_deref().filter(|it| source.contains(&format!("rev={it}")) && contradicts(it));
    if let Some(asked) = own {
        return Some((asked.to_owned(), None));
    }
    let (manifest, line, asked) = cx.head.reference(lockfile, package.name.as_str(), &git.repository)?;
    // A lockfile that repeats what is asked for has fallen behind: its client refuses that.
    if git.reference.as_deref().is_some_and(|own| own != asked) {
        return None;
    }
    contradicts(asked).then(|| (asked.clone(), Some((*manifest, *line))))
}

/// Whether the same tag is asked for on both sides: nobody expects it to move.
fn is_tag<'a>(
    cx: &Context<'a>,
    old: &'a Lockfile<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &Package<'a>,
    git: &Git<'a>,
) -> bool {
    let source = package.source.as_ref().map_or("", Text::as_str);
    if let Some(reference) = git.reference.as_deref().filter(|it| source.contains(&format!("tag={it}"))) {
        let same = |slot: &Package<'_>| {
            let old = slot.source.as_ref().map_or("", Text::as_str);
            slot.name.as_str() == package.name.as_str() && old.contains(&format!("tag={reference}"))
        };
        return old.packages.iter().any(same);
    }
    let asked = cx.head.reference(lockfile, package.name.as_str(), &git.repository);
    let before = cx.base.as_ref().and_then(|it| it.reference(old, package.name.as_str(), &git.repository));
    let number = |it: &str| it.strip_prefix('v').unwrap_or(it).starts_with(|c: char| c.is_ascii_digit());
    asked
        .zip(before)
        .is_some_and(|(now, then)| now.2 == then.2 && number(&now.2) && !url::is_revision(&now.2))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_commit_is_the_one_that_is_asked_for() {
        let lock = |query: &str, commit: &str| {
            format!(
                "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"git+https://git.example.com/o/x{query}#{}\"\n",
                commit.repeat(40 / commit.len())
            )
        };
        let manifest =
            |asks: &str| format!("[dependencies]\nx = {{ git = 'https://git.example.com/o/x'{asks} }}\n");
        let test = |query: &str, asks: &str| {
            let found = check("git-source")
                .both("Cargo.toml", &manifest(asks))
                .base("Cargo.lock", &lock(query, "a"))
                .head("Cargo.lock", &lock(query, "b"))
                .all();
            found.iter().map(|it| format!("{:?} {}", it.level, it.message)).collect::<Vec<_>>()
        };
        let moved = "x moved to another commit of git.example.com/o/x.";
        assert_eq!(
            test("?rev=aaaaaaa", ", rev = 'aaaaaaa'"),
            ["Error x is to come from commit aaaaaaa, and comes from another one."]
        );
        assert_eq!(test("?tag=v1", ", tag = 'v1'"), [format!("Warning {moved}")]);
        assert_eq!(test("?branch=main", ", branch = 'main'"), [format!("Note {moved}")]);
        assert_eq!(test("?rev=bbbbbbb", ", rev = 'bbbbbbb'"), [format!("Note {moved}")]);
    }

    fn lock(repo: &str, commit: char) -> String {
        let commit = commit.to_string().repeat(40);
        format!(
            "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"git+https://git.example.com/{repo}#{commit}\"\n"
        )
    }

    #[test]
    fn what_a_manifest_or_the_policy_declares_is_silent() {
        let manifest = "[dependencies]\nx = { git = 'https://git.example.com/acme/x.git' }";
        check("git-source").head("Cargo.lock", &lock("acme/x", '1')).head("Cargo.toml", manifest).finds(&[]);
        check("git-source")
            .policy("[git]\nallow = ['https://git.example.com/acme/']")
            .head("Cargo.lock", &lock("acme/x", '1'))
            .finds(&[]);
        check("git-source").head("Cargo.lock", &lock("acme/x", '1')).finds(&[
            "Cargo.lock:5:11 warning x@1.0.0 comes from a git repository that no manifest here asks for.",
        ]);
    }

    #[test]
    fn another_repository_than_the_manifest_names_is_an_error() {
        let manifest = "[dependencies]\nx = { git = 'https://git.example.com/acme/x.git' }";
        check("git-source")
            .head("Cargo.lock", &lock("evil/x", '1'))
            .head("Cargo.toml", manifest)
            .finds(&["Cargo.lock:5:11 error x comes from a git repository that no manifest names for it."]);
    }

    #[test]
    fn another_repository_is_an_error_another_commit_a_note() {
        check("git-source").base("Cargo.lock", &lock("acme/x", '1')).head("Cargo.lock", &lock("evil/x", '1')).finds(&[
            "Cargo.lock:5:11 error x came from git.example.com/acme/x and now comes from git.example.com/evil/x.",
        ]);
        check("git-source")
            .base("Cargo.lock", &lock("acme/x", '1'))
            .head("Cargo.lock", &lock("acme/x", '2'))
            .finds(&["Cargo.lock:5:11 note x moved to another commit of git.example.com/acme/x."]);
    }
}

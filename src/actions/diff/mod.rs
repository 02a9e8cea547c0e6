//! What a reader wants to know of a change: which packages of which lockfiles are new, gone, newer, older, or pinned to
//! something else, what brought them, and which of it `check` objects to. No I/O.
//!
//! [`compare`] looks at the two sides of one lockfile, [`causes`] at the edges that lead to a package; [`merge`] makes one
//! change of what happened alike in many lockfiles. Entries of the project itself (workspace members, folders) are left
//! out: their manifests say more.

mod causes;
mod compare;
mod merge;

use std::collections::HashMap;

use serde::Serialize;

use crate::check::{Outcome, Parsed, State};
use crate::findings::finding::{Finding, Level, Whence};
use crate::model::Lockfile;

/// The whole of it.
#[derive(Debug, Default)]
pub struct Diff {
    /// The lockfiles that are not the same on both sides, by path.
    pub lockfiles: Vec<FileDiff>,
    /// What is to be looked at first, then by what brought it.
    pub changes: Vec<Change>,
}

/// What became of a package; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Kind {
    /// The same release with another hash.
    #[serde(rename = "re-pinned")]
    Repinned,
    /// The same release without its hash, or with one of a weaker algorithm.
    Weakened,
    /// From another registry, repository or URL.
    Moved,
    /// The same release with one more hash or file.
    Widened,
    Downgraded,
    /// The same release with a hash of another algorithm.
    #[serde(rename = "re-hashed")]
    Rehashed,
    /// Another version or commit; which one is newer can't be told.
    Changed,
    Upgraded,
    Added,
    Removed,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Repinned,
        Kind::Weakened,
        Kind::Moved,
        Kind::Widened,
        Kind::Downgraded,
        Kind::Rehashed,
        Kind::Changed,
        Kind::Upgraded,
        Kind::Added,
        Kind::Removed,
    ];

    /// The word for it, as in `3 re-pinned`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Repinned => "re-pinned",
            Kind::Weakened => "weakened",
            Kind::Moved => "moved",
            Kind::Widened => "widened",
            Kind::Downgraded => "downgraded",
            Kind::Rehashed => "re-hashed",
            Kind::Changed => "changed",
            Kind::Upgraded => "upgraded",
            Kind::Added => "added",
            Kind::Removed => "removed",
        }
    }

    /// It deserves a look whatever `check` says.
    fn is_alarming(self) -> bool {
        self <= Kind::Downgraded
    }
}

/// A lockfile that is not the same on both sides.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct FileDiff {
    pub path: String,
    pub format: &'static str,
    pub state: State,
    /// Where it stood on the base side, when it was moved.
    pub moved_from: Option<String>,
    /// A side of it can't be read: nothing was compared.
    pub unreadable: bool,
    /// How many entries it has on the head side.
    pub packages: usize,
    /// What happened in it, by kind; a package counts under its gravest.
    pub counts: Vec<Count>,
    /// What `check` says of this file and of no single package that changed.
    pub rules: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Count {
    pub kind: Kind,
    pub packages: usize,
}

/// A rule that `check` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Mark {
    pub level: Level,
    pub rule: &'static str,
}

/// What happened to one package, in however many lockfiles.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Change {
    /// All that happened to it, the gravest first.
    pub kinds: Vec<Kind>,
    pub ecosystem: &'static str,
    pub name: String,
    /// Absent for what was added.
    pub before: Option<Pinned>,
    /// Absent for what was removed.
    pub after: Option<Pinned>,
    /// What `check` says of it, the gravest first.
    pub rules: Vec<Mark>,
    /// What brought it in most of the lockfiles.
    pub via: Option<Cause>,
    pub lockfiles: Vec<Place>,
}

/// A package on one side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Pinned {
    pub version: Option<String>,
    /// A package URL.
    pub purl: String,
    pub origin: Whence,
    /// The hashes that the other side does not have, where the release is the same.
    pub hashes: Vec<String>,
}

/// The dependency of the project itself that leads to a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Cause {
    /// The nearest one that changed too, or else the nearest one.
    pub name: String,
    /// Whether it changed.
    pub changed: bool,
    /// The member of the workspace that asks for it; absent where there is but one project, or several ask.
    pub member: Option<String>,
}

/// Where it happened.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Place {
    pub path: String,
    /// On the head side, 1-based; absent for what was removed.
    pub line: Option<usize>,
    pub via: Option<Cause>,
}

impl Change {
    /// The gravest of what happened.
    pub fn kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::Changed)
    }

    pub fn level(&self) -> Option<Level> {
        self.rules.first().map(|mark| mark.level)
    }

    /// What a reader has to look at first.
    pub fn is_alarming(&self) -> bool {
        self.kind().is_alarming() || self.level() >= Some(Level::Warning)
    }

    /// Whether the project itself asks for it.
    pub fn is_direct(&self) -> bool {
        self.via.as_ref().is_some_and(|via| via.name == self.name)
    }
}

impl Diff {
    /// `outcome` is what a check of the same sides says; what the base side has too says nothing of the change.
    pub fn new(parsed: &[Parsed<'_>], outcome: &Outcome) -> Diff {
        let marks = Marks::new(&outcome.findings);
        let mut known = compare::Known::default();
        let differs = parsed.iter().filter(|it| it.file.judged && !it.file.same);
        let (mut lockfiles, mut changes) = (Vec::new(), Vec::new());
        for it in differs.filter(|it| it.head.is_some() || it.before.is_some()) {
            let of_file = compare::file(it, parsed, &mut known);
            lockfiles.push(file(it, &of_file, &marks));
            changes.extend(of_file.into_iter().map(|change| marks.mark(change)));
        }
        Diff { lockfiles, changes: merge::merge(changes) }
    }

    /// How many packages each kind has, the gravest first; a package counts under its gravest.
    pub fn counts(&self) -> Vec<Count> {
        count(self.changes.iter().map(Change::kind))
    }
}

fn count(kinds: impl Iterator<Item = Kind>) -> Vec<Count> {
    let mut counts = [0; Kind::ALL.len()];
    kinds.for_each(|kind| counts[kind as usize] += 1);
    let all = Kind::ALL.into_iter().zip(counts);
    all.filter(|(_, packages)| *packages > 0).map(|(kind, packages)| Count { kind, packages }).collect()
}

fn file(it: &Parsed<'_>, changes: &[Change], marks: &Marks<'_>) -> FileDiff {
    let unreadable = |side: &Option<Lockfile<'_>>| side.as_ref().is_some_and(|side| !side.is_readable());
    let state = match (&it.head, &it.before) {
        (None, _) => State::Removed,
        (Some(head), _) if !head.is_readable() => State::Unreadable,
        (Some(_), None) => State::Added,
        (Some(_), Some(_)) => State::Changed,
    };
    FileDiff {
        path: it.file.path.clone(),
        format: it.file.format.map_or("", |format| format.id),
        state,
        moved_from: it.moved_from.map(str::to_owned),
        unreadable: unreadable(&it.head) || unreadable(&it.before),
        packages: it.head.as_ref().map_or(0, |head| head.packages.len()),
        counts: count(changes.iter().map(Change::kind)),
        rules: marks.left_over(&it.file.path, changes),
    }
}

/// A release as a finding names it.
type Release<'f> = (&'f str, Option<&'f str>);

/// What a check found that the base side does not have, by file and release.
struct Marks<'f> {
    of_file: HashMap<&'f str, HashMap<Release<'f>, Vec<Mark>>>,
}

impl<'f> Marks<'f> {
    fn new(findings: &'f [Finding]) -> Marks<'f> {
        let mut marks = Marks { of_file: HashMap::new() };
        for finding in findings.iter().filter(|finding| !finding.preexisting) {
            let package = finding.package.as_ref();
            let release = package.map_or(("", None), |it| (it.name.as_str(), it.version.as_deref()));
            let of_release = marks.of_file.entry(&finding.path).or_default().entry(release).or_default();
            of_release.push(Mark { level: finding.level, rule: finding.rule });
        }
        marks
    }

    fn of(&self, path: &str, change: &Change) -> Vec<Mark> {
        let Some(after) = &change.after else { return Vec::new() };
        let release = (change.name.as_str(), after.version.as_deref());
        self.of_file.get(path).and_then(|all| all.get(&release)).cloned().unwrap_or_default()
    }

    fn mark(&self, mut change: Change) -> Change {
        let own: Vec<Mark> =
            change.lockfiles.iter().flat_map(|place| self.of(&place.path, &change)).collect();
        change.rules = ranked(own);
        change
    }

    /// What is said of a file, and of none of its packages that changed.
    fn left_over(&self, path: &str, changes: &[Change]) -> Vec<Mark> {
        let named: std::collections::HashSet<Release<'_>> = changes
            .iter()
            .filter_map(|it| Some((it.name.as_str(), it.after.as_ref()?.version.as_deref())))
            .collect();
        let all = self.of_file.get(path).into_iter().flatten();
        let others = all.filter(|(release, _)| !named.contains(*release));
        ranked(others.flat_map(|(_, marks)| marks).copied().collect())
    }
}

/// Each once, the gravest first.
fn ranked(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_by_key(|mark| (std::cmp::Reverse(mark.level), mark.rule));
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::check;

    /// `name kinds before → after`, a line for each change.
    fn told(path: &str, base: &str, head: &str) -> Vec<String> {
        let diff = check("pin-rewritten").base(path, base).head(path, head).diff();
        let version =
            |side: &Option<Pinned>| side.as_ref().and_then(|it| it.version.clone()).unwrap_or_default();
        let line = |it: &Change| {
            let kinds: Vec<_> = it.kinds.iter().map(|kind| kind.name()).collect();
            format!("{} {} {} → {}", it.name, kinds.join("+"), version(&it.before), version(&it.after))
        };
        diff.changes.iter().map(line).collect()
    }

    fn cargo(versions: &[&str]) -> String {
        let entry = |version: &&str| {
            format!(
                "[[package]]\nname = \"a\"\nversion = \"{version}\"\nsource = \"registry+https://i.example.com/index\"\nchecksum = \"{{HEX}}\"\n"
            )
        };
        format!("version = 4\n{}", versions.iter().map(entry).collect::<String>())
    }

    #[test]
    fn neighbours_are_paired_within_a_major_version() {
        let told = |base: &[&str], head: &[&str]| told("Cargo.lock", &cargo(base), &cargo(head));
        assert_eq!(told(&["1.9.0"], &["1.10.0"]), ["a upgraded 1.9.0 → 1.10.0"]);
        assert_eq!(told(&["1.0.0"], &["1.0.1", "2.0.0"]), ["a upgraded 1.0.0 → 1.0.1", "a added  → 2.0.0"]);
        assert_eq!(told(&["1.0.0", "2.0.0"], &["2.1.0"]), ["a upgraded 2.0.0 → 2.1.0", "a removed 1.0.0 → "]);
        assert_eq!(told(&["1.0.0", "2.0.0"], &["3.0.0"]), ["a upgraded 2.0.0 → 3.0.0", "a removed 1.0.0 → "]);
        assert_eq!(told(&["2.0.0"], &["1.0.0"]), ["a downgraded 2.0.0 → 1.0.0"]);
        assert_eq!(told(&["1.0.0+a"], &["1.0.0+b"]), ["a changed 1.0.0+a → 1.0.0+b"]);
        assert_eq!(told(&["1.0.0"], &["1.0.0"]), [""; 0]);
    }

    #[test]
    fn hashes_of_a_kept_release_are_told_apart() {
        let lock = |hash: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz"{hash}}}}}}}"#
            )
        };
        let with = |hash: &str| lock(&format!(r#", "integrity": "{hash}""#));
        let told = |base: &str, head: &str| told("package-lock.json", base, head);
        let (strong, weak) = (with("sha512-{A512}"), with("sha1-{A1}"));
        let other = format!("sha512-{}A==", "B".repeat(85));
        assert_eq!(told(&strong, &with(&other)), ["x re-pinned 1.0.0 → 1.0.0"]);
        assert_eq!(told(&strong, &with(&format!("sha512-{{A512}} {other}"))), ["x widened 1.0.0 → 1.0.0"]);
        assert_eq!(told(&strong, &lock("")), ["x weakened 1.0.0 → 1.0.0"]);
        assert_eq!(told(&strong, &weak), ["x weakened+re-hashed 1.0.0 → 1.0.0"]);
        assert_eq!(told(&weak, &strong), ["x re-hashed 1.0.0 → 1.0.0"]);
        assert_eq!(told(&lock(""), &strong), [""; 0]);
    }

    #[test]
    fn a_commit_is_a_version_and_a_repository_a_place() {
        let lock = |source: &str| {
            format!("version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n")
        };
        let git = |repository: &str, digit: &str| {
            lock(&format!("git+https://git.example.com/{repository}#{}", digit.repeat(40)))
        };
        let told = |base: &str, head: &str| told("Cargo.lock", base, head);
        assert_eq!(told(&git("o/a", "1"), &git("o/a", "2")), ["a changed 1.0.0 → 1.0.0"]);
        assert_eq!(told(&git("o/a", "1"), &git("evil/a", "1")), ["a moved 1.0.0 → 1.0.0"]);
        let registry = lock("registry+https://i.example.com/index");
        assert_eq!(told(&registry, &git("o/a", "1")), ["a moved+changed 1.0.0 → 1.0.0"]);
        let mirror = lock("registry+https://mirror.example.net/index");
        assert_eq!(told(&registry, &mirror), ["a moved 1.0.0 → 1.0.0"]);
    }
}

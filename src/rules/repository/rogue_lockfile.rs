//! Two package managers have locked one manifest.
//!
//! Each install obeys one of the lockfiles, and which one depends on who runs what: they drift apart, and a change to the
//! one that nobody looks at goes unseen.
//!
//! ```diff package.json
//!  {
//!    "packageManager": "pnpm@10.0.0"
//!  }
//! ```
//!
//! ```diff package-lock.json
//!  {
//!  ^ pnpm-lock.yaml stands beside it
//!    "lockfileVersion": 3,
//!    "packages": {}
//!  }
//! ```
//!
//! ```diff pnpm-lock.yaml
//!  lockfileVersion: '9.0'
//! ```
//!
//! Keep the lockfile of the manager that the project uses, and remove the other.

use std::collections::BTreeMap;

use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest::Manifest;
use crate::ecosystems::unread;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::{Ecosystem, folder};
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "rogue-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("rogue_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

/// Who writes which of the lockfiles that are read here.
const MANAGERS: [(&str, &str, Ecosystem); 4] = [
    ("package-lock.json", "npm", Ecosystem::Npm),
    ("npm-shrinkwrap.json", "npm", Ecosystem::Npm),
    ("pnpm-lock.yaml", "pnpm", Ecosystem::Npm),
    ("uv.lock", "uv", Ecosystem::PyPi),
];

/// Who installs by a lockfile. What others may export (`requirements.txt`) is nobody's.
fn manager(path: &str) -> Option<(&'static str, Ecosystem)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let read = MANAGERS.iter().find(|(file, ..)| *file == name).map(|(_, manager, of)| (*manager, *of));
    let rival = || unread::of_path(path.as_bytes()).filter(|kind| kind.is_rival);
    read.or_else(|| rival().and_then(|kind| Some((kind.manager, kind.ecosystem?))))
}

/// A lockfile beside a manifest: its manager and its path.
type Claim<'w> = (&'static str, &'w str);

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let mut claims: BTreeMap<(Ecosystem, &str), Vec<Claim<'_>>> = BTreeMap::new();
    for path in cx.head.paths {
        if let Some((manager, ecosystem)) = manager(path) {
            claims.entry((ecosystem, folder(path))).or_default().push((manager, path));
        }
    }
    claims.retain(|_, claims| claims.iter().any(|claim| claim.0 != claims[0].0));
    if claims.is_empty() {
        return;
    }
    for (manifest, _) in cx.head.projects() {
        if let Some(claims) = claims.get(&(manifest.ecosystem, manifest.folder())) {
            tell(cx, manifest, claims, report);
        }
    }
}

fn tell<'a>(cx: &Context<'a>, manifest: &Manifest<'a>, claims: &[Claim<'_>], report: &mut Report<'a>) {
    let named = manifest.manager.as_ref().map(|it| it.as_str().split('@').next().unwrap_or_default());
    // The one that the project does not name, else the one that came last.
    let is_named = |claim: &&Claim<'_>| Some(claim.0) == named;
    let is_old = |claim: &&Claim<'_>| cx.base.as_ref().is_some_and(|base| base.has_path(claim.1));
    let Some(right) = claims.iter().find(is_named).or_else(|| claims.iter().find(is_old)).or(claims.first())
    else {
        return;
    };
    for rogue in claims.iter().filter(|claim| claim.0 != right.0) {
        let source = cx.head.lockfiles.iter().find(|it| it.source.path == rogue.1).map(|it| it.source);
        let source = source.unwrap_or(manifest.source);
        let first = source.text().lines().next().unwrap_or_default();
        let message =
            format!("{} has a lockfile of {} and one of {}.", manifest.source.path, right.0, rogue.0);
        let found = report.source(source, first, message);
        found
            .label(format!("{} stands beside it", right.1))
            .value(format!("{} {}", right.0, rogue.0))
            .help(cx.remove_file(&format!("If the project uses {}, one is enough", right.0), rogue.1));
        if let Some(manager) = manifest.manager.as_ref().filter(|_| named == Some(right.0)) {
            found.related(manifest.source, manager.raw, "the manager that the project names");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const NPM: &str = r#"{"lockfileVersion": 3, "packages": {}}"#;
    const PNPM: &str = "lockfileVersion: '9.0'\n";

    #[test]
    fn the_newer_one_is_the_rogue() {
        check("rogue-lockfile")
            .both("a/package.json", "{}")
            .both("a/pnpm-lock.yaml", PNPM)
            .head("a/package-lock.json", NPM)
            .finds(&[
                "a/package-lock.json:1:1 warning a/package.json has a lockfile of pnpm and one of npm.",
            ]);
        check("rogue-lockfile")
            .both("package.json", "{}")
            .head("yarn.lock", "")
            .both("package-lock.json", NPM)
            .finds(&["package.json:1:1 warning package.json has a lockfile of npm and one of yarn."]);
    }

    #[test]
    fn one_manager_may_have_two_files_and_two_folders_two_managers() {
        check("rogue-lockfile")
            .head("package.json", "{}")
            .head("package-lock.json", NPM)
            .head("npm-shrinkwrap.json", NPM)
            .head("b/package.json", "{}")
            .head("b/pnpm-lock.yaml", PNPM)
            .head("pyproject.toml", "")
            .head("uv.lock", "version = 1\n")
            .head("requirements.txt", "")
            .finds(&[]);
    }
}

//! A program and llmring's own commands read different lockfiles.
//!
//! A program takes `llmring.lock` of its working directory, and without one a file bundled with llmring, without a word. The
//! commands (`llmring lock validate`, `bind`, …) take the one in the directory of the project's package. A lockfile at the
//! root of a project that has a package is not seen by the commands; one in the package alone is not seen by a program that
//! is started at the root, which is a note: a library keeps it there for those who extend it.
//!
//! ```diff pyproject.toml
//!  [project]
//!  name = "my-app"
//! ```
//!
//! ```diff src/my_app/__init__.py
//!  # the package
//! ```
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  ^^^^^^^^^^^^^^^ not seen by `llmring lock validate`
//! ```
//!
//! Keep one file, and set `LLMRING_LOCKFILE_PATH` where the program runs. `lockproof list` shows what would be loaded.

use crate::agents::llmring::place::{NAME, Tree, join};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;
use std::collections::{BTreeMap, BTreeSet};

pub static RULE: Rule = Rule {
    id: "llmring-placement",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_placement.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let locks: Locks<'a> = cx.head.lockfiles.iter().map(|it| (it.source.path.as_str(), *it)).collect();
    let tree = tree(cx);
    let named = locks.iter().filter(|(path, _)| path.rsplit('/').next() == Some(NAME));
    let roots: BTreeSet<_> = named.filter_map(|(_, lockfile)| tree.layout(lockfile.folder()).root).collect();
    for root in roots {
        let packages = tree.layout(&root).packages;
        let at_root = locks.get(join(&root, NAME).as_str()).copied();
        let in_package = packages.iter().find_map(|package| locks.get(join(package, NAME).as_str()).copied());
        let place = if root.is_empty() { "the root of the repository" } else { &root };
        match (at_root, in_package) {
            (Some(own), Some(other)) => two(own, other, place, report),
            (Some(own), None) if !packages.is_empty() => unseen_by_commands(own, &packages, report),
            (None, Some(other)) => unseen_by_programs(other, place, report),
            _ => {}
        }
    }
}

type Locks<'a> = BTreeMap<&'a str, &'a Lockfile<'a>>;

fn two<'a>(own: &'a Lockfile<'a>, other: &'a Lockfile<'a>, place: &str, report: &mut Report<'a>) {
    let (a, b) = (&own.source.path, &other.source.path);
    let message = format!("A program that is started at {place} reads {a}, llmring's own commands read {b}.");
    report
        .file(own, first(own), message)
        .label("read by programs")
        .related(other.source, first(other), "read by the commands")
        .help("Keep one of them.");
}

fn unseen_by_commands<'a>(own: &'a Lockfile<'a>, packages: &[String], report: &mut Report<'a>) {
    let looked = packages.iter().map(|it| join(it, NAME)).collect::<Vec<_>>().join(" or ");
    let message = format!("llmring's own commands do not see {}: they look for {looked}.", own.source.path);
    report
        .file(own, first(own), message)
        .label("not seen by `llmring lock validate`")
        .help("The commands of lockproof llmring take this file; llmring's own take a path for `init` only.");
}

fn unseen_by_programs<'a>(other: &'a Lockfile<'a>, place: &str, report: &mut Report<'a>) {
    let path = &other.source.path;
    let message = format!(
        "A program that is started at {place} does not see {path}, and uses the file bundled with llmring without a word."
    );
    report
        .file(other, first(other), message)
        .level(Level::Note)
        .label("not seen from the root")
        .help(format!("Set the variable `LLMRING_LOCKFILE_PATH` to {path} where the program runs."));
}

fn first<'a>(lockfile: &'a Lockfile<'a>) -> &'a str {
    let text = lockfile.source.text();
    text.lines().next().unwrap_or(text)
}

fn tree(cx: &Context<'_>) -> Tree {
    let mut tree = Tree::default();
    // The root of a repository has its `.git`.
    tree.add(".git");
    for source in &cx.head.models.sources {
        match source.path.ends_with("pyproject.toml") {
            true => tree.add_manifest(&source.path, source.text()),
            false => tree.add(&*source.path),
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = "version = '1.0'\n";

    #[test]
    fn one_that_both_find_is_fine() {
        check("llmring-placement").head("llmring.lock", LOCK).finds(&[]);
        check("llmring-placement")
            .head("llmring.lock", LOCK)
            .head("pyproject.toml", "[project]\nname = 'p'\n")
            .finds(&[]);
    }

    #[test]
    fn two_files_and_two_readers() {
        check("llmring-placement")
            .head("llmring.lock", LOCK)
            .head("src/p/__init__.py", "")
            .head("src/p/llmring.lock", LOCK)
            .finds(&["llmring.lock:1:1 warning A program that is started at the root of the repository reads llmring.lock, llmring's own commands read src/p/llmring.lock."]);
        check("llmring-placement")
            .head("src/p/__init__.py", "")
            .head("src/p/llmring.lock", LOCK)
            .finds(&["src/p/llmring.lock:1:1 note A program that is started at the root of the repository does not see src/p/llmring.lock, and uses the file \
                      bundled with llmring without a word."]);
    }
}

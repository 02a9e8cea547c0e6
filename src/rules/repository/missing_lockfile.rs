//! A program's manifest has no lockfile.
//!
//! Every install resolves anew, so nothing says which bytes the program is made of. A library may well do without one:
//! whoever uses it has a lockfile. A program is what nobody else locks: a crate with binaries, a private package, a Python
//! project without a build system, a Go module that requires others.
//!
//! ```diff Cargo.toml
//!  [package]
//!  name = "server"
//!
//!  [[bin]]
//!  ^^^^^^^ a program
//!  name = "server"
//!
//!  [dependencies]
//!  log = "0.4"
//! ```
//!
//! Lock it and track the lockfile. What stands below `tests`, `fixtures`, `examples`, `templates` or `vendor` is not asked
//! for one, and any lockfile of the ecosystem in a folder above serves.

use foldhash::{HashSet, HashSetExt};

use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest::Manifest;
use crate::ecosystems::unread;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::{Ecosystem, folder};
use crate::rules::{Check, Rule};
use crate::world::{Context, World};

pub static RULE: Rule = Rule {
    id: "missing-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("missing_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let locked = locked_folders(&cx.head, cx.head.ignored);
    let mut told = HashSet::new();
    for (manifest, home) in cx.head.projects() {
        let Some(at) = program(&cx.head, manifest).filter(|_| !is_sample(manifest.folder())) else {
            continue;
        };
        let is_locked = [home, manifest.folder()]
            .into_iter()
            .flat_map(above)
            .any(|it| locked.contains(&(manifest.ecosystem, it)));
        if is_locked || !told.insert((manifest.ecosystem, home)) {
            continue;
        }
        let of = manifest.name.as_ref().map_or("a program", |name| name.as_str());
        report
            .source(
                manifest.source,
                at,
                format!("{} asks for packages for {of}, and no lockfile pins them.", manifest.source.path),
            )
            .label("a program")
            .value(of)
            .help(match cx.lock(manifest.ecosystem, home) {
                Some(lock) => format!("{lock} writes one. Track it."),
                None => "Lock it, and track what that writes.".to_owned(),
            });
    }
}

/// Where a manifest shows that it is a program's, one that uses what must be fetched.
pub(super) fn program<'a>(world: &World<'a>, manifest: &Manifest<'a>) -> Option<&'a str> {
    let beside = |name: &str| match manifest.folder() {
        "" => world.has_path(name),
        folder => world.has_path(&format!("{folder}/{name}")),
    };
    if !manifest.asked().any(|(_, dep)| !dep.local) {
        return None;
    }
    match manifest.ecosystem {
        Ecosystem::Cargo => {
            let name = manifest.name.as_ref().map(|name| name.raw);
            manifest.application.or_else(|| name.filter(|_| beside("src/main.rs")))
        }
        // What is vendored is in the tree.
        Ecosystem::Go => manifest.application.filter(|_| !beside("vendor/modules.txt")),
        _ => manifest.application,
    }
}

/// A project that is there to be looked at, not to be run.
pub(super) fn is_sample(folder: &str) -> bool {
    const SAMPLES: [&str; 15] = [
        "test",
        "tests",
        "__tests__",
        "e2e",
        "fixture",
        "fixtures",
        "__fixtures__",
        "testdata",
        "example",
        "examples",
        "template",
        "templates",
        "vendor",
        "third_party",
        "node_modules",
    ];
    folder.split('/').any(|part| SAMPLES.contains(&part))
}

/// The folders in which lockfiles stand, whoever reads them.
fn locked_folders<'w>(world: &World<'w>, ignored: &'w [String]) -> HashSet<(Ecosystem, &'w str)> {
    let of = |path: &str| {
        let known = formats::of_path(path.as_bytes()).map(|format| format.ecosystem);
        known.or_else(|| unread::ecosystem(path.as_bytes()))
    };
    // `ignored-lockfile` speaks of the others.
    world.paths.iter().chain(ignored).filter_map(|path| Some((of(path)?, folder(path)))).collect()
}

/// A folder and those above it.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    let parents = folder.rmatch_indices('/').map(|(at, _)| &folder[..at]);
    std::iter::once(folder).chain(parents).chain([""])
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const CRATE: &str = "[package]\nname = 'x'\n[dependencies]\nlog = '0.4'\n";
    const EXPECTED: &str =
        "Cargo.toml:2:9 warning Cargo.toml asks for packages for x, and no lockfile pins them.";

    #[test]
    fn a_library_needs_none() {
        check("missing-lockfile").head("Cargo.toml", CRATE).finds(&[]);
        check("missing-lockfile").head("Cargo.toml", CRATE).head("src/main.rs", "").finds(&[EXPECTED]);
        check("missing-lockfile")
            .head("Cargo.toml", "[package]\nname = 'x'\n")
            .head("src/main.rs", "")
            .finds(&[]);
        check("missing-lockfile")
            .head("package.json", r#"{"name": "x", "dependencies": {"y": "1"}}"#)
            .finds(&[]);
        check("missing-lockfile")
            .head("tests/x/Cargo.toml", CRATE)
            .head("tests/x/src/main.rs", "")
            .finds(&[]);
    }

    #[test]
    fn a_lockfile_of_the_workspace_or_of_another_manager_serves() {
        let member =
            |test: crate::check::testing::Check| test.head("a/Cargo.toml", CRATE).head("a/src/main.rs", "");
        let root = "[workspace]\nmembers = ['a']\n";
        member(check("missing-lockfile").head("Cargo.toml", root))
            .finds(&[&EXPECTED.replace("Cargo", "a/Cargo")]);
        member(check("missing-lockfile").head("Cargo.toml", root).head("Cargo.lock", "version = 4\n"))
            .finds(&[]);
        let private = r#"{"private": true, "dependencies": {"y": "1"}}"#;
        check("missing-lockfile").head("package.json", private).head("yarn.lock", "").finds(&[]);
        check("missing-lockfile").head("package.json", private).finds(&[
            "package.json:1:3 warning package.json asks for packages for a program, and no lockfile pins them.",
        ]);
    }

    #[test]
    fn go_and_python_say_it_in_their_own_ways() {
        let module = "module x\nrequire a v1.0.0\n";
        check("missing-lockfile").head("go.mod", module).head("vendor/modules.txt", "").finds(&[]);
        check("missing-lockfile")
            .head("go.mod", module)
            .finds(&["go.mod:2:1 warning go.mod asks for packages for x, and no lockfile pins them."]);
        let project = "[project]\nname = 'x'\ndependencies = ['a']\n";
        check("missing-lockfile").head("pyproject.toml", project).finds(&[
            "pyproject.toml:2:9 warning pyproject.toml asks for packages for x, and no lockfile pins them.",
        ]);
        let built = format!("{project}[build-system]\n");
        check("missing-lockfile").head("pyproject.toml", &built).finds(&[]);
    }
}

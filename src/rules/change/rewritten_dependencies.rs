//! A package kept its version, but depends on more than it did.
//!
//! What a release depends on is published with it. A dependency that was added to a release by hand makes clients
//! install code that its authors never asked for.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "": { "dependencies": { "ms": "2.1.3" } },
//!      "node_modules/left-pad": {
//!        "version": "1.3.0"
//!      },
//!      "node_modules/ms": {
//!        "version": "2.1.3",
//! -      "dependencies": { "is-odd": "1.0.0" }
//! +      "dependencies": { "is-odd": "1.0.0", "left-pad": "1.3.0" }
//!                                              ^^^^^^^^ not there before
//!      }
//!    }
//!  }
//! ```
//!
//! Cargo, pnpm and uv write down what was chosen, and that changes with features, extras and peers: there, only a
//! dependency that nothing newly asked for, no upgraded package and no changed setting leads to is found. Settings are
//! those of the manifests and of the client configuration, as far as they are known to change a resolution; an override
//! explains its own name. What the lockfile alone says of its settings explains nothing.
//!
//! It is a note where nothing more is installed: the dependency is a release that the lockfile had, under its own name, and
//! every project that has the package needed it anyway for the same purpose (production, optional, development). Where the
//! lockfile keeps ranges, that holds for one dependency of a package, not for several at once. One more build for another
//! platform, of the version and the scope of those that were there, is a warning. A peer that is found, and a dependency
//! that is gone, are silent.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::explain::{Causes, Gained, Worth};
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "rewritten-dependencies",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("rewritten_dependencies.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    for gained in comparable(cx, lockfile, base).map(|causes| causes.gained()).unwrap_or_default() {
        tell(cx, lockfile, &gained, report);
    }
}

/// Formats of other versions write other things down.
pub(crate) fn comparable<'c, 'a>(
    cx: &'c Context<'a>,
    lockfile: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
) -> Option<Causes<'c, 'a>> {
    (lockfile.format.id == base.format.id).then(|| Causes::of(cx, lockfile, base)).flatten()
}

fn tell<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, gained: &Gained<'a>, report: &mut Report<'a>) {
    let name = cut(gained.edge.name.as_str());
    let label = gained.package.label();
    let message = if gained.package.origin.is_local() {
        format!("{label} now depends on {name}, which its manifest does not ask for.")
    } else {
        match gained.worth {
            Worth::More => format!("{label} kept its version, but now depends on {name}."),
            Worth::Platform => {
                format!("{label} kept its version, but now comes with {name} for one more platform.")
            }
            Worth::Nothing => {
                format!("{label} kept its version, but now depends on {name}, which was needed already.")
            }
        }
    };
    let found = report
        .package(lockfile, gained.package, Field::Dependency, &gained.edge.name, message)
        .label("not there before")
        .related(gained.before.lockfile.source, gained.before.package.heading(), "without it")
        .help(cx.restore(lockfile));
    match gained.worth {
        Worth::More => {}
        Worth::Platform => {
            found.level(Level::Warning);
        }
        Worth::Nothing => {
            found.level(Level::Note);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn cargo(own: &str, x: &str) -> String {
        let list = |names: &str| -> String {
            names.split(' ').filter(|it| !it.is_empty()).map(|it| format!(" \"{it}\",\n")).collect()
        };
        let entry = |name: &str, edges: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\ndependencies = [\n{}]\n",
                list(edges)
            )
        };
        format!(
            "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n{}]\n{}{}",
            list(own),
            entry("x", x),
            entry("y", "")
        )
    }

    const PLAIN: &str = "[package]\nname = 'own'\n[dependencies]\nx = '1'\n";

    #[test]
    fn a_feature_explains_what_it_switches_on() {
        let test = || {
            check("rewritten-dependencies")
                .base("Cargo.toml", PLAIN)
                .base("Cargo.lock", &cargo("x", ""))
                .head("Cargo.lock", &cargo("x", "y"))
        };
        let found = "Cargo.lock:13:3 error x@1.0.0 kept its version, but now depends on y.";
        test().head("Cargo.toml", PLAIN).finds(&[found]);
        test().head("Cargo.toml", &format!("# a comment\n{PLAIN}")).finds(&[found]);
        test().head("Cargo.toml", &PLAIN.replace("'1'", "{ version = '1', features = ['y'] }")).finds(&[]);
        // A patch speaks of its own name.
        let patched = format!("{PLAIN}[patch.crates-io]\nz = {{ path = 'z' }}\n");
        test().head("Cargo.toml", &patched).finds(&[found]);
    }

    #[test]
    fn a_projects_dependencies_are_those_of_its_manifest() {
        check("rewritten-dependencies")
            .both("Cargo.toml", PLAIN)
            .base("Cargo.lock", &cargo("x", ""))
            .head("Cargo.lock", &cargo("x y", ""))
            .finds(&[
                "Cargo.lock:7:3 error own@0.1.0 now depends on y, which its manifest does not ask for.",
            ]);
        check("rewritten-dependencies")
            .both("Cargo.toml", &format!("{PLAIN}y = '1'\n"))
            .base("Cargo.lock", &cargo("x", ""))
            .head("Cargo.lock", &cargo("x y", ""))
            .finds(&[]);
    }

    /// A manifest elsewhere in the repository is none of this lockfile's.
    #[test]
    fn only_members_explain() {
        let lock = |names: &[&str]| {
            let entry = |name: &&str| {
                format!(
                    "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\n"
                )
            };
            let edges: String = names.iter().map(|name| format!(" \"{name}\",\n")).collect();
            let entries: String = names.iter().map(entry).collect();
            format!(
                "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n{edges}]\n{entries}"
            )
        };
        let manifest = |more: &str| format!("[package]\nname = \"own\"\n[dependencies]\na = \"1\"\n{more}");
        let root = "[workspace]\nmembers = [\"crates/*\"]\n";
        let test = |path: &str| {
            check("rewritten-dependencies")
                .both("Cargo.toml", root)
                .both("crates/own/Cargo.toml", &manifest(""))
                .base("Cargo.lock", &lock(&["a"]))
                .head("Cargo.lock", &lock(&["a", "b"]))
                .head(path, &manifest("b = \"1\"\n"))
        };
        test("crates/own/Cargo.toml").finds(&[]);
        test("fixtures/own/Cargo.toml").finds(&[
            "Cargo.lock:7:3 error own@0.1.0 now depends on b, which its manifest does not ask for.",
        ]);
    }

    #[test]
    fn what_is_gone_or_moved_is_no_gain() {
        check("rewritten-dependencies")
            .both("Cargo.toml", PLAIN)
            .base("Cargo.lock", &cargo("x", "y"))
            .head("Cargo.lock", &cargo("x", ""))
            .finds(&[]);
        let lock = |path: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, "{path}": {{"version": "1.0.0", "dependencies": {{"y": "1"}}}}}}}}"#
            )
        };
        check("rewritten-dependencies")
            .base("package-lock.json", &lock("node_modules/x"))
            .head("package-lock.json", &lock("node_modules/a/node_modules/x"))
            .finds(&[]);
    }

    #[test]
    fn another_range_is_another_dependency() {
        let lock = |range: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, "node_modules/x": {{"version": "1.0.0", "dependencies": {{"y": "{range}"}}}}}}}}"#
            )
        };
        check("rewritten-dependencies")
            .base("package-lock.json", &lock("^1.0.0"))
            .head("package-lock.json", &lock("npm:evil@1"))
            .finds(&["package-lock.json:1:102 error x@1.0.0 kept its version, but now depends on y."]);
    }

    /// `ms: lodash@4.0.0` gives the package other code than it asked for.
    #[test]
    fn another_target_is_another_dependency() {
        let lock = |target: &str| {
            format!(
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      debug:\n        specifier: ^4.0.0\n        version: 4.0.0\npackages:\n  debug@4.0.0: {{}}\n  lodash@4.0.0: {{}}\n  ms@2.0.0: {{}}\n  ms@2.1.0: {{}}\nsnapshots:\n  debug@4.0.0:\n    dependencies:\n      ms: {target}\n"
            )
        };
        let test = |target: &str| {
            check("rewritten-dependencies")
                .both("package.json", r#"{"dependencies": {"debug": "^4.0.0"}}"#)
                .base("pnpm-lock.yaml", &lock("2.0.0"))
                .head("pnpm-lock.yaml", &lock(target))
        };
        test("2.1.0").finds(&[]);
        test("lodash@4.0.0")
            .finds(&["pnpm-lock.yaml:16:7 error debug@4.0.0 kept its version, but now depends on ms."]);
    }

    #[test]
    fn extras_and_python_versions_explain_what_uv_chose() {
        let lock = |python: &str, extra: &str, edges: &str| {
            format!(
                "version = 1\nrequires-python = \"{python}\"\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"x\"{extra} }},\n]\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = {{ registry = \"https://pypi.example.com/simple\" }}\n{edges}[[package]]\nname = \"y\"\nversion = \"1.0.0\"\nsource = {{ registry = \"https://pypi.example.com/simple\" }}\n"
            )
        };
        let manifest = |extra: &str| format!("[project]\nname = 'own'\ndependencies = ['x{extra}']\n");
        let edges = "[package.optional-dependencies]\nfast = [\n    { name = \"y\" },\n]\n";
        let test = |python: &str, extra: &str| {
            check("rewritten-dependencies")
                .base("pyproject.toml", &manifest(""))
                .base("uv.lock", &lock(">=3.11", "", ""))
                .head("uv.lock", &lock(python, extra, edges))
        };
        test(">=3.11", "")
            .head("pyproject.toml", &manifest(""))
            .finds(&["uv.lock:16:15 error x@1.0.0 kept its version, but now depends on y."]);
        test(">=3.11", ", extra = [\"fast\"]").head("pyproject.toml", &manifest("[fast]")).finds(&[]);
        // What the lockfile says of it alone is not believed.
        test(">=3.10", "")
            .head("pyproject.toml", &manifest(""))
            .finds(&["uv.lock:16:15 error x@1.0.0 kept its version, but now depends on y."]);
        let older = format!("{}requires-python = '>=3.10'\n", manifest(""));
        test(">=3.10", "").head("pyproject.toml", &older).finds(&[]);
    }
}

//! A lockfile does not match the manifest that it was made from.
//!
//! What the manifest asks for now has been resolved by nobody: a frozen install fails, any other one resolves anew and
//! installs what no one has reviewed. It is an error when the lockfile's own pins changed as well: then they were changed
//! by something else than the client, or for other manifests. npm goes by what is locked, not by the lockfile's copy of the
//! manifest: while that satisfies what the manifest asks for, it stays a warning.
//!
//! ```diff package.json
//!  {
//!    "dependencies": {
//! -    "left-pad": "^1.2.0"
//! +    "left-pad": "^1.3.0"
//!                   ^^^^^^ not what package-lock.json was made for
//!    }
//!  }
//! ```
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "": {
//!        "dependencies": {
//!          "left-pad": "^1.2.0"
//!        }
//!      }
//!    }
//!  }
//! ```
//!
//! No package manager is run: the format's own copy of the manifest is held against it, in all projects of a workspace,
//! with overrides and catalogs. Names, versions and descriptions don't count. Where only running something would tell what
//! a manifest asks for, that is counted and not judged. Lock again, and commit both files together.

use foldhash::HashMap;

use crate::ecosystems::formats::Family;
use crate::ecosystems::staleness::{Drift, drifts};
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::{Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "stale-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("stale_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let before: HashMap<&str, &Lockfile<'a>> = cx
        .base
        .iter()
        .flat_map(|base| &base.lockfiles)
        .map(|lockfile| (lockfile.source.path.as_str(), *lockfile))
        .collect();
    for lockfile in cx.head.lockfiles.iter().copied().filter(|it| it.format.family == Family::Packages) {
        let drifts = drifts(&cx.head, lockfile);
        if drifts.is_empty() {
            continue;
        }
        let before = before.get(lockfile.source.path.as_str());
        let repinned =
            before.is_some_and(|before| !std::ptr::eq(*before, lockfile) && !same_pins(before, lockfile));
        for drift in drifts {
            tell(cx, lockfile, drift, repinned, report);
        }
    }
}

/// The line that changed is the one to look at: most often the manifest's.
fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    drift: Drift<'a>,
    repinned: bool,
    report: &mut Report<'a>,
) {
    let (manifest, asked) = drift.asked;
    let says_nothing = drift.message.contains("does not ask");
    let locked = drift.locked.filter(|_| says_nothing || repinned && !cx.is_changed(manifest));
    let found = match locked {
        Some(locked) => {
            let found = report.file(lockfile, locked, drift.message);
            found.label(format!("not what {} asks for", manifest.path)).related(
                manifest,
                asked,
                "the manifest",
            )
        }
        None => {
            let found = report.source(manifest, asked, drift.message);
            let found = found.label(format!("not what {} was made for", lockfile.source.path));
            match drift.locked {
                Some(locked) => found.related(lockfile.source, locked, "what it was made for"),
                None => found,
            }
        }
    };
    found
        .value(drift.subject)
        .help(Help::from(cx.relock(lockfile, "makes it fit")).and("Commit both files together."));
    if repinned && drift.refused {
        found.level(Level::Error);
    }
}

/// Whether two lockfiles pin the same bytes. Local packages pin none.
fn same_pins(a: &Lockfile<'_>, b: &Lockfile<'_>) -> bool {
    let pins = |lockfile: &Lockfile<'_>| {
        let fetched = lockfile.packages.iter().filter(|package| !package.origin.is_local());
        let mut pins: Vec<_> = fetched.map(pin).collect();
        pins.sort();
        pins
    };
    pins(a) == pins(b)
}

fn pin(package: &Package<'_>) -> (String, String, Vec<String>) {
    let source = package.source.as_ref().map_or(String::new(), |source| source.as_str().to_owned());
    (package.label(), source, package.digests().map(|digest| digest.raw.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;
    use crate::findings::finding::Level;

    fn npm(range: &str, hash: &str) -> String {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"x": "{range}"}}}}, "node_modules/x": {{"version": "1.0.0", "integrity": "sha512-{hash}"}}}}}}"#
        )
    }

    const DRIFTED: &str = "package.json asks for x `^2`, and package-lock.json was made for `^1`.";

    #[test]
    fn pins_that_changed_with_it_make_it_an_error() {
        let test = |lock: &str| {
            check("stale-lockfile")
                .base("package.json", r#"{"dependencies": {"x": "^1"}}"#)
                .head("package.json", r#"{"dependencies": {"x": "^2"}}"#)
                .base("package-lock.json", &npm("^1", "{A512}"))
                .head("package-lock.json", lock)
        };
        test(&npm("^2", "{A512}")).finds(&[]);
        test(&npm("^1", "{A512}")).finds(&[&format!("package.json:1:25 warning {DRIFTED}")]);
        test(&npm("^1", "{A1}")).finds(&[&format!("package.json:1:25 error {DRIFTED}")]);
    }

    #[test]
    fn npm_holds_what_is_locked_against_the_manifest() {
        let level = |asked: &str, mirrored: &str| {
            let found = check("stale-lockfile")
                .both("package.json", &format!(r#"{{"dependencies": {{"x": "{asked}"}}}}"#))
                .base("package-lock.json", &npm(asked, "{A512}"))
                .head("package-lock.json", &npm(mirrored, "{A1}"))
                .run();
            found[0].level
        };
        assert_eq!(level("^1", "^1.0.0"), Level::Warning);
        assert_eq!(level("0.9 || >=1 <2", "^1"), Level::Warning);
        assert_eq!(level("^2", "^1"), Level::Error);
        assert_eq!(level("^1", "npm:evil@1"), Level::Error);
        assert_eq!(level("^1", "github:o/x"), Level::Error);
        assert_eq!(level("latest", "^1"), Level::Error);
    }

    #[test]
    fn what_was_behind_before_is_not_new() {
        let old = check("stale-lockfile")
            .both("package.json", r#"{"dependencies": {"x": "^2"}}"#)
            .both("package-lock.json", &npm("^1", "{A512}"))
            .base("README.md", "a")
            .head("README.md", "b");
        assert!(old.fresh().is_empty());
    }

    #[test]
    fn names_and_versions_do_not_count() {
        check("stale-lockfile")
            .head("package.json", r#"{"name": "other", "version": "9.0.0", "dependencies": {"x": "^1"}}"#)
            .head("package-lock.json", &npm("^1", "{A512}"))
            .finds(&[]);
    }

    #[test]
    fn cargo_members_are_satisfied() {
        let lock = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"m\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"r\",\n]\n[[package]]\nname = \"r\"\nversion = \"2.1.0\"\nsource = \"registry+https://i.example.com/index\"\n";
        let root = "[workspace]\nmembers = ['m']\n[workspace.dependencies]\nshared = { version = '2', package = 'r' }\n[package]\nname = 'a'\n";
        let test = |member: &str| {
            check("stale-lockfile")
                .head("Cargo.lock", lock)
                .head("Cargo.toml", root)
                .head("m/Cargo.toml", member)
        };
        let member = |dependencies: &str| {
            format!("[package]\nname = 'm'\nversion = '9'\n[dependencies]\n{dependencies}")
        };
        test(&member("a = { path = '..' }\nshared.workspace = true")).finds(&[]);
        test(&member("a = { path = '..' }\nr = '2.2'")).finds(&[
            "m/Cargo.toml:6:6 warning m/Cargo.toml asks for r `2.2`, and Cargo.lock has 2.1.0 for it.",
        ]);
        test(&member("a = { path = '..' }\nr = '2'\nnew = '1'"))
            .finds(&["m/Cargo.toml:7:8 warning m/Cargo.toml asks for new, and Cargo.lock has none for it."]);
        test(&member("a = { path = '..' }")).finds(&[
            "Cargo.lock:10:3 warning m/Cargo.toml does not ask for r, and Cargo.lock was made when it did.",
        ]);
        test("[package]\nname = 'n'\n").finds(&[
            "m/Cargo.toml:2:9 warning m/Cargo.toml is of the workspace, and Cargo.lock knows nothing of it.",
        ]);
    }

    #[test]
    fn cargo_takes_what_a_folder_has() {
        let lock = "version = 4\n[[package]]\nname = \"m\"\nversion = \"0.1.0\"\ndependencies = [\n \"r\",\n]\n[[package]]\nname = \"r\"\nversion = \"2.1.0-rc.1\"\n";
        let test = |word: &str| {
            check("stale-lockfile")
                .head("Cargo.lock", lock)
                .head("Cargo.toml", &format!("[workspace]\nmembers = ['r']\n[package]\nname = 'm'\n[dependencies]\nr = {{ path = 'r'{word} }}\n"))
                .head("r/Cargo.toml", "[package]\nname = 'r'\nversion = '2.1.0-rc.1'\n")
        };
        test("").finds(&[]);
        test(", version = '2.1.0-rc.1'").finds(&[]);
        test(", version = '2'").count(1);
    }

    #[test]
    fn an_extra_of_the_project_itself_asks_for_nothing_more() {
        let lock = |requires: &str| {
            format!(
                "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"x\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\n[package.metadata]\nrequires-dist = [{{ name = \"a\", marker = \"extra == 'one'\" }}{requires}]\n"
            )
        };
        let manifest = "[project]\nname = 'X'\nrequires-python = '>=3.9'\n[project.optional-dependencies]\none = ['a']\nall = ['x[one]'";
        let test = |requires: &str, more: &str| {
            check("stale-lockfile")
                .head("uv.lock", &lock(requires))
                .head("pyproject.toml", &format!("{manifest}{more}]\n"))
        };
        test(", { name = \"x\", extras = [\"one\"], marker = \"extra == 'all'\" }", "").finds(&[]);
        test(", { name = \"a\", marker = \"extra == 'all'\" }", "").finds(&[]);
        test("", ", 'b'").count(1);
    }

    #[test]
    fn pnpm_applies_overrides_and_catalogs_first() {
        let lock = "lockfileVersion: '9.0'\nsettings:\n  autoInstallPeers: true\ncatalogs:\n  default:\n    c:\n      specifier: ^1\n      version: 1.0.0\noverrides:\n  o: 2.0.0\nimporters:\n  .:\n    dependencies:\n      c:\n        specifier: 'catalog:'\n        version: 1.0.0\n      o:\n        specifier: 2.0.0\n        version: 2.0.0\n      p:\n        specifier: '>=1'\n        version: 1.0.0\n";
        let manifest = r#"{"dependencies": {"c": "catalog:", "o": "^1"}, "peerDependencies": {"p": ">=1"}}"#;
        let test = |workspace: &str| {
            check("stale-lockfile")
                .head("pnpm-lock.yaml", lock)
                .head("package.json", manifest)
                .head("pnpm-workspace.yaml", workspace)
        };
        test("catalog:\n  c: ^1\noverrides:\n  o: 2.0.0\n").finds(&[]);
        test("catalog:\n  c: ^2\noverrides:\n  o: 2.1.0\n").finds(&[
            "pnpm-workspace.yaml:2:6 warning pnpm-workspace.yaml has `^2` for c in the catalog `default`, and pnpm-lock.yaml was made for `^1`.",
            "pnpm-workspace.yaml:4:6 warning pnpm-workspace.yaml has `2.1.0` for the override of o, and pnpm-lock.yaml was made for `2.0.0`.",
        ]);
    }

    #[test]
    fn python_names_and_ranges_have_several_spellings() {
        let lock = "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"x\"\nversion = \"1\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"typing-extensions\", specifier = \">=4,<5\" }, { name = \"g\", git = \"https://git.example.com/o/g\" }]\n[package.metadata.requires-dev]\ndev = [{ name = \"pytest\" }]\n";
        let test = |dependency: &str, python: &str| {
            check("stale-lockfile").head("uv.lock", lock).head("pyproject.toml", &format!("[project]\nname = 'x'\nrequires-python = '{python}'\ndependencies = ['{dependency}', 'g']\n[dependency-groups]\ndev = ['pytest']\n[tool.uv.sources]\ng = {{ git = 'https://git.example.com/o/g' }}\n"))
        };
        test("Typing_Extensions <5.0, >= 4 ; python_version < \"3.11\"", ">=3.9").finds(&[]);
        test("typing-extensions>=4.1", ">=3.10").finds(&[
            "pyproject.toml:3:20 warning pyproject.toml asks for Python `>=3.10`, and uv.lock was made for `>=3.9`.",
            "pyproject.toml:4:18 warning pyproject.toml asks for typing-extensions `>=4.1`, and uv.lock was made for `<5,>=4`.",
        ]);
    }

    #[test]
    fn what_go_mod_requires_needs_the_hash_of_its_go_mod() {
        check("stale-lockfile")
            .head("go.mod", "module x\nrequire a v1.0.0\n")
            .head("go.sum", "a v1.0.0 h1:{A}\n")
            .finds(&["go.mod:2:1 warning go.mod requires a v1.0.0, and go.sum has no hash of its `go.mod`."]);
    }
}

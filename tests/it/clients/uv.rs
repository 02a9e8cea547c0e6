//! uv.

use super::edit::{conflict, edit, http, line_of, other_hash, other_host, replace};
use super::repo::Repo;
use super::tool::Tool;

const LOCK: &str = "uv.lock";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const PROJECT: &str = r#"[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.8"
dependencies = ["click==8.0.0", "idna==3.3", "member"]

[project.optional-dependencies]
color = ["colorama==0.4.4"]

[tool.uv.workspace]
members = ["member"]

[tool.uv.sources]
member = { workspace = true }
"#;
const MEMBER: &str = "[project]\nname = \"member\"\nversion = \"0.1.0\"\nrequires-python = \">=3.8\"\ndependencies = [\"attrs\"]\n";

/// A project with an extra and a member, locked; nothing without an index or a Python.
fn locked() -> Option<(Repo, Tool)> {
    let (uv, repo) = (Tool::find("uv")?, Repo::new());
    repo.write("pyproject.toml", PROJECT);
    repo.write("member/pyproject.toml", MEMBER);
    uv.reaches(repo.path(), &["lock"]).then_some((repo, uv))
}

#[test]
fn tampering() {
    let Some((repo, _)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let lock = repo.read(LOCK);
    let idna = "name = \"idna\"";
    let tampered = |what: &str, rules: &[&str], edited| repo.assert_tampered(LOCK, what, rules, &edited);
    tampered("another hash", &["pin-rewritten"], other_hash(&lock, idna, "sha256:"));
    tampered("another index", &["registry-changed"], other_host(&lock, idna));
    let file = line_of(&lock, idna, "-none-any.whl").to_owned();
    tampered("another file host", &["unpinned-registry", "pin-rewritten"], other_host(&lock, &file));
    tampered("http", &["insecure-url"], http(&lock, &file));
    tampered(
        "no hash",
        &["missing-integrity", "integrity-removed"],
        replace(&lock, &file, "hash = \"sha256:", "hash_ = \"sha256:"),
    );
    tampered("a conflict", &["merge-conflict"], conflict(&lock, idna));
    let git = "git = \"https://git.example.com/acme/idna";
    let source = |to: String| {
        edit(&lock, idna, |line| line.starts_with("source = ").then(|| format!("source = {{ {to} }}")))
    };
    tampered("a git source", &["registry-changed"], source(format!("{git}?rev={COMMIT}#{COMMIT}\"")));
    tampered(
        "a git branch",
        &["registry-changed", "mutable-git-source"],
        source(format!("{git}?branch=main\"")),
    );
    let click = line_of(&lock, "name = \"click\"", "-none-any.whl").to_owned();
    let edited = edit(&lock, &file, |_| Some(click.clone()));
    tampered("another package's file with its hash", &["name-mismatch"], edited);
}

#[test]
fn honest_upgrades() {
    let Some((repo, uv)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let run = |arguments: &[&str]| uv.run(repo.path(), arguments);
    let step = |what: &str, change: &dyn Fn()| repo.step(LOCK, what, change);
    let declare = |from: &str, to: &str| repo.replace("pyproject.toml", from, to);
    step("ranges", &|| {
        declare("click==8.0.0", "click>=8");
        declare("idna==3.3", "idna");
        declare("colorama==0.4.4", "colorama");
        run(&["lock"]);
    });
    let report = step("upgrade of one", &|| run(&["lock", "--upgrade-package", "idna"]));
    assert!(report.compared() > 0, "nothing was compared");
    step("upgrade of all", &|| run(&["lock", "--upgrade"]));
    repo.step_back(LOCK, "a downgrade", || run(&["lock", "--upgrade-package", "idna==3.4"]));
    step("a newer Python", &|| {
        declare(">=3.8", ">=3.10");
        repo.replace("member/pyproject.toml", ">=3.8", ">=3.10");
        run(&["lock", "--upgrade"]);
    });
    step("an extra", &|| {
        declare("color = [", "text = [\"six\"]\ncolor = [");
        run(&["lock"]);
    });
    step("a group", &|| {
        declare("[tool.uv.workspace]", "[dependency-groups]\ndev = [\"iniconfig\"]\n\n[tool.uv.workspace]");
        run(&["lock"]);
    });
    step("removal", &|| {
        declare("\"idna\", ", "");
        run(&["lock"]);
    });
    step("from scratch, with a constraint", &|| {
        declare(
            "[tool.uv.workspace]",
            "[tool.uv]\nconstraint-dependencies = [\"attrs<23\"]\n\n[tool.uv.workspace]",
        );
        repo.remove(LOCK);
        run(&["lock"]);
    });
}

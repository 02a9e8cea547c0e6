//! Cargo.

use super::edit::{conflict, drop_line, edit, http, other_hash, other_host};
use super::repo::Repo;
use super::tool::Tool;

const LOCK: &str = "Cargo.lock";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A workspace of two members, with a few small crates, locked; nothing when there is no registry.
fn locked() -> Option<(Repo, Tool)> {
    let (cargo, repo) = (Tool::find("cargo")?, Repo::new());
    repo.write("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"app\", \"util\"]\n");
    let package = |name: &str, dependencies: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{dependencies}"
        )
    };
    let app =
        "util = { path = \"../util\" }\nserde = \"1\"\nitoa = \"1\"\nlog = \"0.4\"\nnum-traits = \"0.2\"\n";
    repo.write("app/Cargo.toml", &package("app", app));
    repo.write("util/Cargo.toml", &package("util", "itoa = \"1\"\nfnv = \"1\"\n"));
    repo.write("app/src/lib.rs", "");
    repo.write("util/src/lib.rs", "");
    cargo.reaches(repo.path(), &["generate-lockfile"]).then_some((repo, cargo))
}

#[test]
fn tampering() {
    let Some((repo, _)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let lock = repo.read(LOCK);
    let itoa = "name = \"itoa\"";
    let tampered = |what: &str, rules: &[&str], edited| repo.assert_tampered(LOCK, what, rules, &edited);
    let source = |to: String| {
        edit(&lock, itoa, |line| line.starts_with("source = ").then(|| format!("source = \"{to}\"")))
    };
    tampered("another hash", &["pin-rewritten"], other_hash(&lock, itoa, "checksum = \""));
    tampered("another host", &["registry-changed"], other_host(&lock, itoa));
    let git = "git+https://git.example.com/acme/itoa";
    tampered("a git source", &["registry-changed"], source(format!("{git}?rev={COMMIT}#{COMMIT}")));
    tampered(
        "a git branch",
        &["registry-changed", "mutable-git-source"],
        source(format!("{git}?branch=main")),
    );
    tampered("http", &["insecure-url"], http(&lock, itoa));
    tampered("a conflict", &["merge-conflict"], conflict(&lock, itoa));
    tampered("no hash", &["integrity-removed"], drop_line(&lock, itoa, "checksum"));
}

#[test]
fn another_crates_hash() {
    let Some((repo, _)) = locked() else { return };
    repo.commit("Lock");
    let lock = repo.read(LOCK);
    let fnv = super::edit::line_of(&lock, "name = \"fnv\"", "checksum").to_owned();
    let edited = edit(&lock, "name = \"itoa\"", |line| line.starts_with("checksum").then(|| fnv.clone()));
    repo.assert_tampered(LOCK, "another crate's hash", &["pin-rewritten"], &edited);
}

#[test]
fn honest_upgrades() {
    let Some((repo, cargo)) = locked() else { return };
    let run = |arguments: &[&str]| cargo.run(repo.path(), arguments);
    let step = |what: &str, change: &dyn Fn()| repo.step(LOCK, what, change);
    run(&["update", "itoa", "--precise", "1.0.1"]);
    run(&["update", "log", "--precise", "0.4.17"]);
    repo.assert_honest_start(LOCK);
    step("update of one crate", &|| run(&["update", "itoa"]));
    let report = step("update of all", &|| run(&["update"]));
    assert!(report.compared() > 0, "nothing was compared");
    repo.step_back(LOCK, "downgrade", || run(&["update", "itoa", "--precise", "1.0.1"]));
    step("a feature", &|| run(&["add", "--package", "app", "serde", "--features", "derive"]));
    step("an older major beside the newer", &|| {
        repo.replace(
            "util/Cargo.toml",
            "fnv = \"1\"",
            "fnv = \"1\"\nsyn1 = { package = \"syn\", version = \"1\" }",
        );
        run(&["update", "--workspace"]);
    });
    step("removal", &|| run(&["remove", "--package", "app", "num-traits"]));
    step("lock version 3, from scratch", &|| {
        repo.replace("app/Cargo.toml", "edition", "rust-version = \"1.70\"\nedition");
        repo.remove(LOCK);
        run(&["generate-lockfile"]);
    });
    step("lock version 4, from scratch", &|| {
        repo.replace("app/Cargo.toml", "rust-version = \"1.70\"\n", "");
        repo.remove(LOCK);
        run(&["generate-lockfile"]);
    });
    step("a member renamed and bumped", &|| {
        repo.replace("util/Cargo.toml", "0.1.0", "0.2.0");
        run(&["update", "--workspace"]);
    });
}

#[test]
fn a_first_dependency() {
    let Some(cargo) = Tool::find("cargo") else { return };
    let repo = Repo::new();
    repo.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    repo.write("src/lib.rs", "");
    cargo.run(repo.path(), &["generate-lockfile", "--offline"]);
    repo.assert_honest_start(LOCK);
    if cargo.reaches(repo.path(), &["add", "itoa"]) {
        repo.check().assert_honest("the first dependency");
    }
}

//! `examples/xtask-gate`: a workspace whose own chores check its lockfiles, built and run as its users would.

use std::fs;
use std::path::{Path, PathBuf};

use super::repo::{Repo, shown};
use super::tool::Tool;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SITE: &str = "site/package-lock.json";

/// The example in a repository of its own, with everything committed.
fn example() -> Repo {
    let (repo, from) = (Repo::at(&scratch()), Path::new(ROOT).join("examples/xtask-gate"));
    for path in files(&from, "") {
        let text = fs::read_to_string(from.join(&path)).unwrap();
        // The folder above is another one here; a path out of the repository would be a finding.
        let text = text.replace("path = \"../../..\"", "path = \"../lockproof\"");
        repo.write(&path, &text.replace("[workspace]\n", "[workspace]\nexclude = [\"lockproof\"]\n"));
    }
    std::os::unix::fs::symlink(ROOT, repo.file("lockproof")).unwrap();
    repo.write(".git/info/exclude", "lockproof\n");
    repo.commit("Start");
    repo
}

fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("xtask-gate")
}

/// Files below a folder, but for what was built.
fn files(root: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap());
    let mut found = Vec::new();
    for entry in entries.filter(|entry| entry.file_name() != "target") {
        let path = Path::new(folder).join(entry.file_name()).to_str().unwrap().replace('\\', "/");
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(root, &path)),
            false => found.push(path),
        }
    }
    found
}

/// Cargo, which builds the example once for all runs of the tests.
fn cargo() -> Option<Tool> {
    let cargo = Tool::find("cargo")?
        .with("CARGO_TARGET_DIR", scratch().join("target"))
        .with("CARGO_TERM_COLOR", "never");
    Some(cargo.with("LOCKPROOF", env!("CARGO_BIN_EXE_lockproof")))
}

#[test]
fn the_gate_is_first_and_last_and_stops_a_tampered_lockfile() {
    let Some(cargo) = cargo() else { return };
    let (repo, lock) =
        (example(), fs::read_to_string(Path::new(ROOT).join("examples/xtask-gate/Cargo.lock")));
    if !cargo.reaches(repo.path(), &["fetch", "--quiet", "--target", "host-tuple"]) {
        return;
    }
    let renew = "stale: cargo update --workspace --manifest-path examples/xtask-gate/Cargo.toml";
    assert!(repo.read("Cargo.lock") == lock.unwrap(), "{renew}");

    let honest = cargo.output(repo.path(), &["xtask", "dev:loop"]);
    assert!(honest.status.success(), "{}", shown(&honest));
    let text = String::from_utf8_lossy(&honest.stdout).into_owned();
    assert!(text.lines().all(|line| line.starts_with("ok ")) && text.lines().count() == 5, "{text}");
    cargo.run(repo.path(), &["xtask", "locks"]);

    repo.replace(SITE, "sha512-XI5M", "sha512-XI5N");
    let tampered = cargo.output(repo.path(), &["xtask", "dev:loop"]);
    let text = String::from_utf8_lossy(&tampered.stdout).into_owned();
    assert_eq!(tampered.status.code(), Some(1), "{}", shown(&tampered));
    // Every step ran, and the report needs no terminal.
    let failed: Vec<_> = text.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert_eq!(failed, ["FAILED  lockproof  fix: lockproof", "FAILED  lockproof, again  fix: git diff"]);
    assert!(text.contains("site/package-lock.json:25:21: error[pin-rewritten]:"), "{text}");
    let program = cargo.output(repo.path(), &["xtask", "locks"]);
    assert_eq!(program.status.code(), Some(1), "{}", shown(&program));
    assert!(shown(&program).contains("pin-rewritten"), "{}", shown(&program));

    repo.git(&["checkout", "--quiet", "."]);
    repo.write("app/USAGE.md", "by hand");
    repo.commit("Edit what is generated");
    let stale = cargo.output(repo.path(), &["xtask", "dev:loop"]);
    assert_eq!(stale.status.code(), Some(1), "{}", shown(&stale));
    assert!(shown(&stale).contains("not what is committed: app/USAGE.md"), "{}", shown(&stale));
    without_locked_cargo_rewrites_the_lockfile_first(&cargo, &repo);
}

/// What the alias is for: cargo writes Cargo.lock before any gate can look at it.
fn without_locked_cargo_rewrites_the_lockfile_first(cargo: &Tool, repo: &Repo) {
    repo.replace("app/Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    let before = repo.read("Cargo.lock");
    let locked = cargo.output(repo.path(), &["xtask", "locks"]);
    assert!(!locked.status.success() && shown(&locked).contains("--locked"), "{}", shown(&locked));
    assert_eq!(repo.read("Cargo.lock"), before);
    cargo.output(repo.path(), &["run", "--offline", "--quiet", "--package", "xtask", "--", "locks"]);
    assert_ne!(repo.read("Cargo.lock"), before);
}

//! A pre-commit hook.

use super::edit::other_hash;
use super::repo::{Repo, shown};

/// The lockfile and manifest of a step of a project's history.
fn take(repo: &Repo, step: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/history/cargo").join(step);
    for name in ["Cargo.toml", "Cargo.lock"] {
        repo.write(name, &std::fs::read_to_string(folder.join(name)).unwrap());
    }
}

fn install_hook(repo: &Repo) {
    use std::os::unix::fs::PermissionsExt;
    let hook = ".git/hooks/pre-commit";
    repo.write(hook, &format!("#!/bin/sh\nexec '{}' --staged\n", env!("CARGO_BIN_EXE_lockproof")));
    std::fs::set_permissions(repo.file(hook), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_hook_lets_the_honest_pass_only() {
    let repo = Repo::new();
    take(&repo, "01-initial-v1");
    repo.commit("First");
    install_hook(&repo);
    take(&repo, "02-patch-upgrades");
    repo.commit("An honest upgrade");

    let honest = repo.read("Cargo.lock");
    // Version 1 keeps its hashes at the end of the file.
    repo.write("Cargo.lock", &other_hash(&honest, "[metadata]", "\" = \"").text);
    repo.git(&["add", "--all"]);
    // What counts is what would be committed, not what stands in the worktree by then.
    repo.write("Cargo.lock", &honest);
    let commit = ["commit", "--quiet", "--message", "A tampered lockfile"];
    let output = repo.try_git(&commit);
    assert!(!output.status.success(), "the hook let it pass: {}", shown(&output));
    assert!(shown(&output).contains("pin-rewritten"), "{}", shown(&output));

    repo.git(&["add", "--all"]);
    repo.write("README.md", "Nothing to lock.\n");
    repo.commit("Something else");
    assert!(repo.try_git(&["diff", "--quiet", "HEAD"]).status.success());
}

//! pnpm.

use super::edit::{conflict, edit, other_hash, replace};
use super::repo::Repo;
use super::tool::Tool;

const LOCK: &str = "pnpm-lock.yaml";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A workspace with a scope and an alias, locked; nothing without a registry.
fn locked() -> Option<(Repo, Tool)> {
    let (pnpm, repo) = (Tool::find("pnpm")?, Repo::new());
    repo.write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
    repo.write(
        "package.json",
        "{\n  \"name\": \"app\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"@sindresorhus/is\": \"4.0.0\",\n    \"debug\": \"4.3.1\",\n    \"ms\": \"2.0.0\",\n    \"strip-ansi-cjs\": \"npm:strip-ansi@6.0.0\"\n  }\n}\n",
    );
    repo.write(
        "packages/util/package.json",
        "{\n  \"name\": \"util-of-app\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"ms\": \"^2.1.0\"\n  }\n}\n",
    );
    pnpm.reaches(repo.path(), &["install", "--lockfile-only"]).then_some((repo, pnpm))
}

#[test]
fn tampering() {
    let Some((repo, _)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let lock = repo.read(LOCK);
    let debug = "debug@4.3.1:";
    let tampered = |what: &str, rules: &[&str], edited| repo.assert_tampered(LOCK, what, rules, &edited);
    let resolution = |to: String| {
        edit(&lock, debug, |line| line.contains("resolution:").then(|| format!("    resolution: {to}")))
    };
    let tarball =
        |address: &str| replace(&lock, debug, "{integrity", &format!("{{tarball: {address}, integrity"));
    tampered("another hash", &["pin-rewritten"], other_hash(&lock, debug, "sha512-"));
    tampered(
        "another host",
        &["unpinned-registry", "registry-changed"],
        tarball("https://other.example.com/debug/-/debug-4.3.1.tgz"),
    );
    tampered(
        "http",
        &["unpinned-registry", "insecure-url"],
        tarball("http://other.example.com/debug/-/debug-4.3.1.tgz"),
    );
    tampered(
        "another package's address",
        &["name-mismatch", "unpinned-registry", "registry-changed"],
        tarball("https://other.example.com/ms/-/ms-2.0.0.tgz"),
    );
    let git = "type: git, repo: https://git.example.com/acme/debug.git";
    tampered("a git source", &["registry-changed"], resolution(format!("{{{git}, commit: {COMMIT}}}")));
    tampered(
        "a git branch",
        &["registry-changed", "mutable-git-source"],
        resolution(format!("{{{git}, commit: main}}")),
    );
    tampered("a conflict", &["merge-conflict"], conflict(&lock, debug));
    tampered("no hash", &["integrity-removed"], resolution("{}".to_owned()));
}

#[test]
fn honest_upgrades() {
    let Some((repo, pnpm)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let run = |arguments: &[&str]| pnpm.run(repo.path(), &[arguments, &["--lockfile-only"]].concat());
    let step = |what: &str, change: &dyn Fn()| repo.step(LOCK, what, change);
    step("ranges", &|| {
        repo.replace("package.json", "\"4.3.1\"", "\"^4.3.1\"");
        repo.replace("package.json", "\"4.0.0\"", "\"^4.0.0\"");
        run(&["install", "--no-frozen-lockfile"]);
    });
    let report = step("update of all", &|| run(&["update", "--recursive"]));
    assert!(report.compared() > 0, "nothing was compared");
    step("a downgrade", &|| run(&["add", "--workspace-root", "debug@4.3.1"]));
    step("the latest of one", &|| run(&["update", "--latest", "--recursive", "ms"]));
    step("one more, with a tree of its own", &|| run(&["add", "--workspace-root", "string-width@4"]));
    step("an override", &|| {
        repo.write("pnpm-workspace.yaml", "packages:\n  - packages/*\noverrides:\n  ansi-regex: 5.0.0\n");
        run(&["install", "--no-frozen-lockfile"]);
    });
    step("removal", &|| run(&["remove", "--workspace-root", "string-width"]));
    step("from scratch", &|| {
        repo.write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
        repo.remove(LOCK);
        run(&["install"]);
    });
}

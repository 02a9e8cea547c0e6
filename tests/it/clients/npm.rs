//! npm.

use super::edit::{Edited, conflict, drop_line, edit, http, line_of, other_hash, other_host, replace};
use super::repo::Repo;
use super::tool::Tool;

const LOCK: &str = "package-lock.json";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const LOCKING: [&str; 2] = ["install", "--package-lock-only"];

/// A workspace with a scope, an alias and a package that bundles others, locked; nothing without a registry.
fn locked() -> Option<(Repo, Tool)> {
    let (npm, repo) = (Tool::find("npm")?, Repo::new());
    let dependencies = r#"
    "@aws-cdk/cloud-assembly-schema": "48.0.0",
    "@sindresorhus/is": "4.0.0",
    "debug": "4.3.1",
    "ms": "2.0.0",
    "strip-ansi-cjs": "npm:strip-ansi@6.0.0""#;
    repo.write(
        "package.json",
        &format!("{{\n  \"name\": \"app\",\n  \"version\": \"1.0.0\",\n  \"workspaces\": [\"packages/*\"],\n  \"dependencies\": {{{dependencies}\n  }}\n}}\n"),
    );
    repo.write(
        "packages/util/package.json",
        "{\n  \"name\": \"util-of-app\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"ms\": \"^2.1.0\"\n  }\n}\n",
    );
    npm.reaches(repo.path(), &LOCKING).then_some((repo, npm))
}

#[test]
fn tampering() {
    let Some((repo, _)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let lock = repo.read(LOCK);
    assert!(lock.contains("inBundle"), "nothing is bundled");
    let debug = "\"node_modules/debug\"";
    let resolved = |to: &str| -> Edited {
        let line = format!("      \"resolved\": \"{to}\",");
        edit(&lock, debug, |old| old.contains("\"resolved\"").then(|| line.clone()))
    };
    let tampered = |what: &str, rules: &[&str], edited| repo.assert_tampered(LOCK, what, rules, &edited);
    tampered("another hash", &["pin-rewritten"], other_hash(&lock, debug, "sha512-"));
    tampered("another host", &["registry-changed"], other_host(&lock, debug));
    tampered("a bundler's host", &["registry-changed"], other_host(&lock, "\"node_modules/@aws-cdk/"));
    let git = "git+https://git.example.com/acme/debug.git";
    tampered("a git source", &["registry-changed"], resolved(&format!("{git}#{COMMIT}")));
    tampered("a git branch", &["registry-changed", "mutable-git-source"], resolved(&format!("{git}#main")));
    tampered("http", &["insecure-url"], http(&lock, debug));
    tampered("a conflict", &["merge-conflict"], conflict(&lock, debug));
    tampered("no hash", &["integrity-removed"], drop_line(&lock, debug, "\"integrity\""));
    tampered(
        "no hash below an alias",
        &["integrity-removed"],
        drop_line(&lock, "\"node_modules/strip-ansi-cjs\"", "\"integrity\""),
    );
    tampered(
        "another package's address",
        &["name-mismatch", "registry-changed"],
        another_packages_address(&lock),
    );
}

fn another_packages_address(lock: &str) -> Edited {
    let ms = line_of(lock, "\"node_modules/ms\"", "\"resolved\"").to_owned();
    edit(lock, "\"node_modules/debug\"", |line| line.contains("\"resolved\"").then(|| ms.clone()))
}

/// The injection that frozen installs accept: address and hash agree with each other. On a release that the base side
/// has, both lines are changed, and each is said; on a new release, the address alone gives it away.
#[test]
fn another_packages_address_with_its_hash() {
    let Some((repo, npm)) = locked() else { return };
    repo.commit("Lock");
    let inject = |lock: &str| {
        let ms = line_of(lock, "\"node_modules/ms\"", "\"integrity\"").to_owned();
        let address = another_packages_address(lock);
        let both = edit(&address.text, "\"node_modules/debug\"", |line| {
            line.contains("\"integrity\"").then(|| ms.clone())
        });
        (Edited { text: both.text, line: address.line }, both.line)
    };
    let (edited, hash_line) = inject(&repo.read(LOCK));
    repo.write(LOCK, &edited.text);
    let report = repo.check();
    let lines: Vec<_> = report.errors().iter().map(|it| it["span"]["start"]["line"].as_u64()).collect();
    assert_eq!(lines, [Some(edited.line as u64), Some(hash_line as u64)], "{}", report.describe());
    repo.git(&["checkout", "--quiet", "."]);

    npm.run(repo.path(), &["install", "--package-lock-only", "debug@4.3.4"]);
    repo.check().assert_honest("an upgrade");
    let (edited, _) = inject(&repo.read(LOCK));
    repo.assert_tampered(LOCK, "under an upgrade", &["name-mismatch", "registry-changed"], &edited);
}

/// Where no entry names an address, one that does is the whole attack.
#[test]
fn an_address_where_none_was() {
    let Some((repo, npm)) = locked() else { return };
    let npm = npm.with("npm_config_omit_lockfile_registry_resolved", "true");
    repo.remove(LOCK);
    npm.run(repo.path(), &LOCKING);
    repo.assert_honest_start(LOCK);
    let to = "\"resolved\": \"https://other.example.com/debug/-/debug-4.3.1.tgz\", \"integrity\"";
    let edited = replace(&repo.read(LOCK), "\"node_modules/debug\"", "\"integrity\"", to);
    repo.assert_tampered(
        LOCK,
        "an address where none was",
        &["unpinned-registry", "registry-changed"],
        &edited,
    );
}

#[test]
fn honest_upgrades() {
    let Some((repo, npm)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let run = |arguments: &[&str]| npm.run(repo.path(), arguments);
    let step = |what: &str, change: &dyn Fn()| repo.step(LOCK, what, change);
    step("the latest of one", &|| run(&["install", "ms@latest"]));
    step("ranges", &|| {
        repo.replace("package.json", "\"4.3.1\"", "\"^4.3.1\"");
        repo.replace("package.json", "\"4.0.0\"", "\"^4.0.0\"");
        run(&["install"]);
    });
    let report = step("update of all", &|| run(&["update"]));
    assert!(report.compared() > 0, "nothing was compared");
    repo.step_back(LOCK, "a downgrade", || run(&["install", "debug@4.3.1"]));
    step("one more, with a tree of its own", &|| run(&["install", "string-width@4"]));
    step("a second version, nested", &|| {
        run(&["install", "--workspace", "util-of-app", "ms@2.0.0", "strip-ansi@5"])
    });
    step("the same version, to be deduplicated", &|| {
        repo.replace("packages/util/package.json", "\"ms\": \"^2.0.0\"", "\"ms\": \"*\"");
        run(&["install"]);
        run(&["dedupe"]);
    });
    step("an override", &|| {
        run(&["pkg", "set", "overrides.ansi-regex=5.0.0"]);
        run(&["install"]);
        run(&["update", "ansi-regex"]);
    });
    step("removal", &|| run(&["uninstall", "string-width"]));
    step("from scratch", &|| {
        repo.remove(LOCK);
        // Every one of them: npm loses the hashes of what is left installed when there is no lockfile.
        for folder in ["node_modules", "packages/util/node_modules"] {
            std::fs::remove_dir_all(repo.file(folder)).unwrap();
        }
        run(&["pkg", "delete", "overrides"]);
        run(&["install"]);
    });
}

#[test]
fn conversions() {
    let Some((repo, npm)) = locked() else { return };
    repo.assert_honest_start(LOCK);
    let convert = |version: &str| {
        repo.step(LOCK, &format!("version {version}"), || {
            npm.run(repo.path(), &["install", "--package-lock-only", "--lockfile-version", version])
        })
    };
    for version in ["1", "2", "3", "2", "1", "3"] {
        convert(version);
    }
    let npm = npm.with("npm_config_omit_lockfile_registry_resolved", "true");
    repo.step(LOCK, "addresses left out", || {
        repo.remove(LOCK);
        npm.run(repo.path(), &LOCKING);
    });
}

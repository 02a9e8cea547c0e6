//! What is printed to be typed.

use super::*;
use crate::check::testing::check;
use crate::rules;

fn stand(folder: &str) -> Stand {
    Stand { folder: folder.to_owned(), on_disk: true, accepts: true, ..Stand::default() }
}

#[test]
fn a_path_is_told_from_where_the_user_stands() {
    for (folder, path, seen) in [
        ("", "web/package-lock.json", "web/package-lock.json"),
        ("web", "web/package-lock.json", "package-lock.json"),
        ("api/src", "web/package-lock.json", "../../web/package-lock.json"),
        ("web", "webs/x", "../webs/x"),
        ("web", "web", "."),
        ("a", "", ".."),
        ("a", "/cache/x", "/cache/x"),
    ] {
        assert_eq!(stand(folder).seen(path), seen, "{path} from {folder}");
    }
}

#[test]
fn clients_work_in_another_folder() {
    for (client, expected) in [
        (Client::Cargo, "cargo update --workspace --manifest-path 'a b/Cargo.toml'"),
        (Client::Go, "(cd 'a b' && go mod tidy)"),
        (Client::Npm, "npm --prefix 'a b' install --package-lock-only"),
        (Client::Pnpm, "pnpm -C 'a b' install --lockfile-only"),
        (Client::Uv, "uv --directory 'a b' lock"),
        (Client::Yarn, "yarn --cwd 'a b' install"),
        (Client::Bun, "bun --cwd 'a b' install --lockfile-only"),
    ] {
        assert_eq!(client.in_folder(client.fit(), "a b"), expected);
        assert_eq!(client.in_folder(client.fit(), "."), client.fit());
    }
}

#[test]
fn what_could_not_be_typed_is_not_printed() {
    for command in ["git add a`b", "git add 'a\nb'", "git add 'a\u{202e}b'", &"x".repeat(400)] {
        assert_eq!(typable(command.to_owned()), None, "{command}");
    }
    assert_eq!(pathspec(":a*"), ":(literal):a*");
    for name in ["--registry=x", "../x", "a/b", "@a", "x;y", "x y", ""] {
        assert!(!is_name(name), "{name}");
    }
    assert!(is_name("@acme/x.y-z") && is_name("left-pad"));
    assert_eq!(stand("").accept("0a1b").unwrap(), "`lockproof accept 0a1b --reason \"WHY\"`");
}

/// What a rule says without asking this file: each of these was looked at.
#[test]
fn rules_format_no_commands_by_hand() {
    const STARTS: [&str; 10] =
        ["git ", "npm ", "cargo ", "pnpm ", "uv ", "go ", "yarn ", "pip ", "rm ", "lockproof "];
    let mut found = Vec::new();
    for rule in rules::ALL {
        let code = rule.docs.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let commands = line.split('`').skip(1).step_by(2);
            let typed = commands.filter(|text| STARTS.iter().any(|start| text.starts_with(start)));
            found.extend(typed.map(|text| format!("{}: {text}", rule.id)));
        }
    }
    assert_eq!(found, ["lfs-pointer: git lfs pull"]);
}

const NPM: &str = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"x": "1"}}, "node_modules/x": {"version": "1.0.0", "integrity": "sha512-{A512}"}}}"#;

fn help_of(rule: &str, files: &[(&str, &str)]) -> String {
    let all = files.iter().fold(check(rule), |test, (path, text)| test.head(path, text));
    let found = all.run();
    found.first().map(|it| it.help.clone()).unwrap_or_else(|| panic!("nothing is found"))
}

#[test]
fn a_project_is_locked_with_its_own_client() {
    let program = r#"{"name": "w", "private": true, "bin": "x", "scripts": {"start": "x"}, "dependencies": {"x": "1"}}"#;
    for (files, command) in [
        (&[][..], "npm --prefix web install --package-lock-only"),
        (&[("pnpm-workspace.yaml", "packages: []\n")], "pnpm -C web install --lockfile-only"),
        (&[("package.json", r#"{"packageManager": "yarn@4.0.0"}"#)], "yarn --cwd web install"),
    ] {
        let files: Vec<_> = [("web/package.json", program)].iter().chain(files).copied().collect();
        assert_eq!(help_of("missing-lockfile", &files), format!("`{command}` writes one. Track it."));
    }
    // A project of another client has no use for npm.
    let stale = r#"{"packageManager": "pnpm@9.0.0", "dependencies": {"x": "2"}}"#;
    let help = help_of("stale-lockfile", &[("package-lock.json", NPM), ("package.json", stale)]);
    assert!(!help.contains("npm install"), "{help}");
}

#[test]
fn what_would_do_nothing_is_not_printed() {
    let bad = NPM.replace("sha512-{A512}", "sha512-x");
    let test = || check("malformed-integrity");
    let help = |test: crate::check::testing::Check| test.run().remove(0).help;
    let new = help(test().base("package-lock.json", NPM).head("package-lock.json", &bad));
    assert!(new.contains("`git checkout HEAD -- package-lock.json`"), "{new}");
    // As it was, elsewhere in a changed file, and with nothing to compare with.
    let old = help(test().both("package-lock.json", &bad));
    let more = bad.replace("\"1.0.0\"", "\"1.0.0\", \"dev\": true");
    let moved = help(test().base("package-lock.json", &bad).head("package-lock.json", &more));
    let log = "`git log -p -- package-lock.json` shows where it came from.";
    assert_eq!((old.as_str(), moved.as_str()), (log, log));
    assert_eq!(help(test().head("package-lock.json", &bad)), "");
}

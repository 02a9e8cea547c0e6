//! `lockproof diff`: what people see of a change.

use serde_json::Value;

use crate::cli::fits;
use crate::support::{Place, cargo_with};

/// An npm lockfile: path, version, host, hash, what it asks for. The project asks for `web` and `cli`.
fn npm(entries: &[(&str, &str, &str, &str, &[&str])]) -> String {
    let entry = |(name, version, host, hash, edges): &(&str, &str, &str, &str, &[&str])| {
        let edges: Vec<_> = edges.iter().map(|edge| format!("\"{edge}\": \"*\"")).collect();
        let integrity = match *hash {
            "" => String::new(),
            hash => format!("\n      \"integrity\": \"{hash}\","),
        };
        format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \
             \"https://{host}/{name}/-/{name}-{version}.tgz\",{integrity}\n      \"dependencies\": {{ {} }}\n    }}",
            edges.join(", ")
        )
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    format!(
        "{{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"\": {{ \"dependencies\": {{ \
         \"web\": \"*\", \"cli\": \"*\" }} }},\n{}\n  }}\n}}\n",
        entries.join(",\n")
    )
}

fn sha512(letter: char) -> String {
    format!("sha512-{}A==", letter.to_string().repeat(85))
}

const HOST: &str = "registry.example.com";

/// Something of everything, in the worktree.
fn everything() -> Place {
    let [a, b, c] = ['A', 'B', 'C'].map(sha512);
    let place = Place::with(&[(
        "package-lock.json",
        &npm(&[
            ("web", "1.0.0", HOST, &a, &["router", "old", "log"]),
            ("router", "2.1.0", HOST, &a, &["bare"]),
            ("old", "1.0.0", HOST, &a, &[]),
            ("older", "1.0.0", HOST, &a, &[]),
            ("log", "1.0.0", HOST, &a, &[]),
            ("bare", "1.0.0", HOST, &a, &[]),
            ("cli", "3.0.0", HOST, &a, &["args"]),
            ("args", "1.5.0", HOST, &a, &["color"]),
            ("color", "1.0.0", HOST, &a, &[]),
            ("back", "1.1.0", HOST, &a, &[]),
        ]),
    )]);
    place.write(
        "package-lock.json",
        npm(&[
            ("web", "1.1.0", HOST, &b, &["router", "new", "log"]),
            ("router", "2.2.0", HOST, &b, &["bare"]),
            ("new", "0.1.0", HOST, &c, &[]),
            ("log", "1.0.0", HOST, &b, &[]),
            ("bare", "1.0.0", HOST, "", &[]),
            ("cli", "3.0.0", HOST, &a, &["args"]),
            ("args", "1.6.0", HOST, &b, &["color"]),
            ("color", "1.0.1", "mirror.example.net", &b, &[]),
            ("back", "1.0.9", HOST, &b, &[]),
        ]),
    );
    place
}

#[test]
fn a_change_is_told_by_what_brought_it() {
    let place = everything();
    insta::assert_snapshot!(place.lockproof("diff").exits(0));
}

#[test]
fn a_change_is_told_in_markdown() {
    let place = everything();
    insta::assert_snapshot!(place.lockproof("diff --format markdown").exits(0));
}

#[test]
fn a_change_is_told_in_json() {
    let place = everything();
    let text = place.lockproof("diff --format json").exits(0);
    fits("diff", &text);
    let json: Value = serde_json::from_str(&text).unwrap();
    let first = &json["changes"][0];
    assert_eq!((&first["name"], &first["kinds"][0]), (&"log".into(), &"re-pinned".into()));
    assert_eq!(first["rules"][0]["rule"], "pin-rewritten");
    assert_eq!(first["before"]["hashes"][0], sha512('A'));
    assert_eq!(first["via"], serde_json::json!({"name": "web", "changed": true, "member": null}));
    fits("diff", &Place::with(&[]).lockproof("diff --format json").exits(0));
}

/// Colours are the only difference between a terminal and a pipe of its width.
#[test]
fn colours_are_asked_for() {
    let place = everything();
    let plain = place.lockproof("diff").exits(0);
    let coloured = place.lockproof("diff --color always").exits(0);
    assert!(!plain.contains('\u{1b}') && coloured.contains('\u{1b}'));
    let mut parts = coloured.split('\u{1b}');
    let mut bare = parts.next().unwrap().to_owned();
    parts.for_each(|part| bare.push_str(part.split_once('m').unwrap().1));
    assert_eq!(bare, plain);
    assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
}

#[test]
fn the_same_in_many_lockfiles_is_one_line() {
    let (before, after) = (cargo_with(&[("a", "1"), ("b", "1")]), cargo_with(&[("a", "1"), ("c", "1")]));
    let after = after.replace("version = \"1.0.0\"", "version = \"1.0.1\"");
    let paths: Vec<_> = (0..40).map(|number| format!("d{number:02}/Cargo.lock")).collect();
    let files: Vec<_> = paths.iter().map(|path| (path.as_str(), before.as_str())).collect();
    let place = Place::with(&files);
    paths.iter().for_each(|path| place.write(path, &after));
    let text = place.lockproof("diff").exits(0);
    insta::assert_snapshot!(text);
    for jobs in [1, 8] {
        assert_eq!(place.lockproof(&format!("diff --jobs {jobs}")).exits(0), text);
    }
    let one = place.lockproof("diff -- d07").exits(0);
    assert!(one.starts_with("HEAD → the worktree: d07/Cargo.lock\n"), "{one}");
}

#[test]
fn revisions_are_compared_as_git_does() {
    let lock = |version: &str| cargo_with(&[("a", "1")]).replace("1.0.0\"", &format!("{version}\""));
    let place = Place::with(&[("Cargo.lock", &lock("1.0.0"))]);
    place.git("branch side");
    place.write("Cargo.lock", lock("1.1.0"));
    place.commit_all();
    place.git("switch --quiet side");
    place.write("Cargo.lock", lock("1.0.5"));
    place.commit_all();
    place.write("Cargo.lock", lock("1.2.0"));
    place.git("add --all");
    place.write("Cargo.lock", lock("1.3.0"));
    for (words, versions) in [
        ("", "1.0.5 → 1.3.0"),
        ("--staged", "1.0.5 → 1.2.0"),
        ("main", "1.1.0 → 1.3.0"),
        ("main --staged", "1.1.0 → 1.2.0"),
        ("side main", "1.0.5 → 1.1.0"),
        ("side..main", "1.0.5 → 1.1.0"),
        ("main..", "1.1.0 → 1.0.5"),
        ("side...main", "1.0.0 → 1.1.0"),
        ("side main -- Cargo.lock", "1.0.5 → 1.1.0"),
    ] {
        place.lockproof(&format!("diff {words}")).exits_with(0, versions);
        place.lockproof(&format!("diff --exit-code {words}")).exits_with(1, versions);
    }
    place.lockproof("diff --exit-code main main").exits_with(0, "main → main: no lockfile changed.");
    for (words, code, message) in [
        ("nowhere", 3, "there is no revision `nowhere` here"),
        ("Cargo.lock", 2, "`Cargo.lock` is no revision; a path stands behind `--`"),
        ("main side --staged", 2, "one revision is enough"),
        ("main..side main", 2, "a range is two revisions already"),
        ("main side main", 2, "no more were expected"),
        ("-- nothing.lock", 2, "nothing.lock"),
        ("--format sarif", 2, "invalid value 'sarif'"),
    ] {
        place.lockproof(&format!("diff {words}")).exits_with(code, message);
    }
    Place::folder().lockproof("diff").exits_with(2, "this is no git repository");
    place.git("clone --quiet --bare . bare");
    place.at("bare").lockproof("diff main side").exits_with(0, "1.1.0 → 1.0.5");
    place.at("bare").lockproof("diff").exits_with(3, "bare repository");
}

/// What only went from one file or client to another is no change of a package.
#[test]
fn a_move_brings_no_news() {
    let npm = npm(&[("web", "1.0.0", HOST, &sha512('A'), &[])]);
    let pnpm = format!(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      web:\n        specifier: '*'\n        version: \
         1.0.0\n\npackages:\n\n  web@1.0.0:\n    resolution: {{integrity: {}}}\n\nsnapshots:\n\n  web@1.0.0: {{}}\n",
        sha512('A')
    );
    let place = Place::with(&[("package-lock.json", &npm), ("a/Cargo.lock", &cargo_with(&[("a", "1")]))]);
    std::fs::remove_file(place.path("package-lock.json")).unwrap();
    place.write("pnpm-lock.yaml", pnpm.as_str());
    place.git("mv a b");
    place.git("add --all");
    insta::assert_snapshot!(place.lockproof("diff").exits(0), @r"
    HEAD → the worktree: 3 lockfiles

    Lockfiles
      b/Cargo.lock: moved from a/Cargo.lock; no package changed
      package-lock.json: gone; no package changed  warning[lockfile-removed]
      pnpm-lock.yaml: new, 1 package; no package changed
    ");
    // The same release with another hash is no less alarming for it.
    place.write("pnpm-lock.yaml", pnpm.replace(&sha512('A'), &sha512('B')));
    place.lockproof("diff").exits_with(0, "re-pinned web 1.0.0  error[pin-rewritten]");
}

#[test]
fn what_can_not_be_read_is_no_change_and_no_success() {
    let place = Place::with(&[("Cargo.lock", &cargo_with(&[("a", "1")]))]);
    place.write("Cargo.lock", "version = ");
    place
        .lockproof("diff")
        .exits_with(3, "Cargo.lock: can't be read, not compared  error[unreadable-lockfile]");
    place.lockproof("diff --format markdown").exits_with(3, "can't be read, not compared");
    place.lockproof("diff --format json").exits_with(3, "\"unreadable\": true");
}

#[test]
fn nothing_of_a_repository_is_markup() {
    let name = "x|`y`<img src=x onerror=alert(1)>[l](https://e.example)@team\\\\n| #1";
    let hostile = npm(&[("web", "1.0.0", HOST, &sha512('A'), &[])]).replace("web", name);
    let place = Place::with(&[("package.json", "{}")]);
    place.write("package-lock.json", hostile);
    let text = place.lockproof("diff --format markdown").exits(0);
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.iter().any(|row| row.contains("onerror")), "{text}");
    for row in rows {
        assert!(matches!(row.matches('|').count(), 4 | 7), "{row}");
        let bare = ["<code>", "</code>", "<br>"].iter().fold(row.to_owned(), |row, tag| row.replace(tag, ""));
        assert!(!bare.contains(['<', '>', '@']) && !bare.contains("](") && !bare.contains("://"), "{row}");
    }
}

#[test]
fn a_summary_is_cut_at_a_row() {
    let packages: Vec<_> = (0..9000).map(|number| format!("package-with-a-long-name-{number}")).collect();
    let entries: Vec<_> = packages.iter().map(|name| (name.as_str(), "1")).collect();
    let place = Place::with(&[("Cargo.lock", &cargo_with(&[]))]);
    place.write("Cargo.lock", cargo_with(&entries));
    let text = place.lockproof("diff --format markdown").exits(0);
    assert!(text.len() < 1 << 20 && text.len() > 1_000_000, "{}", text.len());
    assert!(text.trim_end().ends_with("rows left out**: `lockproof diff` shows all of it."));
    let rows = text.lines().filter(|line| line.starts_with("| cargo")).count();
    let left_out: usize = text.rsplit("**").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    // One more is the lockfile's own.
    assert_eq!(rows + left_out, 9000 + 1);
}

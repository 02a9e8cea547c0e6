use std::fs;

use super::*;
use crate::tools::root;

/// A repository that has all lockfiles of `tests/formats`, committed twice.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("tests/formats");
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let output = git(folder.path(), who.iter().chain(arguments)).output().unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
    };
    git(&["init", "-q"]);
    for path in lockproof::read::discover::walk(&from).found {
        let path = String::from_utf8(path).unwrap();
        if formats::of_path(path.as_bytes()).is_some() {
            fs::create_dir_all(folder.path().join(&path).parent().unwrap()).unwrap();
            fs::copy(from.join(&path), folder.path().join(&path)).unwrap();
        }
    }
    git(&["add", "-Af"]);
    git(&["commit", "-qm", "all"]);
    fs::write(
        folder.path().join("go.sum"),
        "example.com/x v1.0.0 h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n",
    )
    .unwrap();
    git(&["add", "-Af"]);
    git(&["commit", "-qm", "one more"]);
    folder
}

#[test]
fn both_readers_find_the_same() {
    let tally = compare_all(repository().path(), SAMPLE).unwrap_or_else(|_| panic!("git fails"));
    assert!(tally.lines.is_empty(), "{:#?}", tally.lines);
    let formats: Vec<_> = tally.read.keys().copied().collect();
    assert_eq!(formats, ["cargo", "go", "npm", "pnpm", "uv"]);
}

fn verdict_of(path: &str, text: &str) -> Verdict {
    compare(path, text.as_bytes().to_vec()).unwrap()
}

/// Names, versions and hashes that are hard to tell apart.
#[test]
fn odd_spellings_are_read_alike() {
    let pnpm = |version: &str, keys: &[&str]| {
        let entry = |key: &&str| format!("  '{key}':\n    resolution: {{integrity: sha512-AAAA}}\n");
        let entries: String = keys.iter().map(entry).collect();
        verdict_of("pnpm-lock.yaml", &format!("lockfileVersion: '{version}'\npackages:\n{entries}"))
    };
    let all: [(&str, &[&str]); 3] = [
        (
            "9.0",
            &["@a/b_c@1.0.0", "a__b@2.0.0", "x@work:1.0.0", "y@file:../y", "z@https://e.example.com/z.tgz"],
        ),
        (
            "6.0",
            &[
                "/@a/b_c@1.0.0(p_q@1.0.0)",
                "h.example.com/a_b@1.0.0",
                "@h.example.com/o/r/1.0",
                "file:../y",
                "b_c@1.0.0",
            ],
        ),
        (
            "5.4",
            &[
                "/@a/b_c/1.0.0_p_q@1.0.0",
                "/a/1.0.0/p@1.0.0",
                "localhost+4873/b/1.0.0",
                "github.com/o/r/0123456",
            ],
        ),
    ];
    for (version, keys) in all {
        let verdict = pnpm(version, keys);
        assert!(matches!(verdict, Verdict::Same { entries, .. } if entries == keys.len()), "{verdict:?}");
    }
    let npm = r#"{"lockfileVersion": 1, "dependencies": {
        "@a/b": {"version": "https://registry.example.com/@a/b/-/b-1.0.0.tgz", "integrity": "sha1-AAAA sha512-BBBB"},
        "c": {"version": "npm:@d/e@2.0.0", "resolved": false, "dependencies": {"f": {"version": "github:o/f#1"}}}}}"#;
    let verdict = verdict_of("package-lock.json", npm);
    assert!(matches!(verdict, Verdict::Same { entries: 3, .. }), "{verdict:?}");
}

#[test]
fn a_difference_is_told() {
    let text = "example.com/x v1.0.0 h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    let source = Source::new("go.sum", Side::Worktree, text.into());
    let format = formats::of_path(b"go.sum").unwrap();
    let Ok(own) = own_entries(format, &source) else { panic!("it can be read") };
    let other = readers::read("go", &text.replace("v1.0.0", "v1.0.1")).unwrap();
    let Verdict::Differs(lines) = verdict(format, &own, &other) else { panic!("they differ") };
    let hash = "h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let expected = [
        format!("only lockproof has example.com/x v1.0.0 {hash}"),
        format!("lockproof lacks example.com/x v1.0.1 {hash}"),
    ];
    assert_eq!(lines, expected);
    assert!(matches!(verdict_of("uv.lock", "version = 1\n[[package]\n"), Verdict::Passed(_)));
}

//! Every command that the documentation shows: lockproof's own are run as they stand, others name where they are tried.

use std::fs;
use std::path::{Path, PathBuf};

use crate::llmring::registry;
use crate::support::{BINARY, Place, copy_tree};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Made from the code, and checked against it.
const GENERATED: &[&str] = &["rules.md", "cli.md", "tamper.md"];

/// Commands of other programs, by how they begin, and what runs them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo run --release --locked", "the release build of CI's benchmark"),
    ("cargo test --locked --workspace", "CI"),
    ("cargo xtask", "CI"),
    ("cargo install --locked --path .", "the packages that are tried end to end"),
    ("sh examples/tampered/try.sh", "tests/it/examples.rs"),
    ("sha256sum --check", "tests/it/clients/packages.rs"),
    ("tar -xzf lockproof-", "tests/it/clients/packages.rs"),
    ("jq -r '.subject[]", "tests/it/outputs.rs"),
    ("git add", "git itself"),
    ("jq -s", "tests/it/clients/action.rs"),
    ("pre-commit ", "tests/it/clients/pre_commit.rs"),
    ("prek ", "tests/it/clients/prek.rs"),
    ("lefthook ", "tests/it/clients/lefthook.rs"),
    ("npx husky", "tests/it/clients/husky.rs"),
    ("set -e", "the shell"),
    ("#!/bin/sh", "the shell"),
];

/// What stands for something else, and what it stands for here.
const STANDS_FOR: &[(&str, &str)] = &[
    ("REV", "HEAD"),
    ("FILE", "policy.toml"),
    ("DIR", "registry"),
    ("WHY", "tried"),
    ("[hello]", "hello"),
    ("RULE", "pin-rewritten"),
    ("FORMAT=FILE", "json=report.json"),
    ("K/N", "1/2"),
    ("SHELL", "bash"),
];

/// What Kiwi signs of a tool.
const ITEM: &str = r#"{"tool_id": "hello", "version": "1.0.0", "manifest": {}, "files": []}"#;

/// A weak hash.
const OLD: &str = r#"{"lockfileVersion": 3, "packages": {"node_modules/ms": {"version": "2.1.3",
    "resolved": "https://registry.example.com/ms/-/ms-2.1.3.tgz", "integrity": "sha1-V0yBOM4dK1hh8LRFedut1gxmFbI="}}}"#;

/// A command, and where it stands.
struct Shown {
    place: String,
    text: String,
}

fn documents() -> Vec<PathBuf> {
    let mut all = vec![Path::new(ROOT).join("README.md"), Path::new(ROOT).join("CONTRIBUTING.md")];
    let pages = fs::read_dir(Path::new(ROOT).join("docs")).unwrap().map(|it| it.unwrap().path());
    let written = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".md") && !GENERATED.contains(&&*name)
    };
    all.extend(pages.filter(written));
    all.sort();
    all
}

/// The lines of ```` ```sh ```` blocks, and code that begins with the program's name: in a table it is run as well, in
/// running text it only has to exist.
fn commands(path: &Path) -> Vec<Shown> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(ROOT).unwrap().display().to_string();
    let (mut shown, mut fence, mut prose) = (Vec::new(), None, String::new());
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        match (line.trim_start().strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (None, Some("sh")) => shown.extend(typed(line).map(|text| Shown { place, text })),
            (None, Some(_)) => {}
            (None, None) if line.starts_with('|') => {
                shown.extend(spans(line).map(|text| Shown { place: place.clone(), text }));
            }
            (None, None) => prose.push_str(&format!("{line}\n")),
        }
    }
    shown.extend(spans(&prose).map(|text| Shown { place: name.clone(), text: format!("{text} --help") }));
    shown
}

/// A line of a script, without what explains it.
fn typed(line: &str) -> Option<String> {
    let is_comment = line.starts_with('#') && !line.starts_with("#!");
    let command = line.split(" #").next().unwrap_or_default().trim();
    (!is_comment && !command.is_empty()).then(|| command.to_owned())
}

fn spans(text: &str) -> impl Iterator<Item = String> {
    let spans = text.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " "));
    spans.filter(|span| is_ours(span))
}

fn is_ours(command: &str) -> bool {
    let command = command.strip_prefix("cargo ").or_else(|| command.strip_prefix("git ")).unwrap_or(command);
    command == "lockproof" || command.starts_with("lockproof ")
}

/// A repository that has everything that the documents speak of: a tampered lockfile, a branch, tools, a model lockfile.
fn repository() -> Place {
    let place = registry();
    let root = Path::new(ROOT);
    copy_tree(&root.join("tests/tool/kiwi-e2e-project"), &place.path(""));
    let models = fs::read(root.join("tests/llmring/seed/seed-example.llmring.lock")).unwrap();
    place.write("llmring.lock", models);
    copy_tree(&root.join("examples/tampered/before"), &place.path(""));
    place.write("policy.toml", "");
    place.write("old/package-lock.json", OLD);
    place.write("tool.py", "__version__ = \"1.0.0\"\n");
    place.write("item.json", ITEM);
    place.commit_all();
    place.commit_all();
    place.git("update-ref refs/remotes/origin/main HEAD");
    place.git("branch topic");
    copy_tree(&root.join("examples/tampered/after"), &place.path(""));
    place
}

fn fill_in(command: &str, finding: &str) -> String {
    let word = |word: &str| match word {
        "FINDING" | "3fa94c1e" => finding.to_owned(),
        _ => STANDS_FOR.iter().find(|(name, _)| *name == word).map_or(word, |(_, value)| value).to_owned(),
    };
    command.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The beginning of the fingerprint of some finding.
fn finding(place: &Place) -> String {
    let report: serde_json::Value = serde_json::from_str(&place.lockproof("--format json").out).unwrap();
    report["findings"][0]["fingerprint"].as_str().unwrap()[..8].to_owned()
}

/// Lines are given to the shell as a user types them. Whatever is found or missing, it has to be understood.
#[test]
#[cfg(unix)]
fn every_command_is_understood() {
    let mut failed = Vec::new();
    let prepared = repository();
    let finding = finding(&prepared);
    for shown in documents().iter().flat_map(|path| commands(path)) {
        if !is_ours(&shown.text) {
            if !ELSEWHERE.iter().any(|(start, _)| shown.text.starts_with(start)) {
                failed.push(format!("{}: `{}` is run by nothing", shown.place, shown.text));
            }
            continue;
        }
        let place = Place::folder();
        copy_tree(&prepared.path(""), &place.path(""));
        let line = fill_in(&shown.text, &finding);
        let mut shell = place.program("sh", ["-c", &line]);
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = Path::new(BINARY).parent().unwrap().display();
        let item = fs::File::open(place.path("item.json")).unwrap();
        let output = shell.env("PATH", format!("{programs}:{path}")).stdin(item).output().unwrap();
        if !matches!(output.status.code(), Some(0 | 1 | 3)) {
            let error = String::from_utf8_lossy(&output.stderr);
            failed.push(format!("{}: `{line}` ends with {}\n{error}", shown.place, output.status));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

//! Small repositories that have to be judged right: `tests/cases/<honest|attack>/NAME/{before,after,case.toml}`. Drop a
//! folder, get a test.
//!
//! `before` is the base and `after` the head; without a `before`, the head is looked at alone. `case.toml` says `at-most`
//! (the gravest new finding of an honest change) or `at-least` (of tampering), and why. Hosts of registries are
//! placeholders: `@NPM@`, `@PYPI@`, `@PYPI-FILES@`, `@CRATES@`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Place;

const HOSTS: [(&str, &str); 4] = [
    ("@NPM@", "npm.example.com"),
    ("@PYPI-FILES@", "files.example.com"),
    ("@PYPI@", "pypi.example.com"),
    ("@CRATES@", "index.example.com/index"),
];

/// From nothing at all to an error.
const GRAVITY: [&str; 4] = ["silent", "note", "warning", "error"];

#[test]
fn every_case_is_judged_right() {
    let cases = cases();
    assert!(!cases.is_empty(), "no case was found");
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let judge = |of: &[PathBuf]| of.iter().filter_map(|case| wrong(case)).collect::<Vec<_>>();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let share = cases.len().div_ceil(workers);
        let running: Vec<_> = cases.chunks(share).map(|of| scope.spawn(move || judge(of))).collect();
        running.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {} cases are judged wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> =
        ["attack", "honest"].into_iter().flat_map(|kind| entries(root.join(kind))).collect();
    cases.sort();
    cases
}

/// What is wrong with the verdict, if anything is.
fn wrong(case: &Path) -> Option<String> {
    let text =
        fs::read_to_string(case.join("case.toml")).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
    let wanted: toml::Table = text.parse().unwrap();
    let level = |key: &str| {
        let level = wanted.get(key)?.as_str().unwrap();
        Some(GRAVITY.iter().position(|it| *it == level).unwrap_or_else(|| panic!("{level} is no level")))
    };
    let said = judge(case);
    let gravest = said.iter().map(|(level, _)| *level).max().unwrap_or_default();
    let is_right = match (level("at-most"), level("at-least")) {
        (Some(most), None) => gravest <= most,
        (None, Some(least)) => gravest >= least,
        _ => panic!("{}: `at-most` or `at-least`, and only one of them", case.display()),
    };
    if is_right {
        return None;
    }
    let mut told = format!("{}\n  why: {}", case.display(), wanted["why"].as_str().unwrap());
    for (level, message) in said {
        write!(told, "\n  {} {message}", GRAVITY[level]).unwrap();
    }
    Some(told)
}

/// The new findings: gravity, rule and message.
fn judge(case: &Path) -> Vec<(usize, String)> {
    let place = Place::repository();
    let has_base = case.join("before").is_dir();
    if has_base {
        lay(&case.join("before"), &place);
        place.commit_all();
        place.git("rm --quiet -r --cached --ignore-unmatch .");
        empty(place.root());
    }
    lay(&case.join("after"), &place);
    place.git("add --all --force");
    place.git("commit --quiet --allow-empty --message=x");
    let compared = if has_base { "--base HEAD~1 --head HEAD" } else { "--no-base" };
    let said = place.lockproof(&format!("check {compared} --format json --fail-on never"));
    assert_eq!(said.code, 0, "{}: {said:?}", case.display());
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let new = findings.filter(|finding| finding["preexisting"] != true);
    new.map(|finding| {
        let level = GRAVITY.iter().position(|it| *it == finding["level"]).unwrap();
        (level, format!("[{}] {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap()))
    })
    .collect()
}

/// Removes everything but the repository itself.
fn empty(root: &Path) {
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|it| it.file_name() != ".git") {
        if entry.file_type().unwrap().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        } else {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

fn lay(from: &Path, place: &Place) {
    if !from.is_dir() {
        return;
    }
    copy(from, place, Path::new(""));
}

fn copy(from: &Path, place: &Place, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), place, &to);
        } else if kind.is_symlink() {
            #[cfg(unix)]
            place.link(to.to_str().unwrap(), fs::read_link(entry.path()).unwrap());
        } else {
            place.write(&to, named(fs::read(entry.path()).unwrap()));
        }
    }
}

/// With hosts in the place of their placeholders; what is no text stays as it is.
fn named(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => HOSTS.iter().fold(text, |text, (key, host)| text.replace(key, host)).into_bytes(),
        Err(binary) => binary.into_bytes(),
    }
}

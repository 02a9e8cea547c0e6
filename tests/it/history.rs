//! Projects of which every step was made by the real client: an honest history raises no error.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::repo::{Repo, Report};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/history")
}

/// The steps of a project, in order.
fn steps(project: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder().join(project)).unwrap();
    let mut steps: Vec<_> = listed.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    steps.sort();
    steps
}

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Makes the worktree what a step holds, and nothing else.
fn take(repo: &Repo, step: &Path) {
    repo.try_git(&["rm", "--quiet", "-r", "--force", "."]);
    let mut found = Vec::new();
    files(step, &mut found);
    for file in found {
        let path = file.strip_prefix(step).unwrap().to_str().unwrap();
        repo.write(path, &fs::read_to_string(&file).unwrap());
    }
}

/// Each step against the one before it, by the step's name.
fn replay(project: &str) -> Vec<(String, Report)> {
    let repo = Repo::new();
    let judge = |step: &PathBuf| {
        take(&repo, step);
        let (name, report) = (step.file_name().unwrap().to_str().unwrap().to_owned(), repo.check());
        repo.commit(&name);
        (name, report)
    };
    steps(project).iter().map(judge).collect()
}

/// Steps that a reviewer should look at, honest as they are: a `[patch]` takes effect, and is taken back.
const DECLARED_MOVES: [&str; 2] = ["cargo/14-patch-log-used", "cargo/15-regenerate"];

#[test]
fn honest_history_raises_no_error() {
    let (mut steps, mut warnings) = (0, Vec::new());
    for project in ["cargo", "go", "npm", "pnpm", "uv"] {
        for (step, report) in replay(project) {
            steps += 1;
            let what = format!("{project}/{step}: {}", report.describe());
            assert!(report.errors().is_empty() && report.code == Some(0), "{what}");
            let declared = DECLARED_MOVES.contains(&format!("{project}/{step}").as_str());
            if declared {
                let rules: Vec<_> = report.warnings().iter().map(|warning| &warning["rule"]).collect();
                assert_eq!(rules, ["registry-changed"], "{what}");
            } else if !report.warnings().is_empty() {
                warnings.push(what);
            }
        }
    }
    assert!(steps > 50, "only {steps} steps were found");
    assert!(warnings.len() * 50 <= steps, "{} of {steps} steps: {}", warnings.len(), warnings.join("\n"));
}

/// npm loses hashes without anyone tampering; what was verified before is not any more, so it is said all the same.
#[test]
fn lost_hashes_are_errors_even_when_npm_loses_them() {
    for (step, report) in replay("npm-hash-loss") {
        let loses = step.starts_with("02-") || step.starts_with("04-");
        let what = format!("{step}: {}", report.describe());
        assert_eq!(!report.errors().is_empty(), loses, "{what}");
        assert!(report.errors().iter().all(|error| error["rule"] == "integrity-removed"), "{what}");
        assert!(report.warnings().is_empty(), "{what}");
    }
}

//! What pre-commit reads of this repository.

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The hook would run another version than the one whose tag it was asked for.
#[test]
fn the_placeholder_asks_for_this_very_version() {
    let placeholder: toml::Table = read("pyproject.toml").parse().unwrap();
    let project = placeholder["project"].as_table().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(project["version"].as_str(), Some(version));
    let asked: Vec<_> = project["dependencies"].as_array().unwrap().iter().map(|it| it.as_str()).collect();
    assert_eq!(asked, [Some(&*format!("lockproof=={version}"))]);
}

/// A file name filter would pass over deleted lockfiles and edited manifests.
#[test]
fn every_hook_runs_always_and_without_file_names() {
    let hooks = read(".pre-commit-hooks.yaml");
    let count = |line: &str| hooks.lines().filter(|it| it.trim() == line).count();
    let all = hooks.matches("\n- id: lockproof").count();
    assert_eq!(all, 3);
    for line in [
        "entry: lockproof check --staged",
        "always_run: true",
        "pass_filenames: false",
        "require_serial: true",
        "stages: [pre-commit, pre-merge-commit, pre-push, manual]",
    ] {
        assert_eq!(count(line), all, "{line}");
    }
}

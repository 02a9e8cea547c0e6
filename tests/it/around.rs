//! What stands around the lockfiles: manifests that they fell behind, files that git ignores, configuration.

use crate::support::Place;

const PRIVATE: &str = r#"{"private": true, "dependencies": {"x": "^1"}}"#;

fn npm(dependencies: &str) -> String {
    format!(r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{{dependencies}}}}}}}}}"#)
}

#[test]
fn what_fell_behind_long_ago_does_not_stop_a_change() {
    let ranges = |range: &str| {
        let all: Vec<_> = (0..300).map(|at| format!("\"p{at}\": \"{range}\"")).collect();
        all.join(",\n")
    };
    let manifest = format!("{{\"dependencies\": {{{}}}}}", ranges("^2"));
    let place = Place::with(&[("package.json", &manifest), ("package-lock.json", &npm(&ranges("^1")))]);
    place.write("README.md", "changed");
    place.commit_all();
    place.lockproof("--base HEAD~1 --fail-on note --select stale-lockfile").exits_with(0, "300 findings");
    place
        .lockproof("--base HEAD~1 --fail-on note --select stale-lockfile --scope all")
        .exits_with(1, "300 warnings");
}

#[test]
fn a_lockfile_that_git_ignores_is_seen_on_disk_alone() {
    let place = Place::with(&[("package.json", PRIVATE), (".gitignore", "package-lock.json\n")]);
    place.lockproof("").exits_with(0, "no lockfile pins them");
    place.write("package-lock.json", npm(r#""x": "^1""#));
    let text = place.lockproof("").exits(0);
    assert!(text.contains("ignored-lockfile") && !text.contains("missing-lockfile"), "{text}");
    place.lockproof("--head HEAD --no-base").exits_with(0, "no lockfile pins them");
}

#[test]
fn a_staged_change_is_held_against_its_manifest() {
    let place = Place::with(&[("package.json", PRIVATE), ("package-lock.json", &npm(r#""x": "^1""#))]);
    place.write("package.json", PRIVATE.replace("^1", "^2"));
    place.write(".npmrc", "strict-ssl=false\n");
    place.lockproof("--staged").exits_with(0, "No lockfile is touched");
    place.git("add --all");
    let text = place.lockproof("--staged").exits(1);
    assert!(text.contains("warning[stale-lockfile]"), "{text}");
    assert!(text.contains("error[weakened-client-config]"), "{text}");
}

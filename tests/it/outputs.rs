//! The forms of a report that other programs read, each held to its schema or its grammar.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Place, cargo_with};

/// A lockfile with a rewritten hash, beside one with a fault that was there before.
fn faulty() -> Place {
    let git = "\n[[package]]\nname = \"g\"\nversion = \"1.0.0\"\nsource = \"git+https://git.example.com/g#0123456789\"\n";
    let place = Place::with(&[
        ("a b/Cargo.lock", &cargo_with(&[("a", "1"), ("b", "1")])),
        ("Cargo.lock", &(cargo_with(&[("c", "1")]) + git)),
    ]);
    place.write("a b/Cargo.lock", cargo_with(&[("a", "2"), ("b", "1")]));
    place
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// Holds a document to a schema below `tests/schemas`.
#[track_caller]
pub(crate) fn assert_valid(schema: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(schema);
    let schema = parsed(&std::fs::read_to_string(path).unwrap());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

#[test]
fn sarif_is_valid_and_points_at_lines() {
    let said = faulty().lockproof("--base HEAD --format sarif");
    let log = parsed(&said.out);
    assert_eq!(said.code, 1);
    assert_valid("sarif-2.1.0.json", &log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let rewritten = results.iter().find(|it| it["ruleId"] == "pin-rewritten").unwrap();
    assert_eq!(rewritten["level"], "error");
    assert_eq!(rewritten["baselineState"], "new");
    let place = &rewritten["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"], json!({"uri": "a%20b/Cargo.lock", "uriBaseId": "%SRCROOT%"}));
    assert_eq!(place["region"]["startLine"], 8);
    assert_eq!(place["region"]["startLine"], place["region"]["endLine"]);
    let related = rewritten["relatedLocations"].as_array().unwrap();
    let folder = |it: &&Value| it["physicalLocation"]["artifactLocation"]["uriBaseId"] == "BASE";
    let before = related.iter().find(folder).unwrap_or_else(|| panic!("{rewritten:#}"));
    assert_eq!(before["message"]["text"], "HEAD:a b/Cargo.lock: the hash it had");
    let rule = &run["tool"]["driver"]["rules"][rewritten["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], "pin-rewritten");
    assert_eq!(rule["properties"]["security-severity"], "9.3");
    let old = results.iter().find(|it| it["baselineState"] == "unchanged").unwrap();
    assert_ne!(old["ruleId"], "pin-rewritten");
    for it in results {
        let hashes = it["partialFingerprints"].as_object().unwrap();
        assert!(
            hashes.contains_key("primaryLocationLineHash") && hashes.contains_key("lockproof/v1"),
            "{it:#}"
        );
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

/// Where nothing says which findings the base side has, none is called new.
#[test]
fn sarif_without_a_change_to_judge_has_no_baseline() {
    let place = faulty();
    for words in ["--format sarif", "--no-base --format sarif"] {
        let log = parsed(&place.lockproof(words).out);
        assert_valid("sarif-2.1.0.json", &log);
        assert!(!log.to_string().contains("baselineState"));
    }
}

#[cfg(unix)]
#[test]
fn sarif_of_a_run_that_is_not_whole_says_so() {
    let place = faulty();
    std::fs::remove_file(place.path("Cargo.lock")).unwrap();
    std::fs::create_dir(place.path("Cargo.lock")).unwrap();
    let said = place.lockproof("--format sarif --format github=github.txt --format markdown=summary.md");
    let log = parsed(&said.out);
    assert_eq!(said.code, 3);
    assert_valid("sarif-2.1.0.json", &log);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
    assert!(place.read("github.txt").starts_with("::error title=lockproof%3A incomplete::"));
    assert!(place.read("summary.md").contains("this is no pass"));
}

#[test]
fn a_run_writes_several_forms_at_once() {
    let place = faulty();
    let said = place.lockproof("--format text --format sarif=x.sarif --format github --format markdown=s.md");
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("error[pin-rewritten]")
            && said.out.contains("\n::error file=a b/Cargo.lock,line=8,")
    );
    assert_valid("sarif-2.1.0.json", &parsed(&place.read("x.sarif")));
    assert!(place.read("s.md").starts_with("### lockproof: "));
}

#[test]
fn outputs_do_not_spoil_each_other() {
    let place = faulty();
    place.lockproof("--format json --format text").exits_saying(2, "has standard output for itself");
    place.lockproof("--format json=x --format sarif=x").exits_saying(2, "can't both be written to x");
    place.lockproof("--format sarif=").exits_saying(2, "names no file");
    place.lockproof("--format sarfi").exits_saying(2, "`sarfi` is no format");
    // One that can't be written keeps no other from being written.
    let said = place.lockproof("--format json=no/where.json --format json=here.json");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("no/where.json") && place.path("here.json").exists());
}

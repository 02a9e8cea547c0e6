//! The forms of a report that other programs read, each held to its schema or its grammar.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::readers::assert_junit;
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

#[test]
fn gitlab_has_what_was_there_before_as_well() {
    let place = faulty();
    let report = parsed(&place.lockproof("--base HEAD --format gitlab").out);
    assert_valid("gitlab-code-quality.json", &report);
    let all = report.as_array().unwrap();
    let rewritten = all.iter().find(|it| it["check_name"] == "pin-rewritten").unwrap();
    assert_eq!(rewritten["severity"], "blocker");
    assert_eq!(rewritten["location"], json!({"path": "a b/Cargo.lock", "lines": {"begin": 8}}));
    assert!(all.iter().any(|it| it["location"]["path"] == "Cargo.lock"));
    let marks: std::collections::BTreeSet<_> = all.iter().map(|it| it["fingerprint"].as_str()).collect();
    assert_eq!(marks.len(), all.len());
    assert_eq!(place.at("a b").lockproof("--no-base --format gitlab ../nowhere").code, 2);
}

#[test]
fn junit_fails_where_the_run_does() {
    let place = faulty();
    let failures = |words: &str| {
        let text = place.lockproof(&format!("--base HEAD --format junit {words}")).out;
        assert_junit(&text);
        let document = roxmltree::Document::parse(&text).unwrap();
        let suite = document.descendants().find(|it| it.attribute("name") == Some("a b/Cargo.lock"));
        let cases = suite.unwrap().children().filter(|it| it.has_tag_name("testcase"));
        cases.filter(|it| it.children().any(|it| it.has_tag_name("failure"))).count()
    };
    assert_eq!(failures(""), 1);
    assert_eq!(failures("--fail-on never"), 0);
    // Nothing to test is no empty report, which some readers take for a failure.
    assert_junit(&Place::repository().lockproof("--format junit").exits(0));
}

/// The digest of a file, as a statement has it.
fn sha256(bytes: impl AsRef<[u8]>) -> Value {
    let hex: String = Sha256::digest(bytes.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "sha256": hex })
}

/// The statement of a bundle, which is held to its schema and to the files beside it.
#[track_caller]
fn statement(place: &Place, folder: &str) -> Value {
    let statement = parsed(&place.read(&format!("{folder}/statement.intoto.json")));
    let keys: Vec<_> = statement.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["_type", "predicate", "predicateType", "subject"]);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    let schema = parsed(&place.lockproof("schema proof").exits(0));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&statement["predicate"]).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    for report in statement["predicate"]["reports"].as_array().unwrap() {
        let file = format!("{folder}/{}", report["name"].as_str().unwrap());
        assert_eq!(report["digest"], sha256(place.read(&file)), "{file}");
    }
    statement
}

#[test]
fn a_proof_names_what_was_judged() {
    let place = faulty();
    place.write("lockproof.toml", "[rules]\ngit-source = 'off'\n");
    place.write("c/go.sum", b"not UTF-8: \xff\n");
    assert_eq!(place.lockproof("--proof out/proof --level weak-integrity=error").code, 1);
    let proof = statement(&place, "out/proof");
    let named = ["Cargo.lock", "a b/Cargo.lock", "c/go.sum"];
    for (subject, path) in proof["subject"].as_array().unwrap().iter().zip(named) {
        let bytes = std::fs::read(place.path(path)).unwrap();
        assert_eq!(*subject, json!({"name": path, "digest": sha256(bytes)}));
    }
    let said = &proof["predicate"];
    assert_eq!(
        said["policy"],
        json!({"path": "lockproof.toml", "digest": sha256(place.read("lockproof.toml"))})
    );
    assert_eq!(said["settings"]["levels"], json!({"weak-integrity": "error"}));
    assert_eq!(said["head"], json!({"name": "worktree", "commit": null}));
    assert_eq!(said["base"]["commit"], place.git("rev-parse HEAD").trim());
    assert_eq!((&said["verdict"]["passed"], &said["verdict"]["complete"]), (&json!(false), &json!(true)));
    assert_eq!(said["coverage"]["lockfiles"], 3);
    // The same input makes the same bytes.
    place.lockproof("--proof again --level weak-integrity=error --jobs 1");
    for name in ["report.json", "report.sarif", "summary.md", "statement.intoto.json"] {
        assert_eq!(place.read(&format!("out/proof/{name}")), place.read(&format!("again/{name}")), "{name}");
    }
}

#[test]
fn a_proof_of_the_index_names_its_tree_and_writes_no_object() {
    let place = faulty();
    place.git("add --all");
    let objects = place.git("count-objects --verbose");
    place.lockproof("--staged --proof proof");
    assert_eq!(place.git("count-objects --verbose"), objects);
    let proof = statement(&place, "proof");
    assert_eq!(proof["predicate"]["head"]["tree"], place.git("write-tree").trim());
    let staged = place.git_output(&["show", ":a b/Cargo.lock"]);
    assert_eq!(proof["subject"][1], json!({"name": "a b/Cargo.lock", "digest": sha256(staged)}));
}

/// As `docs/outputs.md` says.
#[test]
#[cfg(unix)]
fn whoever_has_the_lockfiles_can_check_a_proof() {
    let place = faulty();
    if !place.program("jq", ["--version"]).output().is_ok_and(|output| output.status.success()) {
        return crate::clients::tool::skip("jq is not installed");
    }
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/outputs.md")).unwrap();
    let line = docs.lines().find(|line| line.starts_with("jq ")).unwrap();
    place.lockproof("--proof proof").exits(1);
    let check = || place.program("sh", ["-c", line]).output().unwrap().status.code();
    assert_eq!(check(), Some(0));
    place.write("Cargo.lock", "other");
    assert_eq!(check(), Some(1));
}

#[test]
fn half_a_proof_is_none() {
    let place = faulty();
    place.lockproof("--proof proof");
    std::fs::remove_file(place.path("proof/summary.md")).unwrap();
    std::fs::create_dir(place.path("proof/summary.md")).unwrap();
    place.lockproof("--proof proof").exits_with(3, "is not a plain file");
    assert!(!place.path("proof/statement.intoto.json").exists());
}

//! Files that the original systems were given: what they refuse is found, and what they take by mistake too.

use lockproof::ecosystems::formats::{Format, kiwi, of_file, rye};
use lockproof::model::Lockfile;
use lockproof::text::source::{Side, Source};
use serde_json::Value as Json;

fn cases(name: &str) -> Vec<Json> {
    let path = format!("{}/tests/tool/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Json>(&text).unwrap()["cases"].as_array().unwrap().clone()
}

fn source(case: &Json) -> Option<Source> {
    let text = case["text"].as_str()?;
    Some(Source::new(".ai/lockfiles/x/t@1.0.0.lock.json", Side::Worktree, text.as_bytes().to_vec()))
}

fn is_sound(lockfile: &Lockfile<'_>) -> bool {
    let refused = lockfile.tool.as_ref().is_none_or(|tool| !tool.refusals.is_empty());
    lockfile.faults.is_empty() && !refused
}

#[test]
fn what_kiwi_s_reader_stops_on_is_found() {
    // These it takes without a look, and should not.
    let taken = ["integrity_not_hex", "duplicate_root_key_last_wins", "chain_object"];
    stops("kiwi-load-cases.json", &kiwi::FORMAT, &taken, "Unsupported lockfile version");
}

#[test]
fn what_rye_s_reader_stops_on_is_found() {
    // It looks at no version, and at no element.
    let taken = ["version_2", "version_null", "chain_any", "chain_kiwi_style"];
    stops("rye-load-cases.json", &rye::FORMAT, &taken, "Missing required field");
}

/// A file is sound where the original loads it, but for those that it takes and should not. Of messages that begin so,
/// ours says the same.
fn stops(vectors: &str, format: &'static Format, taken: &[&str], beginning: &str) {
    for case in cases(vectors) {
        let Some(source) = source(&case) else { continue };
        let name = case["name"].as_str().unwrap();
        let lockfile = format.read(&source);
        let (faults, tool) = (&lockfile.faults, &lockfile.tool);
        let loads = case["result"] == "ok";
        assert!(is_sound(&lockfile) == loads || taken.contains(&name), "{name}: {faults:?} {tool:?}");
        let message = case["message"].as_str().unwrap_or_default();
        if message.starts_with(beginning) {
            let mut refusals = tool.iter().flat_map(|tool| &tool.refusals);
            assert!(refusals.any(|(_, why)| why == message) || !faults.is_empty(), "{name}");
        }
    }
}

#[test]
fn both_systems_are_told_apart_by_what_is_in_a_file() {
    let format = |path: &str, text: &str| {
        let source = Source::new(path, Side::Worktree, text.as_bytes().to_vec());
        of_file(path, Some(&source), None).map(|format| format.id)
    };
    for case in cases("rye-load-cases.json").iter().filter(|case| case["name"] == "valid") {
        assert_eq!(format("x.lock.json", case["text"].as_str().unwrap()), Some("rye"));
    }
    for case in cases("kiwi-load-cases.json").iter().filter(|case| case["name"] == "valid") {
        assert_eq!(format("tools/x.lock", case["text"].as_str().unwrap()), Some("kiwi"));
    }
    assert_eq!(format("x.lock.json", "{\"lockfile_version\": 1}"), None);
    assert_eq!(format(".ai/lockfiles/x.lock.json", "garbage"), Some("kiwi"));
}

/// A hostile file costs neither a panic nor much time.
#[test]
fn large_and_deep_files_are_read_in_their_time() {
    let element =
        r#"{"item_id": "a", "space": "project", "tool_type": "x", "executor_id": "a", "integrity": null},"#;
    let chain = format!(
        r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "a", "version": "1", "integrity": "x"}}, "resolved_chain": [{}null]}}"#,
        element.repeat(20_000)
    );
    let deep = format!(r#"{{"lockfile_version": 1, "tool_id": {}"#, "[".repeat(1_000_000));
    for text in [chain, deep] {
        let source = Source::new("x.lock.json", Side::Worktree, text.into_bytes());
        let began = std::time::Instant::now();
        for format in [&kiwi::FORMAT, &rye::FORMAT] {
            let lockfile = format.read(&source);
            assert!(!lockfile.faults.is_empty());
        }
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    }
}

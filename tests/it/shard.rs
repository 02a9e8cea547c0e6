//! `--shard K/N`: the shards' findings together are those of one run.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Place, cargo, cargo_with};

fn report(place: &Place, words: &str) -> (i32, Value) {
    let said = place.lockproof(&format!("--format json {words}"));
    (said.code, serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err)))
}

fn list<'r>(report: &'r Value, keys: &str) -> impl Iterator<Item = &'r Value> {
    report.pointer(keys).unwrap().as_array().unwrap().iter()
}

/// What the reports say together, in an order that no shard decides.
fn union(reports: &[Value], keys: &str) -> Vec<String> {
    let mut all: Vec<_> =
        reports.iter().flat_map(|report| list(report, keys)).map(Value::to_string).collect();
    all.sort();
    all
}

/// Runs it whole and in `count` shards, and compares.
fn compare(place: &Place, words: &str, count: u32) {
    let (code, whole) = report(place, words);
    let shards: Vec<_> =
        (1..=count).map(|number| report(place, &format!("{words} --shard {number}/{count}"))).collect();
    assert_eq!(shards.iter().map(|(code, _)| *code).max(), Some(code), "{words}: {whole}");
    let reports: Vec<_> = shards.into_iter().map(|(_, report)| report).collect();
    for keys in ["/findings", "/coverage/lockfiles", "/coverage/accepted", "/coverage/not_read"] {
        let same = if keys == "/coverage/lockfiles" { paths } else { union };
        assert_eq!(same(&reports, keys), same(std::slice::from_ref(&whole), keys), "{words}: {keys}");
    }
}

/// The bytes of another shard's lockfile may have been compared as well, so only the paths are the same.
fn paths(reports: &[Value], keys: &str) -> Vec<String> {
    let mut all: Vec<_> =
        reports.iter().flat_map(|report| list(report, keys)).map(|it| it["path"].to_string()).collect();
    all.sort();
    all
}

const FOLDERS: [&str; 5] = ["", "a/", "apps/b/", "c/", "d/e/"];

/// One of several states of a folder: honest, rewritten, with faults of its own, gone.
fn fill(place: &Place, folder: &str, state: u8) {
    let hash = |text: &str| HEXLOWER.encode(&Sha256::digest(text));
    let npm = |url: &str, integrity: &str| {
        let entry =
            json!({"version": "1.0.0", "resolved": format!("{url}/x/-/x-1.0.0.tgz"), "integrity": integrity});
        json!({"name": "n", "lockfileVersion": 3, "packages": {"": {"dependencies": {"x": "1"}}, "node_modules/x": entry}})
            .to_string()
    };
    let sha512 = format!("sha512-{}==", "A".repeat(86));
    let cargo_lock = match state % 4 {
        0 => None,
        1 => Some(cargo("1")),
        2 => Some(cargo_with(&[("a", "2"), ("b", "1")])),
        _ => Some(cargo("1").replace("https://", "http://u:p@")),
    };
    let npm_lock = match state / 4 % 4 {
        0 => None,
        1 => Some(npm("https://registry.example.com", &sha512)),
        2 => Some(npm("http://registry.example.com", &sha512)),
        _ => Some(npm("https://other.example.com", "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
    };
    if let Some(text) = cargo_lock {
        place.write(format!("{folder}Cargo.lock"), text);
        let list = json!({"files": {"src/lib.rs": hash("x")}, "package": format!("{:0>64}", state / 16)});
        place.write(format!("{folder}vendor/a/.cargo-checksum.json"), list.to_string());
        place.write(format!("{folder}vendor/a/Cargo.toml"), "[package]\nname = \"a\"\nversion = \"1.0.0\"\n");
        place.write(format!("{folder}vendor/a/src/lib.rs"), if state.is_multiple_of(5) { "x" } else { "y" });
    }
    if let Some(text) = npm_lock {
        place.write(format!("{folder}package-lock.json"), text);
    }
    let manifest = json!({"name": "n", "dependencies": if state.is_multiple_of(3) { json!({"x": "2"}) } else { json!({}) }});
    place.write(format!("{folder}package.json"), manifest.to_string());
}

fn fill_all(place: &Place, states: &[u8]) {
    place.git("rm -r -f -q --ignore-unmatch .");
    place.git("clean -q -d -f -x");
    FOLDERS.iter().zip(states).for_each(|(folder, state)| fill(place, folder, *state));
}

/// A policy that accepts some of what is found, and one thing that is not.
fn policy(findings: &Value) -> String {
    let mut text = String::new();
    let mut accept = |rule: &str, package: &str, sha256: &str, before: Option<&str>, path: &str| {
        let before = before.map(|it| format!("before = {it:?}\n")).unwrap_or_default();
        text.push_str(&format!(
            "[[accept]]\nrule = {rule:?}\npackage = {package:?}\nsha256 = {sha256:?}\n{before}path = {path:?}\nreason = \"so it is\"\n\
             until = 2999-12-31\n\n"
        ));
    };
    for finding in list(findings, "/findings").step_by(2).filter(|it| it["package"].is_object()) {
        let package = &finding["package"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let spec = format!(
            "{}:{}@{}",
            text(&package["ecosystem"]),
            text(&package["name"]),
            text(&package["version"])
        );
        for value in finding["values"].as_array().into_iter().flatten().take(1) {
            let before = value["before_sha256"].as_str();
            accept(&text(&value["rule"]), &spec, &text(&value["sha256"]), before, &text(&finding["path"]));
        }
    }
    accept("git-source", "npm:nothing@1.0.0", &"0".repeat(64), None, "package-lock.json");
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shards_together_find_what_one_run_finds(
        before in proptest::collection::vec(any::<u8>(), FOLDERS.len()),
        after in proptest::collection::vec(any::<u8>(), FOLDERS.len()),
        count in 2_u32..5,
        has_policy in any::<bool>(),
    ) {
        let place = Place::repository();
        fill_all(&place, &before);
        place.commit_all();
        if has_policy {
            fill_all(&place, &after);
            let mut accepting = policy(&report(&place, "").1).split("\n\n").map(str::to_owned).collect::<Vec<_>>();
            accepting.sort();
            accepting.dedup();
            fill_all(&place, &before);
            place.write("lockproof.toml", accepting.join("\n\n"));
            place.commit_all();
        }
        place.git("tag before");
        let kept = std::fs::read(place.path("lockproof.toml"));
        fill_all(&place, &after);
        if let Ok(text) = kept {
            place.write("lockproof.toml", text);
        }
        place.commit_all();
        for words in ["--base before", "--head HEAD --no-base", "--scope all --against before", "apps a --base before"] {
            if words.starts_with("apps") && report_fails(&place, words) {
                continue;
            }
            compare(&place, words, count);
        }
    }
}

/// A PATH that matches nothing is a mistake, with shards and without.
fn report_fails(place: &Place, words: &str) -> bool {
    let whole = place.lockproof(words).code;
    assert_eq!(whole == 2, place.lockproof(&format!("{words} --shard 1/2")).code == 2);
    whole == 2
}

/// A fault that one lockfile had before does not excuse the same fault in another shard's.
#[test]
fn what_is_new_is_told_from_all_lockfiles() {
    let bad = cargo("1").replace("https://", "http://u:p@");
    let place = Place::with(&[("a/Cargo.lock", &bad), ("b/Cargo.lock", &cargo("1"))]);
    place.write("a/Cargo.lock", format!("{bad}\n"));
    place.write("b/Cargo.lock", &bad);
    place.commit_all();
    for count in 2..6 {
        compare(&place, "--base HEAD^", count);
    }
}

#[test]
fn a_shard_without_lockfiles_passes_and_says_so() {
    // By its hash, Cargo.lock is the seventh of eight.
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    place
        .lockproof("--shard 1/8")
        .exits_with(0, "No lockfile is in this shard; shard 1/8: 1 lockfile in others.");
    place.lockproof("--shard 7/8").exits_saying(1, "shard 7/8: 0 lockfiles in others.");
    place.lockproof("--shard 1/8 Cargo.lock").exits_with(0, "No lockfile is in this shard");
    place.lockproof("--shard 1/8 nowhere").exits_with(2, "nowhere matches no lockfile");
    place.lockproof("--shard 9/8").exits_with(2, "`9/8` is no shard: K counts from 1 to N");
    let (_, report) = report(&place, "--shard 1/8");
    assert_eq!(report["coverage"]["shard"], json!({"number": 1, "of": 8, "elsewhere": 1}));
    Place::folder().lockproof("--shard 1/8").exits_with(0, "There are no lockfiles here");
}

/// What can't be read makes every shard incomplete: each of them would have needed it.
#[cfg(unix)]
#[test]
fn no_shard_is_complete_without_all_lockfiles() {
    let place = Place::with(&[("a/Cargo.lock", &cargo("1"))]);
    place.link("Cargo.lock", "nowhere");
    place.commit_all();
    for number in 1..=2 {
        place
            .lockproof(&format!("--shard {number}/2"))
            .exits_with(3, "it is a link to something that is not there");
    }
}

//! What pre-commit and prek tell by the environment.

use super::LOCK;
use crate::support::{Place, Said, cargo, cargo_with, said};

const RANGE: [(&str, &str); 3] =
    [("PRE_COMMIT", "1"), ("PRE_COMMIT_FROM_REF", "HEAD~1"), ("PRE_COMMIT_TO_REF", "HEAD")];

fn run(place: &Place, variables: &[(&str, &str)], words: &str) -> Said {
    let mut command = place.command(words.split_whitespace());
    said(&command.envs(variables.iter().copied()).output().unwrap())
}

/// The last commit rewrites a pin; nothing is staged.
fn tampered() -> Place {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.write(LOCK, cargo("2"));
    place.commit_all();
    place
}

#[test]
fn a_range_is_judged() {
    let place = tampered();
    run(&place, &RANGE, "").exits_with(1, "HEAD:Cargo.lock:8:13");
    run(&place, &RANGE, "check --staged").exits_with(1, "HEAD~1:Cargo.lock:8:13");
    // What was typed counts.
    run(&place, &RANGE, "--base HEAD").exits(0);
    run(&place, &RANGE, "--no-base").exits(0);
    run(&place, &RANGE[..2], "--staged").exits_with(2, "PRE_COMMIT_TO_REF is not: what range is meant?");
    let elsewhere = [RANGE[0], RANGE[1], ("PRE_COMMIT_TO_REF", "nowhere")];
    run(&place, &elsewhere, "--staged").exits_with(3, "there is no revision `nowhere`");
}

#[test]
fn a_range_begins_where_both_ends_parted() {
    let place = tampered();
    place.git("checkout --quiet -b topic HEAD~1");
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
    place.commit_all();
    let range = [("PRE_COMMIT_FROM_REF", "main"), ("PRE_COMMIT_TO_REF", "topic")];
    run(&place, &range, "--staged").exits(0);
}

#[test]
fn removing_a_lockfile_and_changing_a_manifest_is_seen_in_a_range() {
    let place = tampered();
    place.git("rm --quiet Cargo.lock");
    place.commit_all();
    run(&place, &RANGE, "--staged").exits_with(1, "error[lockfile-removed]");
}

#[test]
fn a_first_push_is_judged_by_its_content() {
    let place = tampered();
    let push = [
        ("PRE_COMMIT", "1"),
        ("PRE_COMMIT_REMOTE_NAME", "origin"),
        ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"),
    ];
    run(&place, &push, "--staged").exits_with(0, "1 lockfile is clean");
    place.write(LOCK, cargo("2") + "<<<<<<< ours\n");
    run(&place, &push, "--staged").exits(0);
    place.commit_all();
    run(&place, &push, "--staged").exits_with(1, "error[merge-conflict]");
}

/// `pre-commit run --all-files` would pass over everything otherwise.
#[test]
fn a_run_by_hand_with_nothing_staged_is_about_all_lockfiles() {
    let place = tampered();
    let by_hand = [("PRE_COMMIT", "1")];
    run(&place, &by_hand, "--staged").exits_with(0, "1 lockfile is clean");
    run(&place, &[], "--staged").exits_with(0, "No lockfile is touched by this change.");
    place.write(LOCK, cargo("2") + "<<<<<<< ours\n");
    place.commit_all();
    run(&place, &by_hand, "--staged").exits_with(1, "error[merge-conflict]");
    // A commit is under way: git names its index.
    let index = place.path(".git/index");
    let in_commit = [by_hand[0], ("GIT_INDEX_FILE", index.to_str().unwrap())];
    run(&place, &in_commit, "--staged").exits_with(0, "No lockfile is touched by this change.");
}

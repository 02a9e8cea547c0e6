//! What is pushed.

use super::{LOCK, hooked, stopped, went_through};
use crate::support::{Place, Said, cargo, cargo_with};

/// A clone with hooks and its remote: `main` is pushed.
fn pushed() -> (Place, Place) {
    let remote = Place::folder();
    remote.git("init --quiet --bare --initial-branch=main .");
    let place = hooked();
    place.git(&format!("remote add origin {}", remote.path("").display()));
    went_through(place.git_may_fail("push --quiet --set-upstream origin main"));
    (place, remote)
}

fn commit(place: &Place, lock: String) {
    place.write(LOCK, lock);
    place.git("commit --quiet --all --no-verify --message=x");
}

fn honest() -> String {
    cargo_with(&[("a", "1"), ("b", "1")])
}

#[test]
fn a_new_branch_is_compared_with_where_it_left_what_the_remote_has() {
    let (place, _remote) = pushed();
    place.git("checkout --quiet -b topic");
    commit(&place, honest());
    went_through(place.git_may_fail("push --quiet origin topic"));
    place.git("checkout --quiet -b other main");
    commit(&place, cargo("2"));
    place.git("commit --quiet --allow-empty --message=more");
    stopped(place.git_may_fail("push --quiet origin other"));
    stopped(place.git_may_fail("push --quiet origin HEAD:refs/heads/renamed"));
    // Nothing that the remote does not have.
    went_through(place.git_may_fail("push --quiet origin main:refs/heads/twin"));
}

#[test]
fn a_branch_is_compared_with_what_the_remote_has_of_it() {
    let (place, _remote) = pushed();
    commit(&place, cargo("2"));
    commit(&place, cargo_with(&[("a", "2"), ("b", "1")]));
    // The rewritten pin stands in the first of two commits.
    stopped(place.git_may_fail("push --quiet"));
    stopped(place.git_may_fail("push --quiet origin main"));
    place.git("reset --quiet --hard HEAD~2");
    commit(&place, honest());
    went_through(place.git_may_fail("push --quiet origin main"));
}

#[test]
fn a_deleted_branch_brings_nothing() {
    let (place, _remote) = pushed();
    went_through(place.git_may_fail("push --quiet origin main:refs/heads/topic"));
    commit(&place, cargo("2"));
    went_through(place.git_may_fail("push --quiet origin --delete topic"));
    went_through(place.git_may_fail("push --quiet origin HEAD~1:refs/heads/older"));
}

#[test]
fn a_forced_push_is_compared_with_where_both_parted() {
    let (place, remote) = pushed();
    commit(&place, honest());
    place.git("push --quiet origin main");
    place.git("reset --quiet --hard HEAD~1");
    commit(&place, cargo_with(&[("a", "1"), ("c", "1")]));
    went_through(place.git_may_fail("push --quiet --force origin main"));
    place.git("reset --quiet --hard HEAD~1");
    commit(&place, cargo("2"));
    stopped(place.git_may_fail("push --quiet --force origin main"));
    // Somebody else pushed what was never fetched here.
    let other = Place::folder();
    other.git(&format!("clone --quiet {} .", remote.path("").display()));
    other.git("commit --quiet --allow-empty --message=unseen");
    other.git("push --quiet");
    stopped(place.git_may_fail("push --quiet --force origin main"));
    place.git("reset --quiet --hard HEAD~1");
    commit(&place, honest());
    went_through(place.git_may_fail("push --quiet --force origin main"));
}

#[test]
fn every_ref_of_a_push_is_judged() {
    let (place, _remote) = pushed();
    for (name, lock) in [("one", honest()), ("two", cargo("2")), ("three", honest())] {
        place.git(&format!("checkout --quiet -b {name} main"));
        commit(&place, lock);
    }
    stopped(place.git_may_fail("push --quiet --all origin"));
    stopped(place.git_may_fail("push --quiet origin one two:refs/heads/x three"));
    went_through(place.git_may_fail("push --quiet origin one three"));
    place.git("tag --annotate --message=x v1 two");
    stopped(place.git_may_fail("push --quiet origin v1"));
    place.git("tag --annotate --message=x v2 three");
    went_through(place.git_may_fail("push --quiet origin v2"));
    // A tag may name what is no commit.
    place.git("tag blob HEAD:Cargo.lock");
    went_through(place.git_may_fail("push --quiet origin blob"));
}

#[test]
fn a_first_push_is_judged_by_its_content() {
    let remote = Place::folder();
    remote.git("init --quiet --bare .");
    let place = hooked();
    let push = |what: &str| -> Said {
        place.git_may_fail(&format!("push --quiet {} {what}", remote.path("").display()))
    };
    commit(&place, cargo("1") + "<<<<<<< ours\n");
    let said = push("main");
    assert!(said.code != 0 && said.err.contains("error[merge-conflict]"), "{said:?}");
    commit(&place, cargo("1"));
    went_through(push("main"));
    // An address has no branches that are known here, but the ref's own commit is.
    commit(&place, cargo("2"));
    stopped(push("main"));
}

#[test]
fn a_history_that_shares_nothing_is_compared_with_what_it_replaces() {
    let (place, _remote) = pushed();
    place.git("checkout --quiet --orphan alone");
    commit(&place, cargo("2"));
    stopped(place.git_may_fail("push --quiet --force origin alone:main"));
    // A new branch replaces nothing.
    went_through(place.git_may_fail("push --quiet origin alone"));
    commit(&place, cargo("1"));
    place.git("reset --quiet --soft main");
    went_through(place.git_may_fail("push --quiet --force origin alone:main"));
}

#[test]
fn a_linked_worktree_pushes_too() {
    let (place, _remote) = pushed();
    place.git("worktree add --quiet linked -b topic");
    let linked = place.at("linked");
    commit(&linked, cargo("2"));
    stopped(linked.git_may_fail("push --quiet origin topic"));
    linked.git("reset --quiet --hard HEAD~1");
    commit(&linked, honest());
    went_through(linked.git_may_fail("push --quiet origin topic"));
}

#[test]
fn a_broken_run_stops_a_push_and_is_no_finding() {
    let (place, _remote) = pushed();
    std::fs::remove_file(place.path(LOCK)).unwrap();
    place.link(LOCK, "/nowhere/Cargo.lock");
    place.git("commit --quiet --all --no-verify --message=x");
    place.git("branch tampered HEAD~1");
    let said = place.git_may_fail("push --quiet origin main");
    assert!(said.code != 0 && said.err.contains("the check itself failed (exit code 3)"), "{said:?}");
}

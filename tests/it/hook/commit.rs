//! Every way to make a commit.

use super::{LOCK, hooked, stopped, went_through};
use crate::support::{Place, cargo, cargo_with};

#[test]
fn a_tampered_lockfile_stops_the_commit_and_an_honest_one_does_not() {
    let place = hooked();
    place.write(LOCK, cargo("2"));
    place.git("add --all");
    stopped(place.git_may_fail("commit --message=x"));
    // What counts is what is staged.
    place.write(LOCK, cargo("1"));
    stopped(place.git_may_fail("commit --message=x"));
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
    place.git("add --all");
    went_through(place.git_may_fail("commit --quiet --message=x"));
    place.write("README.md", "Nothing to lock.\n");
    place.git("add --all");
    let said = place.git_may_fail("commit --quiet --message=x");
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}

#[test]
fn a_commit_with_an_index_of_its_own_is_judged_by_that() {
    let place = hooked();
    place.git("worktree add --quiet linked -b other");
    for place in [place.at(""), place.at("linked")] {
        place.write("other", "");
        place.git("add other");
        place.write(LOCK, cargo("2"));
        stopped(place.git_may_fail("commit --all --message=x"));
        stopped(place.git_may_fail("commit --message=x -- Cargo.lock"));
        went_through(place.git_may_fail("commit --quiet --message=x -- other"));
        // From a folder below, too.
        place.write("folder/inner", "");
        stopped(place.at("folder").git_may_fail("commit --all --message=x"));
    }
}

#[test]
fn an_amended_commit_is_judged() {
    let place = hooked();
    place.write(LOCK, cargo("2"));
    stopped(place.git_may_fail("commit --all --amend --no-edit"));
    place.git("checkout --quiet -- Cargo.lock");
    went_through(place.git_may_fail("commit --quiet --amend --message=other"));
}

#[test]
fn the_first_commit_is_judged_by_its_content() {
    let place = Place::repository();
    place.lockproof("hook install").exits(0);
    place.write(LOCK, cargo("1") + "<<<<<<< ours\n");
    place.git("add --all");
    let said = place.git_may_fail("commit --message=x");
    assert!(said.code != 0 && said.err.contains("error[merge-conflict]"), "{said:?}");
    place.write(LOCK, cargo("1"));
    place.git("add --all");
    went_through(place.git_may_fail("commit --quiet --message=x"));
}

#[test]
fn a_removed_lockfile_and_a_changed_manifest_are_seen() {
    let place = hooked();
    place.git("rm --quiet --cached Cargo.lock");
    let said = place.git_may_fail("commit --message=x");
    assert!(said.code != 0 && said.err.contains("error[lockfile-removed]"), "{said:?}");
    place.git("reset --quiet");
    let lock =
        cargo("1") + "\n[[package]]\nname = \"root\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";
    place.write(LOCK, lock);
    place.write(
        "Cargo.toml",
        "[package]\nname = \"root\"\nversion = \"0.1.0\"\n\n[dependencies]\na = \"1\"\n",
    );
    place.git("add --all");
    went_through(place.git_may_fail("commit --quiet --message=x"));
    place.write("Cargo.toml", place.read("Cargo.toml") + "b = \"1\"\n");
    place.git("add --all");
    let said = place.git_may_fail("commit --quiet --message=x");
    assert!(said.err.contains("[stale-lockfile]"), "{said:?}");
}

#[test]
fn a_merge_is_judged_with_and_without_conflicts() {
    for (mine, code) in [("unrelated", "pre-merge-commit"), (LOCK, "pre-commit")] {
        let place = hooked();
        place.git("checkout --quiet -b topic");
        place.write(LOCK, cargo("2"));
        place.git("commit --quiet --all --no-verify --message=x");
        place.git("checkout --quiet main");
        place.write(mine, cargo_with(&[("a", "1"), ("b", "1")]));
        place.git("add --all");
        place.git("commit --quiet --message=x");
        let merged = place.git_may_fail("merge --no-edit topic");
        if code == "pre-merge-commit" {
            stopped(merged);
            continue;
        }
        assert!(merged.code != 0 && merged.out.contains("CONFLICT"), "{merged:?}");
        let said = place.git_may_fail("commit --all --no-edit");
        assert!(said.err.contains("error[merge-conflict]"), "{said:?}");
        place.git("checkout --quiet --theirs -- Cargo.lock");
        stopped(place.git_may_fail("commit --all --no-edit"));
        place.git("checkout --quiet --ours -- Cargo.lock");
        went_through(place.git_may_fail("commit --quiet --all --no-edit"));
    }
}

/// Git asks no hook before it picks a commit or rebases one. A push still is judged.
#[test]
fn what_git_makes_without_asking_is_judged_when_it_is_pushed() {
    let remote = Place::folder();
    remote.git("init --quiet --bare .");
    let place = hooked();
    place.git(&format!("remote add origin {}", remote.path("").display()));
    went_through(place.git_may_fail("push --quiet origin main"));
    place.git("checkout --quiet -b topic");
    place.write(LOCK, cargo("2"));
    place.git("commit --quiet --all --no-verify --message=x");
    place.git("checkout --quiet main");
    place.write("other", "");
    place.git("add --all");
    went_through(place.git_may_fail("commit --quiet --message=other"));
    place.git("branch twin");
    went_through(place.git_may_fail("cherry-pick topic"));
    stopped(place.git_may_fail("push --quiet origin main"));
    place.git("checkout --quiet topic");
    went_through(place.git_may_fail("rebase --quiet twin"));
    stopped(place.git_may_fail("push --quiet origin topic"));
}

/// Once it stopped at a conflict, picking goes on with a commit like any other. (Rebasing does not.)
#[test]
fn what_is_resolved_while_picking_is_judged() {
    let place = hooked();
    place.git("checkout --quiet -b topic");
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
    place.git("commit --quiet --all --message=x");
    place.git("checkout --quiet main");
    place.write(LOCK, cargo_with(&[("a", "1"), ("c", "1")]));
    place.git("commit --quiet --all --message=x");
    assert_ne!(place.git_may_fail("cherry-pick topic").code, 0);
    let go_on = "-c core.editor=true cherry-pick --continue";
    place.write(LOCK, cargo_with(&[("a", "2"), ("b", "1"), ("c", "1")]));
    place.git("add --all");
    stopped(place.git_may_fail(go_on));
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1"), ("c", "1")]));
    place.git("add --all");
    went_through(place.git_may_fail(go_on));
}

#[test]
fn a_submodule_has_hooks_of_its_own() {
    let library = Place::with(&[(LOCK, &cargo("1"))]);
    let place = hooked();
    place.git(&format!("submodule --quiet add {} lib", library.path("").display()));
    went_through(place.git_may_fail("commit --quiet --message=x"));
    let inside = place.at("lib");
    inside.lockproof("hook install").exits_with(0, ".git/modules/lib/hooks/pre-commit: set up");
    inside.write(LOCK, cargo("2"));
    stopped(inside.git_may_fail("commit --all --message=x"));
    inside.git("commit --quiet --all --no-verify --message=x");
    // What the outer repository commits of it is an id.
    went_through(place.git_may_fail("commit --quiet --all --message=x"));
}

#[test]
fn a_broken_run_is_no_finding() {
    let place = hooked();
    std::fs::remove_file(place.path(LOCK)).unwrap();
    place.link(LOCK, "/nowhere/Cargo.lock");
    let said = place.git_may_fail("commit --all --message=x");
    assert!(said.code != 0 && said.err.contains("it is a link that leads out of the repository"), "{said:?}");
    assert!(said.err.contains("the check itself failed (exit code 3): that is no finding"), "{said:?}");
    place.git("reset --quiet --hard");
    place.write("lockproof.toml", "[rules]\nno-such-rule = \"off\"\n");
    place.git("add --all");
    let said = place.git_may_fail("commit --message=x");
    assert!(said.code != 0 && said.err.contains("the check itself failed (exit code 2)"), "{said:?}");
}

#[test]
fn without_the_program_nothing_is_committed() {
    let place = hooked();
    let mut git = place.git_command(["commit", "--allow-empty", "--message=x"]);
    let output = git.env("LOCKPROOF", "/nowhere/lockproof").output().unwrap();
    let said = crate::support::said(&output);
    assert!(said.code != 0 && said.err.contains("/nowhere/lockproof can't be started"), "{said:?}");
}

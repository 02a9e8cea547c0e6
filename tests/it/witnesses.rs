//! What lies behind the two sides: the other sides of a merge, and a history.

use crate::support::Place;

fn sum(version: &str, letter: &str) -> String {
    format!("example.com/x {version} h1:{}=\n", letter.repeat(43))
}

fn other(letter: &str) -> String {
    format!("example.com/a v1.0.0 h1:{}=\n", letter.repeat(43))
}

/// A repository with a branch that added `x`, and a commit on main since.
fn forked() -> Place {
    let place = Place::with(&[("go.sum", &other("A"))]);
    place.git("checkout --quiet -b side");
    place.write("go.sum", other("A") + &sum("v1.0.0", "A"));
    place.commit_all();
    place.git("checkout --quiet main");
    place.write("README", "x");
    place.commit_all();
    place
}

#[test]
fn a_merge_may_not_say_what_no_side_says() {
    let place = forked();
    place.git("merge --quiet --no-commit --no-ff side");
    assert_eq!(place.lockproof("--staged").code, 0);
    place.write("go.sum", other("A") + &sum("v1.0.0", "E"));
    place.git("add go.sum");
    for words in ["--staged", ""] {
        let said = place.lockproof(words);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.out.contains("In the merge, example.com/x@v1.0.0 kept"), "{said:?}");
        assert!(said.out.contains("MERGE_HEAD:go.sum"), "{said:?}");
    }
    place.commit_all();
    let said = place.lockproof("--head HEAD");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("error[evil-merge]") && said.out.contains("HEAD^2:go.sum"), "{said:?}");
}

#[test]
fn an_honest_merge_is_silent() {
    let place = forked();
    place.git("merge --quiet --no-ff side");
    for words in ["--head HEAD", "--base HEAD^1", "--base HEAD^2"] {
        let said = place.lockproof(words);
        assert_eq!((said.code, said.out.contains("evil")), (0, false), "{said:?}");
    }
}

#[test]
fn a_history_remembers_what_a_hash_was() {
    let place = Place::with(&[("go.sum", &sum("v1.0.0", "A"))]);
    place.write("go.sum", sum("v1.1.0", "A"));
    place.commit_all();
    // Gone for one commit, and back with another hash: against HEAD, that is a new release.
    place.write("sub/go.sum", sum("v1.0.0", "E"));
    assert_eq!(place.lockproof("").code, 0);
    let said = place.lockproof("--history");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("example.com/x@v1.0.0 once had another hash."), "{said:?}");
    place.commit_all();
    // It was taken back: nobody is locked out, and the commit is still named.
    place.write("sub/go.sum", sum("v1.0.0", "A"));
    place.commit_all();
    let said = place.lockproof("--history");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("warning[conflicting-integrity]"), "{said:?}");
    let json = place.lockproof("--history --format json");
    assert!(json.out.contains("\"versions\": 3"), "{json:?}");
}

#[test]
fn a_history_that_is_cut_off_is_no_history() {
    let place = Place::with(&[("go.sum", &sum("v1.0.0", "A"))]);
    place.commit_all();
    let clone = Place::folder();
    clone.git(&format!("clone --quiet --depth 1 file://{} .", place.path("").display()));
    let said = clone.lockproof("--history");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("cut off here") && said.err.contains("--unshallow"), "{said:?}");
    let said = Place::folder().lockproof("--history");
    assert_eq!(said.code, 2, "{said:?}");
}

#[test]
fn two_lockfiles_that_disagree_are_found_without_a_base() {
    let place = Place::repository();
    place.write("a/go.sum", sum("v1.0.0", "A"));
    place.write("b/go.sum", sum("v1.0.0", "E"));
    let said = place.lockproof("");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("error[conflicting-integrity]") && said.out.contains("a/go.sum"), "{said:?}");
    // On a later change, what was there before is counted and does not fail.
    place.commit_all();
    place.write("README", "x");
    place.git("add README");
    assert_eq!(place.lockproof("--staged").code, 0);
    assert_eq!(place.lockproof("--staged --scope all").code, 0, "nothing that it could touch was staged");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_differ_in_case_alone_are_found() {
    let place = Place::with(&[("go.sum", &sum("v1.0.0", "A")), ("go.mod", "module m\n")]);
    place.write("Go.sum", sum("v1.0.0", "A"));
    let said = place.lockproof("");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("Go.sum and go.sum differ in case alone."), "{said:?}");
}

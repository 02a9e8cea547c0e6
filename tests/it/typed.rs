//! Commands that need no client: what git can do, from where the user stands.

use crate::support::{Place, cargo};

/// The commands in what was said, as they stand between backticks.
fn commands(said: &str) -> Vec<String> {
    let typed = said.split('`').skip(1).step_by(2).map(str::to_owned);
    typed.filter(|it| it.starts_with("git ")).collect()
}

/// Types it in a shell, as it stands there.
fn type_in(place: &Place, line: &str) {
    let output = place.program("sh", ["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

const LOCK: &str = "it's [web]/Cargo.lock";

fn tampered() -> Place {
    let place = Place::with(&[(LOCK, &cargo("1")), ("a/b/README.md", "x")]);
    place.write(LOCK, cargo("2"));
    place
}

#[cfg(unix)]
#[test]
fn a_file_is_restored_from_every_folder() {
    for folder in ["", "it's [web]", "a/b"] {
        let place = tampered();
        place.git_words(["add", "--all"]);
        let typed = commands(&place.at(folder).lockproof("").exits(1));
        assert_eq!(typed.len(), 1, "{typed:?}");
        type_in(&place.at(folder), &typed[0]);
        assert_eq!(place.read(LOCK), cargo("1"));
        place.lockproof("").exits(0);
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_restored_from_what_it_was_compared_with() {
    let place = tampered();
    place.git("checkout --quiet -b change");
    place.commit_all();
    place.git("commit --quiet --allow-empty --message=y");
    let base = place.git("rev-parse main");
    for words in
        ["--base main".to_owned(), format!("--against {}", base.trim()), "--head HEAD --base main".to_owned()]
    {
        let said = place.lockproof(&words).exits(1);
        assert!(!said.contains(base.trim()), "a full id in\n{said}");
        type_in(&place, &commands(&said)[0]);
        assert_eq!(place.read(LOCK), cargo("1"));
        place.git("reset --quiet --hard");
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_printed_where_it_would_do_nothing() {
    // Another revision than the one that is checked out, and one that is checked out nowhere.
    let place = tampered();
    place.commit_all();
    place.git("commit --quiet --allow-empty --message=y");
    let none: [String; 0] = [];
    assert_eq!(commands(&place.lockproof("--head HEAD^").exits(1)), none);
    let bare = Place::folder();
    assert!(bare.git_words(["clone", "--quiet", "--bare", place.root().to_str().unwrap(), "."]));
    assert_eq!(commands(&bare.lockproof("--head HEAD^").exits(1)), none);
    // A fault that was there before, and no repository at all.
    let broken = Place::with(&[("Cargo.lock", "<<<<")]);
    assert_eq!(commands(&broken.lockproof("").exits(1)), ["git log -p -- Cargo.lock"]);
    let outside = Place::folder();
    outside.write("Cargo.lock", "<<<<");
    assert_eq!(commands(&outside.lockproof("").exits(1)), none);
}

/// Git starts hooks at the root.
#[cfg(unix)]
#[test]
fn a_hook_speaks_to_the_folder_that_git_was_typed_in() {
    let place = tampered();
    place.hook("check --staged --quiet");
    let said = place.at("a/b").git_may_fail("commit --quiet --all --message=x").exits(1);
    type_in(&place.at("a/b"), &commands(&said)[0]);
    assert_eq!(place.read(LOCK), cargo("1"));
}

#[test]
fn a_mistyped_command_is_told_from_a_path() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.lockproof("chekc").exits_saying(2, "did you mean `lockproof check`?");
    place.lockproof("nowhere").exits_with(2, "nowhere matches no lockfile");
}

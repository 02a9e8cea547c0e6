//! The gate of the library says what the program says.

use lockproof::findings::finding::Level;
use lockproof::gate::{self, Base, Gate, Tree, Verdict};
use lockproof::read::options::Options;
use lockproof::render::{Style, plain};
use lockproof::{check, read};

use super::support::{BINARY, Place, cargo, cargo_with};

/// What the library says here, having made sure that the program says the same.
#[track_caller]
fn verdict(place: &Place, gate: impl Fn(Gate) -> Gate) -> Verdict {
    let gate = gate(Gate::at(place.path("")));
    let report = gate.check().unwrap();
    let output = gate.command(BINARY).env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").output().unwrap();
    let (code, text) = (output.status.code(), String::from_utf8_lossy(&output.stdout));
    let expected = match report.verdict() {
        Verdict::Pass | Verdict::Skipped(_) => 0,
        Verdict::Findings(_) => 1,
        Verdict::Incomplete(_) => 3,
    };
    assert_eq!(code, Some(expected), "{:?}\n{text}", report.verdict());
    assert_eq!(text, report.render(Style::default()));
    report.verdict()
}

fn rewritten() -> Place {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    place
}

#[test]
fn a_verdict_is_the_exit_code_of_the_program() {
    let place = rewritten();
    assert_eq!(verdict(&place, |gate| gate), Verdict::Findings(1));
    assert_eq!(verdict(&place, |gate| gate.base(Base::None)), Verdict::Pass);
    // Nothing is staged.
    assert_eq!(verdict(&place, |gate| gate.tree(Tree::Index)), Verdict::Pass);
    place.git("add --all");
    assert_eq!(verdict(&place, |gate| gate.tree(Tree::Index)), Verdict::Findings(1));
    assert_eq!(verdict(&place, |gate| gate.fail_on(None)), Verdict::Pass);
    place.git("checkout --quiet -b topic");
    place.commit_all();
    assert_eq!(verdict(&place, |gate| gate), Verdict::Pass);
    assert_eq!(verdict(&place, |gate| gate.base(Base::MergeBase("main".into()))), Verdict::Findings(1));
    place.write("elsewhere/Cargo.lock", cargo("1"));
    assert_eq!(verdict(&place, |gate| gate.path("Cargo.lock")), Verdict::Pass);
}

#[test]
fn warnings_count_where_they_are_asked_for() {
    let place = Place::with(&[("go.sum", "a v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]);
    std::fs::remove_file(place.path("go.sum")).unwrap();
    assert_eq!(verdict(&place, |gate| gate), Verdict::Pass);
    assert_eq!(verdict(&place, |gate| gate.fail_on(Some(Level::Warning))), Verdict::Findings(1));
}

#[test]
fn what_was_not_done_is_no_pass() {
    let none = Verdict::Skipped("there are no lockfiles here");
    assert_eq!(verdict(&Place::with(&[("README", "")]), |gate| gate), none);
    let unborn = Place::repository();
    unborn.write("Cargo.lock", cargo("1"));
    unborn.write("src/main.rs", "");
    let uncompared = Verdict::Skipped("there is no commit yet: nothing was compared");
    assert_eq!(verdict(&unborn, |gate| gate), uncompared);
    assert_eq!(verdict(&unborn, |gate| gate.base(Base::None)), Verdict::Pass);
    let folder = Place::folder();
    folder.write("Cargo.lock", cargo("1"));
    let outside = Verdict::Skipped("this is no git repository: nothing was compared");
    assert_eq!(verdict(&folder, |gate| gate), outside);
}

#[test]
fn what_could_not_be_read_is_no_pass() {
    let place = rewritten();
    place.git("checkout --quiet -b other");
    place.commit_all();
    place.git("checkout --quiet main");
    place.write("Cargo.lock", cargo("3"));
    place.commit_all();
    place.git_may_fail("merge other");
    assert_eq!(verdict(&place, |gate| gate.tree(Tree::Index)), Verdict::Incomplete(1));
    let gate = Gate::at(place.path("")).base(Base::MergeBase("nowhere".into()));
    assert!(gate.check().err().unwrap().to_string().contains("no revision `nowhere`"));
}

#[test]
fn plain_text_names_the_place_and_wraps() {
    let place = Place::with(&[("Cargo.lock", &cargo_with(&[("a", "1"), ("evil\\u001b[31m", "1")]))]);
    place.write("Cargo.lock", cargo_with(&[("a", "2"), ("evil\\u001b[31m", "2")]));
    let options = Options { folder: place.path(""), ..Options::default() };
    let sources = read::read(&options).unwrap();
    let outcome = check::lint(&sources, &options);
    insta::assert_snapshot!(plain::report(&sources, &outcome, Style { width: 60, ..Style::default() }));
}

#[test]
fn a_generator_is_held_to_head_and_to_itself() {
    let place = Place::with(&[
        ("gen/a.md", "a\n"),
        ("gen/b.md", "b\n"),
        ("hand.md", "x\n"),
        (".gitignore", "*.log\n"),
    ]);
    let (root, mut count) = (place.path(""), 0);
    let mut run = |text: &str, globs: &[&str]| {
        gate::unchanged(&root, globs, || {
            count += 1;
            place.write("gen/build.log", count.to_string());
            place.write("gen/a.md", text.replace('#', &count.to_string()));
            Ok::<_, std::io::Error>(())
        })
    };
    assert!(run("a\n", &["gen"]).unwrap().is_none());
    let stale = run("new\n", &["gen/*.md"]).unwrap();
    assert_eq!((stale.from_head, stale.between_runs.len()), (vec!["gen/a.md".to_owned()], 0));
    let unstable = run("a#\n", &["gen"]).unwrap();
    assert_eq!(unstable.between_runs, ["gen/a.md"]);
    // What was edited by hand elsewhere is not the generator's.
    place.write("hand.md", "y\n");
    assert!(run("a\n", &["gen"]).unwrap().is_none());
    assert!(run("a\n", &["gne"]).is_err());
    std::fs::remove_file(place.path("gen/b.md")).unwrap();
    place.write("gen/new.md", "");
    assert_eq!(run("a\n", &["gen"]).unwrap().from_head, ["gen/b.md", "gen/new.md"]);
    assert_eq!(count, 12);
}

#[test]
fn a_generator_that_fails_is_heard() {
    let place = Place::with(&[("a", "")]);
    let failed = gate::unchanged(place.path(""), &["a"], || Err("no compiler"));
    assert_eq!(failed.unwrap_err().to_string(), "no compiler");
    let folder = Place::folder();
    let nowhere = gate::unchanged(folder.path(""), &["a"], || Ok::<_, std::io::Error>(()));
    assert!(nowhere.unwrap_err().to_string().contains("no git repository"));
}

#[test]
fn translated_line_endings_are_no_drift() {
    let place = Place::with(&[("a.txt", "one\ntwo\n"), (".gitattributes", "*.txt text eol=crlf\n")]);
    let mut written = ["one\r\ntwo\r\n", "one\ntwo\n"].iter();
    let write = || std::fs::write(place.path("a.txt"), written.next().unwrap());
    let drift = gate::unchanged(place.path(""), &["*.txt"], write).unwrap();
    assert!(drift.from_head.is_empty());
    assert_eq!(drift.between_runs, ["a.txt"]);
}

#[test]
fn what_is_staged_and_taken_back_is_no_drift() {
    let place = Place::with(&[("a", "one\n")]);
    place.write("a", "two\n");
    place.git("add a");
    let drift = gate::unchanged(place.path(""), &["a"], || std::fs::write(place.path("a"), "one\n"));
    assert!(drift.unwrap().is_none());
}

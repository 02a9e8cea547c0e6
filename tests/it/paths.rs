//! What PATHs leave, files that are too large or no text, and names that nobody should give a file.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Place, cargo, cargo_with};

/// Three lockfiles, each with a fault.
fn three() -> Place {
    Place::with(&[
        ("Cargo.lock", "version = "),
        ("a/Cargo.lock", "version = "),
        ("a/b/Cargo.lock", "version = "),
    ])
}

/// The files with findings.
#[track_caller]
fn judged(place: &Place, words: &str) -> Vec<String> {
    let report: serde_json::Value =
        serde_json::from_str(&place.lockproof(&format!("--format json {words}")).out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let paths: BTreeSet<_> = findings.map(|it| it["path"].as_str().unwrap().to_owned()).collect();
    paths.into_iter().collect()
}

#[test]
fn paths_narrow_what_is_judged() {
    let place = three();
    let all = ["Cargo.lock", "a/Cargo.lock", "a/b/Cargo.lock"];
    assert_eq!(judged(&place, ""), all);
    assert_eq!(judged(&place, "."), all);
    assert_eq!(judged(&place, "a/Cargo.lock"), ["a/Cargo.lock"]);
    assert_eq!(judged(&place, "./a//b/../Cargo.lock"), ["a/Cargo.lock"]);
    assert_eq!(judged(&place, "a"), all[1..]);
    assert_eq!(judged(&place, "a/"), all[1..]);
    assert_eq!(judged(&place, "a/b Cargo.lock Cargo.lock a/b"), ["Cargo.lock", "a/b/Cargo.lock"]);
    assert_eq!(judged(&place, "*.lock"), ["Cargo.lock"]);
    assert_eq!(judged(&place, "*/Cargo.lock"), ["a/Cargo.lock"]);
    assert_eq!(judged(&place, "**/Cargo.lock"), all);
    let inside = place.at("a");
    assert_eq!(judged(&inside, ""), all);
    assert_eq!(judged(&inside, "."), all[1..]);
    assert_eq!(judged(&inside, "b"), all[2..]);
    assert_eq!(judged(&inside, ".."), all);
    assert_eq!(judged(&inside, "../Cargo.lock"), ["Cargo.lock"]);
    assert_eq!(judged(&inside, "*/Cargo.lock"), ["a/b/Cargo.lock"]);
    let absolute = place.path("a/b");
    assert_eq!(judged(&place, absolute.to_str().unwrap()), all[2..]);
}

#[cfg(unix)]
#[test]
fn paths_may_lead_through_a_link_to_the_repository() {
    let (place, elsewhere) = (three(), Place::folder());
    elsewhere.link("here", place.path(""));
    let through = |path: &str| judged(&place, elsewhere.path("here").join(path).to_str().unwrap());
    assert_eq!(through("a/Cargo.lock"), ["a/Cargo.lock"]);
    assert_eq!(through("a"), ["a/Cargo.lock", "a/b/Cargo.lock"]);
    assert_eq!(through("*.lock"), ["Cargo.lock"]);
    assert_eq!(judged(&elsewhere.at("here"), "a/b"), ["a/b/Cargo.lock"]);
}

#[test]
fn a_path_that_finds_nothing_is_an_error() {
    let place = three();
    place.write("README", "");
    for path in ["nowhere", "README", "b/*.lock", "a/Cargo.lockk"] {
        place.lockproof(path).exits_with(2, &format!("{path} matches no lockfile"));
        place.lockproof(&format!("Cargo.lock {path}")).exits_with(2, &format!("{path} matches no lockfile"));
    }
    place.lockproof("..").exits_with(2, ".. is outside of");
    place.lockproof("/").exits_with(2, "/ is outside of");
    place.lockproof("a/{b").exits_with(2, "`a/{b` is no glob");
}

#[test]
fn a_removed_lockfile_can_be_named() {
    let place = Place::with(&[("Cargo.lock", &cargo("1")), ("Cargo.toml", "")]);
    fs::remove_file(place.path("Cargo.lock")).unwrap();
    place.lockproof("Cargo.lock").exits_with(1, "Cargo.lock was removed");
}

#[test]
fn a_lockfile_that_is_not_touched_can_be_named() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.lockproof("--staged Cargo.lock").exits_with(0, "No lockfile is touched by this change.");
}

#[test]
fn a_repository_without_lockfiles_is_no_fault() {
    let place = Place::with(&[("README", "")]);
    for words in ["", "--staged", "--head HEAD", "--base HEAD"] {
        assert_eq!(place.lockproof(words).exits(0), "There are no lockfiles here.\n");
    }
    assert_eq!(place.lockproof("list").exits(0), "There are no lockfiles here.\n");
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let place = Place::repository();
    fs::File::create(place.path("Cargo.lock")).unwrap().set_len(300 << 20).unwrap();
    place.lockproof("").exits_with(3, "Cargo.lock is 314572800 bytes long; the limit is 268435456");
}

#[test]
fn a_blob_over_the_limit_is_not_read() {
    let place = Place::repository();
    fs::File::create(place.path("Cargo.lock")).unwrap().set_len(300 << 20).unwrap();
    place.git("-c core.bigFileThreshold=1m -c core.compression=1 add Cargo.lock");
    place.lockproof("--staged").exits_with(3, "Cargo.lock is 314572800 bytes long; the limit is 268435456");
}

#[test]
fn bytes_that_are_no_text_are_a_finding() {
    let place = Place::repository();
    place.write("Cargo.lock", [cargo("1").as_bytes(), b"# \xff\xfe\n"].concat());
    place.lockproof("").exits_with(1, "the file is not UTF-8 from here on");
}

/// Names that act on a terminal, a shell, or a report.
#[cfg(unix)]
#[test]
fn names_do_no_harm() {
    let names = [
        "two\nlines",
        "\u{1b}[31mred\u{1b}[0m",
        "\u{202e}reversed",
        "zero\u{200b}width",
        "'single' and \"double\"",
        "-rf",
        "$(echo pwned) `echo pwned` ;",
        "::error::pwned",
        "\u{9b}31m",
        "a*b?[c]{d}",
        " leading and trailing ",
        "back\\slash",
    ];
    let place = Place::repository();
    for name in names {
        place.write(format!("{name}/Cargo.lock"), "version = ");
    }
    let check = |words: &str| {
        let text = place.lockproof(words).exits(1);
        crate::hostile::harmless(&text);
        text
    };
    let untracked = check("");
    place.git("add --all");
    assert_eq!(check("--staged").matches("error[unreadable-lockfile]").count(), names.len());
    assert_eq!(untracked.matches("error[unreadable-lockfile]").count(), names.len());
    place.commit_all();
    check("");
    check("--verbose --head HEAD");
    check("--format json");
    crate::hostile::harmless(&place.lockproof("list").exits(0));
    for name in names {
        let path = format!("./{name}/Cargo.lock");
        let said = place.lockproof_words(["--no-base", "--", &path]);
        assert_eq!(said.code, 1, "{path:?}: {said:?}");
        crate::hostile::harmless(&said.exits(1));
    }
    crate::hostile::harmless(&place.lockproof_words(["--", "no\u{1b}[31m\nwhere"]).exits(2));
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::repository();
    place.write(OsStr::from_bytes(b"a\xff/Cargo.lock"), "version = ");
    place.lockproof("").exits_with(1, "a\u{fffd}/Cargo.lock can't be read");
    place.commit_all();
    place.lockproof("--head HEAD").exits_with(1, "a\u{fffd}/Cargo.lock can't be read");
    // Two files that are shown alike can't both be spoken of.
    place.write(OsStr::from_bytes(b"a\xfe/Cargo.lock"), cargo("1"));
    place.lockproof("").exits_with(3, "another file's name looks the same");
    let said = place.lockproof_words([OsStr::from_bytes(b"a\xff/Cargo.lock")]);
    assert_eq!(said.code, 2);
}

#[test]
fn many_lockfiles_are_one_report() {
    let place = Place::repository();
    for number in 0..500 {
        place.write(format!("d{number}/Cargo.lock"), cargo_with(&[("a", "1"), (&format!("p{number}"), "1")]));
    }
    place.commit_all();
    place
        .lockproof("")
        .exits_with(0, "500 lockfiles are clean; 1000 packages, 1000 hashed, 1000 compared with HEAD.");
    place.write("d250/Cargo.lock", cargo("2"));
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, "pin-rewritten");
}

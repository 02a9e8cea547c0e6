//! The command line: what options mean, what they print, and the exit code.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{BINARY, Place, cargo, cargo_with};

/// One package whose hash is rewritten in the worktree.
fn rewritten() -> Place {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    place
}

/// A package-lock.json with 300 weak hashes in it, and one line that can be changed.
fn weak(version: u32) -> String {
    let mut text = String::from("{\n  \"name\": \"x\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n");
    for number in 0..300 {
        let _ = writeln!(
            text,
            "    \"node_modules/p{number}\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \
             \"https://npm.example.com/p{number}/-/p{number}-1.0.0.tgz\",\n      \"integrity\": \
             \"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n    }},"
        );
    }
    let hash = "A".repeat(86);
    let _ = write!(
        text,
        "    \"node_modules/q\": {{\n      \"version\": \"{version}.0.0\",\n      \"resolved\": \
         \"https://npm.example.com/q/-/q-{version}.0.0.tgz\",\n      \"integrity\": \"sha512-{hash}==\"\n    }}\n  }}\n}}\n"
    );
    text
}

#[test]
fn what_was_there_before_a_change_does_not_count_against_it() {
    let place = Place::with(&[("package-lock.json", &weak(1))]);
    place.write("package-lock.json", weak(2));
    place.git("add --all");
    for sides in ["--staged", "--base HEAD"] {
        let text = place.lockproof(&format!("{sides} --fail-on note")).exits(0).replace('\n', " ");
        assert!(text.contains("1 finding pre-existing, shown by --scope all"), "{text}");
        let all = place.lockproof(&format!("{sides} --fail-on note --scope all")).exits(1);
        assert!(all.contains("1 warning in 1 lockfile") && !all.contains("pre-existing"));
    }
    place.lockproof("--fail-on warning").exits_with(1, "1 warning");
    place.lockproof("--fail-on warning --scope new").exits(0);
}

#[test]
fn what_a_change_adds_counts() {
    let place = Place::with(&[("package-lock.json", &weak(1))]);
    place.write("package-lock.json", weak(1).replace("/p7/-/p7-", "/p8/-/p8-"));
    let text = place.lockproof("--base HEAD").exits(1).replace('\n', " ");
    assert!(text.contains("1 error in 1 lockfile") && text.contains("1 finding pre-existing"), "{text}");
}

#[test]
fn a_change_can_not_loosen_the_policy_that_judges_it() {
    let place = Place::with(&[
        ("package-lock.json", &weak(1)),
        ("lockproof.toml", "[rules]\nweak-integrity = 'error'\n"),
    ]);
    place.write("lockproof.toml", "[rules]\nweak-integrity = 'off'\n");
    place.git("add --all");
    place.lockproof("").exits(0);
    place.lockproof("--base HEAD --scope all").exits_with(1, "1 error");
    place.lockproof("--base HEAD --scope all --policy-from head").exits(0);
    place.lockproof("--policy-from base").exits_with(1, "1 error");
    // What is staged is a policy that judges all lockfiles anew, touched or not.
    place.lockproof("--staged --scope all").exits_with(0, "1 warning in 1 lockfile");
    place.lockproof("--no-config --fail-on warning").exits_with(1, "1 warning");
    place.write("elsewhere.toml", "[files]\nexclude = ['*.json']\n");
    place.lockproof("--config elsewhere.toml").exits_with(0, "1 excluded by the policy");
    place.lockproof("--config nowhere.toml").exits_with(2, "nowhere.toml");
    place.write("lockproof.toml", "[rule]\n");
    place.lockproof("").exits_with(2, "there is no key `rule` here");
}

#[test]
fn a_policy_counts_before_git_knows_it() {
    let place = rewritten();
    place.lockproof("").exits(1);
    place.write("lockproof.toml", "[files]\nexclude = ['Cargo.lock']\n");
    place.lockproof("").exits_with(0, "1 excluded by the policy");
    place.lockproof("--staged").exits(0);
}

#[test]
fn reports_fit_their_schemas() {
    let place = rewritten();
    place.write("sub/package-lock.json", weak(1));
    place.write("sub/package.json", "{}");
    place.write("broken/go.sum", "<<<<<<< ours\n");
    for words in ["", "--no-base", "--staged", "--head HEAD", "--base HEAD", "--select weak-integrity"] {
        fits("report", &place.lockproof(&format!("--format json {words}")).out);
    }
    for words in ["", "--packages", "--head HEAD", "Cargo.lock"] {
        fits("inventory", &place.lockproof(&format!("list --format json {words}")).out);
    }
    fits("report", &Place::folder().lockproof("--format json").out);
    place.write(
        "lockproof.toml",
        "[rules]\nweak-integrity = 'error'\n[registries]\nnpm = ['https://npm.example.com/']\n",
    );
    let schema: Value = serde_json::from_str(&place.lockproof("schema config").exits(0)).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[track_caller]
pub(crate) fn fits(kind: &str, text: &str) {
    let schema = Place::folder().lockproof(&format!("schema {kind}")).exits(0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(document["schema"], format!("lockproof-{kind}"));
}

#[test]
fn reports_go_where_they_are_sent() {
    let place = rewritten();
    let plain = place.lockproof("--format json").exits(1);
    let text = place.lockproof("--format json=out/report.json --format text").exits(3);
    assert!(text.contains("out/report.json: "), "{text}");
    let text = place.lockproof("--format json=report.json --format text").exits(1);
    assert!(text.contains("error[pin-rewritten]"), "{text}");
    assert_eq!(place.read("report.json"), plain);
    place.lockproof("--format xml").exits_with(2, "`xml` is no format: text, json, ");
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let place = Place::with(&[("package-lock.json", &weak(1))]);
    for words in
        ["--fail-on warning", "--format json --fail-on warning", "list --packages", "explain pin-rewritten"]
    {
        let mut child =
            place.command(words.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.code().is_some_and(|code| code < 2), "{words}: {:?}", output.status);
    }
}

#[test]
fn more_or_less_is_said() {
    let place = rewritten();
    insta::assert_snapshot!(place.lockproof("").exits(1), @r#"
    error[pin-rewritten] bef3875b

      × a@1.0.0 kept its version, but the hash changed.
       ╭─[Cargo.lock:8:13]
     7 │ source = "registry+https://index.example.com/"
     8 │ checksum = "00000000000000000000000000000000000000000000000000000000000000…
       ·             ───────────────────────────────┬───────────────────────────────
       ·                                            ╰── not the hash it had
       ╰────
       ╭─[HEAD:Cargo.lock:8:13]
     7 │ source = "registry+https://index.example.com/"
     8 │ checksum = "00000000000000000000000000000000000000000000000000000000000000…
       ·             ───────────────────────────────┬───────────────────────────────
       ·                                            ╰── the hash it had
       ╰────
      help: Restore the file (this undoes all its changes):
            `git checkout HEAD -- Cargo.lock`. If the same hash comes back, the
            registry or a mirror serves other bytes: compare both archives before
            you trust either.

    1 error in 1 lockfile; 1 package, 1 hashed, 1 compared with HEAD.
    What it means: `lockproof explain pin-rewritten`
    To accept it:  `lockproof accept bef3875b --reason "WHY"`
    "#);
    let normal = place.lockproof("").exits(1);
    let quiet = place.lockproof("--quiet").exits(1);
    assert_eq!(quiet.trim_end(), normal.rsplit_once("\n\n").unwrap().0);
    place
        .lockproof("--verbose")
        .exits_with(1, "Cargo.lock: cargo, changed, 1 package, 1 hashed, 1 compared\n");
    let said = place.lockproof("--stats");
    assert_eq!(said.out, normal);
    assert!(said.err.starts_with("read ") && said.err.ends_with(" ms\n"), "{}", said.err);
    place.git("checkout --quiet -- .");
    assert_eq!(place.lockproof("--quiet").exits(0), "");
    place.lockproof("--quiet --verbose").exits(2);
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let place = rewritten();
    let escape = '\u{1b}';
    let plain = place.lockproof("").exits(1);
    assert!(!plain.contains(escape));
    assert_eq!(place.lockproof("--color never").exits(1), plain);
    let coloured = place.lockproof("--color always").exits(1);
    assert!(coloured.contains(escape));
    let mut without = String::new();
    let mut parts = coloured.split(escape);
    without.push_str(parts.next().unwrap());
    parts.for_each(|part| without.push_str(part.split_once('m').unwrap().1));
    assert_eq!(without, plain);
    // What is asked for on the command line is meant.
    let mut command = place.command(["--color", "always"]);
    let output = command.env("NO_COLOR", "1").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), coloured);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let place = Place::repository();
    for number in 0..40 {
        place.write(format!("d{number}/Cargo.lock"), cargo_with(&[("a", "1"), (&format!("p{number}"), "1")]));
        place.write(format!("d{number}/package-lock.json"), weak(1));
    }
    place.commit_all();
    for number in 0..40 {
        place.write(format!("d{number}/Cargo.lock"), cargo_with(&[("a", "2"), (&format!("p{number}"), "3")]));
    }
    for words in ["", "--format json", "--verbose --color always"] {
        let run = |jobs: u32| place.lockproof(&format!("--jobs {jobs} {words}")).exits(1);
        let one = run(1);
        assert!(one == run(8) && one == run(8) && one == run(0), "`{words}` differs from run to run");
    }
    assert_eq!(
        place.lockproof("list --packages --jobs 1").out,
        place.lockproof("list --packages --jobs 8").out
    );
}

#[test]
fn levels_decide_the_exit_code() {
    let place = Place::with(&[("package-lock.json", &weak(1))]);
    for (words, code) in [
        ("", 0),
        ("--fail-on error", 0),
        ("--fail-on warning", 1),
        ("--fail-on note", 1),
        ("--fail-on never", 0),
        ("--level weak-integrity=error", 1),
        ("--level weak-integrity=error --fail-on never", 0),
        ("--level weak-integrity=note --fail-on warning", 0),
        ("--level weak-integrity=off --fail-on note", 0),
        ("--ignore weak-integrity --fail-on note", 0),
        ("--select merge-conflict --fail-on note", 0),
        ("--select weak-integrity,merge-conflict --fail-on warning", 1),
    ] {
        let said = place.lockproof(words);
        assert_eq!(said.code, code, "{words}: {said:?}");
    }
}

#[test]
fn what_can_not_be_meant_is_refused() {
    let place = rewritten();
    for (words, message) in [
        ("--select pin-rewriten", "there is no rule `pin-rewriten`, did you mean `pin-rewritten`?"),
        ("--ignore nonsense", "there is no rule `nonsense`"),
        ("--ignore pin-rewritten", "`pin-rewritten` speaks of tampering: it can't be switched off"),
        ("--level pin-rewritten=off", "`pin-rewritten` speaks of tampering"),
        ("--level weak-integrity=loud", "`loud` is no level"),
        ("--level weak-integrity", "write RULE=LEVEL"),
        ("--fail-on sometimes", "invalid value 'sometimes'"),
        ("--staged --head HEAD", "cannot be used with"),
        ("--base HEAD --no-base", "cannot be used with"),
        ("--jobs many", "invalid value 'many'"),
        ("explain pin-rewriten", "did you mean `pin-rewritten`?"),
        ("--nonsense", "unexpected argument '--nonsense'"),
    ] {
        place.lockproof(words).exits_with(2, message);
    }
}

#[test]
fn rules_explain_themselves() {
    let place = Place::folder();
    let all = place.lockproof("explain").exits(0);
    for line in all.lines() {
        let rule = line.split_whitespace().next().unwrap();
        let page = place.lockproof(&format!("explain {rule}")).exits(0);
        assert!(page.starts_with(&format!("{rule} (")) && page.contains("```diff"), "{page}");
    }
}

#[test]
fn the_program_can_be_a_subcommand_of_git_and_cargo() {
    let place = rewritten();
    for (binary, first) in [
        (env!("CARGO_BIN_EXE_git-lockproof"), None),
        (env!("CARGO_BIN_EXE_cargo-lockproof"), None),
        (env!("CARGO_BIN_EXE_cargo-lockproof"), Some("lockproof")),
    ] {
        let mut command = std::process::Command::new(binary);
        let output = command.args(first).args(["--quiet", "."]).current_dir(place.path("")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{binary}: {output:?}");
    }
}

/// Cargo gives a subcommand its own name first, git does not.
#[test]
fn it_is_a_subcommand_of_cargo_and_git() {
    let place = rewritten();
    let run = |binary: &str, words: &[&str]| {
        let said =
            std::process::Command::new(binary).args(words).current_dir(place.path("")).output().unwrap();
        said.status.code()
    };
    assert_eq!(run(env!("CARGO_BIN_EXE_cargo-lockproof"), &["lockproof"]), Some(1));
    assert_eq!(run(env!("CARGO_BIN_EXE_cargo-lockproof"), &["lockproof", "list"]), Some(0));
    assert_eq!(run(env!("CARGO_BIN_EXE_git-lockproof"), &["check", "--no-base"]), Some(0));
}

#[test]
fn the_command_line_can_be_completed_and_read_about() {
    let place = Place::folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.lockproof(&format!("completions {shell}")).exits(0);
        assert!(script.contains("staged") && script.contains("freeze"), "{shell}: {script}");
    }
    assert!(place.lockproof("man").exits(0).contains(".SH NAME\nlockproof"));
    assert!(place.lockproof("man tool freeze").exits(0).contains(".SH NAME\nlockproof\\-tool\\-freeze"));
    place.lockproof("man tool melt").exits_with(2, "there is no command `tool melt`");
}

/// What is not beside it is looked for on the PATH; what is nowhere is said.
#[test]
#[cfg(unix)]
fn a_subcommand_that_lost_its_program_says_so() {
    let place = Place::folder();
    std::fs::copy(env!("CARGO_BIN_EXE_git-lockproof"), place.path("git-lockproof")).unwrap();
    let run = |path: &str| {
        let mut command = std::process::Command::new(place.path("git-lockproof"));
        command.arg("--version").env("PATH", path).output().unwrap()
    };
    let lost = run("/nonexistent");
    assert_eq!(lost.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&lost.stderr).starts_with("lockproof: lockproof: "), "{lost:?}");
    let beside = std::path::Path::new(BINARY).parent().unwrap();
    assert_eq!(run(beside.to_str().unwrap()).status.code(), Some(0));
}

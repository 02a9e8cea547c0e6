//! What the documentation shows, run.

use std::path::Path;
use std::process::Command;

use crate::support::Place;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The example finds its three faults. `cargo xtask docs` draws the picture of the README from it.
#[test]
#[cfg(unix)]
fn the_tampered_example_finds_three_faults() {
    let output = Command::new("sh")
        .arg(Path::new(ROOT).join("examples/tampered/try.sh"))
        .env("LOCKPROOF", env!("CARGO_BIN_EXE_lockproof"))
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .expect("sh runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    insta::assert_snapshot!(text);
}

/// What `docs/outputs.md` shows of each form is what the example says in it.
#[test]
fn the_outputs_are_shown_as_they_are() {
    let place = Place::folder();
    let take = |side: &str| {
        for name in ["package.json", "package-lock.json"] {
            let file = Path::new(ROOT).join("examples/tampered").join(side).join(name);
            place.write(name, std::fs::read(file).expect("an example"));
        }
    };
    place.git("init --quiet");
    take("before");
    place.commit_all();
    take("after");
    let docs = std::fs::read_to_string(Path::new(ROOT).join("docs/outputs.md")).expect("a page");
    let mut shown = 0;
    for part in docs.split("\n<!-- ").skip(1) {
        let (form, rest) = part.split_once(" -->\n```").expect("a block");
        let block = rest.split_once('\n').and_then(|(_, rest)| rest.split("\n```").next()).expect("a block");
        let said = if form == "proof" {
            place.lockproof("--proof proof").exits(1);
            place.read("proof/statement.intoto.json")
        } else {
            place.lockproof(&format!("--format {form}")).exits(1)
        };
        let at = block
            .split("\n")
            .try_fold(0, |from, line| said[from..].find(line).map(|at| from + at + line.len()));
        assert!(
            at.is_some(),
            "docs/outputs.md shows of {form} what it does not say:\n{block}\n--- it says:\n{said}"
        );
        shown += 1;
    }
    assert_eq!(shown, 8);
}

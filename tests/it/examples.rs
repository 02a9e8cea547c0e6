//! What the documentation shows, run.

use std::path::Path;
use std::process::Command;

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

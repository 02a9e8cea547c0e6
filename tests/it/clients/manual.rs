//! The manual, read by `man`.

use std::fs;
use std::process::Command;

use super::repo::shown;
use super::tool::Tool;

#[test]
fn man_shows_every_page_without_a_warning() {
    let Some(man) = Tool::find("man") else { return };
    let man = man.with("MANWIDTH", "80").with("MANROFFOPT", "-ww").with("LC_ALL", "C.UTF-8");
    let folder = tempfile::tempdir().unwrap();
    for words in lockproof::cli::pages() {
        let output = Command::new(env!("CARGO_BIN_EXE_lockproof")).arg("man").args(&words).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        let name = [&["lockproof".to_owned()], words.as_slice()].concat().join("-");
        let path = folder.path().join(format!("{name}.1"));
        fs::write(&path, &output.stdout).unwrap();
        let output = man.output(folder.path(), &["--warnings", "--local-file", path.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty(), "{name}: {}", shown(&output));
        assert!(
            text.contains("NAME") && text.contains(&name) && text.contains("SYNOPSIS"),
            "{name}:\n{text}"
        );
    }
}

//! Completions, asked of the shells themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::repo::shown;
use super::tool::Tool;

/// The script for a shell, written to a folder.
fn script(shell: &str, folder: &Path, name: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lockproof")).args(["completions", shell]).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    let path = folder.join(name);
    fs::write(&path, &output.stdout).unwrap();
    path.display().to_string()
}

/// What the shell offers, one on each line.
fn offers(shell: &Tool, folder: &Path, arguments: &[&str]) -> String {
    let output = shell.output(folder, arguments);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn bash() {
    let (Some(bash), folder) = (Tool::find("bash"), tempfile::tempdir().unwrap()) else { return };
    let script = script("bash", folder.path(), "lockproof");
    let ask = |words: &str| {
        let last = words.split(' ').count() - 1;
        let ask = format!(
            "source '{script}'; COMP_WORDS=({words}); COMP_CWORD={last}; \
             _lockproof lockproof \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{last}-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        offers(&bash, folder.path(), &["--norc", "-c", &ask])
    };
    assert_eq!(ask("lockproof --stag"), "--staged\n");
    assert_eq!(ask("lockproof tool free"), "freeze\n");
    assert_eq!(ask("lockproof check --bytes re"), "repo\n");
}

#[test]
fn zsh() {
    let (Some(zsh), folder) = (Tool::find("zsh"), tempfile::tempdir().unwrap()) else { return };
    script("zsh", folder.path(), "_lockproof");
    // zsh offers nothing without a terminal; but it says which function completes, and whether it can be loaded.
    let load = format!(
        "fpath=('{}' $fpath); autoload -Uz compinit; compinit -u -d '{}'; print $_comps[lockproof]; \
         autoload +X _lockproof && print loaded",
        folder.path().display(),
        folder.path().join("dump").display()
    );
    assert_eq!(offers(&zsh, folder.path(), &["-f", "-c", &load]), "_lockproof\nloaded\n");
}

#[test]
fn fish() {
    let (Some(fish), folder) = (Tool::find("fish"), tempfile::tempdir().unwrap()) else { return };
    let fish = fish.with("HOME", folder.path()).with("XDG_CONFIG_HOME", folder.path());
    let script = script("fish", folder.path(), "lockproof.fish");
    let ask = |words: &str| {
        let ask = format!("source '{script}'; complete --do-complete '{words}'");
        let offers = offers(&fish, folder.path(), &["--no-config", "-c", &ask]);
        offers.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ask("lockproof --stag"), ["--staged"]);
    assert_eq!(ask("lockproof tool free"), ["freeze"]);
}

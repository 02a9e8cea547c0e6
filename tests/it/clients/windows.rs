//! The programs for Windows, cross-built with mingw and started under wine: what differs there is paths, line endings, and
//! how files are replaced.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::repo::{Repo, shown};
use super::tool::{Tool, takes_its_time};

const TRIPLE: &str = "x86_64-pc-windows-gnu";
const SUM: &str = "a v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

/// The program, and wine to start it.
struct Wine {
    wine: Tool,
    program: String,
}

/// Builds the program once for all tests.
fn wine() -> Option<Wine> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let gcc = Tool::find("x86_64-w64-mingw32-gcc").filter(|_| takes_its_time())?;
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("windows");
    let wine = Tool::find("wine")?.with("WINEPREFIX", scratch.join("wine")).with("WINEDEBUG", "-all");
    // Nothing is asked, and nothing of .NET or HTML is installed.
    let wine = wine.with("WINEDLLOVERRIDES", "mscoree,mshtml=");
    let program = PROGRAM.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--quiet", "--bins", "--package", "lockproof", "--target", TRIPLE]);
        cargo.env("CARGO_TARGET_DIR", scratch.join("target")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        let folder = scratch.join("target").join(TRIPLE).join("debug");
        // Beside the program it is found first.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/windows/prng.c");
        let library = folder.join("bcryptprimitives.dll");
        let words = ["-shared", source.to_str().unwrap(), "-ladvapi32", "-o", library.to_str().unwrap()];
        gcc.run(&scratch, &words);
        wine.run(&scratch, &["wineboot", "--init"]);
        folder.join("lockproof.exe")
    });
    Some(Wine { wine, program: program.display().to_string() })
}

impl Wine {
    /// What the program says in a repository, with its exit code.
    fn says(&self, repo: &Repo, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.wine.output(repo.path(), &[&[self.program.as_str()], arguments].concat());
        (output.status.code(), shown(&output))
    }

    #[track_caller]
    fn assert_says(&self, repo: &Repo, arguments: &[&str], code: i32, text: &str) {
        let (ended, said) = self.says(repo, arguments);
        assert!(ended == Some(code) && said.contains(text), "{arguments:?}: {said}");
    }
}

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("inner/go.sum", SUM);
    repo.commit("Lock");
    repo
}

#[test]
fn paths_may_be_written_either_way() {
    let (Some(wine), repo) = (wine(), repository()) else { return };
    wine.assert_says(&repo, &["--version"], 0, concat!("lockproof ", env!("CARGO_PKG_VERSION")));
    wine.assert_says(&repo, &[], 0, "1 lockfile is clean");
    repo.replace("inner/go.sum", "47DE", "47DF");
    for path in ["inner/go.sum", r"inner\go.sum", r".\inner", r"inner\*.sum", "inner/../inner"] {
        wine.assert_says(&repo, &[path], 1, "[inner/go.sum:1:");
    }
    wine.assert_says(&repo, &["check", "--quiet", "inner"], 1, "[inner/go.sum:1:");
    wine.assert_says(&repo, &[r"..\elsewhere"], 2, "is outside of");
    wine.assert_says(&repo, &[r"inner\nothing"], 2, "matches no lockfile");
    repo.git(&["add", "--all"]);
    wine.assert_says(&repo, &["--staged"], 1, "pin-rewritten");
}

#[test]
fn translated_line_endings_change_nothing() {
    let (Some(wine), repo) = (wine(), repository()) else { return };
    repo.write("inner/go.sum", &SUM.replace('\n', "\r\n"));
    wine.assert_says(&repo, &[], 0, "1 lockfile is clean");
    repo.write("inner/go.sum", &SUM.replace("47DE", "47DF").replace('\n', "\r\n"));
    wine.assert_says(&repo, &[], 1, "[inner/go.sum:1:");
}

#[test]
fn files_are_replaced_whole() {
    let (Some(wine), repo) = (wine(), repository()) else { return };
    repo.write("report.json", "old");
    wine.assert_says(&repo, &["--format", r"json=report.json"], 0, "");
    assert!(repo.read("report.json").starts_with("{\n"), "{}", repo.read("report.json"));
    wine.assert_says(&repo, &["init"], 0, "");
    assert!(repo.file("lockproof.toml").is_file());
    let left: Vec<_> = fs::read_dir(repo.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn cargo_and_git_start_the_program_beside_theirs() {
    let (Some(wine), repo) = (wine(), repository()) else { return };
    repo.replace("inner/go.sum", "47DE", "47DF");
    for (program, arguments) in [("git-lockproof", &[][..]), ("cargo-lockproof", &["lockproof"])] {
        let path = wine.program.replace("lockproof.exe", &format!("{program}.exe"));
        let output = wine.wine.output(repo.path(), &[&[path.as_str()], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    }
}

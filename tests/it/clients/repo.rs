//! A fresh repository, and what lockproof says of it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::edit::Edited;

/// A git repository, removed with the value.
pub(crate) struct Repo {
    directory: TempDir,
}

impl Repo {
    pub(crate) fn new() -> Repo {
        Repo::of(tempfile::tempdir().unwrap())
    }

    /// At a place that is the same in each run: what is built there is built once.
    pub(crate) fn at(folder: &Path) -> Repo {
        fs::create_dir_all(folder).unwrap();
        // A run that was killed has left it.
        let _ = fs::remove_dir_all(folder.join("repository"));
        Repo::of(tempfile::Builder::new().prefix("repository").rand_bytes(0).tempdir_in(folder).unwrap())
    }

    fn of(directory: TempDir) -> Repo {
        let repo = Repo { directory };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        // What clients install is never committed.
        fs::write(repo.file(".git/info/exclude"), "node_modules/\ntarget/\n.venv/\n").unwrap();
        repo
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file, and the folders that it needs.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a part of a file that has to be there.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.file(path)).unwrap();
    }

    /// Git, that has to succeed.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let output = self.try_git(arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", shown(&output));
    }

    /// Git, that a hook may stop.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        let mut git = without_git_environment(Command::new("git"));
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        git.args(["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]);
        git.args(["-c", "commit.gpgSign=false", "-c", "gc.auto=0"]).args(arguments);
        git.current_dir(self.path()).stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// The id of what is checked out.
    #[cfg(unix)]
    pub(crate) fn head(&self) -> String {
        let output = self.try_git(&["rev-parse", "HEAD"]);
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Lints the worktree against HEAD.
    pub(crate) fn check(&self) -> Report {
        let output = self.lockproof(&["--format", "json"]);
        let json = serde_json::from_slice(&output.stdout);
        let json: Value = json.unwrap_or_else(|error| panic!("no report ({error}): {}", shown(&output)));
        Report { code: output.status.code(), json }
    }

    pub(crate) fn lockproof(&self, arguments: &[&str]) -> Output {
        self.lockproof_in(&[], arguments)
    }

    /// With these variables in the environment.
    pub(crate) fn lockproof_in(&self, variables: &[(&str, &Path)], arguments: &[&str]) -> Output {
        let mut command = without_git_environment(Command::new(env!("CARGO_BIN_EXE_lockproof")));
        command.envs(variables.iter().copied());
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// The first lockfile of a project: nothing to object to, and a summary that says what was looked at.
    pub(crate) fn assert_honest_start(&self, lockfile: &str) {
        self.check().assert_honest("the first lockfile, before it is committed");
        self.commit("Lock");
        self.check().assert_honest("the first lockfile");
        let output = self.lockproof(&["--verbose"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        assert!(
            text.contains("1 lockfile") && text.contains(lockfile),
            "it does not say what it checked: {text}"
        );
    }

    /// One honest step: what it leaves passes against HEAD, and is committed.
    pub(crate) fn step(&self, lockfile: &str, what: &str, change: impl FnOnce()) -> Report {
        let before = fs::read_to_string(self.file(lockfile)).ok();
        change();
        assert_ne!(before, fs::read_to_string(self.file(lockfile)).ok(), "{what} changed nothing");
        let report = self.check();
        report.assert_honest(what);
        self.commit(what);
        report
    }

    /// One step back that nothing in a manifest asks for: a warning of that, and no other.
    pub(crate) fn step_back(&self, lockfile: &str, what: &str, change: impl FnOnce()) {
        let before = fs::read_to_string(self.file(lockfile)).ok();
        change();
        assert_ne!(before, fs::read_to_string(self.file(lockfile)).ok(), "{what} changed nothing");
        let report = self.check();
        let rules: Vec<_> = report.warnings().iter().map(|it| it["rule"].clone()).collect();
        let is_said = report.errors().is_empty() && rules == ["version-downgraded"];
        assert!(is_said, "{what}: {}", report.describe());
        self.commit(what);
    }

    /// One fault: exactly one error, on the line that was edited; and none once the line is back.
    pub(crate) fn assert_tampered(&self, lockfile: &str, what: &str, rules: &[&str], edited: &Edited) {
        self.write(lockfile, &edited.text);
        let report = self.check();
        let errors = report.errors();
        assert_eq!(errors.len(), 1, "{what}: {}", report.describe());
        let error = errors[0];
        assert_eq!(report.code, Some(1), "{what}: {}", report.describe());
        assert!(rules.iter().any(|rule| error["rule"] == *rule), "{what}: {}", report.describe());
        assert_eq!(error["path"], lockfile, "{what}: {}", report.describe());
        assert_eq!(error["span"]["start"]["line"], edited.line, "{what}: {}", report.describe());
        self.git(&["checkout", "--quiet", "."]);
        self.check().assert_honest(&format!("taken back: {what}"));
    }
}

/// A hook or a test runner inside of git must not decide which repository this is.
fn without_git_environment(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command
}

/// What a program printed, for messages.
pub(crate) fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A report as JSON, with its exit code.
pub(crate) struct Report {
    pub(crate) code: Option<i32>,
    json: Value,
}

impl Report {
    fn of_level<'a>(&'a self, level: &'a str) -> impl Iterator<Item = &'a Value> {
        let findings = self.json["findings"].as_array().expect("a report has findings");
        findings.iter().filter(move |it| it["level"] == level && it["preexisting"] == false)
    }

    pub(crate) fn errors(&self) -> Vec<&Value> {
        self.of_level("error").collect()
    }

    pub(crate) fn warnings(&self) -> Vec<&Value> {
        self.of_level("warning").collect()
    }

    /// How many entries were compared with the base side.
    pub(crate) fn compared(&self) -> u64 {
        let lockfiles = self.json["coverage"]["lockfiles"].as_array().into_iter().flatten();
        lockfiles.filter_map(|it| it["compared"].as_u64()).sum()
    }

    pub(crate) fn assert_honest(&self, what: &str) {
        let quiet = self.errors().is_empty() && self.warnings().is_empty();
        assert!(quiet && self.code == Some(0), "{what}: {}", self.describe());
    }

    pub(crate) fn describe(&self) -> String {
        let mut text = format!("exit code {:?}", self.code);
        for level in ["error", "warning", "note"] {
            for it in self.of_level(level) {
                let part = |name: &str| it[name].as_str().unwrap_or_default();
                let line = &it["span"]["start"]["line"];
                let (path, rule, message) = (part("path"), part("rule"), part("message"));
                let _ = write!(text, "\n  {path}:{line} {level}[{rule}] {message} also {}", it["also"]);
            }
        }
        text
    }
}

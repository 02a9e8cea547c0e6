//! Repositories made by the real git.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A fresh repository, removed with the value.
pub(crate) struct Git {
    directory: tempfile::TempDir,
}

impl Git {
    pub(crate) fn new() -> Git {
        let git = Git { directory: tempfile::tempdir().unwrap() };
        git.run(["init", "--quiet", "--object-format=sha1", "--initial-branch=main"]);
        git
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Runs git, which has to succeed, and returns what it prints.
    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Vec<u8> {
        self.feed(arguments, b"")
    }

    /// The same with an input.
    pub(crate) fn feed<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
        &self,
        arguments: I,
        input: &[u8],
    ) -> Vec<u8> {
        let output = self.start(arguments, input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs git, which may fail (as a merge with conflicts does).
    pub(crate) fn attempt<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> bool {
        self.start(arguments, b"").status.success()
    }

    fn start<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
        &self,
        arguments: I,
        input: &[u8],
    ) -> std::process::Output {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command.args(["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]);
        command.args(["-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "protocol.file.allow=always"]);
        command.args(arguments).current_dir(self.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Writes a file, and the directories that it needs.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes each file with its path as the text, and commits everything.
    pub(crate) fn commit(&self, paths: &[&str]) {
        for path in paths {
            self.write(path, path);
        }
        self.run(["add", "--all"]);
        self.run(["commit", "--quiet", "--allow-empty", "--message=x"]);
    }

    pub(crate) fn index(&self) -> Vec<u8> {
        fs::read(self.file(".git/index")).unwrap()
    }
}

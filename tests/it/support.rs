//! Repositories made by the real git, and the real binary run in them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_lockproof");

/// How long a run may take that must not hang: many times what it needs, for machines have other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A folder, removed with the value. Most tests make a repository of it.
pub(crate) struct Place {
    // Absent for a folder within another one.
    _directory: Option<tempfile::TempDir>,
    root: PathBuf,
}

/// What the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// A folder in no repository.
    pub(crate) fn folder() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        Place { _directory: Some(directory), root }
    }

    /// An empty repository.
    pub(crate) fn repository() -> Place {
        let place = Place::folder();
        place.git("init --quiet --initial-branch=main");
        place
    }

    /// A repository with these files in its only commit.
    pub(crate) fn with(files: &[(&str, &str)]) -> Place {
        let place = Place::repository();
        for (path, text) in files {
            place.write(path, text);
        }
        place.commit_all();
        place
    }

    /// A place below this one, or elsewhere.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> Place {
        Place { _directory: None, root: self.root.join(path) }
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// A link at `path`, with this text.
    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
    }

    /// Runs git, which has to succeed, and returns what it prints. Words are split at spaces.
    #[track_caller]
    pub(crate) fn git(&self, words: &str) -> String {
        let output = self.git_command(words.split(' ')).output().unwrap();
        assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git with words that may have spaces, and says whether it succeeded.
    pub(crate) fn git_words<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> bool {
        self.git_command(words).output().unwrap().status.success()
    }

    /// What git prints, byte by byte.
    pub(crate) fn git_output(&self, words: &[&str]) -> Vec<u8> {
        self.git_command(words).output().unwrap().stdout
    }

    /// A tree of one entry, as `git ls-tree` would show it.
    pub(crate) fn make_tree(&self, entry: &str) -> String {
        let mut command = self.git_command(["mktree", "-z"]);
        let mut git = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        git.stdin.take().unwrap().write_all(format!("{entry}\0").as_bytes()).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(output.status.success(), "git mktree");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs git, which may fail, as a merge with conflicts does.
    pub(crate) fn git_may_fail(&self, words: &str) -> Said {
        said(&self.git_command(words.split(' ')).output().unwrap())
    }

    /// Git, not yet started.
    pub(crate) fn git_command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new("git");
        command.args(words).current_dir(&self.root);
        clean(&mut command);
        command
    }

    pub(crate) fn commit_all(&self) {
        self.git("add --all");
        self.git("commit --quiet --allow-empty --message=x");
    }

    /// Runs the binary here. Words are split at spaces.
    pub(crate) fn lockproof(&self, words: &str) -> Said {
        self.lockproof_words(words.split_whitespace())
    }

    pub(crate) fn lockproof_words<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Said {
        said(&self.command(words).output().unwrap())
    }

    /// Another program, not yet started.
    pub(crate) fn program<S: AsRef<OsStr>>(&self, name: &str, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(name);
        command.args(words).current_dir(&self.root).stdin(Stdio::null());
        clean(&mut command);
        command
    }

    /// The binary, not yet started.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        self.program(BINARY, words)
    }

    /// Writes a file that can be run.
    #[cfg(unix)]
    pub(crate) fn write_program(&self, path: impl AsRef<Path>, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(&path, text);
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Installs a pre-commit hook that runs the binary on what is staged.
    #[cfg(unix)]
    pub(crate) fn hook(&self, arguments: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let hooks = self.path(self.git("rev-parse --git-path hooks").trim_end());
        fs::create_dir_all(&hooks).unwrap();
        let hook = hooks.join("pre-commit");
        let mut file = fs::File::create(&hook).unwrap();
        writeln!(file, "#!/bin/sh\nexec '{BINARY}' {arguments}").unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Nothing of the environment counts but what a test sets: no configuration, no repository, no colours, no time zone.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("GIT_")
            || shown.starts_with("PRE_COMMIT")
            || ["NO_COLOR", "CLICOLOR_FORCE", "TERM"].contains(&&*shown)
        {
            command.env_remove(&name);
        }
    }
    // Hooks look for the binary there.
    let folder = Path::new(BINARY).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).unwrap();
    command
        .env("PATH", path)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    for (number, (key, value)) in [
        ("user.name", "Somebody"),
        ("user.email", "somebody@example.org"),
        ("commit.gpgSign", "false"),
        ("gc.auto", "0"),
        ("protocol.file.allow", "always"),
        ("init.defaultBranch", "main"),
    ]
    .iter()
    .enumerate()
    {
        command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        command.env("GIT_CONFIG_COUNT", (number + 1).to_string());
    }
    command.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent");
}

pub(crate) fn said(output: &std::process::Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Said {
    /// Checks the exit code, and returns what both streams say.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> String {
        assert_eq!(self.code, code, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self.out + &self.err
    }

    /// What both streams say, however it ended. A panic never is an end.
    #[track_caller]
    pub(crate) fn exits_any(self) -> String {
        assert!((0..=3).contains(&self.code) && !self.err.contains("panicked"), "{self:?}");
        self.out + &self.err
    }

    /// Checks the exit code, and that this is said, wherever the lines break.
    #[track_caller]
    pub(crate) fn exits_saying(self, code: i32, text: &str) {
        let all = self.exits(code);
        let flat = all.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(flat.contains(text), "`{text}` is not said in:\n{all}");
    }

    /// Checks the exit code, and that this is said.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32, text: &str) {
        let all = self.exits(code);
        assert!(all.contains(text), "`{text}` is not said in:\n{all}");
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A Cargo.lock that pins one package to a hash that ends so.
pub(crate) fn cargo(end: &str) -> String {
    cargo_with(&[("a", end)])
}

/// A Cargo.lock with these packages.
pub(crate) fn cargo_with(packages: &[(&str, &str)]) -> String {
    let entry = |(name, end): &(&str, &str)| {
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n\
             source = \"registry+https://index.example.com/\"\nchecksum = \"{end:0>64}\"\n"
        )
    };
    let entries: String = packages.iter().map(entry).collect();
    format!("# This file is automatically @generated by Cargo.\nversion = 4\n{entries}")
}

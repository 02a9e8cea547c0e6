//! The clients, as they are installed on this machine.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::repo::shown;

/// A client that is there.
pub(crate) struct Tool {
    name: &'static str,
    environment: Vec<(&'static str, OsString)>,
}

impl Tool {
    /// The client from PATH; without it, the test is skipped.
    pub(crate) fn find(name: &'static str) -> Option<Tool> {
        let version = if name == "go" { "version" } else { "--version" };
        let asked = Command::new(name).arg(version).stdin(Stdio::null()).output();
        if !asked.is_ok_and(|output| output.status.success()) {
            skip(&format!("{name} is not installed"));
            return None;
        }
        Some(Tool { name, environment: environment(name) })
    }

    /// The same client with one more setting.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Tool {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs it, and it has to succeed.
    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) {
        let output = self.output(folder, arguments);
        assert!(output.status.success(), "{} {arguments:?}: {}", self.name, shown(&output));
    }

    /// Runs it, and it has to fail: a check that passes everything checks nothing.
    #[cfg(unix)]
    pub(crate) fn refuses(&self, folder: &Path, arguments: &[&str]) {
        let output = self.output(folder, arguments);
        assert!(!output.status.success(), "{} {arguments:?} passed: {}", self.name, shown(&output));
    }

    /// The first command that needs a registry: when it fails, the test is skipped.
    pub(crate) fn reaches(&self, folder: &Path, arguments: &[&str]) -> bool {
        let output = self.output(folder, arguments);
        if !output.status.success() {
            skip(&format!("{} reaches no registry ({arguments:?}: {})", self.name, shown(&output).trim()));
        }
        output.status.success()
    }

    /// Runs it, however it ends.
    pub(crate) fn output(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.name);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        self.dress(&mut command);
        command.output().unwrap()
    }

    /// Gives another program what this one is run with.
    pub(crate) fn dress(&self, command: &mut Command) {
        for (name, value) in &self.environment {
            command.env(name, value);
        }
    }
}

/// Whether what takes minutes is to be tried: `cargo xtask e2e` asks for it, a plain run of the tests does not.
pub(crate) fn takes_its_time() -> bool {
    let required = std::env::var_os("LOCKPROOF_CLIENTS").is_some_and(|value| value == "required");
    if !required {
        skip("it takes minutes: `cargo xtask e2e` runs it");
    }
    required
}

/// Says that a test could not run; libtest captures `eprintln!`, not this.
pub(crate) fn skip(why: &str) {
    let required = std::env::var_os("LOCKPROOF_CLIENTS").is_some_and(|value| value == "required");
    assert!(!required, "required, but {why}");
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Caches of our own that outlive a run, and no questions, advertisements or builds.
fn environment(name: &str) -> Vec<(&'static str, OsString)> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(name);
    let inside = |name: &str| -> OsString { PathBuf::from(&cache).join(name).into() };
    match name {
        "npm" => vec![
            ("npm_config_cache", inside("cache")),
            ("npm_config_audit", "false".into()),
            ("npm_config_fund", "false".into()),
            ("npm_config_update_notifier", "false".into()),
            ("npm_config_ignore_scripts", "true".into()),
            // Without a network, nobody waits for minutes to be told so.
            ("npm_config_fetch_retry_mintimeout", "500".into()),
            ("npm_config_fetch_retry_maxtimeout", "2000".into()),
            // The machine may have it on; then nothing would be left to redirect.
            ("npm_config_omit_lockfile_registry_resolved", "false".into()),
        ],
        "pnpm" => vec![
            ("CI", "1".into()),
            ("pnpm_config_fetch_retry_mintimeout", "500".into()),
            ("pnpm_config_fetch_retry_maxtimeout", "2000".into()),
            ("XDG_CACHE_HOME", inside("cache")),
            ("XDG_DATA_HOME", inside("data")),
            ("XDG_STATE_HOME", inside("state")),
            ("PNPM_HOME", inside("home")),
        ],
        "uv" => vec![("UV_CACHE_DIR", inside("cache")), ("UV_PYTHON_DOWNLOADS", "never".into())],
        "go" => vec![
            ("GOCACHE", inside("build")),
            ("GOSUMDB", "off".into()),
            ("GOTOOLCHAIN", "local".into()),
            ("GOWORK", "off".into()),
            // Else the module cache is read-only, and the temporary folder can't be removed.
            ("GOFLAGS", "-mod=mod -modcacherw".into()),
        ],
        _ => Vec::new(),
    }
}

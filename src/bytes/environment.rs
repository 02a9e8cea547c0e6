//! Where clients keep what they fetched: as each of them finds it, through the environment and its own configuration.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment of the process, or a made-up one.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: HashMap<String, OsString>,
    home: Option<PathBuf>,
}

impl Environment {
    pub fn of_process() -> Environment {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Environment { variables: variables.collect(), home: std::env::home_dir() }
    }

    pub fn new<'v>(variables: impl IntoIterator<Item = (&'v str, PathBuf)>) -> Environment {
        let own = |(name, value): (&str, PathBuf)| (name.to_owned(), value.into_os_string());
        Environment { variables: variables.into_iter().map(own).collect(), home: None }
    }

    /// What is set and not empty. Windows knows its variables in any case: `AppData` is `APPDATA` there.
    pub fn get(&self, name: &str) -> Option<&OsString> {
        let exact = self.variables.get(name);
        let alike = || self.variables.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let found = if cfg!(windows) { exact.or_else(|| alike().map(|(_, value)| value)) } else { exact };
        found.filter(|value| !value.is_empty())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// npm's settings count in any case.
    pub fn npm(&self, key: &str) -> Option<&str> {
        let wanted = format!("npm_config_{key}");
        let mut found: Vec<_> =
            self.variables.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&wanted)).collect();
        found.sort();
        found.into_iter().find_map(|(_, value)| value.to_str().filter(|value| !value.is_empty()))
    }

    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// A path below the user's home.
    pub fn home(&self, relative: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(relative))
    }

    /// A path as it stands in a configuration file: `~` is the user's home, `${NAME}` what the environment says.
    pub fn expand(&self, text: &str) -> Option<PathBuf> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(self.text(name)?);
            rest = behind;
        }
        out.push_str(rest);
        match out.strip_prefix("~/") {
            Some(relative) => self.home(relative),
            None => Some(PathBuf::from(out)),
        }
    }

    pub fn cargo_home(&self) -> Option<PathBuf> {
        self.path("CARGO_HOME").or_else(|| self.home(".cargo"))
    }

    /// `GOMODCACHE`, else the first of `GOPATH`, else below the home; each may stand in the file that `go env -w` writes.
    pub fn go_module_cache(&self) -> Option<PathBuf> {
        let written = self.go_settings();
        let setting = |name: &str| {
            let own = self.get(name).cloned();
            own.or_else(|| written.get(name).map(OsString::from))
        };
        if let Some(cache) = setting("GOMODCACHE") {
            return Some(PathBuf::from(cache));
        }
        let first = setting("GOPATH").and_then(|paths| std::env::split_paths(&paths).next());
        first.or_else(|| self.home("go")).map(|path| path.join("pkg/mod"))
    }

    fn go_settings(&self) -> HashMap<String, String> {
        let file = match self.text("GOENV") {
            Some("off") => None,
            Some(file) => Some(PathBuf::from(file)),
            None => self.user_config().map(|folder| folder.join("go/env")),
        };
        let text = file.and_then(|file| small_text(&file)).unwrap_or_default();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    }

    fn user_config(&self) -> Option<PathBuf> {
        if cfg!(target_os = "macos") {
            self.home("Library/Application Support")
        } else if cfg!(windows) {
            self.path("AppData")
        } else {
            self.path("XDG_CONFIG_HOME").or_else(|| self.home(".config"))
        }
    }

    /// Of the environment, the project's `.npmrc`, the user's, and npm's own default, the first that says.
    pub fn npm_cache(&self, project: &str) -> Option<PathBuf> {
        if let Some(path) = self.npm("cache") {
            return Some(PathBuf::from(path));
        }
        let user = match self.npm("userconfig") {
            Some(path) => Some(PathBuf::from(path)),
            None => self.home(".npmrc"),
        };
        let user = user.and_then(|file| small_text(&file)).unwrap_or_default();
        let set = [project, user.as_str()].into_iter().find_map(npmrc_cache);
        match set {
            Some(path) => self.expand(&path),
            None if cfg!(windows) => self.path("LOCALAPPDATA").map(|folder| folder.join("npm-cache")),
            None => self.home(".npm"),
        }
    }

    /// Folders of wheels that `pip` and `uv` are told to look into.
    pub fn find_links(&self) -> Vec<PathBuf> {
        let pip = self.text("PIP_FIND_LINKS").into_iter().flat_map(str::split_ascii_whitespace);
        let uv = self.text("UV_FIND_LINKS").into_iter().flat_map(|text| text.split([',', ' ']));
        let local = pip.chain(uv).map(|it| it.strip_prefix("file://").unwrap_or(it));
        local.filter(|it| !it.is_empty() && !it.contains("://")).filter_map(|it| self.expand(it)).collect()
    }
}

fn npmrc_cache(text: &str) -> Option<String> {
    let setting = |line: &str| {
        let (key, value) = line.trim().split_once('=')?;
        (key.trim() == "cache").then(|| value.trim().trim_matches('"').to_owned())
    };
    text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])).filter_map(setting).next_back()
}

/// A configuration file of the user's; nothing when it is not there, or is none.
fn small_text(path: &Path) -> Option<String> {
    const LONGEST: u64 = 1 << 20;
    let folder = crate::disk::Root::new(path.parent()?)?;
    let opened = folder.open(path.file_name()?).ok()??;
    String::from_utf8(opened.all(LONGEST).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gos_cache_is_found_as_go_finds_it() {
        let cache = |variables: &[(&str, &str)]| {
            let own = variables.iter().map(|(name, value)| (*name, PathBuf::from(value)));
            Environment::new(own).go_module_cache().map(|path| path.display().to_string())
        };
        assert_eq!(cache(&[("GOMODCACHE", "/m"), ("GOPATH", "/a")]).as_deref(), Some("/m"));
        assert_eq!(cache(&[("GOMODCACHE", ""), ("GOPATH", "/a:/b")]).as_deref(), Some("/a/pkg/mod"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env");
        std::fs::write(&file, "GOFLAGS=-x\nGOMODCACHE=/from/file\n").unwrap();
        let written = Environment::new([("GOENV", file)]).go_module_cache();
        assert_eq!(written, Some(PathBuf::from("/from/file")));
    }

    #[test]
    fn npms_cache_is_found_as_npm_finds_it() {
        let environment = Environment::new([("NPM_CONFIG_CACHE", "/env".into())]);
        assert_eq!(environment.npm_cache("cache=/project"), Some("/env".into()));
        let environment = Environment::new([("WHERE", "/w".into())]);
        assert_eq!(environment.npm_cache("# cache=/no\ncache = \"${WHERE}/c\"\n"), Some("/w/c".into()));
        assert_eq!(environment.npm_cache("cache=${UNSET}/c"), None);
    }

    #[test]
    fn find_links_may_be_several() {
        let environment =
            Environment::new([("PIP_FIND_LINKS", "/a file:///b https://wheels.example.com/".into())]);
        assert_eq!(environment.find_links(), [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}

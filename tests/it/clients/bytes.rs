//! What real clients fetched, vendored and unpacked is what they locked; one byte changed is one error that names it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::go::{Proxy, project};
use super::repo::{Repo, shown};
use super::tool::Tool;

const ALL: [&str; 5] = ["--bytes", "all", "--bytes-required", "--format", "json"];

/// A locked project, and where its client keeps what it fetched.
struct Fetched<'r> {
    repo: &'r Repo,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Fetched<'_> {
    fn check(&self) -> (Option<i32>, Value) {
        let variables: Vec<_> = self.variables.iter().map(|(name, path)| (*name, path.as_path())).collect();
        let output = self.repo.lockproof_in(&variables, &ALL);
        let report = serde_json::from_slice(&output.stdout);
        (output.status.code(), report.unwrap_or_else(|_| panic!("{}", shown(&output))))
    }

    /// Everything is there, and is what it should be.
    fn assert_verified(&self) {
        let (code, report) = self.check();
        let bytes = &report["coverage"]["lockfiles"][0]["bytes"];
        assert_eq!(code, Some(0), "{report:#}");
        assert!(bytes["verified"].as_u64() > Some(0) && bytes["mismatched"] == 0, "{bytes}");
        assert_eq!(bytes["not_on_disk"], 0, "{bytes}");
    }

    /// One byte in the middle of a file.
    fn assert_flip_is_found(&self, file: &Path, rule: &str, named: &str) {
        let before = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut after = before.clone();
        let middle = after.len() / 2;
        after[middle] ^= 1;
        make_writable(file);
        fs::write(file, after).unwrap();
        let (code, report) = self.check();
        let errors: Vec<_> = report["findings"].as_array().unwrap().iter().collect();
        assert!(code == Some(1) && errors.len() == 1, "{}: {report:#}", file.display());
        assert_eq!(errors[0]["rule"], rule, "{report:#}");
        assert!(errors[0]["message"].as_str().unwrap().contains(named), "{named}: {}", errors[0]["message"]);
        fs::write(file, before).unwrap();
        self.assert_verified();
    }
}

/// Caches are written so that nobody changes them by accident.
fn make_writable(file: &Path) {
    let mut permissions = fs::metadata(file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a file of the test's own")]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions).unwrap();
}

/// The first file below a folder whose path ends so.
fn find(folder: &Path, end: &str) -> PathBuf {
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                return path;
            }
        }
    }
    panic!("{end} is not below {}", folder.display());
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn cargo() {
    let (Some(cargo), repo, home) = (Tool::find("cargo"), Repo::new(), temporary()) else { return };
    repo.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"1\"\nnum-traits = \"0.2\"\n",
    );
    repo.write("src/lib.rs", "");
    let cargo = cargo.with("CARGO_HOME", home.path());
    if !cargo.reaches(repo.path(), &["fetch"]) {
        return;
    }
    let fetched = Fetched { repo: &repo, variables: vec![("CARGO_HOME", home.path().into())] };
    fetched.assert_verified();
    let archive = find(&home.path().join("registry/cache"), ".crate");
    fetched.assert_flip_is_found(
        &archive,
        "artifact-mismatch",
        archive.file_name().unwrap().to_str().unwrap(),
    );
    let source = find(&home.path().join("registry/src"), "src/lib.rs");
    fetched.assert_flip_is_found(&source, "unpacked-source-changed", "src/lib.rs");

    cargo.run(repo.path(), &["vendor", "--locked"]);
    fetched.assert_verified();
    let vendored = repo.file("vendor/itoa/src/lib.rs");
    fetched.assert_flip_is_found(&vendored, "vendored-file-changed", "src/lib.rs");
}

#[test]
fn npm_and_pnpm() {
    let (Some(npm), repo, cache) = (Tool::find("npm"), Repo::new(), temporary()) else { return };
    let manifest = "{\"name\": \"app\", \"version\": \"1.0.0\", \"dependencies\": {\"debug\": \"4.3.1\"}}\n";
    repo.write("package.json", manifest);
    let npm = npm.with("npm_config_cache", cache.path());
    if !npm.reaches(repo.path(), &["install"]) {
        return;
    }
    let variables = vec![("npm_config_cache", cache.path().to_path_buf())];
    let fetched = Fetched { repo: &repo, variables: variables.clone() };
    fetched.assert_verified();
    let content = cache.path().join("_cacache/content-v2/sha512");
    let archive = archive_of(&content);
    fetched.assert_flip_is_found(&archive, "artifact-mismatch", &archive.display().to_string());

    let (Some(pnpm), repo) = (Tool::find("pnpm"), Repo::new()) else { return };
    repo.write("package.json", manifest);
    pnpm.run(repo.path(), &["install"]);
    let fetched = Fetched { repo: &repo, variables };
    // npm has fetched the same archives.
    fetched.assert_verified();
    let (code, report) =
        Fetched { repo: &repo, variables: vec![("npm_config_cache", repo.file("none"))] }.check();
    let reasons = &report["coverage"]["lockfiles"][0]["bytes"]["not_verifiable"];
    assert_eq!((code, &reasons["as pnpm keeps files, not archives"]), (Some(1), &Value::from(2)));
}

/// Archives begin so; npm keeps documents of the registry in the same place.
fn archive_of(folder: &Path) -> PathBuf {
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        if next.is_dir() {
            pending.extend(fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()));
        } else if fs::read(&next).unwrap().starts_with(&[0x1f, 0x8b]) {
            return next;
        }
    }
    panic!("there is no archive below {}", folder.display());
}

#[test]
fn uv_and_wheels() {
    let (Some(uv), Some(pip)) = (Tool::find("uv"), Tool::find("pip")) else { return };
    let (repo, wheels) = (Repo::new(), temporary());
    repo.write(
        "pyproject.toml",
        "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.8\"\ndependencies = [\"idna==3.3\"]\n",
    );
    if !uv.reaches(repo.path(), &["lock"]) {
        return;
    }
    let pip = pip.with("PIP_FIND_LINKS", "");
    let folder = wheels.path().to_str().unwrap();
    let download = ["download", "--quiet", "--no-deps", "--no-cache-dir", "--dest", folder, "idna==3.3"];
    if !pip.reaches(repo.path(), &download) {
        return;
    }
    let fetched = Fetched { repo: &repo, variables: vec![("PIP_FIND_LINKS", wheels.path().into())] };
    fetched.assert_verified();
    let wheel = find(wheels.path(), ".whl");
    fetched.assert_flip_is_found(&wheel, "artifact-mismatch", "idna-3.3-py3-none-any.whl");
    let (code, report) =
        Fetched { repo: &repo, variables: vec![("PIP_FIND_LINKS", repo.file("none"))] }.check();
    let reasons = &report["coverage"]["lockfiles"][0]["bytes"]["not_verifiable"];
    assert_eq!((code, &reasons["as uv keeps files, not archives"]), (Some(1), &Value::from(1)));
}

#[test]
fn go() {
    let Some(go) = Tool::find("go") else { return };
    let (proxy, repo) = (Proxy::new(), project());
    let go = proxy.serve(go);
    go.run(repo.path(), &["mod", "tidy"]);
    go.run(repo.path(), &["mod", "download"]);
    let fetched = Fetched { repo: &repo, variables: vec![("GOMODCACHE", proxy.cache())] };
    fetched.assert_verified();
    let served = proxy.cache().join("cache/download/example.com/text/@v");
    fetched.assert_flip_is_found(&served.join("v1.0.0.zip"), "artifact-mismatch", "v1.0.0.zip");
    fetched.assert_flip_is_found(&served.join("v1.0.0.mod"), "artifact-mismatch", "v1.0.0.mod");
    let source = proxy.cache().join("example.com/text@v1.0.0/text.go");
    fetched.assert_flip_is_found(&source, "unpacked-source-changed", "text.go was edited");

    go.run(repo.path(), &["mod", "vendor"]);
    fetched.assert_verified();
    repo.replace("vendor/modules.txt", "example.com/text v1.0.0", "example.com/text v1.0.7");
    let (code, report) = fetched.check();
    assert_eq!((code, &report["findings"][0]["rule"]), (Some(1), &Value::from("vendored-file-changed")));
    assert_eq!(report["findings"][0]["path"], "vendor/modules.txt");
}

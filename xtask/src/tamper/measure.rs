//! Applies the operators to the projects, and keeps what was caught.

use std::collections::{BTreeMap, HashSet};

use lockproof::findings::finding::Finding;
use lockproof::{check, read};
use rayon::prelude::*;

use super::git::Repo;
use super::operators::{Act, Grade, Operator};
use super::projects::Project;
use super::scene::Scene;
use super::tree::{self, Change, Tree};
use crate::random::Random;
use crate::tools::Failure;

/// How often an operator is applied to one project: alone, and hidden in an honest step, in turn.
const TRIES: usize = 6;
/// The same for what needs a repository of its own.
const SLOW_TRIES: usize = 2;
/// How many pairs are applied to one project.
const PAIRS: usize = 200;

/// What became of one operator, by project.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) projects: BTreeMap<String, Tally>,
}

/// What became of it in one project.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) applied: usize,
    pub(crate) caught: usize,
    /// What was not caught, or not on the line that was changed.
    pub(crate) missed: Vec<String>,
}

impl Tally {
    fn count(&mut self, verdict: Result<(), String>) {
        self.applied += 1;
        match verdict {
            Ok(()) => self.caught += 1,
            Err(why) => self.missed.push(why),
        }
    }
}

pub(crate) fn single(operator: &Operator, projects: &[Project]) -> Result<Row, Failure> {
    let tallies: Result<Vec<_>, Failure> = projects
        .par_iter()
        .filter(|project| operator.exception(project.format.id).is_none())
        .map(|project| Ok((project.name.clone(), apply(operator, project)?)))
        .collect();
    Ok(Row { projects: tallies?.into_iter().collect() })
}

fn apply(operator: &Operator, project: &Project) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let tries = if matches!(operator.act, Act::History(_)) { SLOW_TRIES } else { TRIES };
    for scene in scenes(project, operator.name) {
        if tally.applied == tries {
            break;
        }
        let judged = match &operator.act {
            Act::History(_) => in_repository(operator, &scene)?,
            _ => operator.apply(&scene).map(|change| verdict(operator.grade, &scene, &change)),
        };
        if let Some(verdict) = judged {
            tally.count(verdict.map_err(|why| format!("{}: {why}", scene.seed)));
        }
    }
    Ok(tally)
}

/// Every step, as a change from the one before it and as a change of nothing, in an order that looks random.
pub(crate) fn scenes<'p>(project: &'p Project, of: &str) -> Vec<Scene<'p>> {
    let path = project.lockfile();
    let mut scenes = Vec::new();
    for (at, step) in project.steps.iter().enumerate() {
        if !step.files.contains_key(path) {
            continue;
        }
        let scene = |base: &'p Tree, which: usize, how: &str| Scene {
            honest: &step.honest[which],
            format: project.format,
            path,
            base,
            head: &step.files,
            is_still: which == 0,
            seed: format!("{of} {}/{} {how}", project.name, step.name),
        };
        scenes.push(scene(&step.files, 0, "alone"));
        if let Some(before) = at.checked_sub(1).map(|before| &project.steps[before].files) {
            scenes.push(scene(before, 1, "in the step"));
        }
    }
    let mut random = Random::of(&format!("{of} {}", project.name));
    for at in (1..scenes.len()).rev() {
        scenes.swap(at, random.below(at + 1));
    }
    scenes
}

/// Whether a grade's bar is met by what is said of a change.
pub(crate) fn verdict(grade: Grade, scene: &Scene<'_>, change: &Change) -> Result<(), String> {
    let found = tree::judge(&change.base, &change.head)?;
    let new = beyond(scene.honest()?, found);
    if grade != Grade::Error {
        return if new.is_empty() { Err("nothing is said".into()) } else { Ok(()) };
    }
    if tree::errors(&new).next().is_none() {
        return Err(format!("no error, but {}", describe(&new)));
    }
    match tree::shows(&new, scene.head, change) {
        true => Ok(()),
        false => Err(format!("not on a changed line: {}", describe(&new))),
    }
}

/// What is found, and is not found of the honest change.
fn beyond(honest: &[Finding], found: Vec<Finding>) -> Vec<Finding> {
    let known: HashSet<_> = honest.iter().map(|it| (it.rule, &it.path, &it.message)).collect();
    found.into_iter().filter(|it| !known.contains(&(it.rule, &it.path, &it.message))).collect()
}

pub(crate) fn describe(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let line = finding.span.map_or(String::new(), |span| format!(":{}", span.start.line));
        format!("{}{line} {}[{}] {}", finding.path, finding.level, finding.rule, finding.message)
    };
    let all: Vec<_> = findings.iter().take(3).map(one).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join("; ") }
}

fn in_repository(operator: &Operator, scene: &Scene<'_>) -> Result<Option<Result<(), String>>, Failure> {
    let Act::History(make) = &operator.act else { return Ok(None) };
    let repo = Repo::new()?;
    let Some(options) = make(scene, &repo)? else { return Ok(None) };
    let sources =
        read::read(&options).map_err(|error| Failure::Failed(format!("{}: {error}", scene.seed)))?;
    let found = match tree::counting(check::lint(&sources, &options)) {
        Ok(found) => found,
        Err(problem) => return Ok(Some(Err(problem))),
    };
    let caught = tree::errors(&found).next().is_some();
    Ok(Some(if caught { Ok(()) } else { Err(format!("no error, but {}", describe(&found))) }))
}

/// Two at a time: both have a grade that must be an error, and one must not hide the other so well that nothing is left.
pub(crate) fn pairs(operators: &[&Operator], projects: &[Project]) -> BTreeMap<String, Tally> {
    let local: Vec<_> =
        operators.iter().filter(|it| it.grade == Grade::Error && it.is_local()).copied().collect();
    let of_project = |project: &Project| {
        let able: Vec<_> = local.iter().filter(|it| it.exception(project.format.id).is_none()).collect();
        let mut random = Random::of(&format!("pairs {}", project.name));
        let mut tally = Tally::default();
        // With --only, none may be left to pair.
        let tries = if able.is_empty() { 0 } else { PAIRS };
        for _ in 0..tries {
            let (first, second) = (able[random.below(able.len())], able[random.below(able.len())]);
            let scenes = scenes(project, &format!("{} + {}", first.name, second.name));
            let pick = &scenes[random.below(scenes.len())];
            if let Some(verdict) = pair(first, second, pick) {
                tally.count(verdict.map_err(|why| format!("{}: {why}", pick.seed)));
            }
        }
        (project.name.clone(), tally)
    };
    projects.par_iter().map(of_project).collect()
}

fn pair(first: &Operator, second: &Operator, scene: &Scene<'_>) -> Option<Result<(), String>> {
    let once = first.apply(scene)?.head;
    let change = second.apply(&scene.then(&once, "twice"))?;
    Some(verdict(Grade::Error, scene, &change))
}

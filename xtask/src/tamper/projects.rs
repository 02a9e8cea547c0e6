//! Honest histories: projects of which every step was made by the real client from the one before it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lockproof::ecosystems::formats;
use lockproof::ecosystems::formats::Format;
use lockproof::findings::finding::Finding;

use super::tree::Tree;
use crate::tools::{Failure, at, root};

pub(crate) struct Project {
    /// `npm/workspaces`
    pub(crate) name: String,
    pub(crate) format: &'static Format,
    pub(crate) steps: Vec<Step>,
}

pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) files: Tree,
    /// What is said of the step as it is: compared with nothing new, and with the step before it.
    pub(crate) honest: [OnceLock<Verdict>; 2],
}

pub(crate) type Verdict = Result<Vec<Finding>, String>;

impl Project {
    /// Where the project's lockfile stands: the one that every step has.
    pub(crate) fn lockfile(&self) -> &'static str {
        self.format.files[0]
    }
}

/// All of them, by format. Those of tests/history are the first of each.
pub(crate) fn all() -> Result<Vec<Project>, Failure> {
    let tests = root().join("tests");
    let mut projects = Vec::new();
    for format in formats::ALL {
        let history = tests.join("history").join(format.id);
        let folder = tests.join("tamper").join(format.id);
        if !folder.is_dir() {
            continue;
        }
        projects.push(project(format, "history", &history)?);
        for below in folders(&folder)? {
            projects.push(project(format, &file_name(&below), &below)?);
        }
    }
    Ok(projects)
}

fn project(format: &'static Format, name: &str, folder: &Path) -> Result<Project, Failure> {
    let mut steps = Vec::new();
    for step in folders(folder)? {
        let mut files = Tree::new();
        read(&step, &step, &mut files)?;
        steps.push(Step { name: file_name(&step), files, honest: Default::default() });
    }
    Ok(Project { name: format!("{}/{name}", format.id), format, steps })
}

/// The folders in a folder, sorted.
pub(crate) fn folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(top: &Path, folder: &Path, files: &mut Tree) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry?.path();
        if path.is_dir() {
            read(top, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(top) {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            files.insert(name.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_three_projects_of_eight_steps() {
        let Ok(projects) = all() else { panic!("the projects can't be read") };
        for format in projects.iter().map(|project| project.format.id) {
            assert!(projects.iter().filter(|it| it.format.id == format).count() >= 3, "{format}");
        }
        for project in &projects {
            let locked = project.steps.iter().filter(|it| it.files.contains_key(project.lockfile())).count();
            assert!(locked > 8, "{} has only {locked} steps", project.name);
        }
    }
}

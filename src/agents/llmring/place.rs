//! Where a lockfile is looked for. A running program and the original's commands do not look in the same places.
//!
//! A program takes the path that its code gives, else `LLMRING_LOCKFILE_PATH`, else `llmring.lock` in the working
//! directory; when that is not there, a file bundled with llmring that knows one alias, without a word. The commands look
//! in the directory of the project's Python package, and know neither the variable nor, where there is a package, the
//! working directory.

use std::collections::{BTreeMap, BTreeSet};

/// The name that both look for; a JSON lockfile is loaded by explicit path only.
pub const NAME: &str = "llmring.lock";

/// What makes a folder the root of a project.
const INDICATORS: [&str; 4] = ["pyproject.toml", "setup.py", "setup.cfg", ".git"];

/// What would be loaded here, and by whom.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Resolution {
    /// What a program that is started here loads; absent where it is the file bundled with llmring.
    pub program: Option<String>,
    /// `variable`, `working-directory` or `bundled`.
    pub because: &'static str,
    /// The variable names a file that is not there: the program fails.
    pub missing: bool,
    /// What llmring's own commands take; several where the file system's order decides.
    pub commands: Vec<String>,
    /// The commands take another file than the program.
    pub disagree: bool,
}

impl Resolution {
    /// As sentences.
    pub fn text(&self) -> String {
        let program = match (&self.program, self.because) {
            (Some(path), "variable") if self.missing => {
                format!("fails: LLMRING_LOCKFILE_PATH names {path}, which is not there")
            }
            (Some(path), "variable") => format!("loads {path}, which LLMRING_LOCKFILE_PATH names"),
            (Some(path), _) => format!("loads {path}"),
            (None, _) => {
                "loads the file bundled with llmring, without a word: there is no ./llmring.lock".to_owned()
            }
        };
        let mut text = format!("A program started here {program}.");
        if self.disagree {
            text += &format!(
                " llmring's own commands take {}: they and the program disagree.",
                self.commands.join(" or ")
            );
        }
        text
    }
}

/// The files that decide, by path with `/`; the root of all is the empty path.
#[derive(Debug, Default)]
pub struct Tree {
    paths: BTreeSet<String>,
    /// The texts of `pyproject.toml` files.
    manifests: BTreeMap<String, String>,
}

/// What the original finds.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The root of the project; absent where no folder above has the looks of one.
    pub root: Option<String>,
    /// The directory of the package. Several, where the original takes whichever the file system names first.
    pub packages: Vec<String>,
}

impl Tree {
    pub fn add(&mut self, path: impl Into<String>) {
        self.paths.insert(path.into());
    }

    pub fn add_manifest(&mut self, path: &str, text: &str) {
        self.add(path);
        self.manifests.insert(path.to_owned(), text.to_owned());
    }

    /// Files and folders alike.
    fn has(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.paths.contains(path)
            || self.paths.range(below.clone()..).next().is_some_and(|it| it.starts_with(&below))
    }

    /// What a command that is started in a folder finds.
    pub fn layout(&self, start: &str) -> Layout {
        let Some(root) =
            above(start).find(|folder| INDICATORS.iter().any(|name| self.has(&join(folder, name))))
        else {
            return Layout { root: None, packages: Vec::new() };
        };
        Layout { root: Some(root.to_owned()), packages: self.packages(root) }
    }

    fn packages(&self, root: &str) -> Vec<String> {
        let src = join(root, "src");
        let manifest = join(root, "pyproject.toml");
        if !self.paths.contains(&manifest) {
            let in_src = self.packages_in(&src);
            return if in_src.is_empty() { self.packages_in(root) } else { in_src };
        }
        let text = self.manifests.get(&manifest).map_or("", String::as_str);
        let Ok(read) = text.parse::<toml::Table>() else { return Vec::new() };
        if let Some(name) = project_name(&read) {
            let name = name.replace('-', "_");
            let named = [join(&src, &name), join(root, &name)];
            if let Some(package) = named.into_iter().find(|it| self.paths.contains(&join(it, "__init__.py")))
            {
                return vec![package];
            }
        }
        self.packages_in(&src)
    }

    /// The packages that lie in a folder.
    fn packages_in(&self, folder: &str) -> Vec<String> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let inside = self.paths.range(prefix.clone()..).take_while(|path| path.starts_with(&prefix));
        let package = |path: &String| {
            let name = path[prefix.len()..].strip_suffix("/__init__.py")?;
            let counts = !name.contains('/') && !name.starts_with('.');
            counts.then(|| format!("{prefix}{name}"))
        };
        inside.filter_map(package).collect()
    }
}

fn project_name(manifest: &toml::Table) -> Option<&str> {
    let name = |table: &toml::Value| table.get("name").is_some();
    let project = manifest.get("project").filter(|it| name(it));
    let table = project.or_else(|| manifest.get("tool")?.get("poetry"));
    table?.get("name")?.as_str()
}

fn above(folder: &str) -> impl Iterator<Item = &str> {
    let parents = folder.rmatch_indices('/').map(|(at, _)| &folder[..at]);
    std::iter::once(folder).chain(parents).chain(Some("").filter(|_| !folder.is_empty()))
}

/// A path below a folder; the root is empty.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl Layout {
    /// The lockfiles that the original's commands may take when they are started in `start`.
    pub fn commanded(&self, start: &str) -> Vec<String> {
        match &self.packages[..] {
            [] => vec![join(start, NAME)],
            packages => packages.iter().map(|package| join(package, NAME)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manifests that the recorded layouts were made with, as far as their names tell.
    fn manifest(case: &str) -> &'static str {
        match case {
            "src-layout-dash-name" | "flat-layout" => "[project]\nname = \"my-pkg\"",
            "poetry" => "[tool.poetry]\nname = \"po-et\"",
            "dotted-name" => "[project]\nname = \"my.pkg\"",
            "uppercase-name" => "[project]\nname = \"MyPkg\"",
            "flat-name-mismatch" | "src-name-mismatch-single" | "src-name-mismatch-two-packages" => {
                "[project]\nname = \"mail-flow\""
            }
            "no-project-table" => "[build-system]",
            "malformed-pyproject" => "[project\nname = ",
            _ => "[project]\nname = \"p\"",
        }
    }

    #[test]
    fn package_directories_are_those_that_the_original_finds() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llmring/resolve/package-directory.json");
        let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for (case, it) in cases.as_object().unwrap() {
            let mut tree = Tree::default();
            for file in it["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()) {
                match file {
                    "sub/pyproject.toml" => tree.add_manifest(file, "[project]\nname = \"q\""),
                    _ if file.ends_with("pyproject.toml") => tree.add_manifest(file, manifest(case)),
                    _ => tree.add(file),
                }
            }
            let spell =
                |path: &serde_json::Value| path.as_str().map(|it| if it == "." { "" } else { it }.to_owned());
            let found = tree.layout(&spell(&it["start"]).unwrap());
            assert_eq!(found.root, spell(&it["project_root"]), "{case}");
            match spell(&it["package_directory"]) {
                Some(package) => assert!(found.packages.contains(&package), "{case}: {found:?}"),
                None => assert!(found.packages.is_empty(), "{case}: {found:?}"),
            }
            // Only then does the original ask the file system for an order.
            assert_eq!(found.packages.len() > 1, case == "src-name-mismatch-two-packages", "{case}");
        }
    }
}

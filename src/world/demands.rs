//! What a manifest or client configuration asks of a resolver, as text: enough to see that it changed.

use crate::model::Ecosystem;
use crate::text::source::Source;
use crate::text::syntax::{Node, Table};
use crate::text::{json, toml, yaml};

/// Two manifests that agree in this give the same lockfile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// What the project itself asks for.
    pub own: String,
    /// What changes how anyone's dependencies are resolved: overrides, patches, settings.
    pub steering: String,
}

impl Demands {
    pub fn of(source: &Source, ecosystem: Ecosystem) -> Demands {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        match (ecosystem, file) {
            (Ecosystem::Cargo, "Cargo.toml") => cargo(&toml::read(source).0),
            (Ecosystem::Cargo, _) => Demands::steering(&toml::read(source).0, &["patch", "resolver"]),
            (Ecosystem::Npm, "package.json") => match json::read(source) {
                (Some(Node::Table(root)), _) => package_json(&root),
                _ => Demands::default(),
            },
            (Ecosystem::Npm, ".npmrc") => npmrc(source.text()),
            (Ecosystem::Npm, _) => match yaml::read(source).documents.first() {
                Some(Node::Table(root)) => pnpm_workspace(root),
                _ => Demands::default(),
            },
            (Ecosystem::PyPi, "pyproject.toml") => pyproject(&toml::read(source).0),
            (Ecosystem::PyPi, _) => Demands { own: String::new(), steering: uv(&toml::read(source).0) },
            (Ecosystem::Go | Ecosystem::Tool | Ecosystem::Llmring, _) => Demands::default(),
        }
    }

    fn steering(table: &Table<'_>, keys: &[&str]) -> Demands {
        Demands { own: String::new(), steering: only(table, keys) }
    }
}

const NPM_GROUPS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

fn cargo(root: &Table<'_>) -> Demands {
    let own = only(root, &["dependencies", "dev-dependencies", "build-dependencies", "target", "features"]);
    let shared = root.table("workspace").map(|workspace| only(workspace, &["dependencies"]));
    Demands { own, steering: only(root, &["patch", "replace"]) + &shared.unwrap_or_default() }
}

fn package_json(root: &Table<'_>) -> Demands {
    Demands { own: only(root, &NPM_GROUPS), steering: only(root, &["overrides", "resolutions", "pnpm"]) }
}

/// Where packages come from is another matter than which ones.
fn npmrc(text: &str) -> Demands {
    let steers = |line: &&str| {
        let key = line.split('=').next().unwrap_or_default();
        !line.is_empty() && !line.starts_with(['#', ';', '/']) && !key.contains("registry")
    };
    Demands { own: String::new(), steering: text.lines().map(str::trim).filter(steers).collect() }
}

/// Catalogs show in what the projects ask for.
fn pnpm_workspace(root: &Table<'_>) -> Demands {
    const OTHERS: [&str; 5] = ["packages", "catalog", "catalogs", "registry", "registries"];
    Demands { own: String::new(), steering: all_but(root, &OTHERS) }
}

fn pyproject(root: &Table<'_>) -> Demands {
    let project = root.table("project");
    let tool = root.table("tool").and_then(|tool| tool.table("uv"));
    let own = project.map(|it| only(it, &["dependencies", "optional-dependencies"])).unwrap_or_default()
        + &only(root, &["dependency-groups"])
        + &tool.map(|it| only(it, &["dev-dependencies", "sources"])).unwrap_or_default();
    let python = project.map(|it| only(it, &["requires-python"])).unwrap_or_default();
    Demands { own, steering: python + &tool.map(uv).unwrap_or_default() }
}

fn uv(table: &Table<'_>) -> String {
    const OTHERS: [&str; 7] =
        ["index", "index-url", "extra-index-url", "sources", "dev-dependencies", "workspace", "package"];
    all_but(table, &OTHERS)
}

fn only(table: &Table<'_>, keys: &[&str]) -> String {
    spell(table, |key| keys.contains(&key))
}

fn all_but(table: &Table<'_>, keys: &[&str]) -> String {
    spell(table, |key| !keys.contains(&key))
}

fn spell(table: &Table<'_>, is_part: impl Fn(&str) -> bool) -> String {
    let parts = table.entries.iter().filter(|(key, _)| is_part(key.as_str()));
    parts.map(|(key, node)| format!("{}={node:?};", key.as_str())).collect()
}

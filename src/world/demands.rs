//! What a manifest or client configuration asks of a resolver, thing by thing: enough to see what changed, and what that
//! can lead to.
//!
//! Only what is known to change a resolution counts. A setting that is not on a list explains nothing: else any line
//! would do as a cover.

use std::collections::BTreeSet;

use crate::model::Ecosystem;
use crate::text::source::Source;
use crate::text::syntax::{Node, Table, Text};
use crate::text::{json, toml, yaml};

/// A name, and what is said of it.
type Words = BTreeSet<(String, String)>;

/// Two manifests that agree in this give the same lockfile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// What the project itself asks for, by name.
    pub own: Words,
    /// What it says for the projects beside it to take up, by name.
    pub shared: Words,
    /// What takes the place of what others ask for, by its name: overrides, patches, constraints.
    pub overrides: Words,
    /// What packages are said to need besides what they say themselves: the package, and the name that it needs.
    pub extensions: Words,
    /// Options that change what is chosen.
    pub options: Words,
}

impl Demands {
    pub fn of(source: &Source, ecosystem: Ecosystem) -> Demands {
        let mut demands = Demands::default();
        let file = source.path.rsplit('/').next().unwrap_or_default();
        match (ecosystem, file) {
            (Ecosystem::Cargo, "Cargo.toml") => demands.cargo(&toml::read(source).0),
            (Ecosystem::Cargo, _) => {
                let root = toml::read(source).0;
                demands.patches(&root);
                demands.set(root.table("resolver"), &["incompatible-rust-versions"]);
            }
            (Ecosystem::Npm, "package.json") => {
                if let (Some(Node::Table(root)), _) = json::read(source) {
                    demands.package_json(&root);
                }
            }
            (Ecosystem::Npm, ".npmrc") => demands.npmrc(source.text()),
            (Ecosystem::Npm, _) => {
                if let Some(Node::Table(root)) = yaml::read(source).documents.first() {
                    demands.pnpm_workspace(root);
                }
            }
            (Ecosystem::PyPi, "uv.toml") => demands.uv(&toml::read(source).0),
            (Ecosystem::PyPi, _) => demands.pyproject(&toml::read(source).0),
            (Ecosystem::Go | Ecosystem::Tool | Ecosystem::Llmring, _) => {}
        }
        demands
    }

    fn cargo(&mut self, root: &Table<'_>) {
        let targets = root.table("target").into_iter().flat_map(|table| &table.entries);
        let tables = std::iter::once(root).chain(targets.filter_map(|(_, target)| target.as_table()));
        for table in tables {
            for group in CARGO_GROUPS {
                crates(table.table(group), &mut self.own);
            }
        }
        features(root.table("features"), &mut self.own);
        let workspace = root.table("workspace");
        crates(workspace.and_then(|it| it.table("dependencies")), &mut self.shared);
        self.patches(root);
        let package = root.table("package");
        let shared = workspace.and_then(|it| it.table("package"));
        for table in [package, shared] {
            self.set(table, &["rust-version", "edition"]);
        }
        for table in [package, workspace] {
            self.set(table, &["resolver"]);
        }
    }

    fn patches(&mut self, root: &Table<'_>) {
        for (_, source) in root.table("patch").into_iter().flat_map(|table| &table.entries) {
            crates(source.as_table(), &mut self.overrides);
        }
        // `"name:version" = …`
        for (name, node) in root.table("replace").into_iter().flat_map(|table| &table.entries) {
            let name = name.as_str().rsplit(['#', '/']).next().unwrap_or_default();
            let name = name.split([':', '@']).next().unwrap_or_default();
            self.overrides.insert((name.to_owned(), format!("{node:?}")));
        }
    }

    fn package_json(&mut self, root: &Table<'_>) {
        for group in NPM_GROUPS {
            named(group, root.table(group), &mut self.own);
        }
        let pnpm = root.table("pnpm");
        for table in [Some(root), pnpm].into_iter().flatten() {
            replaced(table.table("overrides"), &mut self.overrides);
        }
        replaced(root.table("resolutions"), &mut self.overrides);
        if let Some(pnpm) = pnpm {
            self.pnpm(pnpm);
        }
    }

    /// What stands in the manifest under `pnpm`, and in `pnpm-workspace.yaml` at the top.
    fn pnpm(&mut self, table: &Table<'_>) {
        for (selector, extension) in
            table.table("packageExtensions").into_iter().flat_map(|table| &table.entries)
        {
            let groups = NPM_GROUPS.iter().filter_map(|group| extension.as_table()?.table(group));
            for (name, range) in groups.flat_map(|group| &group.entries) {
                let package = selected(selector.as_str()).to_owned();
                self.extensions.insert((package, format!("{}={range:?}", name.as_str())));
            }
        }
        for name in table.array("ignoredOptionalDependencies").iter().filter_map(Node::as_text) {
            self.overrides.insert((name.as_str().to_owned(), LEFT_OUT.to_owned()));
        }
        self.set(Some(table), PNPM_OPTIONS);
    }

    fn npmrc(&mut self, text: &str) {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let key = key.trim();
            if NPMRC_OPTIONS.contains(&key) {
                self.options.insert((camel(key), value.trim().trim_matches(['"', '\'']).to_owned()));
            }
        }
    }

    fn pnpm_workspace(&mut self, root: &Table<'_>) {
        replaced(root.table("overrides"), &mut self.overrides);
        named("catalog", root.table("catalog"), &mut self.shared);
        for (_, catalog) in root.table("catalogs").into_iter().flat_map(|table| &table.entries) {
            named("catalog", catalog.as_table(), &mut self.shared);
        }
        self.pnpm(root);
    }

    fn pyproject(&mut self, root: &Table<'_>) {
        if let Some(project) = root.table("project") {
            requirements(project.array("dependencies"), &mut self.own);
            for (_, list) in
                project.table("optional-dependencies").into_iter().flat_map(|table| &table.entries)
            {
                requirements(items(list), &mut self.own);
            }
            self.set(Some(project), &["requires-python"]);
        }
        for (_, list) in root.table("dependency-groups").into_iter().flat_map(|table| &table.entries) {
            requirements(items(list), &mut self.own);
        }
        if let Some(uv) = root.table("tool").and_then(|tool| tool.table("uv")) {
            self.uv(uv);
        }
    }

    fn uv(&mut self, uv: &Table<'_>) {
        requirements(uv.array("dev-dependencies"), &mut self.own);
        for (name, source) in uv.table("sources").into_iter().flat_map(|table| &table.entries) {
            self.own.insert((fold(name.as_str()), spell(source)));
        }
        for list in ["override-dependencies", "constraint-dependencies"] {
            requirements(uv.array(list), &mut self.overrides);
        }
        for name in uv.array("exclude-dependencies").iter().filter_map(Node::as_text) {
            self.overrides.insert((requirement(name.as_str()), LEFT_OUT.to_owned()));
        }
        for metadata in uv.array("dependency-metadata").iter().filter_map(Node::as_table) {
            let package = metadata.text("name").map_or("", Text::as_str);
            for line in metadata.array("requires-dist").iter().filter_map(Node::as_text) {
                let needs = format!("{}={}", requirement(line.as_str()), line.as_str());
                self.extensions.insert((fold(package), needs));
            }
        }
        self.set(Some(uv), UV_OPTIONS);
    }

    fn set(&mut self, table: Option<&Table<'_>>, known: &[&str]) {
        let entries = table.into_iter().flat_map(|table| &table.entries);
        for (key, node) in entries.filter(|(key, _)| known.contains(&key.as_str())) {
            self.options.insert((key.as_str().to_owned(), spell(node)));
        }
    }
}

/// What an override says of a dependency that is to be left out.
pub const LEFT_OUT: &str = "-";

const NPM_GROUPS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

const CARGO_GROUPS: [&str; 5] =
    ["dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies"];

const NPMRC_OPTIONS: &[&str] = &[
    "auto-install-peers",
    "before",
    "dedupe-peer-dependents",
    "dedupe-direct-deps",
    "install-links",
    "install-strategy",
    "legacy-peer-deps",
    "link-workspace-packages",
    "min-release-age",
    "minimum-release-age",
    "prefer-dedupe",
    "prefer-workspace-packages",
    "resolution-mode",
    "strict-peer-deps",
    "tag",
];

const PNPM_OPTIONS: &[&str] = &[
    "autoInstallPeers",
    "dedupeDirectDeps",
    "dedupePeerDependents",
    "dedupePeers",
    "injectWorkspacePackages",
    "linkWorkspacePackages",
    "minimumReleaseAge",
    "minimumReleaseAgeExclude",
    "preferWorkspacePackages",
    "resolutionMode",
    "supportedArchitectures",
    "tag",
];

const UV_OPTIONS: &[&str] = &[
    "conflicts",
    "environments",
    "exclude-newer",
    "exclude-newer-package",
    "fork-strategy",
    "index-strategy",
    "no-sources",
    "prerelease",
    "required-environments",
    "resolution",
];

/// `auto-install-peers`, as a workspace's configuration spells it.
fn camel(key: &str) -> String {
    let mut parts = key.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_ascii_uppercase() + &part[1..])
}

fn spell(node: &Node<'_>) -> String {
    node.scalar().map_or_else(|| format!("{node:?}"), |text| text.as_str().to_owned())
}

fn items<'n, 's>(node: &'n Node<'s>) -> &'n [Node<'s>] {
    if let Node::Array(items) = node { items } else { &[] }
}

fn named(group: &str, table: Option<&Table<'_>>, into: &mut Words) {
    let entries = table.into_iter().flat_map(|table| &table.entries);
    into.extend(entries.map(|(name, node)| (name.as_str().to_owned(), format!("{group}: {}", spell(node)))));
}

/// A crate is known to the lockfile by its own name.
fn crates(table: Option<&Table<'_>>, into: &mut Words) {
    for (key, node) in table.into_iter().flat_map(|table| &table.entries) {
        let package = node.as_table().and_then(|table| table.text("package")).unwrap_or(key);
        into.insert((package.as_str().to_owned(), spell(node)));
    }
}

/// `x = ["dep:y", "z?/w"]`: a feature that changed says something of what it names.
fn features(table: Option<&Table<'_>>, into: &mut Words) {
    for (feature, node) in table.into_iter().flat_map(|table| &table.entries) {
        for part in items(node).iter().filter_map(Node::as_text) {
            let name = part.as_str().strip_prefix("dep:").unwrap_or(part.as_str());
            let name = name.split(['/', '?']).next().unwrap_or_default();
            into.insert((name.to_owned(), format!("{}={}", feature.as_str(), part.as_str())));
        }
    }
}

/// Overrides nest, and name what they are for: `a > b`, `a/b`, `b@2`.
fn replaced(table: Option<&Table<'_>>, into: &mut Words) {
    for (selector, node) in table.into_iter().flat_map(|table| &table.entries) {
        match node {
            Node::Table(inner) => {
                let own = inner.text(".").map(|range| range.as_str().to_owned());
                into.extend(own.map(|range| (selected(selector.as_str()).to_owned(), range)));
                replaced(Some(inner), into);
            }
            node => {
                into.insert((selected(selector.as_str()).to_owned(), spell(node)));
            }
        }
    }
}

/// The package that a selector ends with.
fn selected(selector: &str) -> &str {
    let last = selector.rsplit('>').next().unwrap_or_default().trim();
    // Yarn's: every part is a package, of a scope or not.
    let parts: Vec<&str> = last.rsplitn(3, '/').collect();
    let name = match parts[..] {
        [name, scope, ..] if scope.starts_with('@') => &last[last.len() - name.len() - scope.len() - 1..],
        [name, ..] => name,
        [] => last,
    };
    match name.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => &name[..at],
        None => name,
    }
}

fn requirements(list: &[Node<'_>], into: &mut Words) {
    let texts = list.iter().filter_map(Node::as_text);
    into.extend(texts.map(|text| (requirement(text.as_str()), text.as_str().to_owned())));
}

/// The name that a requirement begins with.
fn requirement(line: &str) -> String {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(line.len());
    fold(&line[..end])
}

fn fold(name: &str) -> String {
    crate::model::canonical(Ecosystem::PyPi, name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::selected;

    #[test]
    fn a_selector_ends_with_the_package_that_it_is_for() {
        for (selector, name) in [
            ("ms", "ms"),
            ("ms@2", "ms"),
            ("debug>ms", "ms"),
            ("debug@4 > @a/b@^1", "@a/b"),
            ("@a/b", "@a/b"),
            ("debug/ms", "ms"),
            ("debug/@a/b", "@a/b"),
            ("**/ms", "ms"),
        ] {
            assert_eq!(selected(selector), name, "{selector}");
        }
    }
}

//! What a lockfile was made from: manifests (what the project asks for) and client configuration (where from).
//!
//! Only what rules compare is read: dependencies with their git and URL sources, selected releases, registries.

use std::borrow::Cow;

use crate::model::Ecosystem;
use crate::source::Source;
use crate::syntax::{Node, Table, Text, json, toml, yaml};
use crate::url;

/// One manifest or configuration file of one side.
#[derive(Debug)]
pub struct Manifest<'s> {
    pub source: &'s Source,
    pub ecosystem: Ecosystem,
    /// The name of the project itself.
    pub name: Option<Text<'s>>,
    pub dependencies: Vec<Declared<'s>>,
    pub registries: Vec<Pinned<'s>>,
}

/// A dependency that a project asks for.
#[derive(Debug)]
pub struct Declared<'s> {
    pub name: Text<'s>,
    /// The git repository or URL that it is to come from, in the form of [`crate::model::Origin::place`].
    pub place: Option<Cow<'s, str>>,
    /// It is to come from a folder.
    pub local: bool,
    /// The release itself, where the manifest selects one (`go.mod`).
    pub version: Option<Text<'s>>,
    /// It is asked for by the project itself, not only on behalf of a dependency (`// indirect` in `go.mod`).
    pub direct: bool,
    /// The text to point at.
    pub at: &'s str,
}

/// A registry that the client is told to use.
#[derive(Debug)]
pub struct Pinned<'s> {
    pub scope: Cow<'s, str>,
    pub place: Cow<'s, str>,
    pub at: &'s str,
}

/// A kind of file: how its path ends, what it belongs to, how it is read.
type Kind = (&'static str, Ecosystem, for<'s> fn(&mut Manifest<'s>));

/// What is read beside and above lockfiles.
const FILES: &[Kind] = &[
    ("Cargo.toml", Ecosystem::Cargo, cargo),
    (".cargo/config.toml", Ecosystem::Cargo, cargo_config),
    (".cargo/config", Ecosystem::Cargo, cargo_config),
    ("package.json", Ecosystem::Npm, package_json),
    (".npmrc", Ecosystem::Npm, npmrc),
    ("pnpm-workspace.yaml", Ecosystem::Npm, pnpm_workspace),
    ("pyproject.toml", Ecosystem::PyPi, pyproject),
    ("uv.toml", Ecosystem::PyPi, uv_toml),
    ("go.mod", Ecosystem::Go, go_mod),
];

/// The ecosystem of a manifest or configuration file, by its path.
pub fn ecosystem(path: &[u8]) -> Option<Ecosystem> {
    entry(path).map(|(_, ecosystem, _)| *ecosystem)
}

/// How the paths of manifests and configuration files end.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, ..)| *name)
}

fn entry(path: &[u8]) -> Option<&'static Kind> {
    FILES.iter().find(|(name, ..)| {
        path.ends_with(name.as_bytes())
            && (path.len() == name.len() || path[path.len() - name.len() - 1] == b'/')
    })
}

impl<'s> Manifest<'s> {
    /// Reads what can be read: a manifest is not ours to judge, and a broken one declares nothing.
    pub fn read(source: &'s Source) -> Option<Manifest<'s>> {
        let (_, ecosystem, read) = entry(source.path.as_bytes())?;
        let mut manifest = Manifest {
            source,
            ecosystem: *ecosystem,
            name: None,
            dependencies: Vec::new(),
            registries: Vec::new(),
        };
        read(&mut manifest);
        Some(manifest)
    }

    fn declare(&mut self, name: &Text<'s>, spec: &Text<'s>) {
        let text = spec.as_str();
        let local =
            ["file:", "link:", "workspace:", "portal:", ".", "/"].iter().any(|start| text.starts_with(start));
        let place = match url::git(text) {
            Some(git) => Some(spec.borrow(git.repository)),
            // A forge's repository, by the address that people see.
            None if text.ends_with(".git") && text.contains("://") => {
                url::git(&format!("git+{text}")).map(|git| Cow::Owned(git.repository.into_owned()))
            }
            None if text.contains("://") => Some(spec.borrow(url::archive_place(text))),
            // `owner/name` alone is a forge's repository to every npm client.
            None if is_shorthand(text) => {
                url::git(&format!("github:{text}")).map(|git| Cow::Owned(git.repository.into_owned()))
            }
            None => None,
        };
        self.dependencies.push(Declared {
            name: name.clone(),
            place,
            local,
            version: None,
            direct: true,
            at: spec.raw,
        });
    }

    fn git(&mut self, name: &Text<'s>, address: &Text<'s>) {
        let git = url::git(address.as_str()).map(|git| git.repository.into_owned());
        let place = git.or_else(|| {
            url::git(&format!("git+{}", address.as_str())).map(|git| git.repository.into_owned())
        });
        let place = place.map(Cow::Owned);
        self.dependencies.push(Declared {
            name: name.clone(),
            place,
            local: false,
            version: None,
            direct: true,
            at: address.raw,
        });
    }

    fn local(&mut self, name: &Text<'s>, path: &Text<'s>) {
        let (name, at) = (name.clone(), path.raw);
        self.dependencies.push(Declared { name, place: None, local: true, version: None, direct: true, at });
    }

    fn pin(&mut self, scope: Cow<'s, str>, address: &Text<'s>) {
        let place = address.borrow(url::place(address.as_str()));
        self.registries.push(Pinned { scope, place, at: address.raw });
    }
}

fn is_shorthand(text: &str) -> bool {
    let text = text.split('#').next().unwrap_or_default();
    let mut parts = text.split('/');
    let (owner, name, end) = (parts.next(), parts.next(), parts.next());
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    owner.is_some_and(|it| plain(it) && !it.starts_with('.')) && name.is_some_and(plain) && end.is_none()
}

/// Every table of dependencies, wherever Cargo allows one.
fn cargo(manifest: &mut Manifest<'_>) {
    let (root, _) = toml::read(manifest.source);
    manifest.name = root.table("package").and_then(|package| package.text("name").cloned());
    let mut groups = Vec::new();
    let mut tables = vec![&root];
    tables.extend(root.table("workspace"));
    for target in root.table("target").into_iter().flat_map(|table| &table.entries) {
        tables.extend(target.1.as_table());
    }
    for table in tables {
        for name in ["dependencies", "dev-dependencies", "build-dependencies", "replace"] {
            groups.extend(table.table(name));
        }
    }
    for (_, source) in root.table("patch").into_iter().flat_map(|table| &table.entries) {
        groups.extend(source.as_table());
    }
    for (name, spec) in groups.into_iter().flat_map(|group| &group.entries) {
        match spec {
            Node::Table(table) => {
                let package = table.text("package").unwrap_or(name);
                match (table.text("git"), table.text("path")) {
                    (Some(address), _) => manifest.git(package, address),
                    (None, Some(path)) => manifest.local(package, path),
                    (None, None) => manifest.declare(package, table.text("version").unwrap_or(name)),
                }
            }
            Node::String(range) => manifest.declare(name, range),
            _ => {}
        }
    }
}

/// `[source.x]` and `[registries.x]`; a replacement is a pin like any other.
fn cargo_config(manifest: &mut Manifest<'_>) {
    let (root, _) = toml::read(manifest.source);
    let tables = ["source", "registries"].into_iter().filter_map(|name| root.table(name));
    for table in tables.flat_map(|table| &table.entries).filter_map(|(_, node)| node.as_table()) {
        for key in ["registry", "index"] {
            if let Some(address) = table.text(key) {
                manifest.pin(Cow::Borrowed(""), address);
            }
        }
    }
}

fn package_json(manifest: &mut Manifest<'_>) {
    let (Some(Node::Table(root)), _) = json::read(manifest.source) else { return };
    manifest.name = root.text("name").cloned();
    for group in
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "resolutions"]
    {
        declare_all(manifest, root.table(group));
    }
    declare_all(manifest, root.table("overrides"));
    declare_all(manifest, root.table("pnpm").and_then(|pnpm| pnpm.table("overrides")));
}

fn declare_all<'s>(manifest: &mut Manifest<'s>, group: Option<&Table<'s>>) {
    for (name, spec) in group.into_iter().flat_map(|table| &table.entries) {
        match spec {
            Node::String(spec) => manifest.declare(name, spec),
            // Overrides nest; the reader has bounded how deep.
            Node::Table(nested) => declare_all(manifest, Some(nested)),
            _ => {}
        }
    }
}

/// `key = value` lines: `registry=…`, `@scope:registry=…`.
fn npmrc(manifest: &mut Manifest<'_>) {
    for line in manifest.source.text().lines().map(str::trim) {
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else {
            continue;
        };
        let value = Text::plain(value.trim().trim_matches('"'));
        match key.trim().rsplit_once(':') {
            None if key.trim() == "registry" => manifest.pin(Cow::Borrowed(""), &value),
            Some((scope, "registry")) if scope.starts_with('@') => manifest.pin(Cow::Borrowed(scope), &value),
            _ => {}
        }
    }
}

fn pnpm_workspace(manifest: &mut Manifest<'_>) {
    let documents = yaml::read(manifest.source).documents;
    let Some(root) = documents.first().and_then(Node::as_table) else { return };
    if let Some(address) = root.text("registry") {
        manifest.pin(Cow::Borrowed(""), address);
    }
    for (scope, address) in root.table("registries").into_iter().flat_map(|table| &table.entries) {
        let Some(address) = address.as_text() else { continue };
        let scope = if scope.as_str() == "default" {
            Cow::Borrowed("")
        } else {
            Cow::Owned(scope.as_str().to_owned())
        };
        manifest.pin(scope, address);
    }
    declare_all(manifest, root.table("overrides"));
    declare_all(manifest, root.table("catalog"));
    declare_all(manifest, root.table("catalogs"));
}

fn pyproject(manifest: &mut Manifest<'_>) {
    let (root, _) = toml::read(manifest.source);
    let mut lists = Vec::new();
    if let Some(project) = root.table("project") {
        manifest.name = project.text("name").cloned();
        lists.push(project.array("dependencies"));
        lists.extend(arrays(project.table("optional-dependencies")));
    }
    lists.extend(arrays(root.table("dependency-groups")));
    let uv = root.table("tool").and_then(|tool| tool.table("uv"));
    for key in ["dev-dependencies", "override-dependencies", "constraint-dependencies"] {
        lists.extend(uv.map(|uv| uv.array(key)));
    }
    for text in lists.into_iter().flatten().filter_map(Node::as_text) {
        // `name @ address`; anything else names no place.
        if let Some((name, address)) = text.as_str().split_once('@') {
            let at = address.as_ptr() as usize - text.as_str().as_ptr() as usize;
            let skip = address.len() - address.trim_start().len();
            manifest
                .declare(&text.part(0..name.trim_end().len()), &text.part(at + skip..text.as_str().len()));
        }
    }
    if let Some(uv) = uv {
        uv_settings(manifest, uv);
    }
}

fn arrays<'a, 's>(table: Option<&'a Table<'s>>) -> impl Iterator<Item = &'a [Node<'s>]> {
    let entries = table.into_iter().flat_map(|table| &table.entries);
    entries.filter_map(|(_, node)| if let Node::Array(items) = node { Some(items.as_slice()) } else { None })
}

fn uv_toml(manifest: &mut Manifest<'_>) {
    let (root, _) = toml::read(manifest.source);
    uv_settings(manifest, &root);
}

fn uv_settings<'s>(manifest: &mut Manifest<'s>, uv: &Table<'s>) {
    for (name, source) in uv.table("sources").into_iter().flat_map(|table| &table.entries) {
        let tables = match source {
            Node::Array(items) => items.iter().filter_map(Node::as_table).collect(),
            node => Vec::from_iter(node.as_table()),
        };
        for table in tables {
            if let Some(address) = table.text("git") {
                manifest.git(name, address);
            } else if let Some(address) = table.text("url") {
                manifest.declare(name, address);
            } else if let Some(path) = table.text("path") {
                manifest.local(name, path);
            }
        }
    }
    for key in ["index-url", "extra-index-url"] {
        let addresses: Vec<_> =
            uv.text(key).into_iter().chain(uv.array(key).iter().filter_map(Node::as_text)).collect();
        addresses.into_iter().for_each(|address| manifest.pin(Cow::Borrowed(""), address));
    }
    for index in uv.array("index").iter().filter_map(Node::as_table) {
        if let Some(address) = index.text("url") {
            manifest.pin(Cow::Borrowed(""), address);
        }
    }
}

/// `require` and `replace`, in blocks or alone. A replaced module needs the sum of what replaces it.
fn go_mod(manifest: &mut Manifest<'_>) {
    let mut block = "";
    let mut replaced = std::collections::HashSet::new();
    for line in manifest.source.text().lines() {
        let (line, comment) = line.split_once("//").unwrap_or((line, ""));
        let (line, direct) = (line.trim(), !comment.trim_start().starts_with("indirect"));
        let mut words = line.split_ascii_whitespace();
        let directive = match (block, words.clone().next()) {
            (_, None) => continue,
            (_, Some(")")) => {
                block = "";
                continue;
            }
            ("", Some(word)) => {
                words.next();
                if words.clone().next() == Some("(") {
                    block = word;
                    continue;
                }
                word
            }
            (open, _) => open,
        };
        let words: Vec<_> = words.collect();
        match (directive, words.as_slice()) {
            ("require", [module, version, ..]) => select(manifest, module, version, direct, line),
            ("replace", [module, "=>", rest @ ..] | [module, _, "=>", rest @ ..]) => {
                replaced.insert(*module);
                if let [module, version] = rest {
                    select(manifest, module, version, direct, line);
                }
            }
            _ => {}
        }
    }
    let replaces = |dep: &Declared<'_>| replaced.contains(dep.name.raw) && !dep.at.contains("=>");
    manifest.dependencies.retain(|dep| !replaces(dep));
}

fn select<'s>(manifest: &mut Manifest<'s>, module: &'s str, version: &'s str, direct: bool, line: &'s str) {
    let version = Some(Text::plain(version));
    manifest.dependencies.push(Declared {
        name: Text::plain(module),
        place: None,
        local: false,
        version,
        direct,
        at: line,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Side;

    fn places(path: &str, text: &str) -> Vec<String> {
        let source = Source::new(path, Side::Worktree, text.into());
        let manifest = Manifest::read(&source).unwrap();
        let show = |dep: &Declared<'_>| {
            let version = dep.version.as_ref().map(|it| format!(" {}", it.as_str())).unwrap_or_default();
            format!("{}{version} {}", dep.name.as_str(), dep.place.as_deref().unwrap_or("-"))
        };
        let pins = manifest.registries.iter().map(|it| format!("pin {}{}", it.scope, it.place));
        manifest.dependencies.iter().map(show).chain(pins).collect()
    }

    #[test]
    fn cargo_manifests_name_git_sources() {
        let text = "[dependencies]\na = '1'\nb = { git = 'https://git.example.com/o/b.git', rev = 'x' }\n\
                    [target.'cfg(unix)'.dependencies.c]\ngit = 'ssh://git@git.example.com/o/c'\npackage = 'real'\n\
                    [patch.crates-io]\nd = { path = '../d' }";
        let expected = ["a -", "b git.example.com/o/b", "real git.example.com/o/c", "d -"];
        assert_eq!(places("Cargo.toml", text), expected);
        let config = "[source.mirror]\nregistry = 'sparse+https://mirror.example.com/index/'";
        assert_eq!(places("x/.cargo/config.toml", config), ["pin https://mirror.example.com/index"]);
    }

    #[test]
    fn npm_manifests_name_git_sources() {
        let text = r#"{"dependencies": {"a": "^1", "b": "github:o/b#x", "c": "o/c", "d": "https://host.example.com/o/d.tgz",
            "e": "git+ssh://git@git.example.com/o/e.git"}, "overrides": {"x": {"y": "file:../y"}}}"#;
        let expected = [
            "a -",
            "b github.com/o/b",
            "c github.com/o/c",
            "d https://host.example.com/o",
            "e git.example.com/o/e",
            "y -",
        ];
        assert_eq!(places("package.json", text), expected);
        let npmrc = "; x\nregistry=https://npm.example.com/\n@acme:registry = \"https://acme.example.com\"\n//x/:_authToken=1";
        assert_eq!(
            places(".npmrc", npmrc),
            ["pin https://npm.example.com", "pin @acmehttps://acme.example.com"]
        );
    }

    #[test]
    fn python_manifests_name_git_sources() {
        let text = "[project]\ndependencies = ['a>=1', 'b @ git+https://git.example.com/o/b@v1']\n\
                    [tool.uv.sources]\nc = { git = 'https://git.example.com/o/c' }\n\
                    [[tool.uv.index]]\nurl = 'https://pypi.example.com/simple/'";
        let expected =
            ["b git.example.com/o/b", "c git.example.com/o/c", "pin https://pypi.example.com/simple"];
        assert_eq!(places("pyproject.toml", text), expected);
    }

    #[test]
    fn go_modules_select_releases() {
        let text = "module x\nrequire a.example.com/a v1.0.0 // indirect\nrequire (\n\tb v2.0.0\n\tc v3.0.0\n\td v4.0.0\n)\n\
                    replace b => ../b\nreplace c v3.0.0 => f v3.1.0\n";
        assert_eq!(places("go.mod", text), ["a.example.com/a v1.0.0 -", "d v4.0.0 -", "f v3.1.0 -"]);
    }
}

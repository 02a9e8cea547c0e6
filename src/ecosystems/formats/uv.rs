//! `uv.lock` and the lockfiles of scripts (`<script>.py.lock`), version 1, revisions 1 to 5.
//!
//! TOML. Each wheel and the source distribution has the SHA-256 of its file; any one of them may be installed.
//! A file's host need not be the index's. Indexes that publish no hashes leave none.

use std::borrow::Cow;

use foldhash::HashSet;

use super::{Family, Format};
use crate::model::graph::Links;
use crate::model::integrity;
use crate::model::url;
use crate::model::{
    Artifact, Ecosystem, Edge, EdgeKind, Exemption, Lockfile, Origin, Package, Root, Setting, canonical,
};
use crate::text::source::Source;
use crate::text::syntax::{Fault, Node, Table, Text};
use crate::text::toml;

pub static FORMAT: Format = Format {
    id: "uv",
    family: Family::Packages,
    ecosystem: Ecosystem::PyPi,
    files: &["uv.lock", "*.py.lock"],
    manifests: &["pyproject.toml"],
    versions: &["1"],
    manifest_selects: false,
    hashes_archives: true,
    links: Links::Release,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    let (root, faults) = toml::read(source);
    lockfile.faults = faults;
    // What has been read of the tree goes at once: tree and model never stand side by side.
    for (key, node) in root.entries {
        match key.as_str() {
            "version" => lockfile.schema_version = node.scalar(),
            "requires-python" | "resolution-markers" | "options" | "conflicts" => {
                lockfile.settings.push(Setting {
                    name: key.clone(),
                    value: format!("{node:?}"),
                    node: node.clone(),
                });
            }
            "manifest" => read_manifest(&node, &mut lockfile),
            "package" => {
                let Node::Array(items) = node else {
                    lockfile.faults.push(Fault::shape(key.raw, "`package` should be an array of tables"));
                    continue;
                };
                for item in items {
                    item.as_table().into_iter().for_each(|table| read(table, &mut lockfile));
                }
            }
            _ => {}
        }
    }
    lockfile.require_version();
    exempt_hashless_indexes(&mut lockfile);
    lockfile
}

/// What several members share, or a script has: what is asked for is a root, the rest settings.
fn read_manifest<'s>(node: &Node<'s>, lockfile: &mut Lockfile<'s>) {
    let mut root = Root { path: Text::default(), edges: Vec::new() };
    for (key, node) in node.as_table().map_or(&[][..], |table| &table.entries) {
        match key.as_str() {
            "requirements" => edges(EdgeKind::Normal, node, &mut root.edges),
            "dependency-groups" => groups(EdgeKind::Dev, node, &mut root.edges),
            // Each of them has an entry of its own.
            "members" => {}
            _ => lockfile.settings.push(Setting {
                name: key.clone(),
                value: format!("{node:?}"),
                node: node.clone(),
            }),
        }
    }
    lockfile.roots.extend(Some(root).filter(|root| !root.edges.is_empty()));
}

fn read<'s>(table: &Table<'s>, lockfile: &mut Lockfile<'s>) {
    match package(table) {
        Ok((package, root)) => {
            lockfile.add(package);
            lockfile.roots.extend(root);
        }
        Err(fault) => lockfile.faults.push(fault),
    }
}

fn package<'s>(table: &Table<'s>) -> Result<(Package<'s>, Option<Root<'s>>), Fault<'s>> {
    let mut package = Package { slot: Text::plain(table.heading), ..Package::default() };
    let mut root = None;
    for (key, node) in &table.entries {
        match key.as_str() {
            "name" => {
                let name = string(key, node)?;
                let folded = canonical(Ecosystem::PyPi, name.as_str()).into_owned();
                package.name = Text::with(name.raw, folded);
            }
            "version" => package.version = Some(string(key, node)?),
            "source" => read_source(node, &mut package),
            "sdist" => package.artifacts.extend(artifact(node)?),
            "wheels" => {
                for wheel in items(key, node)? {
                    package.artifacts.extend(artifact(wheel)?);
                }
            }
            "dependencies" => edges(EdgeKind::Normal, node, &mut package.edges),
            "optional-dependencies" => groups(EdgeKind::Optional, node, &mut package.edges),
            "dev-dependencies" => groups(EdgeKind::Dev, node, &mut package.edges),
            "metadata" => root = node.as_table().map(mirror),
            _ => {}
        }
    }
    if package.name.as_str().is_empty() {
        return Err(Fault::shape(table.heading, "a package without a name"));
    }
    if let (Some(root), Some(source)) = (&mut root, &package.source) {
        root.path = source.clone();
    }
    // A distribution at the source's own URL has no URL of its own.
    for artifact in &mut package.artifacts {
        if artifact.url.is_none() && matches!(package.origin, Origin::Url(_)) {
            artifact.url = package.source.clone();
        }
    }
    package.slot = Text::with(package.name.raw, package.label());
    Ok((package, root))
}

fn string<'s>(key: &Text<'s>, node: &Node<'s>) -> Result<Text<'s>, Fault<'s>> {
    node.as_text().cloned().ok_or_else(|| Fault::shape(key.raw, "should be a string"))
}

fn items<'a, 's>(key: &Text<'s>, node: &'a Node<'s>) -> Result<&'a [Node<'s>], Fault<'s>> {
    if let Node::Array(items) = node { Ok(items) } else { Err(Fault::shape(key.raw, "should be an array")) }
}

/// `source = { registry = "…" }` and its siblings: one key says the kind.
fn read_source<'s>(node: &Node<'s>, package: &mut Package<'s>) {
    const KINDS: [&str; 7] = ["registry", "git", "url", "path", "directory", "editable", "virtual"];
    let entries = node.as_table().map_or(&[][..], |table| &table.entries[..]);
    let mut kinds = entries.iter().filter(|(key, _)| KINDS.contains(&key.as_str()));
    // Of two kinds, readers differ on which one counts: then it is neither.
    let (Some((kind, value)), None) = (kinds.next(), kinds.next()) else {
        package.source = entries.first().and_then(|(_, value)| value.as_text().cloned());
        return;
    };
    let Some(text) = value.as_text() else { return };
    package.source = Some(text.clone());
    (package.origin, package.exemption) = match kind.as_str() {
        // A flat index: a folder of distributions.
        "registry" if is_folder(text.as_str()) => (Origin::Path, Some(Exemption::Path)),
        "registry" if !text.as_str().contains("://") => (Origin::Unknown, None),
        "registry" => (Origin::Registry(Some(text.borrow(url::place(text.as_str())))), None),
        "git" => (git(text), Some(Exemption::Git)),
        "url" => (Origin::Url(of_archive(text, node)), None),
        "editable" | "virtual" if text.as_str() == "." => (Origin::Workspace, Some(Exemption::Workspace)),
        "editable" | "virtual" | "directory" => (Origin::Path, Some(Exemption::Path)),
        // A file in the tree: it has a hash like any other.
        "path" => (Origin::Path, None),
        _ => (Origin::Unknown, None),
    };
}

/// An archive may have several packages in it, each in a folder of its own.
fn of_archive<'s>(text: &Text<'s>, source: &Node<'s>) -> Cow<'s, str> {
    let place = url::archive_place(text.as_str());
    match source.as_table().and_then(|table| table.text("subdirectory")) {
        Some(folder) => Cow::Owned(url::in_folder(&place, folder.as_str())),
        None => text.borrow(place),
    }
}

fn is_folder(text: &str) -> bool {
    !text.contains(':') && !text.starts_with("//")
}

/// The address need not look like git's: the key says that it is.
fn git<'s>(text: &Text<'s>) -> Origin<'s> {
    let address = format!("git+{}", text.as_str());
    let Some(git) = url::git(&address) else { return Origin::Unknown };
    let own = |part: Cow<'_, str>| Cow::Owned(part.into_owned());
    Origin::Git(Box::new(crate::model::Git {
        repository: own(git.repository),
        reference: git.reference.map(own),
        commit: git.commit.map(own),
    }))
}

fn artifact<'s>(node: &Node<'s>) -> Result<Option<Artifact<'s>>, Fault<'s>> {
    let Some(table) = node.as_table() else { return Err(Fault::shape(node.slice(), "should be a table")) };
    let mut artifact = Artifact::default();
    let mut name = None;
    for (key, value) in &table.entries {
        match key.as_str() {
            "url" => artifact.url = value.as_text().cloned(),
            "path" | "filename" => name = value.as_text().cloned(),
            "hash" => {
                let text = string(key, value)?;
                artifact.digests.push(integrity::prefixed_hex(text.raw));
                artifact.integrity = Some(text);
            }
            _ => {}
        }
    }
    artifact.key = match (&artifact.url, name) {
        (Some(url), _) => tail(url),
        (None, Some(path)) => tail(&path),
        (None, None) => Text::plain(table.heading),
    };
    if artifact.url.is_none() && artifact.digests.is_empty() {
        return Ok(None);
    }
    Ok(Some(artifact))
}

/// The file name at the end of a URL or path.
fn tail<'s>(text: &Text<'s>) -> Text<'s> {
    let name = url::file_name(text.as_str());
    let start = text.as_str().find(['?', '#']).unwrap_or(text.as_str().len()) - name.len();
    text.part(start..start + name.len())
}

fn edges<'s>(kind: EdgeKind, node: &Node<'s>, into: &mut Vec<Edge<'s>>) {
    let Node::Array(list) = node else { return };
    for table in list.iter().filter_map(Node::as_table) {
        let Some(name) = table.text("name") else { continue };
        let range = table.text("specifier").cloned();
        into.push(Edge { kind, name: name.clone(), range, target: table.text("version").cloned() });
    }
}

fn groups<'s>(kind: EdgeKind, node: &Node<'s>, into: &mut Vec<Edge<'s>>) {
    let Some(table) = node.as_table() else { return };
    table.entries.iter().for_each(|(_, group)| edges(kind, group, into));
}

/// `[package.metadata]`: what the member's own manifest asked for.
fn mirror<'s>(table: &Table<'s>) -> Root<'s> {
    let mut root = Root { path: Text::default(), edges: Vec::new() };
    for (key, node) in &table.entries {
        match key.as_str() {
            "requires-dist" => edges(EdgeKind::Normal, node, &mut root.edges),
            "requires-dev" => groups(EdgeKind::Dev, node, &mut root.edges),
            _ => {}
        }
    }
    root
}

/// Hashes are the index's to publish: where none of its packages has one, none is missing.
fn exempt_hashless_indexes(lockfile: &mut Lockfile<'_>) {
    let place = |package: &Package<'_>| match &package.origin {
        Origin::Registry(Some(place)) => Some(place.to_string()),
        _ => None,
    };
    let hashing: HashSet<_> =
        lockfile.packages.iter().filter(|it| it.is_hashed()).filter_map(place).collect();
    for package in &mut lockfile.packages {
        if place(package).is_some_and(|place| !hashing.contains(&place)) {
            package.exemption = Some(Exemption::IndexWithoutHashes);
        }
    }
}

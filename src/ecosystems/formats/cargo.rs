//! `Cargo.lock`, versions 1 to 4.
//!
//! TOML. A `checksum` is the SHA-256 of the `.crate` archive as the registry serves it; version 1 keeps them apart,
//! in `[metadata]`. Packages of the workspace and of paths have no source, git packages carry their commit instead.

use foldhash::{HashMap, HashMapExt};

use super::{Family, Format};
use crate::model::graph::Links;
use crate::model::integrity;
use crate::model::url;
use crate::model::{
    Algorithm, Artifact, Ecosystem, Edge, EdgeKind, Exemption, Lockfile, Origin, Package, Setting,
};
use crate::text::source::Source;
use crate::text::syntax::{Fault, Node, Table, Text};
use crate::text::toml;

pub static FORMAT: Format = Format {
    id: "cargo",
    family: Family::Packages,
    ecosystem: Ecosystem::Cargo,
    files: &["Cargo.lock"],
    manifests: &["Cargo.toml"],
    versions: &["1", "2", "3", "4"],
    manifest_selects: false,
    hashes_archives: true,
    links: Links::Release,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    let (root, faults) = toml::read(source);
    lockfile.faults = faults;
    let mut checksums = HashMap::new();
    // What has been read of the tree goes at once: tree and model never stand side by side.
    for (key, node) in root.entries {
        match key.as_str() {
            "version" => lockfile.schema_version = node.scalar(),
            "package" => read_packages(node, &key, &mut lockfile),
            // Before 2016 the project's own package stood apart.
            "root" => read_package(node, &key, &mut lockfile),
            "metadata" => checksums = read_checksums(&node),
            "patch" => lockfile.settings.push(Setting {
                name: key.clone(),
                value: format!("{node:?}"),
                node: node.clone(),
            }),
            _ => {}
        }
    }
    if !checksums.is_empty() {
        attach(&checksums, &mut lockfile);
    }
    lockfile
}

fn read_packages<'s>(node: Node<'s>, key: &Text<'s>, lockfile: &mut Lockfile<'s>) {
    let Node::Array(items) = node else {
        lockfile.faults.push(Fault::shape(key.raw, "`package` should be an array of tables"));
        return;
    };
    items.into_iter().for_each(|item| read_package(item, key, lockfile));
}

fn read_package<'s>(node: Node<'s>, key: &Text<'s>, lockfile: &mut Lockfile<'s>) {
    let Some(table) = node.as_table() else {
        lockfile.faults.push(Fault::shape(key.raw, "a package should be a table"));
        return;
    };
    match package(table) {
        Ok(package) => lockfile.add(package),
        Err(fault) => lockfile.faults.push(fault),
    }
}

fn package<'s>(table: &Table<'s>) -> Result<Package<'s>, Fault<'s>> {
    let mut package = Package { slot: Text::plain(table.heading), ..Package::default() };
    let mut named = false;
    for (key, node) in &table.entries {
        let text = || node.as_text().cloned().ok_or_else(|| Fault::shape(key.raw, "should be a string"));
        match key.as_str() {
            "name" => {
                package.name = text()?;
                named = true;
            }
            "version" => package.version = Some(text()?),
            "source" => package.source = Some(text()?),
            "checksum" => package.artifacts = vec![artifact(text()?)],
            "dependencies" => package.edges.append(&mut edges(node, key)?),
            // It stands for another entry, with the same name.
            "replace" => package.edges.push(edge(&text()?)),
            _ => {}
        }
    }
    if !named || package.version.is_none() {
        return Err(Fault::shape(table.heading, "a package without a name or a version"));
    }
    package.slot = Text::with(package.name.raw, package.label());
    (package.origin, package.exemption) = match &package.source {
        None => (Origin::Workspace, Some(Exemption::Workspace)),
        Some(source) => origin(source),
    };
    Ok(package)
}

fn origin<'s>(source: &Text<'s>) -> (Origin<'s>, Option<Exemption>) {
    let git = url::git(source.raw).filter(|_| source.as_str().starts_with("git+"));
    match git {
        Some(git) => (Origin::Git(Box::new(git)), Some(Exemption::Git)),
        // Cargo writes no source for what lies in a folder.
        None if !is_registry(source.as_str()) => (Origin::Unknown, None),
        None => (Origin::Registry(Some(source.borrow(url::place(source.as_str())))), None),
    }
}

fn is_registry(source: &str) -> bool {
    source.starts_with("registry+") || source.starts_with("sparse+")
}

fn artifact(checksum: Text<'_>) -> Artifact<'_> {
    Artifact {
        digests: vec![integrity::hex(checksum.raw, Algorithm::Sha256)],
        integrity: Some(checksum),
        ..Artifact::default()
    }
}

/// `name`, `name version` or `name version (source)`: as much as is needed to be unambiguous.
fn edges<'s>(node: &Node<'s>, key: &Text<'s>) -> Result<Vec<Edge<'s>>, Fault<'s>> {
    let Node::Array(items) = node else { return Err(Fault::shape(key.raw, "should be an array")) };
    let text = |item: &Node<'s>| {
        item.as_text().map(edge).ok_or_else(|| Fault::shape(item.slice(), "should be a string"))
    };
    items.iter().map(text).collect()
}

fn edge<'s>(text: &Text<'s>) -> Edge<'s> {
    let end = text.as_str().find(' ').unwrap_or(text.as_str().len());
    Edge { kind: EdgeKind::Normal, name: text.part(0..end), range: None, target: Some(text.clone()) }
}

/// `"checksum <name> <version> (<source>)" = "<hex>"`; `<none>` for git.
fn read_checksums<'s>(node: &Node<'s>) -> HashMap<String, Text<'s>> {
    let entries = node.as_table().map_or(&[][..], |table| &table.entries[..]);
    let sums = entries.iter().filter_map(|(key, value)| {
        let package = key.as_str().strip_prefix("checksum ")?;
        Some((package.to_owned(), value.as_text()?.clone()))
    });
    sums.collect()
}

/// Cargo lets `[metadata]` override a package's own `checksum`: where both stand, they must agree.
fn attach<'s>(checksums: &HashMap<String, Text<'s>>, lockfile: &mut Lockfile<'s>) {
    for package in &mut lockfile.packages {
        let Some(source) = &package.source else { continue };
        let key = format!("{} {} ({})", package.name.as_str(), package.version(), source.as_str());
        let Some(sum) = checksums.get(&key) else { continue };
        let own = package.artifacts.first().and_then(|artifact| artifact.integrity.as_ref());
        match own {
            Some(own) if own.as_str() != sum.as_str() => {
                lockfile.faults.push(Fault::shape(sum.raw, "should be the checksum that the package has"));
            }
            None if sum.as_str() != "<none>" => package.artifacts.push(artifact(sum.clone())),
            _ => {}
        }
    }
}

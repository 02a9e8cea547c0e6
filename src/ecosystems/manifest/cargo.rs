//! `Cargo.toml` and `.cargo/config.toml`.

use std::borrow::Cow;

use super::{Kind, Manifest, Workspace, texts};
use crate::model::EdgeKind;
use crate::text::syntax::{Node, Table, Text};
use crate::text::toml;

const GROUPS: [(&str, EdgeKind); 6] = [
    ("dependencies", EdgeKind::Normal),
    ("dev-dependencies", EdgeKind::Dev),
    ("dev_dependencies", EdgeKind::Dev),
    ("build-dependencies", EdgeKind::Build),
    ("build_dependencies", EdgeKind::Build),
    ("replace", EdgeKind::Normal),
];

/// Every table of dependencies, wherever Cargo allows one.
pub(super) fn manifest(manifest: &mut Manifest<'_>) {
    let (root, faults) = toml::read(manifest.source);
    manifest.broken = !faults.is_empty();
    let package = root.table("package").or_else(|| root.table("project"));
    manifest.name = package.and_then(|package| package.text("name").cloned());
    let program = root.array("bin").first().map(Node::slice);
    manifest.application =
        program.or_else(|| Some(package?.text("default-run")?.raw)).filter(|_| package.is_some());
    if let Some(workspace) = root.table("workspace") {
        let members = texts(workspace.array("members"));
        manifest.workspace = Some(Workspace { members, exclude: texts(workspace.array("exclude")) });
        group(manifest, Kind::Shared, workspace.table("dependencies"));
    }
    let targets = root.table("target").into_iter().flat_map(|table| &table.entries);
    for table in std::iter::once(&root).chain(targets.filter_map(|(_, target)| target.as_table())) {
        for (name, kind) in GROUPS {
            let kind = if name == "replace" { Kind::Override } else { Kind::Dependency(kind) };
            group(manifest, kind, table.table(name));
        }
    }
    for (_, source) in root.table("patch").into_iter().flat_map(|table| &table.entries) {
        group(manifest, Kind::Override, source.as_table());
    }
}

fn group<'s>(manifest: &mut Manifest<'s>, kind: Kind, table: Option<&Table<'s>>) {
    for (name, spec) in table.into_iter().flat_map(|table| &table.entries) {
        match spec {
            Node::Table(table) => detailed(manifest, kind, name, table),
            Node::String(range) => {
                manifest.declare(kind, name, range);
            }
            _ => {}
        }
    }
}

fn detailed<'s>(manifest: &mut Manifest<'s>, kind: Kind, key: &Text<'s>, table: &Table<'s>) {
    let package = table.text("package").unwrap_or(key);
    let version = table.text("version");
    let dep = match (table.text("git"), table.text("path")) {
        (Some(address), _) => manifest.git(kind, package, address),
        (None, Some(path)) => manifest.local(kind, package, path),
        (None, None) => manifest.add(kind, package, version.unwrap_or(key).raw),
    };
    let reference = ["rev", "tag", "branch"].into_iter().find_map(|key| table.text(key));
    dep.reference = reference.map(|text| text.borrow(Cow::Borrowed(text.as_str())));
    dep.key = key.clone();
    dep.range = version.cloned();
    dep.inherited = table.flag("workspace");
}

/// `[source.x]` and `[registries.x]`; a replacement is a pin like any other.
pub(super) fn config(manifest: &mut Manifest<'_>) {
    let (root, faults) = toml::read(manifest.source);
    manifest.broken = !faults.is_empty();
    let tables = ["source", "registries"].into_iter().filter_map(|name| root.table(name));
    for table in tables.flat_map(|table| &table.entries).filter_map(|(_, node)| node.as_table()) {
        for key in ["registry", "index"] {
            if let Some(address) = table.text(key) {
                manifest.pin(Cow::Borrowed(""), address);
            }
        }
    }
    manifest.set_all("", &root);
}

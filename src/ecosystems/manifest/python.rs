//! `pyproject.toml` and `uv.toml`.

use std::borrow::Cow;

use super::{Kind, Manifest, Workspace, texts};
use crate::model::EdgeKind;
use crate::model::url;
use crate::text::syntax::{Node, Table, Text};
use crate::text::toml;

pub(super) fn pyproject(manifest: &mut Manifest<'_>) {
    let (root, faults) = toml::read(manifest.source);
    manifest.broken = !faults.is_empty();
    if let Some(project) = root.table("project") {
        manifest.name = project.text("name").cloned();
        manifest.requires = project.text("requires-python").cloned();
        let dynamic = texts(project.array("dynamic"));
        manifest.dynamic = dynamic.iter().any(|it| it.as_str().ends_with("dependencies"));
        requirements(manifest, Kind::Dependency(EdgeKind::Normal), project.array("dependencies"));
        for list in arrays(project.table("optional-dependencies")) {
            requirements(manifest, Kind::Dependency(EdgeKind::Normal), list);
        }
        // What is not built is run where it stands.
        let name = manifest.name.as_ref().map(|name| name.raw);
        manifest.application = name
            .filter(|_| root.table("build-system").is_none() && !project.array("dependencies").is_empty());
    }
    for list in arrays(root.table("dependency-groups")) {
        requirements(manifest, Kind::Dependency(EdgeKind::Dev), list);
    }
    if let Some(uv) = root.table("tool").and_then(|tool| tool.table("uv")) {
        uv_settings(manifest, uv);
    }
}

fn arrays<'a, 's>(table: Option<&'a Table<'s>>) -> impl Iterator<Item = &'a [Node<'s>]> {
    let entries = table.into_iter().flat_map(|table| &table.entries);
    entries.filter_map(|(_, node)| if let Node::Array(items) = node { Some(items.as_slice()) } else { None })
}

/// PEP 508: a name, its extras, then a range or `@` and an address, then `;` and a condition.
fn requirements<'s>(manifest: &mut Manifest<'s>, kind: Kind, list: &[Node<'s>]) {
    for text in list.iter().filter_map(Node::as_text) {
        let line = text.as_str();
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(line.len());
        let rest = line[end..].trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest).trim_start(),
            None => rest,
        };
        let part = |it: &str| {
            let start = it.as_ptr() as usize - line.as_ptr() as usize;
            text.part(start..start + it.len())
        };
        let name = text.part(0..end);
        match rest.strip_prefix('@') {
            Some(address) => {
                // A condition is set off by a space: an address may have a semicolon of its own.
                let address = address.split(" ;").next().unwrap_or_default();
                manifest.declare(kind, &name, &part(address.trim()));
            }
            None => {
                let range = rest.split(';').next().unwrap_or_default();
                let dep = manifest.add(kind, &name, text.raw);
                dep.range = Some(part(range.trim_matches([' ', '\t', '(', ')'])));
            }
        }
    }
}

pub(super) fn uv_toml(manifest: &mut Manifest<'_>) {
    let (root, faults) = toml::read(manifest.source);
    manifest.broken = !faults.is_empty();
    uv_settings(manifest, &root);
}

fn uv_settings<'s>(manifest: &mut Manifest<'s>, uv: &Table<'s>) {
    requirements(manifest, Kind::Dependency(EdgeKind::Dev), uv.array("dev-dependencies"));
    requirements(manifest, Kind::Override, uv.array("override-dependencies"));
    requirements(manifest, Kind::Constraint, uv.array("constraint-dependencies"));
    if let Some(workspace) = uv.table("workspace") {
        let members = texts(workspace.array("members"));
        manifest.workspace = Some(Workspace { members, exclude: texts(workspace.array("exclude")) });
    }
    for (name, source) in uv.table("sources").into_iter().flat_map(|table| &table.entries) {
        let tables = match source {
            Node::Array(items) => items.iter().filter_map(Node::as_table).collect(),
            node => Vec::from_iter(node.as_table()),
        };
        for table in tables {
            uv_source(manifest, name, table);
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
    manifest.set_all("", uv);
}

/// The place of a source, with the folder that it names.
fn in_folder<'s>(place: Option<Cow<'s, str>>, source: &Table<'s>) -> Option<Cow<'s, str>> {
    match source.text("subdirectory") {
        Some(folder) => place.map(|place| Cow::Owned(url::in_folder(&place, folder.as_str()))),
        None => place,
    }
}

fn uv_source<'s>(manifest: &mut Manifest<'s>, name: &Text<'s>, table: &Table<'s>) {
    if let Some(address) = table.text("git") {
        let dep = manifest.git(Kind::Source, name, address);
        dep.place = in_folder(dep.place.take(), table);
        let reference = ["rev", "tag", "branch"].into_iter().find_map(|key| table.text(key));
        dep.reference = reference.map(|text| text.borrow(Cow::Borrowed(text.as_str())));
    } else if let Some(address) = table.text("url") {
        let dep = manifest.declare(Kind::Source, name, address);
        dep.place = in_folder(dep.place.take(), table);
    } else if let Some(path) = table.text("path") {
        manifest.local(Kind::Source, name, path);
    } else if table.flag("workspace") {
        manifest.add(Kind::Source, name, name.raw).local = true;
    }
}

//! `package.json`, `.npmrc`, `.yarnrc.yml` and `pnpm-workspace.yaml`.

use std::borrow::Cow;

use super::{Kind, Manifest, Workspace};
use crate::model::EdgeKind;
use crate::text::syntax::{Node, Table, Text};
use crate::text::{json, yaml};

const GROUPS: [(&str, EdgeKind); 4] = [
    ("dependencies", EdgeKind::Normal),
    ("devDependencies", EdgeKind::Dev),
    ("optionalDependencies", EdgeKind::Optional),
    ("peerDependencies", EdgeKind::Peer),
];

pub(super) fn package_json(manifest: &mut Manifest<'_>) {
    let (Some(Node::Table(root)), _) = json::read(manifest.source) else {
        manifest.broken = true;
        return;
    };
    manifest.name = root.text("name").cloned();
    manifest.manager = root.text("packageManager").cloned();
    for (group, kind) in GROUPS {
        declare_all(manifest, Kind::Dependency(kind), root.table(group));
    }
    let fetched = |(_, dep): (EdgeKind, &super::Declared<'_>)| !dep.local;
    let private = root.entries.iter().find(|(key, _)| key.as_str() == "private").map(|(key, _)| key.raw);
    manifest.application = private.filter(|_| root.flag("private") && manifest.asked().any(fetched));
    let pnpm = root.table("pnpm");
    for overrides in
        [root.table("resolutions"), root.table("overrides"), pnpm.and_then(|it| it.table("overrides"))]
    {
        declare_all(manifest, Kind::Override, overrides);
    }
    manifest.workspace = match root.get("workspaces") {
        Some(Node::Array(globs)) => Some(workspace(globs)),
        Some(Node::Table(table)) => Some(workspace(table.array("packages"))),
        _ => None,
    };
    if let Some(pnpm) = pnpm {
        manifest.set_all("pnpm", pnpm);
    }
}

/// Globs, of which some take back what others gave.
fn workspace<'s>(globs: &[Node<'s>]) -> Workspace<'s> {
    let mut workspace = Workspace::default();
    for glob in globs.iter().filter_map(Node::as_text) {
        match glob.as_str().strip_prefix('!') {
            Some(_) => workspace.exclude.push(glob.part(1..glob.as_str().len())),
            None => workspace.members.push(glob.clone()),
        }
    }
    workspace
}

fn declare_all<'s>(manifest: &mut Manifest<'s>, kind: Kind, group: Option<&Table<'s>>) {
    for (name, spec) in group.into_iter().flat_map(|table| &table.entries) {
        match spec {
            Node::String(spec) => {
                manifest.declare(kind, name, spec);
            }
            // Overrides nest; the reader has bounded how deep.
            Node::Table(nested) => declare_all(manifest, kind, Some(nested)),
            _ => {}
        }
    }
}

/// `key = value` lines: `registry=…`, `@scope:registry=…`.
pub(super) fn npmrc(manifest: &mut Manifest<'_>) {
    for line in manifest.source.text().lines().map(str::trim) {
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else {
            continue;
        };
        let (key, value) = (key.trim(), Text::plain(value.trim().trim_matches('"')));
        match key.rsplit_once(':') {
            None if key == "registry" => manifest.pin(Cow::Borrowed(""), &value),
            Some((scope, "registry")) if scope.starts_with('@') => manifest.pin(Cow::Borrowed(scope), &value),
            _ => {}
        }
        manifest.set(key, value);
    }
}

/// Yarn's own configuration: options alone, for there is no lockfile of Yarn's to hold its registries against.
pub(super) fn yarnrc(manifest: &mut Manifest<'_>) {
    let documents = documents(manifest);
    if let Some(root) = documents.first().and_then(Node::as_table) {
        manifest.set_all("", root);
    }
}

fn documents<'s>(manifest: &mut Manifest<'s>) -> Vec<Node<'s>> {
    let yaml = yaml::read(manifest.source);
    manifest.broken = !yaml.faults.is_empty();
    yaml.documents
}

pub(super) fn pnpm_workspace(manifest: &mut Manifest<'_>) {
    let documents = documents(manifest);
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
    // `work:^1.0.0` in a manifest asks the registry that is called so.
    for (name, address) in root.table("namedRegistries").into_iter().flat_map(|table| &table.entries) {
        let Some(address) = address.as_text() else { continue };
        manifest.pin(Cow::Owned(format!("{}:", name.as_str())), address);
    }
    manifest.workspace = Some(workspace(root.array("packages")));
    declare_all(manifest, Kind::Override, root.table("overrides"));
    declare_all(manifest, Kind::Shared, root.table("catalog"));
    declare_all(manifest, Kind::Shared, root.table("catalogs"));
    manifest.set_all("", root);
}

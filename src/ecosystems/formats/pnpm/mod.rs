//! `pnpm-lock.yaml` (and `pnpm-lock.<branch>.yaml`), versions 5.x, 6 and 9.
//!
//! YAML, of one document or two: pnpm 11 and later put what pnpm itself and its configuration need into a document of
//! its own, in front. `resolution.integrity` is the hash of the registry's `.tgz`; the URL stands there only when it
//! is not the registry's usual one. Keys carry the peers that an entry was resolved with: one release, many slots.

pub mod key;

use std::borrow::Cow;

use foldhash::{HashMap, HashSet};

use self::key::Key;
use super::{Family, Format};
use crate::model::graph::Links;
use crate::model::integrity;
use crate::model::{
    Artifact, Ecosystem, Edge, EdgeKind, Exemption, Git, Lockfile, Origin, Package, Root, Setting,
};
use crate::model::{forge, url};
use crate::text::source::Source;
use crate::text::syntax::{Fault, Node, Table, Text};
use crate::text::yaml;

pub static FORMAT: Format = Format {
    id: "pnpm",
    family: Family::Packages,
    ecosystem: Ecosystem::Npm,
    files: &["pnpm-lock.yaml", "pnpm-lock.*.yaml"],
    manifests: &["package.json"],
    versions: &["5", "5.0", "5.1", "5.2", "5.3", "5.4", "6.0", "6.1", "7.0", "9.0"],
    manifest_selects: false,
    hashes_archives: false,
    links: Links::Key,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    let yaml = yaml::read(source);
    lockfile.faults = yaml.faults;
    let mut main = 0;
    for (at, document) in yaml.documents.into_iter().enumerate() {
        match document {
            Node::Table(root) => {
                main += usize::from(at > 0 || !is_env(&root));
                if main == 2 {
                    lockfile.stray_document.get_or_insert(root.heading);
                }
                read_document(root, &mut lockfile);
            }
            Node::Other("") => {}
            other => lockfile.faults.push(Fault::shape(other.slice(), "a document should be a mapping")),
        }
    }
    lockfile.require_version();
    lockfile
}

/// The document that stands in front of the project's own since pnpm 11.
fn is_env(root: &Table<'_>) -> bool {
    let Some(importers) = root.table("importers") else { return false };
    let groups = importers.entries.iter().filter_map(|(_, it)| it.as_table()).flat_map(|it| &it.entries);
    let mut names = groups.map(|(name, _)| name.as_str()).peekable();
    names.peek().is_some()
        && names.all(|it| matches!(it, "configDependencies" | "packageManagerDependencies"))
}

/// What has been read of the tree goes at once: tree and model never stand side by side.
fn read_document<'s>(root: Table<'s>, lockfile: &mut Lockfile<'s>) {
    let mut snapshots = None;
    let first = lockfile.packages.len();
    if root.get("importers").is_none() && root.get("lockfileVersion").is_some() {
        lockfile.roots.push(project(Text::default(), &root));
    }
    for (key, node) in root.entries {
        match (key.as_str(), node) {
            ("lockfileVersion", node) => lockfile.schema_version = node.scalar(),
            ("packages", Node::Table(table)) => {
                table.entries.into_iter().for_each(|(key, node)| read_package(&key, &node, lockfile));
            }
            ("snapshots", Node::Table(table)) => snapshots = Some(table),
            ("importers", Node::Table(table)) => {
                lockfile.roots.extend(table.entries.iter().map(|(path, node)| importer(path, node)));
            }
            ("packages" | "snapshots" | "importers", other) if other != Node::Other("") => {
                lockfile.faults.push(Fault::shape(key.raw, "should be a mapping"));
            }
            ("time", _) => {}
            ("dependencies" | "devDependencies" | "optionalDependencies" | "specifiers", _) => {}
            (_, node) => {
                lockfile.settings.push(Setting { name: key.clone(), value: format!("{node:?}"), node });
            }
        }
    }
    if let Some(snapshots) = &snapshots {
        attach(snapshots, &mut lockfile.packages[first..]);
    }
    if snapshots.is_some() || lockfile.schema_version.as_ref().is_some_and(|it| it.as_str().starts_with('9'))
    {
        lockfile.faults.extend(without_snapshot(snapshots.as_ref(), &lockfile.packages[first..]));
    }
}

/// pnpm writes both lists from one graph, and installs nothing of what only one of them has.
fn without_snapshot<'s>(snapshots: Option<&Table<'s>>, packages: &[Package<'s>]) -> Option<Fault<'s>> {
    let keys = snapshots.into_iter().flat_map(|table| &table.entries).map(|(key, _)| key.as_str());
    let keys: HashSet<&str> = keys.map(|key| key.split('(').next().unwrap_or_default()).collect();
    let mut bare = packages.iter().filter(|package| !keys.contains(package.slot.as_str()));
    let first = bare.next()?;
    let message = match bare.count() {
        0 => "should stand under `snapshots` as well".to_owned(),
        more => format!("should stand under `snapshots` as well, and so should {more} more"),
    };
    Some(Fault::shape(first.slot.raw, message))
}

fn read_package<'s>(key: &Text<'s>, node: &Node<'s>, lockfile: &mut Lockfile<'s>) {
    let empty = Table::default();
    let table = match node {
        Node::Table(table) => table,
        // An entry that says nothing pins nothing.
        Node::Other("" | "~" | "null") => &empty,
        _ => {
            lockfile.faults.push(Fault::shape(key.raw, "an entry should be a mapping"));
            return;
        }
    };
    let Key { host, registry, name, version } = key::read(key);
    let name = name.unwrap_or_else(|| key.clone());
    let mut package = Package { slot: key.clone(), name, version, ..Package::default() };
    let mut resolution = None;
    for (field, value) in &table.entries {
        match (field.as_str(), value) {
            ("resolution", Node::Table(table)) => resolution = Some(table),
            ("resolution", _) => {
                lockfile.faults.push(Fault::shape(field.raw, "should be a mapping"));
            }
            // Entries that no registry names carry their own name and version.
            ("name", Node::String(text)) => {
                let names_itself =
                    package.version.as_ref().is_some_and(|version| key::is_number(version.as_str()));
                if names_itself && package.name.as_str() != text.as_str() {
                    lockfile.faults.push(Fault::shape(text.raw, "should be the name that its key says"));
                }
                package.name = text.clone();
            }
            ("version", _) => {
                let text = value.scalar();
                let differs = package
                    .version
                    .as_ref()
                    .zip(text.as_ref())
                    .is_some_and(|(a, b)| a.as_str() != b.as_str());
                if differs {
                    lockfile.faults.push(Fault::shape(field.raw, "should be the version that its key says"));
                }
                package.version = text.or(package.version.take());
            }
            ("dev", Node::Other(raw)) => package.flags.dev = *raw == "true",
            ("optional", Node::Other(raw)) => package.flags.optional = *raw == "true",
            ("os" | "cpu" | "libc", Node::Array(names)) => package.platform |= !names.is_empty(),
            ("requiresBuild", Node::Other(raw)) => package.flags.install_script = *raw == "true",
            _ => {}
        }
    }
    read_edges(table, &mut package.edges);
    match resolution {
        Some(resolution) => read_resolution(resolution, &mut package),
        None => package.origin = Origin::Unknown,
    }
    if let (Origin::Registry(place @ None), Some(host)) = (&mut package.origin, host) {
        *place = Some(Cow::Owned(format!("https://{}", host.as_str().replacen('+', ":", 1))));
        package.source.get_or_insert(host);
    }
    if let (Origin::Registry(place @ None), Some(registry)) = (&mut package.origin, registry) {
        *place = Some(registry.borrow(Cow::Borrowed(registry.as_str())));
    }
    lockfile.add(package);
}

fn read_resolution<'s>(table: &Table<'s>, package: &mut Package<'s>) {
    let (mut kind, mut tarball, mut repo, mut commit, mut registry) = (None, None, None, None, None);
    let mut folder = None;
    for (key, node) in &table.entries {
        let text = node.scalar();
        match key.as_str() {
            "integrity" => package.artifacts.extend(text.map(|text| artifact(text, None))),
            // Whatever is at a `url`, pnpm unpacks it.
            "tarball" | "url" => tarball = text,
            "type" => kind = text,
            "repo" => repo = text,
            "commit" => commit = text,
            "registry" => registry = text,
            "path" => folder = text,
            "variants" => read_variants(node, package),
            _ => {}
        }
    }
    (package.origin, package.exemption) = match (kind.as_ref().map(Text::as_str), &tarball, &repo) {
        (Some("git"), _, Some(repo)) => (git(repo, commit.as_ref()), Some(Exemption::Git)),
        (Some("directory"), ..) => (Origin::Path, Some(Exemption::Path)),
        (_, Some(tarball), _) => of_tarball(tarball, package.name.as_str()),
        _ => (Origin::Registry(registry.as_ref().map(|text| text.borrow(url::place(text.as_str())))), None),
    };
    if let (Origin::Git(git), Some(folder)) = (&mut package.origin, folder) {
        git.repository = Cow::Owned(url::in_folder(&git.repository, folder.as_str()));
    }
    if let (Some(artifact), Some(tarball)) = (package.artifacts.first_mut(), &tarball) {
        artifact.url = Some(tarball.clone());
    }
    package.source = tarball.or(repo).or(registry);
}

fn git<'s>(repo: &Text<'s>, commit: Option<&Text<'s>>) -> Origin<'s> {
    let own = |part: Cow<'_, str>| Cow::Owned(part.into_owned());
    let address = format!("git+{}", repo.as_str());
    let known = url::git(repo.as_str()).or_else(|| url::git(&address)).map(|git| own(git.repository));
    Origin::Git(Box::new(Git {
        repository: known.unwrap_or_else(|| own(url::place(repo.as_str()))),
        reference: commit.filter(|commit| !url::is_commit(commit.as_str())).map(|it| own(it.as_str().into())),
        commit: commit.filter(|commit| url::is_commit(commit.as_str())).map(|it| own(it.as_str().into())),
    }))
}

/// A forge's archive of a commit is a git source by another name: it has no hash, and needs none.
fn of_tarball<'s>(tarball: &Text<'s>, name: &str) -> (Origin<'s>, Option<Exemption>) {
    let text = tarball.as_str();
    let of_git = |git| (Origin::Git(Box::new(git)), Some(Exemption::Git));
    if let Some(git) = forge::archive_of_commit(text) {
        return of_git(git);
    }
    // Registries, too, have hashes in their addresses: those name the package.
    if let Some(place) = url::npm_registry(text, name) {
        return (Origin::Registry(Some(tarball.borrow(place))), None);
    }
    if let Some(git) = forge::commit_at(text) {
        return of_git(git);
    }
    match url::Url::split(text) {
        Some(_) => (Origin::Url(tarball.borrow(url::archive_place(text))), None),
        None if text.starts_with("file:") && !text.starts_with("file://") => (Origin::Path, None),
        None => (Origin::Unknown, None),
    }
}

/// A runtime that pnpm installs itself: one archive per platform.
fn read_variants<'s>(node: &Node<'s>, package: &mut Package<'s>) {
    let Node::Array(variants) = node else { return };
    for variant in variants.iter().filter_map(Node::as_table) {
        let Some(resolution) = variant.table("resolution") else { continue };
        let url = resolution.text("url").cloned();
        package.artifacts.extend(resolution.text("integrity").map(|text| artifact(text.clone(), url)));
    }
}

fn artifact<'s>(integrity: Text<'s>, url: Option<Text<'s>>) -> Artifact<'s> {
    let key = url.as_ref().map(|url| {
        let length = url::file_name(url.as_str()).len();
        url.part(url.as_str().len() - length..url.as_str().len())
    });
    Artifact {
        key: key.unwrap_or_default(),
        url,
        digests: integrity::sri(integrity.raw),
        integrity: Some(integrity),
    }
}

const GROUPS: [(&str, EdgeKind); 6] = [
    ("dependencies", EdgeKind::Normal),
    ("devDependencies", EdgeKind::Dev),
    ("optionalDependencies", EdgeKind::Optional),
    ("peerDependencies", EdgeKind::Peer),
    ("configDependencies", EdgeKind::Build),
    ("packageManagerDependencies", EdgeKind::Build),
];

/// The resolved edges of a package: `name: version`.
fn read_edges<'s>(table: &Table<'s>, into: &mut Vec<Edge<'s>>) {
    for (group, kind) in GROUPS {
        let Some(group) = table.table(group) else { continue };
        into.extend(group.entries.iter().map(|(name, target)| {
            let (range, target) = match kind {
                EdgeKind::Peer => (target.scalar(), None),
                _ => (None, target.scalar()),
            };
            Edge { kind, name: name.clone(), range, target }
        }));
    }
}

fn importer<'s>(path: &Text<'s>, node: &Node<'s>) -> Root<'s> {
    let own = if path.as_str() == "." { path.part(0..0) } else { path.clone() };
    node.as_table().map_or(Root { path: own.clone(), edges: Vec::new() }, |table| project(own, table))
}

/// A project's edges: `name: { specifier, version }` since 6, and before that two lists side by side.
fn project<'s>(path: Text<'s>, table: &Table<'s>) -> Root<'s> {
    let mut root = Root { path, edges: Vec::new() };
    let specifiers = table.table("specifiers");
    let asked: HashMap<_, _> = specifiers
        .map_or(&[][..], |table| &table.entries[..])
        .iter()
        .map(|(name, range)| (name.as_str(), range.scalar()))
        .collect();
    for (group, kind) in GROUPS {
        let Some(group) = table.table(group) else { continue };
        root.edges.extend(group.entries.iter().map(|(name, value)| match value.as_table() {
            Some(pair) => Edge {
                kind,
                name: name.clone(),
                range: pair.get("specifier").and_then(Node::scalar),
                target: pair.get("version").and_then(Node::scalar),
            },
            None => Edge {
                kind,
                name: name.clone(),
                range: asked.get(name.as_str()).cloned().flatten(),
                target: value.scalar(),
            },
        }));
    }
    root
}

/// Version 9 keeps edges apart, once for each set of peers: a release has all of them.
fn attach<'s>(snapshots: &Table<'s>, packages: &mut [Package<'s>]) {
    let places: HashMap<String, usize> =
        packages.iter().enumerate().map(|(at, package)| (package.slot.as_str().to_owned(), at)).collect();
    for (key, node) in &snapshots.entries {
        let (Some(&at), Some(table)) = (places.get(key::without_peers(key.as_str())), node.as_table()) else {
            continue;
        };
        read_edges(table, &mut packages[at].edges);
        packages[at].flags.optional |= table.flag("optional");
    }
}

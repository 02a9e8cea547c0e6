//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! JSON. `integrity` is the hash of the `.tgz` that the registry serves. Version 1 nests `dependencies`, version 3 lists
//! `packages` by install path, version 2 has both: npm 6 reads one half, npm 7 and later the other, so both are read.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::{Family, Format};
use crate::model::graph::Links;
use crate::model::integrity;
use crate::model::url;
use crate::model::{
    Artifact, Digest, Ecosystem, Edge, EdgeKind, Exemption, Flags, Lockfile, Origin, Package, Root,
};
use crate::text::json::{Broken, Reader};
use crate::text::source::Source;
use crate::text::syntax::{Fault, MAX_DEPTH, Node, Text};

pub static FORMAT: Format = Format {
    id: "npm",
    family: Family::Packages,
    ecosystem: Ecosystem::Npm,
    files: &["package-lock.json", "npm-shrinkwrap.json"],
    manifests: &["package.json"],
    versions: &["1", "2", "3"],
    manifest_selects: false,
    hashes_archives: true,
    links: Links::InstallPath,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    let mut reader = Reader::new(source);
    let mut bundles = Bundles::default();
    let mut unnamed = Vec::new();
    let read: Result<(), Broken> = reader
        .object(|reader, key| match key.as_str() {
            "lockfileVersion" => reader.node().map(|node| lockfile.schema_version = node.scalar()),
            "packages" => reader.object_of(key, |reader, key| {
                read_entry(reader, key, &mut lockfile, &mut bundles, &mut unnamed)
            }),
            "dependencies" => {
                reader.object_of(key, |reader, key| read_legacy(reader, key, None, &mut lockfile))
            }
            _ => reader.skip(),
        })
        .and_then(|()| reader.end());
    reader.faults.append(&mut lockfile.faults);
    lockfile.faults = reader.faults;
    // A broken text has left its fault with the reader, and an entry that it broke off in is not in the list.
    if read.is_ok() {
        // Before npm 5, only a shrinkwrap was written, and without a version.
        if !source.path.ends_with("npm-shrinkwrap.json") {
            lockfile.require_version();
        }
        bundles.prove(&mut lockfile.packages);
    }
    name_by_links(&mut lockfile.packages, &unnamed);
    lockfile
}

/// An entry of `packages`: the key is its install path.
fn read_entry<'s>(
    reader: &mut Reader<'s>,
    key: &Text<'s>,
    lockfile: &mut Lockfile<'s>,
    bundles: &mut Bundles<'s>,
    unnamed: &mut Vec<usize>,
) -> Result<(), Broken> {
    let Some(name_at) = installed_name(key.as_str()) else {
        return read_project(reader, key, lockfile, unnamed);
    };
    let at = lockfile.packages.len();
    let known_as = key.part(name_at..key.as_str().len());
    let mut package = Package { slot: key.clone(), name: known_as.clone(), ..Package::default() };
    let mut seen = Seen::default();
    reader.object_of(key, |reader, field| match field.as_str() {
        "bundleDependencies" | "bundledDependencies" => reader.node().map(|node| bundles.list(at, &node)),
        _ => read_field(reader, field, &mut package, &mut seen),
    })?;
    // Only version 1 has addresses there.
    if let Some(version) = package.version.as_ref().filter(|it| it.as_str().contains([':', '/'])) {
        lockfile.faults.push(Fault::shape(version.raw, "should be a version"));
    }
    if package.name.as_str() != known_as.as_str() {
        package.alias = Some(known_as);
    }
    if seen.in_bundle {
        bundles.claims.push(at);
    }
    settle(&mut package, &seen);
    lockfile.add(package);
    Ok(())
}

/// Where the name begins in an install path: behind the last `node_modules/`, scope included.
fn installed_name(path: &str) -> Option<usize> {
    let last = path.rfind('/')?;
    if path[..last].ends_with("node_modules") {
        return Some(last + 1);
    }
    let scope = path[..last].rfind('/').filter(|&scope| path[..scope].ends_with("node_modules"));
    // No client writes the rest, but none must pass for a folder of the workspace.
    scope.map(|scope| scope + 1).or_else(|| path.rfind("node_modules/").map(|at| at + "node_modules/".len()))
}

/// A folder of the workspace, or the root (an empty key): the mirror of its manifest.
fn read_project<'s>(
    reader: &mut Reader<'s>,
    key: &Text<'s>,
    lockfile: &mut Lockfile<'s>,
    unnamed: &mut Vec<usize>,
) -> Result<(), Broken> {
    let mut package = Package { slot: key.clone(), ..Package::default() };
    let mut seen = Seen::default();
    reader.object_of(key, |reader, field| read_field(reader, field, &mut package, &mut seen))?;
    lockfile.spend(key.raw, size_of_val(&package.edges[..]));
    lockfile.roots.push(Root { path: key.clone(), edges: std::mem::take(&mut package.edges) });
    if key.as_str().is_empty() {
        return Ok(());
    }
    if package.name.as_str().is_empty() {
        let at = key.as_str().rfind('/').map_or(0, |at| at + 1);
        package.name = key.part(at..key.as_str().len());
        unnamed.push(lockfile.packages.len());
    }
    seen.link = true;
    settle(&mut package, &seen);
    lockfile.add(package);
    Ok(())
}

/// Some versions of npm leave out the name of a folder's package: then the link to the folder has it. Where several do,
/// under names that are made up, the folder's own stays.
fn name_by_links(packages: &mut [Package<'_>], unnamed: &[usize]) {
    if unnamed.is_empty() {
        return;
    }
    let mut links: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, package) in packages.iter().enumerate().filter(|(_, it)| it.origin == Origin::Workspace) {
        if let Some(folder) = &package.source {
            links.entry(folder.as_str().to_owned()).or_default().push(at);
        }
    }
    for &at in unnamed {
        let Some(links) = links.get(packages[at].slot.as_str()) else { continue };
        let name = |&link: &usize| packages[link].name.as_str();
        if !links.iter().any(|link| name(link) == packages[at].name.as_str()) {
            packages[at].name = packages[links[0]].name.clone();
        }
    }
}

/// What an entry says of itself that decides about its origin.
#[derive(Default)]
struct Seen<'s> {
    resolved: Option<Text<'s>>,
    link: bool,
    in_bundle: bool,
}

fn read_field<'s>(
    reader: &mut Reader<'s>,
    key: &Text<'s>,
    package: &mut Package<'s>,
    seen: &mut Seen<'s>,
) -> Result<(), Broken> {
    if key.is_escaped() {
        reader.faults.push(Fault::shape(key.raw, "is written with an escape, which no client does"));
    }
    match key.as_str() {
        "name" => package.name = reader.text_of(key)?.unwrap_or_default(),
        "version" => package.version = reader.text_of(key)?,
        // npm 6 and 7 write `false` or nothing where they know of no address.
        "resolved" => seen.resolved = reader.text_unless_false(key)?,
        "integrity" => {
            if let Some(text) = reader.text_of(key)? {
                reader.spend(text.raw.split(' ').count() * size_of::<Digest<'_>>())?;
                package.artifacts.push(artifact(text));
            }
        }
        "link" => seen.link = reader.flag()?,
        "inBundle" => seen.in_bundle = reader.flag()?,
        "dev" => package.flags.dev = reader.flag()?,
        "optional" | "devOptional" => package.flags.optional = reader.flag()?,
        "hasInstallScript" => package.flags.install_script = reader.flag()?,
        "dependencies" => edges(reader, key, EdgeKind::Normal, package)?,
        "devDependencies" => edges(reader, key, EdgeKind::Dev, package)?,
        "optionalDependencies" => edges(reader, key, EdgeKind::Optional, package)?,
        "peerDependencies" => edges(reader, key, EdgeKind::Peer, package)?,
        "peerDependenciesMeta" => reader.glance(|node| mark_optional_peers(node, &mut package.edges))?,
        _ => reader.skip()?,
    }
    Ok(())
}

fn artifact(integrity: Text<'_>) -> Artifact<'_> {
    let digests = integrity::sri(integrity.raw);
    Artifact { digests, integrity: Some(integrity), ..Artifact::default() }
}

fn edges<'s>(
    reader: &mut Reader<'s>,
    key: &Text<'s>,
    kind: EdgeKind,
    package: &mut Package<'s>,
) -> Result<(), Broken> {
    reader.object_of(key, |reader, name| {
        let range = reader.text_of(name)?;
        package.edges.push(Edge { kind, name: name.clone(), range, target: None });
        Ok(())
    })
}

fn mark_optional_peers(node: &Node<'_>, edges: &mut [Edge<'_>]) {
    let Some(table) = node.as_table() else { return };
    let is_optional = |meta: &Node<'_>| meta.as_table().is_some_and(|meta| meta.flag("optional"));
    let optional: HashSet<_> =
        table.entries.iter().filter(|(_, meta)| is_optional(meta)).map(|(name, _)| name.as_str()).collect();
    for edge in edges.iter_mut().filter(|edge| edge.kind == EdgeKind::Peer) {
        if optional.contains(edge.name.as_str()) {
            edge.kind = EdgeKind::OptionalPeer;
        }
    }
}

/// Decides about origin and exemption once all fields are known.
fn settle<'s>(package: &mut Package<'s>, seen: &Seen<'s>) {
    package.source = seen.resolved.clone();
    package.origin = match &seen.resolved {
        Some(resolved) if seen.link && is_relative(resolved.as_str()) => Origin::Workspace,
        Some(resolved) => origin(resolved, package.name.as_str()),
        None if seen.link => Origin::Workspace,
        None => Origin::Registry(None),
    };
    if let (Some(artifact), Some(resolved)) = (package.artifacts.first_mut(), &seen.resolved) {
        artifact.url = Some(resolved.clone());
    }
    let fetched = !matches!(package.origin, Origin::Path | Origin::Workspace);
    package.exemption = match &package.origin {
        Origin::Workspace => Some(Exemption::Workspace),
        Origin::Path => Some(Exemption::Path),
        Origin::Git(_) => Some(Exemption::Git),
        _ => None,
    };
    package.claim = match () {
        () if seen.link && fetched => Some("link"),
        // Only an entry without an address of its own can come out of its parent's archive.
        () if seen.in_bundle => Some("inBundle"),
        () => None,
    };
}

fn origin<'s>(resolved: &Text<'s>, name: &str) -> Origin<'s> {
    let text = resolved.as_str();
    let borrow = |place: Cow<'_, str>| resolved.borrow(place);
    if let Some(git) = url::git(text) {
        return Origin::Git(Box::new(crate::model::Git {
            repository: borrow(git.repository),
            reference: git.reference.map(borrow),
            commit: git.commit.map(borrow),
        }));
    }
    if let Some(place) = url::npm_registry(text, name) {
        return Origin::Registry(Some(borrow(place)));
    }
    if url::Url::split(text).is_some() {
        return Origin::Url(borrow(url::archive_place(text)));
    }
    // npm takes more for an address than has `://` in it: what is not plainly a file is not understood.
    match text.strip_prefix("file:") {
        Some(path) if !path.starts_with("//") && !path.contains('\\') => Origin::Path,
        _ => Origin::Unknown,
    }
}

/// A folder of the project, as npm writes the target of a link.
fn is_relative(text: &str) -> bool {
    !text.contains([':', '\\']) && !text.starts_with('/')
}

/// An entry of `dependencies`, with those nested in it.
fn read_legacy<'s>(
    reader: &mut Reader<'s>,
    key: &Text<'s>,
    parent: Option<usize>,
    lockfile: &mut Lockfile<'s>,
) -> Result<(), Broken> {
    // The entry takes its place before those that are nested in it.
    let at = lockfile.packages.len();
    let above =
        parent.map(|parent| format!("{} > ", lockfile.packages[parent].slot.as_str())).unwrap_or_default();
    let slot = Text::with(key.raw, format!("{above}{}", key.as_str()));
    let place = Package { slot: slot.clone(), ..Package::default() };
    if !lockfile.holds(&place) {
        return Err(Broken);
    }
    lockfile.packages.push(place);
    let flags = Flags { legacy: true, ..Flags::default() };
    let mut package = Package { slot, name: key.clone(), flags, ..Package::default() };
    let mut seen = Seen::default();
    let mut bundled = false;
    reader.object_of(key, |reader, field| match field.as_str() {
        "bundled" => reader.flag().map(|flag| bundled = flag),
        "requires" => edges(reader, field, EdgeKind::Normal, &mut package),
        "dependencies" => reader.object_of(field, |reader, key| read_legacy(reader, key, Some(at), lockfile)),
        _ => read_field(reader, field, &mut package, &mut seen),
    })?;
    settle_legacy_version(&mut package, &mut seen);
    settle(&mut package, &seen);
    if bundled && seen.resolved.is_none() && parent.is_some() {
        package.exemption = Some(Exemption::Bundled);
        package.bundled_in = parent;
    } else if bundled {
        package.claim = Some("bundled");
    }
    lockfile.packages[at] = package;
    Ok(())
}

/// Version 1 writes everything that is no registry's into `version`: an alias, a URL, a git address, a path.
fn settle_legacy_version<'s>(package: &mut Package<'s>, seen: &mut Seen<'s>) {
    let Some(version) = package.version.clone() else { return };
    let text = version.as_str();
    if let Some(target) = text.strip_prefix("npm:") {
        let Some(at) = target.rfind('@').filter(|&at| at > 0) else { return };
        package.alias = Some(std::mem::replace(&mut package.name, version.part(4..4 + at)));
        package.version = Some(version.part(5 + at..text.len()));
    } else if text.contains(':') {
        // The address of a registry's archive (npm 5.0): the version stands in it.
        package.version = url::npm_version(package.name.as_str(), text).map(|part| {
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            version.part(start..start + part.len())
        });
        seen.resolved = Some(version);
    }
}

/// Which entries come out of another's archive, and the proof of it.
#[derive(Default)]
struct Bundles<'s> {
    /// By place in the list: the names that an entry says it carries.
    lists: HashMap<usize, HashSet<Cow<'s, str>>>,
    claims: Vec<usize>,
}

impl<'s> Bundles<'s> {
    fn list(&mut self, at: usize, node: &Node<'s>) {
        let names = self.lists.entry(at).or_default();
        if let Node::Array(items) = node {
            names.extend(
                items.iter().filter_map(Node::as_text).map(|text| text.borrow(Cow::Borrowed(text.as_str()))),
            );
        }
    }

    /// `inBundle` is true when an entry further up lists the name, or when another of its bundled entries asks for it;
    /// and only for an entry that has no address of its own (`npm ci` fetches whatever a `resolved` names).
    fn prove(mut self, packages: &mut [Package<'s>]) {
        let paths: HashMap<String, usize> =
            self.lists.keys().map(|&at| (packages[at].slot.as_str().to_owned(), at)).collect();
        let owners: Vec<_> =
            self.claims.iter().map(|&at| owner(packages[at].slot.as_str(), &paths)).collect();
        for (&at, owner) in self.claims.iter().zip(&owners) {
            let Some(names) = owner.and_then(|owner| self.lists.get_mut(&owner)) else { continue };
            names.extend(packages[at].edges.iter().map(|edge| Cow::Owned(edge.name.as_str().to_owned())));
        }
        for (&at, owner) in self.claims.iter().zip(owners) {
            let package = &mut packages[at];
            let known_as = package.alias.as_ref().unwrap_or(&package.name).as_str();
            let listed = owner.filter(|owner| self.lists[owner].contains(known_as));
            if package.source.is_none() && listed.is_some() {
                package.exemption = Some(Exemption::Bundled);
                package.claim = None;
                package.bundled_in = listed;
            }
        }
    }
}

/// The nearest entry above an install path that carries a bundle.
fn owner(path: &str, bundlers: &HashMap<String, usize>) -> Option<usize> {
    // Bounded: a hostile path may be nothing but separators.
    let above = path.rmatch_indices("/node_modules/").take(MAX_DEPTH);
    above.map(|(at, _)| &path[..at]).find_map(|path| bundlers.get(path).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;

    #[test]
    fn a_folder_without_a_name_has_that_of_its_link() {
        let text = r#"{"lockfileVersion": 3, "packages": {"a": {}, "b": {}, "c": {"name": "own"}, "d": {},
            "node_modules/@x/a": {"resolved": "a", "link": true},
            "node_modules/alias": {"resolved": "b", "link": true}, "node_modules/b": {"resolved": "b", "link": true},
            "node_modules/c": {"resolved": "c", "link": true}}}"#;
        let source = Source::new("package-lock.json", Side::Worktree, text.into());
        let lockfile = FORMAT.read(&source);
        let names: Vec<_> = lockfile.packages[..4].iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["@x/a", "b", "own", "d"]);
    }

    #[test]
    fn a_text_that_breaks_off_in_a_bundle_is_only_unreadable() {
        let text = r#"{"packages": {"node_modules/x": {"bundleDependencies": ["y"], "#;
        let source = Source::new("package-lock.json", Side::Worktree, text.into());
        assert!(!FORMAT.read(&source).is_readable());
    }
}

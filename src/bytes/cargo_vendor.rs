//! What `cargo vendor` laid into the repository. A `.cargo-checksum.json` beside each package says the hash of the archive
//! that it came from, and of each file.
//!
//! Cargo compares a file when it compiles it, and looks at no file that is not listed: one that a build script finds, or
//! that stands where Cargo looks for a target, is taken as it is.

use std::collections::{BTreeMap, HashMap};

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use super::carried;
use super::hash::{Hashes, sha256};
use super::queue::{Found, Job, Worker};
use super::tree::{Place, Tree};
use super::{Search, Store, Target, resolve};
use crate::disk::Refused;
use crate::findings::facts::{Altered, Carried, How, Outcome};
use crate::model::{self, Algorithm, Lockfile, Origin};
use crate::read::Sources;
use crate::text::source::{Side, Source};
use crate::text::syntax::Node;
use crate::text::toml;

pub(super) static STORE: Store = Store {
    id: "cargo-vendor",
    name: "the vendored copy",
    in_repository: true,
    proves: "the copy says that it is of the pinned archive, and its files are those that it lists",
    fetch: "cargo vendor",
    formats: &["cargo"],
    find,
};

const LIST: &str = ".cargo-checksum.json";
/// The longest list, and the longest manifest.
const LONGEST: u64 = 64 << 20;

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let mut packages: BTreeMap<String, HashMap<(String, String), Vec<Target<'a>>>> = BTreeMap::new();
    for target in search.targets(&STORE).chain(from_git(search)) {
        let key = (target.package().name.as_str().to_owned(), target.package().version().to_owned());
        for folder in &search.vendored[target.lockfile] {
            packages.entry(folder.clone()).or_default().entry(key.clone()).or_default().push(target);
        }
    }
    let mut jobs: Vec<Job<'a>> = Vec::new();
    for (folder, packages) in packages {
        let packages = std::sync::Arc::new(packages);
        for name in search.tree.folders(&folder) {
            let (search, packages) = (*search, packages.clone());
            let copy = format!("{folder}/{name}");
            jobs.push(Box::new(move |worker| check(&search, worker, &copy, &packages)));
        }
    }
    jobs
}

/// Packages from git have no hash, but their copies list their files as well.
fn from_git<'a>(search: &Search<'a>) -> impl Iterator<Item = Target<'a>> {
    let lockfiles = search.lockfiles.iter().enumerate();
    let of_cargo = lockfiles.filter(|(_, it)| STORE.formats.contains(&it.format.id));
    of_cargo.flat_map(|(lockfile, &of)| {
        let packages = of.packages.iter().enumerate();
        let from_git = packages.filter(|(_, it)| matches!(it.origin, Origin::Git(_)) && !it.is_hashed());
        from_git.map(move |(package, _)| Target { lockfile, package, artifact: 0, of })
    })
}

/// The folders that the packages of each lockfile may be vendored to.
pub(super) fn vendored(sources: &Sources, tree: &Tree, lockfiles: &[&Lockfile<'_>]) -> Vec<Vec<String>> {
    let configurations = configurations(sources);
    lockfiles.iter().map(|it| folders(sources, tree, &configurations, it)).collect()
}

/// The folders that each client configuration replaces registries with, by the folder that it is for.
fn configurations(sources: &Sources) -> HashMap<String, Vec<String>> {
    let sources = sources.companions.iter().filter_map(|file| file.head.as_ref());
    let of = |source: &Source| Some((above(&source.path)?.to_owned(), configured(source).collect()));
    sources.filter_map(of).collect()
}

/// The folders that a lockfile's packages may be vendored to: those of the client configuration around it, and `vendor`
/// beside it.
fn folders(
    sources: &Sources,
    tree: &Tree,
    configurations: &HashMap<String, Vec<String>>,
    lockfile: &Lockfile<'_>,
) -> Vec<String> {
    if !STORE.formats.contains(&lockfile.format.id) {
        return Vec::new();
    }
    let here = lockfile.folder();
    let mut folders: Vec<String> = resolve(here, "vendor").into_iter().collect();
    let above = std::iter::successors(Some(here), |path| (!path.is_empty()).then(|| model::folder(path)));
    folders.extend(above.filter_map(|folder| configurations.get(folder)).flatten().cloned());
    folders.sort();
    folders.dedup();
    folders.retain(|folder| !folder.is_empty() && !is_within(here, folder));
    // The manifests of vendored packages are known by path: nothing else has to be listed to see that there are none.
    let known = |folder: &String| {
        let paths = &sources.head_paths;
        let prefix = format!("{folder}/");
        let at = paths.partition_point(|path| *path < prefix);
        paths.get(at).is_some_and(|path| path.starts_with(&prefix))
    };
    folders.retain(|folder| (sources.head == Side::Worktree || known(folder)) && tree.has_folder(folder));
    folders
}

/// The folder that a client configuration is for.
fn above(config: &str) -> Option<&str> {
    let path = config.strip_suffix("config.toml").or_else(|| config.strip_suffix("config"))?;
    Some(path.strip_suffix(".cargo/")?.trim_end_matches('/'))
}

fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folders that a client configuration replaces registries with: `[source.<name>] directory = "…"`
pub(crate) fn configured(config: &Source) -> impl Iterator<Item = String> + use<> {
    let (root, _) = toml::read(config);
    let sources = root.table("source").into_iter().flat_map(|table| &table.entries);
    let directories = sources.filter_map(|(_, node)| node.as_table()?.text("directory"));
    let above = above(&config.path).unwrap_or_default();
    let folders: Vec<_> = directories.filter_map(|text| resolve(above, text.as_str())).collect();
    folders.into_iter()
}

/// The list beside a copy.
#[derive(Deserialize)]
struct List {
    files: BTreeMap<String, String>,
    #[serde(default)]
    package: Option<String>,
}

fn check(
    search: &Search<'_>,
    worker: &mut Worker<'_>,
    copy: &str,
    packages: &HashMap<(String, String), Vec<Target<'_>>>,
) -> Result<Found, Refused> {
    let manifest = worker.reader.small(&format!("{copy}/Cargo.toml"), LONGEST)?.unwrap_or_default();
    let manifest = String::from_utf8_lossy(&manifest).into_owned();
    let Some(targets) = named(&manifest, copy, packages) else { return Ok(Vec::new()) };
    let list_path = format!("{copy}/{LIST}");
    let list_bytes = worker.reader.small(&list_path, LONGEST)?;
    let Some(list) = list_bytes.as_deref().and_then(|bytes| serde_json::from_slice::<List>(bytes).ok())
    else {
        let altered = vec![Altered { path: LIST.to_owned(), how: How::Missing }];
        let moved = worker.reader.differs_from_base(&list_path, list_bytes.as_deref());
        return Ok(told(targets, copy, moved, |_| Outcome::Altered(altered.clone())));
    };
    let places = search.tree.files(copy)?;
    // What the index has of a change is known without reading.
    let is_same = search.tree.is_index() && worker.reader.is_as_on_base(copy, &places);
    let unchanged = targets.iter().all(|it| search.unchanged.contains(it.of.source.path.as_str()));
    if is_same && unchanged {
        return Ok(told(targets, copy, Some(false), |_| Outcome::Untouched));
    }
    let altered = if is_same { Vec::new() } else { compare(worker, copy, &places, &list)? };
    let list_moved = worker.reader.differs_from_base(&list_path, list_bytes.as_deref());
    let moved = list_moved.map(|moved| moved || altered.iter().any(|it| is_new(worker, copy, &places, it)));
    let carried = search.manifests.then(|| carried::cargo(manifest));
    Ok(told(targets, copy, moved, |target| outcome(target, &list, &altered, &carried)))
}

/// Whether the base side does not have that fault.
fn is_new(worker: &Worker<'_>, copy: &str, places: &[Place], altered: &Altered) -> bool {
    let path = format!("{copy}/{}", altered.path);
    let known = match places.binary_search_by(|place| place.path.cmp(&path)) {
        Ok(at) => worker.reader.is_of_base(&places[at]),
        Err(_) => worker.reader.differs_from_base(&path, None).map(|had| !had),
    };
    known == Some(false)
}

fn told(
    targets: &[Target<'_>],
    copy: &str,
    moved: Option<bool>,
    outcome: impl Fn(&Target<'_>) -> Outcome,
) -> Found {
    super::facts_for(targets, &STORE, copy, moved, outcome)
}

fn outcome(target: &Target<'_>, list: &List, altered: &[Altered], carried: &Option<Carried>) -> Outcome {
    let mut altered = altered.to_vec();
    if !pins(target, list.package.as_deref()) {
        altered.insert(0, Altered { path: LIST.to_owned(), how: How::Pins(list.package.clone()) });
    }
    match altered.is_empty() {
        true => Outcome::Consistent(carried.clone()),
        false => Outcome::Altered(altered),
    }
}

/// Whether the list says the archive that the lockfile pins.
fn pins(target: &Target<'_>, package: Option<&str>) -> bool {
    if target.pin().is_none() {
        return package.is_none();
    }
    let hash = package.and_then(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok());
    let hash = hash.filter(|hash| hash.len() == Algorithm::Sha256.length());
    hash.is_some_and(|hash| Hashes::of(Algorithm::Sha256, &hash).contradiction(target.artifact()).is_none())
}

/// The entries that a copy is of: by what its manifest says, as for Cargo; else by the name of its folder.
fn named<'p, 'a>(
    manifest: &str,
    copy: &str,
    packages: &'p HashMap<(String, String), Vec<Target<'a>>>,
) -> Option<&'p Vec<Target<'a>>> {
    let source = Source::new("Cargo.toml", Side::Worktree, manifest.as_bytes().to_vec());
    let (root, _) = toml::read(&source);
    let package = root.table("package").or_else(|| root.table("project"));
    let text = |key: &str| package.and_then(|table| table.get(key)).and_then(Node::as_text);
    let key = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    let stated =
        text("name").zip(text("version")).map(|(name, version)| key(name.as_str(), version.as_str()));
    if let Some(targets) = stated.and_then(|stated| packages.get(&stated)) {
        return Some(targets);
    }
    let folder = copy.rsplit('/').next()?;
    let versioned = folder.match_indices('-').map(|(at, _)| key(&folder[..at], &folder[at + 1..]));
    versioned.into_iter().find_map(|key| packages.get(&key))
}

fn compare(
    worker: &mut Worker<'_>,
    copy: &str,
    places: &[Place],
    list: &List,
) -> Result<Vec<Altered>, Refused> {
    let mut altered = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for place in places {
        let Some(path) = place.path.get(copy.len() + 1..) else { continue };
        let how = match list.files.get(path) {
            None if is_nobodys(path) => continue,
            None => How::Added,
            Some(_) if place.is_link => How::Link,
            Some(listed) => {
                seen.insert(path);
                match digest(worker, place)? == HEXLOWER_PERMISSIVE.decode(listed.as_bytes()).ok() {
                    true => continue,
                    false => How::Edited,
                }
            }
        };
        seen.insert(path);
        altered.push(Altered { path: path.to_owned(), how });
    }
    let missing = list.files.keys().filter(|path| !seen.contains(path.as_str()));
    altered.extend(missing.map(|path| Altered { path: path.clone(), how: How::Missing }));
    altered.sort();
    Ok(altered)
}

/// Files that `cargo vendor` leaves out of the list, or that systems leave lying about: none is ever compiled.
fn is_nobodys(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path == LIST
        || matches!(name, ".gitattributes" | ".gitignore" | ".cargo-ok" | ".DS_Store")
        || name.ends_with(".orig")
        || name.ends_with(".rej")
}

fn digest(worker: &mut Worker<'_>, place: &Place) -> Result<Option<Vec<u8>>, Refused> {
    let Some(mut input) = worker.reader.open(place)? else { return Ok(None) };
    let hash = sha256(&mut input, &mut worker.buffer).map_err(|error| super::failed(&input, &error))?;
    input.is_steady()?;
    Ok(Some(hash.to_vec()))
}

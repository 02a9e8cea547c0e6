//! Cargo's registry cache: the archives as they were fetched, and below `src` what was unpacked from them.
//!
//! Cargo hashes an archive when it fetches it and never again, and never looks at what it unpacked. What is compiled are
//! the unpacked files, so each is compared with the archive once that has been verified.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::queue::{Found, Job, Worker};
use super::tar::{Kind, Tar, is_inside};
use super::{Copy, Search, Store, Target, is_file_name};
use crate::disk::{Opened, Refused, Root};
use crate::findings::facts::{Altered, Fact, How, Outcome};
use crate::model::Origin;
use crate::model::url::Url;

pub(super) static STORE: Store = Store {
    id: "cargo-cache",
    name: "Cargo's cache",
    in_repository: false,
    proves: "the archive in Cargo's cache is the pinned one",
    fetch: "cargo fetch --locked",
    formats: &["cargo"],
    find,
};

/// Looked into together with the archives that prove it.
pub(super) static UNPACKED: Store = Store {
    id: "cargo-src",
    name: "Cargo's unpacked sources",
    in_repository: false,
    proves: "every unpacked file is the one in the verified archive, and there is no other",
    fetch: "cargo fetch --locked",
    formats: &["cargo"],
    find: |_| Vec::new(),
};

fn find<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let Some(registry) = registry(search) else { return Vec::new() };
    let caches = Registries::new(&registry, "cache", search);
    let mut copies: BTreeMap<(Root, String), Vec<Target<'a>>> = BTreeMap::new();
    for target in search.targets(&STORE) {
        let stem = format!("{}-{}", target.package().name.as_str(), target.package().version());
        for cache in caches.of(target).filter(|_| is_file_name(&stem)) {
            copies.entry((cache.clone(), stem.clone())).or_default().push(target);
        }
    }
    let job = |((cache, stem), targets): ((Root, String), Vec<Target<'a>>)| -> Job<'a> {
        let (search, registry) = (*search, registry.clone());
        Box::new(move |worker| check(&search, worker, &registry, &cache, &stem, &targets))
    };
    copies.into_iter().map(job).collect()
}

pub(super) fn registry(search: &Search<'_>) -> Option<Root> {
    Root::new(&search.environment.cargo_home()?.join("registry"))
}

/// The folders of one kind, one for each registry that was ever used: `<host>-<hash>`.
pub(super) struct Registries {
    folders: Vec<(String, Root)>,
    /// Hosts that lockfiles name: a folder of one of them holds nobody else's archives.
    hosts: HashSet<String>,
}

impl Registries {
    pub(super) fn new(registry: &Root, kind: &str, search: &Search<'_>) -> Registries {
        let folder = Root::new(&registry.path().join(kind));
        let named = folder.iter().flat_map(|folder| {
            let open = |name: String| {
                let host = name.rsplit_once('-').map_or(name.as_str(), |(host, _)| host).to_owned();
                Some((host, folder.below(&name)?))
            };
            folder.names().into_iter().filter_map(open)
        });
        let folders = named.collect();
        let hosts = search.targets(&STORE).filter_map(|target| host(target).map(str::to_owned));
        Registries { folders, hosts: hosts.collect() }
    }

    /// Those that a package may have been fetched to: its host's own, and for Cargo's default registry, whose source is
    /// named after a repository and not after a host, all that are no other registry's.
    pub(super) fn of<'r>(&'r self, target: Target<'_>) -> impl Iterator<Item = &'r Root> {
        let host = host(target).map(str::to_owned);
        let is_default = is_default(target);
        let is_own = move |(folder, _): &&(String, Root)| {
            let named = host.as_deref().is_some_and(|host| host == folder);
            named || is_default && !self.hosts.contains(folder)
        };
        self.folders.iter().filter(is_own).map(|(_, root)| root)
    }
}

fn is_default(target: Target<'_>) -> bool {
    let source = target.package().source.as_ref().map_or("", |source| source.as_str());
    source.ends_with("/rust-lang/crates.io-index")
}

/// The host of a registry.
fn host<'a>(target: Target<'a>) -> Option<&'a str> {
    if !matches!(target.package().origin, Origin::Registry(_)) {
        return None;
    }
    let source = target.package().source.as_ref()?.raw;
    let address = source.split_once('+').map_or(source, |(_, address)| address);
    Url::split(address).map(|url| url.host)
}

fn check(
    search: &Search<'_>,
    worker: &mut Worker<'_>,
    registry: &Root,
    cache: &Root,
    stem: &str,
    targets: &[Target<'_>],
) -> Result<Found, Refused> {
    let file = PathBuf::from(format!("{stem}.crate"));
    let shown = cache.path().join(&file).display().to_string();
    let copy = Copy::InStore(cache.clone(), file.clone());
    let mut found = super::check_archive(search, worker, &STORE, &shown, &copy, targets)?;
    let holds = |(_, fact): &&(usize, Fact)| matches!(fact.outcome, Outcome::Verified(_));
    let verified: Vec<_> = found.iter().filter(holds).cloned().collect();
    // Where the user's own links lead to counts; one further down would be somebody else's.
    let sources = Root::new(&registry.path().join("src"));
    let sources =
        sources.zip(cache.path().file_name()).map(|(root, name)| root.enter(Path::new(name).join(stem)));
    let (Some(sources), false) = (sources.transpose()?.flatten(), verified.is_empty()) else {
        return Ok(found);
    };
    let Some(archive) = cache.open(&file)? else { return Ok(found) };
    let altered = compare(archive, &sources, worker)?;
    if !altered.is_empty() {
        let at = sources.path().display().to_string();
        let of_unpacked = |(lockfile, fact): (usize, Fact)| {
            let outcome = Outcome::Altered(altered.clone());
            (lockfile, Fact { store: &UNPACKED, at: at.clone(), outcome, ..fact })
        };
        found.extend(verified.into_iter().map(of_unpacked));
    }
    Ok(found)
}

/// What of an unpacked copy is not as its archive has it.
fn compare(archive: Opened, sources: &Root, worker: &mut Worker<'_>) -> Result<Vec<Altered>, Refused> {
    let shown = archive.path.display().to_string();
    let broken = |error: std::io::Error| Refused::Unreadable { path: shown.clone(), why: error.to_string() };
    let mut tar = Tar::new(BufReader::new(archive));
    let (mut altered, mut known) = (Vec::new(), HashSet::new());
    while let Some(entry) = tar.next().map_err(broken)? {
        if !is_inside(&entry.name) {
            let why = format!("its entry `{}` leads out of it", entry.name);
            return Err(Refused::Unreadable { path: shown, why });
        }
        let Some((_, path)) = entry.name.split_once('/') else { continue };
        if entry.kind != Kind::File {
            continue;
        }
        let how = match sources.open(path) {
            Ok(Some(file)) => same(&mut tar, file, entry.size, worker).map_err(broken)?,
            Ok(None) => Some(How::Missing),
            Err(_) => Some(How::Link),
        };
        altered.extend(how.map(|how| Altered { path: path.to_owned(), how }));
        known.insert(path.to_owned());
    }
    let mut present = Vec::new();
    list(sources, &mut PathBuf::new(), &mut present)?;
    // Cargo's own mark that all has been unpacked.
    let added = present.into_iter().filter(|path| path != ".cargo-ok" && !known.contains(path));
    altered.extend(added.map(|path| Altered { path, how: How::Added }));
    altered.sort();
    Ok(altered)
}

/// Both are read side by side: neither need be hashed.
fn same(
    mut tar: &mut Tar<BufReader<Opened>>,
    mut file: Opened,
    size: u64,
    worker: &mut Worker<'_>,
) -> std::io::Result<Option<How>> {
    if file.size != size {
        return Ok(Some(How::Edited));
    }
    let (ours, theirs) = worker.buffer.split_at_mut(super::hash::CHUNK / 2);
    let mut left = size;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(ours.len());
        tar.read_exact(&mut ours[..length])?;
        let read = file.read_exact(&mut theirs[..length]);
        if read.is_err() || ours[..length] != theirs[..length] {
            return Ok(Some(How::Edited));
        }
        left -= length as u64;
    }
    Ok(None)
}

/// How deep unpacked sources are looked into.
const DEEPEST: usize = 64;

/// The files below a folder, by path.
pub(super) fn list(root: &Root, at: &mut PathBuf, files: &mut Vec<String>) -> Result<(), Refused> {
    let folder = root.path().join(&*at);
    let unreadable = |error: std::io::Error| Refused::unreadable(&folder, &error);
    if at.components().count() > DEEPEST {
        return Err(unreadable(std::io::Error::other("it nests too deep")));
    }
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        at.push(entry.file_name());
        match entry.file_type().map_err(unreadable)?.is_dir() {
            true => list(root, at, files)?,
            false => files.push(at.to_string_lossy().replace('\\', "/")),
        }
        at.pop();
    }
    Ok(())
}

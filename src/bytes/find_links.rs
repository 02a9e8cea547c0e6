//! Folders of wheels and source distributions: in the repository those that uv is told of (`find-links`, an index that is
//! a folder) and a `wheelhouse` beside the lockfile; on this disk those of `PIP_FIND_LINKS` and `UV_FIND_LINKS`.

use std::collections::HashMap;

use super::queue::Job;
use super::{Archives, Copy, Search, Store, is_file_name, resolve};
use crate::disk::Root;
use crate::model::{Lockfile, Origin, folder};
use crate::text::source::Source;
use crate::text::syntax::{Node, Table};
use crate::text::toml;

const PROVES: &str =
    "a wheel or source distribution is the pinned one; the file name says which of an entry's files it is";

pub(super) static IN_REPOSITORY: Store = Store {
    id: "wheelhouse",
    name: "the repository",
    in_repository: true,
    proves: PROVES,
    fetch: "",
    formats: &["uv"],
    find: in_repository,
};

pub(super) static OF_CLIENT: Store = Store {
    id: "find-links",
    name: "a find-links folder",
    in_repository: false,
    proves: PROVES,
    fetch: "",
    formats: &["uv"],
    find: of_client,
};

fn in_repository<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let mut archives = Archives::new(&IN_REPOSITORY);
    let links = links(search);
    let folders: Vec<Vec<String>> = search.lockfiles.iter().map(|it| folders(search, &links, it)).collect();
    for target in search.targets(&IN_REPOSITORY) {
        let name = target.artifact().key.as_str();
        for folder in folders[target.lockfile].iter().filter(|_| is_file_name(name)) {
            if let Some(place) = search.tree.file(&format!("{folder}/{name}")) {
                archives.add(Copy::InTree(place), target);
            }
        }
    }
    archives.into_jobs(search)
}

fn of_client<'a>(search: &Search<'a>) -> Vec<Job<'a>> {
    let mut archives = Archives::new(&OF_CLIENT);
    let mut roots: Vec<Root> =
        search.environment.find_links().iter().filter_map(|path| Root::new(path)).collect();
    roots.sort();
    roots.dedup();
    for target in search.targets(&OF_CLIENT) {
        let name = target.artifact().key.as_str();
        for root in roots.iter().filter(|_| is_file_name(name)) {
            if root.path().join(name).symlink_metadata().is_ok() {
                archives.add(Copy::InStore(root.clone(), name.into()), target);
            }
        }
    }
    archives.into_jobs(search)
}

/// What uv is told of, by the folder that the setting stands in.
fn links<'a>(search: &Search<'a>) -> HashMap<&'a str, Vec<String>> {
    let mut links: HashMap<&str, Vec<String>> = HashMap::new();
    for source in search.sources.companions.iter().filter_map(|file| file.head.as_ref()) {
        links.entry(folder(&source.path)).or_default().append(&mut find_links(source));
    }
    links
}

/// The folders of the repository that a lockfile's packages may be taken from.
fn folders(search: &Search<'_>, links: &HashMap<&str, Vec<String>>, lockfile: &Lockfile<'_>) -> Vec<String> {
    if !IN_REPOSITORY.formats.contains(&lockfile.format.id) {
        return Vec::new();
    }
    let here = lockfile.folder();
    let mut folders = vec![resolve(here, "wheelhouse")];
    folders.extend(links.get(here).into_iter().flatten().map(|it| resolve(here, it)));
    for package in lockfile.packages.iter().filter(|it| matches!(it.origin, Origin::Path)) {
        folders.extend(package.source.iter().map(|it| resolve(here, it.as_str())));
    }
    let mut folders: Vec<_> = folders.into_iter().flatten().filter(|it| !it.is_empty()).collect();
    folders.sort();
    folders.dedup();
    folders.retain(|folder| search.tree.has_folder(folder));
    folders
}

/// `find-links = ["wheels"]`, of `uv.toml` or of `[tool.uv]`.
fn find_links(source: &Source) -> Vec<String> {
    let name = source.path.rsplit('/').next();
    if !matches!(name, Some("uv.toml" | "pyproject.toml")) {
        return Vec::new();
    }
    let (root, _) = toml::read(source);
    let settings: Option<&Table<'_>> = match name {
        Some("uv.toml") => Some(&root),
        _ => root.table("tool").and_then(|tool| tool.table("uv")),
    };
    let links = settings.map_or(&[][..], |table| table.array("find-links"));
    links.iter().filter_map(Node::as_text).map(|text| text.as_str().to_owned()).collect()
}

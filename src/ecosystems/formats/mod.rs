//! The lockfile formats: one file each. To add one, write the file and list it here.

pub mod cargo;
pub mod go;
pub mod kiwi;
pub mod llmring;
pub mod npm;
pub mod pnpm;
pub mod rye;
pub mod uv;

use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt};

use crate::agents::tool::{lock, store};
use crate::ecosystems::unread;
use crate::model::graph::Links;
use crate::model::{Ecosystem, Lockfile, folder};
use crate::text::source::Source;
use crate::text::syntax::{Fault, Text};

/// What a lockfile locks. A rule says which families it speaks of: what is wrong with an archive's address means nothing
/// where nothing is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// What package managers fetch.
    Packages,
    /// Tools of AI agents, which stand in the repository itself.
    Tools,
    /// Which models an application talks to.
    Models,
}

impl Family {
    pub const ALL: &[Family] = &[Family::Packages, Family::Tools, Family::Models];
    pub const PACKAGES: &[Family] = &[Family::Packages];
    pub const TOOLS: &[Family] = &[Family::Tools];
    pub const MODELS: &[Family] = &[Family::Models];
}

/// What there is to know of a format before a file of it is read.
#[derive(Debug)]
pub struct Format {
    /// Stable: it stands in reports.
    pub id: &'static str,
    pub family: Family,
    pub ecosystem: Ecosystem,
    /// Base names that lockfiles of this format have; one `*` may stand for anything.
    pub files: &'static [&'static str],
    /// Base names of what the lockfile was made from, in the same folder or below.
    pub manifests: &'static [&'static str],
    /// The versions that are known, as a lockfile states them; empty for a format that states none.
    pub versions: &'static [&'static str],
    /// The manifest itself selects releases, so one that it selects must stand in the lockfile.
    pub manifest_selects: bool,
    /// Every client that writes it hashes archives that are at a URL of their own (pnpm before 11 does not).
    pub hashes_archives: bool,
    pub links: Links,
    pub parse: for<'s> fn(&'s Source) -> Lockfile<'s>,
}

/// Of several whose names fit a file the first one counts: those of tools are the widest.
pub static ALL: &[&Format] = &[
    &cargo::FORMAT,
    &go::FORMAT,
    &npm::FORMAT,
    &pnpm::FORMAT,
    &uv::FORMAT,
    &llmring::FORMAT,
    &kiwi::FORMAT,
    &rye::FORMAT,
];

impl Format {
    /// Reads a file of this format. Whatever the bytes, this gives a lockfile: with faults, if need be.
    pub fn read<'s>(&'static self, source: &'s Source) -> Lockfile<'s> {
        let mut lockfile = (self.parse)(source);
        if self.links == Links::Release {
            find_twins(&mut lockfile);
        }
        if !lockfile.is_readable() {
            lockfile.packages.clear();
            lockfile.roots.clear();
            lockfile.settings.clear();
            lockfile.tool = None;
        }
        lockfile
    }

    /// The first manifest of this format that stands beside a lockfile; `paths` are a side's, sorted.
    pub fn manifest_beside(&self, lockfile: &str, paths: &[String]) -> Option<String> {
        let beside = |name: &&str| match folder(lockfile) {
            "" => (*name).to_owned(),
            folder => format!("{folder}/{name}"),
        };
        self.manifests.iter().map(beside).find(|path| paths.binary_search(path).is_ok())
    }

    /// Whether a newer client than this lockproof knows has written the file.
    pub fn knows(&self, version: &Text<'_>) -> bool {
        self.versions.is_empty() || self.versions.iter().any(|known| *known == version.as_str())
    }
}

/// Notes entries that are one by name, version and source: no client writes a second one, and all refuse it.
fn find_twins(lockfile: &mut Lockfile<'_>) {
    let Lockfile { packages, faults, .. } = lockfile;
    // Clients sort them: then the others of a name are its neighbours, which most have none of.
    let name = |at: usize| packages.get(at).map(|package| package.name.as_str());
    let is_sorted = packages.is_sorted_by_key(|package| package.name.as_str());
    let has_namesakes = |at: usize| name(at) == name(at + 1) || at > 0 && name(at) == name(at - 1);
    let mut known = HashMap::new();
    for (_, package) in packages.iter().enumerate().filter(|(at, _)| !is_sorted || has_namesakes(*at)) {
        let source = package.source.as_ref().map_or("", Text::as_str);
        let key =
            (package.name.as_str(), package.version(), package.origin.kind(), package.origin.place(), source);
        match known.entry(key) {
            Entry::Vacant(place) => drop(place.insert(package.heading())),
            Entry::Occupied(first) => {
                faults.push(Fault::twin(package.heading(), first.get(), package.label()))
            }
        }
    }
}

/// The format of a file, by its base name.
pub fn of_path(path: &[u8]) -> Option<&'static Format> {
    static NAMES: LazyLock<Names> = LazyLock::new(Names::new);
    // A name that is another's, or would be but for its case, is not taken for a tool's.
    let is_known = || misspelled(path).is_some() || unread::of_path(path).is_some();
    let is_another_s = |format: &&Format| format.family == Family::Tools && is_known();
    NAMES.find(path).filter(|format| !is_another_s(format))
}

/// The format that a file would have on a file system that folds case.
pub fn misspelled(path: &[u8]) -> Option<&'static Format> {
    let base = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
    let is_it = |name: &&str| name.as_bytes() != base && name.as_bytes().eq_ignore_ascii_case(base);
    ALL.iter().copied().find(|format| format.files.iter().any(is_it))
}

/// Whether a path alone says that there is a lockfile. Others may have names like those of tool lockfiles, and are told
/// by what is in them.
pub fn is_certain(path: &[u8]) -> bool {
    let in_store = || std::str::from_utf8(path).is_ok_and(store::is_lockfile);
    of_path(path).is_some_and(|format| format.family != Family::Tools || in_store())
}

/// The format of a file that was read, by what is in it where its path does not tell; nothing for another's file.
pub fn of_file(path: &str, head: Option<&Source>, base: Option<&Source>) -> Option<&'static Format> {
    let format = of_path(path.as_bytes()).filter(|format| format.family == Family::Tools);
    if format.is_none() {
        return of_path(path.as_bytes());
    }
    let mut sides = head.into_iter().chain(base).filter(|source| lock::is_one(source.raw()));
    match sides.next() {
        Some(source) if lock::is_rye(source.raw()) => Some(&rye::FORMAT),
        // Nothing in it may tell any more: what else could it be, there?
        found => (found.is_some() || store::is_lockfile(path)).then_some(&kiwi::FORMAT),
    }
}

/// Base names by length: most paths of a repository are refused by a look at their last slash and one table entry.
struct Names {
    exact: HashMap<&'static [u8], &'static Format>,
    lengths: [bool; 64],
    patterns: Vec<(&'static [u8], &'static [u8], &'static Format)>,
}

impl Names {
    fn new() -> Names {
        let mut names = Names { exact: HashMap::new(), lengths: [false; 64], patterns: Vec::new() };
        for format in ALL {
            for file in format.files {
                match file.split_once('*') {
                    Some((head, tail)) => names.patterns.push((head.as_bytes(), tail.as_bytes(), format)),
                    None => {
                        names.lengths[file.len()] = true;
                        names.exact.insert(file.as_bytes(), format);
                    }
                }
            }
        }
        names
    }

    fn find(&self, path: &[u8]) -> Option<&'static Format> {
        let base = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
        if self.lengths.get(base.len()) == Some(&true)
            && let Some(format) = self.exact.get(base)
        {
            return Some(format);
        }
        let fits = |head: &[u8], tail: &[u8]| {
            base.len() > head.len() + tail.len() && base.ends_with(tail) && base.starts_with(head)
        };
        self.patterns.iter().find(|(head, tail, _)| fits(head, tail)).map(|(.., format)| *format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Edge};

    #[test]
    fn formats_are_found_by_base_name() {
        let id = |path: &str| of_path(path.as_bytes()).map(|format| format.id);
        assert_eq!(id("Cargo.lock"), Some("cargo"));
        assert_eq!(id("a/b/package-lock.json"), Some("npm"));
        assert_eq!(id("npm-shrinkwrap.json"), Some("npm"));
        assert_eq!(id("pnpm-lock.feature.yaml"), Some("pnpm"));
        assert_eq!(id("tools/x.py.lock"), Some("uv"));
        assert_eq!(id("package-lock.json/x"), None);
        assert_eq!(id("my-package-lock.json"), None);
        // Only a candidate: what is in it tells.
        assert_eq!(id(".py.lock"), Some("kiwi"));
    }

    /// Everything that a reader makes of a file, a line for each entry.
    fn dump(lockfile: &Lockfile<'_>) -> String {
        let mut out = format!("{} {:?}\n", lockfile.format.id, lockfile.schema_version);
        for fault in &lockfile.faults {
            out += &format!("fault {:?} {:?} {}\n", fault.kind, fault.at, fault.message);
        }
        for setting in &lockfile.settings {
            out += &format!("setting {} ({} bytes)\n", setting.name.as_str(), setting.value.len());
        }
        let edge = |edge: &Edge<'_>| {
            let show = |text: &Option<Text<'_>>| {
                text.as_ref().map_or(String::new(), |text| format!(" {}", text.as_str()))
            };
            format!("  {:?} {}{}{}\n", edge.kind, edge.name.as_str(), show(&edge.range), show(&edge.target))
        };
        for root in &lockfile.roots {
            out += &format!("root {:?}\n", root.path);
            out.extend(root.edges.iter().map(edge));
        }
        for package in &lockfile.packages {
            let line = lockfile.source.place(lockfile.source.span(package.heading()).unwrap().start).line;
            out += &format!("{line}: {} = {} {:?}\n", package.slot.as_str(), package.label(), package.origin);
            let alias = package
                .alias
                .as_ref()
                .map(|alias| format!(" known as {}", alias.as_str()))
                .unwrap_or_default();
            let bundle = package
                .bundled_in
                .map(|at| format!(" in {}", lockfile.packages[at].label()))
                .unwrap_or_default();
            out += &format!(
                "  {:?}{alias}{bundle} {:?} {:?}\n",
                package.flags, package.exemption, package.claim
            );
            for artifact in &package.artifacts {
                let digest =
                    |it: &Digest<'_>| format!("{:?} {:?} {:?}", it.algorithm, it.subject, it.malformed);
                let digests: Vec<_> = artifact.digests.iter().map(digest).collect();
                out += &format!("  artifact {:?} {:?} {digests:?}\n", artifact.key, artifact.url);
            }
            out.extend(package.edges.iter().map(edge));
        }
        out
    }

    #[test]
    fn real_lockfiles_are_read_as_their_clients_wrote_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
        let mut count = 0;
        for path in crate::read::discover::walk(&root).found {
            let Some(format) = of_path(&path) else { continue };
            let path = String::from_utf8(path).unwrap();
            let full = root.join(&path);
            let source =
                Source::new(&*path, crate::text::source::Side::Worktree, std::fs::read(&full).unwrap());
            let lockfile = format.read(&source);
            insta::with_settings!({ snapshot_path => full.parent().unwrap(), prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(full.file_name().unwrap().to_string_lossy().into_owned(), dump(&lockfile));
            });
            count += 1;
        }
        assert!(count > 40, "{count}");
    }

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ecosystems/formats");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let mut listed: Vec<_> = ALL.iter().map(|format| format.id).collect();
        listed.sort();
        assert_eq!(files, listed);
    }
}

//! What the bytes on this disk say of the packages of lockfiles. Plain data: rules read it and do no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde::Serialize;

use crate::bytes::Store;
use crate::model::{Ecosystem, Lockfile};
use crate::read::options::Bytes;

/// Everything that was found out.
#[derive(Default)]
pub struct Facts {
    /// Where it was looked.
    pub looked: Bytes,
    /// An artifact that is not there is a finding.
    pub required: bool,
    /// By the path of the lockfile.
    pub lockfiles: BTreeMap<String, OfLockfile>,
    /// What could not be read: the run is incomplete.
    pub problems: Vec<String>,
}

/// What was found out of one lockfile.
#[derive(Default)]
pub struct OfLockfile {
    pub facts: Vec<Fact>,
    /// Hashed entries of which no bytes were seen, by their place in the list of packages.
    pub unseen: Vec<(usize, Unseen)>,
}

/// Why no bytes of an entry were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// None of the places where it was looked has it.
    NotOnDisk,
    /// Its client keeps nothing that the hash could be computed of.
    NotVerifiable(&'static str),
}

/// What one copy says of one release.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The entry, by its place in the list of packages; others of the same release share its fate.
    pub package: usize,
    pub twins: Vec<usize>,
    /// The artifact of the entry, by its place.
    pub artifact: usize,
    pub store: &'static Store,
    /// The file or folder, as it is shown.
    pub at: String,
    pub outcome: Outcome,
    /// The copy lies in the repository, and: is it another than on the base side?
    pub moved: Option<bool>,
}

/// What came of comparing.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Every digest that the lockfile has for it holds.
    Verified(Option<Carried>),
    /// A copy of the files, all of them as the list that lies beside them says.
    Consistent(Option<Carried>),
    /// The archive is another one.
    Mismatch(Box<Mismatch>),
    /// The client's own record of the archive says another hash.
    Denied(Box<Mismatch>),
    /// Files of a copy that are not what they should be, by path.
    Altered(Vec<Altered>),
    /// The change that is judged touches neither the entry nor its copy in the repository.
    Untouched,
}

/// Bytes that are not the pinned ones.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The digest that fails, by its place.
    pub digest: usize,
    /// Written the way the lockfile writes it.
    pub found: String,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

/// A file of an unpacked or vendored copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Altered {
    pub path: String,
    pub how: How,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Edited,
    Missing,
    /// It stands there and is not listed.
    Added,
    /// A link where a file should be.
    Link,
    /// The list beside the files says this hash of their archive, or none.
    Pins(Option<String>),
}

/// The manifest that an archive carries, as far as lockfiles repeat it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// What it asks for: names, in the canonical spelling of its ecosystem.
    pub asks: BTreeSet<String>,
    /// The first of its scripts that run on installation.
    pub script: Option<&'static str>,
}

impl OfLockfile {
    /// What the base side would have found as well: copies in the repository that are what they were.
    fn of_base(&self) -> OfLockfile {
        let kept = self.facts.iter().filter(|fact| fact.moved == Some(false)).cloned();
        OfLockfile { facts: kept.collect(), unseen: Vec::new() }
    }
}

impl Facts {
    /// Nothing was looked for.
    pub fn none() -> Facts {
        Facts { looked: Bytes::Off, ..Facts::default() }
    }

    /// What was there before, for lockfiles that did not change.
    pub fn of_base<'p>(&self, unchanged: impl Iterator<Item = &'p str>) -> Facts {
        let kept = unchanged.filter_map(|path| Some((path.to_owned(), self.lockfiles.get(path)?.of_base())));
        Facts { looked: self.looked, required: false, lockfiles: kept.collect(), problems: Vec::new() }
    }
}

/// How many entries with a hash were compared with bytes, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Counted {
    /// The bytes are those that the lockfile pins.
    pub verified: usize,
    /// The bytes agree with the lockfile, but both came with the same change, or only a list beside them says so.
    pub consistent: usize,
    pub mismatched: usize,
    /// Nowhere where it was looked. Not a pass.
    pub not_on_disk: usize,
    /// Their client keeps nothing that the hash could be computed of; by reason.
    pub not_verifiable: BTreeMap<&'static str, usize>,
    /// Lie in the repository, and neither they nor their entries are touched by the change.
    pub untouched: usize,
}

impl Counted {
    /// Whether any bytes were seen.
    pub fn has_seen(&self) -> bool {
        self.verified + self.consistent + self.mismatched + self.untouched > 0
    }

    pub fn add(&mut self, other: &Counted) {
        self.verified += other.verified;
        self.consistent += other.consistent;
        self.mismatched += other.mismatched;
        self.not_on_disk += other.not_on_disk;
        self.untouched += other.untouched;
        for (reason, number) in &other.not_verifiable {
            *self.not_verifiable.entry(reason).or_default() += number;
        }
    }
}

/// What the copies of one entry come to, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Verified,
    Consistent,
    Untouched,
    Mismatched,
}

impl Fact {
    fn fate(&self) -> Fate {
        match (&self.outcome, self.moved) {
            (Outcome::Verified(_), Some(true)) | (Outcome::Consistent(_), Some(true) | None) => {
                Fate::Consistent
            }
            (Outcome::Verified(_), _) | (Outcome::Consistent(_), Some(false)) => Fate::Verified,
            (Outcome::Untouched, _) => Fate::Untouched,
            _ => Fate::Mismatched,
        }
    }

    pub fn packages(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.package).chain(self.twins.iter().copied())
    }
}

impl OfLockfile {
    pub fn count(&self) -> Counted {
        let mut fates: BTreeMap<usize, Vec<Fate>> = BTreeMap::new();
        for fact in &self.facts {
            fact.packages().for_each(|package| fates.entry(package).or_default().push(fact.fate()));
        }
        let mut counted = Counted::default();
        let unseen: BTreeSet<_> = self.unseen.iter().map(|(package, _)| *package).collect();
        for (package, fates) in fates {
            let is_bad = fates.contains(&Fate::Mismatched);
            match fates.into_iter().min() {
                _ if is_bad => counted.mismatched += 1,
                // Only a part of what is pinned was seen.
                _ if unseen.contains(&package) => {}
                Some(Fate::Verified) => counted.verified += 1,
                Some(Fate::Consistent) => counted.consistent += 1,
                _ => counted.untouched += 1,
            }
        }
        for (_, why) in &self.unseen {
            match why {
                Unseen::NotOnDisk => counted.not_on_disk += 1,
                Unseen::NotVerifiable(reason) => *counted.not_verifiable.entry(reason).or_default() += 1,
            }
        }
        counted
    }

    /// Notes which hashed entries nothing is known of. One artifact of an entry will do, but for Go: there each one is
    /// of something else.
    pub(crate) fn note_unseen(&mut self, lockfile: &Lockfile<'_>, why: Unseen) {
        let mut seen: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut bad = BTreeSet::new();
        for fact in self.facts.iter().filter(|fact| !matches!(fact.outcome, Outcome::Denied(_))) {
            for package in fact.packages() {
                seen.entry(package).or_default().insert(fact.artifact);
                bad.extend((fact.fate() == Fate::Mismatched).then_some(package));
            }
        }
        for (at, package) in lockfile.packages.iter().enumerate().filter(|(_, it)| it.is_hashed()) {
            let artifacts = seen.get(&at).map_or(0, BTreeSet::len);
            let needed = if lockfile.ecosystem() == Ecosystem::Go { package.artifacts.len() } else { 1 };
            if artifacts < needed && !bad.contains(&at) {
                self.unseen.push((at, why));
            }
        }
    }
}

//! What a history pinned: every hash that a release ever had, and where it stood first.
//!
//! A history may hold thousands of versions of a lockfile. Each is read, its hashes are taken out, and it is forgotten.

use foldhash::HashMap;

use crate::model::integrity::Hash;
use crate::model::release::{Pin, Release, Slot, pins};
use crate::model::{Ecosystem, Lockfile};
use sha2::{Digest as _, Sha256};

/// What was pinned, each in the order of the history.
#[derive(Debug, Default)]
pub struct Witnesses {
    pinned: HashMap<Key, Vec<Witness>>,
    /// How many versions of lockfiles were read.
    pub versions: usize,
    /// How many of those said nothing, because they can't be read.
    pub unreadable: usize,
}

/// Stands for all that two hashes must agree in to be comparable: a digest of it, for a history has many.
type Key = [u8; 16];

/// Where a hash stood first.
#[derive(Debug)]
pub struct Witness {
    pub hash: Hash,
    /// The registry, where the lockfile names it: two registries may publish two things under one name.
    pub place: Option<String>,
    pub commit: String,
    pub path: String,
    /// 1-based.
    pub line: usize,
    pub raw: String,
}

impl Witnesses {
    /// Takes in one version of a lockfile; older ones first.
    pub fn add(&mut self, lockfile: &Lockfile<'_>, commit: &str) {
        self.versions += 1;
        self.unreadable += usize::from(!lockfile.is_readable());
        for slot in lockfile.slots().filter(|slot| !slot.package.origin.is_mutable()) {
            for pin in pins(slot) {
                self.add_pin(&pin, commit);
            }
        }
    }

    fn add_pin(&mut self, pin: &Pin<'_>, commit: &str) {
        let Some((_, hash)) = pin.digest.hash() else { return };
        let (source, place) = (pin.slot.lockfile.source, pin.slot.package.origin.place());
        let known = self.pinned.entry(key(pin)).or_default();
        if known.iter().any(|it| it.hash == hash && it.place.as_deref() == place) {
            return;
        }
        let line = source.span(pin.digest.raw).map_or(0, |span| source.place(span.start).line);
        known.push(Witness {
            hash,
            place: place.map(str::to_owned),
            commit: commit.to_owned(),
            path: source.path.clone(),
            line,
            raw: pin.digest.raw.to_owned(),
        });
    }

    /// What the history says of the same artifact from the same place, the oldest first. Where one of the two names no
    /// place, it is the configured one: that is taken for the same.
    pub fn of<'w>(&'w self, pin: &Pin<'_>) -> impl Iterator<Item = &'w Witness> {
        let place = pin.slot.package.origin.place().map(str::to_owned);
        let known = self.pinned.get(&key(pin)).into_iter().flatten();
        known.filter(move |it| it.place.is_none() || place.is_none() || it.place == place)
    }
}

fn key(pin: &Pin<'_>) -> Key {
    let Slot { lockfile, package } = pin.slot;
    let release = Release::of(lockfile, package);
    let (artifact, subject, algorithm) = pin.key();
    let ecosystem: Ecosystem = lockfile.ecosystem();
    let (parent, parent_version) = release.within.unwrap_or_default();
    let parts =
        [ecosystem.id(), release.name, &release.version, parent, parent_version, artifact, algorithm.name()];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update([subject as u8]);
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

//! The two sides of one lockfile: what happened to each package.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::causes::Causes;
use super::{Change, Kind, Pinned, Place};
use crate::check::Parsed;
use crate::findings::finding::{Whence, purl};
use crate::model::release::{Fold, Kept, Release, Slot, pins};
use crate::model::{Ecosystem, Lockfile, Origin};
use crate::model::{url, version};
use crate::text::escape;
use crate::text::syntax::Text;

/// A name, and the release whose archive contains it.
type Key<'a> = (&'a str, Option<(&'a str, &'a str)>);

/// What one side holds, by name: the entries of one lockfile, or of all of an ecosystem.
struct Side<'a> {
    names: BTreeMap<Key<'a>, Versions<'a>>,
    fold: Fold<'a>,
}

type Versions<'a> = BTreeMap<Version<'a>, Vec<Slot<'a>>>;

/// A version as it sorts: the numbers in it count as numbers. The commit tells git sources apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a> {
    parts: Vec<(u64, String)>,
    text: Cow<'a, str>,
    commit: &'a str,
}

impl<'a> Version<'a> {
    fn of(slot: Slot<'a>) -> Version<'a> {
        let text = version::canonical(slot.lockfile.ecosystem(), slot.package.version());
        let parts = text.trim_start_matches('v').split(['.', '-', '+']);
        let parts = parts.map(|part| (part.parse().unwrap_or(u64::MAX), part.to_owned())).collect();
        let commit = match &slot.package.origin {
            Origin::Git(git) => git.commit.as_deref().unwrap_or_default(),
            _ => "",
        };
        Version { parts, text, commit }
    }

    fn major(&self) -> Option<u64> {
        self.parts.first().map(|(number, _)| *number)
    }
}

impl<'a> Side<'a> {
    fn new(lockfiles: impl Iterator<Item = &'a Lockfile<'a>> + Clone) -> Side<'a> {
        let mut names: BTreeMap<_, Versions<'a>> = BTreeMap::new();
        for slot in lockfiles.clone().flat_map(Lockfile::slots) {
            let release = Release::of(slot.lockfile, slot.package);
            let versions = names.entry((release.name, release.within)).or_default();
            versions.entry(Version::of(slot)).or_default().push(slot);
        }
        Side { names, fold: Fold::new(lockfiles) }
    }

    fn of(lockfile: &'a Lockfile<'a>) -> Side<'a> {
        Side::new(std::iter::once(lockfile))
    }

    fn versions(&self, key: &Key<'a>) -> impl Iterator<Item = (&Version<'a>, &Vec<Slot<'a>>)> {
        self.names.get(key).into_iter().flatten()
    }

    fn slots(&self, key: &Key<'a>, version: &Version<'a>) -> Option<&Vec<Slot<'a>>> {
        self.names.get(key)?.get(version)
    }

    fn kept(&self, slots: &[Slot<'a>]) -> Option<&Kept<'a>> {
        let slot = slots.first()?;
        self.fold.release(&Release::of(slot.lockfile, slot.package))
    }

    /// Whether that name came from there; a place that is left out agrees with any registry.
    fn has_origin(&self, name: &str, origin: &Origin<'_>) -> bool {
        let origins = self.fold.origins(name);
        let first = |kind: &str, place: Option<&str>| {
            let at = origins.partition_point(|(it, _)| (it.kind, it.place) < (kind, place));
            origins.get(at).map(|(it, _)| it).filter(|it| it.kind == kind)
        };
        let (kind, place) = (origin.kind(), origin.place());
        let is_same = first(kind, place).is_some_and(|it| it.place == place || place.is_none());
        let is_left_out = || first(kind, None).is_some_and(|it| it.place.is_none());
        is_same || kind == "registry" && is_left_out()
    }
}

/// What all lockfiles of an ecosystem hold on one side. A lockfile that came or went is compared with it: what moved from
/// one file, folder or client to another is no news.
#[derive(Default)]
pub(super) struct Known<'a> {
    head: HashMap<Ecosystem, Side<'a>>,
    base: HashMap<Ecosystem, Side<'a>>,
}

/// A package on both sides, or on one.
pub(super) struct Pair<'a> {
    pub(super) before: Option<Slot<'a>>,
    pub(super) after: Option<Slot<'a>>,
    kinds: Vec<Kind>,
    /// Hashes that only one side has.
    gone: Vec<&'a str>,
    new: Vec<&'a str>,
}

/// Everything that happened in one lockfile.
pub(super) fn file<'a>(it: &'a Parsed<'a>, all: &'a [Parsed<'a>], known: &mut Known<'a>) -> Vec<Change> {
    let is_broken = |side: &Option<Lockfile<'_>>| side.as_ref().is_some_and(|side| !side.is_readable());
    if is_broken(&it.head) || is_broken(&it.before) {
        return Vec::new();
    }
    let mut pairs = Vec::new();
    match (&it.before, &it.head) {
        (Some(before), Some(head)) => {
            let (before, head) = (Side::of(before), Side::of(head));
            let names: BTreeSet<_> = before.names.keys().chain(head.names.keys()).copied().collect();
            names.iter().for_each(|key| changed(key, &before, &head, &mut pairs));
        }
        (None, Some(head)) => came(head, known.of_base(head.ecosystem(), all), &mut pairs),
        (Some(before), None) => went(before, known.of_head(before.ecosystem(), all), &mut pairs),
        (None, None) => {}
    }
    // What is the project's own on both sides is told by its manifests.
    let is_local = |slot: Option<Slot<'_>>| slot.is_none_or(|slot| slot.package.origin.is_local());
    pairs.retain(|pair| !is_local(pair.before) || !is_local(pair.after));
    let causes = [
        Causes::of_side(&it.before, &pairs, |pair| pair.before),
        Causes::of_side(&it.head, &pairs, |pair| pair.after),
    ];
    pairs.into_iter().map(|pair| pair.finish(it, &causes)).collect()
}

impl<'a> Known<'a> {
    fn of_base(&mut self, ecosystem: Ecosystem, all: &'a [Parsed<'a>]) -> &Side<'a> {
        let of = move |it: &&'a Lockfile<'a>| it.ecosystem() == ecosystem;
        self.base
            .entry(ecosystem)
            .or_insert_with(|| Side::new(all.iter().filter_map(Parsed::base).filter(of)))
    }

    fn of_head(&mut self, ecosystem: Ecosystem, all: &'a [Parsed<'a>]) -> &Side<'a> {
        let of = move |it: &&'a Lockfile<'a>| it.ecosystem() == ecosystem;
        let heads = all.iter().filter_map(|it| it.head.as_ref());
        self.head.entry(ecosystem).or_insert_with(|| Side::new(heads.filter(of)))
    }
}

/// A new lockfile: what no lockfile had is added, what one had is compared with it.
fn came<'a>(head: &'a Lockfile<'a>, base: &Side<'a>, pairs: &mut Vec<Pair<'a>>) {
    let own = Side::of(head);
    for key in own.names.keys() {
        for (version, slots) in own.versions(key) {
            match base.slots(key, version) {
                Some(was) => pairs.extend(kept(base, &own, was, slots)),
                None => pairs.push(Pair::one(None, slots.first(), Kind::Added)),
            }
        }
    }
}

/// A lockfile that is gone: what no lockfile has any more is removed.
fn went<'a>(before: &'a Lockfile<'a>, head: &Side<'a>, pairs: &mut Vec<Pair<'a>>) {
    let own = Side::of(before);
    for key in own.names.keys() {
        let gone = own.versions(key).filter(|(version, _)| head.slots(key, version).is_none());
        pairs.extend(gone.map(|(_, slots)| Pair::one(slots.first(), None, Kind::Removed)));
    }
}

/// One name in a lockfile that changed.
fn changed<'a>(key: &Key<'a>, before: &Side<'a>, head: &Side<'a>, pairs: &mut Vec<Pair<'a>>) {
    let mut fresh = Vec::new();
    for (version, slots) in head.versions(key) {
        match before.slots(key, version) {
            Some(was) => pairs.extend(kept(before, head, was, slots)),
            None => fresh.push((version, slots)),
        }
    }
    let gone = before.versions(key).filter(|(version, _)| head.slots(key, version).is_none()).collect();
    let mut match_up = |gone: &mut Vec<_>, fresh: &mut Vec<_>, alike: fn(&Version<'_>) -> Option<u64>| {
        for (was, now) in pair_off(gone, fresh, alike) {
            pairs.push(replaced(before, was, now));
        }
    };
    let mut gone: Vec<_> = gone;
    // First within a major version: the newer of two neighbours did not replace the older one.
    match_up(&mut gone, &mut fresh, |version| version.major());
    match_up(&mut gone, &mut fresh, |_| None);
    pairs.extend(fresh.into_iter().map(|(_, slots)| Pair::one(None, slots.first(), Kind::Added)));
    pairs.extend(gone.into_iter().map(|(_, slots)| Pair::one(slots.first(), None, Kind::Removed)));
}

type Entry<'s, 'a> = (&'s Version<'a>, &'s Vec<Slot<'a>>);

/// Takes pairs that are alike out of two sorted lists, the highest of each first.
fn pair_off<'s, 'a>(
    gone: &mut Vec<Entry<'s, 'a>>,
    fresh: &mut Vec<Entry<'s, 'a>>,
    alike: fn(&Version<'_>) -> Option<u64>,
) -> Vec<(&'s [Slot<'a>], &'s [Slot<'a>])> {
    let mut left: HashMap<Option<u64>, Vec<Entry<'s, 'a>>> = HashMap::new();
    for entry in gone.drain(..) {
        left.entry(alike(entry.0)).or_default().push(entry);
    }
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for (version, slots) in fresh.drain(..).rev() {
        match left.get_mut(&alike(version)).and_then(Vec::pop) {
            Some((_, was)) => pairs.push((was.as_slice(), slots.as_slice())),
            None => unpaired.push((version, slots)),
        }
    }
    unpaired.reverse();
    *fresh = unpaired;
    gone.extend(left.into_values().flatten());
    gone.sort_by_key(|(version, _)| *version);
    pairs
}

/// Another version.
fn replaced<'a>(before: &Side<'a>, was: &[Slot<'a>], now: &[Slot<'a>]) -> Pair<'a> {
    let (old, new) = (was[0].package, now[0].package);
    let kind = match version::compare(old.version(), new.version()) {
        Some(Ordering::Less) => Kind::Upgraded,
        Some(Ordering::Greater) => Kind::Downgraded,
        _ => Kind::Changed,
    };
    let mut kinds = vec![kind];
    if moved(before, was, now) {
        kinds.insert(usize::from(kind < Kind::Moved), Kind::Moved);
    }
    Pair {
        before: was.first().copied(),
        after: now.first().copied(),
        kinds,
        gone: Vec::new(),
        new: Vec::new(),
    }
}

/// Whether a package comes from where its name did not come from.
fn moved(before: &Side<'_>, was: &[Slot<'_>], now: &[Slot<'_>]) -> bool {
    let was_local = was.iter().all(|slot| slot.package.origin.is_local());
    now.iter().any(|slot| {
        let (name, origin) = (slot.package.name.as_str(), &slot.package.origin);
        origin.is_local() != was_local || !origin.is_local() && !before.has_origin(name, origin)
    })
}

/// The same release on both sides: nothing, unless its hashes or its origin changed.
fn kept<'a>(before: &Side<'a>, head: &Side<'a>, was: &[Slot<'a>], now: &[Slot<'a>]) -> Option<Pair<'a>> {
    let mut kinds = BTreeSet::new();
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    if moved(before, was, now) {
        kinds.insert(Kind::Moved);
    }
    if let (Some(old), Some(kept)) = (before.kept(was), head.kept(now)) {
        kinds.extend(lost(old, kept, was).chain(gained(old, kept, now)));
        if refetched(old, now) {
            kinds.insert(Kind::Moved);
        }
        if kinds.iter().any(|kind| *kind != Kind::Moved) {
            gone = raws(was, kept);
            new = raws(now, old);
        }
    }
    let (before, after) = (was.first().copied(), now.first().copied());
    (!kinds.is_empty()).then(|| Pair { before, after, kinds: kinds.into_iter().collect(), gone, new })
}

/// The hashes that the other side does not have.
fn raws<'a>(slots: &[Slot<'a>], other: &Kept<'a>) -> Vec<&'a str> {
    let own = slots.iter().flat_map(|slot| pins(*slot)).filter(|pin| !other.has(pin));
    let texts: BTreeSet<&str> = own.map(|pin| pin.digest.raw).collect();
    texts.into_iter().collect()
}

/// What a release gained over the hashes that it had.
fn gained<'a>(old: &Kept<'a>, kept: &Kept<'a>, now: &[Slot<'a>]) -> impl Iterator<Item = Kind> {
    let new = now.iter().flat_map(|slot| pins(*slot)).filter(|pin| old.hashed().is_some() && !old.has(pin));
    new.map(|pin| {
        let (artifact, subject, _) = pin.key();
        let shares = || kept.pins(pin.key()).iter().any(|other| old.has(other));
        match old.pins(pin.key()).is_empty() {
            false if shares() => Kind::Widened,
            false => Kind::Repinned,
            true if !artifact.is_empty() && old.strongest(artifact, subject).is_none() => Kind::Widened,
            true => Kind::Rehashed,
        }
    })
}

/// What a release lost of the hashes that it had. A file that is not listed any more is no loss.
fn lost<'a>(old: &Kept<'a>, kept: &Kept<'a>, was: &[Slot<'a>]) -> impl Iterator<Item = Kind> {
    let is_loss = move |(artifact, subject)| {
        let before = old.strongest(artifact, subject).map(|pin| pin.algorithm);
        match kept.strongest(artifact, subject) {
            Some(now) => before.is_some_and(|before| now.algorithm < before),
            None => kept.hashed().is_none(),
        }
    };
    let of = was.iter().flat_map(|slot| pins(*slot)).map(|pin| (pin.key().0, pin.key().1));
    of.filter(move |key| is_loss(*key)).map(|_| Kind::Weakened)
}

/// Whether a file of the same name lies elsewhere now.
fn refetched<'a>(old: &Kept<'a>, now: &[Slot<'a>]) -> bool {
    /// More places than that no file has but a hostile one.
    const PLACES: usize = 16;
    let files = now.iter().flat_map(|slot| &slot.package.artifacts).filter_map(|it| it.url.as_ref());
    files.map(Text::as_str).any(|text| {
        let known = old.urls(url::file_name(text));
        let is_same = |other: &str| other == text || url::place(other) == url::place(text);
        !known.is_empty() && !known.iter().take(PLACES).any(|(_, other, _)| is_same(other))
    })
}

impl<'a> Pair<'a> {
    fn one(before: Option<&Slot<'a>>, after: Option<&Slot<'a>>, kind: Kind) -> Pair<'a> {
        let (before, after) = (before.copied(), after.copied());
        Pair { before, after, kinds: vec![kind], gone: Vec::new(), new: Vec::new() }
    }

    fn finish(self, it: &Parsed<'_>, causes: &[Causes<'_>; 2]) -> Change {
        let slot = self.after.or(self.before);
        let name = slot.map_or("", |slot| slot.package.name.as_str());
        let line = self.after.map(|slot| {
            let text = slot.package.version.as_ref().map_or(slot.package.heading(), |version| version.raw);
            let at = slot.lockfile.source.span(text).map_or(0, |span| span.start);
            slot.lockfile.source.place(at).line
        });
        let via = match self.after {
            Some(after) => causes[1].of(after),
            None => self.before.and_then(|before| causes[0].of(before)),
        };
        Change {
            kinds: self.kinds,
            ecosystem: slot.map_or("", |slot| slot.lockfile.ecosystem().id()),
            name: escape::cut(name).into_owned(),
            before: self.before.map(|slot| pinned(slot, &self.gone)),
            after: self.after.map(|slot| pinned(slot, &self.new)),
            rules: Vec::new(),
            via: None,
            lockfiles: vec![Place { path: it.file.path.clone(), line, via }],
        }
    }
}

fn pinned(slot: Slot<'_>, hashes: &[&str]) -> Pinned {
    let Slot { lockfile, package } = slot;
    let version = package.version.as_ref().map(|it| escape::cut(it.as_str()).into_owned());
    Pinned {
        purl: purl(lockfile.ecosystem().id(), &escape::cut(package.name.as_str()), version.as_deref()),
        version,
        origin: Whence::of(&package.origin),
        hashes: hashes.iter().map(|hash| escape::cut(hash).into_owned()).collect(),
    }
}

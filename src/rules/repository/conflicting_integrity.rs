//! Two lockfiles give one release two hashes.
//!
//! A registry publishes a version once. Where two lockfiles of a repository pin different bytes under one number, one of
//! them was edited, or was made against something else than the registry.
//!
//! ```diff a/go.sum
//!  example.com/x v1.0.0 h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
//! ```
//!
//! ```diff b/go.sum
//! +example.com/x v1.0.0 h1:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
//!                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not what a/go.sum pins
//! ```
//!
//! With `--history`, every version of every lockfile that the head can be traced back to is a witness as well. A release
//! that has its oldest hash again is a warning then: another one stood in its place for a time.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Pin, Provenance, Release, Slot, pins};
use crate::model::{Ecosystem, Lockfile, Package};
use crate::read::witness::{Witness, Witnesses};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "conflicting-integrity",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("conflicting_integrity.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for ecosystem in Ecosystem::ALL {
        let of_ecosystem = |it: &&&Lockfile<'a>| {
            it.ecosystem() == ecosystem && it.format.family == Family::Packages && it.is_readable()
        };
        let lockfiles: Vec<&'a Lockfile<'a>> =
            cx.head.lockfiles.iter().filter(of_ecosystem).copied().collect();
        let doubted = doubted(&lockfiles);
        for slots in releases(&lockfiles, &doubted) {
            disagreements(cx, &slots, report);
        }
        for pin in cx.history.into_iter().flat_map(|_| &lockfiles).flat_map(|it| it.slots()).flat_map(pins) {
            remember(cx, cx.history, &pin, report);
        }
    }
}

/// Names and versions that stand in two entries whose hashes are not the same text: few of very many.
fn doubted<'a>(lockfiles: &[&'a Lockfile<'a>]) -> HashSet<Release<'a>> {
    let most = lockfiles.iter().map(|it| it.packages.len()).sum();
    let mut first: HashMap<(&str, &str), &Package<'a>> = HashMap::with_capacity(most);
    let mut doubted = HashSet::new();
    for slot in lockfiles.iter().flat_map(|it| it.slots()) {
        let package = slot.package;
        if package.origin.is_mutable() || !package.is_hashed() {
            continue;
        }
        let known = first.entry((package.name.as_str(), package.version())).or_insert(package);
        if !std::ptr::eq(*known, package)
            && !known.digests().map(|it| it.raw).eq(package.digests().map(|it| it.raw))
        {
            doubted.insert(Release::of(slot.lockfile, package));
        }
    }
    doubted
}

/// All entries of each of those releases, in the order of the files.
fn releases<'a>(lockfiles: &[&'a Lockfile<'a>], doubted: &HashSet<Release<'a>>) -> Vec<Vec<Slot<'a>>> {
    if doubted.is_empty() {
        return Vec::new();
    }
    let mut order: HashMap<Release<'a>, usize> = HashMap::new();
    let mut all: Vec<Vec<Slot<'a>>> = Vec::new();
    for slot in lockfiles.iter().flat_map(|it| it.slots()).filter(|it| !it.package.origin.is_mutable()) {
        let release = Release::of(slot.lockfile, slot.package);
        if doubted.contains(&release) {
            let at = *order.entry(release).or_insert_with(|| {
                all.push(Vec::new());
                all.len() - 1
            });
            all[at].push(slot);
        }
    }
    all
}

/// Compares the entries of one release, artifact by artifact, against the one that is most to be trusted.
fn disagreements<'a>(cx: &Context<'a>, slots: &[Slot<'a>], report: &mut Report<'a>) {
    let mut by_key: HashMap<_, Vec<Pin<'a>>> = HashMap::new();
    for pin in slots.iter().copied().flat_map(pins) {
        by_key.entry(pin.key()).or_default().push(pin);
    }
    let mut groups: Vec<Vec<Pin<'a>>> = by_key.into_values().collect();
    groups.sort_by_key(|pins| pins[0].key());
    for group in groups {
        for together in by_place(&group) {
            let Some(trusted) = trusted(cx, &together) else { continue };
            contradict(cx, &together, &trusted, report);
        }
    }
}

/// Hashes of one artifact from one place. What names no place comes from the configured one: with a single other, that is
/// taken for the same.
fn by_place<'a>(pins: &[Pin<'a>]) -> Vec<Vec<Pin<'a>>> {
    let mut places: Vec<Option<&str>> =
        pins.iter().map(|pin| Provenance::of(&pin.slot.package.origin).place).collect();
    places.sort_unstable();
    places.dedup();
    if places.iter().flatten().count() < 2 {
        return vec![pins.to_vec()];
    }
    let of = |place: &Option<&str>| {
        pins.iter().filter(|pin| pin.slot.package.origin.place() == *place).copied().collect()
    };
    places.iter().map(of).collect()
}

/// What the base side has too; else what most entries say; else what the first one says.
fn trusted<'a>(cx: &Context<'a>, pins: &[Pin<'a>]) -> Option<Pin<'a>> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    pins.iter().for_each(|pin| *counts.entry(pin.digest.value).or_default() += 1);
    let on_base = |pin: &Pin<'a>| {
        let Slot { lockfile, package } = pin.slot;
        let fold = cx.base.as_ref().map(|base| base.fold(lockfile.ecosystem()));
        let kept = fold.and_then(|fold| fold.release(&Release::of(lockfile, package)));
        kept.is_some_and(|kept| kept.has(pin))
    };
    // Of equals, the first: `max_by_key` would take the last.
    pins.iter().rev().max_by_key(|pin| (on_base(pin), counts[pin.digest.value])).copied()
}

/// Entries may list several hashes: one that is the trusted entry's as well is enough.
fn contradict<'a>(cx: &Context<'a>, pins: &[Pin<'a>], trusted: &Pin<'a>, report: &mut Report<'a>) {
    let address = |pin: &Pin<'a>| std::ptr::from_ref(pin.slot.package).addr();
    let entry = address(trusted);
    let known: HashSet<_> =
        pins.iter().filter(|pin| address(pin) == entry).filter_map(|pin| pin.digest.hash()).collect();
    let agrees = |pin: &Pin<'a>| pin.digest.hash().is_some_and(|hash| known.contains(&hash));
    let agreeing: HashSet<usize> = pins.iter().filter(|pin| agrees(pin)).map(address).collect();
    let mut told = HashSet::new();
    for pin in pins.iter().filter(|pin| !agreeing.contains(&address(pin))) {
        if told.insert(address(pin)) {
            tell(cx, pin, trusted, report);
        }
    }
}

fn tell<'a>(cx: &Context<'a>, pin: &Pin<'a>, trusted: &Pin<'a>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = pin.slot;
    let (here, there) = (&lockfile.source.path, &trusted.slot.lockfile.source.path);
    let whose = if here == there { "another entry here".to_owned() } else { there.clone() };
    report
        .package(
            lockfile,
            package,
            Field::Integrity,
            &Text::plain(pin.digest.raw),
            format!("{} has one hash here and another in {whose}.", package.label()),
        )
        .label(format!("not what {whose} pins"))
        .related(trusted.slot.lockfile.source, trusted.digest.raw, "the other hash")
        .help(
            Help::from("Find out which one is the registry's: install that version in an empty folder, and look at its lockfile.")
                .and(cx.restore(lockfile)),
        );
}

/// Compares an entry with what the history has under the same key.
fn remember<'a>(cx: &Context<'a>, history: Option<&Witnesses>, pin: &Pin<'a>, report: &mut Report<'a>) {
    let witnesses: Vec<&Witness> = history.into_iter().flat_map(|history| history.of(pin)).collect();
    let own: Vec<_> = pin.artifact.digests.iter().filter_map(|it| it.hash()).map(|(_, hash)| hash).collect();
    let (Some(oldest), Some(other)) =
        (witnesses.first(), witnesses.iter().find(|witness| !own.contains(&witness.hash)))
    else {
        return;
    };
    let Slot { lockfile, package } = pin.slot;
    let returned = own.contains(&oldest.hash);
    let text = match returned {
        true => format!("{} had another hash for a time.", package.label()),
        false => format!("{} once had another hash.", package.label()),
    };
    report
        .package(lockfile, package, Field::Integrity, &Text::plain(pin.digest.raw), text)
        .level(if returned { Level::Warning } else { Level::Error })
        .label(format!("{} in {}, line {} of {}", other.raw, other.commit, other.line, other.path))
        .help(cx.show(&other.commit).and(cx.restore(lockfile)));
}

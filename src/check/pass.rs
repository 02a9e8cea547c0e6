//! One pass over one lockfile: what all rules say of it, and what was counted on the way.

use std::collections::BTreeMap;

use crate::check::excuse::Fates;
use crate::findings::report;
use crate::findings::report::{Found, Report};
use crate::model::Lockfile;
use crate::model::release::{Kept, Release, Slot, pins};
use crate::rules::{Check, Rule};
use crate::world::{Context, Pair};

/// What a pass has to tell.
#[derive(Default)]
pub struct Pass<'a> {
    pub found: Vec<Found<'a>>,
    pub tally: Tally,
}

/// What was checked of a lockfile.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Entries that have a hash.
    pub hashed: usize,
    /// Entries that need none, by reason.
    pub unhashable: BTreeMap<&'static str, usize>,
    /// Entries whose release the base side has too, with a hash that can be compared.
    pub compared: usize,
    /// Entries whose release the base side has too, but only with hashes of other kinds.
    pub not_comparable: usize,
}

/// The two sides of what is passed over.
#[derive(Clone, Copy)]
pub enum Sides<'a> {
    /// There is nothing to compare with.
    One(&'a Lockfile<'a>),
    /// Both sides hold the same.
    Same(&'a Lockfile<'a>),
    Changed(Pair<'a>),
}

/// Runs the rules. Those that look at single entries are called entry by entry, with the release of each looked up once.
pub fn run<'a>(cx: &Context<'a>, rules: &[&'static Rule], sides: Sides<'a>) -> Pass<'a> {
    let (head, pair) = match sides {
        Sides::One(lockfile) | Sides::Same(lockfile) => (Some(lockfile), None),
        Sides::Changed(pair) => (pair.head, Some(pair)),
    };
    let Some(family) = pair.and_then(|pair| pair.base).or(head).map(|lockfile| lockfile.format.family) else {
        return Pass::default();
    };
    let of_family = rules.iter().filter(|rule| rule.families.contains(&family));
    let mut checks: Vec<(&Check, Report<'a>)> =
        of_family.flat_map(|rule| rule.checks.iter().map(|check| (check, report(cx, rule)))).collect();
    for (check, report) in &mut checks {
        match (check, head, &pair) {
            (Check::Lockfile(check), Some(lockfile), _) => check(cx, lockfile, report),
            (Check::Change(check), _, Some(pair)) => check(cx, pair, report),
            _ => {}
        }
    }
    let mut tally = Tally::default();
    for slot in head.into_iter().flat_map(Lockfile::slots) {
        let kept = pair.and_then(|_| kept(cx, slot));
        for (check, report) in &mut checks {
            match check {
                Check::Package(check) => check(cx, slot, report),
                Check::Entry(check) if pair.is_some() => check(cx, slot, kept, report),
                _ => {}
            }
        }
        tally.count(slot, kept, matches!(sides, Sides::Same(_)));
    }
    Pass { found: checks.into_iter().flat_map(|(_, report)| report.into_found()).collect(), tally }
}

/// Runs the rules that look at a side, or at both, as a whole.
pub fn run_whole<'a>(cx: &Context<'a>, rules: &[&'static Rule]) -> Vec<Found<'a>> {
    let mut all = Vec::new();
    for rule in rules {
        let mut report = report(cx, rule);
        for check in rule.checks {
            match check {
                Check::Repository(check) => check(cx, &mut report),
                Check::Range(check) if cx.base.is_some() => check(cx, &mut report),
                _ => {}
            }
        }
        all.extend(report.into_found());
    }
    all
}

/// Runs the rules that look at the policy, once the others have been heard.
pub fn run_policy<'a>(cx: &Context<'a>, rules: &[&'static Rule], fates: &Fates) -> Vec<Found<'a>> {
    let mut all = Vec::new();
    for rule in rules {
        let mut report = report(cx, rule);
        for check in rule.checks {
            if let Check::Policy(check) = check {
                check(cx, fates, &mut report);
            }
        }
        all.extend(report.into_found());
    }
    all
}

/// With room for what is told one by one.
fn report<'a>(cx: &Context<'a>, rule: &'static Rule) -> Report<'a> {
    let room = report::room(cx.policy, rule, cx.head.lockfiles.len());
    Report::new(rule, room, cx.known)
}

/// The release of an entry on the base side.
fn kept<'c, 'a>(cx: &'c Context<'a>, slot: Slot<'a>) -> Option<&'c Kept<'a>> {
    let fold = cx.base.as_ref()?.fold(slot.lockfile.ecosystem());
    fold.release(&Release::of(slot.lockfile, slot.package))
}

impl Tally {
    /// What is the same on both sides compares equal without being looked up.
    fn count<'a>(&mut self, slot: Slot<'a>, kept: Option<&Kept<'a>>, same: bool) {
        if !slot.package.is_hashed() {
            if let Some(exemption) = slot.package.exemption {
                *self.unhashable.entry(exemption.reason()).or_default() += 1;
            }
            return;
        }
        self.hashed += 1;
        let comparable = |kept: &Kept<'a>| pins(slot).any(|pin| !kept.pins(pin.key()).is_empty());
        match kept {
            _ if same => self.compared += 1,
            Some(kept) if comparable(kept) => self.compared += 1,
            Some(kept) => self.not_comparable += usize::from(kept.hashed().is_some()),
            None => {}
        }
    }
}

//! Collects what rules find and turns it into findings: one fault, one finding.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use foldhash::{HashMap, HashMapExt};
use sha2::{Digest as _, Sha256};

use crate::findings::finding::{
    Finding, Level, PackageRef, Position, Related, Span, Value, fingerprint, purl,
};
use crate::model::{Ecosystem, Lockfile, Package};
use crate::policy::Policy;
use crate::policy::exceptions::{PackageSpec, Subject};
use crate::rules::Rule;
use crate::text::escape;
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::commands::Help;

/// So many bytes of a text tell it from others. Should two begin alike for longer, their findings are numbered.
const TELLING: usize = 4096;

/// Which statement of an entry a rule judges. Rules that judge the same one are folded into one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The file as a whole.
    File,
    Entry,
    Name,
    Version,
    Source,
    Integrity,
    /// One of its dependencies.
    Dependency,
}

/// A finding in the making: borrows from the sources.
pub struct Found<'a> {
    rule: &'static Rule,
    level: Level,
    message: String,
    help: Help,
    label: String,
    source: &'a Source,
    at: Option<&'a str>,
    field: Field,
    package: Option<&'a Package<'a>>,
    ecosystem: &'static str,
    /// Makes two findings of one rule on one field different findings: the value that offends.
    value: String,
    /// `value` is all of it.
    is_whole: bool,
    /// The base side has it too.
    stood: bool,
    /// The base side may have its like, and it is new all the same.
    fresh: bool,
    /// An exception accepts it.
    accepted: bool,
    related: Vec<(&'a Source, Option<&'a str>, String)>,
    /// Others of its rule and level in its file, which are not told one by one.
    rest: Option<Box<Rest>>,
}

/// What is not told one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rest {
    /// How many there are.
    pub count: usize,
    /// Beginnings of their identities, to know them by on the other side.
    prints: Vec<u64>,
    /// How many of them nothing is known of: they are taken to be new.
    unknown: usize,
}

/// How many findings of one rule and level in one file are told one by one: a hostile file has one for every two bytes, and
/// each needs some thousand bytes until it is printed. A repository of many lockfiles has fewer of each.
const TOLD: usize = 1_000;
const TOLD_OF_ALL: usize = 10_000;
const LEAST_TOLD: usize = 100;

/// Of how many others in one file it is known what they are.
const KNOWN: usize = 200_000;

/// How many findings of one rule and level in one file are told one by one. What an exception may accept takes no other's place.
pub fn room(policy: &Policy, rule: &Rule, lockfiles: usize) -> usize {
    let accepted = policy.exceptions().iter().filter(|it| it.rule.id == rule.id).count();
    accepted + (TOLD_OF_ALL / lockfiles.max(1)).clamp(LEAST_TOLD, TOLD)
}

impl Rest {
    fn add(&mut self, found: &Found<'_>) {
        self.count += 1;
        match self.prints.len() < KNOWN {
            _ if found.stood => {}
            true => self.prints.push(print(&fingerprint(found.identity()))),
            false => self.unknown += 1,
        }
    }

    fn merge(&mut self, other: Rest) {
        self.count += other.count;
        self.prints.extend(other.prints);
        self.unknown += other.unknown;
    }

    /// Whether the other side has all of them in that file. What it has is counted down.
    pub fn is_known(&self, path: &str, left: &mut Known) -> bool {
        let mut all = self.unknown == 0;
        for print in &self.prints {
            match left.get_mut(&mark(path, *print)).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => all = false,
            }
        }
        all
    }
}

/// How often the base side has what is marked so.
pub type Known = HashMap<u64, usize>;

/// What a finding is known by on both sides: the file, and what is wrong with it. What goes from one file excuses nothing in
/// another.
fn mark(path: &str, print: u64) -> u64 {
    foldhash::fast::FixedState::default().hash_one((path, print))
}

/// The beginning of an identity.
fn print(identity: &str) -> u64 {
    u64::from_str_radix(&identity[..16], 16).unwrap_or_default()
}

impl<'a> Found<'a> {
    /// The file that it shows in.
    pub fn path(&self) -> &'a str {
        &self.source.path
    }

    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// Its level as the rule has it.
    pub fn own_level(&self) -> Level {
        self.level
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// What an exception may accept it by. Nothing when its value is too long to be compared as a whole, where it speaks of
    /// the policy itself, and where it stands for others too.
    pub fn subject_of_exception(&self) -> Option<Subject<'a>> {
        if self.rest.is_some() {
            return None;
        }
        let sha256 = self.sha256()?;
        let package = self.package.and_then(|package| {
            Some(PackageSpec {
                ecosystem: Ecosystem::ALL.into_iter().find(|it| it.id() == self.ecosystem)?,
                name: package.name.as_str().to_owned(),
                version: package.version.as_ref().map(|version| version.as_str().to_owned()),
            })
        });
        let before = self.before().map(|text| Sha256::digest(text).into());
        Some(Subject { rule: self.rule, path: self.path(), package, sha256, before })
    }

    /// What stood there on the other side, where the rule is about a change.
    fn before(&self) -> Option<&'a str> {
        let mut elsewhere = self.related.iter().filter(|(source, ..)| source.side != self.source.side);
        elsewhere.find_map(|(_, at, _)| *at).filter(|_| self.rule.is_change())
    }

    /// A note from now on: an exception for a change accepts it.
    pub fn accept(&mut self, why: &str) {
        self.level = Level::Note;
        self.accepted = true;
        self.help = why.into();
    }

    fn sha256(&self) -> Option<[u8; 32]> {
        let acceptable = self.is_whole && !self.rule.is_of_policy();
        acceptable.then(|| Sha256::digest(&self.value).into())
    }

    /// Another level than the rule's own.
    pub fn level(&mut self, level: Level) -> &mut Self {
        self.level = level;
        self
    }

    pub fn help(&mut self, help: impl Into<Help>) -> &mut Self {
        self.help = help.into();
        self
    }

    /// What stands at the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    pub fn related(&mut self, source: &'a Source, at: &'a str, label: impl Into<String>) -> &mut Self {
        self.related.push((source, Some(at), label.into()));
        self
    }

    /// A sentence more of what to do.
    pub fn help_more(&mut self, help: &str) -> &mut Self {
        self.help = std::mem::take(&mut self.help).and(help);
        self
    }

    /// What the rule objects to, where that is not the text that it points at. It tells this finding from another of
    /// the same rule on the same field, and an exception accepts the finding by it.
    pub fn value(&mut self, value: impl AsRef<str>) -> &mut Self {
        let value = value.as_ref();
        self.value = escape::head(value, TELLING).to_owned();
        self.is_whole = self.value.len() == value.len();
        self
    }

    /// The base side has it too: where only what is new counts, it does not.
    pub fn stood_before(&mut self) -> &mut Self {
        self.stood = true;
        self
    }

    /// It speaks of what this change did: it is new, even where the base side has one that looks the same.
    pub fn fresh(&mut self) -> &mut Self {
        self.fresh = true;
        self
    }

    /// No line of the head side: the file is gone.
    pub fn without_place(&mut self) -> &mut Self {
        self.at = None;
        self
    }

    /// Two findings are the same fault when they agree in this; the path is added for the fingerprint.
    fn identity(&self) -> [&str; 4] {
        let slot = self.package.map_or("", |package| package.slot.as_str());
        [self.rule.id, escape::head(slot, TELLING), self.label_key(), &self.value]
    }

    fn label_key(&self) -> &str {
        match self.field {
            Field::File => "file",
            Field::Entry => "entry",
            Field::Name => "name",
            Field::Version => "version",
            Field::Source => "source",
            Field::Integrity => "integrity",
            Field::Dependency => "dependency",
        }
    }

    /// The field of the entry that it speaks of. Entries with several artifacts have several fields of a kind, and so
    /// have those with several dependencies: then the place tells them apart.
    fn subject(&self) -> (usize, Field, usize) {
        let address = |text: &str| text.as_ptr() as usize;
        let entry = self.package.map_or(0, |package| address(package.heading()));
        let single = self.field != Field::Dependency;
        let part = if single && self.package.is_some_and(|package| package.artifacts.len() < 2) {
            0
        } else {
            self.at.map_or(0, address)
        };
        (entry, self.field, part)
    }
}

/// Where rules leave what they find. One for each rule and lockfile. Of each level it keeps only so many: those that the base
/// side does not have, and then the first; the others are counted.
pub struct Report<'a> {
    rule: &'static Rule,
    /// How many are kept of each file and level.
    room: usize,
    known: Option<&'a Known>,
    found: Vec<Found<'a>>,
    /// When it is worth to look for some that can go.
    full: usize,
    rest: BTreeMap<(&'a str, Level), Rest>,
}

impl<'a> Report<'a> {
    pub fn new(rule: &'static Rule, room: usize, known: Option<&'a Known>) -> Report<'a> {
        Report { rule, room, known, found: Vec::new(), full: 2 * room, rest: BTreeMap::new() }
    }

    /// Another rule's, of the same size.
    pub fn of_other(&self, rule: &'static Rule) -> Report<'a> {
        Report::new(rule, self.room, self.known)
    }

    /// Of each file and level the last one that is kept stands for those that are not.
    pub fn into_found(mut self) -> Vec<Found<'a>> {
        self.thin_out();
        for it in self.found.iter_mut().rev() {
            it.rest = self.rest.remove(&(it.path(), it.level)).map(Box::new);
        }
        self.found
    }

    /// What a reader has counted without keeping it, of a file of which it kept others.
    pub fn uncounted(&mut self, path: &'a str, count: usize) {
        if count > 0 {
            let rest = self.rest.entry((path, self.rule.level)).or_default();
            rest.merge(Rest { count, unknown: count, prints: Vec::new() });
        }
    }

    fn thin_out(&mut self) {
        if self.found.len() <= self.room {
            return;
        }
        let stood = |it: &Found<'_>| {
            let is_known =
                |known: &Known| known.contains_key(&mark(it.path(), print(&fingerprint(it.identity()))));
            it.stood || self.known.is_some_and(is_known)
        };
        let mut order: Vec<usize> = (0..self.found.len()).collect();
        order.sort_by_cached_key(|&at| stood(&self.found[at]));
        let mut counts: HashMap<(&str, Level), usize> = HashMap::new();
        let mut is_kept = vec![true; order.len()];
        for at in order {
            let count = counts.entry((self.found[at].path(), self.found[at].level)).or_default();
            *count += 1;
            is_kept[at] = *count <= self.room;
        }
        let mut kept = is_kept.into_iter();
        let rest = &mut self.rest;
        self.found.retain(|it| {
            let kept = kept.next().unwrap_or(true);
            if !kept {
                rest.entry((it.path(), it.level)).or_default().add(it);
            }
            kept
        });
        self.full = 2 * self.found.len().max(self.room);
    }

    /// A fault of the file: `at` is where it shows.
    pub fn file(
        &mut self,
        lockfile: &'a Lockfile<'a>,
        at: &'a str,
        message: impl Into<String>,
    ) -> &mut Found<'a> {
        self.push(lockfile.source, Field::File, at, message.into())
    }

    /// A fault that shows in another file than a lockfile: a manifest, client configuration, the policy.
    pub fn source(&mut self, source: &'a Source, at: &'a str, message: impl Into<String>) -> &mut Found<'a> {
        self.push(source, Field::File, at, message.into())
    }

    /// A fault of an entry: `at` is the text that offends, on the changed line.
    pub fn package(
        &mut self,
        lockfile: &'a Lockfile<'a>,
        package: &'a Package<'a>,
        field: Field,
        at: &Text<'a>,
        message: impl Into<String>,
    ) -> &mut Found<'a> {
        let raw = if at.raw.is_empty() { around(lockfile.source, at.raw, package) } else { at.raw };
        let found = self.push(lockfile.source, field, raw, message.into());
        found.package = Some(package);
        found.ecosystem = lockfile.ecosystem().id();
        found
    }

    /// Takes over what another rule found, as this rule's.
    pub fn adopt(&mut self, other: Report<'a>, prefix: &str) {
        if self.found.len() >= self.full {
            self.thin_out();
        }
        for mut found in other.found {
            found.rule = self.rule;
            found.message.insert_str(0, prefix);
            self.found.push(found);
        }
        for (place, rest) in other.rest {
            self.rest.entry(place).or_default().merge(rest);
        }
    }

    fn push(&mut self, source: &'a Source, field: Field, at: &'a str, message: String) -> &mut Found<'a> {
        if self.found.len() >= self.full {
            self.thin_out();
        }
        let value = escape::head(at, TELLING);
        self.found.push(Found {
            rule: self.rule,
            level: self.rule.level,
            message,
            help: Help::default(),
            label: String::new(),
            source,
            at: Some(at),
            field,
            package: None,
            ecosystem: "",
            value: value.to_owned(),
            is_whole: value.len() == at.len(),
            stood: false,
            fresh: false,
            accepted: false,
            related: Vec::new(),
            rest: None,
        });
        self.found.last_mut().expect("just pushed")
    }
}

/// Folds what several rules found about one field into one finding: the gravest, and of several equally grave ones the
/// first in the order of the rules. The others are named in `also`.
///
/// The order alone would let a note of an early rule hide an error of a later one.
pub fn fold(mut found: Vec<Found<'_>>, policy: &Policy) -> Vec<Finding> {
    // First of all: a rule that the policy makes a note must not lead one that it can't.
    found.retain_mut(|it| match policy.level(it.rule.id, it.path()) {
        Some(None) => false,
        _ if it.accepted => true,
        decided => {
            it.level = decided.flatten().unwrap_or(it.level);
            true
        }
    });
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(found[at].level), found[at].rule.rank()));
    let mut leaders: HashMap<_, usize> = HashMap::new();
    let mut findings: Vec<Option<Finding>> = (0..found.len()).map(|_| None).collect();
    for at in order {
        let it = &found[at];
        // Accepted for itself alone: it neither leads what is not, nor hides in it.
        if it.accepted {
            findings[at] = Some(finish(it));
            continue;
        }
        let key = (it.source.path.as_str(), it.subject());
        // Faults of a file as a whole are told apart by their place; they never merge. Nor does what stands for others.
        let is_single = it.field == Field::File || it.rest.is_some();
        let leader = if is_single { None } else { leaders.get(&key).copied() };
        match leader.and_then(|leader| findings[leader].as_mut()) {
            Some(leader) if leader.rule == it.rule.id => findings[at] = Some(finish(it)),
            Some(leader) => {
                if !leader.also.contains(&it.rule.id) {
                    leader.also.push(it.rule.id);
                }
                leader.values.extend(value(it));
            }
            None => {
                leaders.insert(key, at);
                findings[at] = Some(finish(it));
            }
        }
    }
    let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();
    findings.sort_by(|a, b| place_of(a).cmp(&place_of(b)));
    findings
}

/// Marks of what a side has, for telling what is new from what was there. A file may be called something else on the other
/// side.
pub fn marks<'f>(found: &'f [Found<'_>], called: impl Fn(&'f str) -> &'f str) -> impl Iterator<Item = u64> {
    found.iter().flat_map(move |it| {
        let path = called(it.path());
        let rest = it.rest.iter().flat_map(|rest| rest.prints.iter().copied());
        let own = print(&fingerprint(it.identity()));
        std::iter::once(own).chain(rest).map(move |print| mark(path, print))
    })
}

impl Finding {
    /// Takes the help that fits: a fault that was there before is not undone with the change.
    pub fn settle_help(&mut self, is_old: bool) {
        if let Some(old) = self.help_if_old.take().filter(|_| is_old) {
            self.help = old;
        }
    }

    /// What it is known by on both sides.
    pub fn mark(&self) -> u64 {
        mark(&self.path, print(&self.fingerprint))
    }
}

fn finish(found: &Found<'_>) -> Finding {
    let package = found.package.filter(|package| !package.name.as_str().is_empty()).map(|package| {
        let name = escape::cut(package.name.as_str());
        let version = package.version.as_ref().map(|version| escape::cut(version.as_str()));
        PackageRef {
            ecosystem: found.ecosystem,
            purl: purl(found.ecosystem, &name, version.as_deref()),
            name: name.into_owned(),
            version: version.map(Cow::into_owned),
        }
    });
    let related = found.related.iter().map(|(source, at, label)| Related {
        at: escape::message(&source.side.spell(&source.path)),
        path: source.path.clone(),
        span: at.and_then(|at| span(source, at)),
        message: escape::message(label),
        side: source.side.clone(),
    });
    Finding {
        rule: found.rule.id,
        level: found.level,
        message: escape::message(&found.message),
        help: escape::message(&found.help.text(false)),
        help_if_old: found.help.depends().then(|| escape::message(&found.help.text(true))),
        path: found.source.path.clone(),
        span: found.at.and_then(|at| span(found.source, at)),
        package,
        related: related.collect(),
        also: Vec::new(),
        values: value(found).into_iter().collect(),
        preexisting: false,
        fingerprint: fingerprint(found.identity()),
        label: escape::message(&found.label),
        side: found.source.side.clone(),
        tamper: found.rule.tamper,
        stood: found.stood,
        rest: found.rest.clone(),
        fresh: found.fresh,
        accepted: found.accepted,
    }
}

fn value(found: &Found<'_>) -> Option<Value> {
    let sha256 = data_encoding::HEXLOWER.encode(&found.sha256()?);
    let before = found.before();
    Some(Value {
        rule: found.rule.id,
        value: escape::message(&found.value),
        sha256,
        before: before.map(|text| escape::message(escape::head(text, TELLING))),
        before_sha256: before.map(|text| data_encoding::HEXLOWER.encode(&Sha256::digest(text))),
    })
}

/// Nothing can be pointed at, but the line that it stands on can; the entry's heading where it stands nowhere.
fn around<'a>(source: &'a Source, nothing: &'a str, package: &Package<'a>) -> &'a str {
    let at = source.span(nothing).filter(|at| (1..source.raw().len()).contains(&at.start));
    let line = at.map(|at| source.raw()[source.line_range(source.line_index(at.start))].trim());
    line.unwrap_or(package.heading())
}

/// One line of a source: a slice that runs over several is cut at its first line break.
fn span(source: &Source, at: &str) -> Option<Span> {
    let range = source.span(at)?;
    let first = at.find(['\n', '\r']).map_or(range.end, |length| range.start + length);
    let position = |offset| {
        let place = source.place(offset);
        Position { line: place.line, column: place.column, offset: place.offset }
    };
    Some(Span { start: position(range.start), end: position(first) })
}

/// Equal fingerprints are numbered, in the order of the file.
fn number_twins(findings: &mut [Finding]) {
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    for finding in findings {
        let count = seen.entry((finding.path.clone(), finding.fingerprint.clone())).or_default();
        if *count > 0 {
            finding.fingerprint = fingerprint([finding.fingerprint.as_str(), &count.to_string()]);
        }
        *count += 1;
    }
}

fn place_of(finding: &Finding) -> (&str, usize, &str) {
    (&finding.path, finding.span.map_or(0, |span| span.start.offset), finding.rule)
}

/// Says of findings that stand for others how many those are.
pub fn tell_rest(findings: &mut [Finding]) {
    for finding in findings {
        if let Some(rest) = &finding.rest {
            finding.message.push_str(&format!(" And {} more like it.", rest.count));
        }
    }
}

/// Errors of tamper rules first, then by level, then by place.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |it: &Finding| {
            (std::cmp::Reverse(it.tamper && it.level == Level::Error), std::cmp::Reverse(it.level))
        };
        key(a).cmp(&key(b)).then_with(|| place_of(a).cmp(&place_of(b)))
    });
}

/// Puts the path into the fingerprints, once nothing needs to be compared without it any more.
pub fn seal(findings: &mut [Finding]) {
    number_twins(findings);
    for finding in findings {
        finding.fingerprint = fingerprint([finding.path.as_str(), &finding.fingerprint]);
    }
}

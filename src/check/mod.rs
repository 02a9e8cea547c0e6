//! The check itself: parse, fold, run the rules, fold what they found. No I/O.

pub mod excuse;
mod gaps;
pub mod pass;
pub mod placement;
pub mod shard;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;
use serde::Serialize;

use crate::agents::llmring;
use crate::check::excuse::{Accepted, Fates, Unstaged};
use crate::check::pass::{Pass, Sides, Tally};
use crate::check::shard::Share;
use crate::ecosystems::formats;
use crate::ecosystems::formats::Format;
use crate::ecosystems::{staleness, unread};
use crate::findings::facts::{Counted, Facts, OfLockfile};
use crate::findings::finding::{Finding, Level};
use crate::findings::report;
use crate::findings::report::Known;
use crate::model::Lockfile;
use crate::policy::Policy;
use crate::read::options::{Bytes, FailOn, Options, Scope};
use crate::read::{File, Sources};
use crate::rules::{self, Rule};
use crate::text::calendar::Date;
use crate::text::source::{Side, Source};
use crate::world::{Context, Pair, Tier, Unread, World};

pub use gaps::Unsupported;

/// What a check says.
pub struct Outcome {
    /// Ranked: tamper first.
    pub findings: Vec<Finding>,
    pub coverage: Coverage,
    /// Exceptions of the head side's policy that accept nothing any more, by their position in it.
    pub spent: Vec<usize>,
}

/// What was checked, and what was not.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Coverage {
    pub lockfiles: Vec<Covered>,
    /// Lockfiles that were not read, because nothing in the change can touch them.
    pub not_read: Vec<String>,
    /// Lockfiles of kinds that can't be read: nothing in them was checked.
    pub unsupported: Vec<Unsupported>,
    /// How many lockfiles the policy excludes.
    pub excluded: usize,
    /// Which share of the paths this is; absent where it is all of them.
    pub shard: Option<Share>,
    /// What of the head's history was read, when that was asked for.
    pub history: Option<Past>,
    /// What the policy's exceptions accept: found, and at most a note.
    pub accepted: Vec<Accepted>,
    /// A policy in the worktree that is not staged, where it would accept something; only the staged one counts.
    pub unstaged: Option<Unstaged>,
    /// What was read and could not be judged, for want of something to judge it with.
    pub unchecked: Vec<String>,
    /// What could not be read. The check is incomplete when this is not empty.
    pub problems: Vec<String>,
    /// Which artifacts were looked for.
    pub bytes: Bytes,
    /// Which findings count: all, or those that the base side does not have. Only then it is known which it has.
    pub scope: Scope,
    /// The rules that ran.
    pub rules: Vec<&'static str>,
}

/// What was read of a history.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Past {
    /// Different versions of lockfiles.
    pub versions: usize,
    /// How many of those can't be read, so that they are no witnesses.
    pub unreadable: usize,
}

/// What was checked of one lockfile.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Covered {
    pub path: String,
    pub format: &'static str,
    pub state: State,
    /// Where it stood on the base side, when it was moved.
    pub moved_from: Option<String>,
    /// The base side has it too, but it can't be read there: nothing could be compared with it.
    pub base_unreadable: bool,
    pub packages: usize,
    /// Entries that have a hash.
    pub hashed: usize,
    /// Entries that need none, by reason.
    pub unhashable: BTreeMap<&'static str, usize>,
    /// Entries whose release the base side has too, with a hash that can be compared.
    pub compared: usize,
    /// Entries whose release the base side has too, but only with hashes of other kinds.
    pub not_comparable: usize,
    /// What came of comparing with artifacts; absent when it was not asked for.
    pub bytes: Option<Counted>,
    /// Manifests that were not held against it: what they ask for is only known once something is run.
    pub undecided_manifests: usize,
}

/// How a lockfile stands to the base side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum State {
    Unchanged,
    Changed,
    Added,
    Removed,
    /// There is no base side.
    Alone,
    /// It can't be read, so nothing in it was checked.
    Unreadable,
}

impl Outcome {
    /// The gravest finding that counts.
    pub fn worst(&self) -> Option<Level> {
        let counted = self.findings.iter().filter(|finding| !finding.preexisting && !finding.accepted);
        counted.map(|finding| finding.level).max()
    }

    /// Whether something was found that fails the run.
    pub fn fails(&self, fail_on: FailOn) -> bool {
        fail_on.is_some_and(|level| self.worst().is_some_and(|worst| worst >= level))
    }

    pub fn is_complete(&self) -> bool {
        self.coverage.problems.is_empty()
    }
}

/// Runs every rule over everything that was read. Nothing is compared with bytes.
pub fn lint(sources: &Sources, options: &Options) -> Outcome {
    lint_parsed(sources, options, &Parsed::all(sources))
}

/// The same over lockfiles that are parsed already.
pub fn lint_parsed(sources: &Sources, options: &Options, parsed: &(Vec<Parsed<'_>>, Vec<String>)) -> Outcome {
    lint_with(sources, options, parsed, &Facts::none())
}

/// The same over what is known of the bytes as well: [`crate::bytes::verify`] finds it out, the check itself does no
/// I/O.
pub fn lint_with(
    sources: &Sources,
    options: &Options,
    (parsed, problems): &(Vec<Parsed<'_>>, Vec<String>),
    facts: &Facts,
) -> Outcome {
    let rules = chosen(options, &sources.policy);
    let mut problems = problems.clone();
    let merged = parse_merged(sources, &mut problems);
    let has_base = sources.base.is_some();
    problems.extend(facts.problems.iter().cloned());
    let tiers: Vec<Tier<'_>> = sources.tiers.iter().map(Tier::new).collect();
    let scope = if has_base { options.scope() } else { Scope::All };
    #[expect(clippy::needless_late_init, reason = "what the context borrows is dropped after it")]
    let known;
    let cx = Context {
        tiers: &tiers,
        now: options.now,
        ..context(sources, options.today, parsed, &merged, facts)
    };
    known = (scope == Scope::New).then(|| what_stood(parsed, &cx, &rules));
    let cx = Context { known: known.as_ref(), ..cx };
    problems.extend(gaps::crowded(&cx));
    let judged = || parsed.iter().filter(|it| it.file.judged);
    let files = sources.lockfiles.iter().chain(&sources.companions);
    let files = files.map(|it| (it.path.as_str(), it.judged));
    let unread = sources.unsupported.iter().map(|it| (it.path.as_str(), it.judged));
    let unjudged: HashSet<_> = files.chain(unread).filter(|it| !it.1).map(|it| it.0).collect();
    let passes: Vec<_> = judged().collect::<Vec<_>>().into_par_iter().map(|it| it.run(&cx, &rules)).collect();
    let (mut found, mut lockfiles) = (Vec::new(), Vec::new());
    for (pass, it) in passes.into_iter().zip(judged()) {
        let Ok(Pass { found: of_file, tally }) = pass else {
            problems.push(format!("{}: a rule failed on it; please report this", it.file.path));
            continue;
        };
        found.extend(of_file);
        lockfiles.extend(it.cover(&cx, tally, facts));
    }
    match catch_unwind(AssertUnwindSafe(|| pass::run_whole(&cx, &rules))) {
        Ok(of_whole) => found.extend(of_whole.into_iter().filter(|it| !unjudged.contains(it.path()))),
        Err(_) => problems.push("a rule failed on the repository; please report this".to_owned()),
    }
    let mut excused = excuse::excuse(&cx, found);
    let is_whole = unjudged.is_empty() && sources.unread.is_empty() && sources.problems.is_empty();
    let heard = rules.iter().copied().filter(|rule| is_whole && (has_base || !rule.is_change()));
    let fates = Fates::new(&excused, heard);
    let spent = fates.spent(&cx);
    excused.found.extend(pass::run_policy(&cx, &rules, &fates));
    let mut findings = report::fold(excused.found, &sources.policy);
    match &known {
        Some(known) => mark_preexisting(&mut findings, parsed, known.clone(), &rules),
        None => advise(&mut findings, parsed, &cx, &rules),
    }
    let unchecked = judged()
        .filter(|it| options.shard.is_none_or(|shard| shard.has(&it.file.path)))
        .filter_map(|it| llmring::unchecked(it.head.as_ref()?, &cx.head.models))
        .chain(gaps::not_understood(&cx))
        .collect();
    let unsupported = gaps::unsupported(sources, &cx);
    // What was folded for the rules is a good part of what a run needs: comparing lines takes its place.
    drop(cx);
    report::tell_rest(&mut findings);
    placement::anchor(&mut findings, &sources.lockfiles);
    report::seal(&mut findings);
    report::rank(&mut findings);
    let mut all = sources.problems.clone();
    all.append(&mut problems);
    if options.require_coverage {
        let missing =
            unsupported.iter().filter(|it| !it.accepted).map(|it| unread::problem(it.kind, &it.path));
        let missing: Vec<_> = missing.filter(|it| !all.contains(it)).collect();
        all.extend(missing);
    }
    let coverage = Coverage {
        lockfiles,
        not_read: sources.unread.clone(),
        unsupported,
        excluded: sources.excluded,
        shard: None,
        history: sources.history.as_ref().map(|it| Past { versions: it.versions, unreadable: it.unreadable }),
        accepted: excused.accepted,
        unstaged: excused.unstaged,
        unchecked,
        problems: all,
        bytes: facts.looked,
        scope,
        rules: rules.iter().map(|rule| rule.id).collect(),
    };
    let outcome = Outcome { findings, coverage, spent };
    match options.shard {
        Some(shard) => outcome.share(shard),
        None => outcome,
    }
}

/// What the rules may see.
fn context<'a>(
    sources: &'a Sources,
    today: Option<Date>,
    parsed: &'a [Parsed<'a>],
    merged: &'a [Lockfile<'a>],
    facts: &'a Facts,
) -> Context<'a> {
    let companions = |side: for<'f> fn(&'f File) -> Option<&'f Source>| {
        sources.companions.iter().filter_map(side).collect()
    };
    let models =
        |side: for<'f> fn(&'f File) -> Option<&'f Source>| sources.models.iter().filter_map(side).collect();
    let head = || {
        let lockfiles = parsed.iter().filter_map(|it| it.head.as_ref()).collect();
        World::new(lockfiles, companions(|file| file.head.as_ref()), &sources.head_paths)
            .ignoring(&sources.ignored)
            .with_unread(sources.unsupported.iter().filter_map(Unread::of_head).collect())
            .with_models(models(|file| file.head.as_ref()))
    };
    let base = || {
        let lockfiles = parsed.iter().filter_map(Parsed::base).collect();
        World::new(lockfiles, companions(File::base_source), &sources.base_paths)
            .with_unread(sources.unsupported.iter().filter_map(Unread::of_base).collect())
            .with_models(models(File::base_source))
    };
    let of_merge = |merged: &'a [Lockfile<'a>]| Context {
        base: Some(World::new(merged.iter().collect(), Vec::new(), &[])),
        merge: None,
        history: None,
        base_name: "MERGE_HEAD",
        stand: &sources.stand,
        now: None,
        moved: foldhash::HashMap::default(),
        known: None,
        tiers: &[],
        policy: &sources.policy,
        policies: &sources.policies,
        today,
        facts,
        head: head(),
    };
    Context {
        base: sources.base.is_some().then(base),
        merge: (!merged.is_empty()).then(|| Box::new(of_merge(merged))),
        history: sources.history.as_ref(),
        base_name: match &sources.base {
            Some(Side::Revision(name)) => name,
            _ => "HEAD",
        },
        stand: &sources.stand,
        now: None,
        moved: parsed.iter().filter_map(|it| Some((it.file.path.as_str(), it.moved_from?))).collect(),
        known: None,
        tiers: &[],
        policy: &sources.policy,
        policies: &sources.policies,
        today,
        facts,
        head: head(),
    }
}

/// The lockfiles of the other sides of a merge.
fn parse_merged<'a>(sources: &'a Sources, problems: &mut Vec<String>) -> Vec<Lockfile<'a>> {
    let read = |source: &'a Source| {
        let format = formats::of_path(source.path.as_bytes());
        parse_side(format, Some(source))
            .map_err(|()| format!("{}: its reader failed; please report this", source.path))
    };
    let read: Vec<_> = sources.merged.par_iter().map(read).collect();
    read.into_iter().filter_map(|it| it.map_err(|problem| problems.push(problem)).ok().flatten()).collect()
}

/// The rules that the options leave, in their order.
fn chosen(options: &Options, policy: &Policy) -> Vec<&'static Rule> {
    let is_on = |rule: &&&Rule| {
        let named = options.select.iter().any(|id| id == rule.id);
        let selected = named || options.select.is_empty() && (policy.mentions(rule.id) || !rule.is_opt_in());
        selected && !options.ignore.iter().any(|id| id == rule.id) && !policy.is_off(rule.id)
    };
    rules::ALL.iter().filter(is_on).copied().collect()
}

/// A file, read on both sides.
pub struct Parsed<'a> {
    pub file: &'a File,
    pub head: Option<Lockfile<'a>>,
    /// Only when it differs from the head.
    pub before: Option<Lockfile<'a>>,
    /// What stands here now was there before: then `before` came from there.
    pub moved_from: Option<&'a str>,
}

/// Parses both sides in parallel. A reader that panics is a bug; it costs one file, and the run says so.
fn parse(sources: &Sources) -> (Vec<Parsed<'_>>, Vec<String>) {
    let parsed: Vec<_> = sources
        .lockfiles
        .par_iter()
        .map(|file| {
            let (head, before) = rayon::join(
                || parse_side(file.format, file.head.as_ref()),
                || parse_side(file.format, file.base.as_ref()),
            );
            let failed = head.is_err() || before.is_err();
            let problem = failed.then(|| format!("{}: its reader failed; please report this", file.path));
            let (head, before) = (head.unwrap_or(None), before.unwrap_or(None));
            (Parsed { file, head, before, moved_from: None }, problem)
        })
        .collect();
    let (parsed, problems): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
    (parsed, problems.into_iter().flatten().collect())
}

/// Pairs what was removed with what was added. A file with the same text has moved; so has the only one of its format
/// that went, when most of it came back.
fn follow_moves(parsed: &mut [Parsed<'_>], head_paths: &[String]) {
    let left = |at: usize| parsed[at].is_removed() && !parsed[at].left_its_manifest(head_paths);
    let removed: Vec<usize> = (0..parsed.len()).filter(|&at| left(at)).collect();
    let added: Vec<usize> = (0..parsed.len()).filter(|&at| parsed[at].is_added()).collect();
    let mut texts: HashMap<&str, usize> = HashMap::new();
    for &at in removed.iter().rev() {
        texts.extend(parsed[at].before.as_ref().map(|lockfile| (lockfile.source.raw(), at)));
    }
    for &to in &added {
        let same = parsed[to].head.as_ref().and_then(|lockfile| texts.remove(lockfile.source.raw()));
        let from = same.or_else(|| only_candidate(parsed, &removed, &added, to));
        if let Some(from) = from.filter(|&from| parsed[from].is_removed()) {
            parsed[to].moved_from = Some(parsed[from].file.path.as_str());
            parsed[to].before = parsed[from].before.take();
        }
    }
}

fn only_candidate(parsed: &[Parsed<'_>], removed: &[usize], added: &[usize], to: usize) -> Option<usize> {
    let format = parsed[to].file.format?.id;
    let of_format = |list: &[usize]| -> Vec<usize> {
        list.iter()
            .copied()
            .filter(|&at| parsed[at].file.format.is_some_and(|it| it.id == format))
            .take(2)
            .collect()
    };
    let (removed, added) = (of_format(removed), of_format(added));
    let (&[from], &[_]) = (removed.as_slice(), added.as_slice()) else { return None };
    let releases = |lockfile: &Lockfile<'_>| -> HashSet<String> {
        lockfile.packages.iter().map(|it| it.label()).collect()
    };
    let (before, now) = (releases(parsed[from].before.as_ref()?), releases(parsed[to].head.as_ref()?));
    let kept = now.iter().filter(|label| before.contains(*label)).count();
    (kept * 2 >= before.len()).then_some(from)
}

fn parse_side<'a>(
    format: Option<&'static Format>,
    source: Option<&'a Source>,
) -> Result<Option<Lockfile<'a>>, ()> {
    let (Some(format), Some(source)) = (format, source) else { return Ok(None) };
    catch_unwind(AssertUnwindSafe(|| format.read(source))).map(Some).map_err(drop)
}

impl<'a> Parsed<'a> {
    /// Every lockfile, with the moved ones paired; and what went wrong with single ones.
    pub fn all(sources: &'a Sources) -> (Vec<Parsed<'a>>, Vec<String>) {
        let (mut parsed, problems) = parse(sources);
        follow_moves(&mut parsed, &sources.head_paths);
        (parsed, problems)
    }

    /// What the head side has of the files that are judged.
    pub fn judged(parsed: &'a [Parsed<'a>]) -> Vec<&'a Lockfile<'a>> {
        parsed.iter().filter(|it| it.file.judged).filter_map(|it| it.head.as_ref()).collect()
    }

    /// What is compared with bytes: of a shard its own, and everything where it has to say which exceptions are of no use.
    pub fn to_verify(
        parsed: &'a [Parsed<'a>],
        sources: &Sources,
        options: &Options,
    ) -> Vec<&'a Lockfile<'a>> {
        let mut lockfiles = Parsed::judged(parsed);
        let policies = [&sources.policies.head, &sources.policies.base].into_iter().flatten();
        let has_exceptions = !sources.policy.exceptions().is_empty();
        if let Some(shard) = options.shard
            && !(has_exceptions && policies.map(|it| &it.source.path).any(|path| shard.has(path)))
        {
            lockfiles.retain(|lockfile| shard.has(&lockfile.source.path));
        }
        lockfiles
    }

    pub fn base(&'a self) -> Option<&'a Lockfile<'a>> {
        if self.file.same { self.head.as_ref() } else { self.before.as_ref() }
    }

    fn is_removed(&self) -> bool {
        self.head.is_none() && self.file.head.is_none() && self.before.is_some()
    }

    /// A lockfile moves with its project: one whose manifest stays has been taken away.
    fn left_its_manifest(&self, head_paths: &[String]) -> bool {
        self.file.format.is_some_and(|format| format.manifest_beside(&self.file.path, head_paths).is_some())
    }

    /// It was edited, and nobody can tell what was: then what is wrong with it is not what was wrong before.
    fn is_obscured(&self) -> bool {
        let unreadable = self.head.as_ref().filter(|head| !head.is_readable());
        let moved = |head: &Lockfile<'_>, before: &Lockfile<'_>| {
            self.moved_from.is_some() && head.source.is_same(before.source)
        };
        unreadable.is_some_and(|head| {
            !self.file.same && self.before.as_ref().is_some_and(|before| !moved(head, before))
        })
    }

    fn is_added(&self) -> bool {
        self.head.is_some() && self.before.is_none() && !self.file.same
    }

    /// What the rules say of it. A rule that panics is a bug; it costs one file, and the run says so.
    fn run(&'a self, cx: &Context<'a>, rules: &[&'static Rule]) -> Result<Pass<'a>, ()> {
        let sides = match &self.head {
            Some(lockfile) if cx.base.is_none() => Sides::One(lockfile),
            Some(lockfile) if self.file.same => Sides::Same(lockfile),
            head => Sides::Changed(Pair { head: head.as_ref(), base: self.before.as_ref() }),
        };
        catch_unwind(AssertUnwindSafe(|| pass::run(cx, rules, sides))).map_err(drop)
    }

    fn cover(&self, cx: &Context<'_>, tally: Tally, facts: &Facts) -> Option<Covered> {
        let lockfile = self.head.as_ref().or(self.before.as_ref())?;
        let state = match (&self.head, cx.base.is_some()) {
            (None, _) => State::Removed,
            (Some(head), _) if !head.is_readable() => State::Unreadable,
            (Some(_), false) => State::Alone,
            (Some(_), true) if self.file.same => State::Unchanged,
            (Some(_), true) if self.before.is_some() => State::Changed,
            (Some(_), true) => State::Added,
        };
        Some(Covered {
            path: self.file.path.clone(),
            format: lockfile.format.id,
            state,
            moved_from: self.moved_from.map(str::to_owned),
            base_unreadable: self.before.as_ref().is_some_and(|before| !before.is_readable()),
            packages: lockfile.packages.len(),
            hashed: tally.hashed,
            unhashable: tally.unhashable,
            compared: tally.compared,
            not_comparable: tally.not_comparable,
            bytes: facts.lockfiles.get(&self.file.path).map(OfLockfile::count),
            undecided_manifests: self.head.as_ref().map_or(0, |head| staleness::undecided(&cx.head, head)),
        })
    }
}

/// The files that are the same on both sides.
fn unchanged<'a>(parsed: &'a [Parsed<'a>]) -> HashSet<&'a str> {
    parsed.iter().filter(|it| it.file.same).map(|it| it.file.path.as_str()).collect()
}

/// Finds what the base side has, by running the rules of content over what differs there.
fn what_stood<'a>(parsed: &'a [Parsed<'a>], cx: &Context<'a>, rules: &[&'static Rule]) -> Known {
    // Two faults that look the same are two: as many are known as there were.
    let mut known = Known::default();
    let same = unchanged(parsed);
    let Some(side) = &cx.base else { return known };
    let facts = cx.facts.of_base(same.iter().copied());
    let before = Context {
        base_name: cx.base_name,
        stand: cx.stand,
        now: cx.now,
        known: None,
        tiers: cx.tiers,
        policy: cx.policy,
        policies: cx.policies,
        today: cx.today,
        facts: &facts,
        head: World::new(side.lockfiles.clone(), side.companions.clone(), side.paths)
            .ignoring(cx.head.ignored)
            .with_unread(side.unread.clone())
            .with_models(side.models.sources.clone()),
        base: None,
        merge: None,
        history: cx.history,
        moved: foldhash::HashMap::default(),
    };
    let moves = parsed.iter().filter_map(|it| Some((it.moved_from?, it.file.path.as_str())));
    let moves: HashMap<&str, &str> = moves.collect();
    let mut know = |found: &[report::Found<'_>]| {
        let called = |path| moves.get(path).copied().unwrap_or(path);
        report::marks(found, called).for_each(|mark| *known.entry(mark).or_default() += 1);
    };
    for lockfile in parsed.iter().filter_map(|it| it.before.as_ref()) {
        know(&pass::run(&before, rules, Sides::One(lockfile)).found);
    }
    know(&pass::run_whole(&before, rules));
    known
}

/// Marks what the base side has too.
fn mark_preexisting(findings: &mut [Finding], parsed: &[Parsed<'_>], known: Known, rules: &[&'static Rule]) {
    let older = older(findings, parsed, known, rules);
    for (finding, is_old) in findings.iter_mut().zip(older) {
        finding.preexisting = is_old;
        finding.settle_help(is_old);
    }
}

/// Where all findings count, it matters for what is to be done about some of them only.
fn advise<'a>(findings: &mut [Finding], parsed: &'a [Parsed<'a>], cx: &Context<'a>, rules: &[&'static Rule]) {
    let depends = |id: &str| findings.iter().any(|it| it.rule == id && it.help_if_old.is_some());
    let rules: Vec<_> = rules.iter().copied().filter(|it| !it.is_change() && depends(it.id)).collect();
    if rules.is_empty() {
        return;
    }
    let older = older(findings, parsed, what_stood(parsed, cx, &rules), &rules);
    for (finding, is_old) in findings.iter_mut().zip(older) {
        finding.settle_help(is_old);
    }
}

/// Which findings the base side has too.
fn older(
    findings: &[Finding],
    parsed: &[Parsed<'_>],
    mut known: Known,
    rules: &[&'static Rule],
) -> Vec<bool> {
    let of_rule: HashMap<_, _> = rules.iter().map(|rule| (rule.id, *rule)).collect();
    let same = unchanged(parsed);
    // A file that stayed has what it had; what several files say together may change all the same.
    let stayed = |finding: &Finding| {
        let rule = of_rule.get(finding.rule).filter(|rule| !rule.is_change() && !rule.is_of_whole());
        rule.is_some() && same.contains(finding.path.as_str())
    };
    let obscured: HashSet<&str> =
        parsed.iter().filter(|it| it.is_obscured()).map(|it| &*it.file.path).collect();
    let mut older: Vec<bool> = Vec::with_capacity(findings.len());
    for finding in findings {
        if of_rule.get(finding.rule).is_none_or(|rule| rule.is_change()) {
            older.push(finding.stood);
            continue;
        }
        let left = known.get_mut(&finding.mark()).filter(|left| **left > 0);
        let is_fresh = finding.fresh || obscured.contains(finding.path.as_str());
        older.push(finding.stood || !is_fresh && (stayed(finding) || left.is_some()));
        left.into_iter().for_each(|left| *left -= 1);
    }
    // One that stands for others is as new as the newest of them.
    for (finding, is_old) in findings.iter().zip(&mut older) {
        let rest_is_known = finding.rest.as_ref().is_none_or(|rest| rest.is_known(&finding.path, &mut known));
        *is_old &= rest_is_known || stayed(finding);
    }
    older
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const SUM: &str = "a v1.0.0 h1:{A}\nb v1.0.0 h1:{A}\nc v1.0.0 h1:{A}\n";

    #[test]
    fn a_moved_lockfile_is_followed() {
        check("lockfile-removed").base("a/go.sum", SUM).head("b/go.sum", SUM).finds(&[]);
        let edited = SUM.replace("b v1.0.0", "b v1.1.0");
        check("lockfile-removed").base("a/go.sum", SUM).head("b/go.sum", &edited).finds(&[]);
        check("lockfile-removed")
            .base("a/go.sum", SUM)
            .head("b/go.sum", "x v1.0.0 h1:{A}\n")
            .finds(&["a/go.sum warning a/go.sum was removed."]);
    }

    #[test]
    fn two_rules_about_one_field_make_one_finding() {
        let lock = |url: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "{url}", "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        let base = lock("https://registry.example.com/x/-/x-1.0.0.tgz");
        let head = lock("http://evil.example.net/x/-/x-1.0.0.tgz");
        let findings =
            check("insecure-url").base("package-lock.json", &base).head("package-lock.json", &head).all();
        let found: Vec<_> = findings.iter().map(|it| (it.rule, it.also.as_slice())).collect();
        assert_eq!(found, [("registry-changed", &["unpinned-registry", "insecure-url"][..])]);
    }
}

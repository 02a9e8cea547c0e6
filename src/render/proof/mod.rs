//! The proof of a run: an in-toto statement (<https://github.com/in-toto/attestation>, Statement v1) about the lockfiles
//! that were judged, by their digests. Whoever signs it says: these bytes were checked, in this way, with this outcome.
//!
//! It names the digests of the reports that were written with it. So it is the last of a bundle, and what is beside it
//! is whole when it agrees.

mod document;

use std::collections::BTreeMap;

pub use document::Proof;
use document::{Digest, File, PolicyRef, Revision, RuleSet, Settings, Statement, Totals, Verdict};
use sha2::{Digest as _, Sha256};

use super::json::{TOOL, print};
use super::{json, markdown, sarif};
use crate::check::{Coverage, Outcome, State};
use crate::findings::facts::Counted;
use crate::findings::finding::Level;
use crate::policy::RULE_SET;
use crate::read::Sources;
use crate::read::options::{FailOn, Options};
use crate::text::source::Side;

/// What the statement says, by a name of ours.
pub const PREDICATE: &str = "https://github.com/lockproof/lockproof/proof/v1";
/// The file that comes last.
pub const SEAL: &str = "statement.intoto.json";

/// The files of a bundle, the statement last.
pub fn bundle(
    sources: &Sources,
    outcome: &Outcome,
    options: &Options,
    fail_on: FailOn,
) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("report.json", json::report(sources, outcome)),
        ("report.sarif", sarif::report(sources, outcome)),
        ("summary.md", markdown::report(sources, outcome)),
    ];
    let reports = files.iter().map(|(name, text)| File::new(name, Sha256::digest(text).into())).collect();
    let statement = Statement {
        kind: "https://in-toto.io/Statement/v1",
        subject: subjects(sources, outcome),
        predicate_type: PREDICATE,
        predicate: Proof {
            tool: TOOL,
            rules: RuleSet { version: RULE_SET, ran: &outcome.coverage.rules },
            policy: policy(sources),
            settings: settings(outcome, options, fail_on),
            head: head(sources),
            base: sources.base.as_ref().map(|side| Revision::new(side, sources.base_id.as_deref(), None)),
            coverage: totals(&outcome.coverage),
            verdict: verdict(outcome, fail_on),
            reports,
        },
    };
    files.push((SEAL, print(&statement)));
    files
}

/// Every lockfile that was judged, by the digest of what was judged of it.
fn subjects<'a>(sources: &'a Sources, outcome: &Outcome) -> Vec<File<'a>> {
    let judged = outcome.coverage.lockfiles.iter().map(|it| it.path.as_str());
    let judged: std::collections::BTreeSet<&str> = judged.collect();
    let read = sources.lockfiles.iter().filter_map(|file| file.head.as_ref());
    let read = read.filter(|source| judged.contains(source.path.as_str()));
    read.map(|source| File::new(&source.path, source.sha256())).collect()
}

fn policy(sources: &Sources) -> Option<PolicyRef<'_>> {
    let stated = sources.policies.judging()?;
    let digest = Digest::new(stated.source.sha256());
    Some(PolicyRef { path: sources.policy_path.as_deref().unwrap_or_default(), digest })
}

fn head(sources: &Sources) -> Revision<'_> {
    Revision::new(&sources.head, sources.head_id.as_deref(), sources.head_tree.as_deref())
}

fn settings<'a>(outcome: &Outcome, options: &'a Options, fail_on: FailOn) -> Settings<'a> {
    Settings {
        paths: &options.paths,
        select: &options.select,
        ignore: &options.ignore,
        levels: options.levels.iter().map(|(rule, level)| (rule.as_str(), level.as_str())).collect(),
        scope: outcome.coverage.scope,
        bytes: outcome.coverage.bytes,
        bytes_required: options.bytes_required,
        history: options.history,
        shard: options.shard.map(|shard| format!("{}/{}", shard.number(), shard.of())),
        fail_on: fail_on.map_or("never", Level::name),
    }
}

fn totals(coverage: &Coverage) -> Totals {
    let read = || coverage.lockfiles.iter().filter(|it| it.state != State::Removed);
    let mut unhashable: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (reason, number) in read().flat_map(|it| &it.unhashable) {
        *unhashable.entry(reason).or_default() += number;
    }
    let mut bytes = Counted::default();
    read().filter_map(|it| it.bytes.as_ref()).for_each(|counted| bytes.add(counted));
    Totals {
        lockfiles: read().count(),
        unreadable: read().filter(|it| it.state == State::Unreadable).count(),
        packages: read().map(|it| it.packages).sum(),
        hashed: read().map(|it| it.hashed).sum(),
        unhashable,
        compared: read().map(|it| it.compared).sum(),
        not_comparable: read().map(|it| it.not_comparable).sum(),
        bytes,
        not_read: coverage.not_read.len(),
        unsupported: coverage.unsupported.len(),
        excluded: coverage.excluded,
        unchecked: coverage.unchecked.len(),
        accepted: coverage.accepted.len(),
    }
}

fn verdict(outcome: &Outcome, fail_on: FailOn) -> Verdict {
    let of = |level| outcome.findings.iter().filter(|it| !it.preexisting && it.level == level).count();
    Verdict {
        passed: outcome.is_complete() && !outcome.fails(fail_on),
        complete: outcome.is_complete(),
        errors: of(Level::Error),
        warnings: of(Level::Warning),
        notes: of(Level::Note),
        preexisting: outcome.findings.iter().filter(|it| it.preexisting).count(),
    }
}

impl<'a> Revision<'a> {
    fn new(side: &'a Side, commit: Option<&'a str>, tree: Option<&'a str>) -> Revision<'a> {
        let name = match side {
            Side::Worktree => "worktree",
            Side::Index => "index",
            Side::Revision(name) => name,
        };
        Revision { name, commit, tree }
    }
}

//! What was found, held against the exceptions of the policy: what they accept is taken out, each rule's word for itself.
//!
//! An exception names one rule. Of several rules that object to one field, those that nothing accepts stay, and the
//! gravest of them leads the finding: accepting one thing accepts nothing else.

use std::collections::HashSet;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::findings::finding::Level;
use crate::findings::report::Found;
use crate::model::Package;
use crate::policy::exceptions::{Exception, Exceptions};
use crate::rules::Rule;
use crate::text::escape;
use crate::text::source::Source;
use crate::world::Context;

/// A finding that the policy accepts.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Accepted {
    pub rule: &'static str,
    pub level: Level,
    pub message: String,
    pub path: String,
    pub reason: String,
    /// The last day on which it is accepted.
    pub until: Option<String>,
}

/// What is left, and what is not.
pub struct Excused<'a> {
    pub found: Vec<Found<'a>>,
    pub accepted: Vec<Accepted>,
    pub unstaged: Option<Unstaged>,
    /// Exceptions that accepted something, by their position in the policy that judges.
    used: HashSet<usize>,
}

/// A policy in the worktree that says more than the staged one.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Unstaged {
    pub path: String,
    /// How many of the findings it would accept.
    pub accepts: usize,
}

/// Takes out what the policy accepts. A change that is accepted stays in sight until it has landed.
pub fn excuse<'a>(cx: &Context<'a>, found: Vec<Found<'a>>) -> Excused<'a> {
    let in_force = Exceptions::new(cx.policy.exceptions(), cx.today);
    let pending = Pending::new(cx);
    let unstaged = cx.policies.unstaged.as_ref().and_then(|it| Some((it, it.policy.as_ref().ok()?)));
    let unstaged = unstaged.map(|(it, policy)| (it, Exceptions::new(policy.exceptions(), cx.today)));
    let mut would_be = 0;
    let mut excused = Excused {
        found: Vec::with_capacity(found.len()),
        accepted: Vec::new(),
        unstaged: None,
        used: HashSet::new(),
    };
    for mut it in found {
        match accepting(&in_force, &it) {
            Some(at) => {
                let exception = &cx.policy.exceptions()[at];
                excused.used.insert(at);
                excused.accepted.push(accepted(&it, exception));
                if it.rule().is_change() {
                    it.accept(&exception.remark());
                    excused.found.push(it);
                }
            }
            None => {
                would_be +=
                    usize::from(unstaged.as_ref().is_some_and(|(_, all)| accepting(all, &it).is_some()));
                if let Some(pending) = &pending {
                    pending.remark(cx, &mut it);
                }
                excused.found.push(it);
            }
        }
    }
    excused.unstaged = unstaged
        .filter(|_| would_be > 0)
        .map(|(it, _)| Unstaged { path: it.source.path.clone(), accepts: would_be });
    excused
}

fn accepting(exceptions: &Exceptions<'_>, found: &Found<'_>) -> Option<usize> {
    if !exceptions.speak_of(found.rule()) {
        return None;
    }
    exceptions.accepting(&found.subject_of_exception()?)
}

fn accepted(found: &Found<'_>, exception: &Exception) -> Accepted {
    Accepted {
        rule: found.rule().id,
        level: found.own_level(),
        message: escape::message(found.message()),
        path: found.path().to_owned(),
        reason: escape::message(&exception.reason),
        until: exception.until.map(|until| until.to_string()),
    }
}

/// What to do about a policy that is loosened together with what it would allow.
pub const TWO_STEPS: &str = "What comes with the change itself does not count: let the change of the policy land first, then this one.";

/// The policy of the head side, where the base side's one judges: what it would change is worth a word.
struct Pending<'a> {
    source: &'a Source,
    policy: &'a crate::policy::Policy,
    exceptions: Exceptions<'a>,
}

impl<'a> Pending<'a> {
    fn new(cx: &Context<'a>) -> Option<Pending<'a>> {
        let (stated, policy) = cx.policies.pending()?;
        Some(Pending {
            source: &stated.source,
            policy,
            exceptions: Exceptions::new(policy.exceptions(), cx.today),
        })
    }

    fn remark(&self, cx: &Context<'a>, found: &mut Found<'a>) {
        let path = escape::message(&self.source.path);
        if let Some(at) = accepting(&self.exceptions, found) {
            let at = self.policy.exceptions()[at].span.clone();
            let line = self.source.text().get(at).unwrap_or_default();
            found.related(self.source, line, "accepted here, in the same change");
            found.help_more(&format!("{path} accepts it. {TWO_STEPS}"));
            return;
        }
        let level = |policy: &crate::policy::Policy| {
            policy.level(found.rule().id, found.path()).unwrap_or(Some(found.own_level()))
        };
        if level(self.policy) < level(cx.policy) {
            found.help_more(&format!("{path} sets `{}` to another level. {TWO_STEPS}", found.rule().id));
        }
    }
}

/// What became of the exceptions of the policy that judges.
pub struct Fates {
    /// Those that accepted something, by their position.
    used: HashSet<usize>,
    /// Rules that saw all there is to see. Of others nobody can say that an exception is of no use.
    heard: HashSet<&'static str>,
}

impl Fates {
    pub fn new(excused: &Excused<'_>, heard: impl Iterator<Item = &'static Rule>) -> Fates {
        Fates { used: excused.used.clone(), heard: heard.map(|rule| rule.id).collect() }
    }

    /// Whether the exception at that position had its chance and accepted nothing.
    fn is_unused(&self, position: usize, exception: &Exception) -> bool {
        self.heard.contains(exception.rule.id) && !self.used.contains(&position)
    }

    /// The exceptions of the head side's policy that accept nothing any more, by their position in it.
    pub fn spent(&self, cx: &Context<'_>) -> Vec<usize> {
        let Some((_, policy)) = cx.policies.head() else { return Vec::new() };
        let judging = Exceptions::new(cx.policy.exceptions(), cx.today);
        let settled = cx.policies.settled();
        let is_spent = |exception: &Exception| {
            let waits = exception.rule.is_change()
                && (cx.base.is_some() && !settled.contains_key(&exception.key())
                    || is_to_come(cx, exception));
            let unused = |position| self.is_unused(position, exception);
            !waits && judging.position(exception.key()).is_some_and(unused)
        };
        let all = policy.exceptions().iter().enumerate();
        all.filter(|(_, exception)| is_spent(exception)).map(|(at, _)| at).collect()
    }
}

/// Whether a change has not landed yet: what it replaces still stands there, or what it adds does not.
fn is_to_come(cx: &Context<'_>, exception: &Exception) -> bool {
    let Some(spec) = &exception.package else { return false };
    let here = cx.head.lockfiles.iter().filter(|lockfile| {
        lockfile.ecosystem() == spec.ecosystem
            && exception.path.as_ref().is_none_or(|path| *path == lockfile.source.path)
    });
    let mut entries = here.flat_map(|lockfile| &lockfile.packages).filter(|package| {
        let version = package.version.as_ref().map(|it| it.as_str());
        package.name.as_str() == spec.name && spec.version.as_deref().is_none_or(|it| version == Some(it))
    });
    match exception.before {
        Some(before) => {
            entries.any(|package| says(package).any(|text| <[u8; 32]>::from(Sha256::digest(text)) == before))
        }
        None => entries.next().is_none(),
    }
}

/// What an entry says of itself, as it stands in the file.
fn says<'p>(package: &'p Package<'_>) -> impl Iterator<Item = &'p str> {
    let source = package.source.as_ref().map(|it| it.raw);
    let hashes = package.digests().map(|it| it.raw);
    std::iter::once(package.heading()).chain(source).chain(hashes)
}

//! What was found, held against the exceptions of the policy: what they accept is taken out, each rule's word for itself.
//!
//! An exception names one rule. Of several rules that object to one field, those that nothing accepts stay, and the
//! gravest of them leads the finding: accepting one thing accepts nothing else.

use std::collections::HashSet;

use serde::Serialize;

use crate::context::Context;
use crate::escape;
use crate::finding::Level;
use crate::policy::exceptions::{Exception, Exceptions};
use crate::report::Found;
use crate::rules::Rule;
use crate::source::Source;

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
    /// Exceptions that accepted something, by their position in the policy that judges.
    used: HashSet<usize>,
}

/// Takes out what the policy accepts.
pub fn excuse<'a>(cx: &Context<'a>, found: Vec<Found<'a>>) -> Excused<'a> {
    let in_force = Exceptions::new(cx.policy.exceptions(), cx.today);
    let pending = Pending::new(cx);
    let mut excused =
        Excused { found: Vec::with_capacity(found.len()), accepted: Vec::new(), used: HashSet::new() };
    for mut it in found {
        match accepting(&in_force, &it) {
            Some(at) => {
                excused.used.insert(at);
                excused.accepted.push(accepted(&it, &cx.policy.exceptions()[at]));
            }
            None => {
                if let Some(pending) = &pending {
                    pending.remark(cx, &mut it);
                }
                excused.found.push(it);
            }
        }
    }
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
pub const TWO_STEPS: &str =
    "In this same change that does not count. Two steps: first a change of the policy alone, then this one.";

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
    pub fn is_unused(&self, position: usize, exception: &Exception) -> bool {
        self.heard.contains(exception.rule.id) && !self.used.contains(&position)
    }
}

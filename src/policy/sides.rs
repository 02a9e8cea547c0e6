//! The policies of both sides: a change to the policy is itself judged.

use std::collections::HashMap;

use super::exceptions::{Exception, Key};
use super::{FILES, Policy, PolicyError};
use crate::text::calendar::Date;
use crate::text::source::Source;

/// The policy file of one side, understood or not.
#[derive(Debug)]
pub struct Stated {
    pub source: Source,
    pub policy: Result<Policy, PolicyError>,
}

/// What both sides have; nothing where a side has no policy.
#[derive(Debug, Default)]
pub struct Sides {
    pub head: Option<Stated>,
    pub base: Option<Stated>,
    /// What the worktree has, where the index has something else and judges.
    pub unstaged: Option<Stated>,
    /// The base side's policy judges: what the head's one loosens does not count.
    pub base_judges: bool,
    /// Lockfiles that the base side has and that changed, and that only the head side's policy excludes. Where that one
    /// judges, nobody looks at them.
    pub hidden: Vec<String>,
}

impl Stated {
    pub fn new(source: Source) -> Stated {
        Stated { policy: Policy::read(&source), source }
    }

    /// What stands at a range of the file.
    pub fn slice(&self, range: std::ops::Range<usize>) -> &str {
        self.source.text().get(range).unwrap_or_default()
    }
}

impl Sides {
    /// The policy of the head side, as far as it can be understood.
    pub fn head(&self) -> Option<(&Stated, &Policy)> {
        self.head.as_ref().and_then(|it| Some((it, it.policy.as_ref().ok()?)))
    }

    pub fn base(&self) -> Option<(&Stated, &Policy)> {
        self.base.as_ref().and_then(|it| Some((it, it.policy.as_ref().ok()?)))
    }

    /// The one that judges.
    pub fn judging(&self) -> Option<&Stated> {
        if self.base_judges { self.base.as_ref() } else { self.head.as_ref() }
    }

    /// The head side's policy where it does not count yet.
    pub fn pending(&self) -> Option<(&Stated, &Policy)> {
        self.head().filter(|_| self.base_judges)
    }

    /// Whether only a policy that stands on the head side, and judges, excludes a path.
    pub fn newly_excludes(&self, path: &str) -> bool {
        let judging = self
            .head()
            .filter(|(stated, _)| !self.base_judges && FILES.contains(&stated.source.path.as_str()));
        let before = || self.base().is_some_and(|(_, policy)| policy.excludes(path));
        judging.is_some_and(|(_, policy)| policy.excludes(path)) && !before()
    }

    /// The exceptions that the base side has, with their ends.
    pub fn settled(&self) -> HashMap<Key<'_>, Option<Date>> {
        let exceptions = self.base().map_or(&[][..], |(_, policy)| policy.exceptions());
        exceptions.iter().map(|it: &Exception| (it.key(), it.until)).collect()
    }
}

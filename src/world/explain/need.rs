//! Whether what a kept package newly leads to is installed anyway: by the same projects, and for the same purpose.
//!
//! Production, optional and development dependencies can be left out one by one, and projects of one lockfile installed one by
//! one. A dependency changes nothing only where none of these installations has more for it.

use foldhash::HashSet;

use crate::model::EdgeKind;
use crate::model::graph::{Graph, Node};

/// What a project asks for, by purpose.
pub(super) type Asked = Vec<(Purpose, Vec<u32>)>;

/// How many steps all walks together may take: a hostile lockfile has as many projects as packages.
const MOST_STEPS: usize = 20_000_000;

/// What may be installed for a project.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    Production,
    Optional,
    Development,
}

impl Purpose {
    pub(super) fn of(kind: EdgeKind) -> Purpose {
        match kind {
            EdgeKind::Dev => Purpose::Development,
            EdgeKind::Optional | EdgeKind::OptionalPeer => Purpose::Optional,
            EdgeKind::Normal | EdgeKind::Build | EdgeKind::Peer => Purpose::Production,
        }
    }
}

/// A dependency that is new: from where to where, and the place of its text.
pub(super) struct Step<'g> {
    pub(super) from: Node,
    pub(super) to: &'g [u32],
    pub(super) at: *const u8,
}

/// Whether a dependency leads to what is needed without any of the new ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    No,
    /// By another project, for the same purpose.
    Elsewhere,
    /// By each project that has the package.
    Everywhere,
}

/// `asks` says what a project asks for itself: the purpose of each of its dependencies.
pub(super) fn needed<'a>(graph: &Graph<'a>, steps: &[Step<'_>], asks: impl Fn(Node) -> Asked) -> Vec<Needed> {
    let new: HashSet<*const u8> = steps.iter().map(|step| step.at).collect();
    let mut walk = Paces { graph, new, seen: vec![0; graph.nodes()], stamp: 0, left: MOST_STEPS };
    let mut everywhere = vec![true; steps.len()];
    let starts: Vec<_> = graph.starts().map(|start| (start, asks(start))).collect();
    for project in &starts {
        if walk.hold(steps, std::slice::from_ref(project), &mut everywhere).is_none() {
            return vec![Needed::No; steps.len()];
        }
    }
    let mut elsewhere = vec![true; steps.len()];
    let met = walk.hold(steps, &starts, &mut elsewhere).unwrap_or_else(|| vec![false; steps.len()]);
    let verdict = |at: usize| match (met[at], everywhere[at], elsewhere[at]) {
        (true, true, _) => Needed::Everywhere,
        (true, false, true) => Needed::Elsewhere,
        _ => Needed::No,
    };
    (0..steps.len()).map(verdict).collect()
}

/// One walk after another over the same graph.
struct Paces<'g, 'a> {
    graph: &'g Graph<'a>,
    /// What is not walked.
    new: HashSet<*const u8>,
    seen: Vec<u32>,
    stamp: u32,
    left: usize,
}

impl Paces<'_, '_> {
    fn has(&self, node: Node) -> bool {
        self.seen[node] == self.stamp
    }

    fn pay(&mut self, steps: usize) -> bool {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or_default();
        left.is_some()
    }

    /// Takes back of each step whether all of some projects that have the one have the other, for each purpose; says which of
    /// them are there at all. Nothing when that takes too long.
    fn hold(
        &mut self,
        steps: &[Step<'_>],
        projects: &[(Node, Asked)],
        holds: &mut [bool],
    ) -> Option<Vec<bool>> {
        let mut met = vec![false; steps.len()];
        for purpose in [Purpose::Production, Purpose::Optional, Purpose::Development] {
            if !self.pay(steps.len()) || !self.go(projects, purpose) {
                return None;
            }
            for (at, step) in steps.iter().enumerate() {
                let all = !step.to.is_empty() && step.to.iter().all(|&to| self.has(to as Node));
                holds[at] &= all || !self.has(step.from);
                met[at] |= all;
            }
        }
        Some(met)
    }

    /// All that is installed of some projects for a purpose and those before it; false when that takes too long.
    fn go(&mut self, projects: &[(Node, Asked)], purpose: Purpose) -> bool {
        self.stamp += 1;
        let mut next: Vec<Node> = Vec::new();
        for (start, asked) in projects {
            self.seen[*start] = self.stamp;
            let wanted = asked.iter().filter(|(it, _)| *it <= purpose).flat_map(|(_, targets)| targets);
            next.extend(wanted.map(|&at| at as Node));
        }
        while let Some(node) = next.pop() {
            if std::mem::replace(&mut self.seen[node], self.stamp) == self.stamp {
                continue;
            }
            for (edge, targets) in self.graph.edges(node) {
                let counts = match edge.kind {
                    EdgeKind::Dev | EdgeKind::OptionalPeer => false,
                    EdgeKind::Optional => purpose >= Purpose::Optional,
                    _ => true,
                };
                if !self.pay(1 + targets.len()) {
                    return false;
                }
                if counts && !self.new.contains(&edge.name.raw.as_ptr()) {
                    next.extend(targets.iter().map(|&at| at as Node));
                }
            }
        }
        true
    }
}

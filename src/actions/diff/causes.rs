//! What brought a package: the dependency of the project itself that leads to it.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Cause;
use super::compare::Pair;
use crate::model::graph::{Graph, Links, Node};
use crate::model::release::Slot;
use crate::model::{Lockfile, Package};

/// For every package of one side of a lockfile, what brought it.
#[derive(Default)]
pub(super) struct Causes<'a> {
    lockfile: Option<&'a Lockfile<'a>>,
    directs: Vec<Direct<'a>>,
    /// By package: its direct dependency.
    nearest: Vec<Option<usize>>,
}

/// A package that the project itself asks for.
struct Direct<'a> {
    package: usize,
    changed: bool,
    /// Who asks; nobody in particular where several do.
    member: Option<&'a str>,
}

impl<'a> Causes<'a> {
    /// `slot` gives the side's half of a pair.
    pub(super) fn of_side(
        lockfile: &'a Option<Lockfile<'a>>,
        pairs: &[Pair<'a>],
        slot: impl Fn(&Pair<'a>) -> Option<Slot<'a>>,
    ) -> Causes<'a> {
        let Some(lockfile) = lockfile else { return Causes::default() };
        let changed: HashSet<*const Package<'_>> =
            pairs.iter().filter_map(slot).map(|slot| std::ptr::from_ref(slot.package)).collect();
        let graph = Graph::new(lockfile, &[]);
        let mut causes =
            Causes { lockfile: Some(lockfile), directs: directs(lockfile, &graph), nearest: Vec::new() };
        for direct in &mut causes.directs {
            direct.changed = changed.contains(&std::ptr::from_ref(&lockfile.packages[direct.package]));
        }
        // What changed explains more than what did not.
        causes
            .directs
            .sort_by_key(|it| (!it.changed, lockfile.packages[it.package].name.as_str(), it.package));
        causes.nearest = nearest(lockfile, &graph, &causes.directs);
        causes
    }

    /// What brought an entry of this side.
    pub(super) fn of(&self, slot: Slot<'_>) -> Option<Cause> {
        let lockfile = self.lockfile.filter(|lockfile| std::ptr::addr_eq(*lockfile, slot.lockfile))?;
        let offset = std::ptr::from_ref(slot.package).addr() - lockfile.packages.as_ptr().addr();
        let direct = &self.directs[(*self.nearest.get(offset / size_of::<Package<'_>>())?)?];
        Some(Cause {
            name: lockfile.packages[direct.package].name.as_str().to_owned(),
            changed: direct.changed,
            member: direct.member.map(str::to_owned),
        })
    }
}

/// What the project asks for, each once.
fn directs<'a>(lockfile: &'a Lockfile<'a>, graph: &Graph<'a>) -> Vec<Direct<'a>> {
    let packages = lockfile.packages.len();
    // Where the members of a workspace are entries with resolved dependencies, the mirror of their manifests says less.
    let is_asking = |node: &Node| *node < packages || lockfile.format.links != Links::Release;
    let starts: Vec<Node> =
        graph.starts().filter(is_asking).filter(|node| graph.edges(*node).next().is_some()).collect();
    let mut runs = Runs::default();
    let mut asked: HashMap<usize, Option<&'a str>> = HashMap::new();
    for &node in &starts {
        let member = Some(member(lockfile, node)).filter(|_| starts.len() > 1);
        let targets = graph.edges(node).flat_map(|(_, targets)| runs.enter(targets, node));
        for package in targets.map(|&at| at as usize) {
            let is_new = |known: &mut Option<&str>| *known = known.filter(|known| Some(*known) == member);
            asked.entry(package).and_modify(is_new).or_insert(member);
        }
    }
    asked.retain(|&package, _| !lockfile.packages[package].origin.is_local());
    let all = asked.into_iter().map(|(package, member)| Direct { package, changed: false, member });
    all.collect()
}

/// A member of the workspace as people call it: its folder, or its name where the lockfile has no folders.
fn member<'a>(lockfile: &'a Lockfile<'a>, node: Node) -> &'a str {
    match lockfile.packages.get(node) {
        Some(package) => package.name.as_str(),
        None => {
            let root = node.checked_sub(lockfile.packages.len()).and_then(|at| lockfile.roots.get(at));
            root.map(|root| root.path.as_str()).filter(|path| !path.is_empty()).unwrap_or(".")
        }
    }
}

/// For every package the direct dependency with the shortest way to it; of those that changed, if one leads there at all.
fn nearest(lockfile: &Lockfile<'_>, graph: &Graph<'_>, directs: &[Direct<'_>]) -> Vec<Option<usize>> {
    let mut nearest = vec![None; lockfile.packages.len()];
    let mut runs = Runs::default();
    for changed in [true, false] {
        let mut next = VecDeque::new();
        for (at, direct) in directs.iter().enumerate().filter(|(_, direct)| direct.changed == changed) {
            if nearest[direct.package].is_none() {
                nearest[direct.package] = Some(at);
                next.push_back(direct.package);
            }
        }
        while let Some(node) = next.pop_front() {
            for &target in graph.edges(node).flat_map(|(_, targets)| runs.enter(targets, 0)) {
                let target = target as usize;
                if nearest[target].is_none() && !lockfile.packages[target].origin.is_local() {
                    nearest[target] = nearest[node];
                    next.push_back(target);
                }
            }
        }
    }
    nearest
}

/// How far the runs of packages that a dependency may mean have been walked: many dependencies may name one long run.
/// Runs begin together or not at all.
#[derive(Default)]
struct Runs {
    walked: HashMap<(usize, Node), usize>,
}

impl Runs {
    /// What of a run was not walked before by that walker.
    fn enter<'t>(&mut self, targets: &'t [u32], walker: Node) -> &'t [u32] {
        let walked = self.walked.entry((targets.as_ptr().addr(), walker)).or_default();
        let from = (*walked).min(targets.len());
        *walked = targets.len().max(*walked);
        &targets[from..]
    }
}

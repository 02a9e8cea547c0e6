//! The graph of a lockfile: which entries a dependency leads to, by the rule of its format.
//!
//! Made once for a lockfile, in `n log n`; walking it is linear. Where a dependency names no single entry (uv's forks), it
//! leads to all that it may mean: a run of entries that stand together in an order of their own.

use std::ops::Range;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::ecosystems::formats::pnpm::key::{Style, without_peers};
use crate::model::{Edge, EdgeKind, Lockfile, Origin, Package};
use crate::text::syntax::MAX_DEPTH;

/// How a format says which entry a dependency leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Its entries have no dependencies.
    None,
    /// By where it is installed: in the own `node_modules`, or the next one above.
    InstallPath,
    /// By the key of an entry, made from name and target.
    Key,
    /// By name, and version and source where there are several.
    Release,
}

/// A package by its place in the lockfile; behind the packages come the roots, and last what the project asks of npm's
/// older half.
pub type Node = usize;

/// The dependencies of a lockfile, resolved.
pub struct Graph<'a> {
    lockfile: &'a Lockfile<'a>,
    /// The packages, so ordered that what a dependency may mean stands together.
    order: Vec<u32>,
    /// For every dependency of every node: a run of `order`.
    targets: Vec<Range<u32>>,
    /// Where the dependencies of a node begin in `targets`; one more than there are nodes.
    firsts: Vec<usize>,
    /// What the project asks of an npm lockfile's older half, which does not say so itself: by name.
    legacy: Vec<(String, Range<u32>)>,
    reachable: OnceLock<Vec<bool>>,
    knows_starts: OnceLock<bool>,
}

impl<'a> Graph<'a> {
    /// `asked`: the dependencies of the project, for lockfiles that don't state them (npm before 7).
    pub fn new(lockfile: &'a Lockfile<'a>, asked: &[&str]) -> Graph<'a> {
        let mut graph = Graph {
            lockfile,
            order: (0..lockfile.packages.len() as u32).collect(),
            targets: Vec::new(),
            firsts: vec![0],
            legacy: Vec::new(),
            reachable: OnceLock::new(),
            knows_starts: OnceLock::new(),
        };
        match lockfile.format.links {
            Links::None => graph.resolve(|_, _| 0..0),
            Links::InstallPath => {
                let tree = Tree::new(lockfile);
                graph.resolve(|node, edge| tree.find(node, edge));
                let top = lockfile.roots.iter().filter(|root| root.path.as_str().is_empty());
                let stated = top.flat_map(|root| root.edges.iter().map(|edge| edge.name.as_str()));
                let names = stated.chain(asked.iter().copied());
                graph.legacy = names.map(|name| (name.to_owned(), tree.climb(LEGACY, name))).collect();
            }
            Links::Key => {
                graph.order.sort_by_key(|&at| lockfile.packages[at as usize].slot.as_str());
                let keys = Keys::new(lockfile, &graph.order);
                graph.resolve(|_, edge| keys.find(edge));
            }
            Links::Release => {
                graph.order.sort_by_key(|&at| release(&lockfile.packages[at as usize]));
                let releases = Releases::new(lockfile, &graph.order);
                graph.resolve(|_, edge| releases.find(edge));
            }
        }
        graph
    }

    fn resolve(&mut self, find: impl Fn(Node, &'a Edge<'a>) -> Range<u32>) {
        let lockfile = self.lockfile;
        for node in 0..self.nodes() {
            self.targets.extend(edges(lockfile, node).iter().map(|edge| find(node, edge)));
            self.firsts.push(self.targets.len());
        }
    }

    pub fn nodes(&self) -> usize {
        self.project() + 1
    }

    /// The node of what the project asks of npm's older half.
    pub fn project(&self) -> Node {
        self.root(self.lockfile.roots.len())
    }

    /// The node of a root.
    pub fn root(&self, at: usize) -> Node {
        self.lockfile.packages.len() + at
    }

    /// The dependencies of a node, each with the packages that it may lead to: none where it leads nowhere.
    pub fn edges(&self, node: Node) -> impl Iterator<Item = (&'a Edge<'a>, &[u32])> {
        let targets = &self.targets[self.firsts[node]..self.firsts[node + 1]];
        edges(self.lockfile, node).iter().zip(targets).map(|(edge, target)| (edge, self.run(target)))
    }

    /// What the project asks of npm's older half, each with the packages that it leads to.
    pub fn asked(&self) -> impl Iterator<Item = (&str, &[u32])> {
        self.legacy.iter().map(|(name, run)| (name.as_str(), self.run(run)))
    }

    fn run(&self, target: &Range<u32>) -> &[u32] {
        &self.order[target.start as usize..target.end as usize]
    }

    /// Where the project begins: its roots, and the packages that are part of it.
    pub fn starts(&self) -> impl Iterator<Item = Node> {
        let is_start = |package: &Package<'_>| match self.lockfile.format.links {
            Links::Release => package.origin.is_local(),
            _ => package.origin == Origin::Workspace,
        };
        let packages = self.lockfile.packages.iter().enumerate();
        let local = packages.filter(move |(_, package)| is_start(package)).map(|(at, _)| at);
        local.chain(self.lockfile.packages.len()..self.nodes())
    }

    /// What the project needs. npm's older half leaves out what is only there as a peer: of that, nothing is known.
    pub fn reachable(&self) -> &[bool] {
        self.reachable.get_or_init(|| self.reach(self.starts()))
    }

    /// Whether it is known what the project asks for, so that an entry that nothing leads to is one too many.
    pub fn knows_starts(&self) -> bool {
        let known = || self.starts().next() != Some(self.project()) || !self.legacy.is_empty();
        *self.knows_starts.get_or_init(known)
    }

    /// What can be reached from some nodes, they themselves included.
    pub fn reach(&self, from: impl IntoIterator<Item = Node>) -> Vec<bool> {
        let mut walk = Walk::new(self);
        from.into_iter().for_each(|node| walk.go(node));
        walk.seen
    }
}

/// Of some packages those that no other of them leads to, and one of each ring: what the others are there for.
pub fn tops(walk: &mut Walk<'_, '_>, packages: &[Node]) -> Vec<Node> {
    let mut below = HashSet::new();
    for &at in packages {
        let targets = walk.graph.edges(at).flat_map(|(_, targets)| targets);
        below.extend(targets.map(|&it| it as Node).filter(|&it| it != at));
    }
    let (inner, outer): (Vec<Node>, Vec<Node>) = packages.iter().partition(|at| below.contains(at));
    let mut found = outer;
    found.retain(|at| !walk.seen[*at]);
    found.iter().for_each(|&at| walk.go(at));
    for at in inner {
        if !walk.seen[at] {
            found.push(at);
            walk.go(at);
        }
    }
    found
}

/// A walk that may be begun at several nodes, and passes each only once.
pub struct Walk<'g, 'a> {
    graph: &'g Graph<'a>,
    pub seen: Vec<bool>,
    /// By the start of a run: how far it was walked already.
    walked: Vec<u32>,
    next: Vec<Node>,
}

impl<'g, 'a> Walk<'g, 'a> {
    pub fn new(graph: &'g Graph<'a>) -> Walk<'g, 'a> {
        let (seen, walked) = (vec![false; graph.nodes()], vec![0; graph.order.len() + 1]);
        Walk { graph, seen, walked, next: Vec::new() }
    }

    /// Walks from a node as far as dependencies lead.
    pub fn go(&mut self, node: Node) {
        self.visit(node);
        while let Some(node) = self.next.pop() {
            let graph = self.graph;
            graph.targets[graph.firsts[node]..graph.firsts[node + 1]].iter().for_each(|run| self.enter(run));
            if node == graph.project() {
                graph.legacy.iter().for_each(|(_, run)| self.enter(run));
            }
        }
    }

    fn visit(&mut self, node: Node) {
        if !std::mem::replace(&mut self.seen[node], true) {
            self.next.push(node);
        }
    }

    fn enter(&mut self, run: &Range<u32>) {
        // Runs begin together or not at all: one that is wider has what the narrower one has.
        let walked = &mut self.walked[run.start as usize];
        if *walked < run.end {
            *walked = run.end;
            let graph = self.graph;
            graph.run(run).iter().for_each(|&at| self.visit(at as usize));
        }
    }
}

/// The dependencies of a package or of a root.
fn edges<'a>(lockfile: &'a Lockfile<'a>, node: Node) -> &'a [Edge<'a>] {
    match node.checked_sub(lockfile.packages.len()) {
        None => &lockfile.packages[node].edges,
        Some(root) => lockfile.roots.get(root).map_or(&[], |root| &root.edges),
    }
}

/// The top folder of a tree, and that of npm's older half.
const TOP: u32 = u32::MAX;
const LEGACY: u32 = u32::MAX - 1;

/// Install paths as a tree: what lies in which folder.
struct Tree<'a> {
    lockfile: &'a Lockfile<'a>,
    /// By folder and name.
    inside: HashMap<(u32, &'a str), u32>,
    /// The folder above a node.
    above: Vec<u32>,
}

impl<'a> Tree<'a> {
    fn new(lockfile: &'a Lockfile<'a>) -> Tree<'a> {
        let packages = lockfile.packages.len();
        let mut folders: HashMap<&str, u32> = HashMap::with_capacity(packages + lockfile.roots.len());
        let mut legacy: HashMap<&str, u32> = HashMap::new();
        for (at, package) in lockfile.packages.iter().enumerate() {
            let half = if package.flags.legacy { &mut legacy } else { &mut folders };
            half.insert(package.slot.as_str(), at as u32);
        }
        for (at, root) in lockfile.roots.iter().enumerate() {
            let path = root.path.as_str();
            folders.insert(path, if path.is_empty() { TOP } else { (packages + at) as u32 });
        }
        let mut tree = Tree { lockfile, inside: HashMap::with_capacity(packages), above: Vec::new() };
        for (at, package) in lockfile.packages.iter().enumerate() {
            let slot = package.slot.as_str();
            let (holder, above) = if package.flags.legacy {
                let holder = slot.rfind(" > ").map_or(Some(LEGACY), |end| legacy.get(&slot[..end]).copied());
                (holder, holder.unwrap_or(LEGACY))
            } else {
                (installed_in(slot).and_then(|path| folders.get(path)).copied(), nearest(slot, &folders))
            };
            tree.above.push(above);
            let name = package.alias.as_ref().unwrap_or(&package.name).as_str();
            tree.inside.extend(holder.map(|holder| ((holder, name), at as u32)));
        }
        tree.above.extend(lockfile.roots.iter().map(|root| nearest(root.path.as_str(), &folders)));
        tree
    }

    fn find(&self, node: Node, edge: &Edge<'_>) -> Range<u32> {
        let root = node.checked_sub(self.lockfile.packages.len()).and_then(|at| self.lockfile.roots.get(at));
        match root {
            // What a package needs to be developed is not installed with it.
            None if edge.kind == EdgeKind::Dev => 0..0,
            Some(root) if root.path.as_str().is_empty() => self.climb(TOP, edge.name.as_str()),
            _ => self.climb(node as u32, edge.name.as_str()),
        }
    }

    /// From a folder upwards. Bounded: a hostile tree may be as deep as it is large.
    fn climb(&self, mut folder: u32, name: &str) -> Range<u32> {
        for _ in 0..=MAX_DEPTH {
            if let Some(&at) = self.inside.get(&(folder, name)) {
                return at..at + 1;
            }
            match self.above.get(folder as usize) {
                Some(&above) => folder = above,
                None => break,
            }
        }
        0..0
    }
}

/// The folder whose `node_modules` an entry lies in.
fn installed_in(slot: &str) -> Option<&str> {
    let folder = &slot[..slot.rfind("node_modules/")?];
    Some(folder.strip_suffix('/').unwrap_or(folder))
}

/// The nearest folder above a path that has a node. Bounded, like the way up.
fn nearest(path: &str, folders: &HashMap<&str, u32>) -> u32 {
    let cuts = path.rmatch_indices('/').take(2 * MAX_DEPTH).map(|(at, _)| &path[..at]);
    let nodes = cuts.filter_map(|above| folders.get(above.strip_suffix("/node_modules").unwrap_or(above)));
    nodes.copied().next().unwrap_or(TOP)
}

/// Keys of entries, as pnpm makes them from name and version.
struct Keys<'a> {
    /// How the lockfile's keys are written: one way, unless it was edited.
    styles: Vec<Style>,
    runs: HashMap<&'a str, Range<u32>>,
}

impl<'a> Keys<'a> {
    fn new(lockfile: &'a Lockfile<'a>, order: &[u32]) -> Keys<'a> {
        let mut styles = Vec::new();
        for style in lockfile.packages.iter().filter_map(|it| Style::of(it.slot.as_str())) {
            if !styles.contains(&style) {
                styles.push(style);
            }
        }
        let mut runs: HashMap<&str, Range<u32>> = HashMap::with_capacity(order.len());
        for (at, &package) in (0..).zip(order) {
            let key = lockfile.packages[package as usize].slot.as_str();
            runs.entry(key).and_modify(|run| run.end = at + 1).or_insert(at..at + 1);
        }
        Keys { styles, runs }
    }

    fn find(&self, edge: &Edge<'_>) -> Range<u32> {
        let Some(target) = &edge.target else { return 0..0 };
        let target = target.as_str();
        // The peers that it was resolved with stand behind; since version 9, not in the key.
        let find = |key: &str| self.runs.get(key).or_else(|| self.runs.get(without_peers(key))).cloned();
        let own = self.styles.iter().find_map(|style| find(&style.join(edge.name.as_str(), target)));
        own.or_else(|| find(target)).unwrap_or_default()
    }
}

/// Entries by name, version and source.
struct Releases<'a> {
    packages: &'a [Package<'a>],
    order: Vec<u32>,
    names: HashMap<&'a str, Range<u32>>,
}

fn release<'a>(package: &'a Package<'a>) -> (&'a str, &'a str, &'a str) {
    (package.name.as_str(), package.version(), package.source.as_ref().map_or("", |source| source.as_str()))
}

impl<'a> Releases<'a> {
    fn new(lockfile: &'a Lockfile<'a>, order: &[u32]) -> Releases<'a> {
        let mut names: HashMap<&str, Range<u32>> = HashMap::with_capacity(order.len());
        for (at, &package) in (0..).zip(order) {
            let name = lockfile.packages[package as usize].name.as_str();
            names.entry(name).and_modify(|run| run.end = at + 1).or_insert(at..at + 1);
        }
        Releases { packages: &lockfile.packages, order: order.to_vec(), names }
    }

    fn find(&self, edge: &Edge<'_>) -> Range<u32> {
        let Some(all) = self.names.get(edge.name.as_str()) else { return 0..0 };
        let target = edge.target.as_ref().map_or("", |target| target.as_str());
        // Cargo's target is `name`, `name version` or `name version (source)`, uv's is the version alone.
        let rest =
            target.strip_prefix(edge.name.as_str()).filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let rest = rest.unwrap_or(target).trim_start();
        let (version, source) = rest.split_once(" (").unwrap_or((rest, ""));
        let all = self.narrow(all.clone(), |it| it.1, version, str::eq);
        // The commit of a git source may be left out.
        self.narrow(all, |it| it.2, source.trim_end_matches(')'), |a, b| a.starts_with(b))
    }

    /// The part of a run whose entries have a text: they are in its order.
    fn narrow(
        &self,
        run: Range<u32>,
        part: impl Fn((&'a str, &'a str, &'a str)) -> &'a str,
        wanted: &str,
        fits: impl Fn(&str, &str) -> bool,
    ) -> Range<u32> {
        if wanted.is_empty() {
            return run;
        }
        let text = |at: &u32| part(release(&self.packages[*at as usize]));
        let entries = &self.order[run.start as usize..run.end as usize];
        let from = entries.partition_point(|at| text(at) < wanted);
        let to = entries.partition_point(|at| text(at) < wanted || fits(text(at), wanted));
        run.start + from as u32..run.start + to as u32
    }
}

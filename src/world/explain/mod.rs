//! What explains a change of a lockfile's dependencies: one walk from what changed for a known reason.
//!
//! A project's manifest changed, a package was upgraded, an override was set: what they lead to may have changed with
//! them. An entry that nothing of that leads to has no honest reason to be new, nor to depend on more than it did.

mod gained;
mod need;
mod steering;

use std::cell::OnceCell;

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::ecosystems::manifest::{Kind, Manifest};
use crate::model::graph::{Graph, Links, Node, Walk, tops};
use crate::model::version;
use crate::model::{Edge, EdgeKind, Lockfile, Origin, Package, Root, canonical};
use crate::world::members::Members;
use crate::world::{Context, World, is_alias_of};

pub use gained::{Gained, Worth};
use steering::Steering;

/// What tells a release apart within a lockfile: name, version, commit, half of the file, and whether it is bundled.
type Key<'a> = (&'a str, &'a str, &'a str, bool, bool);

/// A dependency, as far as it is compared: kind, name, and what was asked for or what it leads to.
type Member<'a> = (Option<EdgeKind>, &'a str, &'a str);

/// Both sides of a lockfile, and what of the newer one is explained.
pub struct Causes<'c, 'a> {
    lockfile: &'a Lockfile<'a>,
    graph: &'c Graph<'a>,
    old: Old<'c, 'a>,
    members: Members<'c, 'a>,
    declared: Declared<'c>,
    /// Found when first asked for: few changes need it.
    explained: OnceCell<Explained<'c>>,
}

/// What is known to have changed, and the nodes that it leads to.
struct Explained<'c> {
    nodes: Vec<bool>,
    steering: Steering<'c>,
}

/// The older side.
struct Old<'c, 'a> {
    world: &'c World<'a>,
    lockfile: &'a Lockfile<'a>,
    /// Its entries, in the order of their keys.
    order: Vec<Node>,
    roots: HashMap<&'a str, &'a Root<'a>>,
}

impl<'c, 'a> Old<'c, 'a> {
    fn new(world: &'c World<'a>, lockfile: &'a Lockfile<'a>) -> Old<'c, 'a> {
        let mut order: Vec<Node> = (0..lockfile.packages.len()).collect();
        order.sort_by_key(|&at| key(&lockfile.packages[at]));
        let roots = lockfile.roots.iter().map(|root| (root.path.as_str(), root)).collect();
        Old { world, lockfile, order, roots }
    }

    /// The entries of a release.
    fn entries(&self, package: &'a Package<'a>) -> &[Node] {
        let wanted = key(package);
        let from = self.order.partition_point(|&at| key(&self.lockfile.packages[at]) < wanted);
        let to = self.order.partition_point(|&at| key(&self.lockfile.packages[at]) <= wanted);
        &self.order[from..to]
    }

    fn has_name(&self, name: &str) -> bool {
        let name_of = |at: &Node| self.lockfile.packages[*at].name.as_str();
        let from = self.order.partition_point(|at| name_of(at) < name);
        self.order.get(from).is_some_and(|at| name_of(at) == name)
    }

    fn edges(&self, node: Node) -> impl Iterator<Item = (&'a Edge<'a>, Member<'a>, &'c [u32])> {
        let graph = self.world.graph(self.lockfile);
        graph.into_iter().flat_map(move |graph| members(self.lockfile, graph, node))
    }
}

impl<'c, 'a> Causes<'c, 'a> {
    pub fn of(
        cx: &'c Context<'a>,
        lockfile: &'a Lockfile<'a>,
        base: &'a Lockfile<'a>,
    ) -> Option<Causes<'c, 'a>> {
        let world = cx.base.as_ref()?;
        let old = Old::new(world, base);
        let members = Members::of(&cx.head, lockfile);
        let declared = Declared::of(lockfile, &members.manifests);
        let graph = cx.head.graph(lockfile)?;
        let explained = OnceCell::new();
        Some(Causes { lockfile, graph, old, members, declared, explained })
    }

    fn explained(&self) -> &Explained<'c> {
        self.explained.get_or_init(|| self.explain())
    }

    fn is_explained(&self, node: Node) -> bool {
        self.explained().nodes[node]
    }

    /// The entries whose name is new here, and that nothing explains: of several that lead to each other, the first.
    /// What a dependency leads to that a kept package gained has been told with it.
    pub fn unexplained(&self) -> Vec<&'a Package<'a>> {
        let is_news = |at: &Node| {
            let package = &self.lockfile.packages[*at];
            let is_new = !self.old.has_name(package.name.as_str()) && !package.origin.is_local();
            is_new && package.bundled_in.is_none() && !self.is_shadow(package) && !self.is_explained(*at)
        };
        let news: Vec<Node> = (0..self.lockfile.packages.len()).filter(is_news).collect();
        // Where the project does not show, nothing can be traced to it.
        let is_traced = self.graph.knows_starts()
            || self.old.world.graph(self.old.lockfile).is_some_and(Graph::knows_starts);
        if news.is_empty() || !is_traced {
            return Vec::new();
        }
        let mut walk = Walk::new(self.graph);
        self.gained().iter().flat_map(|gained| &gained.targets).for_each(|&at| walk.go(at as Node));
        let mut named = HashSet::new();
        let packages = tops(&mut walk, &news).into_iter().map(|at| &self.lockfile.packages[at]);
        packages.filter(|package| named.insert(package.name.as_str())).collect()
    }

    /// The same dependencies, one by one, as an entry of that release had: nearly always so.
    fn same_as_one_of(&self, node: Node, slots: &[Node]) -> bool {
        let text = |text: &'a Option<crate::text::syntax::Text<'a>>| text.as_ref().map(|text| text.as_str());
        let same = |(new, old): (&'a Edge<'a>, &'a Edge<'a>)| {
            new.kind == old.kind
                && new.name.as_str() == old.name.as_str()
                && text(&new.range) == text(&old.range)
                && text(&new.target) == text(&old.target)
        };
        let new = &self.lockfile.packages[node].edges;
        slots.iter().take(4).any(|&old| {
            let old = &self.old.lockfile.packages[old].edges;
            old.len() == new.len() && new.iter().zip(old).all(same)
        })
    }

    /// The entries of its release on the older side.
    fn kept(&self, package: &'a Package<'a>) -> Option<&[Node]> {
        Some(self.old.entries(package)).filter(|entries| !entries.is_empty())
    }

    /// Its format keeps what was chosen, not what was asked for: that changes with features, extras and peers.
    fn is_resolved(&self) -> bool {
        self.lockfile.format.links != Links::InstallPath
    }

    /// npm's older half, where the newer one stands beside it: peers come into it out of nowhere.
    fn is_shadow(&self, package: &Package<'_>) -> bool {
        package.flags.legacy && (!self.lockfile.roots.is_empty() || !self.graph.knows_starts())
    }

    fn explain(&self) -> Explained<'c> {
        let mut walk = Walk::new(self.graph);
        let before = Members::of(self.old.world, self.old.lockfile);
        let steering = Steering::between((self.lockfile, &self.members), (self.old.lockfile, &before));
        if steering.everything {
            self.graph.starts().for_each(|node| walk.go(node));
            return Explained { nodes: walk.seen, steering };
        }
        for (node, manifest) in self.members.projects(self.graph) {
            self.newly_asked(node, manifest, &steering).into_iter().for_each(|node| walk.go(node));
        }
        if steering.concerns_others() {
            for node in 0..self.graph.project() {
                let package = self.lockfile.packages.get(node).map_or("", |it| it.name.as_str());
                let concerned = self.graph.edges(node).filter(|(edge, _)| {
                    let name = edge.name.as_str();
                    steering.replaces(name) || steering.extends(package, name)
                });
                concerned.flat_map(|(_, targets)| targets).for_each(|&at| walk.go(at as Node));
            }
        }
        let reachable = self.graph.reachable();
        for (node, package) in self.lockfile.packages.iter().enumerate() {
            let is_other = self.old.has_name(package.name.as_str()) && self.kept(package).is_none();
            if is_other && (reachable[node] || package.flags.legacy) && !package.origin.is_local() {
                walk.go(node);
            }
        }
        self.late_arrivals().chain(self.late_in_the_older_half()).for_each(|node| walk.go(node));
        Explained { nodes: walk.seen, steering }
    }

    /// What a project asks for that it did not ask for before, and its manifest says so.
    fn newly_asked(&self, node: Node, manifest: Option<&Manifest<'a>>, steering: &Steering<'c>) -> Vec<Node> {
        let nodes = |targets: &[u32]| targets.iter().map(|&at| at as Node).collect::<Vec<_>>();
        if manifest.is_none() && self.is_elsewhere(node) {
            return vec![node];
        }
        if let Some(root) = self.root(node) {
            return self.newly_mirrored(root, node, steering);
        }
        let Some(manifest) = manifest else { return Vec::new() };
        let name = |name: &str| canonical(self.lockfile.ecosystem(), name).into_owned();
        if node == self.graph.project() {
            let asked = self.graph.asked().filter(|(it, _)| steering.asks(manifest, &name(it)));
            return asked.flat_map(|(_, targets)| nodes(targets)).collect();
        }
        let is_new = self.lockfile.packages.get(node).is_some_and(|package| self.kept(package).is_none());
        let asked = self.graph.edges(node).filter(|(edge, _)| {
            is_new && self.declared.has(edge) || steering.asks(manifest, &name(edge.name.as_str()))
        });
        asked.flat_map(|(_, targets)| nodes(targets)).collect()
    }

    /// What is new in the mirror of a manifest, and in the manifest. That of a script can't be looked at.
    fn newly_mirrored(&self, root: &'a Root<'a>, node: Node, steering: &Steering<'c>) -> Vec<Node> {
        let old = self.old.roots.get(root.path.as_str());
        let old: HashSet<Member<'a>> =
            old.iter().flat_map(|root| &root.edges).map(|edge| member(edge, None)).collect();
        let is_script = self.lockfile.source.path.ends_with(".py.lock");
        let asked = self.graph.edges(node).filter(|(edge, targets)| {
            let is_new = !old.contains(&member(edge, None)) || steering.is_shared(edge.name.as_str());
            is_new && (is_script || self.declared.has(edge)) && self.leads_by_name(edge, targets)
        });
        asked.flat_map(|(_, targets)| targets.iter().map(|&at| at as Node)).collect()
    }

    /// New names that an old dependency asks for, by that name: what a client had left out, and now put in. A project's
    /// own count when its manifest has them.
    fn late_arrivals(&self) -> impl Iterator<Item = Node> {
        let packages = self.lockfile.packages.len();
        (0..self.graph.project()).flat_map(move |node| {
            let news = self.graph.edges(node).filter(|(_, targets)| {
                targets
                    .iter()
                    .any(|&at| !self.old.has_name(self.lockfile.packages[at as usize].name.as_str()))
            });
            let asked = news.filter(move |(edge, targets)| match self.lockfile.packages.get(node) {
                None => node >= packages && self.declared.has(edge) && self.leads_by_name(edge, targets),
                Some(package) if package.origin.is_local() => self.declared.has(edge),
                Some(package) => !self.is_resolved() && self.asked_before(package, edge, targets),
            });
            asked.flat_map(|(_, targets)| targets.iter().map(|&at| at as Node))
        })
    }

    /// The same where the lockfile does not say what the project asks for (npm before 7): the manifest does.
    fn late_in_the_older_half(&self) -> impl Iterator<Item = Node> {
        let manifest = self.members.manifest(self.graph.project());
        let manifest = manifest.filter(|_| self.lockfile.roots.is_empty());
        let ranges: HashMap<&str, &str> = manifest
            .into_iter()
            .flat_map(|it| it.asked())
            .filter_map(|(_, dep)| Some((dep.name.as_str(), dep.range.as_ref()?.as_str())))
            .collect();
        let asked = self.graph.asked().filter_map(move |(name, targets)| Some((*ranges.get(name)?, targets)));
        asked.flat_map(|(range, targets)| targets.iter().map(move |&at| (range, at as Node))).filter_map(
            |(range, at)| {
                let package = &self.lockfile.packages[at];
                let plain =
                    package.alias.is_none() && version::satisfies_npm(package.version(), range) == Some(true);
                (plain || package.alias.is_some() && is_alias_of(range, package.name.as_str())).then_some(at)
            },
        )
    }

    fn asked_before(&self, package: &'a Package<'a>, edge: &'a Edge<'a>, targets: &[u32]) -> bool {
        let Some(slots) = self.kept(package).filter(|_| self.leads_by_name(edge, targets)) else {
            return false;
        };
        let wanted = member(edge, None);
        let old = slots.iter().take(4).flat_map(|&at| &self.old.lockfile.packages[at].edges);
        old.into_iter().any(|edge| member(edge, None) == wanted)
    }

    /// A range is asked of the package of that name. An alias, an address or a catalog says which other one is meant.
    fn leads_by_name(&self, edge: &Edge<'_>, targets: &[u32]) -> bool {
        let range = edge.range.as_ref().map_or("", |range| range.as_str());
        let name = |at: &u32| self.lockfile.packages[*at as usize].name.as_str();
        let is_meant = |name: &str| match range.strip_prefix("npm:") {
            Some(_) => is_alias_of(range, name),
            None => name == edge.name.as_str() || range.contains([':', '/']),
        };
        targets.iter().map(name).all(is_meant)
    }

    fn root(&self, node: Node) -> Option<&'a Root<'a>> {
        self.lockfile.roots.get(node.checked_sub(self.lockfile.packages.len())?)
    }

    /// A project whose manifest can't be looked at: it lies outside of the repository.
    fn is_elsewhere(&self, node: Node) -> bool {
        match self.root(node) {
            Some(root) => root.path.as_str().starts_with("../"),
            None => {
                let package = self.lockfile.packages.get(node);
                package.is_some_and(|it| self.kept(it).is_some_and(|slots| !self.same_as_one_of(node, slots)))
            }
        }
    }
}

fn key<'a>(package: &'a Package<'a>) -> Key<'a> {
    let (version, commit) = match &package.origin {
        Origin::Git(git) => (&*git.repository, git.commit.as_deref().unwrap_or_default()),
        // A project goes on under another version.
        origin if origin.is_local() => ("", ""),
        _ => (package.version(), ""),
    };
    (package.name.as_str(), version, commit, package.flags.legacy, package.bundled_in.is_some())
}

/// The dependencies of a node that are compared: those that are declared, or those that were chosen.
fn members<'c, 'a>(
    lockfile: &'a Lockfile<'a>,
    graph: &'c Graph<'a>,
    node: Node,
) -> impl Iterator<Item = (&'a Edge<'a>, Member<'a>, &'c [u32])> {
    let resolved = lockfile.format.links != Links::InstallPath;
    let is_compared =
        move |edge: &Edge<'_>| !resolved || !matches!(edge.kind, EdgeKind::Peer | EdgeKind::OptionalPeer);
    graph.edges(node).filter(move |(edge, _)| is_compared(edge)).map(move |(edge, targets)| {
        let target = targets.first().map(|&at| lockfile.packages[at as usize].name.as_str());
        let target = target.unwrap_or(edge.name.as_str());
        (edge, member(edge, resolved.then_some(target)), targets)
    })
}

/// `leads_to`: for formats that keep what was chosen.
fn member<'a>(edge: &'a Edge<'a>, leads_to: Option<&'a str>) -> Member<'a> {
    match leads_to {
        Some(name) => (None, edge.name.as_str(), name),
        None => (Some(edge.kind), edge.name.as_str(), edge.range.as_ref().map_or("", |range| range.as_str())),
    }
}

/// What the manifests of a lockfile name.
struct Declared<'c> {
    names: HashSet<String>,
    ranges: HashSet<&'c str>,
    lockfile: &'c Lockfile<'c>,
    /// Some of it is only known to a build script.
    dynamic: bool,
}

impl<'c> Declared<'c> {
    fn of(lockfile: &'c Lockfile<'c>, manifests: &[&'c Manifest<'c>]) -> Declared<'c> {
        let mut declared =
            Declared { names: HashSet::new(), ranges: HashSet::new(), lockfile, dynamic: false };
        for manifest in manifests {
            declared.dynamic |= manifest.dynamic;
            for dep in &manifest.dependencies {
                let is_asked = !matches!(dep.kind, Kind::Constraint | Kind::Source);
                for name in [&dep.name, &dep.key].into_iter().filter(|_| is_asked) {
                    declared.names.insert(canonical(manifest.ecosystem, name.as_str()).into_owned());
                }
                declared.ranges.insert(dep.at);
            }
            let configured =
                manifest.options.iter().filter_map(|it| it.key.split_once("configDependencies."));
            declared.names.extend(configured.map(|(_, name)| name.to_owned()));
        }
        declared
    }

    /// An alias is another package under a name that is known: it must be declared word for word.
    fn has(&self, edge: &Edge<'_>) -> bool {
        let is_pnpm = || ["pnpm", "@pnpm/exe"].contains(&edge.name.as_str());
        if self.dynamic || edge.kind == EdgeKind::Build && is_pnpm() {
            return true;
        }
        let range = edge.range.as_ref().map_or("", |range| range.as_str());
        let name = canonical(self.lockfile.ecosystem(), edge.name.as_str());
        self.names.contains(&*name) && (!range.starts_with("npm:") || self.ranges.contains(range))
    }
}

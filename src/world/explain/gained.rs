//! What kept packages depend on now, and did not before: which of it is another way to write the same, and which is more.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::need::{self, Asked, Needed, Purpose, Step};
use super::{Causes, Member, key, members};
use crate::ecosystems::manifest::Kind;
use crate::model::graph::Node;
use crate::model::release::Slot;
use crate::model::{Edge, EdgeKind, Origin, Package};
use crate::model::{url, version};

/// A dependency that a kept package did not have before.
pub struct Gained<'a> {
    pub package: &'a Package<'a>,
    pub edge: &'a Edge<'a>,
    /// The entry as it was.
    pub before: Slot<'a>,
    pub worth: Worth,
    node: Node,
    pub(super) targets: Vec<u32>,
}

/// What comes of a dependency that was gained.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// Something is installed that was not, or may be.
    More,
    /// One more of the builds for other platforms that the package comes in.
    Platform,
    /// Nothing: what it leads to was there, and needed anyway.
    Nothing,
}

impl<'a> Causes<'_, 'a> {
    /// What kept packages depend on now, and did not before, for no known reason.
    pub fn gained(&self) -> Vec<Gained<'a>> {
        let mut sets = HashMap::new();
        let packages = self.lockfile.packages.iter().enumerate();
        let mut all: Vec<_> =
            packages.flat_map(|(node, package)| self.gained_by(node, package, &mut sets)).collect();
        if all.is_empty() {
            return all;
        }
        self.leave_out_what_the_newer_half_has(&mut all);
        let step = |it: &Gained<'a>| (it.node, it.edge.name.raw.as_ptr());
        let places: Vec<_> = all.iter().map(step).collect();
        let steps: Vec<_> =
            all.iter().zip(&places).map(|(it, &(from, at))| Step { from, to: &it.targets, at }).collect();
        let needed = need::needed(self.graph, &steps, |node| self.asked(node));
        drop(steps);
        let mut counts: HashMap<Node, usize> = HashMap::new();
        let mut found = Vec::new();
        for (mut gained, needed) in all.into_iter().zip(needed) {
            let is_kept = |at: &u32| self.kept(&self.lockfile.packages[*at as usize]).is_some();
            let is_peer = self.is_peer(&gained);
            // Peers are looked for in the whole workspace.
            let needed = needed == Needed::Everywhere || is_peer && needed == Needed::Elsewhere;
            let harmless = needed
                && !gained.package.origin.is_local()
                && self.leads_plainly(gained.edge, &gained.targets);
            let known = |at: &u32| is_kept(at) || is_peer && self.is_explained(*at as Node);
            let harmless = harmless && gained.targets.iter().all(known);
            if harmless && is_peer {
                continue;
            }
            if harmless && !matches!(gained.edge.kind, EdgeKind::Peer | EdgeKind::OptionalPeer) {
                gained.worth = Worth::Nothing;
            } else if self.is_platform(&gained) {
                gained.worth = Worth::Platform;
            }
            *counts.entry(gained.node).or_default() += 1;
            found.push(gained);
        }
        // What was asked for is kept with the release: no client comes to see it differently in several places at once.
        for gained in &mut found {
            let ranges = !self.is_resolved() && !gained.package.flags.legacy;
            if ranges && gained.worth == Worth::Nothing && counts[&gained.node] > 1 {
                gained.worth = Worth::More;
            }
        }
        found
    }

    fn gained_by(
        &self,
        node: Node,
        package: &'a Package<'a>,
        sets: &mut HashMap<Node, HashSet<Member<'a>>>,
    ) -> Vec<Gained<'a>> {
        let is_own = package.origin.is_local();
        // What stands in the tree is judged by its manifest, and npm's mirror of it is no entry's.
        let may_change = is_own && self.members.manifest(node).is_none();
        let Some(slots) = self.kept(package).filter(|_| !may_change) else { return Vec::new() };
        if self.same_as_one_of(node, slots) || self.is_resolved() && self.is_explained(node) {
            return Vec::new();
        }
        let had = sets.entry(slots[0]).or_insert_with(|| {
            let edges = |&at: &Node| self.old.edges(at).map(|(_, member, _)| member);
            slots.iter().flat_map(edges).collect()
        });
        let before = Slot { lockfile: self.old.lockfile, package: &self.old.lockfile.packages[slots[0]] };
        let new = members(self.lockfile, self.graph, node)
            .filter(|(edge, member, _)| !(had.contains(member) || is_own && self.declared.has(edge)));
        let new = new.filter(|(edge, _, targets)| {
            !(self.is_respelled(node, slots, edge, targets) || self.is_meant(package, slots, edge, targets))
        });
        let (worth, targets) = (Worth::More, <[u32]>::to_vec);
        new.map(|(edge, _, to)| Gained { package, edge, before, worth, node, targets: targets(to) }).collect()
    }

    /// Another range or kind under a name that leads where it led: npm writes both in more than one way.
    fn is_respelled(&self, node: Node, slots: &[Node], edge: &Edge<'_>, targets: &[u32]) -> bool {
        let [target] = targets else { return false };
        if self.is_resolved() {
            return false;
        }
        let target = &self.lockfile.packages[*target as usize];
        let range = |edge: &Edge<'_>| edge.range.as_ref().map_or(String::new(), |it| it.as_str().to_owned());
        let new = range(edge);
        let stays_optional = || {
            let same =
                |it: &&Edge<'_>| it.kind == EdgeKind::Optional && it.name.as_str() == edge.name.as_str();
            self.lockfile.packages[node].edges.iter().find(same).is_some_and(|it| range(it) == new)
        };
        let same_kind = |old: &Edge<'_>| {
            old.kind == edge.kind
                || old.kind == EdgeKind::Optional && edge.kind == EdgeKind::Normal && stays_optional()
        };
        slots.iter().take(4).flat_map(|&at| self.old.edges(at)).any(|(old, _, led_to)| {
            let stays = old.name.as_str() == edge.name.as_str() && same_kind(old);
            let same = |&at: &u32| key(&self.old.lockfile.packages[at as usize]) == key(target);
            // npm 5 wrote the version that stands there. Which one is installed, the place of the entry says alone.
            let follows = target.flags.legacy;
            stays
                && (follows || led_to.iter().any(same))
                && (range(old) == new || asks_for_the_same(&range(old), &new, edge, target))
        })
    }

    /// Whether an override, an extension or another way to choose peers says so.
    fn is_meant(&self, package: &Package<'_>, slots: &[Node], edge: &Edge<'_>, targets: &[u32]) -> bool {
        let steering = &self.explained().steering;
        let had = slots.iter().take(4).flat_map(|&at| &self.old.lockfile.packages[at].edges);
        let had = had.into_iter().any(|old| old.name.as_str() == edge.name.as_str());
        let target = targets.first().map(|&at| &self.lockfile.packages[at as usize]);
        let is_peer = || steering.peers && is_peer_of(package, edge) && self.leads_plainly(edge, targets);
        steering.explains(package, edge, target, had) || is_peer()
    }

    /// npm's older half repeats the newer one, with what overrides make of it.
    fn leave_out_what_the_newer_half_has(&self, all: &mut Vec<Gained<'a>>) {
        if self.lockfile.roots.is_empty() || !all.iter().any(|it| it.package.flags.legacy) {
            return;
        }
        let range = |edge: &'a Edge<'a>| edge.range.as_ref().map_or("", |range| range.as_str());
        let word = |package: &'a Package<'a>, edge: &'a Edge<'a>| {
            (package.name.as_str(), package.version(), edge.name.as_str(), range(edge))
        };
        let newer = self.lockfile.packages.iter().filter(|package| !package.flags.legacy);
        let words: HashSet<_> =
            newer.flat_map(|package| package.edges.iter().map(move |edge| word(package, edge))).collect();
        let overrides = self.members.manifests.iter().flat_map(|it| it.of_kind(Kind::Override));
        let overrides: HashSet<_> =
            overrides.filter_map(|dep| Some((dep.name.as_str(), dep.range.as_ref()?.as_str()))).collect();
        all.retain(|it| {
            let repeats = words.contains(&word(it.package, it.edge))
                || overrides.contains(&(it.edge.name.as_str(), range(it.edge)));
            !(it.package.flags.legacy && repeats)
        });
    }

    /// What a project asks for itself, and for which purpose.
    fn asked(&self, node: Node) -> Asked {
        let manifest = self.members.manifest(node);
        // Where the lockfile does not say, the manifest does.
        let declared = |name: &str| {
            let asked = manifest.into_iter().flat_map(|it| it.asked());
            asked.filter(|(_, dep)| dep.name.as_str() == name).map(|(kind, _)| Purpose::of(kind)).min()
        };
        let says = self.root(node).is_some();
        let own = self.graph.edges(node).map(|(edge, targets)| {
            let declared = (!says).then(|| declared(edge.name.as_str())).flatten();
            (declared.unwrap_or(Purpose::of(edge.kind)), targets.to_vec())
        });
        if node != self.graph.project() {
            return own.collect();
        }
        let stated = |name: &str| {
            let edges = self.lockfile.roots.iter().filter(|root| root.path.as_str().is_empty());
            let edges = edges.flat_map(|root| &root.edges).filter(|edge| edge.name.as_str() == name);
            edges.map(|edge| Purpose::of(edge.kind)).min()
        };
        let legacy = self.graph.asked().map(|(name, targets)| {
            let purpose = stated(name).or_else(|| declared(name)).unwrap_or(Purpose::Production);
            (purpose, targets.to_vec())
        });
        legacy.collect()
    }

    /// It leads to the package of its own name, in a version that it asks for.
    fn leads_plainly(&self, edge: &Edge<'_>, targets: &[u32]) -> bool {
        let range = edge.range.as_ref().map_or("", |range| range.as_str());
        targets.iter().map(|&at| &self.lockfile.packages[at as usize]).all(|target| {
            let fits = self.is_resolved() || version::satisfies_npm(target.version(), range) == Some(true);
            target.name.as_str() == edge.name.as_str() && fits
        })
    }

    /// It is a peer, now and before: which ones are found changes with the tree around the package.
    fn is_peer(&self, gained: &Gained<'a>) -> bool {
        let slots = self.kept(gained.package).unwrap_or_default();
        let old = slots.iter().take(4).map(|&at| &self.old.lockfile.packages[at]);
        self.is_resolved()
            && is_peer_of(gained.package, gained.edge)
            && old.into_iter().any(|old| is_peer_of(old, gained.edge))
    }

    /// A build for some platform, of the package's own scope and version, as others are that it had.
    fn is_platform(&self, gained: &Gained<'a>) -> bool {
        let [target] = gained.targets[..] else { return false };
        let target = &self.lockfile.packages[target as usize];
        let scope = |name: &str| self.lockfile.ecosystem().scope(name).to_owned();
        let own = scope(target.name.as_str());
        let siblings = self.kept(gained.package).unwrap_or_default().first().map_or(0, |&at| {
            let edges = self.old.lockfile.packages[at].edges.iter();
            edges.filter(|it| it.kind == EdgeKind::Optional && scope(it.name.as_str()) == own).count()
        });
        gained.edge.kind == EdgeKind::Optional
            && !own.is_empty()
            && siblings >= 2
            && target.platform
            && target.name.as_str() == gained.edge.name.as_str()
            && target.version() == gained.package.version()
            && matches!(target.origin, Origin::Registry(_))
    }
}

fn is_peer_of(package: &Package<'_>, edge: &Edge<'_>) -> bool {
    let is_peer = |it: &&Edge<'_>| matches!(it.kind, EdgeKind::Peer | EdgeKind::OptionalPeer);
    package.edges.iter().filter(is_peer).any(|it| it.name.as_str() == edge.name.as_str())
}

/// Whether two ranges, or two addresses, ask for one package.
fn asks_for_the_same(old: &str, new: &str, edge: &Edge<'_>, target: &Package<'_>) -> bool {
    if let (Some(old), Some(new), Origin::Git(git)) = (url::git(old), url::git(new), &target.origin) {
        let commit = new.commit.as_deref().is_none_or(|commit| git.commit.as_deref() == Some(commit));
        return old.repository == new.repository && new.repository == git.repository && commit;
    }
    let fits = match version::satisfies_npm(target.version(), new) {
        Some(fits) => fits,
        // A tag of the registry.
        None => !new.contains([':', '/']),
    };
    target.name.as_str() == edge.name.as_str() && fits
}

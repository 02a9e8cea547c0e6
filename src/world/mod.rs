//! What a rule may see: the policy, both sides' lockfiles and their folds, manifests and client configuration.

pub mod commands;
pub mod demands;
pub mod explain;
pub mod members;
pub mod workspace;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use foldhash::{HashMap, HashSet};

use crate::actions::fix::Encrypted;
use crate::agents::llmring::registry::Registry;
use crate::agents::tool::disk;
use crate::agents::tool::disk::Scope;
use crate::agents::tool::lock::ToolLock;
use crate::agents::tool::store;
use crate::agents::tool::tools::{Project, Tools};
use crate::ecosystems::formats;
use crate::ecosystems::manifest::{Kind as DepKind, Manifest, Pinned};
use crate::ecosystems::unread::Kind;
use crate::findings::facts::{Facts, OfLockfile};
use crate::findings::report::Known;
use crate::model::forge;
use crate::model::graph::Graph;
use crate::model::release::{Fold, Kept, Places, Slot};
use crate::model::{Ecosystem, Git, Lockfile, Origin, Package, canonical};
use crate::policy::Policy;
use crate::policy::sides::Sides;
use crate::read::unsupported::Unsupported;
use crate::read::witness::Witnesses;
use crate::text::calendar::Date;
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::commands::Stand;
use crate::world::members::Members;
use crate::world::workspace::{Workspaces, join};

/// Everything that a check needs. Rules read it and do no I/O.
pub struct Context<'a> {
    /// What judges.
    pub policy: &'a Policy,
    /// What both sides have as their policy.
    pub policies: &'a Sides,
    /// Unknown where nobody said: then every exception that ends has ended.
    pub today: Option<Date>,
    pub head: World<'a>,
    /// Absent when there is nothing to compare with.
    pub base: Option<World<'a>>,
    /// Of a merge: the same head, with the other merged sides as the base.
    pub merge: Option<Box<Context<'a>>>,
    /// What the history of the head pinned, when it was asked for.
    pub history: Option<&'a Witnesses>,
    /// The revision that is compared with.
    pub base_name: &'a str,
    /// Where commands are typed.
    pub stand: &'a Stand,
    /// What the bytes on this disk say of the head side.
    pub facts: &'a Facts,
    /// Where tool lockfiles are looked for when the repository has none of that name, nearest first.
    pub tiers: &'a [Tier<'a>],
    /// Seconds since 1970, if the day counts.
    pub now: Option<i64>,
    /// Where lockfiles stood on the base side that were moved since.
    pub moved: HashMap<&'a str, &'a str>,
    /// What the base side has too, where only what is new counts.
    pub known: Option<&'a Known>,
}

impl<'a> Context<'a> {
    /// What is known of the bytes of the head side's lockfiles.
    pub fn of_bytes(&self) -> impl Iterator<Item = (&'a Lockfile<'a>, &'a OfLockfile)> {
        let facts = self.facts;
        self.head.lockfiles.iter().filter_map(move |&it| Some((it, facts.lockfiles.get(&it.source.path)?)))
    }

    /// What the base side has of a release in the very slot of an entry: nothing where the entry is new to its lockfile.
    pub fn same_slot<'k>(&self, slot: Slot<'a>, kept: &'k Kept<'a>) -> &'k [Slot<'a>] {
        let path = slot.lockfile.source.path.as_str();
        kept.at(self.moved.get(path).copied().unwrap_or(path), slot.package.slot.as_str())
    }

    /// The lockfile of the base side that a lockfile goes on from.
    pub fn before(&self, lockfile: &Lockfile<'_>) -> Option<&'a Lockfile<'a>> {
        let path = lockfile.source.path.as_str();
        let path = self.moved.get(path).copied().unwrap_or(path);
        self.base.as_ref()?.lockfile(path)
    }

    /// Whether all manifests of a lockfile are what they were.
    pub fn keeps_manifests(&self, lockfile: &Lockfile<'_>) -> bool {
        !self.head.served_by(lockfile).any(|manifest| self.is_changed(manifest.source))
    }

    /// Whether a manifest or configuration file is not what it was on the base side; with nothing to compare with, no file
    /// is.
    pub fn is_changed(&self, source: &Source) -> bool {
        // A file that is the same on both sides is read once.
        let before =
            |base: &World<'_>| base.companion(&source.path).is_some_and(|it| std::ptr::eq(it, source));
        self.base.as_ref().is_some_and(|base| !before(base))
    }
}

/// A place outside of the repository that has tools and their lockfiles.
pub struct Tier<'a> {
    pub scope: Scope,
    /// By their place in the store.
    pub lockfiles: BTreeMap<&'a str, Lockfile<'a>>,
    pub tools: Tools<'a>,
}

impl<'a> Tier<'a> {
    pub fn new(tier: &'a disk::Tier) -> Tier<'a> {
        let lockfiles = tier.sources.iter().filter_map(|source| {
            let format = formats::of_file(&source.path, Some(source), None)?;
            Some((store::place(&source.path)?.below, format.read(source)))
        });
        Tier { scope: tier.scope, lockfiles: lockfiles.collect(), tools: Tools::new(tier.sources.iter()) }
    }

    /// Its tools.
    pub fn project(&self) -> &Project<'a> {
        self.tools.project(self.scope.prefix())
    }
}

/// A lockfile that nothing is checked of.
#[derive(Clone, Copy)]
pub struct Unread<'a> {
    pub kind: &'static Kind,
    /// Without its text.
    pub source: &'a Source,
    /// The other side has one there too.
    pub is_on_both: bool,
    /// It is not what the base side has.
    pub changed: bool,
}

impl<'a> Unread<'a> {
    pub fn of_head(it: &'a Unsupported) -> Option<Unread<'a>> {
        let is_on_both = it.base.is_some();
        Some(Unread { kind: it.kind, source: it.head.as_ref()?, is_on_both, changed: it.changed })
    }

    pub fn of_base(it: &'a Unsupported) -> Option<Unread<'a>> {
        let is_on_both = it.head.is_some();
        Some(Unread { kind: it.kind, source: it.base.as_ref()?, is_on_both, changed: false })
    }
}

/// One side.
pub struct World<'a> {
    pub lockfiles: Vec<&'a Lockfile<'a>>,
    /// Manifests and client configuration, parsed when a rule first asks.
    pub companions: Vec<&'a Source>,
    /// What an `llmring.lock` is judged with.
    pub models: Models<'a>,
    manifests: OnceLock<Vec<Manifest<'a>>>,
    workspaces: OnceLock<Workspaces>,
    /// Lockfiles of kinds that can't be read.
    pub unread: Vec<Unread<'a>>,
    /// Lockfiles on disk that git ignores.
    pub ignored: &'a [String],
    /// Paths of every lockfile and manifest of this side, read or not, sorted.
    pub paths: &'a [String],
    folds: [OnceLock<Fold<'a>>; Ecosystem::ALL.len()],
    places: [OnceLock<Places<'a>>; Ecosystem::ALL.len()],
    tools: OnceLock<Tools<'a>>,
    encrypted: [OnceLock<Encrypted>; Ecosystem::ALL.len()],
    /// By the address of the lockfile.
    derived: HashMap<usize, Derived<'a>>,
    by_path: OnceLock<HashMap<&'a str, &'a Lockfile<'a>>>,
}

/// What is made of one lockfile when first asked for.
#[derive(Default)]
struct Derived<'a> {
    graph: OnceLock<Graph<'a>>,
    declared: OnceLock<Declarations<'a>>,
    is_hashed: OnceLock<bool>,
    local: OnceLock<HashSet<&'a str>>,
    brought: OnceLock<Vec<Brought>>,
}

/// The model registry, and the Python packages around an `llmring.lock`.
#[derive(Default)]
pub struct Models<'a> {
    pub sources: Vec<&'a Source>,
    registry: OnceLock<Registry<'a>>,
}

impl<'a> Models<'a> {
    /// The snapshot of the model registry; nothing when none is named, or it is empty. Read when first asked for.
    pub fn registry(&self) -> Option<&Registry<'a>> {
        let registry = self.registry.get_or_init(|| Registry::new(self.sources.iter().copied()));
        Some(registry).filter(|it| !it.is_empty())
    }
}

/// What the manifests of a lockfile declare, by what rules ask for. Names are canonical.
#[derive(Default)]
struct Declarations<'a> {
    places: HashMap<String, (&'a Source, &'a str)>,
    named: HashMap<(String, String), (&'a Source, &'a str)>,
    elsewhere: HashMap<String, (&'a Source, &'a str)>,
    local: HashSet<String>,
    /// Folders that a dependency is to come from, with its name.
    folders: HashSet<(String, String)>,
    /// Folders that a workspace lists by their path.
    members: HashSet<String>,
    /// Folders of the projects that manifests lead to.
    projects: HashSet<&'a str>,
    /// What is asked for by a range alone.
    plain: HashSet<String>,
    /// The branch, tag or commit that a git repository is asked for, by name and place.
    references: HashMap<(String, String), (&'a Source, &'a str, String)>,
    aliases: HashMap<String, Vec<&'a str>>,
    /// The paths of the manifests themselves.
    manifests: HashSet<&'a str>,
}

impl<'a> Declarations<'a> {
    /// Of several lines that say the same, the first one stands for all.
    fn new(ecosystem: Ecosystem, members: &Members<'_, 'a>) -> Declarations<'a> {
        let mut all = Declarations::default();
        let spell = |name: &Text<'_>| canonical(ecosystem, name.as_str()).into_owned();
        for manifest in members.vouched() {
            all.local.extend(manifest.name.as_ref().map(spell));
            all.local
                .extend(manifest.dependencies.iter().filter(|dep| dep.local).map(|dep| spell(&dep.name)));
            all.projects.insert(manifest.folder());
        }
        for manifest in &members.manifests {
            all.manifests.insert(&manifest.source.path);
            let members = manifest.workspace.iter().flat_map(|it| &it.members);
            all.members.extend(members.filter_map(|it| join(manifest.folder(), it.as_str())));
            for dep in &manifest.dependencies {
                if dep.place.is_none() && !dep.local && matches!(dep.kind, DepKind::Dependency(_)) {
                    all.plain.insert(spell(&dep.name));
                }
                let line = (manifest.source, dep.at);
                // An archive of a commit is its repository, to clients that call it so.
                let archive = dep.range.as_ref().and_then(|range| forge::archive_of_commit(range.as_str()));
                let repository = archive.map(|git| git.repository);
                for place in dep.place.as_deref().into_iter().chain(repository.as_deref()) {
                    all.places.entry(place.to_owned()).or_insert(line);
                    all.elsewhere.entry(spell(&dep.name)).or_insert(line);
                    all.named.entry((spell(&dep.name), place.to_owned())).or_insert(line);
                }
                if let (Some(place), Some(reference)) = (&dep.place, &dep.reference) {
                    let key = (spell(&dep.name), place.clone().into_owned());
                    all.references.entry(key).or_insert((line.0, line.1, reference.clone().into_owned()));
                }
                let folder = dep.folder.as_ref().and_then(|it| join(manifest.folder(), it.as_str()));
                all.folders.extend(folder.map(|folder| (spell(&dep.name), folder)));
                if dep.at.starts_with("npm:") {
                    all.aliases.entry(dep.name.as_str().to_owned()).or_default().push(dep.at);
                }
            }
        }
        all
    }
}

impl<'a> World<'a> {
    pub fn new(
        lockfiles: Vec<&'a Lockfile<'a>>,
        companions: Vec<&'a Source>,
        paths: &'a [String],
    ) -> World<'a> {
        let derived = lockfiles.iter().map(|lockfile| (address(lockfile), Derived::default())).collect();
        World {
            lockfiles,
            derived,
            companions,
            models: Models::default(),
            manifests: OnceLock::new(),
            workspaces: OnceLock::new(),
            unread: Vec::new(),
            ignored: &[],
            paths,
            folds: Default::default(),
            places: Default::default(),
            tools: OnceLock::new(),
            by_path: OnceLock::new(),
            encrypted: Default::default(),
        }
    }

    /// A lockfile by its path.
    pub fn lockfile(&self, path: &str) -> Option<&'a Lockfile<'a>> {
        let by_path = || self.lockfiles.iter().map(|&it| (it.source.path.as_str(), it)).collect();
        self.by_path.get_or_init(by_path).get(path).copied()
    }

    /// With lockfiles that git ignores.
    pub fn ignoring(mut self, ignored: &'a [String]) -> World<'a> {
        self.ignored = ignored;
        self
    }

    /// With lockfiles of kinds that can't be read.
    pub fn with_unread(mut self, unread: Vec<Unread<'a>>) -> World<'a> {
        self.unread = unread;
        self
    }

    /// With what an `llmring.lock` is judged with.
    pub fn with_models(mut self, sources: Vec<&'a Source>) -> World<'a> {
        self.models.sources = sources;
        self
    }

    /// The manifests and the client configuration of an ecosystem.
    pub fn manifests(&self, ecosystem: Ecosystem) -> impl Iterator<Item = &Manifest<'a>> {
        self.all_manifests().iter().filter(move |manifest| manifest.ecosystem == ecosystem)
    }

    /// Manifests and client configuration of all ecosystems.
    pub fn all_manifests(&self) -> &[Manifest<'a>] {
        let read = || self.companions.iter().filter_map(|source| Manifest::read(source)).collect();
        let all: &Vec<Manifest<'a>> = self.manifests.get_or_init(read);
        all
    }

    /// The manifests that a lockfile serves: its workspace's, or the one beside it.
    pub fn served_by(&self, lockfile: &Lockfile<'_>) -> impl Iterator<Item = &Manifest<'a>> {
        let served = self.workspaces().served_from(lockfile.ecosystem(), lockfile.folder());
        served.iter().map(|&at| &self.all_manifests()[at])
    }

    /// Every project, and the folder in which its lockfile stands.
    pub fn projects(&self) -> impl Iterator<Item = (&Manifest<'a>, &str)> {
        let all = self.all_manifests().iter().enumerate().filter(|(_, manifest)| manifest.is_project);
        all.map(|(at, manifest)| (manifest, self.workspaces().home(at)))
    }

    fn workspaces(&self) -> &Workspaces {
        self.workspaces.get_or_init(|| Workspaces::new(self.all_manifests()))
    }

    /// A manifest or configuration file, by its path.
    pub fn companion(&self, path: &str) -> Option<&'a Source> {
        let at = self.companions.binary_search_by(|source| source.path.as_str().cmp(path));
        at.ok().map(|at| self.companions[at])
    }

    /// The releases of an ecosystem, folded over all its lockfiles. Made when first asked for.
    pub fn fold(&self, ecosystem: Ecosystem) -> &Fold<'a> {
        self.folds[ecosystem as usize].get_or_init(|| Fold::new(self.of(ecosystem)))
    }

    /// Where an ecosystem's packages are fetched from. Made when first asked for.
    pub fn places(&self, ecosystem: Ecosystem) -> &Places<'a> {
        self.places[ecosystem as usize].get_or_init(|| Places::new(self.of(ecosystem)))
    }

    /// The hosts that are known to speak https. Made when first asked for.
    pub fn encrypted(&self, ecosystem: Ecosystem) -> &Encrypted {
        self.encrypted[ecosystem as usize].get_or_init(|| Encrypted::new(ecosystem, &[self]))
    }

    /// The dependencies of a lockfile of this side, resolved. Made when first asked for.
    pub fn graph(&self, lockfile: &'a Lockfile<'a>) -> Option<&Graph<'a>> {
        let derived = self.derived.get(&address(lockfile))?;
        Some(derived.graph.get_or_init(|| {
            let beside = lockfile.format.manifest_beside(&lockfile.source.path, self.paths);
            let manifest = beside.filter(|_| lockfile.roots.is_empty()).and_then(|path| self.manifest(&path));
            let asked = manifest.iter().flat_map(|it| &it.dependencies).map(|dep| dep.name.as_str());
            Graph::new(lockfile, &asked.collect::<Vec<_>>())
        }))
    }

    /// A manifest or configuration file, read, by its path.
    pub fn manifest(&self, path: &str) -> Option<&Manifest<'a>> {
        let all = self.all_manifests();
        let at = all.binary_search_by(|manifest| manifest.source.path.as_str().cmp(path)).ok()?;
        Some(&all[at])
    }

    fn of(&self, ecosystem: Ecosystem) -> impl Iterator<Item = &'a Lockfile<'a>> {
        self.lockfiles.iter().copied().filter(move |lockfile| lockfile.ecosystem() == ecosystem)
    }

    /// The line of a manifest that asks for something (of that name) from that git repository or URL, on behalf of a
    /// lockfile of this side. A manifest elsewhere in the repository has no say in it.
    pub fn declaration(
        &self,
        lockfile: &'a Lockfile<'a>,
        name: Option<&str>,
        place: &str,
    ) -> Option<(&'a Source, &'a str)> {
        let declared = self.declared(lockfile)?;
        match name {
            None => declared.places.get(place).copied(),
            Some(name) => {
                let key = (canonical(lockfile.ecosystem(), name).into_owned(), place.to_owned());
                declared.named.get(&key).copied()
            }
        }
    }

    /// The line of a manifest that takes a package of that name from a git repository or URL.
    pub fn elsewhere(&self, lockfile: &'a Lockfile<'a>, name: &str) -> Option<(&'a Source, &'a str)> {
        self.declared(lockfile)?.elsewhere.get(&*canonical(lockfile.ecosystem(), name)).copied()
    }

    /// The branch, tag or commit that a manifest asks that repository for, on behalf of a package; and the line.
    pub fn reference(
        &self,
        lockfile: &'a Lockfile<'a>,
        name: &str,
        place: &str,
    ) -> Option<&(&'a Source, &'a str, String)> {
        let key = (canonical(lockfile.ecosystem(), name).into_owned(), place.to_owned());
        self.declared(lockfile)?.references.get(&key)
    }

    /// Whether the manifests ask for that name, and leave it to the registry.
    pub fn asks_plainly(&self, lockfile: &'a Lockfile<'a>, name: &str) -> bool {
        let name = canonical(lockfile.ecosystem(), name);
        let declared = self.declared(lockfile);
        declared.is_some_and(|it| it.plain.contains(&*name) && !it.elsewhere.contains_key(&*name))
    }

    /// Who brings an entry of a lockfile of this side along. Found for all when first asked for.
    pub fn brought(&self, lockfile: &'a Lockfile<'a>, package: &Package<'_>) -> Brought {
        let Some(derived) = self.derived.get(&address(lockfile)) else { return Brought::Otherwise };
        let all = derived
            .brought
            .get_or_init(|| self.graph(lockfile).map_or(Vec::new(), |graph| brought(lockfile, graph)));
        // Its place in the list, by its address.
        let start = lockfile.packages.as_ptr().addr();
        let at = std::ptr::from_ref(package).addr().wrapping_sub(start) / size_of::<Package<'_>>();
        all.get(at).copied().unwrap_or_default()
    }

    /// Whether a lockfile is that of a project which had none, and takes the place of no other.
    pub fn is_other_project(&self, lockfile: &Lockfile<'_>, base: &World<'_>) -> bool {
        let ecosystem = lockfile.ecosystem();
        let stood_there = base.of(ecosystem).any(|it| it.folder() == lockfile.folder());
        let is_gone = base.of(ecosystem).any(|it| self.lockfile(&it.source.path).is_none());
        let mut projects = base.projects().filter(|(manifest, _)| manifest.ecosystem == ecosystem);
        let was_member = projects
            .any(|(manifest, home)| manifest.folder() == lockfile.folder() && home != manifest.folder());
        !(stood_there || is_gone || was_member)
    }

    /// Whether a manifest leads to the project in that folder, or takes a package of that name from it.
    pub fn leads_to(&self, lockfile: &'a Lockfile<'a>, name: &str, folder: &str) -> bool {
        self.declared(lockfile).is_some_and(|it| it.projects.contains(folder))
            || self.declares_folder(lockfile, name, folder)
    }

    /// Whether a lockfile of this side has a package of that name that is part of the project, or lies in a folder.
    pub fn has_local(&self, lockfile: &Lockfile<'_>, name: &str) -> bool {
        let Some(derived) = self.derived.get(&address(lockfile)) else { return false };
        let look = || {
            let own = self.lockfile(&lockfile.source.path);
            let packages = own.map_or(&[][..], |own| &own.packages).iter();
            packages.filter(|it| it.origin.is_local()).map(|it| it.name.as_str()).collect()
        };
        derived.local.get_or_init(look).contains(name)
    }

    /// Whether a package of that name is a project of the lockfile, or a manifest of it takes it from a folder. A folder that
    /// only the lockfile names is no proof.
    pub fn is_local(&self, lockfile: &'a Lockfile<'a>, name: &str) -> bool {
        let name = canonical(lockfile.ecosystem(), name);
        self.declared(lockfile).is_some_and(|declared| declared.local.contains(&*name))
    }

    /// Whether a manifest takes a package of that name from exactly that folder, or lists the folder as a project.
    pub fn declares_folder(&self, lockfile: &'a Lockfile<'a>, name: &str, folder: &str) -> bool {
        let key = (canonical(lockfile.ecosystem(), name).into_owned(), folder.to_owned());
        self.declared(lockfile).is_some_and(|it| it.folders.contains(&key) || it.members.contains(folder))
    }

    /// Whether any entry of a lockfile of this side has a hash.
    pub fn is_hashed(&self, lockfile: &'a Lockfile<'a>) -> bool {
        let look = || lockfile.packages.iter().any(|package| package.is_hashed());
        self.derived.get(&address(lockfile)).map_or_else(look, |it| *it.is_hashed.get_or_init(look))
    }

    /// What the manifests say, indexed: it is asked for entry by entry.
    fn declared(&self, lockfile: &'a Lockfile<'a>) -> Option<&Declarations<'a>> {
        let derived = self.derived.get(&address(lockfile))?;
        Some(
            derived
                .declared
                .get_or_init(|| Declarations::new(lockfile.ecosystem(), &Members::of(self, lockfile))),
        )
    }

    /// The registries that client configuration on this side names.
    pub fn configured(&self, ecosystem: Ecosystem) -> impl Iterator<Item = (&'a Source, &Pinned<'a>)> {
        self.manifests(ecosystem).flat_map(|it| it.registries.iter().map(|pin| (it.source, pin)))
    }

    /// Those that a lockfile obeys: of configuration in its folder or above, and of the manifests that it was made from. What
    /// stands elsewhere in the repository is another project's. The lockfile may be the other side's.
    pub fn obeyed(&self, lockfile: &Lockfile<'_>) -> impl Iterator<Item = (&'a Source, &Pinned<'a>)> {
        let own = self.lockfile(&lockfile.source.path).and_then(|own| self.declared(own));
        let folder = lockfile.folder().to_owned();
        let counts = move |it: &&Manifest<'a>| {
            it.governs(&folder) || own.is_some_and(|own| own.manifests.contains(it.source.path.as_str()))
        };
        self.manifests(lockfile.ecosystem())
            .filter(counts)
            .flat_map(|it| it.registries.iter().map(|pin| (it.source, pin)))
    }

    /// Whether a manifest gives that name another package's bytes: `"name": "npm:other@1"`.
    pub fn aliases(&self, lockfile: &'a Lockfile<'a>, name: &str, target: &str) -> bool {
        let ranges = self.declared(lockfile).and_then(|declared| declared.aliases.get(name));
        ranges.is_some_and(|ranges| ranges.iter().any(|range| is_alias_of(range, target)))
    }

    /// Whether a manifest asks for that package under another name.
    pub fn asks_for(&self, lockfile: &'a Lockfile<'a>, target: &str) -> bool {
        let all = self.declared(lockfile).map(|declared| declared.aliases.values().flatten());
        all.is_some_and(|mut ranges| ranges.any(|range| is_alias_of(range, target)))
    }

    /// The tools that tool lockfiles pin, by project. Read when first asked for.
    pub fn tools(&self) -> &Tools<'a> {
        self.tools.get_or_init(|| Tools::new(self.companions.iter().copied()))
    }

    /// The tool lockfiles of this side that can be read, with what only they say.
    pub fn tool_lockfiles(&self) -> impl Iterator<Item = (&'a Lockfile<'a>, &'a ToolLock<'a>)> {
        self.lockfiles.iter().filter_map(|lockfile| Some((*lockfile, lockfile.tool.as_deref()?)))
    }

    pub fn has_path(&self, path: &str) -> bool {
        self.paths.binary_search_by(|known| known.as_str().cmp(path)).is_ok()
    }
}

/// Who brings a package along: all that depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Brought {
    /// Nobody, or somebody else.
    #[default]
    Otherwise,
    /// Packages from git repositories.
    ByGit,
    /// Packages of its own repository and commit.
    BySiblings,
}

/// How many steps that may take: in a hostile lockfile each dependency leads to thousands of entries.
const MOST_STEPS: usize = 20_000_000;

fn brought(lockfile: &Lockfile<'_>, graph: &Graph<'_>) -> Vec<Brought> {
    let mut found: Vec<Option<Brought>> = vec![None; lockfile.packages.len()];
    let mut left = MOST_STEPS;
    for node in 0..graph.project() {
        let from = lockfile.packages.get(node).map(|package| &package.origin);
        for (_, targets) in graph.edges(node) {
            let Some(rest) = left.checked_sub(targets.len()) else { return Vec::new() };
            left = rest;
            for &at in targets {
                let by = match (from, &lockfile.packages[at as usize].origin) {
                    (Some(Origin::Git(from)), Origin::Git(to)) if is_sibling(from, to) => Brought::BySiblings,
                    (Some(Origin::Git(_)), _) => Brought::ByGit,
                    _ => Brought::Otherwise,
                };
                let known = &mut found[at as usize];
                *known = Some(match *known {
                    None => by,
                    Some(other) if other == by => by,
                    Some(Brought::Otherwise) => Brought::Otherwise,
                    Some(_) if by == Brought::Otherwise => Brought::Otherwise,
                    Some(_) => Brought::ByGit,
                });
            }
        }
    }
    found.into_iter().map(Option::unwrap_or_default).collect()
}

fn is_sibling(a: &Git<'_>, b: &Git<'_>) -> bool {
    a.repository == b.repository && a.commit.is_some() && a.commit == b.commit
}

fn address(lockfile: &Lockfile<'_>) -> usize {
    std::ptr::from_ref(lockfile) as usize
}

/// `npm:<target>` or `npm:<target>@<range>`
pub fn is_alias_of(range: &str, target: &str) -> bool {
    let rest = range.strip_prefix("npm:").and_then(|rest| rest.strip_prefix(target));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

/// A lockfile that is not the same on both sides.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    pub head: Option<&'a Lockfile<'a>>,
    pub base: Option<&'a Lockfile<'a>>,
}

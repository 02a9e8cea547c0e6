//! Which manifests a lockfile was made from: those of its own projects, and no others of the repository.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::ecosystems::manifest::Manifest;
use crate::model::graph::{Graph, Node};
use crate::model::{Ecosystem, Lockfile, Package, canonical};
use crate::world::World;
use crate::world::workspace::join;

/// The manifests and the client configuration of one lockfile, on one side.
pub struct Members<'c, 'a> {
    world: &'c World<'a>,
    lockfile: &'a Lockfile<'a>,
    pub manifests: Vec<&'c Manifest<'a>>,
    /// How many of them, from the first, manifests lead to. The others only the lockfile names.
    vouched: usize,
    names: HashMap<String, &'c Manifest<'a>>,
}

impl<'c, 'a> Members<'c, 'a> {
    /// Those of the workspace, those in the folders that the lockfile names, and what any of them takes from a folder.
    pub fn of(world: &'c World<'a>, lockfile: &'a Lockfile<'a>) -> Members<'c, 'a> {
        let (manifests, names) = (Vec::new(), HashMap::new());
        let mut members = Members { world, lockfile, manifests, vouched: 0, names };
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        members.follow(world.served_by(lockfile).collect(), &mut seen, &mut found);
        members.vouched = found.len();
        members.follow(members.named(), &mut seen, &mut found);
        for manifest in &found {
            let name =
                manifest.name.as_ref().map(|it| canonical(manifest.ecosystem, it.as_str()).into_owned());
            members.names.extend(name.map(|name| (name, *manifest)));
        }
        found.extend(members.beside());
        members.manifests = found;
        members
    }

    /// Those that manifests lead to, as against those that only the lockfile names.
    pub fn vouched(&self) -> &[&'c Manifest<'a>] {
        &self.manifests[..self.vouched]
    }

    /// Some manifests, and those in the folders that they take dependencies from.
    fn follow(
        &self,
        mut from: Vec<&'c Manifest<'a>>,
        seen: &mut HashSet<&'a str>,
        into: &mut Vec<&'c Manifest<'a>>,
    ) {
        from.retain(|manifest| seen.insert(&manifest.source.path));
        let mut next = into.len();
        into.extend(from);
        while let Some(manifest) = into.get(next).copied() {
            next += 1;
            let folders = manifest.dependencies.iter().filter_map(|dep| dep.folder.as_ref());
            let folders = folders.filter_map(|folder| join(manifest.folder(), folder.as_str()));
            let others = folders.filter_map(|folder| self.in_folder(&folder));
            into.extend(others.filter(|it| seen.insert(&it.source.path)));
        }
    }

    /// The manifest of a root, or of a package that is part of the project.
    pub fn manifest(&self, node: Node) -> Option<&'c Manifest<'a>> {
        match node.checked_sub(self.lockfile.packages.len()) {
            None => self.of_package(&self.lockfile.packages[node]),
            Some(root) => match self.lockfile.roots.get(root) {
                Some(root) => self.at(root.path.as_str()),
                None => self.at(""),
            },
        }
    }

    /// The manifest of the same project, when it was moved.
    fn by_name(&self, other: &Manifest<'_>) -> Option<&'c Manifest<'a>> {
        let name = canonical(other.ecosystem, other.name.as_ref()?.as_str());
        self.names.get(&*name).copied()
    }

    /// What stood on this side for a manifest of the other.
    pub fn same(&self, other: &Manifest<'_>) -> Option<&'c Manifest<'a>> {
        self.world.manifest(&other.source.path).or_else(|| self.by_name(other))
    }

    /// The nodes of the projects, each with its manifest where that is known.
    pub fn projects<'g>(
        &'g self,
        graph: &'g Graph<'a>,
    ) -> impl Iterator<Item = (Node, Option<&'c Manifest<'a>>)> {
        graph.starts().map(|node| (node, self.manifest(node)))
    }

    fn of_package(&self, package: &Package<'_>) -> Option<&'c Manifest<'a>> {
        match (&package.source, self.lockfile.ecosystem()) {
            (Some(path), Ecosystem::PyPi) => self.at(path.as_str()),
            (None, Ecosystem::Cargo) => self.names.get(package.name.as_str()).copied(),
            _ => None,
        }
    }

    /// Those in the folders that the lockfile names: npm, pnpm and uv do.
    fn named(&self) -> Vec<&'c Manifest<'a>> {
        let lockfile = self.lockfile;
        let roots = lockfile.roots.iter().map(|root| root.path.as_str());
        let local = lockfile.packages.iter().filter(|package| package.origin.is_local());
        let sources = local.filter_map(|package| package.source.as_ref().map(|source| source.as_str()));
        std::iter::once("").chain(roots).chain(sources).filter_map(|path| self.at(path)).collect()
    }

    /// The manifest in a folder, given from the lockfile's. That of a script is the script.
    fn at(&self, path: &str) -> Option<&'c Manifest<'a>> {
        if self.lockfile.source.path.ends_with(".py.lock") {
            return None;
        }
        self.in_folder(&join(self.lockfile.folder(), path)?)
    }

    fn in_folder(&self, folder: &str) -> Option<&'c Manifest<'a>> {
        let files = self.lockfile.format.manifests.iter();
        files.filter_map(|file| self.world.manifest(&join(folder, file)?)).find(|it| it.is_project)
    }

    /// Client configuration.
    fn beside(&self) -> impl Iterator<Item = &'c Manifest<'a>> {
        const FILES: [&str; 5] =
            [".npmrc", "pnpm-workspace.yaml", "uv.toml", ".cargo/config.toml", ".cargo/config"];
        let (world, lockfile) = (self.world, self.lockfile);
        let found = FILES.iter().filter_map(|file| world.manifest(&join(lockfile.folder(), file)?));
        found.filter(|manifest| manifest.ecosystem == lockfile.ecosystem())
    }
}

//! Cargo remembers no ranges. Members are locked with all features, for all targets and with their tests, so what a member's
//! entry names is exactly what its manifest asks for, and the version that it names must satisfy the manifest.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use semver::{Version, VersionReq};

use super::{Drift, has_own, unknown_member};
use crate::ecosystems::manifest::{Declared, Kind, Manifest};
use crate::model::{Edge, Lockfile, Package};
use crate::text::syntax::Text;
use crate::world::World;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    let locked = Locked::new(lockfile);
    let root = world.served_by(lockfile).find(|it| it.folder() == lockfile.folder());
    let shared: HashMap<&str, &Declared<'a>> = root
        .into_iter()
        .flat_map(|root| root.of_kind(Kind::Shared))
        .map(|dep| (dep.key.as_str(), dep))
        .collect();
    let mut drifts = Vec::new();
    for manifest in world.served_by(lockfile) {
        let Some(name) = &manifest.name else { continue };
        match locked.member(name.as_str()) {
            Some(member) => drifts.extend(locked.compare(manifest, member, &shared)),
            None if has_own(world, lockfile, manifest) => {}
            None => drifts.push(unknown_member(manifest, lockfile)),
        }
    }
    drifts
}

/// The entries of a lockfile, by name.
struct Locked<'a> {
    lockfile: &'a Lockfile<'a>,
    by_name: HashMap<&'a str, Vec<&'a Package<'a>>>,
}

impl<'a> Locked<'a> {
    fn new(lockfile: &'a Lockfile<'a>) -> Locked<'a> {
        let mut by_name: HashMap<&str, Vec<_>> = HashMap::new();
        for package in &lockfile.packages {
            by_name.entry(package.name.as_str()).or_default().push(package);
        }
        Locked { lockfile, by_name }
    }

    fn member(&self, name: &str) -> Option<&'a Package<'a>> {
        self.by_name.get(name)?.iter().find(|package| package.source.is_none()).copied()
    }

    fn compare(
        &self,
        manifest: &Manifest<'a>,
        member: &'a Package<'a>,
        shared: &HashMap<&str, &Declared<'a>>,
    ) -> Vec<Drift<'a>> {
        let mut edges: HashMap<String, Vec<&'a Edge<'a>>> = HashMap::new();
        for edge in &member.edges {
            edges.entry(folded(edge.name.as_str())).or_default().push(edge);
        }
        let (mut drifts, mut asked) = (Vec::new(), HashSet::new());
        for (_, dep) in manifest.asked() {
            let inherited = || shared.get(dep.key.as_str()).copied();
            // What the root does not have either, Cargo refuses.
            let full = Some(dep).filter(|dep| !dep.inherited).or_else(inherited);
            let name = folded(full.unwrap_or(dep).name.as_str());
            let named = edges.get(&name).map_or(&[][..], Vec::as_slice);
            drifts.extend(full.and_then(|full| self.unsatisfied(manifest, dep, full, named)));
            asked.insert(name);
        }
        let dropped = member.edges.iter().filter(|edge| !asked.contains(&folded(edge.name.as_str())));
        drifts.extend(dropped.map(|edge| self.dropped(manifest, edge)));
        drifts
    }

    /// `full` is the dependency with what it inherits, `named` what the lockfile has under its name.
    fn unsatisfied(
        &self,
        manifest: &Manifest<'a>,
        dep: &Declared<'a>,
        full: &Declared<'a>,
        named: &[&'a Edge<'a>],
    ) -> Option<Drift<'a>> {
        let (path, lock) = (&manifest.source.path, &self.lockfile.source.path);
        // Without a version, a folder or a repository is asked for whatever it has: a pre-release as well.
        let (name, range) = (full.name.as_str(), full.range.as_ref().map(Text::as_str));
        let message = match named {
            [] => format!("{path} asks for {name}, and {lock} has none for it."),
            [first, ..] if !named.iter().any(|edge| self.satisfies(edge, range)) => {
                let range = range.unwrap_or("*");
                let version = self.version(first).unwrap_or_default();
                format!("{path} asks for {name} `{range}`, and {lock} has {version} for it.")
            }
            _ => return None,
        };
        let locked = named.first().map(|edge| edge.name.raw);
        let asked = (manifest.source, dep.at);
        Some(Drift { message, subject: name.to_owned(), asked, locked, refused: true })
    }

    fn dropped(&self, manifest: &Manifest<'a>, edge: &'a Edge<'a>) -> Drift<'a> {
        let (name, path) = (edge.name.as_str(), &manifest.source.path);
        let lock = &self.lockfile.source.path;
        let first = manifest.source.text().lines().next().unwrap_or_default();
        Drift {
            message: format!("{path} does not ask for {name}, and {lock} was made when it did."),
            subject: name.to_owned(),
            asked: (manifest.source, first),
            locked: Some(edge.name.raw),
            refused: true,
        }
    }

    /// What can't be read is not ours to judge.
    fn satisfies(&self, edge: &Edge<'a>, range: Option<&str>) -> bool {
        let Some(Ok(range)) = range.map(VersionReq::parse) else { return true };
        let version = self.version(edge).map(Version::parse);
        version.is_none_or(|version| version.is_ok_and(|version| range.matches(&version)))
    }

    /// `name` or `name version (source)`: the version stands there when there are several.
    fn version<'e>(&self, edge: &'e Edge<'a>) -> Option<&'e str>
    where
        'a: 'e,
    {
        let target = edge.target.as_ref()?.as_str();
        target.split(' ').nth(1).or_else(|| Some(self.by_name.get(edge.name.as_str())?.first()?.version()))
    }
}

/// Cargo finds `a-b` where `a_b` is asked for.
fn folded(name: &str) -> String {
    name.replace('_', "-")
}

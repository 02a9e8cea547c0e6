//! What a rule may see: the policy, both sides' lockfiles and their folds, manifests and client configuration.

use std::sync::OnceLock;

use crate::change::{Fold, Places};
use crate::escape::shell;
use crate::manifest::{Declared, Manifest, Pinned};
use crate::model::{Ecosystem, Lockfile, canonical};
use crate::policy::Policy;
use crate::source::Source;
use crate::syntax::Text;

/// Everything that a check needs. Rules read it and do no I/O.
pub struct Context<'a> {
    pub policy: &'a Policy,
    pub head: World<'a>,
    /// Absent when there is nothing to compare with.
    pub base: Option<World<'a>>,
    /// The revision that takes lines back.
    pub base_name: &'a str,
}

impl Context<'_> {
    /// The command that takes a lockfile back.
    pub fn checkout(&self, lockfile: &Lockfile<'_>) -> String {
        format!("git checkout {} -- {}", shell(self.base_name), shell(&lockfile.source.path))
    }

    /// What to do about a line that was changed.
    pub fn restore(&self, lockfile: &Lockfile<'_>) -> String {
        format!("`{}` takes the line back.", self.checkout(lockfile))
    }
}

/// One side.
pub struct World<'a> {
    pub lockfiles: Vec<&'a Lockfile<'a>>,
    /// Manifests and client configuration, parsed when a rule first asks.
    pub companions: Vec<&'a Source>,
    manifests: OnceLock<Vec<Manifest<'a>>>,
    /// Paths of every lockfile and manifest of this side, read or not, sorted.
    pub paths: &'a [String],
    folds: [OnceLock<Fold<'a>>; Ecosystem::ALL.len()],
    places: [OnceLock<Places<'a>>; Ecosystem::ALL.len()],
}

impl<'a> World<'a> {
    pub fn new(
        lockfiles: Vec<&'a Lockfile<'a>>,
        companions: Vec<&'a Source>,
        paths: &'a [String],
    ) -> World<'a> {
        World {
            lockfiles,
            companions,
            manifests: OnceLock::new(),
            paths,
            folds: Default::default(),
            places: Default::default(),
        }
    }

    /// The manifests and the client configuration of an ecosystem.
    pub fn manifests(&self, ecosystem: Ecosystem) -> impl Iterator<Item = &Manifest<'a>> {
        let read = || self.companions.iter().filter_map(|source| Manifest::read(source)).collect();
        let all: &Vec<Manifest<'a>> = self.manifests.get_or_init(read);
        all.iter().filter(move |manifest| manifest.ecosystem == ecosystem)
    }

    /// The releases of an ecosystem, folded over all its lockfiles. Made when first asked for.
    pub fn fold(&self, ecosystem: Ecosystem) -> &Fold<'a> {
        self.folds[ecosystem as usize].get_or_init(|| Fold::new(self.of(ecosystem)))
    }

    /// Where an ecosystem's packages are fetched from. Made when first asked for.
    pub fn places(&self, ecosystem: Ecosystem) -> &Places<'a> {
        self.places[ecosystem as usize].get_or_init(|| Places::new(self.of(ecosystem)))
    }

    fn of(&self, ecosystem: Ecosystem) -> impl Iterator<Item = &'a Lockfile<'a>> {
        self.lockfiles.iter().copied().filter(move |lockfile| lockfile.ecosystem() == ecosystem)
    }

    /// The line of a manifest that asks for something (of that name) from that git repository or URL.
    pub fn declaration(
        &self,
        ecosystem: Ecosystem,
        name: Option<&str>,
        place: &str,
    ) -> Option<(&'a Source, &'a str)> {
        let is_it = |dep: &Declared<'_>| {
            name.is_none_or(|name| canonical(ecosystem, name) == canonical(ecosystem, dep.name.as_str()))
        };
        let all = self.manifests(ecosystem).flat_map(|it| it.dependencies.iter().map(|dep| (it.source, dep)));
        all.into_iter()
            .find(|(_, dep)| dep.place.as_deref() == Some(place) && is_it(dep))
            .map(|(source, dep)| (source, dep.at))
    }

    /// Whether a package of that name lies in the tree, or a manifest takes it from a folder.
    pub fn is_local(&self, ecosystem: Ecosystem, name: &str) -> bool {
        let is_it = |text: &Text<'_>| canonical(ecosystem, text.as_str()) == canonical(ecosystem, name);
        self.manifests(ecosystem).any(|manifest| {
            let takes = |dep: &Declared<'_>| dep.local && is_it(&dep.name);
            manifest.name.as_ref().is_some_and(is_it) || manifest.dependencies.iter().any(takes)
        })
    }

    /// The registries that client configuration on this side names.
    pub fn configured(&self, ecosystem: Ecosystem) -> impl Iterator<Item = (&'a Source, &Pinned<'a>)> {
        self.manifests(ecosystem).flat_map(|it| it.registries.iter().map(|pin| (it.source, pin)))
    }

    /// Whether a manifest gives that name another package's bytes: `"name": "npm:other@1"`.
    pub fn aliases(&self, ecosystem: Ecosystem, name: &str, target: &str) -> bool {
        self.manifests(ecosystem)
            .flat_map(|it| &it.dependencies)
            .any(|dep| dep.name.as_str() == name && is_alias_of(dep.at, target))
    }

    pub fn has_path(&self, path: &str) -> bool {
        self.paths.binary_search_by(|known| known.as_str().cmp(path)).is_ok()
    }
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

//! What the manifests and the client configuration of a lockfile say anew, and what that can lead to.
//!
//! Only they are believed: what the lockfile says of its own settings, whoever wrote it could write. Each word explains what
//! it speaks of, and no more.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use crate::ecosystems::manifest::Manifest;
use crate::model::{Edge, Lockfile, Package};
use crate::world::demands::{Demands, LEFT_OUT};
use crate::world::is_alias_of;
use crate::world::members::Members;

type Words = BTreeSet<(String, String)>;

/// What changed of all that steers a resolution.
#[derive(Default)]
pub(super) struct Steering<'c> {
    /// What a project newly asks for, by the path of its manifest.
    own: HashMap<&'c str, HashSet<String>>,
    shared: HashSet<String>,
    /// What is said anew of others' dependencies, and what is no longer: by their name.
    overrides: HashMap<String, [Vec<String>; 2]>,
    /// Packages, and what is newly said that they need.
    extensions: HashSet<(String, String)>,
    /// Peers are chosen in another way.
    pub(super) peers: bool,
    /// Other interpreters or environments are asked for: anything may be needed for them.
    pub(super) everything: bool,
}

impl<'c> Steering<'c> {
    pub(super) fn between<'a>(
        (lockfile, now): (&Lockfile<'a>, &Members<'c, 'a>),
        (base, before): (&Lockfile<'a>, &Members<'c, 'a>),
    ) -> Steering<'c> {
        let mut steering = Steering::default();
        let mut options = [Words::new(), Words::new()];
        for manifest in &now.manifests {
            let was = before.same(manifest);
            if was.is_some_and(|was| std::ptr::eq(was.source, manifest.source)) {
                continue;
            }
            let of = |manifest: &Manifest<'_>| Demands::of(manifest.source, manifest.ecosystem);
            let (demands, old) = (of(manifest), was.map(of).unwrap_or_default());
            let own = demands.own.difference(&old.own).map(|(name, _)| name.clone()).collect();
            steering.own.insert(&manifest.source.path, own);
            if is_beside(lockfile, manifest) {
                steering.shared.extend(demands.shared.difference(&old.shared).map(|(name, _)| name.clone()));
                steering.override_with(0, demands.overrides.difference(&old.overrides));
                steering.override_with(1, old.overrides.difference(&demands.overrides));
                let extensions = demands.extensions.difference(&old.extensions);
                steering.extensions.extend(extensions.map(|(package, needs)| {
                    (package.clone(), needs.split('=').next().unwrap_or_default().to_owned())
                }));
            }
            options[0].extend(demands.options.difference(&old.options).cloned());
            options[1].extend(old.options.difference(&demands.options).cloned());
        }
        // What was taken away with its file.
        let is_gone =
            |was: &&&Manifest<'_>| !now.manifests.iter().any(|it| it.source.path == was.source.path);
        for was in before.manifests.iter().filter(is_gone).filter(|it| is_beside(base, it)) {
            let old = Demands::of(was.source, was.ecosystem);
            steering.override_with(1, old.overrides.iter());
            options[1].extend(old.options);
        }
        let mut changed = options.iter().flatten().map(|(name, _)| name.as_str());
        let python = setting(lockfile, "requires-python") != setting(base, "requires-python");
        steering.everything = changed.clone().any(|name| match name {
            "requires-python" => python,
            other => ["conflicts", "environments", "required-environments"].contains(&other),
        });
        steering.peers = changed.any(|name| ["autoInstallPeers", "dedupePeerDependents"].contains(&name));
        steering
    }

    /// Whether a project newly asks for that name, or another thing of it.
    pub(super) fn asks(&self, manifest: &Manifest<'_>, name: &str) -> bool {
        let own = self.own.get(manifest.source.path.as_str()).is_some_and(|names| names.contains(name));
        own || self.is_shared(name)
    }

    /// Whether projects that take up what is shared ask for another thing of that name.
    pub(super) fn is_shared(&self, name: &str) -> bool {
        self.shared.contains(name)
    }

    /// Whether what stands under a name was changed by an override.
    pub(super) fn replaces(&self, name: &str) -> bool {
        self.overrides.contains_key(name)
    }

    /// Whether a package is newly said to need that name.
    pub(super) fn extends(&self, package: &str, name: &str) -> bool {
        !self.extensions.is_empty() && self.extensions.contains(&(package.to_owned(), name.to_owned()))
    }

    /// Whether anything is said of what others ask for.
    pub(super) fn concerns_others(&self) -> bool {
        !self.overrides.is_empty() || !self.extensions.is_empty()
    }

    fn override_with<'w>(&mut self, side: usize, words: impl Iterator<Item = &'w (String, String)>) {
        for (name, value) in words {
            self.overrides.entry(name.clone()).or_default()[side].push(value.clone());
        }
    }

    /// Whether a dependency that a kept package gained is said to be its own, or to be another under a name that it had.
    pub(super) fn explains(
        &self,
        package: &Package<'_>,
        edge: &Edge<'_>,
        target: Option<&Package<'_>>,
        had: bool,
    ) -> bool {
        let name = edge.name.as_str();
        let leads_to = target.map_or(name, |target| target.name.as_str());
        let is_meant = |value: &String| leads_to == name || is_alias_of(value, leads_to);
        let [new, old] = self.overrides.get(name).map_or([&[][..]; 2], |[new, old]| [new, old]);
        let replaced = new.iter().any(is_meant);
        let restored = leads_to == name && !old.is_empty();
        let comes_back = old.iter().any(|value| value == LEFT_OUT);
        let extended = leads_to == name && self.extends(package.name.as_str(), name);
        had && (replaced || restored) || comes_back && leads_to == name || extended
    }
}

fn setting<'a>(lockfile: &'a Lockfile<'_>, name: &str) -> Option<&'a str> {
    let found = lockfile.settings.iter().find(|setting| setting.name.as_str() == name);
    found.map(|setting| setting.value.as_str())
}

/// Only the manifest and the configuration beside a lockfile have a say in everyone's dependencies.
fn is_beside(lockfile: &Lockfile<'_>, manifest: &Manifest<'_>) -> bool {
    let folder = manifest.folder();
    folder == lockfile.folder() || folder.strip_suffix(".cargo").is_some()
}

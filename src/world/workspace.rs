//! Which manifests share a lockfile: the members of a workspace have one, at its root.
//!
//! Every manifest has a *home*: the folder in which its lockfile stands. For most that is their own; a member's is the
//! root of its workspace. Rules that hold a lockfile against manifests ask here which ones those are.

use foldhash::{HashMap, HashMapExt, HashSet};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::ecosystems::manifest::{Kind, Manifest, Workspace};
use crate::model::Ecosystem;

/// The homes of a side's manifests.
#[derive(Debug, Default)]
pub struct Workspaces {
    /// By place in the list of manifests.
    homes: Vec<String>,
    residents: HashMap<(Ecosystem, String), Vec<usize>>,
}

impl Workspaces {
    pub fn new(manifests: &[Manifest<'_>]) -> Workspaces {
        let mut homes: Vec<String> = manifests.iter().map(|it| it.folder().to_owned()).collect();
        let projects = Projects::new(manifests);
        let mut roots: Vec<_> = manifests.iter().filter(|it| it.workspace.is_some()).collect();
        // Of two workspaces that claim a project, the inner one has it.
        roots.sort_by_key(|it| it.folder().len());
        for root in roots.iter().filter(|it| it.ecosystem != Ecosystem::Go) {
            for member in projects.members(root) {
                // A root is no other root's member.
                if manifests[member].workspace.as_ref().is_none_or(|it| it.members.is_empty()) {
                    root.folder().clone_into(&mut homes[member]);
                }
            }
        }
        let mut residents: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, manifest) in manifests.iter().enumerate().filter(|(_, it)| it.is_project) {
            residents.entry((manifest.ecosystem, homes[at].clone())).or_default().push(at);
            // Where the workspace has a lockfile for each project, the one beside it counts.
            if manifest.folder() != homes[at] {
                residents.entry((manifest.ecosystem, manifest.folder().to_owned())).or_default().push(at);
            }
        }
        Workspaces { homes, residents }
    }

    /// The folder in which the lockfile of a manifest stands.
    pub fn home(&self, manifest: usize) -> &str {
        &self.homes[manifest]
    }

    /// The manifests that a lockfile in that folder serves.
    pub fn served_from(&self, ecosystem: Ecosystem, folder: &str) -> &[usize] {
        self.residents.get(&(ecosystem, folder.to_owned())).map_or(&[], Vec::as_slice)
    }
}

/// Manifests of projects, by ecosystem and folder.
struct Projects<'m, 's> {
    manifests: &'m [Manifest<'s>],
    /// Sorted by ecosystem, then folder.
    order: Vec<usize>,
    by_folder: HashMap<(Ecosystem, &'s str), usize>,
}

impl<'m, 's> Projects<'m, 's> {
    fn new(manifests: &'m [Manifest<'s>]) -> Projects<'m, 's> {
        let mut order: Vec<usize> = (0..manifests.len()).filter(|&at| manifests[at].is_project).collect();
        order.sort_by_key(|&at| (manifests[at].ecosystem, manifests[at].folder()));
        let by_folder = order.iter().map(|&at| ((manifests[at].ecosystem, manifests[at].folder()), at));
        Projects { manifests, by_folder: by_folder.collect(), order }
    }

    /// What belongs to a root, itself included.
    fn members(&self, root: &Manifest<'_>) -> Vec<usize> {
        let Some(workspace) = &root.workspace else { return Vec::new() };
        let globs = Globs::new(root, workspace);
        let mut found: Vec<usize> = self.below(root).filter(|&at| globs.include(self.folder(at))).collect();
        let literal = globs.literal.iter().filter_map(|folder| self.at(root.ecosystem, folder));
        found.extend(literal);
        found.extend(self.at(root.ecosystem, root.folder()));
        if root.ecosystem == Ecosystem::Cargo {
            self.follow_paths(root, &globs, &mut found);
        }
        found
    }

    fn folder(&self, at: usize) -> &'s str {
        self.manifests[at].folder()
    }

    fn at(&self, ecosystem: Ecosystem, folder: &str) -> Option<usize> {
        self.by_folder.get(&(ecosystem, folder)).copied()
    }

    /// The projects in the folders below a root.
    fn below(&self, root: &Manifest<'_>) -> impl Iterator<Item = usize> {
        let (ecosystem, folder) = (root.ecosystem, root.folder());
        let from = self
            .order
            .partition_point(|&at| (self.manifests[at].ecosystem, self.folder(at)) < (ecosystem, folder));
        let inside = move |at: &&usize| {
            self.manifests[**at].ecosystem == ecosystem
                && (folder.is_empty() || self.folder(**at).starts_with(folder))
        };
        self.order[from..].iter().take_while(inside).copied()
    }

    /// Cargo takes what a member has by path for a member too, when it lies inside of the workspace.
    fn follow_paths(&self, root: &Manifest<'_>, globs: &Globs, found: &mut Vec<usize>) {
        let shared: HashMap<&str, &str> = root
            .of_kind(Kind::Shared)
            .filter_map(|dep| Some((dep.key.as_str(), dep.folder.as_ref()?.as_str())))
            .collect();
        let mut seen: HashSet<usize> = found.iter().copied().collect();
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            next += 1;
            for (_, dep) in self.manifests[at].asked() {
                let own = dep.folder.as_ref().map(|path| join(self.folder(at), path.as_str()));
                let inherited =
                    || Some(join(root.folder(), shared.get(dep.key.as_str()).filter(|_| dep.inherited)?));
                let Some(Some(folder)) = own.or_else(inherited) else { continue };
                let member = self.at(Ecosystem::Cargo, &folder).filter(|_| is_inside(&folder, root.folder()));
                if let Some(member) = member.filter(|it| !globs.exclude(self.folder(*it)) && seen.insert(*it))
                {
                    found.push(member);
                }
            }
        }
    }
}

/// The globs of a root, relative to the repository.
struct Globs {
    members: GlobSet,
    exclude: GlobSet,
    /// Folders that are named outright; they may lie beside the root.
    literal: Vec<String>,
    /// Cargo excludes folders with everything in them.
    excluded: Vec<String>,
}

impl Globs {
    fn new(root: &Manifest<'_>, workspace: &Workspace<'_>) -> Globs {
        let set = |globs: &[crate::text::syntax::Text<'_>]| {
            let mut set = GlobSetBuilder::new();
            for glob in globs.iter().filter_map(|glob| join(root.folder(), glob.as_str())) {
                // What is no glob to us matches nothing.
                let glob = GlobBuilder::new(&glob).literal_separator(true).build();
                glob.into_iter().for_each(|glob| {
                    set.add(glob);
                });
            }
            set.build().unwrap_or_default()
        };
        let plain = |globs: &[crate::text::syntax::Text<'_>]| {
            let plain = globs.iter().filter(|glob| !glob.as_str().contains(['*', '?', '[', '{']));
            plain.filter_map(|glob| join(root.folder(), glob.as_str())).collect()
        };
        let mut globs = Globs {
            members: set(&workspace.members),
            exclude: set(&workspace.exclude),
            literal: plain(&workspace.members),
            excluded: Vec::new(),
        };
        if root.ecosystem == Ecosystem::Cargo {
            globs.excluded = plain(&workspace.exclude);
        }
        globs
    }

    fn include(&self, folder: &str) -> bool {
        self.members.is_match(folder) && !self.exclude(folder)
    }

    fn exclude(&self, folder: &str) -> bool {
        let below = self.excluded.iter().any(|excluded| is_inside(folder, excluded));
        (below || self.exclude.is_match(folder)) && !self.literal.iter().any(|literal| literal == folder)
    }
}

/// Whether a folder is another one, or lies in it.
pub fn is_inside(folder: &str, above: &str) -> bool {
    above.is_empty()
        || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path that is written relative to a folder, as one from the root of the repository; nothing where it leads out of it.
pub fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::{Side, Source};

    fn homes(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> =
            files.iter().map(|(path, text)| Source::new(*path, Side::Worktree, (*text).into())).collect();
        let manifests: Vec<_> = sources.iter().filter_map(Manifest::read).collect();
        let workspaces = Workspaces::new(&manifests);
        let show = |at: usize| format!("{} at {:?}", manifests[at].source.path, workspaces.home(at));
        (0..manifests.len()).filter(|&at| manifests[at].is_project).map(show).collect()
    }

    #[test]
    fn cargo_members_are_globbed_and_followed() {
        let root = "[workspace]\nmembers = ['crates/*', 'extra']\nexclude = ['crates/old']\n\
                    [workspace.dependencies]\nshared = { path = 'libs/shared' }";
        let member = "[package]\nname = 'a'\n[dependencies]\nshared.workspace = true\nown = { path = 'own' }\nout = { path = '../../../out' }";
        let found = homes(&[
            ("ws/Cargo.toml", root),
            ("ws/crates/a/Cargo.toml", member),
            ("ws/crates/a/own/Cargo.toml", ""),
            ("ws/crates/old/Cargo.toml", ""),
            ("ws/extra/Cargo.toml", ""),
            ("ws/libs/shared/Cargo.toml", ""),
            ("ws/fixture/Cargo.toml", ""),
            ("out/Cargo.toml", ""),
        ]);
        let homes: Vec<_> = found.iter().map(|it| it.split('"').nth(1).unwrap()).collect();
        assert_eq!(homes, ["ws", "ws", "ws", "ws/crates/old", "ws", "ws", "ws/fixture", "out"]);
    }

    #[test]
    fn npm_and_python_members_may_be_taken_back() {
        let found = homes(&[
            ("package.json", r#"{"workspaces": ["packages/*", "!packages/x"]}"#),
            ("packages/a/package.json", "{}"),
            ("packages/x/package.json", "{}"),
            ("p/pnpm-workspace.yaml", "packages:\n  - 'packages/**'\n"),
            ("p/package.json", "{}"),
            ("p/packages/b/c/package.json", "{}"),
            ("uv/pyproject.toml", "[tool.uv.workspace]\nmembers = ['libs/*']"),
            ("uv/libs/a/pyproject.toml", ""),
        ]);
        let homes: Vec<_> = found.iter().map(|it| it.split('"').nth(1).unwrap()).collect();
        assert_eq!(homes, ["", "", "packages/x", "p", "p", "uv", "uv"]);
    }

    #[test]
    fn a_path_is_joined_inside_of_the_repository() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("", ".").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(join("a", "/etc"), None);
        assert_eq!(join("a", "C:\\x"), None);
        assert!(is_inside("a/b", "a") && !is_inside("ab", "a") && is_inside("x", ""));
    }
}

//! What a lockfile was made from: manifests (what the project asks for) and client configuration (where from, and how
//! carefully).
//!
//! Only what rules compare is read: dependencies with their ranges and sources, selected releases, the folders of a
//! workspace, registries, and options of the client.

mod cargo;
mod environment;
mod go;
mod npm;
mod python;

use std::borrow::Cow;

use crate::model::{Ecosystem, EdgeKind, folder, forge, url};
use crate::text::source::Source;
use crate::text::syntax::budget::crowded;
use crate::text::syntax::{Node, Table, Text};

/// One manifest or configuration file of one side.
#[derive(Debug)]
pub struct Manifest<'s> {
    pub source: &'s Source,
    pub ecosystem: Ecosystem,
    /// It describes a project of its own, as against: it configures one.
    pub is_project: bool,
    /// The name of the project itself.
    pub name: Option<Text<'s>>,
    pub dependencies: Vec<Declared<'s>>,
    pub registries: Vec<Pinned<'s>>,
    /// What the client is told besides: `strict-ssl`, `net.offline`, …
    pub options: Vec<ClientOption<'s>>,
    pub workspace: Option<Workspace<'s>>,
    /// The project is run, not depended on: nobody but its lockfile pins what it uses. Where that shows, why.
    pub application: Option<&'s str>,
    /// Its dependencies are only known once something is run.
    pub dynamic: bool,
    /// It can't be understood, or not all of it: what it says is not known.
    pub broken: bool,
    /// It was not read, or not to its end: it holds more than any file of its kind and size.
    pub crowded: bool,
    /// The interpreter that the project asks for.
    pub requires: Option<Text<'s>>,
    /// The package manager that the project names.
    pub manager: Option<Text<'s>>,
}

/// A dependency that a project asks for, or a word on one.
#[derive(Debug)]
pub struct Declared<'s> {
    pub kind: Kind,
    /// The package's own name.
    pub name: Text<'s>,
    /// The name that the project has for it.
    pub key: Text<'s>,
    /// What was asked for, where there is anything to compare.
    pub range: Option<Text<'s>>,
    /// The git repository or URL that it is to come from, in the form of [`crate::model::Origin::place`].
    pub place: Option<Cow<'s, str>>,
    /// The branch, tag or commit of a git repository that it is to come from.
    pub reference: Option<Cow<'s, str>>,
    /// It is to come from a folder.
    pub local: bool,
    /// That folder, as it is written.
    pub folder: Option<Text<'s>>,
    /// The rest stands in the workspace's root.
    pub inherited: bool,
    /// The release itself, where the manifest selects one (`go.mod`).
    pub version: Option<Text<'s>>,
    /// It is asked for by the project itself, not only on behalf of a dependency (`// indirect` in `go.mod`).
    pub direct: bool,
    /// The text to point at.
    pub at: &'s str,
}

/// What a declaration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Dependency(EdgeKind),
    /// Takes the place of what others ask for.
    Override,
    /// For the members of a workspace to take up.
    Shared,
    /// Says where a dependency comes from that is asked for elsewhere.
    Source,
    /// Narrows what may be chosen.
    Constraint,
}

/// The projects that share one lockfile, as the root of the workspace lists them: globs, relative to it.
#[derive(Debug, Default)]
pub struct Workspace<'s> {
    pub members: Vec<Text<'s>>,
    pub exclude: Vec<Text<'s>>,
}

/// A registry that the client is told to use.
#[derive(Debug)]
pub struct Pinned<'s> {
    pub scope: Cow<'s, str>,
    pub place: Cow<'s, str>,
    pub at: &'s str,
}

/// Something that a client is told, by its full name.
#[derive(Debug)]
pub struct ClientOption<'s> {
    pub key: Cow<'s, str>,
    pub value: Text<'s>,
}

/// A kind of file: how its path ends, what it belongs to, whether it describes a project, how it is read.
type Entry = (&'static str, Ecosystem, bool, for<'s> fn(&mut Manifest<'s>));

/// What is read beside and above lockfiles.
const FILES: &[Entry] = &[
    ("Cargo.toml", Ecosystem::Cargo, true, cargo::manifest),
    (".cargo/config.toml", Ecosystem::Cargo, false, cargo::config),
    (".cargo/config", Ecosystem::Cargo, false, cargo::config),
    ("package.json", Ecosystem::Npm, true, npm::package_json),
    (".npmrc", Ecosystem::Npm, false, npm::npmrc),
    (".yarnrc.yml", Ecosystem::Npm, false, npm::yarnrc),
    ("pnpm-workspace.yaml", Ecosystem::Npm, false, npm::pnpm_workspace),
    ("pyproject.toml", Ecosystem::PyPi, true, python::pyproject),
    ("uv.toml", Ecosystem::PyPi, false, python::uv_toml),
    ("go.mod", Ecosystem::Go, true, go::go_mod),
    ("go.work", Ecosystem::Go, false, go::go_work),
    // Says which modules lie beside it; it asks for none.
    ("vendor/modules.txt", Ecosystem::Go, false, |_| {}),
    (".envrc", Ecosystem::Go, false, environment::read),
    (".env", Ecosystem::Go, false, environment::read),
    ("Makefile", Ecosystem::Go, false, environment::read),
    ("Dockerfile", Ecosystem::Go, false, environment::read),
];

/// What git is told about files.
pub const ATTRIBUTES: &str = ".gitattributes";

/// What is only looked for: what makes a Rust package a program, what stands in for a `package.json`.
const MARKERS: &[&str] = &["src/main.rs", "package.json5", "package.yaml"];

/// The ecosystem of a manifest or configuration file, by its path.
pub fn ecosystem(path: &[u8]) -> Option<Ecosystem> {
    entry(path).map(|(_, ecosystem, ..)| *ecosystem)
}

/// Whether a path is a project's manifest, as against client configuration.
pub fn is_project(path: &[u8]) -> bool {
    entry(path).is_some_and(|(.., is_project, _)| *is_project)
}

/// Whether a path is only looked for, and never read.
pub fn is_marker(path: &[u8]) -> bool {
    MARKERS.iter().any(|name| ends_in(path, name))
}

/// Whether a path says what git is told about files.
pub fn is_attributes(path: &[u8]) -> bool {
    ends_in(path, ATTRIBUTES)
}

/// How the paths of everything that is read or looked for here end.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, ..)| *name).chain(MARKERS.iter().copied()).chain([ATTRIBUTES])
}

fn entry(path: &[u8]) -> Option<&'static Entry> {
    FILES.iter().find(|(name, ..)| ends_in(path, name))
}

fn ends_in(path: &[u8], name: &str) -> bool {
    path.ends_with(name.as_bytes()) && (path.len() == name.len() || path[path.len() - name.len() - 1] == b'/')
}

impl<'s> Manifest<'s> {
    /// Reads what can be read: a manifest is not ours to judge, and a broken one declares nothing, which the report says.
    pub fn read(source: &'s Source) -> Option<Manifest<'s>> {
        let (_, ecosystem, is_project, read) = entry(source.path.as_bytes())?;
        let mut manifest = Manifest {
            source,
            ecosystem: *ecosystem,
            is_project: *is_project,
            name: None,
            dependencies: Vec::new(),
            registries: Vec::new(),
            options: Vec::new(),
            workspace: None,
            application: None,
            dynamic: false,
            broken: false,
            crowded: false,
            requires: None,
            manager: None,
        };
        if !manifest.is_environment() && crowded(source.text()).is_some() {
            manifest.give_up();
        } else {
            read(&mut manifest);
        }
        Some(manifest)
    }

    /// Whether it is full of other things, of which only a few count here.
    fn is_environment(&self) -> bool {
        let name = self.source.path.rsplit('/').next().unwrap_or_default();
        [".envrc", ".env", "Makefile", "Dockerfile"].contains(&name)
    }

    fn give_up(&mut self) {
        (self.broken, self.crowded) = (true, true);
    }

    /// The folder that it stands in; the root is empty.
    pub fn folder(&self) -> &'s str {
        folder(&self.source.path)
    }

    /// Whether a client that is started in a folder obeys it: it stands there or above.
    pub fn governs(&self, folder: &str) -> bool {
        let own = self.folder();
        // Cargo looks for a folder.
        let own = own.strip_suffix(".cargo").map_or(own, |above| above.trim_end_matches('/'));
        own.is_empty() || folder == own || folder.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What the project asks for, without what is only said about it.
    pub fn asked(&self) -> impl Iterator<Item = (EdgeKind, &Declared<'s>)> {
        self.dependencies.iter().filter_map(|dep| match dep.kind {
            Kind::Dependency(kind) => Some((kind, dep)),
            _ => None,
        })
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Declared<'s>> {
        self.dependencies.iter().filter(move |dep| dep.kind == kind)
    }

    /// A range, or an address in place of one, as npm's clients and Python's write them.
    fn declare(&mut self, kind: Kind, name: &Text<'s>, spec: &Text<'s>) -> &mut Declared<'s> {
        let text = spec.as_str();
        let local =
            ["file:", "link:", "workspace:", "portal:", ".", "/"].iter().any(|start| text.starts_with(start));
        let shown = Some(text).filter(|_| self.ecosystem == Ecosystem::Npm).and_then(forge::shown_at);
        let address = text.split('#').next().unwrap_or_default();
        let place = match url::git(text) {
            Some(git) => Some(spec.borrow(git.repository)),
            // A forge's repository, by the address that people see.
            None if shown.is_some() => shown.as_ref().map(|git| Cow::Owned(git.repository.to_string())),
            None if address.ends_with(".git") && address.contains("://") => {
                url::git(&format!("git+{text}")).map(|git| Cow::Owned(git.repository.into_owned()))
            }
            None if text.contains("://") => Some(match url::folder(text) {
                Some(folder) => Cow::Owned(url::in_folder(&url::archive_place(text), folder)),
                None => spec.borrow(url::archive_place(text)),
            }),
            // `owner/name` alone is a forge's repository to every npm client.
            None if is_shorthand(text) => {
                url::git(&format!("github:{text}")).map(|git| Cow::Owned(git.repository.into_owned()))
            }
            None => None,
        };
        let reference = place.is_some().then(|| url::reference(text)).flatten();
        let reference = reference.map(|it| spec.borrow(Cow::Borrowed(it)));
        let reference = shown.map_or(reference, |it| it.reference.map(|it| spec.borrow(it)));
        let path = ["file:", "link:", "portal:"].iter().find_map(|start| text.strip_prefix(start));
        let folder = path.filter(|path| !path.starts_with("//"));
        let folder = folder.map(|path| spec.part(text.len() - path.len()..text.len()));
        let dep = self.add(kind, name, spec.raw);
        (dep.place, dep.reference, dep.local, dep.folder) = (place, reference, local, folder);
        dep.range = Some(spec.clone());
        dep
    }

    fn git(&mut self, kind: Kind, name: &Text<'s>, address: &Text<'s>) -> &mut Declared<'s> {
        let git = url::git(address.as_str()).map(|git| git.repository.into_owned());
        let place = git.or_else(|| {
            url::git(&format!("git+{}", address.as_str())).map(|git| git.repository.into_owned())
        });
        let dep = self.add(kind, name, address.raw);
        dep.place = place.map(Cow::Owned);
        dep
    }

    fn local(&mut self, kind: Kind, name: &Text<'s>, path: &Text<'s>) -> &mut Declared<'s> {
        let dep = self.add(kind, name, path.raw);
        (dep.local, dep.folder) = (true, Some(path.clone()));
        dep
    }

    fn add(&mut self, kind: Kind, name: &Text<'s>, at: &'s str) -> &mut Declared<'s> {
        self.dependencies.push(Declared {
            kind,
            name: name.clone(),
            key: name.clone(),
            range: None,
            place: None,
            reference: None,
            local: false,
            folder: None,
            inherited: false,
            version: None,
            direct: true,
            at,
        });
        self.dependencies.last_mut().expect("just pushed")
    }

    fn pin(&mut self, scope: Cow<'s, str>, address: &Text<'s>) {
        let place = address.borrow(url::place(address.as_str()));
        self.registries.push(Pinned { scope, place, at: address.raw });
    }

    fn set(&mut self, key: impl Into<Cow<'s, str>>, value: Text<'s>) {
        self.options.push(ClientOption { key: key.into(), value });
    }

    /// Every scalar of a table, by its dotted path.
    fn set_all(&mut self, above: &str, table: &Table<'s>) {
        for (name, node) in &table.entries {
            let key = if above.is_empty() {
                name.as_str().to_owned()
            } else {
                format!("{above}.{}", name.as_str())
            };
            match node {
                Node::Table(inner) => self.set_all(&key, inner),
                Node::Array(items) => {
                    items.iter().filter_map(Node::scalar).for_each(|item| self.set(key.clone(), item));
                }
                scalar => scalar.scalar().into_iter().for_each(|value| self.set(key.clone(), value)),
            }
        }
    }
}

fn is_shorthand(text: &str) -> bool {
    let text = text.split('#').next().unwrap_or_default();
    let mut parts = text.split('/');
    let (owner, name, end) = (parts.next(), parts.next(), parts.next());
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    owner.is_some_and(|it| plain(it) && !it.starts_with('.')) && name.is_some_and(plain) && end.is_none()
}

/// The texts of a list.
fn texts<'s>(items: &[Node<'s>]) -> Vec<Text<'s>> {
    items.iter().filter_map(Node::as_text).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;

    fn places(path: &str, text: &str) -> Vec<String> {
        let source = Source::new(path, Side::Worktree, text.into());
        let manifest = Manifest::read(&source).unwrap();
        let show = |dep: &Declared<'_>| {
            let version = dep.version.as_ref().map(|it| format!(" {}", it.as_str())).unwrap_or_default();
            format!("{}{version} {}", dep.name.as_str(), dep.place.as_deref().unwrap_or("-"))
        };
        let pins = manifest.registries.iter().map(|it| format!("pin {}{}", it.scope, it.place));
        manifest.dependencies.iter().map(show).chain(pins).collect()
    }

    #[test]
    fn cargo_manifests_name_git_sources() {
        let text = "[dependencies]\na = '1'\nb = { git = 'https://git.example.com/o/b.git', rev = 'x' }\n\
                    [target.'cfg(unix)'.dependencies.c]\ngit = 'ssh://git@git.example.com/o/c'\npackage = 'real'\n\
                    [patch.crates-io]\nd = { path = '../d' }";
        let expected = ["a -", "b git.example.com/o/b", "real git.example.com/o/c", "d -"];
        assert_eq!(places("Cargo.toml", text), expected);
        let config = "[source.mirror]\nregistry = 'sparse+https://mirror.example.com/index/'";
        assert_eq!(places("x/.cargo/config.toml", config), ["pin https://mirror.example.com/index"]);
    }

    #[test]
    fn npm_manifests_name_git_sources() {
        let text = r#"{"dependencies": {"a": "^1", "b": "github:o/b#x", "c": "o/c", "d": "https://host.example.com/o/d.tgz",
            "e": "git+ssh://git@git.example.com/o/e.git", "f": "https://github.com/o/f#v1", "g": "https://git.example.com/o/g.git#v1",
            "h": "https://github.com/o/h/archive/v1.tar.gz"}, "overrides": {"x": {"y": "file:../y"}}}"#;
        let expected = [
            "a -",
            "b github.com/o/b",
            "c github.com/o/c",
            "d https://host.example.com/o",
            "e git.example.com/o/e",
            "f github.com/o/f",
            "g git.example.com/o/g",
            "h https://github.com/o",
            "y -",
        ];
        assert_eq!(places("package.json", text), expected);
        let npmrc = "; x\nregistry=https://npm.example.com/\n@acme:registry = \"https://acme.example.com\"\n//x/:_authToken=1";
        assert_eq!(
            places(".npmrc", npmrc),
            ["pin https://npm.example.com", "pin @acmehttps://acme.example.com"]
        );
    }

    #[test]
    fn python_manifests_name_git_sources() {
        let text = "[project]\ndependencies = ['a>=1', 'b @ git+https://git.example.com/o/b@v1']\n\
                    [tool.uv.sources]\nc = { git = 'https://git.example.com/o/c' }\n\
                    [[tool.uv.index]]\nurl = 'https://pypi.example.com/simple/'";
        let expected =
            ["a -", "b git.example.com/o/b", "c git.example.com/o/c", "pin https://pypi.example.com/simple"];
        assert_eq!(places("pyproject.toml", text), expected);
    }

    #[test]
    fn go_modules_select_releases() {
        let text = "module x\nrequire a.example.com/a v1.0.0 // indirect\nrequire (\n\tb v2.0.0\n\tc v3.0.0\n\td v4.0.0\n)\n\
                    replace b => ../b\nreplace c v3.0.0 => f v3.1.0\n";
        assert_eq!(places("go.mod", text), ["a.example.com/a v1.0.0 -", "d v4.0.0 -", "b -", "f v3.1.0 -"]);
    }

    #[test]
    fn what_replaces_nothing_selects_nothing() {
        let replaced = |go: &str, word: &str| {
            places("go.mod", &format!("module x\n{go}\nrequire c v1.6.2\nreplace {word} => f v3.1.0\n"))
        };
        for go in ["", "go 1.16", "go 1.17", "go 1.23.1"] {
            assert_eq!(replaced(go, "c"), ["f v3.1.0 -"], "{go}");
            assert_eq!(replaced(go, "c v1.6.2"), ["f v3.1.0 -"], "{go}");
            assert_eq!(replaced(go, "c v1.5.9"), ["c v1.6.2 -"], "{go}");
        }
        // Before, what dependencies require stood in their own files alone.
        assert_eq!(replaced("go 1.16", "d"), ["c v1.6.2 -", "f v3.1.0 -"]);
        assert_eq!(replaced("go 1.17", "d"), ["c v1.6.2 -"]);
        let both =
            "module x\ngo 1.20\nrequire c v1.0.0\nreplace c => f v3.1.0\nreplace c v1.0.0 => g v2.0.0\n";
        assert_eq!(places("go.mod", both), ["g v2.0.0 -"]);
    }
}

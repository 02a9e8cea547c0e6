//! Lockfiles that are known and not read: what package managers lock with for which there is no reader here. One table, a
//! row for each name.
//!
//! That such a file is there says two things: somebody else serves its manifest, and nothing in it was checked.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt};

use crate::agents::tool::store;
use crate::model::Ecosystem;
use crate::text::source::Source;

/// A kind of lockfile.
#[derive(Debug)]
pub struct Kind {
    /// How reports call it: its usual name.
    pub id: &'static str,
    /// The command that writes it.
    pub manager: &'static str,
    /// Of the manifests that it serves, where those are read here.
    pub ecosystem: Option<Ecosystem>,
    /// Who has this one installs by it, and by no other of the ecosystem. Exports are for others to install by.
    pub is_rival: bool,
    /// Base names, or how a path ends; one `*` may stand for anything.
    names: &'static [&'static str],
    /// Where others have files of that name as well: whether the text is a lockfile's.
    is_one: Option<fn(&str) -> bool>,
}

const fn kind(id: &'static str, manager: &'static str, names: &'static [&'static str]) -> Kind {
    Kind { id, manager, ecosystem: None, is_rival: false, names, is_one: None }
}

const fn rival(
    id: &'static str,
    manager: &'static str,
    ecosystem: Ecosystem,
    names: &'static [&'static str],
) -> Kind {
    Kind { ecosystem: Some(ecosystem), is_rival: true, ..kind(id, manager, names) }
}

const fn export(
    id: &'static str,
    manager: &'static str,
    ecosystem: Ecosystem,
    names: &'static [&'static str],
) -> Kind {
    Kind { ecosystem: Some(ecosystem), ..kind(id, manager, names) }
}

const fn told_by_text(it: Kind, is_one: fn(&str) -> bool) -> Kind {
    Kind { is_one: Some(is_one), ..it }
}

/// A folder that was read before and is another repository's now. It has no name of its own.
pub static SUBMODULE: Kind = kind("submodule", "git", &[]);

#[rustfmt::skip]
static ALL: &[Kind] = &[
    // JavaScript
    rival("yarn.lock", "yarn", Ecosystem::Npm, &["yarn.lock"]),
    rival("shrinkwrap.yaml", "pnpm", Ecosystem::Npm, &["shrinkwrap.yaml"]),
    rival("bun.lock", "bun", Ecosystem::Npm, &["bun.lock"]),
    rival("bun.lockb", "bun", Ecosystem::Npm, &["bun.lockb"]),
    export("deno.lock", "deno", Ecosystem::Npm, &["deno.lock"]),
    // Python
    rival("poetry.lock", "poetry", Ecosystem::PyPi, &["poetry.lock"]),
    rival("pdm.lock", "pdm", Ecosystem::PyPi, &["pdm.lock"]),
    export("Pipfile.lock", "pipenv", Ecosystem::PyPi, &["Pipfile.lock"]),
    export("pylock.toml", "pip", Ecosystem::PyPi, &["pylock.toml", "pylock.*.toml"]),
    export("pixi.lock", "pixi", Ecosystem::PyPi, &["pixi.lock"]),
    export("requirements.lock", "rye", Ecosystem::PyPi, &["requirements.lock", "requirements-dev.lock"]),
    told_by_text(export("requirements.txt", "pip", Ecosystem::PyPi, &["requirements.txt"]), has_hashes),
    kind("conda-lock.yml", "conda-lock", &["conda-lock.yml", "*.conda-lock.yml"]),
    // Ruby
    kind("Gemfile.lock", "bundle", &["Gemfile.lock", "*.gemfile.lock"]),
    kind("gems.locked", "bundle", &["gems.locked"]),
    kind("Berksfile.lock", "berks", &["Berksfile.lock"]),
    kind("Puppetfile.lock", "librarian-puppet", &["Puppetfile.lock"]),
    // PHP
    kind("composer.lock", "composer", &["composer.lock"]),
    // .NET
    kind("packages.lock.json", "dotnet", &["packages.lock.json", "packages.*.lock.json"]),
    kind("paket.lock", "paket", &["paket.lock"]),
    // Java, Scala, Clojure
    kind("gradle.lockfile", "gradle", &["gradle.lockfile", "*.gradle.lockfile", "buildscript-gradle.lockfile", "settings-gradle.lockfile", "dependency-locks/*.lockfile"]),
    kind("verification-metadata.xml", "gradle", &["gradle/verification-metadata.xml"]),
    kind("maven_install.json", "bazel", &["maven_install.json"]),
    kind("build.sbt.lock", "sbt", &["build.sbt.lock"]),
    // Swift, Objective-C
    kind("Package.resolved", "swift", &["Package.resolved"]),
    kind("Podfile.lock", "pod", &["Podfile.lock"]),
    kind("Cartfile.resolved", "carthage", &["Cartfile.resolved"]),
    // Dart
    kind("pubspec.lock", "dart", &["pubspec.lock"]),
    // Elixir, Erlang, Gleam
    kind("mix.lock", "mix", &["mix.lock"]),
    kind("rebar.lock", "rebar3", &["rebar.lock"]),
    told_by_text(kind("manifest.toml", "gleam", &["manifest.toml"]), is_of_gleam),
    // Haskell, OCaml, PureScript
    kind("stack.yaml.lock", "stack", &["stack.yaml.lock", "stack-*.yaml.lock"]),
    kind("cabal.project.freeze", "cabal", &["cabal.project.freeze", "cabal.project.*.freeze"]),
    kind("opam.locked", "opam", &["*.opam.locked", "opam.locked"]),
    kind("spago.lock", "spago", &["spago.lock"]),
    // Go, before modules
    kind("Gopkg.lock", "dep", &["Gopkg.lock"]),
    kind("glide.lock", "glide", &["glide.lock"]),
    // C, C++
    kind("conan.lock", "conan", &["conan.lock"]),
    kind("vcpkg-lock.json", "vcpkg", &["vcpkg-lock.json"]),
    // Others
    told_by_text(kind("Manifest.toml", "julia", &["Manifest.toml", "JuliaManifest.toml", "Manifest-v*.toml"]), is_of_julia),
    kind("cpanfile.snapshot", "carton", &["cpanfile.snapshot"]),
    kind("lake-manifest.json", "lake", &["lake-manifest.json"]),
    kind("renv.lock", "renv", &["renv.lock"]),
    kind("shard.lock", "shards", &["shard.lock"]),
    kind("dub.selections.json", "dub", &["dub.selections.json"]),
    kind("nimble.lock", "nimble", &["nimble.lock"]),
    // Builds and infrastructure
    kind("flake.lock", "nix", &["flake.lock"]),
    kind("devbox.lock", "devbox", &["devbox.lock"]),
    kind("devenv.lock", "devenv", &["devenv.lock"]),
    kind("MODULE.bazel.lock", "bazel", &["MODULE.bazel.lock"]),
    kind(".terraform.lock.hcl", "terraform", &[".terraform.lock.hcl"]),
    kind("Chart.lock", "helm", &["Chart.lock"]),
    kind("jsonnetfile.lock.json", "jb", &["jsonnetfile.lock.json"]),
    kind("buf.lock", "buf", &["buf.lock"]),
    kind("mise.lock", "mise", &["mise.lock"]),
    kind("Brewfile.lock.json", "brew", &["Brewfile.lock.json"]),
    kind("aqua-checksums.json", "aqua", &["aqua-checksums.json", ".aqua-checksums.json"]),
];

/// The same by other names: `requirements-dev.txt`, `dev-constraints.txt`, `requirements/test.txt`, `deps/locked.in`. Nobody takes them for
/// the lockfile of the manifest beside them.
static HASHED: Kind = told_by_text(kind("requirements.txt", "pip", &["requirements/*.txt"]), has_hashes);

/// The kind of a file by its path; where that is not certain, its text decides.
pub fn of_path(path: &[u8]) -> Option<&'static Kind> {
    static NAMES: LazyLock<Names> = LazyLock::new(Names::new);
    // A tool may have any name.
    let in_store = || store::first(path).is_some() && std::str::from_utf8(path).is_ok_and(store::is_lockfile);
    NAMES.find(path).or_else(|| may_have_hashes(path).then_some(&HASHED)).filter(|_| !in_store())
}

/// Folders in which files with requirements for pip stand under any name.
pub const REQUIREMENTS: [&str; 5] = ["requirements", "reqs", "deps", "dependencies", "pip"];

/// Whether a path is like that of a file with requirements for pip. Asked of every path of a repository.
pub fn may_have_hashes(path: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"requirements", b"constraints", b"reqs", b"deps", b"lock"];
    if !path.ends_with(b".txt") && !path.ends_with(b".in") {
        return false;
    }
    let slash = memchr::memrchr(b'/', path);
    let (above, base) = slash.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
    let folder = &above[memchr::memrchr(b'/', above).map_or(0, |at| at + 1)..];
    let has = |name: &&[u8]| base.windows(name.len()).any(|it| it == *name);
    WORDS.iter().any(has) || REQUIREMENTS.iter().any(|it| it.as_bytes() == folder)
}

/// The ecosystem whose manifests a lockfile serves that is not read here.
pub fn ecosystem(path: &[u8]) -> Option<Ecosystem> {
    of_path(path)?.ecosystem
}

/// Why a run that was to check such a file is not complete.
pub fn problem(kind: &str, path: &str) -> String {
    match kind == SUBMODULE.id {
        true => format!("lockproof does not look into the submodule {path}"),
        false => format!("lockproof can't read {path} yet"),
    }
}

/// How the paths of all kinds end, but for those of [`may_have_hashes`].
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|kind| kind.names).copied()
}

/// What reports call the kinds, in the order of the table.
pub fn ids() -> Vec<&'static str> {
    ALL.iter().map(|kind| kind.id).collect()
}

/// The names of an ecosystem's.
pub fn names_of(ecosystem: Ecosystem) -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(move |kind| kind.ecosystem == Some(ecosystem)).flat_map(|kind| kind.names).copied()
}

impl Kind {
    /// Whether the path alone says so.
    pub fn is_certain(&self) -> bool {
        self.is_one.is_none()
    }

    /// Whether a file of such a name is one.
    pub fn is_one(&self, source: &Source) -> bool {
        self.is_one.is_none_or(|is_one| is_one(source.decoded()))
    }
}

/// Pip installs what has these hashes, and nothing else.
fn has_hashes(text: &str) -> bool {
    let has = |line: &str| line.contains("--hash=") || line.contains("--hash ");
    text.lines().any(|line| !line.trim_start().starts_with('#') && has(line))
}

fn is_of_julia(text: &str) -> bool {
    let begins = |line: &str| {
        ["julia_version", "manifest_format", "[[deps."].iter().any(|start| line.starts_with(start))
    };
    // The first layout has `[[Name]]` only, each with an id.
    text.lines().any(begins) || text.contains("\n[[") && text.contains("\nuuid = ")
}

fn is_of_gleam(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("packages = ["))
}

/// By base name, most of them by one look.
struct Names {
    exact: HashMap<&'static [u8], (&'static str, &'static Kind)>,
    /// Without regard to case, where the name alone says so: many disks have none.
    folded: HashMap<Vec<u8>, &'static Kind>,
    patterns: Vec<(&'static [u8], &'static [u8], &'static Kind)>,
}

impl Names {
    fn new() -> Names {
        let mut names = Names { exact: HashMap::new(), folded: HashMap::new(), patterns: Vec::new() };
        for kind in ALL {
            for name in kind.names {
                match name.split_once('*') {
                    Some((head, tail)) => names.patterns.push((head.as_bytes(), tail.as_bytes(), kind)),
                    None => {
                        let base = name.rsplit('/').next().unwrap_or(name);
                        names.exact.insert(base.as_bytes(), (name, kind));
                        if base == *name && kind.is_certain() {
                            names.folded.insert(base.to_ascii_lowercase().into_bytes(), kind);
                        }
                    }
                }
            }
        }
        names
    }

    fn find(&self, path: &[u8]) -> Option<&'static Kind> {
        let base = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
        if let Some((name, kind)) = self.exact.get(base) {
            let above = path.len().checked_sub(name.len() + 1);
            let is_whole = path.ends_with(name.as_bytes()) && above.is_none_or(|at| path[at] == b'/');
            return is_whole.then_some(kind);
        }
        if let Some(kind) = self.folded.get(&base.to_ascii_lowercase()) {
            return Some(kind);
        }
        let above = &path[..path.len() - base.len()];
        let fits = |head: &[u8], tail: &[u8]| {
            let (folder, head) = head.split_at(memchr::memrchr(b'/', head).map_or(0, |at| at + 1));
            let is_there = above.strip_suffix(folder).is_some_and(|it| it.is_empty() || it.ends_with(b"/"));
            let is_long = base.len() > head.len() + tail.len();
            is_long && base.ends_with(tail) && base.starts_with(head) && (folder.is_empty() || is_there)
        };
        self.patterns.iter().find(|(head, tail, _)| fits(head, tail)).map(|(.., kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;

    fn id(path: &str) -> Option<&'static str> {
        of_path(path.as_bytes()).map(|kind| kind.id)
    }

    #[test]
    fn kinds_are_known_by_their_names() {
        assert_eq!(id("yarn.lock"), Some("yarn.lock"));
        assert_eq!(id("a/b/Gemfile.lock"), Some("Gemfile.lock"));
        assert_eq!(id("gemfiles/rails_7.gemfile.lock"), Some("Gemfile.lock"));
        assert_eq!(id("pylock.dev.toml"), Some("pylock.toml"));
        assert_eq!(id("x/gradle/verification-metadata.xml"), Some("verification-metadata.xml"));
        assert_eq!(id("verification-metadata.xml"), None);
        assert_eq!(id("x-gradle/verification-metadata.xml"), None);
        assert_eq!(id("a/gradle/dependency-locks/compile.lockfile"), Some("gradle.lockfile"));
        for path in ["compile.lockfile", "my-dependency-locks/x.lockfile", "dependency-locks/.lockfile"] {
            assert_eq!(id(path), None, "{path}");
        }
        for path in ["Yarn.lock", "a/YARN.LOCK", "yarn.Lock"] {
            assert_eq!(id(path), Some("yarn.lock"), "{path}");
        }
        assert_eq!(
            (id("Manifest.toml"), id("manifest.toml")),
            (Some("Manifest.toml"), Some("manifest.toml"))
        );
        for path in ["my-yarn.lock", "yarn.lock/x", "pylock..toml", "package-lock.json", "Cargo.lock"] {
            assert_eq!(id(path), None, "{path}");
        }
        // A tool's.
        assert_eq!(id(".ai/lockfiles/packages.1.lock.json"), None);
    }

    #[test]
    fn requirements_have_many_names() {
        for path in [
            "requirements.txt",
            "a/requirements-dev.txt",
            "dev-constraints.txt",
            "requirements/x.txt",
            "deps/x.in",
            "locked.txt",
        ] {
            assert_eq!(id(path), Some("requirements.txt"), "{path}");
        }
        for path in ["notes.txt", "notes.in", "requirements/x/notes.txt", "x-requirements/notes.txt"] {
            assert_eq!(id(path), None, "{path}");
        }
        assert_eq!(ecosystem(b"requirements.txt"), Some(Ecosystem::PyPi));
        assert_eq!(ecosystem(b"requirements-dev.txt"), None);
    }

    #[test]
    fn a_text_tells_where_a_name_does_not() {
        let is_one = |path: &str, text: &str| {
            let source = Source::new(path, Side::Worktree, text.as_bytes().to_vec());
            of_path(path.as_bytes()).unwrap().is_one(&source)
        };
        assert!(is_one("requirements.txt", "a==1 \\\n    --hash=sha256:00\n"));
        assert!(!is_one("requirements.txt", "a==1\n"));
        let wide = |text: &str| {
            let bytes = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
            let source = Source::new("requirements.txt", Side::Worktree, bytes.collect());
            of_path(b"requirements.txt").unwrap().is_one(&source)
        };
        assert!(wide("a==1 --hash=sha256:00\r\n"));
        assert!(!wide("a==1\r\n"));
        assert!(is_one("Manifest.toml", "julia_version = \"1.10.0\"\nmanifest_format = \"2.0\"\n"));
        assert!(is_one("Manifest.toml", "# made\n\n[[Base64]]\nuuid = \"2a0f44e3\"\n"));
        assert!(!is_one("Manifest.toml", "[package]\nname = 'x'\n"));
        assert!(is_one("manifest.toml", "# made\npackages = [\n]\n"));
        assert!(!is_one("manifest.toml", "name = 'x'\n"));
        assert!(is_one("yarn.lock", ""));
    }

    #[test]
    fn every_name_is_one_kind_s() {
        let mut all: Vec<_> = names().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for kind in ALL {
            for name in kind.names {
                assert_eq!(id(&name.replace('*', "x")), Some(kind.id), "{name}");
            }
        }
    }
}

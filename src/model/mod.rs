//! What a lockfile says, whatever its format: packages, where they come from, what their bytes must hash to.
//!
//! A *slot* is unique in its file and serves spans and edges. A *release* is what tamper rules see: an ecosystem, a
//! name and a version, whichever lockfiles and however many slots it stands in. No I/O happens here.

pub mod forge;
pub mod graph;
pub mod integrity;
pub mod release;
pub mod url;
pub mod version;

use std::borrow::Cow;
use std::fmt;

use crate::agents::llmring::Document;
use crate::agents::tool::lock::ToolLock;
use crate::ecosystems::formats::Format;
use crate::text::escape::cut;
use crate::text::source::Source;
use crate::text::syntax::budget::Budget;
use crate::text::syntax::{Fault, FaultKind, Faults, Node, Text};

/// Where names are unique: releases are compared across all lockfiles of one ecosystem, whatever their format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ecosystem {
    Cargo,
    Npm,
    PyPi,
    Go,
    /// Tools of AI agents, by the ids that their systems give them.
    Tool,
    /// Models, as the registry of LLMRing lists them.
    Llmring,
}

impl Ecosystem {
    pub const ALL: [Ecosystem; 6] = [
        Ecosystem::Cargo,
        Ecosystem::Npm,
        Ecosystem::PyPi,
        Ecosystem::Go,
        Ecosystem::Tool,
        Ecosystem::Llmring,
    ];

    /// The type of a package URL (<https://github.com/package-url/purl-spec>), and the key in `lockproof.toml`.
    pub fn id(self) -> &'static str {
        match self {
            Ecosystem::Cargo => "cargo",
            Ecosystem::Npm => "npm",
            Ecosystem::PyPi => "pypi",
            Ecosystem::Go => "golang",
            Ecosystem::Tool => "tool",
            Ecosystem::Llmring => "llmring",
        }
    }

    /// The part of a name that a registry may be tied to: `@acme` of `@acme/tool`; most ecosystems have none.
    pub fn scope(self, name: &str) -> &str {
        match name.split_once('/') {
            Some((scope, _)) if self == Ecosystem::Npm && scope.starts_with('@') => scope,
            _ => "",
        }
    }
}

/// A name as its registry compares it: the Python index folds case and separators (PEP 503), the others fold nothing.
pub fn canonical(ecosystem: Ecosystem, name: &str) -> Cow<'_, str> {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if ecosystem != Ecosystem::PyPi || name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    Cow::Owned(parts.collect::<Vec<_>>().join("-").to_ascii_lowercase())
}

/// What an entry takes beside itself: its slot as a text of its own, its place in hash tables.
pub const PLACE: usize = 200;

/// One lockfile of one side, read.
#[derive(Debug)]
pub struct Lockfile<'s> {
    pub source: &'s Source,
    pub format: &'static Format,
    /// As the file states it; absent where the format has none, or its oldest version states none.
    pub schema_version: Option<Text<'s>>,
    pub packages: Vec<Package<'s>>,
    /// What the file says that its own projects ask for: the mirror of their manifests.
    pub roots: Vec<Root<'s>>,
    /// Everything that changes what a resolver would choose: overrides, patches, `requires-python`, …
    pub settings: Vec<Setting<'s>>,
    pub faults: Faults<'s>,
    /// Where a document begins that the format has no place for.
    pub stray_document: Option<&'s str>,
    /// What only a tool lockfile says.
    pub tool: Option<Box<ToolLock<'s>>>,
    /// The whole of an `llmring.lock`: what it says of aliases and profiles fits no package.
    pub llmring: Option<Box<Document<'s>>>,
    /// What its entries may still take.
    budget: Budget,
}

impl<'s> Lockfile<'s> {
    pub fn new(source: &'s Source, format: &'static Format) -> Lockfile<'s> {
        Lockfile {
            source,
            format,
            schema_version: None,
            packages: Vec::new(),
            roots: Vec::new(),
            settings: Vec::new(),
            faults: Faults::default(),
            stray_document: None,
            tool: None,
            llmring: None,
            budget: Budget::of(source),
        }
    }

    /// Adds an entry, in no more room than it needs: most have one archive, and lists that start with room for four would
    /// be most of what a large lockfile needs.
    pub fn add(&mut self, mut package: Package<'s>) {
        package.artifacts.shrink_to_fit();
        package.edges.shrink_to_fit();
        if self.holds(&package) {
            self.packages.push(package);
        }
    }

    /// Counts what an entry takes; with the first one that has no room, the file is one that can't be read.
    pub fn holds(&mut self, package: &Package<'s>) -> bool {
        let artifacts =
            size_of_val(&package.artifacts[..]) + package.digests().count() * size_of::<Digest<'_>>();
        let lists = artifacts + size_of_val(&package.edges[..]);
        // No entry asks for so many others, and each is looked up by several rules.
        let many = package.edges.len().saturating_sub(1_000) * PLACE;
        self.spend(package.slot.raw, size_of::<Package<'_>>() + PLACE + lists + many)
    }

    /// Counts what a part of the file takes that stands at `at`.
    pub fn spend(&mut self, at: &'s str, bytes: usize) -> bool {
        let had = self.budget.holds(0);
        let has = self.budget.spend(bytes);
        if had && !has {
            self.faults.push(self.budget.fault(at, 0));
        }
        has
    }

    /// A file of this kind always states its version: one that does not has been emptied, or is something else.
    pub fn require_version(&mut self) {
        if self.schema_version.is_none() {
            let at = self.source.text().lines().next().unwrap_or_default();
            self.faults.push(Fault::shape(at, "should state its version"));
        }
    }

    /// False when the text is not what its format says: then nothing that was read of it is trusted.
    pub fn is_readable(&self) -> bool {
        !self.faults.iter().any(|fault| fault.kind == FaultKind::Syntax)
    }

    pub fn ecosystem(&self) -> Ecosystem {
        self.format.ecosystem
    }

    /// The folder that it stands in, without a trailing slash; the root is empty.
    pub fn folder(&self) -> &'s str {
        folder(&self.source.path)
    }
}

/// The part of a path before its last slash.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// One entry of a lockfile.
#[derive(Debug, Default)]
pub struct Package<'s> {
    /// The key or heading of the entry: unique in its file, and the place where the entry stands.
    pub slot: Text<'s>,
    /// As the registry spells it, in its canonical form.
    pub name: Text<'s>,
    pub version: Option<Text<'s>>,
    /// The name under which the project knows it, where that is another.
    pub alias: Option<Text<'s>>,
    pub origin: Origin<'s>,
    /// The text that says where it comes from.
    pub source: Option<Text<'s>>,
    pub artifacts: Vec<Artifact<'s>>,
    pub edges: Vec<Edge<'s>>,
    pub flags: Flags,
    /// It is only installed on some systems or processors.
    pub platform: bool,
    /// Why there need be no hash. Only what the lockfile proves counts: a claim is not enough.
    pub exemption: Option<Exemption>,
    /// An exemption that the entry claims and that is not proven.
    pub claim: Option<&'static str>,
    /// The entry whose archive contains this one, by its place in `packages`.
    pub bundled_in: Option<usize>,
}

impl<'s> Package<'s> {
    pub fn version(&self) -> &str {
        self.version.as_ref().map_or("", Text::as_str)
    }

    pub fn digests(&self) -> impl Iterator<Item = &Digest<'s>> {
        self.artifacts.iter().flat_map(|artifact| &artifact.digests)
    }

    pub fn is_hashed(&self) -> bool {
        self.digests().next().is_some()
    }

    /// `name@version`, for messages.
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}@{}", cut(self.name.as_str()), cut(version.as_str())),
            None => cut(self.name.as_str()).into_owned(),
        }
    }

    /// The slice that a finding points at when it speaks of the whole entry.
    pub fn heading(&self) -> &'s str {
        self.slot.raw
    }
}

/// Where an entry's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Origin<'s> {
    /// A registry, by its URL without the name-and-version tail; none where the client's configuration decides.
    Registry(Option<Cow<'s, str>>),
    /// Boxed: few entries have one, and every entry would carry its size.
    Git(Box<Git<'s>>),
    /// An archive at a URL that is no registry's; its host and owner.
    Url(Cow<'s, str>),
    Path,
    Workspace,
    #[default]
    Unknown,
}

impl Origin<'_> {
    /// Whether other bytes may stand under the same version: then the version is no identity.
    pub fn is_mutable(&self) -> bool {
        matches!(self, Origin::Git(_) | Origin::Path | Origin::Workspace)
    }

    /// Part of the project itself: nothing is fetched.
    pub fn is_local(&self) -> bool {
        matches!(self, Origin::Path | Origin::Workspace)
    }

    /// Where it is fetched from, if the lockfile says.
    pub fn place(&self) -> Option<&str> {
        match self {
            Origin::Registry(place) => place.as_deref(),
            Origin::Git(git) => Some(&git.repository),
            Origin::Url(place) => Some(place),
            _ => None,
        }
    }

    /// The name that the client's configuration has for a registry, with its colon: the lockfile does not know where it is.
    pub fn nickname(&self) -> Option<&str> {
        match self {
            Origin::Registry(Some(place)) if place.ends_with(':') => Some(place),
            _ => None,
        }
    }

    /// The kind, for a reader and for `lockproof list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Origin::Registry(_) => "registry",
            Origin::Git(_) => "git",
            Origin::Url(_) => "url",
            Origin::Path => "path",
            Origin::Workspace => "workspace",
            Origin::Unknown => "unknown",
        }
    }
}

/// A git source: `repository` is host and path, without scheme, user, `.git` and case of the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Git<'s> {
    pub repository: Cow<'s, str>,
    /// The branch, tag or revision that was asked for.
    pub reference: Option<Cow<'s, str>>,
    /// The full commit id, when there is one.
    pub commit: Option<Cow<'s, str>>,
}

/// Bytes that may be fetched for an entry: any one of an entry's artifacts will do, all of its digests must hold.
#[derive(Debug, Default)]
pub struct Artifact<'s> {
    /// The file name, a platform, or nothing where an entry has one artifact.
    pub key: Text<'s>,
    pub url: Option<Text<'s>>,
    pub digests: Vec<Digest<'s>>,
    /// The field that holds the digests.
    pub integrity: Option<Text<'s>>,
}

/// The hash functions that lockfiles use, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    pub fn parse(name: &str) -> Option<Algorithm> {
        Some(match name {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            "sha256" => Algorithm::Sha256,
            "sha384" => Algorithm::Sha384,
            "sha512" => Algorithm::Sha512,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "md5",
            Algorithm::Sha1 => "sha1",
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        }
    }

    /// In bytes.
    pub fn length(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha384 => 48,
            Algorithm::Sha512 => 64,
        }
    }

    /// Collisions can be made: what it pins can be replaced by who prepared it.
    pub fn is_weak(self) -> bool {
        self <= Algorithm::Sha1
    }
}

/// What a digest is the hash of. Digests of different subjects say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The archive as it was fetched.
    Archive,
    /// The files in the archive (Go's dirhash).
    Tree,
    /// A `go.mod` alone.
    GoMod,
}

/// One hash of one artifact.
#[derive(Clone, Debug)]
pub struct Digest<'s> {
    pub algorithm: Option<Algorithm>,
    pub subject: Subject,
    pub encoding: Encoding,
    /// As it stands in the file, algorithm included where it stands there.
    pub raw: &'s str,
    /// The encoded hash alone. It is decoded when it is compared: most are not, and all would carry its size.
    pub value: &'s str,
    /// Why it is not a hash.
    pub malformed: Option<Malformed>,
}

/// How a hash is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Base64,
    Hex,
}

/// What keeps a text from being the hash that it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    UnknownAlgorithm,
    Encoding,
    Length { bytes: u32 },
    NonCanonical,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::UnknownAlgorithm => write!(f, "names no hash algorithm that its client knows"),
            Malformed::Encoding => write!(f, "can't be decoded"),
            Malformed::Length { bytes } => write!(f, "is {bytes} bytes long, which its algorithm never is"),
            Malformed::NonCanonical => write!(f, "is not written the way that any client writes it"),
        }
    }
}

/// A dependency of an entry or of a root.
#[derive(Debug)]
pub struct Edge<'s> {
    pub kind: EdgeKind,
    pub name: Text<'s>,
    /// What was asked for, where the format keeps it.
    pub range: Option<Text<'s>>,
    /// What was chosen, where the format says.
    pub target: Option<Text<'s>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    Normal,
    Dev,
    Build,
    Optional,
    Peer,
    OptionalPeer,
}

/// A project that the lockfile serves, as the lockfile remembers its manifest.
#[derive(Debug)]
pub struct Root<'s> {
    /// Its folder, relative to the lockfile's; empty for the lockfile's own.
    pub path: Text<'s>,
    pub edges: Vec<Edge<'s>>,
}

/// A named part of the file that is no package: compared as text.
#[derive(Debug)]
pub struct Setting<'s> {
    pub name: Text<'s>,
    pub value: String,
    /// What it says, for who knows the format.
    pub node: Node<'s>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub dev: bool,
    pub optional: bool,
    pub install_script: bool,
    /// From the half of an npm v2 lockfile that only npm 6 reads.
    pub legacy: bool,
}

/// Why an entry needs no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exemption {
    Workspace,
    Path,
    Git,
    Bundled,
    IndexWithoutHashes,
}

impl Exemption {
    /// As it is counted in a report: "3 in the workspace".
    pub fn reason(self) -> &'static str {
        match self {
            Exemption::Workspace => "in the workspace",
            Exemption::Path => "at a path",
            Exemption::Git => "pinned by commit",
            Exemption::Bundled => "bundled in their parent",
            Exemption::IndexWithoutHashes => "from an index that publishes no hashes",
        }
    }
}

//! Releases, folded over all lockfiles of an ecosystem: what a side holds, whichever file and slot it stands in.
//!
//! Hoisting, deduplication, peers, aliases and moved files vanish from this view, and so does laundering through
//! deletion, renaming or another format. Everything is indexed: no step is worse than `n log n`.

use std::borrow::Cow;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};

use crate::model::integrity::Hash;
use crate::model::{Algorithm, Artifact, Digest, Lockfile, Origin, Package, Subject};
use crate::model::{url, version};
use crate::policy::covers;
use crate::text::syntax::Text;

/// An entry and the file that it stands in.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    pub lockfile: &'a Lockfile<'a>,
    pub package: &'a Package<'a>,
}

impl<'a> Slot<'a> {
    fn place(&self) -> (&'a str, &'a str) {
        (&self.lockfile.source.path, self.package.slot.as_str())
    }
}

impl<'a> Lockfile<'a> {
    /// Its entries, each with the file that it stands in.
    pub fn slots(&'a self) -> impl Iterator<Item = Slot<'a>> {
        self.packages.iter().map(|package| Slot { lockfile: self, package })
    }
}

/// What tamper rules call the same package.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Release<'a> {
    pub name: &'a str,
    /// In its canonical spelling. Where other bytes may stand under one version (git), the place stands here instead.
    pub version: Cow<'a, str>,
    /// The release whose archive contains it: two entries of one name are not one package when one is bundled.
    pub within: Option<(&'a str, &'a str)>,
}

impl<'a> Release<'a> {
    pub fn of(lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) -> Release<'a> {
        let parent = package.bundled_in.and_then(|at| lockfile.packages.get(at));
        Release {
            name: package.name.as_str(),
            version: match &package.origin {
                Origin::Git(git) => Cow::Borrowed(&*git.repository),
                // What another registry calls by that name and number is another package.
                origin if let Some(registry) = origin.nickname() => {
                    Cow::Owned(format!("{registry}{}", package.version()))
                }
                _ => version::canonical(lockfile.ecosystem(), package.version()),
            },
            within: parent.map(|parent| (parent.name.as_str(), parent.version())),
        }
    }

    /// Whether a side has it, in any lockfile.
    pub fn is_in(&self, fold: &Fold<'a>) -> bool {
        fold.release(self).is_some()
    }
}

/// One hash of one artifact, as it is compared.
#[derive(Clone, Copy)]
pub struct Pin<'a> {
    pub artifact: &'a Artifact<'a>,
    pub digest: &'a Digest<'a>,
    pub algorithm: Algorithm,
    pub slot: Slot<'a>,
}

impl<'a> Pin<'a> {
    /// Hashes are only comparable when they agree in this.
    pub fn key(&self) -> (&'a str, Subject, Algorithm) {
        (self.artifact.key.as_str(), self.digest.subject, self.algorithm)
    }

    fn hash(&self) -> Hash {
        self.digest.hash().map_or([0; 64], |(_, hash)| hash)
    }

    /// Whether both are one hash, of one key. Nearly always the texts say so, and nothing need be decoded.
    fn same(&self, other: &Pin<'_>) -> bool {
        self.digest.value == other.digest.value || self.hash() == other.hash()
    }
}

/// All slots of one release on one side.
#[derive(Default)]
pub struct Kept<'a> {
    /// Sorted by the path of their lockfile, then by the slot itself.
    pub slots: Vec<Slot<'a>>,
    /// Sorted by key, then hash.
    pins: Vec<Pin<'a>>,
    /// File name and URL of each artifact, sorted.
    urls: Vec<(&'a str, &'a str, Slot<'a>)>,
}

impl<'a> Kept<'a> {
    /// The hashes of that key on this side.
    pub fn pins(&self, key: (&str, Subject, Algorithm)) -> &[Pin<'a>] {
        let from = self.pins.partition_point(|pin| pin.key() < key);
        let to = self.pins.partition_point(|pin| pin.key() <= key);
        &self.pins[from..to]
    }

    pub fn has(&self, pin: &Pin<'_>) -> bool {
        match self.pins(pin.key()) {
            [] => false,
            [one] => one.same(pin),
            several => {
                let hash = pin.hash();
                several.binary_search_by(|other| other.hash().cmp(&hash)).is_ok()
            }
        }
    }

    /// Whether this side pins that artifact by that subject at all, whatever the algorithm.
    pub fn hashed(&self) -> Option<Pin<'a>> {
        self.pins.iter().max_by_key(|pin| pin.algorithm).copied()
    }

    /// The strongest hash function that an artifact has here.
    pub fn strongest(&self, artifact: &str, subject: Subject) -> Option<Pin<'a>> {
        let to = self.pins.partition_point(|pin| (pin.key().0, pin.key().1) <= (artifact, subject));
        self.pins[..to].last().filter(|pin| (pin.key().0, pin.key().1) == (artifact, subject)).copied()
    }

    /// What stood in that slot of the lockfile at that path: nearly always one entry, or none.
    pub fn at(&self, path: &str, slot: &str) -> &[Slot<'a>] {
        let from = self.slots.partition_point(|it| it.place() < (path, slot));
        let to = self.slots.partition_point(|it| it.place() <= (path, slot));
        &self.slots[from..to]
    }

    /// Whether something stands here as the hash of a subject, well formed or not.
    pub fn mentions(&self, subject: Subject) -> bool {
        let digests = self.slots.iter().flat_map(|slot| slot.package.digests());
        digests.into_iter().any(|digest| digest.subject == subject)
    }

    /// The strongest hash of a subject, whichever artifact has it.
    pub fn strongest_of(&self, subject: Subject) -> Option<Pin<'a>> {
        self.pins.iter().filter(|pin| pin.digest.subject == subject).max_by_key(|pin| pin.algorithm).copied()
    }

    /// Where the file of that name was fetched from on this side; several places are in order.
    pub fn urls(&self, file: &str) -> &[(&'a str, &'a str, Slot<'a>)] {
        let from = self.urls.partition_point(|(name, ..)| *name < file);
        let to = self.urls.partition_point(|(name, ..)| *name <= file);
        &self.urls[from..to]
    }

    fn add(&mut self, slot: Slot<'a>) {
        if self.slots.is_empty() {
            self.make_room(slot.package);
        }
        self.slots.push(slot);
        self.pins.extend(pins(slot));
        for artifact in &slot.package.artifacts {
            if let Some(url) = &artifact.url {
                self.urls.push((url::file_name(url.as_str()), url.as_str(), slot));
            }
        }
    }

    /// Most releases stand in one slot, and have one archive with one hash: lists that start with room for four would be
    /// most of what a large lockfile needs.
    fn make_room(&mut self, package: &Package<'_>) {
        self.slots.reserve_exact(1);
        self.pins.reserve_exact(package.digests().count());
        self.urls.reserve_exact(package.artifacts.iter().filter(|it| it.url.is_some()).count());
    }

    fn sort(&mut self) {
        self.slots.sort_by(|a, b| a.place().cmp(&b.place()));
        self.pins.sort_by_cached_key(|pin| (pin.key(), pin.hash()));
        self.pins.dedup_by(|a, b| a.key() == b.key() && a.same(b));
        self.urls.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        self.urls.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
    }
}

/// The well-formed hashes of an entry.
pub fn pins<'a>(slot: Slot<'a>) -> impl Iterator<Item = Pin<'a>> {
    slot.package.artifacts.iter().flat_map(move |artifact| pins_of(slot, artifact))
}

/// The well-formed hashes of one artifact of an entry.
pub fn pins_of<'a>(slot: Slot<'a>, artifact: &'a Artifact<'a>) -> impl Iterator<Item = Pin<'a>> {
    artifact.digests.iter().filter_map(move |digest| {
        let algorithm = digest.algorithm.filter(|_| digest.malformed.is_none())?;
        Some(Pin { artifact, digest, algorithm, slot })
    })
}

/// Where a name comes from, as far as rules compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provenance<'a> {
    pub kind: &'static str,
    pub place: Option<&'a str>,
    /// Of a git source.
    pub commit: Option<&'a str>,
}

impl<'a> Provenance<'a> {
    pub fn of(origin: &'a Origin<'a>) -> Provenance<'a> {
        let commit = if let Origin::Git(git) = origin { git.commit.as_deref() } else { None };
        Provenance { kind: origin.kind(), place: origin.place(), commit }
    }
}

type Origins<'a> = Vec<(Provenance<'a>, Slot<'a>)>;

/// All that a side says of one ecosystem. Each view of it is made when first asked for: a run without a base seldom
/// needs more than the places.
pub struct Fold<'a> {
    lockfiles: Vec<&'a Lockfile<'a>>,
    releases: OnceLock<HashMap<Release<'a>, Kept<'a>>>,
    names: OnceLock<HashMap<&'a str, Origins<'a>>>,
}

impl<'a> Fold<'a> {
    pub fn new(lockfiles: impl IntoIterator<Item = &'a Lockfile<'a>>) -> Fold<'a> {
        Fold { lockfiles: lockfiles.into_iter().collect(), releases: OnceLock::new(), names: OnceLock::new() }
    }

    /// The release, when this side has it.
    pub fn release(&self, release: &Release<'a>) -> Option<&Kept<'a>> {
        self.releases.get_or_init(|| self.fold_releases()).get(release)
    }

    /// The different origins that a name has here, whatever its version.
    pub fn origins(&self, name: &str) -> &[(Provenance<'a>, Slot<'a>)] {
        self.names.get_or_init(|| self.fold_names()).get(name).map_or(&[], Vec::as_slice)
    }

    fn slots(&self) -> impl Iterator<Item = Slot<'a>> {
        self.lockfiles
            .iter()
            .flat_map(|&lockfile| lockfile.packages.iter().map(move |package| Slot { lockfile, package }))
    }

    fn fold_releases(&self) -> HashMap<Release<'a>, Kept<'a>> {
        let most = self.lockfiles.iter().map(|lockfile| lockfile.packages.len()).sum();
        let mut releases: HashMap<_, Kept<'a>> = HashMap::with_capacity(most);
        for slot in self.slots().filter(|slot| !slot.package.origin.is_local()) {
            releases.entry(Release::of(slot.lockfile, slot.package)).or_default().add(slot);
        }
        releases.values_mut().for_each(Kept::sort);
        releases
    }

    fn fold_names(&self) -> HashMap<&'a str, Origins<'a>> {
        let mut names: HashMap<_, Origins<'a>> = HashMap::new();
        for slot in self.slots().filter(|slot| !slot.package.origin.is_local()) {
            let from = Provenance::of(&slot.package.origin);
            let origins = names.entry(slot.package.name.as_str()).or_default();
            // Entries of one name stand together more often than not.
            if origins.last().is_none_or(|(known, _)| *known != from) {
                if origins.is_empty() {
                    // Nearly always the only one.
                    origins.reserve_exact(1);
                }
                origins.push((from, slot));
            }
        }
        names.values_mut().for_each(|origins| {
            origins.sort_by(|a, b| a.0.cmp(&b.0));
            origins.dedup_by(|a, b| a.0 == b.0);
        });
        names
    }
}

/// A scope, a place, and how many entries in a row have both.
type Run<'a> = ((&'a str, Cow<'a, str>), usize);

/// The places of one scope, with the number of entries of each.
#[derive(Default)]
struct Scope<'a> {
    uses: HashMap<Cow<'a, str>, usize>,
    /// Of the most used one.
    most: usize,
}

/// Where a side fetches an ecosystem's packages from: by scope, then place, with the number of entries.
#[derive(Default)]
pub struct Places<'a> {
    scopes: HashMap<&'a str, Scope<'a>>,
    names_registries: bool,
    fetches: bool,
}

impl<'a> Places<'a> {
    pub fn new(lockfiles: impl IntoIterator<Item = &'a Lockfile<'a>>) -> Places<'a> {
        let mut places = Places::default();
        for lockfile in lockfiles {
            let names_one = |package: &Package<'_>| {
                matches!(package.origin, Origin::Registry(Some(_))) && package.origin.nickname().is_none()
            };
            let is_fetched =
                |package: &Package<'_>| matches!(package.origin, Origin::Registry(_) | Origin::Url(_));
            places.names_registries |= lockfile.packages.iter().any(names_one);
            places.fetches |= lockfile.packages.iter().any(is_fetched);
            // What stands together comes from one place more often than not: a run of it is counted at once.
            let mut run: Option<Run<'a>> = None;
            for (scope, place) in lockfile.packages.iter().flat_map(|it| fetched_from(lockfile, it)) {
                match &mut run {
                    Some((last, uses)) if last.0 == scope && last.1 == place => *uses += 1,
                    _ => {
                        places.count(run.replace(((scope, place), 1)));
                    }
                }
            }
            places.count(run);
        }
        places
    }

    fn count(&mut self, run: Option<Run<'a>>) {
        let Some(((scope, place), uses)) = run else { return };
        let scope = self.scopes.entry(scope).or_default();
        let sum = scope.uses.entry(place).or_default();
        *sum += uses;
        scope.most = scope.most.max(*sum);
    }

    /// How many entries of a scope come from a place. Files that an index keeps elsewhere count under the index.
    pub fn uses(&self, scope: &str, place: &str) -> usize {
        self.scopes.get(scope).and_then(|scope| scope.uses.get(place)).copied().unwrap_or_default()
    }

    /// Whether anything of that scope is fetched from a place that the lockfile names.
    pub fn knows_scope(&self, scope: &str) -> bool {
        self.scopes.contains_key(scope)
    }

    /// Whether any entry says which registry it comes from; clients may leave it out of all of them.
    pub fn names_registries(&self) -> bool {
        self.names_registries
    }

    /// Whether anything here comes from a registry or a URL: else there is no use to compare with.
    pub fn fetches(&self) -> bool {
        self.fetches
    }

    /// Whether anything, whatever its scope, comes from that place or one below it.
    pub fn come_from(&self, place: &str) -> bool {
        let uses = |scope: &Scope<'_>| scope.uses.keys().any(|used| covers(place, used));
        self.scopes.values().any(uses)
    }

    /// How many entries of a scope come from its most used place.
    pub fn most_uses(&self, scope: &str) -> usize {
        self.scopes.get(scope).map_or(0, |scope| scope.most)
    }
}

/// The places that an entry is fetched from, each with the scope that it is pinned for: the registry under the scope of
/// the name, a file that lies elsewhere under its index.
pub fn fetched_from<'a>(
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
    let index = match &package.origin {
        Origin::Registry(Some(place)) | Origin::Url(place) => Some(&**place),
        _ => None,
    };
    let scope = lockfile.ecosystem().scope(package.name.as_str());
    let own = index.map(|place| (scope, Cow::Borrowed(place)));
    // What comes from git is not fetched as a file, whatever the entry lists.
    let is_fetched = !matches!(package.origin, Origin::Git(_));
    let artifacts = package.artifacts.iter().filter(move |_| is_fetched);
    let files = artifacts.filter_map(|artifact| artifact.url.as_ref());
    let elsewhere = files.filter(|url| !is_source(package, url)).map(move |url| {
        let place = url::file_place(url.as_str(), package.name.as_str(), package.version());
        (index.unwrap_or(scope), place)
    });
    own.into_iter().chain(elsewhere)
}

fn is_source(package: &Package<'_>, url: &Text<'_>) -> bool {
    package.source.as_ref().is_some_and(|source| std::ptr::eq(source.raw, url.raw))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    /// To uv, `1.16` is `1.16.0`, and `Six` is `six`.
    #[test]
    fn another_spelling_is_the_same_release() {
        let lock = |name: &str, version: &str, hash: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nwheels = [{{ url = \"https://i.example.com/six-1.16.0-any.whl\", hash = \"sha256:{hash}\" }}]\n"
            )
        };
        let base = lock("six", "1.16.0", &"1".repeat(64));
        for (name, version) in [("six", "1.16"), ("Six", "v1.16.0")] {
            let findings = check("pin-rewritten")
                .base("uv.lock", &base)
                .head("uv.lock", &lock(name, version, &"2".repeat(64)))
                .all();
            assert!(findings.iter().any(|it| it.rule == "pin-rewritten"), "{name} {version}: {findings:?}");
        }
    }
}

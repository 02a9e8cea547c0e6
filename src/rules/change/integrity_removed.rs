//! A package kept its version and lost its hash.
//!
//! Without a hash, a frozen install takes whatever the address serves. It makes no difference what the entry now claims
//! (a bundle, a link, a path): the release was verified before, and is not any more. Only a package that was taken into
//! the tree needs none, when a manifest there has its name; and a git source that stays at its commit, for no client looks
//! at a hash there. Each entry is held against itself; one that is new to its lockfile must have a hash unless the release
//! stood somewhere without one. A Python release that keeps its source and loses all of its wheels is a warning: it is
//! built now, which runs code of it.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//! -      "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//! -      "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//! +      "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz"
//!        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ had a hash
//!      }
//!    }
//!  }
//! ```
//!
//! npm itself loses every hash when it locks again over a `node_modules` folder without its hidden lockfile, and
//! those below a workspace's own `node_modules` when only the root's was removed: remove every `node_modules`, take the
//! lockfile back from git and install again.

use std::cell::LazyCell;

use foldhash::{HashMap, HashMapExt};

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Kept, Pin, Release, Slot, pins};
use crate::model::{Artifact, Ecosystem, Lockfile, Origin, Package, Subject, folder};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "integrity-removed",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("integrity_removed.rs"),
    checks: &[Check::Entry(check), Check::Change(still_selected)],
};

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = slot;
    // Bundled in the same parent on both sides, or it would be another release: the parent's hash covers it. npm hashes
    // such entries when it converts version 1, and never again.
    let Some(kept) = kept.filter(|_| package.bundled_in.is_none()) else { return };
    if package.is_hashed() {
        return lost_wheels(cx, slot, kept, report);
    }
    let Some(had) = lost(cx, slot, kept) else { return };
    // Taken into the tree: a reviewer sees the code, and a manifest proves that it is there.
    if package.origin.is_local() && cx.head.is_local(lockfile, package.name.as_str()) {
        return;
    }
    let message = format!("{} kept its version and lost its hash.", package.label());
    report
        .package(lockfile, package, Field::Integrity, &Text::plain(package.heading()), message)
        .label("had a hash")
        .related(had.slot.lockfile.source, had.digest.raw, "the hash it had")
        .help(cure(cx, lockfile));
}

/// The hash that an entry had. One that is new to its lockfile is held against all that its release had: where one of them
/// had none either, nothing is lost.
fn lost<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: &Kept<'a>) -> Option<Pin<'a>> {
    let before = before(cx, slot, kept);
    let had = before.iter().flat_map(|&old| pins(old)).max_by_key(|pin| pin.algorithm)?;
    let had_none = |old: &Slot<'a>| !old.package.is_hashed() || is_same_commit(slot.package, old.package);
    (!before.iter().any(had_none)).then_some(had)
}

/// What an entry goes on from: the same slot of the same lockfile, else all slots of its release.
fn before<'k, 'a>(cx: &Context<'a>, slot: Slot<'a>, kept: &'k Kept<'a>) -> &'k [Slot<'a>] {
    match cx.same_slot(slot, kept) {
        [] => &kept.slots,
        same => same,
    }
}

/// Clients hold a git source to its commit, and never to a hash: some wrote one all the same.
fn is_same_commit(now: &Package<'_>, before: &Package<'_>) -> bool {
    match (&now.origin, &before.origin) {
        (Origin::Git(now), Origin::Git(before)) => now.commit.is_some() && now.commit == before.commit,
        _ => false,
    }
}

/// Without a wheel, a Python release is built from its source: code of it runs, where files were unpacked before.
fn lost_wheels<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: &Kept<'a>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = slot;
    let is_wheel = |artifact: &&'a Artifact<'a>| artifact.key.as_str().ends_with(".whl");
    if lockfile.ecosystem() != Ecosystem::PyPi || package.artifacts.iter().any(|it| is_wheel(&it)) {
        return;
    }
    let wheel = |old: &Slot<'a>| old.package.artifacts.iter().find(is_wheel);
    let before = before(cx, slot, kept);
    let Some(gone) =
        before.iter().map(wheel).collect::<Option<Vec<_>>>().and_then(|all| all.first().copied())
    else {
        return;
    };
    let message =
        format!("{} kept its version and lost its wheels: it is built from its source now.", package.label());
    let heading = Text::plain(package.heading());
    let found = report.package(lockfile, package, Field::Entry, &heading, message);
    found.level(Level::Warning).label("no wheel is left").value("wheels").help(cx.restore(lockfile));
    if let (Some(old), Some(hash)) = (before.first(), &gone.integrity) {
        found.related(old.lockfile.source, hash.raw, "the hash of a wheel that it had");
    }
}

fn cure(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> Help {
    let clean = match lockfile.format.id {
        "npm" => "npm loses hashes where it locks again over a node_modules folder: remove that first.",
        _ => "",
    };
    cx.restore(lockfile).then(cx.relock(lockfile, "then updates it again")).then(clean)
}

/// Where the manifest selects releases, a line that is gone although its release is still selected is a hash removed.
fn still_selected<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(base), Some(lockfile)) = (&cx.base, pair.head) else { return };
    if !lockfile.format.manifest_selects {
        return;
    }
    let fold = base.fold(lockfile.ecosystem());
    let head = cx.head.fold(lockfile.ecosystem());
    let neighbours = LazyCell::new(|| Neighbours::new(pair));
    let beside = |path: &str| folder(path) == lockfile.folder();
    for manifest in cx.head.manifests(lockfile.ecosystem()).filter(|it| beside(&it.source.path)) {
        for selected in &manifest.dependencies {
            let Some(version) = &selected.version else { continue };
            let release = Release { name: selected.name.raw, version: version.raw.into(), within: None };
            let Some(before) = fold.release(&release) else { continue };
            if let Some(lost) = lost_line(before, head.release(&release), selected.direct) {
                gone(cx, lockfile, &neighbours, &lost, report).related(
                    manifest.source,
                    selected.at,
                    "still asks for it",
                );
            }
        }
    }
}

/// A hash that the release had and has no more. What only a dependency asks for may honestly keep the hash of its
/// `go.mod` and lose that of its files, when nothing imports them any more.
fn lost_line<'a>(before: &Kept<'a>, now: Option<&Kept<'a>>, direct: bool) -> Option<Pin<'a>> {
    let gone = |subject| {
        let had = before.strongest_of(subject)?;
        now.is_none_or(|now| !now.mentions(subject)).then_some(had)
    };
    let (tree, go_mod) = (gone(Subject::Tree), gone(Subject::GoMod));
    if now.is_none() || direct { tree.or(go_mod) } else { None }
}

/// The line is not there to point at: its neighbour stands for it.
fn gone<'a, 'r>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    neighbours: &Neighbours<'a>,
    had: &Pin<'a>,
    report: &'r mut Report<'a>,
) -> &'r mut crate::findings::report::Found<'a> {
    let Slot { package, .. } = had.slot;
    let at = neighbours.of(package).unwrap_or(&lockfile.source.text()[..0]);
    report
        .file(lockfile, at, format!("{} is still selected, but lost its hash.", package.label()))
        .label("a line is missing here")
        .value(package.slot.as_str())
        .related(had.slot.lockfile.source, had.digest.raw, "the hash it had")
        .help(cure(cx, lockfile))
}

/// The entries before those that are gone, where they are still there.
struct Neighbours<'a> {
    /// By the slot of an entry of the base side: that of the one before it.
    before: HashMap<&'a str, &'a str>,
    headings: HashMap<&'a str, &'a str>,
}

impl<'a> Neighbours<'a> {
    fn new(pair: &Pair<'a>) -> Neighbours<'a> {
        let slots = pair.base.iter().flat_map(|base| base.packages.windows(2));
        let mut before = HashMap::new();
        slots.for_each(|two| {
            before.entry(two[1].slot.as_str()).or_insert(two[0].slot.as_str());
        });
        let mut headings = HashMap::new();
        for package in pair.head.iter().flat_map(|head| &head.packages) {
            headings.entry(package.slot.as_str()).or_insert(package.heading());
        }
        Neighbours { before, headings }
    }

    fn of(&self, gone: &Package<'_>) -> Option<&'a str> {
        self.headings.get(self.before.get(gone.slot.as_str())?).copied()
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn npm(entries: &[(&str, &str)]) -> String {
        let entry = |(path, hash): &(&str, &str)| format!(r#""{path}": {{"version": "1.0.0"{hash}}}"#);
        let entries: Vec<_> = entries.iter().map(entry).collect();
        format!("{{\"lockfileVersion\": 3, \"packages\": {{\n{}}}}}", entries.join(",\n"))
    }

    const HASH: &str = r#", "integrity": "sha512-{A512}""#;

    #[test]
    fn an_entry_that_had_no_hash_has_lost_none() {
        let (x, a, b) = ("node_modules/x", "node_modules/a/node_modules/x", "node_modules/b/node_modules/x");
        let test = |head: &[(&str, &str)]| {
            let base = npm(&[(x, HASH), (a, "")]);
            check("integrity-removed").base("package-lock.json", &base).head("package-lock.json", &npm(head))
        };
        test(&[(x, HASH), (a, ""), (b, HASH)]).finds(&[]);
        test(&[(x, HASH), (b, "")]).finds(&[]);
        test(&[(x, ""), (a, "")]).count(1);
        let base = npm(&[(x, HASH)]);
        check("integrity-removed")
            .base("package-lock.json", &base)
            .head("package-lock.json", &npm(&[(x, HASH), (b, "")]))
            .count(1);
    }

    #[test]
    fn a_git_source_is_held_to_its_commit() {
        let lock = |commit: &str, hash: &str| {
            let source = format!(r#", "resolved": "git+ssh://git@git.example.com/o/x.git#{commit}"{hash}"#);
            npm(&[("node_modules/x", &source)])
        };
        let test = |commit: &str| {
            check("integrity-removed")
                .base("package-lock.json", &lock(&"1".repeat(40), HASH))
                .head("package-lock.json", &lock(commit, ""))
        };
        test(&"1".repeat(40)).finds(&[]);
        test(&"2".repeat(40)).count(1);
    }

    #[test]
    fn wheels_are_missed_where_the_source_stays() {
        let lock = |artifacts: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"x\"\nversion = \"1\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\n{artifacts}"
            )
        };
        let file =
            |name: &str| format!("{{ url = \"https://f.example.com/{name}\", hash = \"sha256:{{HEX}}\" }}");
        let sdist = format!("sdist = {}\n", file("x-1.tar.gz"));
        let wheels = format!("wheels = [{}, {}]\n", file("x-1-cp310-any.whl"), file("x-1-py3-none-any.whl"));
        let test = |head: &str| {
            check("integrity-removed")
                .base("uv.lock", &lock(&format!("{sdist}{wheels}")))
                .head("uv.lock", &lock(head))
        };
        let lost =
            "uv.lock:3:9 warning x@1 kept its version and lost its wheels: it is built from its source now.";
        test(&sdist).finds(&[lost]);
        test(&wheels).finds(&[]);
        test(&format!("{sdist}wheels = [{}]\n", file("x-1-py3-none-any.whl"))).finds(&[]);
    }

    #[test]
    fn the_hash_of_a_parent_covers_what_it_bundles() {
        let parent = r#""node_modules/p": {"version": "1.0.0", "bundleDependencies": ["x"], "integrity": "sha512-{B512}"}"#;
        let lock =
            |inner: &str| format!("{{\"lockfileVersion\": 3, \"packages\": {{\n{parent},\n{inner}}}}}");
        let bundled = |field: &str| {
            lock(&format!(
                r#""node_modules/p/node_modules/x": {{"version": "1.0.0", {field} "inBundle": true}}"#
            ))
        };
        let hashed = bundled(r#""integrity": "sha512-{A512}","#);
        check("integrity-removed")
            .base("package-lock.json", &hashed)
            .head("package-lock.json", &bundled(""))
            .finds(&[]);
        // With an address of its own it is no part of its parent: `npm ci` would fetch it from there.
        let fetched = bundled(r#""resolved": "https://registry.example.com/x/-/x-1.0.0.tgz","#);
        let bare = lock(r#""node_modules/x": {"version": "1.0.0", "integrity": "sha512-{A512}"}"#);
        check("integrity-removed")
            .base("package-lock.json", &bare)
            .head("package-lock.json", &fetched)
            .finds(&["package-lock.json:3:2 error x@1.0.0 kept its version and lost its hash."]);
    }
}

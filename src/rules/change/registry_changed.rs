//! A package that the project already had now comes from another place.
//!
//! The place may be pinned, and right for other packages; this one never came from it. That is how a private name is
//! taken from a public registry (dependency confusion), and how a package becomes somebody's fork.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//! -source = "registry+https://github.com/rust-lang/crates.io-index"
//! +source = "registry+https://git.example.com/other/index"
//!            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ came from https://github.com/rust-lang/crates.io-index
//!  checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//!
//!  [[package]]
//!  name = "ours"
//!  version = "1.0.0"
//!  source = "registry+https://git.example.com/other/index"
//!  checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//! ```
//!
//! A move that a manifest of the repository declares (a fork, a patch) is a warning. A release that moves between
//! pinned registries with the same strong hash is a note: its bytes are the same; a warning where only client
//! configuration that is changed with it admits the new place. What lies beside a declared fork, in its repository and
//! commit, and is led to from there alone, goes with it: a warning. The way back to the registry is a note where the
//! manifests never asked for anything else, and so is a fork in a new lockfile of another project, which `git-source`
//! judges. An address that is left out, or put back, is no move. A package becomes a folder of the repository only where a manifest says so.

use foldhash::HashSet;

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::Links;
use crate::model::release::{Kept, Provenance, Slot, pins};
use crate::model::{Edge, Lockfile, Origin, Package};
use crate::rules::content::unpinned_registry;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::workspace::join;
use crate::world::{Brought, Context, Pair};

pub static RULE: Rule = Rule {
    id: "registry-changed",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("registry_changed.rs"),
    checks: &[Check::Entry(check), Check::Change(links)],
};

/// pnpm links what its lockfile has no entry for.
fn links<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    if lockfile.format.links != Links::Key {
        return;
    }
    let linked =
        |edge: &Edge<'a>| edge.target.as_ref().is_some_and(|target| target.as_str().starts_with("link:"));
    let place = |folder: &str, edge: &'a Edge<'a>| (folder.to_owned(), edge.name.as_str());
    let known: HashSet<_> =
        edges(base).filter(|(_, edge)| linked(edge)).map(|(at, it)| place(at, it)).collect();
    let fetched: HashSet<&str> =
        edges(base).filter(|(_, it)| !linked(it)).map(|(_, it)| it.name.as_str()).collect();
    for (from, edge) in edges(lockfile).filter(|(_, edge)| linked(edge)) {
        let (name, target) = (edge.name.as_str(), edge.target.as_ref().map_or("", Text::as_str));
        let folder = join(lockfile.folder(), from).and_then(|it| join(&it, &target["link:".len()..]));
        let Some(folder) = folder.filter(|_| fetched.contains(name) && !known.contains(&place(from, edge)))
        else {
            continue;
        };
        if !cx.head.leads_to(lockfile, name, &folder) {
            let at = edge.target.as_ref().map_or(edge.name.raw, |target| target.raw);
            report
                .file(
                    lockfile,
                    at,
                    format!("{} came from a registry and now is the folder {}.", cut(name), cut(&folder)),
                )
                .label("no manifest here names that folder")
                .value(format!("{name} {folder}"))
                .help(Help::from("If it is meant, declare it in the manifest.").and(cx.restore(lockfile)));
        }
    }
}

/// All dependencies, each with the folder that its links are relative to.
fn edges<'a>(lockfile: &'a Lockfile<'a>) -> impl Iterator<Item = (&'a str, &'a Edge<'a>)> {
    let roots =
        lockfile.roots.iter().flat_map(|root| root.edges.iter().map(|edge| (root.path.as_str(), edge)));
    let packages = lockfile.packages.iter().flat_map(|package| package.edges.iter().map(|edge| ("", edge)));
    roots.chain(packages)
}

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    let Some(base) = cx.base.as_ref().filter(|_| slot.package.origin != Origin::Unknown) else { return };
    // Taken into the tree: a reviewer sees the code, and a manifest proves that it is there.
    let ecosystem = slot.lockfile.ecosystem();
    if slot.package.origin.is_local() && is_declared(cx, slot) {
        return;
    }
    let now = Provenance::of(&slot.package.origin);
    // Without an address, the client's configuration decides: that is no other place, but where the other side names one
    // of several registries. Git to git is `git-source`'s to judge.
    let named = slot.package.origin.nickname().is_some();
    let is_local = slot.package.origin.is_local();
    let silent = |from: &Provenance<'_>| {
        let (before, after) = (from.place.is_some(), now.place.is_some());
        let is_named = named || from.place.is_some_and(|place| place.ends_with(':'));
        from.kind == now.kind && !(before && after || is_named) || !(before || after || is_local)
    };
    let stayed =
        |from: &Provenance<'_>| *from == now || silent(from) || from.kind == "git" && now.kind == "git";
    // Most entries stay where their own release was: their names need not be looked up.
    if kept.is_some_and(|kept| {
        kept.slots.first().is_some_and(|old| stayed(&Provenance::of(&old.package.origin)))
    }) {
        return;
    }
    let before = base.fold(ecosystem).origins(slot.package.name.as_str());
    // `npm:` in a manifest asks for the configured registry's, whatever else has that name.
    let asked = |from: &Provenance<'_>| {
        from.place.is_some_and(|place| place.ends_with(':'))
            && now.kind == "registry"
            && now.place.is_none()
            && cx.head.asks_for(slot.lockfile, slot.package.name.as_str())
    };
    let was_local =
        || cx.before(slot.lockfile).is_some_and(|it| base.has_local(it, slot.package.name.as_str()));
    let went_on = before.iter().any(|(from, _)| stayed(from) || asked(from)) || is_local && was_local();
    if !before.is_empty() && !went_on {
        moved(cx, slot, before[0], kept, report);
    }
}

/// A project of the lockfile's, or what a manifest takes from a folder.
fn is_declared<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>) -> bool {
    let name = package.name.as_str();
    // npm has an entry for the folder besides that of the link, which is held against the manifests on its own.
    let is_folder = package.source.is_none() && package.origin == Origin::Workspace;
    let folder = join(lockfile.folder(), package.slot.as_str())
        .filter(|_| is_folder && lockfile.format.links == Links::InstallPath);
    cx.head.is_local(lockfile, name) || folder.is_some_and(|it| cx.head.leads_to(lockfile, name, &it))
}

fn moved<'a>(
    cx: &Context<'a>,
    slot: Slot<'a>,
    (from, old): (Provenance<'a>, Slot<'a>),
    kept: Option<&Kept<'a>>,
    report: &mut Report<'a>,
) {
    let Slot { lockfile, package } = slot;
    let place = match &package.origin {
        origin if origin.is_local() => "a folder that no manifest here names",
        origin => origin.place().unwrap_or("the configured registry"),
    };
    let whence = from.place.map_or("the configured registry".to_owned(), str::to_owned);
    let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
    let before = old.package.source.as_ref().map_or(old.package.heading(), |source| source.raw);
    let found = report.package(
        lockfile,
        package,
        Field::Source,
        &at,
        format!("{} came from {whence} and now comes from {place}.", package.name.as_str()),
    );
    found
        .label(format!("came from {whence}"))
        .related(old.lockfile.source, before, "where it came from")
        .help(
            Help::from("If the move is meant, declare it in the manifest, or add the place to `[registries]` in lockproof.toml.")
                .and(cx.restore(lockfile)),
        );
    let is_registry = |origin: &Origin<'_>| matches!(origin, Origin::Registry(_));
    let both = is_registry(&package.origin) && is_registry(&old.package.origin);
    let same = both && kept.is_some_and(|kept| same_bytes(slot, kept));
    if same && unpinned_registry::is_pinned(cx, lockfile, package) {
        found.level(Level::Note);
    } else if same && unpinned_registry::is_admitted(cx, lockfile, package) {
        found.level(Level::Warning);
    } else if let Some((manifest, line)) = cx.head.declaration(lockfile, Some(package.name.as_str()), place) {
        found.level(Level::Warning).related(manifest, line, "declared here");
    } else if let Some((manifest, line)) = undeclared(cx, lockfile, &old) {
        found.level(Level::Warning).related(manifest, line, "declared until now");
    } else if let Some((manifest, line)) = beside_a_declared_one(cx, lockfile, package) {
        found.level(Level::Warning).related(manifest, line, "its repository is declared here");
    } else if is_left_over(cx, lockfile, package, &old) || is_elsewhere(cx, slot) {
        found.level(Level::Note);
    }
}

/// Another package of a repository that a manifest takes one from, and only packages of that repository and commit lead to
/// it.
fn beside_a_declared_one<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &Package<'a>,
) -> Option<(&'a Source, &'a str)> {
    let Origin::Git(git) = &package.origin else { return None };
    let declared = cx.head.declaration(lockfile, None, &git.repository)?;
    (cx.head.brought(lockfile, package) == Brought::BySiblings).then_some(declared)
}

/// The manifests left it to the registry all along, and none of them knew the fork that the lockfile still had.
fn is_left_over<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    old: &Slot<'a>,
) -> bool {
    let (Some(base), Origin::Git(fork)) = (&cx.base, &old.package.origin) else { return false };
    let name = package.name.as_str();
    matches!(package.origin, Origin::Registry(_))
        && base.declaration(old.lockfile, None, &fork.repository).is_none()
        && base.asks_plainly(old.lockfile, name)
        && cx.head.asks_plainly(lockfile, name)
        && unpinned_registry::is_pinned(cx, lockfile, package)
}

/// A new lockfile is compared by what its own project says: a fork that another one does not have is no move. A registry
/// that another one does not use is told all the same: that is how a mirror slips in.
fn is_elsewhere<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>) -> bool {
    let is_new = cx.before(lockfile).is_none() && matches!(package.origin, Origin::Git(_));
    is_new && cx.base.as_ref().is_some_and(|base| cx.head.is_other_project(lockfile, base))
}

/// Back from a fork: a manifest declared the old place, and none does any more.
fn undeclared<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    old: &Slot<'a>,
) -> Option<(&'a Source, &'a str)> {
    let place = old.package.origin.place()?;
    let before = cx.base.as_ref()?.declaration(old.lockfile, None, place)?;
    cx.head.declaration(lockfile, None, place).is_none().then_some(before)
}

/// A strong hash that stayed: whoever serves them, the bytes are the same.
fn same_bytes(slot: Slot<'_>, kept: &Kept<'_>) -> bool {
    pins(slot).any(|pin| !pin.algorithm.is_weak() && kept.has(&pin))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn lock(source: &str) -> String {
        let checksum = if source.starts_with("git") { String::new() } else { "checksum = \"{A}\"\n".into() };
        format!(
            "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n{checksum}"
        )
    }

    #[test]
    fn a_folder_may_be_called_like_a_package() {
        let lock = |folder: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, {folder} "node_modules/electron": {{"version": "1.0.0", "resolved": "https://registry.example.com/electron/-/electron-1.0.0.tgz", "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        let entry = r#""electron": {"version": "0.0.0"},"#;
        let link = |name: &str| {
            format!(r#"{entry} "node_modules/{name}": {{"resolved": "electron", "link": true}},"#)
        };
        let test = |folder: &str, manifest: &str| {
            check("registry-changed")
                .base("package-lock.json", &lock(""))
                .head("package-lock.json", &lock(folder))
                .head("package.json", manifest)
                .all()
                .into_iter()
                .filter(|it| it.rule == "registry-changed")
                .map(|it| it.level)
                .collect::<Vec<_>>()
        };
        let error = vec![crate::findings::finding::Level::Error];
        assert!(test(&link("@x/e"), r#"{"dependencies": {"@x/e": "file:electron"}}"#).is_empty());
        assert!(test(entry, r#"{"workspaces": ["electron"]}"#).is_empty());
        assert_eq!(test(entry, "{}"), error);
    }

    #[test]
    fn a_link_that_no_manifest_names_is_an_error() {
        let release = r#""version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz", "integrity": "sha512-{A512}""#;
        let lock = |entries: &str| format!(r#"{{"lockfileVersion": 3, "packages": {{{entries}}}}}"#);
        let link = r#""other": {"version": "1.0.0"}, "node_modules/x": {"resolved": "other", "link": true}"#;
        let found = check("registry-changed")
            .base("package-lock.json", &lock(&format!(r#""node_modules/x": {{{release}}}"#)))
            .head("package-lock.json", &lock(link))
            .head("package.json", r#"{"dependencies": {"x": "^1"}}"#)
            .all();
        let found: Vec<_> = found.iter().filter(|it| it.rule == "registry-changed").collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|it| it.level == crate::findings::finding::Level::Error));
    }

    #[test]
    fn a_fork_that_the_manifest_declares_is_a_warning() {
        let fork = "git+https://git.example.com/o/x?rev=v1#0123456789012345678901234567890123456789";
        let expected =
            "came from https://github.com/rust-lang/crates.io-index and now comes from git.example.com/o/x.";
        check("registry-changed")
            .base("Cargo.lock", &lock(INDEX))
            .head("Cargo.lock", &lock(fork))
            .finds(&[&format!("Cargo.lock:5:11 error x {expected}")]);
        check("registry-changed")
            .base("Cargo.lock", &lock(INDEX))
            .head("Cargo.lock", &lock(fork))
            .head("Cargo.toml", "[patch.crates-io]\nx = { git = 'https://git.example.com/o/x', rev = 'v1' }")
            .finds(&[&format!("Cargo.lock:5:11 warning x {expected}")]);
    }

    #[test]
    fn a_manifest_of_another_project_declares_nothing_here() {
        let fork = "git+https://git.example.com/o/x?rev=v1#0123456789012345678901234567890123456789";
        let findings = check("registry-changed")
            .base("Cargo.lock", &lock(INDEX))
            .head("Cargo.lock", &lock(fork))
            .both("Cargo.toml", "[workspace]\nmembers = []\n")
            .head(
                "docs/sample/Cargo.toml",
                "[patch.crates-io]\nx = { git = 'https://git.example.com/o/x', rev = 'v1' }",
            )
            .all();
        let moved = findings.iter().find(|it| it.rule == "registry-changed").unwrap();
        assert_eq!(moved.level, crate::findings::finding::Level::Error);
    }

    #[test]
    fn the_way_back_from_a_declared_fork_is_a_warning() {
        let fork = "git+https://git.example.com/o/x#0123456789012345678901234567890123456789";
        let expected = "x came from git.example.com/o/x and now comes from https://github.com/rust-lang/crates.io-index.";
        let test =
            || check("registry-changed").base("Cargo.lock", &lock(fork)).head("Cargo.lock", &lock(INDEX));
        test().finds(&[&format!("Cargo.lock:5:11 error {expected}")]);
        test()
            .base("Cargo.toml", "[dependencies]\nx = { git = 'https://git.example.com/o/x' }")
            .head("Cargo.toml", "[dependencies]\nx = '1'")
            .finds(&[&format!("Cargo.lock:5:11 warning {expected}")]);
    }

    #[test]
    fn an_address_left_out_is_no_move() {
        let lock = |resolved: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", {resolved} "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        let with = lock(r#""resolved": "https://registry.example.com/x/-/x-1.0.0.tgz","#);
        check("registry-changed")
            .base("package-lock.json", &with)
            .head("package-lock.json", &lock(""))
            .finds(&[]);
        check("registry-changed")
            .base("package-lock.json", &lock(""))
            .head("package-lock.json", &with)
            .finds(&[]);
    }

    #[test]
    fn transport_and_spelling_are_no_move() {
        let lock = |url: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "{url}/x/-/x-1.0.0.tgz"}}}}}}"#
            )
        };
        check("registry-changed")
            .base("package-lock.json", &lock("http://registry.example.com:80"))
            .head("package-lock.json", &lock("https://registry.example.com"))
            .finds(&[]);
    }
}

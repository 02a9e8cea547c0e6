//! A package has no hash, and nothing that excuses it.
//!
//! Members of the workspace, paths and git commits need none. A bundled package needs none when its parent lists it and
//! it has no address of its own: `npm ci` fetches whatever a `resolved` names, bundled or not. An index that publishes
//! no hashes leaves none. Such entries are counted with their reason. An archive at a URL of its own has no hash in
//! lockfiles that pnpm wrote before version 11: a warning. A lockfile as old as its format, from before there were hashes in
//! it (Cargo's without a `version`, npm's shrinkwrap without a `lockfileVersion`), is one warning as a whole, while none of
//! it has one. A link to a folder that is not in the repository is a note when a manifest asks for exactly that folder: a
//! build makes it.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!       ^^^^^^^^^^^^^^^^^^^^^ no hash
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!        "inBundle": true
//!      }
//!    }
//!  }
//! ```
//!
//! Lock it again. npm writes entries without hashes when it locks over a `node_modules` folder without its hidden
//! lockfile: remove the folder first.

use foldhash::{HashSet, HashSetExt};

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Release, Slot};
use crate::model::{Ecosystem, Exemption, Lockfile, Origin, Package, folder};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::commands::Help;
use crate::world::workspace::join;

pub static RULE: Rule = Rule {
    id: "missing-integrity",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("missing_integrity.rs"),
    checks: &[Check::Package(check), Check::Lockfile(check_file)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    if package.exemption == Some(Exemption::Workspace) && !is_link_to_a_project(cx, lockfile, package) {
        let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
        let found = report.package(
            lockfile,
            package,
            Field::Source,
            &at,
            format!("{} links to a folder without a manifest.", package.label()),
        );
        found.label("no manifest there").help(cx.restore(lockfile));
        if is_declared(cx, lockfile, package) {
            found.level(Level::Note).help("Whoever uses it builds the folder first: a manifest names it.");
        }
    }
    if package.exemption.is_some() || never_had_hashes(cx, lockfile) {
        return;
    }
    if package.artifacts.is_empty() && !matches!(package.origin, Origin::Path) {
        no_hash(cx, lockfile, package, None, report);
    }
    for artifact in package.artifacts.iter().filter(|it| it.integrity.is_none()) {
        no_hash(cx, lockfile, package, artifact.url.as_ref(), report);
    }
}

/// A link is one when a project stands where it leads. What lies outside of the repository can't be looked at.
fn is_link_to_a_project(cx: &Context<'_>, lockfile: &Lockfile<'_>, package: &Package<'_>) -> bool {
    let Some(target) = package.source.as_ref().filter(|_| lockfile.ecosystem() == Ecosystem::Npm) else {
        return true;
    };
    let mut parts: Vec<&str> = lockfile.folder().split('/').filter(|part| !part.is_empty()).collect();
    for part in target.as_str().split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return true,
            ".." => {}
            name => parts.push(name),
        }
    }
    parts.push("package.json");
    cx.head.has_path(&parts.join("/"))
}

/// A folder that a build makes is not in the repository: a manifest that takes the package from exactly there knows it.
fn is_declared<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, package: &Package<'_>) -> bool {
    let target = package.source.as_ref().and_then(|it| join(lockfile.folder(), it.as_str()));
    let name = package.alias.as_ref().unwrap_or(&package.name).as_str();
    target.is_some_and(|folder| cx.head.declares_folder(lockfile, name, &folder))
}

/// The oldest versions of some formats recorded no hashes at all: Cargo's before its `[metadata]`, and what
/// `npm shrinkwrap` wrote before npm 5. A file that had one hash on the base side was written by a later client.
fn never_had_hashes<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>) -> bool {
    let may_lack = match lockfile.format.id {
        "cargo" => true,
        "npm" => lockfile.source.path.ends_with("npm-shrinkwrap.json"),
        _ => false,
    };
    let had = || cx.base.as_ref().zip(cx.before(lockfile)).is_some_and(|(base, it)| base.is_hashed(it));
    may_lack && lockfile.schema_version.is_none() && !cx.head.is_hashed(lockfile) && !had()
}

fn no_hash<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    at: Option<&Text<'a>>,
    report: &mut Report<'a>,
) {
    let heading = Text::plain(package.heading());
    let message = match package.claim {
        Some(claim) => format!("{} has no hash, and its `{claim}` is not proven.", package.label()),
        None => format!("{} has no hash.", package.label()),
    };
    let found = report.package(lockfile, package, Field::Integrity, at.unwrap_or(&heading), message);
    found
        .label("no hash")
        .value(format!("{} {}", package.version(), at.map_or("", Text::as_str)))
        .help(Help::from(cx.rehash(lockfile, package)).and(cx.restore(lockfile)));
    if matches!(package.origin, Origin::Url(_)) && !lockfile.format.hashes_archives {
        found
            .level(Level::Warning)
            .help("pnpm 11 and later write a hash for an archive at a URL: lock it again with one.");
    }
}

fn check_file<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    if lockfile.format.manifest_selects {
        selected_without_line(cx, lockfile, report);
    }
    if never_had_hashes(cx, lockfile) {
        no_hashes(lockfile, report);
    }
}

/// One finding for the file: nothing in it can be told from the rest.
fn no_hashes<'a>(lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let fetched: Vec<_> = lockfile.packages.iter().filter(|it| it.exemption.is_none()).collect();
    let Some(first) = fetched.first() else { return };
    let message = match fetched.len() {
        1 => format!("{} has no hash: a client that old records none.", first.label()),
        count => format!("None of {count} packages has a hash: a client that old records none."),
    };
    report
        .file(lockfile, first.heading(), message)
        .level(Level::Warning)
        .label("no hash, nor has anything else here")
        .value("no hashes")
        .help("Lock it again with a current client, which records hashes.");
}

/// `go.mod` selects releases: each needs a line, in `go.sum` or in the workspace's.
fn selected_without_line<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let head = cx.head.fold(lockfile.ecosystem());
    let ecosystem = lockfile.ecosystem();
    let beside = cx.head.manifests(ecosystem).filter(|it| folder(&it.source.path) == lockfile.folder());
    let mut seen = HashSet::new();
    for (manifest, selected) in beside.flat_map(|it| it.dependencies.iter().map(move |dep| (it, dep))) {
        let Some(version) = &selected.version else { continue };
        let release = Release { name: selected.name.raw, version: version.raw.into(), within: None };
        if lockfile.source.path.ends_with("work.sum")
            || head.release(&release).is_some()
            || lost_here(cx, lockfile, &release)
            || !seen.insert(release.clone())
        {
            continue;
        }
        let message = format!("{}@{} is selected, but has no hash.", release.name, release.version);
        report
            .file(lockfile, &lockfile.source.text()[..0], message)
            .label("no line for it")
            .value(selected.at)
            .related(manifest.source, selected.at, "selected here")
            .help(cx.relock(lockfile, "writes the lines that are missing"));
    }
}

/// Whether this very file had its hash on the base side: then `integrity-removed` says so.
fn lost_here<'a>(cx: &Context<'a>, lockfile: &Lockfile<'_>, release: &Release<'a>) -> bool {
    let base = cx.base.as_ref().and_then(|base| base.fold(lockfile.ecosystem()).release(release));
    let here = |slot: &Slot<'_>| slot.lockfile.source.path == lockfile.source.path;
    base.is_some_and(|kept| kept.hashed().is_some() && kept.slots.iter().any(here))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn npm(entries: &str) -> String {
        format!(r#"{{"lockfileVersion": 3, "packages": {{{entries}}}}}"#)
    }

    #[test]
    fn a_bundle_that_its_parent_lists_is_proven() {
        let parent = r#""node_modules/p": {"version": "1.0.0", "resolved": "https://registry.example.com/p/-/p-1.0.0.tgz", "integrity": "sha512-{A512}", "bundleDependencies": ["x"]}"#;
        let listed = r#""node_modules/p/node_modules/x": {"version": "1.0.0", "inBundle": true, "dependencies": {"y": "1"}}"#;
        let asked_for = r#""node_modules/p/node_modules/y": {"version": "1.0.0", "inBundle": true}"#;
        let stranger = r#""node_modules/p/node_modules/z": {"version": "1.0.0", "inBundle": true}"#;
        check("missing-integrity")
            .head("package-lock.json", &npm(&[parent, listed, asked_for].join(",")))
            .finds(&[]);
        check("missing-integrity")
            .head("package-lock.json", &npm(&[parent, listed, stranger].join(",")))
            .finds(&["package-lock.json:1:378 error z@1.0.0 has no hash, and its `inBundle` is not proven."]);
    }

    #[test]
    fn a_link_to_an_address_is_no_link() {
        check("missing-integrity")
            .head(
                "package-lock.json",
                &npm(r#""node_modules/x": {"resolved": "https://host.example.com/o/x.tgz", "link": true}"#),
            )
            .finds(&["package-lock.json:1:38 error x has no hash, and its `link` is not proven."]);
        check("missing-integrity")
            .head("package-lock.json", &npm(r#""node_modules/x": {"resolved": "packages/x", "link": true}, "packages/x": {"name": "x"}"#))
            .head("packages/x/package.json", "{}")
            .finds(&[]);
        check("missing-integrity")
            .head("package-lock.json", &npm(r#""node_modules/x": {"resolved": "evil", "link": true}"#))
            .finds(&["package-lock.json:1:69 error x links to a folder without a manifest."]);
    }

    #[test]
    fn a_folder_that_a_build_makes_is_a_note() {
        let lock = npm(r#""node_modules/x": {"resolved": "web/x", "link": true}"#);
        let test = |manifest: &str| {
            check("missing-integrity").head("package-lock.json", &lock).head("package.json", manifest)
        };
        let found =
            |level: &str| format!("package-lock.json:1:69 {level} x links to a folder without a manifest.");
        test(r#"{"dependencies": {"x": "file:./web/x"}}"#).finds(&[&found("note")]);
        test(r#"{"workspaces": ["web/x"]}"#).finds(&[&found("note")]);
        test(r#"{"dependencies": {"x": "file:web"}}"#).finds(&[&found("error")]);
        test(r#"{"dependencies": {"y": "file:web/x"}}"#).finds(&[&found("error")]);
        test(r#"{"dependencies": {"x": "1"}}"#).finds(&[&found("error")]);
    }

    #[test]
    fn the_oldest_lockfiles_had_no_hashes() {
        let entry = |name: &str, checksum: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\n{checksum}"
            )
        };
        let (bare, hashed) =
            (entry("a", "") + &entry("b", ""), entry("a", "") + &entry("b", "checksum = \"{HEX}\"\n"));
        let whole = "Cargo.lock:2:9 warning None of 2 packages has a hash: a client that old records none.";
        check("missing-integrity").head("Cargo.lock", &bare).finds(&[whole]);
        check("missing-integrity").head("Cargo.lock", &hashed).count(1);
        let versioned = format!("version = 3\n{bare}");
        check("missing-integrity").head("Cargo.lock", &versioned).count(2);
        // Whoever takes all hashes away makes no older file of it.
        check("missing-integrity").base("Cargo.lock", &hashed).head("Cargo.lock", &bare).count(2);
        let shrinkwrap = r#"{"name": "p", "dependencies": {"x": {"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz"}}}"#;
        check("missing-integrity").head("npm-shrinkwrap.json", shrinkwrap).finds(&[
            "npm-shrinkwrap.json:1:33 warning x@1.0.0 has no hash: a client that old records none.",
        ]);
        check("missing-integrity")
            .head("npm-shrinkwrap.json", &shrinkwrap.replace(r#""name""#, r#""lockfileVersion": 1, "name""#))
            .count(1);
    }

    #[test]
    fn an_index_without_hashes_leaves_none() {
        let lock = |hash: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nsdist = {{ url = \"https://i.example.com/a-1.tar.gz\"{hash} }}\n\
            [[package]]\nname = \"b\"\nversion = \"1\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nsdist = {{ url = \"https://i.example.com/b-1.tar.gz\" }}\n"
            )
        };
        check("missing-integrity").head("uv.lock", &lock("")).finds(&[]);
        check("missing-integrity")
            .head("uv.lock", &lock(", hash = \"sha256:{HEX}\""))
            .finds(&["uv.lock:11:18 error b@1 has no hash."]);
    }

    #[test]
    fn what_go_mod_selects_needs_a_line() {
        check("missing-integrity")
            .head("go.mod", "module x\nrequire m v1.0.0\nrequire n v1.0.0\n")
            .head("go.sum", "m v1.0.0/go.mod h1:{A}\n")
            .finds(&["go.sum:1:1 error n@v1.0.0 is selected, but has no hash."]);
    }

    #[test]
    fn a_line_that_was_there_is_not_said_twice() {
        let manifest = "module x\nrequire m v1.0.0\n";
        let sum = "m v1.0.0 h1:{A}\nm v1.0.0/go.mod h1:{B}\n";
        let lost = |rule| check(rule).both("go.mod", manifest).base("go.sum", sum).head("go.sum", "");
        lost("missing-integrity").finds(&[]);
        lost("integrity-removed").finds(&["go.sum:1:1 error m@v1.0.0 is still selected, but lost its hash."]);
    }
}

//! A package kept its version and lost its hash.
//!
//! Without a hash, a frozen install takes whatever the address serves. It makes no difference what the entry now claims
//! (a bundle, a link, a path): the release was verified before, and is not any more. Only a package that was taken into
//! the tree needs none, when a manifest there has its name.
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

use crate::change::{Kept, Pin, Release, Slot};
use crate::context::{Context, Pair};
use crate::finding::Level;
use crate::formats::Family;
use crate::model::{Lockfile, Subject, folder};
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::syntax::Text;

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
    if package.is_hashed() || package.bundled_in.is_some() {
        return;
    }
    let Some(had) = kept.and_then(Kept::hashed) else { return };
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

fn cure(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> String {
    let clean = if lockfile.format.id == "npm" { "remove every `node_modules` folder, " } else { "" };
    format!("{clean}`{}`, then `{}`.", cx.checkout(lockfile), lockfile.format.relock)
}

/// Where the manifest selects releases, a line that is gone although its release is still selected is a hash removed.
fn still_selected<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(base), Some(lockfile)) = (&cx.base, pair.head) else { return };
    if !lockfile.format.manifest_selects {
        return;
    }
    let fold = base.fold(lockfile.ecosystem());
    let head = cx.head.fold(lockfile.ecosystem());
    let beside = |path: &str| folder(path) == lockfile.folder();
    for manifest in cx.head.manifests(lockfile.ecosystem()).filter(|it| beside(&it.source.path)) {
        for selected in &manifest.dependencies {
            let Some(version) = &selected.version else { continue };
            let release = Release { name: selected.name.raw, version: version.raw.into(), within: None };
            let Some(before) = fold.release(&release) else { continue };
            if let Some(lost) = lost_line(before, head.release(&release), selected.direct) {
                gone(cx, lockfile, pair, &lost, report).related(
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
    pair: &Pair<'a>,
    had: &Pin<'a>,
    report: &'r mut Report<'a>,
) -> &'r mut crate::report::Found<'a> {
    let Slot { package, .. } = had.slot;
    let at =
        pair.base.and_then(|base| neighbour(lockfile, base, package)).unwrap_or(&lockfile.source.text()[..0]);
    report
        .file(lockfile, at, format!("{} is still selected, but lost its hash.", package.label()))
        .label("a line is missing here")
        .value(package.slot.as_str())
        .related(had.slot.lockfile.source, had.digest.raw, "the hash it had")
        .help(cure(cx, lockfile))
}

/// The entry before the one that is gone, when that is still there.
fn neighbour<'a>(
    head: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
    gone: &crate::model::Package<'_>,
) -> Option<&'a str> {
    let at = base.packages.iter().position(|it| it.slot.as_str() == gone.slot.as_str())?;
    let before = base.packages[..at].last()?;
    head.packages.iter().find(|it| it.slot.as_str() == before.slot.as_str()).map(|it| it.heading())
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

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

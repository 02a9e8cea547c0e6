//! A package kept its version but not its hash.
//!
//! A registry publishes a version once. Other bytes under the same number mean that the archive was replaced, or the
//! line that pins it: a frozen install would take them without a word. The release may have moved between lockfiles,
//! slots and formats of its ecosystem; it is still the same release.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//! -checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//! +checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//!              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not the hash it had
//! ```
//!
//! The same holds when the file that is fetched has moved to another URL of the same registry.
//!
//! Take the line back from git (`git checkout HEAD -- Cargo.lock`) and update again. If the hash comes out different
//! once more, fetch the archive from a clean cache and compare it with the registry's before you trust either.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Kept, Pin, Provenance, Slot, pins};
use crate::model::url;
use crate::model::{Lockfile, Origin};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "pin-rewritten",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("pin_rewritten.rs"),
    checks: &[Check::Entry(check)],
};

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    if let Some(kept) = kept.filter(|_| !matches!(slot.package.origin, Origin::Git(_))) {
        compare_hashes(cx, slot, kept, report);
        compare_urls(cx, slot, kept, report);
    }
}

/// One finding for each artifact: its strongest hash that can be compared decides where.
fn compare_hashes<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: &Kept<'a>, report: &mut Report<'a>) {
    let mut own: Vec<Pin<'a>> = pins(slot).collect();
    own.sort_by(|a, b| b.key().cmp(&a.key()));
    let mut done = None;
    for group in own.chunk_by(|a, b| a.key() == b.key()) {
        let (artifact, subject, _) = group[0].key();
        let before = kept.pins(group[0].key());
        if before.is_empty() || done == Some((artifact, subject)) {
            continue;
        }
        done = Some((artifact, subject));
        if !group.iter().any(|pin| kept.has(pin)) {
            rewritten(cx, &group[0], &before[0], report);
        }
    }
}

fn rewritten<'a>(cx: &Context<'a>, now: &Pin<'a>, before: &Pin<'a>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = now.slot;
    let file = match now.artifact.key.as_str() {
        "" => String::new(),
        key => format!(" of {key}"),
    };
    let message = format!("{} kept its version, but the hash{file} changed.", package.label());
    report
        .package(lockfile, package, Field::Integrity, &Text::plain(now.digest.raw), message)
        .label("not the hash it had")
        .related(before.slot.lockfile.source, before.digest.raw, "the hash it had")
        .help(restore(cx, lockfile));
}

/// The same file, fetched from elsewhere on the same registry: the bytes may be the same, the reviewer can't know.
fn compare_urls<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: &Kept<'a>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = slot;
    for artifact in &package.artifacts {
        let Some(now) = &artifact.url else { continue };
        let before = kept.urls(url::file_name(now.as_str()));
        let same = |(_, other, _): &(&str, &str, Slot<'_>)| {
            *other == now.as_str() || spell(other) == spell(now.as_str())
        };
        if before.is_empty() || before.iter().any(same) {
            continue;
        }
        let (_, _, old) = before[0];
        // Another origin is another offence.
        if Provenance::of(&old.package.origin) != Provenance::of(&package.origin) {
            continue;
        }
        let Some(old_url) = old
            .package
            .artifacts
            .iter()
            .filter_map(|it| it.url.as_ref())
            .find(|it| it.as_str() == before[0].1)
        else {
            continue;
        };
        let message = format!("{} kept its version, but is fetched from another address.", package.label());
        report
            .package(lockfile, package, Field::Source, now, message)
            .label("not the address it had")
            .related(old.lockfile.source, old_url.raw, "the address it had")
            .help(restore(cx, lockfile));
    }
}

/// Without what clients spell in two ways: the slash of a scope.
fn spell(text: &str) -> String {
    url::place(text).replace("%2f", "/").replace("%2F", "/")
}

fn restore(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> Help {
    cx.restore(lockfile).then(cx.relock(lockfile, "then updates it again")).and(
        "If the same hash comes back, the registry or a mirror serves other bytes: compare both archives before you \
         trust either.",
    )
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_release_is_the_same_release_in_another_file() {
        check("pin-rewritten")
            .base("a/go.sum", "m v1.0.0 h1:{A}\n")
            .head("b/go.sum", "m v1.0.0 h1:{B}\n")
            .finds(&["b/go.sum:1:10 error m@v1.0.0 kept its version, but the hash changed."]);
    }

    #[test]
    fn another_algorithm_can_not_be_compared() {
        let lock = |hash| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz", "integrity": "{hash}"}}}}}}"#
            )
        };
        check("pin-rewritten")
            .base("package-lock.json", &lock("sha1-{A1}"))
            .head("package-lock.json", &lock("sha512-{A512}"))
            .finds(&[]);
    }

    #[test]
    fn any_of_several_hashes_that_stayed_is_enough() {
        check("pin-rewritten")
            .base("go.sum", "m v1.0.0 h1:{A}\n")
            .head("go.sum", "m v1.0.0 h1:{B}\nm v1.0.0 h1:{A}\n")
            .finds(&[]);
    }

    #[test]
    fn the_same_file_elsewhere_on_the_registry_is_another_address() {
        let lock = |path| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "https://registry.example.com/x/-/{path}x-1.0.0.tgz", "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        check("pin-rewritten")
            .base("package-lock.json", &lock(""))
            .head("package-lock.json", &lock("old/"))
            .finds(&[
                "package-lock.json:1:89 error x@1.0.0 kept its version, but is fetched from another address.",
            ]);
    }
}

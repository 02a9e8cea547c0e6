//! A package kept its version, and its strongest hash got weaker.
//!
//! Clients verify the strongest hash that they find. An entry that had SHA-512 and now has SHA-1 is verified by a
//! function for which two archives with one hash can be made.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//! -      "integrity": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
//! +      "integrity": "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ was pinned by sha256
//!      }
//!    }
//!  }
//! ```
//!
//! Each entry is held against itself: a release may stand in two places, once with a strong hash and once with a weak one,
//! and stay so. In a new place, a weak hash must be one that the release had somewhere before.
//!
//! Old clients (npm 6, pnpm before 10) weakened hashes themselves at times; the entry is less safe all the same. Take the
//! line back from git.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Kept, Pin, Slot, pins, pins_of};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "integrity-downgraded",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("integrity_downgraded.rs"),
    checks: &[Check::Entry(check)],
};

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    let Some(kept) = kept else { return };
    let Slot { lockfile, package } = slot;
    for artifact in &package.artifacts {
        let Some(own) = pins_of(slot, artifact).max_by_key(|pin| pin.algorithm) else { continue };
        let Some(before) = had(cx, &own, kept).filter(|before| before.algorithm > own.algorithm) else {
            continue;
        };
        let (now, was) = (own.algorithm.name(), before.algorithm.name());
        let message =
            format!("{} kept its version, but its hash was weakened from {was} to {now}.", package.label());
        report
            .package(lockfile, package, Field::Integrity, &Text::plain(own.digest.raw), message)
            .label(format!("was pinned by {was}"))
            .related(before.slot.lockfile.source, before.digest.raw, "the hash it had")
            .help(cx.restore(lockfile));
    }
}

/// The hash that a weak one is held against: that of the same slot. One slot may be weak beside a strong one for years;
/// what stands in a new slot may be what the base side had elsewhere, and no other.
fn had<'a>(cx: &Context<'a>, own: &Pin<'a>, kept: &Kept<'a>) -> Option<Pin<'a>> {
    let is_same = |pin: &Pin<'a>| (pin.key().0, pin.key().1) == (own.key().0, own.key().1);
    let here = cx.same_slot(own.slot, kept).iter().flat_map(|&old| pins(old)).filter(is_same);
    let here = here.max_by_key(|pin| pin.algorithm);
    here.or_else(|| kept.strongest(own.key().0, own.key().1).filter(|_| !kept.has(own)))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(entries: &[(&str, &str)]) -> String {
        let entry = |(path, hash): &(&str, &str)| {
            format!(r#""node_modules/{path}x": {{"version": "1.0.0", "integrity": "{hash}"}}"#)
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        format!("{{\"lockfileVersion\": 3, \"packages\": {{\n{}}}}}", entries.join(",\n"))
    }

    const STRONG: &str = "sha512-{A512}";
    const WEAK: &str = "sha1-{A1}";
    const A: &str = "a/node_modules/";
    const B: &str = "b/node_modules/";

    #[test]
    fn a_weak_slot_beside_a_strong_one_stays_what_it_was() {
        let test = |head: &[(&str, &str)]| {
            let base = lock(&[("", STRONG), (A, WEAK)]);
            check("integrity-downgraded")
                .base("package-lock.json", &base)
                .head("package-lock.json", &lock(head))
        };
        test(&[("", STRONG), (A, WEAK), (B, STRONG)]).finds(&[]);
        // What stood elsewhere may stand in one more place, and nowhere else where a strong one stood.
        test(&[("", STRONG), (B, WEAK)]).finds(&[]);
        test(&[("", WEAK), (A, WEAK)]).count(1);
        test(&[("", STRONG), (A, WEAK), (B, "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=")]).count(1);
    }

    #[test]
    fn a_slot_is_followed_to_where_its_lockfile_went() {
        let moved = |head: &[(&str, &str)]| {
            let base = lock(&[("", STRONG), (A, WEAK), (B, STRONG)]);
            check("integrity-downgraded")
                .base("old/package-lock.json", &base)
                .head("new/package-lock.json", &lock(head))
        };
        moved(&[("", STRONG), (A, WEAK), (B, STRONG)]).finds(&[]);
        moved(&[("", STRONG), (A, WEAK), (B, WEAK)]).count(1);
    }

    #[test]
    fn another_lockfile_is_another_slot() {
        let both = |a: &str, b: &str| {
            check("integrity-downgraded")
                .base("a/package-lock.json", &lock(&[("", STRONG)]))
                .base("b/package-lock.json", &lock(&[("", WEAK)]))
                .head("a/package-lock.json", &lock(&[("", a)]))
                .head("b/package-lock.json", &lock(&[("", b), ("y", STRONG)]))
        };
        both(STRONG, WEAK).finds(&[]);
        both(WEAK, WEAK).count(1);
    }
}

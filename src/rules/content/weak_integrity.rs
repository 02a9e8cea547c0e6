//! A package is pinned by a weak hash.
//!
//! For MD5 and SHA-1, two archives with one hash can be made by whoever prepares both. A warning; an error where a
//! stronger hash of the same release stands elsewhere in the repository, because then the weak one is a choice.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ sha1 only
//!      }
//!    }
//!  }
//! ```
//!
//! Lock the package again with a current client: registries have published strong hashes for years.

use crate::change::{Release, Slot, pins_of};
use crate::context::Context;
use crate::finding::Level;
use crate::formats::Family;
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::syntax::Text;

pub static RULE: Rule = Rule {
    id: "weak-integrity",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("weak_integrity.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    for artifact in &package.artifacts {
        let own = pins_of(Slot { lockfile, package }, artifact);
        let Some(strongest) = own.max_by_key(|pin| pin.algorithm).filter(|pin| pin.algorithm.is_weak())
        else {
            continue;
        };
        let name = strongest.algorithm.name();
        let found = report.package(
            lockfile,
            package,
            Field::Integrity,
            &Text::plain(strongest.digest.raw),
            format!("{} is pinned by {name} only.", package.label()),
        );
        found.label(format!("{name} only")).help(format!("Lock it again: `{}`.", lockfile.format.relock));
        let fold = cx.head.fold(lockfile.ecosystem());
        let kept = fold.release(&Release::of(lockfile, package));
        let stronger = kept.and_then(|kept| kept.strongest(artifact.key.as_str(), strongest.digest.subject));
        if let Some(other) = stronger.filter(|other| !other.algorithm.is_weak()) {
            found.level(Level::Error).related(
                other.slot.lockfile.source,
                other.digest.raw,
                "a strong hash of the same release",
            );
        }
    }
}

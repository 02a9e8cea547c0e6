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
//! No client weakens a hash. Take the line back from git.

use crate::change::{Kept, Slot, pins_of};
use crate::context::Context;
use crate::finding::Level;
use crate::formats::Family;
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::syntax::Text;

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
        let Some(before) = kept.strongest(artifact.key.as_str(), own.digest.subject) else { continue };
        if before.algorithm <= own.algorithm {
            continue;
        }
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

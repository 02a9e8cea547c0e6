//! A hash is no hash.
//!
//! Clients skip what they don't understand, some without a word (npm does): a hash with a letter too many, an unknown
//! algorithm or the wrong length protects nothing, and looks as if it did.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!        "integrity": "sha512-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ is 20 bytes long, which its algorithm never is
//!      }
//!    }
//!  }
//! ```
//!
//! Take the line back from git, or lock that package again.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::Slot;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "malformed-integrity",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("malformed_integrity.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    for artifact in &package.artifacts {
        let faulty =
            artifact.digests.iter().filter_map(|digest| Some((digest.raw, digest.malformed?.to_string())));
        // An integrity that is empty has no token to be faulty.
        let empty = artifact.integrity.as_ref().filter(|_| artifact.digests.is_empty());
        let empty = empty.map(|text| (text.raw, "is empty".to_owned()));
        for (raw, why) in faulty.chain(empty) {
            let message = format!("The hash of {} {why}.", package.label());
            report
                .package(lockfile, package, Field::Integrity, &Text::plain(raw), message)
                .label(why)
                .help(cx.restore(lockfile));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn one_bad_token_in_a_list_is_enough() {
        let text = r#"{"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz", "integrity": "sha512-{A512} sha666-AAAA"}}}"#;
        let found = "error The hash of x@1.0.0 names no hash algorithm that its client knows.";
        check("malformed-integrity")
            .head("package-lock.json", text)
            .finds(&[&format!("package-lock.json:1:246 {found}")]);
    }
}

//! An artifact on this disk does not have the hash that the lockfile pins.
//!
//! Clients hash an archive when they fetch it, and most never again. What lies in a cache, in a folder of wheels or in
//! the repository is installed as it is. The hash is computed from the bytes and compared with the pin; where the client
//! has noted a hash of its own (Cargo's copy of the index, Go's `ziphash`), that is compared too.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "file:vendor/left-pad-1.3.0.tgz",
//!        "integrity": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not the hash of vendor/left-pad-1.3.0.tgz
//!      }
//!    }
//!  }
//! ```
//!
//! ```diff vendor/left-pad-1.3.0.tgz
//!  other bytes
//! ```
//!
//! Where a lockfile names several hashes, all of them must hold, and the strongest that does not is shown.
//!
//! Remove that copy, fetch it again and compare. If it comes out the same, the lockfile or the registry has changed:
//! find out which before you install it.

use crate::ecosystems::formats::Family;
use crate::findings::facts::{Fact, Mismatch, Outcome};
use crate::findings::finding::{Level, date};
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

use super::{entry, history};

pub static RULE: Rule = Rule {
    id: "artifact-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("artifact_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, of_lockfile) in cx.of_bytes() {
        for fact in &of_lockfile.facts {
            match &fact.outcome {
                Outcome::Mismatch(mismatch) => {
                    tell(cx, lockfile, fact, mismatch, "is not the pinned archive", report)
                }
                Outcome::Denied(mismatch) => tell(cx, lockfile, fact, mismatch, "notes another hash", report),
                _ => {}
            }
        }
    }
}

fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    fact: &Fact,
    mismatch: &Mismatch,
    what: &str,
    report: &mut Report<'a>,
) {
    let Some(package) = entry(lockfile, fact) else { return };
    let Some(digest) = package.artifacts.get(fact.artifact).and_then(|it| it.digests.get(mismatch.digest))
    else {
        return;
    };
    let written = mismatch.modified.map(|time| format!(", written {}", date(time))).unwrap_or_default();
    let message = format!(
        "{}: {} in {} {what}. It is {}, pinned is {}; the file has {} bytes{written}.",
        package.label(),
        fact.at,
        fact.store.name,
        mismatch.found,
        digest.raw,
        mismatch.size,
    );
    let help = match fact.store.in_repository {
        true => history(cx, &fact.at, "Fetch it again and compare."),
        false => cx.fetch_again("rm", &fact.at, lockfile, fact.store.fetch),
    };
    report
        .package(lockfile, package, Field::Integrity, &Text::plain(digest.raw), message)
        .label(format!("not the hash of {}", fact.at))
        .value(format!("{} {}", fact.at, mismatch.found))
        .help(help);
}

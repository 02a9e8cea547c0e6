//! What a client has unpacked is not what its archive holds.
//!
//! What is compiled are not archives but the files unpacked from them, below `registry/src` of Cargo's home and in Go's
//! module cache. No client looks at them again. Each is compared with the archive, once that has been verified, or
//! hashed as `go.sum` says.
//!
//! ```diff go.sum
//!  example.com/m v1.0.0 h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg=
//!  ^^^^^^^^^^^^^ its files do not hash to what is pinned
//! ```
//!
//! ```diff home/go/pkg/mod/example.com/m@v1.0.0/m.go
//!  package m // edited
//! ```
//!
//! An editor that follows a definition into such a folder and saves there is the harmless cause; a build script that
//! writes to another package's sources is not. Remove the folder: the client unpacks it again.

use crate::ecosystems::formats::Family;
use crate::findings::facts::{Altered, Fact, Outcome};
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

use super::{differences, entry};

pub static RULE: Rule = Rule {
    id: "unpacked-source-changed",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("unpacked_source_changed.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, of_lockfile) in cx.of_bytes() {
        for fact in of_lockfile.facts.iter().filter(|fact| !fact.store.in_repository) {
            if let Outcome::Altered(altered) = &fact.outcome {
                tell(cx, lockfile, fact, altered, report);
            }
        }
    }
}

fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    fact: &Fact,
    altered: &[Altered],
    report: &mut Report<'a>,
) {
    let Some(package) = entry(lockfile, fact) else { return };
    let what = differences(altered);
    let message = format!("{} was changed after it was unpacked, in {}: {what}.", package.label(), fact.at);
    report
        .package(lockfile, package, Field::Entry, &Text::plain(package.heading()), message)
        .label(what.clone())
        .value(format!("{} {what}", fact.at))
        .help(cx.fetch_again("rm -r", &fact.at, lockfile, fact.store.fetch));
}

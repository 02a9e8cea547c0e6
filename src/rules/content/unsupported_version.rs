//! A lockfile is of a version that this lockproof does not know.
//!
//! It is read as well as possible, and what it has that is new is not checked.
//!
//! ```diff Cargo.lock
//!  version = 99
//!            ^^ not known here
//! ```
//!
//! Update lockproof. If there is nothing newer, tell us.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "unsupported-version",
    level: Level::Warning,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("unsupported_version.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let unknown = |version: &&Text<'_>| lockfile.is_readable() && !lockfile.format.knows(version);
    let Some(version) = lockfile.schema_version.as_ref().filter(unknown) else { return };
    let known = lockfile.format.versions.join(", ");
    report
        .file(
            lockfile,
            version.raw,
            format!("{} is of version {}, which is not known here.", lockfile.source.path, version.as_str()),
        )
        .label("not known here")
        .help(format!("Known are {known}. A newer lockproof may know more."));
}

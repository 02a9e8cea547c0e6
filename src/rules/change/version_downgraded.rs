//! A package went back to an older version.
//!
//! Reverts are honest, and so is a resolver that backs out of a conflict. But an old release with a known hole is also
//! the quietest way to bring the hole back, so it is said.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//! -version = "1.0.10"
//! +version = "1.0.9"
//!             ^^^^^ was 1.0.10
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//! -checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//! +checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//! ```

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::context::{Context, Pair};
use crate::finding::Level;
use crate::formats::Family;
use crate::model::{Lockfile, Package};
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::version;

pub static RULE: Rule = Rule {
    id: "version-downgraded",
    level: Level::Note,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("version_downgraded.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(_: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    // A file that lists whatever was ever looked at (go.sum) selects nothing.
    if lockfile.format.manifest_selects || base.format.manifest_selects {
        return;
    }
    let before = highest(base);
    let now = highest(lockfile);
    for package in &lockfile.packages {
        let name = package.name.as_str();
        let (Some(new), Some(old)) = (now.get(name), before.get(name)) else { continue };
        let is_highest = std::ptr::eq(*new, package);
        if !is_highest || version::compare(new.version(), old.version()) != Some(Ordering::Less) {
            continue;
        }
        let Some(at) = &package.version else { continue };
        report
            .package(
                lockfile,
                package,
                Field::Version,
                at,
                format!("{name} went back from {} to {}.", old.version(), new.version()),
            )
            .label(format!("was {}", old.version()))
            .help("Nothing to do if it is meant; the commit message is the place to say why.");
    }
}

/// The entry with the highest version of each name.
fn highest<'a>(lockfile: &'a Lockfile<'a>) -> HashMap<&'a str, &'a Package<'a>> {
    let mut highest: HashMap<&str, &Package<'_>> = HashMap::new();
    for package in
        lockfile.packages.iter().filter(|package| package.version.is_some() && !package.origin.is_local())
    {
        let known = highest.entry(package.name.as_str()).or_insert(package);
        if version::compare(known.version(), package.version()) == Some(Ordering::Less) {
            *known = package;
        }
    }
    highest
}

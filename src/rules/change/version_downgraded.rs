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

use foldhash::{HashMap, HashMapExt};

use crate::context::{Context, Pair, World};
use crate::finding::Level;
use crate::formats::Family;
use crate::manifest::Declared;
use crate::model::{Lockfile, Package, folder};
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::source::Source;
use crate::syntax::Text;
use crate::version;

pub static RULE: Rule = Rule {
    id: "version-downgraded",
    level: Level::Note,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("version_downgraded.rs"),
    checks: &[Check::Change(check)],
};

const HELP: &str = "Nothing to do if it is meant; the commit message is the place to say why.";

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    // A file that lists whatever was ever looked at (go.sum) selects nothing.
    if lockfile.format.manifest_selects || base.format.manifest_selects {
        return selected(cx, lockfile, base, report);
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
            .help(HELP);
    }
}

/// What the manifest beside the lockfile selects, where it is the one that does.
fn selected<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
    report: &mut Report<'a>,
) {
    let Some(side) = &cx.base else { return };
    let before: HashMap<&str, &str> =
        selections(side, base).map(|(_, it, version)| (it, version.raw)).collect();
    for (source, name, version) in selections(&cx.head, lockfile) {
        let Some(old) = before.get(name) else { continue };
        if version::compare(version.raw, old) == Some(Ordering::Less) {
            report
                .source(source, version.raw, format!("{name} went back from {old} to {}.", version.raw))
                .label(format!("was {old}"))
                .help(HELP);
        }
    }
}

/// Names and versions that the manifests beside a lockfile select.
fn selections<'w, 'a>(
    world: &'w World<'a>,
    lockfile: &'w Lockfile<'a>,
) -> impl Iterator<Item = (&'a Source, &'w str, &'w Text<'a>)> {
    let manifests = world.manifests(lockfile.ecosystem());
    let beside = manifests.filter(|it| folder(&it.source.path) == lockfile.folder());
    beside.flat_map(|manifest| {
        let selected = |it: &'w Declared<'a>| Some((manifest.source, it.name.as_str(), it.version.as_ref()?));
        manifest.dependencies.iter().filter_map(selected)
    })
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

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn go_selects_in_its_manifest() {
        let sum = "m v1.0.0 h1:{A}\nm v1.1.0 h1:{B}\n";
        check("version-downgraded")
            .base("go.mod", "module a\nrequire m v1.1.0\n")
            .head("go.mod", "module a\nrequire m v1.0.0\n")
            .base("go.sum", sum)
            .head("go.sum", "m v1.0.0 h1:{A}\n")
            .finds(&["go.mod:2:11 note m went back from v1.1.0 to v1.0.0."]);
    }
}

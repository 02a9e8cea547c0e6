//! A package now runs a script when it is installed.
//!
//! Install scripts run with the rights of whoever installs, before any code of the package is called: most malicious
//! releases use one.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/ms": {
//! -      "version": "2.1.3"
//! +      "version": "2.1.4",
//! +      "hasInstallScript": true
//!         ^^^^^^^^^^^^^^^^ ms ran none until now
//!      }
//!    }
//!  }
//! ```
//!
//! npm says so of every entry, pnpm did so until version 8. A note for a new package that the project itself asks for:
//! there, the manifest says who wanted it. A package that ran scripts in another version, and does so in this one, is
//! silent.

use foldhash::{HashSet, HashSetExt};

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Found, Report};
use crate::model::graph::Links;
use crate::model::release::Release;
use crate::model::{Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "install-script-added",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("install_script_added.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base), Some(before)) = (pair.head, pair.base, &cx.base) else { return };
    // Version 1 does not say it of any entry.
    if base.packages.iter().all(|package| package.flags.legacy) {
        return;
    }
    let fold = before.fold(lockfile.ecosystem());
    let scripted: HashSet<&str> =
        base.packages.iter().filter(|it| it.flags.install_script).map(|it| it.name.as_str()).collect();
    let own = lockfile.roots.iter().flat_map(|root| root.edges.iter().map(|edge| edge.name.as_str()));
    let asked: HashSet<&str> = own.collect();
    let known: HashSet<&str> = base.packages.iter().map(|it| it.name.as_str()).collect();
    let mut told = HashSet::new();
    // pnpm says so of every optional package: it has not looked.
    let is_guess = |package: &Package<'_>| lockfile.format.links == Links::Key && package.flags.optional;
    let runs = lockfile.packages.iter().filter(|it| it.flags.install_script && !is_guess(it));
    for package in runs {
        let release = Release::of(lockfile, package);
        let ran_before = match fold.release(&release) {
            Some(kept) => kept.slots.iter().any(|slot| slot.package.flags.install_script),
            None => scripted.contains(package.name.as_str()),
        };
        if !ran_before && told.insert(release) {
            let name = package.name.as_str();
            let is_wanted = asked.contains(name) && !known.contains(name);
            tell(cx, lockfile, package, report).level(if is_wanted { Level::Note } else { Level::Warning });
        }
    }
}

fn tell<'r, 'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    report: &'r mut Report<'a>,
) -> &'r mut Found<'a> {
    let message = format!("{} runs a script when it is installed.", package.label());
    report
        .package(lockfile, package, Field::Entry, &Text::plain(statement(lockfile, package)), message)
        .label(format!("{} ran none until now", cut(package.name.as_str())))
        .help(Help::from("Read the script before anyone installs it.").and(cx.restore(lockfile)))
}

/// The place in the entry that says so. Entries are short: what is not found soon is not looked for in the whole file.
fn statement<'a>(lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) -> &'a str {
    const NEAR: usize = 1 << 16;
    let key = if lockfile.format.links == Links::Key { "requiresBuild" } else { "hasInstallScript" };
    let heading = package.heading();
    let Some(start) = lockfile.source.span(heading).map(|span| span.start) else { return heading };
    let entry = &lockfile.source.text()[start..];
    let near = &entry.as_bytes()[..entry.len().min(NEAR)];
    memchr::memmem::find(near, key.as_bytes()).map_or(heading, |at| &entry[at..at + key.len()])
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(entries: &str) -> String {
        format!(r#"{{"lockfileVersion": 3, "packages": {{{entries}}}}}"#)
    }

    #[test]
    fn another_version_that_ran_scripts_too_is_silent() {
        let entry = |version: &str| {
            lock(&format!(r#""node_modules/x": {{"version": "{version}", "hasInstallScript": true}}"#))
        };
        check("install-script-added")
            .base("package-lock.json", &entry("1.0.0"))
            .head("package-lock.json", &entry("1.0.1"))
            .finds(&[]);
    }

    #[test]
    fn a_flipped_flag_and_a_new_name_are_told_once() {
        let entry = |flag: &str| format!(r#""node_modules/x": {{"version": "1.0.0"{flag}}}"#);
        let nested = r#", "node_modules/a/node_modules/x": {"version": "1.0.0", "hasInstallScript": true}"#;
        let head = lock(&(entry(r#", "hasInstallScript": true"#) + nested));
        check("install-script-added")
            .base("package-lock.json", &lock(&entry("")))
            .head("package-lock.json", &head)
            .finds(&["package-lock.json:1:77 warning x@1.0.0 runs a script when it is installed."]);
        let other = head.replace("/x", "/y");
        check("install-script-added")
            .base("package-lock.json", &lock(&entry("")))
            .head("package-lock.json", &other)
            .finds(&["package-lock.json:1:77 warning y@1.0.0 runs a script when it is installed."]);
    }
}

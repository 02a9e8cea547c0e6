//! A lockfile is of another version than before.
//!
//! Another release of the client has written it anew. That changes many lines at once, and is a good place to hide one;
//! what the lines say is compared all the same. It is a warning when packages lost their hashes with it.
//!
//! ```diff Cargo.lock
//! -version = 3
//! +version = 4
//!            ^ was 3
//! ```
//!
//! Agree on one release of the client, lest the file goes back and forth.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::model::release::Release;
use crate::rules::{Check, Rule};
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "lockfile-format-changed",
    level: Level::Note,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("lockfile_format_changed.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(head), Some(base)) = (pair.head, pair.base) else { return };
    let (now, before) = (version(head), version(base));
    if now == before || !head.is_readable() || !base.is_readable() {
        return;
    }
    let lost = lost_hashes(cx, head);
    let but = match lost {
        0 => String::new(),
        1 => ", and a package lost its hash".to_owned(),
        lost => format!(", and {lost} packages lost their hashes"),
    };
    let path = &head.source.path;
    let message = format!("{path} went from {} to {}{but}.", named(before), named(now));
    let first = head.source.text().lines().next().unwrap_or_default();
    let at = head.schema_version.as_ref().map_or(first, |version| version.raw);
    let found = report.file(head, at, message);
    found.label(format!("was {}", before.unwrap_or("not stated"))).value(format!("{before:?} {now:?}"));
    if lost > 0 {
        found.level(Level::Warning).help(cx.restore(head).and("Lock with a client that writes hashes."));
    } else {
        found.help("If nobody meant to change the client, use the one that the project has agreed on.");
    }
}

fn version<'l>(lockfile: &'l Lockfile<'_>) -> Option<&'l str> {
    lockfile.schema_version.as_ref().map(|version| version.as_str())
}

fn named(version: Option<&str>) -> String {
    version.map_or("a version that states none".to_owned(), |version| format!("version {version}"))
}

/// How many packages had a hash on the base side and have none, although they need one.
fn lost_hashes<'a>(cx: &Context<'a>, head: &'a Lockfile<'a>) -> usize {
    let Some(base) = &cx.base else { return 0 };
    let fold = base.fold(head.ecosystem());
    let bare = head.packages.iter().filter(|package| !package.is_hashed() && package.exemption.is_none());
    bare.filter(|package| {
        fold.release(&Release::of(head, package)).is_some_and(|kept| kept.hashed().is_some())
    })
    .count()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn npm(version: u8, integrity: &str) -> String {
        let entry = format!(r#"{{"version": "1.0.0"{integrity}}}"#);
        match version {
            1 => format!(r#"{{"lockfileVersion": 1, "dependencies": {{"x": {entry}}}}}"#),
            _ => format!(r#"{{"lockfileVersion": {version}, "packages": {{"node_modules/x": {entry}}}}}"#),
        }
    }

    #[test]
    fn losing_hashes_makes_it_a_warning() {
        let hashed = r#", "integrity": "sha512-{A512}""#;
        let test = |integrity: &str| {
            check("lockfile-format-changed")
                .base("package-lock.json", &npm(1, hashed))
                .head("package-lock.json", &npm(3, integrity))
        };
        test(hashed)
            .finds(&["package-lock.json:1:21 note package-lock.json went from version 1 to version 3."]);
        test("").finds(&[
            "package-lock.json:1:21 warning package-lock.json went from version 1 to version 3, and a package lost its hash.",
        ]);
    }

    #[test]
    fn the_same_version_is_silent() {
        check("lockfile-format-changed")
            .base("Cargo.lock", "version = 4\n")
            .head("Cargo.lock", "version = 4\n\n")
            .finds(&[]);
    }
}

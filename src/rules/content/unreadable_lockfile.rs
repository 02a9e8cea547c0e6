//! A lockfile, or an entry of it, can't be read.
//!
//! What can't be read can't be checked, and a client that is more lenient may still install from it.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0"
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz"
//!        ^ expected `,` or `}`
//!      }
//!    }
//!  }
//! ```
//!
//! A lockfile that ends where the base side's goes on may have been cut off, even when what is left can be read: an error
//! where its last line has no end, or an entry lost dependencies and no manifest changed, else a note. A lockfile that could be read on neither side is an error whenever it was
//! edited, and one that can be read again a warning: nothing in it was compared.
//!
//! Take the file back from git, or let the package manager write it again.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::Links;
use crate::model::release::Slot;
use crate::model::{Lockfile, Origin, Package, Root};
use crate::rules::{Check, Rule};
use crate::text::syntax::FaultKind;
use crate::world::commands::Help;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "unreadable-lockfile",
    level: Level::Error,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("unreadable_lockfile.rs"),
    checks: &[Check::Lockfile(check), Check::Package(check_address), Check::Change(check_end)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    // Conflict markers or a pointer are the reason then, and have rules of their own.
    let explained = || {
        super::merge_conflict::marker(lockfile.source).is_some()
            || super::lfs_pointer::is_pointer(lockfile.source)
    };
    if !lockfile.faults.is_empty() && explained() {
        return;
    }
    for fault in &lockfile.faults {
        let message = match fault.kind {
            FaultKind::Syntax => format!("{} can't be read: {}.", lockfile.source.path, fault.message),
            FaultKind::Shape => {
                format!("An entry of {} can't be read: it {}.", lockfile.source.path, verb(&fault.message))
            }
            FaultKind::DuplicateKey => continue,
        };
        report.file(lockfile, fault.at, message).label(fault.message.as_str()).help(cx.restore(lockfile));
    }
    let left_out = [FaultKind::Syntax, FaultKind::Shape].map(|kind| lockfile.faults.left_out(kind));
    report.uncounted(&lockfile.source.path, left_out.iter().sum());
}

/// Some formats can be cut off between two lines and still be read. What goes on on the base side, and lost something by
/// ending early, may be a file without its last entry.
fn check_end<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    if lockfile.is_readable() && !base.is_readable() {
        return tell_unread_base(cx, lockfile, report);
    }
    // Lines that nothing in the file depends on may well go from its end.
    if lockfile.format.links == Links::None || !lockfile.is_readable() {
        return;
    }
    let (now, before) = (lockfile.source.text(), base.source.text());
    let left = before.strip_prefix(now.trim_end()).unwrap_or_default();
    if left.trim().is_empty() || !has_lost(lockfile, base) {
        return;
    }
    // Each client ends its last line, and an entry needs less than before when a manifest says so.
    let is_honest = now.ends_with('\n') && !(needs_less(lockfile, base) && cx.keeps_manifests(lockfile));
    let how = if is_honest { "ends earlier" } else { "was cut off" };
    let last = now.trim_end().lines().last().unwrap_or_default();
    let lines = left.trim().lines().count();
    report
        .file(
            lockfile,
            last,
            format!("{} {how}: {lines} more lines stood behind its end.", lockfile.source.path),
        )
        .level(if is_honest { Level::Note } else { Level::Error })
        .label("ends here")
        .value(format!("{lines} lines"))
        .help(cx.restore(lockfile));
}

/// What could not be read before was compared with nothing.
fn tell_unread_base<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let first = lockfile.source.text().lines().next().unwrap_or_default();
    let path = &lockfile.source.path;
    report
        .file(lockfile, first, format!("{path} could not be read before, so nothing in it was compared."))
        .level(Level::Warning)
        .label("can be read again")
        .value("unreadable before")
        .help(
            Help::from("Look at all that it pins, as at a new file.")
                .and(cx.history(path).unwrap_or_default()),
        );
}

/// Whether an entry that stayed depends on less than it did.
fn needs_less(now: &Lockfile<'_>, before: &Lockfile<'_>) -> bool {
    now.packages.iter().zip(&before.packages).any(|(now, before)| now.edges.len() < before.edges.len())
}

/// Whether something is pinned, or depended on, on the base side alone. A project that went takes its own entry along.
fn has_lost(now: &Lockfile<'_>, before: &Lockfile<'_>) -> bool {
    let (entries, others) = before.packages.split_at(now.packages.len().min(before.packages.len()));
    let has_less = |(now, before): (&Package<'_>, &Package<'_>)| {
        now.edges.len() < before.edges.len()
            || now.artifacts.len() < before.artifacts.len()
            || now.digests().count() < before.digests().count()
    };
    let asks_for_less = |(now, before): (&Root<'_>, &Root<'_>)| now.edges.len() < before.edges.len();
    others.iter().any(|package| !package.origin.is_local())
        || now.packages.iter().zip(entries).any(has_less)
        || now.roots.iter().zip(&before.roots).any(asks_for_less)
}

/// An address in a form that is not known: a client may still fetch from it.
fn check_address<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    let Some(at) = package.source.as_ref().filter(|_| package.origin == Origin::Unknown) else { return };
    report
        .package(
            lockfile,
            package,
            Field::Source,
            at,
            format!("The address of {} can't be read.", package.label()),
        )
        .label("no form of address that is known")
        .help(cx.restore(lockfile));
}

/// Faults of shape are written to follow "it": "should be a string"; others are whole sentences.
fn verb(message: &str) -> String {
    if message.starts_with("should") { message.to_owned() } else { format!("is faulty ({message})") }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const CARGO: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\nchecksum = \"{HEX}\"\n\n[[package]]\nname = \"z\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_file_that_ends_early_was_cut_off() {
        let cut = |end: &str| {
            let head = &CARGO[..CARGO.find(end).unwrap()];
            check("unreadable-lockfile").base("Cargo.lock", CARGO).head("Cargo.lock", head)
        };
        cut("\n[[package]]\nname = \"b\"")
            .finds(&["Cargo.lock:8:1 note Cargo.lock ends earlier: 9 more lines stood behind its end."]);
        cut("checksum").count(1);
        cut("dependencies").count(1);
        // A project that is gone leaves nothing behind.
        cut("\n[[package]]\nname = \"z\"").finds(&[]);
        check("unreadable-lockfile")
            .base("go.sum", "a v1.0.0 h1:{A}\nb v1.0.0 h1:{A}\n")
            .head("go.sum", "a v1.0.0 h1:{A}\n")
            .finds(&[]);
    }

    #[test]
    fn what_pnpm_pins_has_a_snapshot() {
        let lock = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      x:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  x@1.0.0:\n    resolution: {integrity: sha512-{A512}}\n  y@1.0.0:\n    resolution: {integrity: sha512-{A512}}\nsnapshots:\n  x@1.0.0:\n    dependencies:\n      y: 1.0.0\n  y@1.0.0: {}\n";
        let test = |lock: &str| check("unreadable-lockfile").head("pnpm-lock.yaml", lock);
        test(lock).finds(&[]);
        test(lock.split("snapshots").next().unwrap()).finds(&[
            "pnpm-lock.yaml:9:3 error An entry of pnpm-lock.yaml can't be read: it should stand under `snapshots` as well, and so should 1 more.",
        ]);
        test(&lock.replace("  y@1.0.0: {}\n", "")).finds(&[
            "pnpm-lock.yaml:11:3 error An entry of pnpm-lock.yaml can't be read: it should stand under `snapshots` as well.",
        ]);
    }
}

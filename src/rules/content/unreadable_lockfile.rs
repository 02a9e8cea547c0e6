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
//! Take the file back from git, or let the package manager write it again.

use crate::change::Slot;
use crate::context::Context;
use crate::finding::Level;
use crate::formats::Family;
use crate::model::{Lockfile, Origin};
use crate::report::{Field, Report};
use crate::rules::{Check, Rule};
use crate::syntax::FaultKind;

pub static RULE: Rule = Rule {
    id: "unreadable-lockfile",
    level: Level::Error,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("unreadable_lockfile.rs"),
    checks: &[Check::Lockfile(check), Check::Package(check_address)],
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
        report.file(lockfile, fault.at, message).label(fault.message.as_str()).help(format!(
            "`{}` takes it back, `{}` writes it again.",
            cx.checkout(lockfile),
            lockfile.format.relock
        ));
    }
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

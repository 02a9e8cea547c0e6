//! A package is pinned by a weak hash.
//!
//! For MD5 and SHA-1, two archives with one hash can be made by whoever prepares both. One warning for a lockfile, about
//! what is new in it: hashes that the base side has as well are only counted. A hash that *became* weak is an error of its
//! own, `integrity-downgraded`.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ sha1 only
//!      }
//!    }
//!  }
//! ```
//!
//! Lock the package again with a current client: registries have published strong hashes for years.

use data_encoding::HEXLOWER;
use foldhash::{HashSet, HashSetExt};
use sha2::{Digest as _, Sha256};

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Found, Report};
use crate::model::Lockfile;
use crate::model::release::{Pin, Release, Slot, pins_of};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "weak-integrity",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("weak_integrity.rs"),
    checks: &[Check::Lockfile(check)],
};

/// So many of them are named, and pointed at.
const NAMED: usize = 4;

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let weak = weak(lockfile);
    let is_known = |pin: &Pin<'a>| {
        let fold = cx.base.as_ref().map(|base| base.fold(lockfile.ecosystem()));
        let kept = fold.and_then(|fold| fold.release(&Release::of(lockfile, pin.slot.package)));
        kept.is_some_and(|kept| kept.has(pin))
    };
    let (known, new): (Vec<_>, Vec<_>) = weak.into_iter().partition(is_known);
    if !new.is_empty() {
        tell(cx, lockfile, &new, known.len(), report);
    } else if !known.is_empty() {
        tell(cx, lockfile, &known, 0, report).stood_before();
    }
}

/// The weak hashes of a lockfile: those that no stronger one of the same artifact stands beside. A release counts once.
fn weak<'a>(lockfile: &'a Lockfile<'a>) -> Vec<Pin<'a>> {
    let mut seen = HashSet::new();
    let artifacts = lockfile.slots().flat_map(|slot| slot.package.artifacts.iter().map(move |it| (slot, it)));
    let strongest = artifacts.filter_map(|(slot, artifact): (Slot<'a>, _)| {
        pins_of(slot, artifact).max_by_key(|pin| pin.algorithm).filter(|pin| pin.algorithm.is_weak())
    });
    strongest
        .filter(|pin| {
            let package = pin.slot.package;
            seen.insert((
                package.name.as_str(),
                package.version(),
                pin.artifact.key.as_str(),
                pin.digest.value,
            ))
        })
        .collect()
}

fn tell<'a, 'r>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    weak: &[Pin<'a>],
    before: usize,
    report: &'r mut Report<'a>,
) -> &'r mut Found<'a> {
    let (first, others) = (&weak[0], weak.len() - 1);
    let name = first.algorithm.name();
    let label = first.slot.package.label();
    let mut message = match others {
        0 => format!("{label} is pinned by {name} only"),
        1 => format!("{label} and one other are pinned by a weak hash only"),
        _ => format!("{label} and {others} others are pinned by a weak hash only"),
    };
    message += &match before {
        0 => ".".to_owned(),
        before => format!(", as {before} {} before.", if before == 1 { "was" } else { "were" }),
    };
    let at = Text::plain(first.digest.raw);
    let found = match others {
        0 => report.package(lockfile, first.slot.package, Field::Integrity, &at, message),
        _ => report.file(lockfile, at.raw, message).value(list(weak)),
    };
    found.label(format!("{name} only")).help(cx.rehash(lockfile, first.slot.package));
    for pin in weak.iter().skip(1).take(NAMED) {
        found.related(lockfile.source, pin.digest.raw, format!("{}, too", pin.slot.package.label()));
    }
    found
}

/// All of them, in few words: an exception accepts these and no others.
fn list(weak: &[Pin<'_>]) -> String {
    let mut hasher = Sha256::new();
    for pin in weak {
        hasher.update(format!("{} {}\n", pin.slot.package.label(), pin.digest.raw));
    }
    format!("{} hashes, {}", weak.len(), HEXLOWER.encode(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(entries: &[(&str, &str)]) -> String {
        let entry = |(path, hash): &(&str, &str)| {
            format!(r#""node_modules/{path}": {{"version": "1.0.0", "integrity": "{hash}"}}"#)
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        format!("{{\"lockfileVersion\": 3, \"packages\": {{\n{}}}}}", entries.join(",\n"))
    }

    const STRONG: &str = "sha512-{A512}";
    const WEAK: &str = "sha1-{A1}";

    #[test]
    fn a_lockfile_is_warned_of_once() {
        let all = [("a", WEAK), ("b", WEAK), ("c", STRONG), ("d", WEAK)];
        check("weak-integrity")
            .head("package-lock.json", &lock(&all))
            .finds(&["package-lock.json:2:54 warning a@1.0.0 and 2 others are pinned by a weak hash only."]);
        check("weak-integrity")
            .base("package-lock.json", &lock(&all[..1]))
            .head("package-lock.json", &lock(&all))
            .finds(&["package-lock.json:3:54 warning b@1.0.0 and one other are pinned by a weak hash only, as 1 was before."]);
    }

    #[test]
    fn what_was_weak_before_is_not_new() {
        let test = |head: &[(&str, &str)]| {
            let base = lock(&[("a", WEAK), ("b", WEAK)]);
            check("weak-integrity")
                .base("package-lock.json", &base)
                .head("package-lock.json", &lock(head))
                .fresh()
        };
        assert!(test(&[("a", WEAK), ("x/node_modules/a", WEAK), ("c", STRONG)]).is_empty());
        assert_eq!(test(&[("a", WEAK), ("c", WEAK)]).len(), 1);
    }
}

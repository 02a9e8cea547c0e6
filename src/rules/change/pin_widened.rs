//! A package kept its version and gained a hash.
//!
//! Where several hashes stand for one archive, any of them will do: whoever adds one may replace the archive by another,
//! and the old hash is still there for the reviewer to see. In `go.sum`, where each line has one hash and the first that
//! is found counts, that is an error; in a list a warning. A registry accepts new files for an old release, so a named
//! file that was added from the same place is a note.
//!
//! ```diff go.sum
//! +example.com/m v1.0.0 h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//!                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ was not here before
//!  example.com/m v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//! ```
//!
//! Take the line back from git. If a registry has really added a file, its page says so.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Origin;
use crate::model::release::{Kept, Pin, Slot, pins};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "pin-widened",
    level: Level::Warning,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("pin_widened.rs"),
    checks: &[Check::Entry(check)],
};

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    let is_git = matches!(slot.package.origin, Origin::Git(_));
    let Some(kept) = kept.filter(|kept| !is_git && kept.hashed().is_some()) else { return };
    for pin in pins(slot).filter(|pin| !kept.has(pin)) {
        let known = kept.pins(pin.key());
        // A hash in place of the old ones is `pin-rewritten`'s; one of another algorithm can't be compared.
        if known.is_empty() && !is_new_file(&pin, kept) {
            continue;
        }
        if known.is_empty() || pins(slot).any(|other| other.key() == pin.key() && kept.has(&other)) {
            widened(cx, &pin, known.first(), report);
        }
    }
}

/// A file of another name than all that the release had.
fn is_new_file(pin: &Pin<'_>, kept: &Kept<'_>) -> bool {
    !pin.artifact.key.as_str().is_empty()
        && kept.strongest(pin.artifact.key.as_str(), pin.digest.subject).is_none()
        && pin.artifact.url.is_some()
}

fn widened<'a>(cx: &Context<'a>, pin: &Pin<'a>, known: Option<&Pin<'a>>, report: &mut Report<'a>) {
    let Slot { lockfile, package } = pin.slot;
    let (level, message) = match known {
        None => (Level::Note, format!("{} gained the file {}.", package.label(), pin.artifact.key.as_str())),
        Some(_) if lockfile.format.manifest_selects => {
            (Level::Error, format!("{} kept its version and gained another hash.", package.label()))
        }
        Some(_) => (Level::Warning, format!("{} kept its version and gained another hash.", package.label())),
    };
    let found = report.package(lockfile, package, Field::Integrity, &Text::plain(pin.digest.raw), message);
    found.level(level).label("was not here before").help(cx.restore(lockfile));
    if let Some(known) = known {
        found.related(known.slot.lockfile.source, known.digest.raw, "the hash it had");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_list_is_any_of() {
        let lock = |hash: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz", "integrity": "{hash}"}}}}}}"#
            )
        };
        let other = format!("sha512-{}", "B".repeat(85) + "A==");
        let test = |hash: &str| {
            check("pin-widened")
                .base("package-lock.json", &lock("sha512-{A512}"))
                .head("package-lock.json", &lock(hash))
        };
        test(&format!("sha512-{{A512}} {other}"))
            .finds(&["package-lock.json:1:246 warning x@1.0.0 kept its version and gained another hash."]);
        // The same bytes by another function, and other bytes altogether, are other rules' business.
        test("sha512-{A512} sha1-{A1}").finds(&[]);
        test(&other).finds(&[]);
    }

    #[test]
    fn a_registry_may_add_a_file() {
        let lock = |files: &[&str]| {
            let wheel = |file: &&str| {
                format!("{{ url = \"https://i.example.com/{file}\", hash = \"sha256:{{HEX}}\" }}")
            };
            let wheels: Vec<_> = files.iter().map(wheel).collect();
            format!(
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nwheels = [\n{}\n]\n",
                wheels.join(",\n")
            )
        };
        check("pin-widened")
            .base("uv.lock", &lock(&["a-1-cp311-any.whl"]))
            .head("uv.lock", &lock(&["a-1-cp311-any.whl", "a-1-cp312-any.whl"]))
            .finds(&["uv.lock:8:60 note a@1 gained the file a-1-cp312-any.whl."]);
    }
}

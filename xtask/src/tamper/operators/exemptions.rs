//! Entries that claim to need no hash.

use super::Grade::Error;
use super::{Act, Operator, Pick};
use crate::tamper::dialect::npm_field;
use crate::tamper::scene::{Edits, Entry};

const NO_BUNDLES: &str = "the format has no bundled packages";
const NO_PATHS: (&str, &str) = ("cargo", "Cargo.lock has no paths");
const GO: (&str, &str) = ("go", "only go.mod can say so, where a reviewer sees it");

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "`inBundle` claimed",
        grade: Error,
        why: "npm fetches whatever such an entry names, without a hash",
        except: &[("cargo", NO_BUNDLES), ("go", NO_BUNDLES), ("pnpm", NO_BUNDLES), ("uv", NO_BUNDLES)],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let field = if entry.package.flags.legacy { "\"bundled\": true," } else { "\"inBundle\": true," };
            let mut edits = entry.lock.dialect.drop_hash(entry)?;
            edits.extend(npm_field(entry, field)?);
            Some(edits)
        }),
    },
    Operator {
        name: "registry release claimed to be in the tree",
        grade: Error,
        why: "`link`, `directory`, no source at all: only a manifest in the tree proves it",
        except: &[GO],
        act: Act::Entry(Pick::Kept, |entry, _| local(entry, "vendor/mallory")),
    },
    Operator {
        name: "folder outside of the repository",
        grade: Error,
        why: "what stands there is no part of what was reviewed",
        except: &[GO, NO_PATHS],
        act: Act::Entry(Pick::Kept, |entry, _| local(entry, "../../mallory")),
    },
];

fn local(entry: &Entry<'_, '_>, folder: &str) -> Edits {
    (!entry.package.flags.legacy).then(|| entry.lock.dialect.local(entry, folder))?
}

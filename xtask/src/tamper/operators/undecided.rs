//! What can't be decided without a network, or without the bytes. It is said here so that nobody relies on it.

use super::Grade::Undecided;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry, Scene};
use crate::tamper::tree::Change;

const GO_ONLY: &str = "hash dropped is an error";
const STRONG: &str = "the format never had sha1";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "first hash of a new release",
        grade: Undecided,
        why: "nothing in the repository has seen the release before; compare with the bytes, or with a second lockfile",
        except: &[],
        act: Act::Entry(Pick::New, first_seen),
    },
    Operator {
        name: "sha1 replaced by sha512",
        grade: Undecided,
        why: "the two can't be compared; they are counted as not compared",
        except: &[("cargo", STRONG), ("go", STRONG), ("uv", STRONG)],
        act: Act::Trees(stronger),
    },
    Operator {
        name: "hash of an indirect module dropped",
        grade: Undecided,
        why: "`go mod tidy` drops it too, once nothing imports the module; `go build` refuses where something does",
        except: &[("cargo", GO_ONLY), ("npm", GO_ONLY), ("pnpm", GO_ONLY), ("uv", GO_ONLY)],
        act: Act::Entry(Pick::Kept, |entry, _| {
            super::hashes::requires(entry, true).then(|| entry.lock.dialect.drop_hash(entry))?
        }),
    },
    Operator {
        name: "edge below an upgraded release or a changed manifest",
        grade: Undecided,
        why: "a new version may need what the old one did not; where no ranges are kept (all but npm), a feature or a \
              platform may be what uses it",
        except: &[("go", "go.sum has no edges")],
        act: Act::Entry(Pick::New, |entry, _| {
            let mut others = entry.lock.entries().filter(|it| it.is_hashed() && it.name() != entry.name());
            let asks = |name: &str| entry.package.edges.iter().any(|edge| edge.name.as_str() == name);
            let other = others.find(|it| !asks(it.name())).filter(|_| entry.lock.had(entry.name()))?;
            entry.lock.dialect.add_edge(entry, other.name(), other.package.version())
        }),
    },
];

/// Where it stands once: in two places, the one would be a witness against the other.
fn first_seen(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let label = entry.package.label();
    let once = entry.lock.entries().filter(|it| it.package.label() == label).count() == 1;
    let hash = entry.lock.dialect.hash(random);
    let value = hash.rsplit([':', '-']).next()?;
    once.then(|| Some(vec![entry.replace(entry.digest()?.value, value)]))?
}

/// The base has a weak hash, the head a strong one of something else.
fn stronger(scene: &Scene<'_>) -> Option<Change> {
    let mut base = scene.head.clone();
    let text = base.get_mut(scene.path)?;
    let at = text.find("sha512-")?;
    let old = &text[at..at + text[at..].find(['"', '}', ','])?];
    let weak = format!("sha1-{}", data_encoding::BASE64.encode(&Random::of(old).bytes(20)));
    *text = text.replace(old, &weak);
    Some(Change { base, head: scene.head.clone() })
}

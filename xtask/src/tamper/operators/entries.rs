//! Entries and edges that no client would have written.

use super::Grade::{Error, Visible};
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry, Lock, Scene};
use crate::tamper::tree::Change;

const SELECTS_NOTHING: (&str, &str) = ("go", "go.sum selects nothing: a line more installs nothing");
const NO_EDGES: (&str, &str) = ("go", "go.sum has no edges");
const NAME: &str = "mallory-core";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "ghost entry",
        grade: Error,
        why: "nobody asks for it, and it is installed all the same",
        except: &[SELECTS_NOTHING],
        act: Act::File(|lock, random| Some(vec![lock.dialect.ghost(lock, NAME, "1.0.0", random)?])),
    },
    Operator {
        name: "phantom edge to a new package",
        grade: Error,
        why: "a release does not come to need something after it was published",
        except: &[NO_EDGES],
        act: Act::File(planted),
    },
    Operator {
        name: "phantom edge to a package of the file",
        grade: Visible,
        why: "what it leads to is installed anyway, where every project that has the one needs the other for the same purpose",
        except: &[NO_EDGES],
        act: Act::Entry(Pick::Kept, |entry, _| phantom(entry, |_| true)),
    },
    Operator {
        name: "phantom edge from production to development",
        grade: Error,
        why: "an installation without development dependencies gets one",
        except: &[
            NO_EDGES,
            ("cargo", "a lockfile does not say what is for development, and Cargo refuses the edge"),
            ("pnpm", "since version 9 a lockfile does not say what is for development"),
            ("uv", "a lockfile does not say what is for development"),
        ],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let is_production = !entry.package.flags.dev && !entry.package.flags.optional;
            is_production.then(|| phantom(entry, |other| other.package.flags.dev))?
        }),
    },
    Operator {
        name: "phantom edge behind a setting that changes nothing",
        grade: Error,
        why: "a setting that changes no resolution explains no dependency",
        except: &[NO_EDGES],
        act: Act::Trees(covered),
    },
    Operator {
        name: "entry taken out that others need",
        grade: Error,
        why: "the client resolves it anew, to whatever there is",
        except: &[("go", "see: hash dropped")],
        act: Act::Entry(Pick::Kept, missing),
    },
    Operator {
        name: "alias that no manifest declares",
        grade: Error,
        why: "the name is the project's, the bytes are another package's",
        except: &[
            ("cargo", "an entry has no name beside its own"),
            ("go", "as in Cargo"),
            ("pnpm", "an alias is an edge: see phantom edge"),
            ("uv", "as in Cargo"),
        ],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let modern = entry.package.slot.as_str().contains("node_modules/");
            let plain = entry.package.alias.is_none() && modern;
            plain.then(|| crate::tamper::dialect::npm_field(entry, &format!("\"name\": \"{NAME}\",")))?
        }),
    },
];

/// A new entry, and an entry that asks for it.
fn planted(lock: &Lock<'_>, random: &mut Random) -> Edits {
    let ghost = lock.dialect.ghost(lock, NAME, "1.0.0", random).filter(|_| lock.tells_edges())?;
    let entries = lock.shuffled(random).into_iter().filter(|it| it.is_hashed() && it.is_kept());
    let mut edits = entries.filter_map(|it| lock.dialect.add_edge(&it, NAME, "1.0.0")).next()?;
    edits.push(ghost);
    Some(edits)
}

/// The client is told something of no consequence in the same change.
fn covered(scene: &Scene<'_>) -> Option<Change> {
    let mut head = scene.edit(planted)?;
    let folder = scene.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let (file, line) = match scene.format.id {
        "cargo" => (".cargo/config.toml", "\n[term]\nquiet = true\n"),
        "uv" => ("uv.toml", "link-mode = \"copy\"\n"),
        _ => (".npmrc", "fund=false\n"),
    };
    head.entry(format!("{folder}{file}")).or_default().push_str(line);
    Some(Change { base: scene.base.clone(), head })
}

fn phantom(entry: &Entry<'_, '_>, fits: impl Fn(&Entry<'_, '_>) -> bool) -> Edits {
    let needs = |name: &str| entry.package.edges.iter().any(|edge| edge.name.as_str() == name);
    let other = entry
        .lock
        .entries()
        .find(|it| it.is_hashed() && it.name() != entry.name() && !needs(it.name()) && fits(it))?;
    entry
        .lock
        .dialect
        .add_edge(entry, other.name(), other.package.version())
        .filter(|_| entry.lock.tells_edges())
}

/// Only where the name stands once: else a client takes the other release.
fn missing(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let is_needed = |it: &Entry<'_, '_>| {
        it.package
            .edges
            .iter()
            .any(|edge| edge.name.as_str() == entry.name() && edge.kind == lockproof::model::EdgeKind::Normal)
    };
    let once = entry.lock.entries().filter(|it| it.name() == entry.name()).count() == 1;
    let needed = entry.lock.entries().any(|it| is_needed(&it));
    (once && needed && entry.lock.tells_gaps())
        .then(|| vec![crate::tamper::scene::Edit { at: entry.block(), with: String::new() }])
}

//! What honest people do too, and what a reviewer has to see.

use std::collections::HashMap;

use lockproof::model::version;

use super::Grade::Visible;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::dialect::npm_field;
use crate::tamper::scene::{Edit, Edits, Entry, Scene, line_at};
use crate::tamper::tree::Change;

const NO_SCRIPTS: &str = "the format does not say which releases run scripts";
const ONE_HASH: &str = "one hash, no list";
const GO: (&str, &str) = ("go", "no file of the repository says which proxy is used");
const NAMED: &str = "its files have names";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "install script flipped on",
        grade: Visible,
        why: "a client that finds it in the registry writes it too",
        except: &[("cargo", NO_SCRIPTS), ("go", NO_SCRIPTS), ("uv", NO_SCRIPTS)],
        act: Act::Entry(Pick::Kept, script),
    },
    Operator {
        name: "release downgraded",
        grade: Visible,
        why: "a revert is honest",
        except: &[],
        act: Act::Trees(downgraded),
    },
    Operator {
        name: "hash added to a list without names",
        grade: Visible,
        why: "clients merge lists, but any one of them will do from now on",
        except: &[("cargo", ONE_HASH), ("uv", NAMED)],
        act: Act::Entry(Pick::Kept, added),
    },
    Operator {
        name: "registry moved with the client configuration",
        grade: Visible,
        why: "that is how a project moves to a mirror",
        except: &[GO, ("pnpm", "the lockfile names none: see below")],
        act: Act::Trees(moved),
    },
    Operator {
        name: "client configuration that leads elsewhere",
        grade: Visible,
        why: "the hashes still hold, but what has none yet comes from there",
        except: &[GO],
        act: Act::Trees(redirected),
    },
    Operator {
        name: "new wheel for an old release",
        grade: Visible,
        why: "indexes accept new files for old releases",
        except: &[("cargo", ONE_HASH), ("go", ONE_HASH), ("npm", ONE_HASH), ("pnpm", ONE_HASH)],
        act: Act::Entry(Pick::Kept, wheel),
    },
];

fn script(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let block = entry.block();
    let text = &entry.text()[block.clone()];
    if entry.lock.file.format.id == "npm" {
        let fits = !entry.package.flags.legacy && !text.contains("hasInstallScript");
        return fits.then(|| npm_field(entry, "\"hasInstallScript\": true,"))?;
    }
    // Since version 9 pnpm keeps it to itself.
    let fits = !entry.text().contains("\nsnapshots:\n") && !text.contains("requiresBuild");
    let end = block.start + text.trim_end().len() + 1;
    fits.then(|| vec![Edit { at: end..end, with: "    requiresBuild: true\n".into() }])
}

/// An upgrade, taken back.
fn downgraded(scene: &Scene<'_>) -> Option<Change> {
    let versions = |tree| {
        let source = lockproof::text::source::Source::new(
            scene.path,
            lockproof::text::source::Side::Worktree,
            text(tree, scene).into(),
        );
        let mut all: HashMap<String, Vec<String>> = HashMap::new();
        for package in scene.format.read(&source).packages.iter().filter(|it| !it.origin.is_mutable()) {
            all.entry(package.name.as_str().to_owned()).or_default().push(package.version().to_owned());
        }
        all
    };
    let (before, now) = (versions(scene.base), versions(scene.head));
    let went_up = before.iter().any(|(name, old)| {
        let Some(new) = now.get(name) else { return false };
        let ([old], [new]) = (old.as_slice(), new.as_slice()) else { return false };
        version::compare(old, new) == Some(std::cmp::Ordering::Less)
    });
    went_up.then(|| Change { base: scene.head.clone(), head: scene.base.clone() })
}

fn text<'t>(tree: &'t crate::tamper::tree::Tree, scene: &Scene<'_>) -> &'t str {
    tree.get(scene.path).map_or("", String::as_str)
}

fn added(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let raw = entry.integrity()?.raw;
    let hash = entry.lock.dialect.hash(random);
    if entry.lock.file.format.id == "go" {
        let line = line_at(entry.text(), entry.lock.range(raw).start);
        let copy = entry.text()[line.clone()].replace(raw, &hash);
        return Some(vec![Edit { at: line.end..line.end, with: copy }]);
    }
    Some(vec![entry.replace(raw, super::hashes::beside(raw, &hash))])
}

fn moved(scene: &Scene<'_>) -> Option<Change> {
    let mut head = scene.head.clone();
    let (old, new) = match scene.format.id {
        "npm" => ("https://registry.example.com/", "https://mirror.example.org/"),
        "cargo" => (
            "registry+https://github.com/rust-lang/crates.io-index",
            "registry+https://mirror.example.org/index",
        ),
        "uv" => ("https://pypi.example.com/", "https://mirror.example.org/"),
        _ => return None,
    };
    let lock = head.get_mut(scene.path).filter(|lock| lock.contains(old))?;
    *lock = lock.replace(old, new);
    let (path, line) = match scene.format.id {
        "npm" | "pnpm" => (".npmrc", "registry=https://mirror.example.org/\n"),
        "cargo" => {
            (".cargo/config.toml", "[registries.mirror]\nindex = \"https://mirror.example.org/index\"\n")
        }
        "uv" => ("uv.toml", "[[index]]\nurl = \"https://mirror.example.org/simple\"\ndefault = true\n"),
        _ => return None,
    };
    head.entry(path.to_owned()).or_default().push_str(line);
    Some(Change { base: scene.base.clone(), head })
}

/// Another registry in the client's configuration alone.
fn redirected(scene: &Scene<'_>) -> Option<Change> {
    let (path, line) = match scene.format.id {
        "npm" | "pnpm" => (".npmrc", "registry=https://mirror.example.org/\n"),
        "cargo" => (
            ".cargo/config.toml",
            "[source.crates-io]\nreplace-with = \"mirror\"\n\n[source.mirror]\nregistry = \"https://mirror.example.org/index\"\n",
        ),
        "uv" => ("uv.toml", "[[index]]\nurl = \"https://mirror.example.org/simple\"\ndefault = true\n"),
        _ => return None,
    };
    let mut head = scene.head.clone();
    head.entry(path.to_owned()).or_default().push_str(line);
    Some(Change { base: scene.base.clone(), head })
}

/// One more file of the release, where the others are.
fn wheel(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let url = entry
        .package
        .artifacts
        .iter()
        .rev()
        .find_map(|it| it.url.as_ref())
        .filter(|it| it.as_str().ends_with(".whl"))?;
    let line = line_at(entry.text(), entry.lock.range(url.raw).start);
    let (folder, _) = url.as_str().rsplit_once('/')?;
    let name = entry.name().replace('-', "_");
    let file = format!("{folder}/{name}-{}-cp399-cp399-win_arm64.whl", entry.package.version());
    let with =
        format!("    {{ url = \"{file}\", hash = \"{}\", size = 4242 }},\n", entry.lock.dialect.hash(random));
    Some(vec![Edit { at: line.end..line.end, with }])
}

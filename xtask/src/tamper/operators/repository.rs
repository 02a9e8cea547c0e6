//! What is done with whole files.

use std::fmt::Write as _;

use super::Grade::Error;
use super::{Act, Operator, Pick, first};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry, Scene};
use crate::tamper::tree::{Change, Tree};

const ONE_FORMAT: &str = "the ecosystem has one format here";
const ONE_FILE: &str = "no second file takes the place of the first";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "lockfile deleted, manifest kept",
        grade: Error,
        why: "the next build resolves everything anew",
        except: &[],
        act: Act::Trees(|scene| {
            let mut head = scene.head.clone();
            head.remove(scene.path)?;
            Some(Change { base: scene.base.clone(), head })
        }),
    },
    Operator {
        name: "lockfile renamed and edited",
        grade: Error,
        why: "a release is the same release in another folder",
        except: &[],
        act: Act::Trees(|scene| {
            let mut head = swapped(scene, Pick::Kept)?;
            let (folder, text) = (format!("app/{}", scene.path), head.remove(scene.path)?);
            head.insert(folder, text);
            Some(Change { base: scene.base.clone(), head })
        }),
    },
    Operator {
        name: "laundered through another format",
        grade: Error,
        why: "and in another format",
        except: &[("cargo", ONE_FORMAT), ("go", ONE_FORMAT), ("uv", ONE_FORMAT)],
        act: Act::Trees(laundered),
    },
    Operator {
        name: "two lockfiles that disagree",
        grade: Error,
        why: "one of the two new hashes is wrong",
        except: &[],
        act: Act::Trees(|scene| {
            let other = swapped(scene, Pick::New)?.remove(scene.path)?;
            let mut head = scene.head.clone();
            head.insert(format!("tools/{}", scene.path), other);
            Some(Change { base: scene.base.clone(), head })
        }),
    },
    Operator {
        name: "second lockfile that wins",
        grade: Error,
        why: "npm reads npm-shrinkwrap.json instead",
        except: &[("cargo", ONE_FILE), ("go", ONE_FILE), ("pnpm", ONE_FILE), ("uv", ONE_FILE)],
        act: Act::Trees(|scene| beside(scene, "npm-shrinkwrap.json")),
    },
    Operator {
        name: "file name in another case",
        grade: Error,
        why: "on a disk that folds case it is the same file",
        except: &[],
        act: Act::Trees(|scene| {
            let mut name = scene.path.to_owned();
            let first = name[..1].to_owned();
            let is_lower = first.chars().all(|c| c.is_ascii_lowercase());
            name.replace_range(..1, &if is_lower { first.to_uppercase() } else { first.to_lowercase() });
            beside(scene, &name)
        }),
    },
    Operator {
        name: "checks switched off in client configuration",
        grade: Error,
        why: "what the lockfile pins is then not what is compared",
        except: &[],
        act: Act::Trees(unchecked),
    },
];

/// The head with another hash for one release.
pub(super) fn swapped(scene: &Scene<'_>, pick: Pick) -> Option<Tree> {
    fn swap(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
        let digest = entry.digest()?;
        let hash = entry.lock.dialect.hash(random);
        let value = hash.rsplit([':', '-']).next()?.to_owned();
        Some(vec![entry.replace(digest.value, value)])
    }
    scene.edit(|lock, random| first(lock, pick, swap, random))
}

/// A copy with another hash under another name.
fn beside(scene: &Scene<'_>, name: &str) -> Option<Change> {
    let other = swapped(scene, Pick::Kept)?.remove(scene.path)?;
    let mut head = scene.head.clone();
    head.insert(name.to_owned(), other);
    Some(Change { base: scene.base.clone(), head })
}

/// npm's lockfile as pnpm would have written it, or the other way round; with another hash for one release.
fn laundered(scene: &Scene<'_>) -> Option<Change> {
    let mut chosen = None;
    let mut head = scene.edit(|lock, random| {
        let kept = |it: &Entry<'_, '_>| it.is_hashed() && it.is_kept() && !it.package.flags.legacy;
        let entry = lock.shuffled(random).into_iter().find(kept)?;
        chosen = Some((entry.integrity()?.raw.to_owned(), lock.dialect.hash(random)));
        Some(Vec::new())
    })?;
    let (old, new) = chosen?;
    let text = head.remove(scene.path)?.replace(&old, &new);
    let source = lockproof::text::source::Source::new(
        scene.path,
        lockproof::text::source::Side::Worktree,
        text.into(),
    );
    let lockfile = scene.format.read(&source);
    let hashed = lockfile.packages.iter().filter(|it| it.is_hashed() && !it.origin.is_mutable());
    let releases: std::collections::BTreeMap<_, _> = hashed
        .filter_map(|it| Some((it.label(), (it, it.artifacts[0].integrity.as_ref()?.as_str()))))
        .collect();
    let mut out = String::new();
    let path = if scene.format.id == "npm" {
        out.push_str("lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\npackages:\n");
        for (label, (_, hash)) in &releases {
            let key = if label.starts_with('@') { format!("'{label}'") } else { label.clone() };
            let _ = write!(out, "\n  {key}:\n    resolution: {{integrity: {hash}}}\n");
        }
        "pnpm-lock.yaml"
    } else {
        out.push_str("{\n  \"lockfileVersion\": 3,\n  \"packages\": {");
        for (at, (package, hash)) in releases.values().enumerate() {
            let (name, comma) = (package.name.as_str(), if at == 0 { "" } else { "," });
            let _ = write!(
                out,
                "{comma}\n    \"node_modules/p{at}/node_modules/{name}\": {{\n      \"version\": \"{}\",\n      \"integrity\": \"{hash}\"\n    }}",
                package.version()
            );
        }
        out.push_str("\n  }\n}\n");
        "package-lock.json"
    };
    head.insert(path.to_owned(), out);
    Some(Change { base: scene.base.clone(), head })
}

fn unchecked(scene: &Scene<'_>) -> Option<Change> {
    let (path, line) = match scene.format.id {
        "npm" | "pnpm" => (".npmrc", "strict-ssl=false\n"),
        "cargo" => (".cargo/config.toml", "[resolver]\nlockfile-path = \"/tmp/Cargo.lock\"\n"),
        "go" => (".env", "GONOSUMDB=*\n"),
        "uv" => ("uv.toml", "allow-insecure-host = [\"pypi.example.com\"]\n"),
        _ => return None,
    };
    let mut head = scene.head.clone();
    head.entry(path.to_owned()).or_default().push_str(line);
    Some(Change { base: scene.base.clone(), head })
}

//! Another kind of source.

use lockproof::model::{Ecosystem, Origin};

use super::Grade::Error;
use super::addresses::NO_ADDRESS;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry, Scene};
use crate::tamper::tree::Change;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

const NO_GIT: (&str, &str) = ("go", "only go.mod can say so, where a reviewer sees it");
const NO_GIT_DEPENDENCY: &str = "no project here has a git dependency";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "registry release from git, at a commit",
        grade: Error,
        why: "no registry has published those bytes, and no hash is left",
        except: &[NO_GIT],
        act: Act::Entry(Pick::Kept, |entry, _| {
            entry.lock.dialect.git(entry, &repository(entry), Some(COMMIT))
        }),
    },
    Operator {
        name: "registry release from git, at a branch",
        grade: Error,
        why: "a branch is whatever somebody pushes next",
        except: &[NO_GIT],
        act: Act::Entry(Pick::Kept, |entry, _| entry.lock.dialect.git(entry, &repository(entry), None)),
    },
    Operator {
        name: "new release from git",
        grade: Error,
        why: "a name that a registry served does not move without its manifest",
        except: &[NO_GIT],
        act: Act::Entry(Pick::New, |entry, _| {
            let kept_name = entry.lock.had(entry.name());
            kept_name.then(|| entry.lock.dialect.git(entry, &repository(entry), Some(COMMIT)))?
        }),
    },
    Operator {
        name: "fork that another project's manifest declares",
        grade: Error,
        why: "a manifest speaks for its own lockfile, not for one elsewhere in the repository",
        except: &[NO_GIT],
        act: Act::Trees(declared_elsewhere),
    },
    Operator {
        name: "git repository changed",
        grade: Error,
        why: "a commit is looked for in the repository that is named",
        except: &[NO_GIT, ("npm", NO_GIT_DEPENDENCY), ("pnpm", NO_GIT_DEPENDENCY)],
        act: Act::Entry(Pick::Any, moved),
    },
    Operator {
        name: "git commit taken away",
        grade: Error,
        why: "what was pinned is not any more",
        except: &[NO_GIT, ("npm", NO_GIT_DEPENDENCY), ("pnpm", NO_GIT_DEPENDENCY)],
        act: Act::Entry(Pick::Any, unpinned),
    },
    Operator {
        name: "archive of a forge",
        grade: Error,
        why: "anybody can own a repository on a known host",
        except: &[NO_ADDRESS, ("cargo", "Cargo fetches no archives by address")],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let address = format!("https://codeload.example.org/mallory/{}/tar.gz/{COMMIT}", entry.name());
            entry.lock.dialect.set_address(entry, &address)
        }),
    },
];

fn repository(entry: &Entry<'_, '_>) -> String {
    format!("git.example.net/mallory/{}", entry.name())
}

/// The release comes from a fork, and a manifest that the lockfile knows nothing of asks for just that.
fn declared_elsewhere(scene: &Scene<'_>) -> Option<Change> {
    let mut declared = None;
    let mut head = scene.edit(|lock, random| {
        let kept = lock.shuffled(random).into_iter().filter(|it| it.is_hashed() && it.is_kept());
        kept.into_iter().find_map(|entry| {
            let edits = lock.dialect.git(&entry, &repository(&entry), Some(COMMIT))?;
            declared = Some(manifest(scene.format.ecosystem, entry.name(), &repository(&entry)));
            Some(edits)
        })
    })?;
    let (name, text) = declared?;
    head.insert(format!("docs/sample/{name}"), text);
    Some(Change { base: scene.base.clone(), head })
}

/// A manifest that takes a package from a repository.
fn manifest(ecosystem: Ecosystem, name: &str, repository: &str) -> (&'static str, String) {
    let place = format!("https://{repository}");
    match ecosystem {
        Ecosystem::Cargo => (
            "Cargo.toml",
            format!(
                "[package]\nname = \"sample\"\nversion = \"1.0.0\"\n\n[dependencies]\n\
                 {name} = {{ git = \"{place}\", rev = \"{COMMIT}\" }}\n"
            ),
        ),
        Ecosystem::PyPi => (
            "pyproject.toml",
            format!(
                "[project]\nname = \"sample\"\nversion = \"1.0.0\"\ndependencies = [\"{name}\"]\n\n\
                 [tool.uv.sources]\n{name} = {{ git = \"{place}\", rev = \"{COMMIT}\" }}\n"
            ),
        ),
        _ => (
            "package.json",
            format!(
                "{{\"name\": \"sample\", \"version\": \"1.0.0\", \
                 \"dependencies\": {{\"{name}\": \"git+{place}.git#{COMMIT}\"}}}}\n"
            ),
        ),
    }
}

fn moved(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let source = entry.package.source.as_ref().filter(|_| matches!(entry.package.origin, Origin::Git(_)))?;
    let owner = source.raw.find("/acme/")?;
    Some(vec![entry.replace(&source.raw[owner..owner + 6], "/mallory/")])
}

fn unpinned(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let source = entry.package.source.as_ref().filter(|_| matches!(entry.package.origin, Origin::Git(_)))?;
    let commit = source.raw.find('#')?;
    Some(vec![entry.replace(&source.raw[commit..], "")])
}

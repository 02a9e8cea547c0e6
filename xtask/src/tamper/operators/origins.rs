//! Another kind of source.

use lockproof::model::Origin;

use super::Grade::Error;
use super::addresses::NO_ADDRESS;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry};

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

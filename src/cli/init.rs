//! `lockproof init`: a policy of what the lockfiles pin today.

use std::io::ErrorKind;
use std::path::Path;

use clap::Args;

use super::{CLEAN, INCOMPLETE, USAGE, complain, complain_of, here, print, with_threads};
use crate::context::World;
use crate::model::Lockfile;
use crate::options::{Base, Options, PolicyFile};
use crate::policy::draft::Draft;
use crate::read::{self, Sources};
use crate::render::count;
use crate::{policy, write};

/// Writes lockproof.toml from what the lockfiles pin today: registries, scopes that have one of their own, git
/// repositories. What stands there already is never overwritten.
#[derive(Args)]
pub(super) struct InitArgs {}

pub(super) fn run(_: InitArgs) -> u8 {
    let folder = match here() {
        Ok(folder) => folder,
        Err(error) => return complain(&error, USAGE),
    };
    let options = Options { folder, base: Base::None, policy: PolicyFile::None, ..Options::default() };
    with_threads(0, || {
        let sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        let root = sources.root.as_deref().unwrap_or(&options.folder);
        match why_not(root, &sources) {
            Some((why, code)) => complain(&why, code),
            None => draft(root, &sources),
        }
    })
}

/// Why nothing is written.
fn why_not(root: &Path, sources: &Sources) -> Option<(String, u8)> {
    if let Some(name) = policy::FILES.iter().find(|name| root.join(name).symlink_metadata().is_ok()) {
        return Some((format!("{name} is there already: it is left as it is"), USAGE));
    }
    if let Some(problem) = sources.problems.first() {
        return Some((format!("{problem}: what is pinned is not known"), INCOMPLETE));
    }
    sources.lockfiles.is_empty().then(|| ("there are no lockfiles here: nothing is pinned".to_owned(), USAGE))
}

fn draft(root: &Path, sources: &Sources) -> u8 {
    let read = sources.lockfiles.iter().filter_map(|file| Some(file.format?.read(file.head.as_ref()?)));
    let lockfiles: Vec<Lockfile<'_>> = read.collect();
    if let Some(lockfile) = lockfiles.iter().find(|it| !it.is_readable()) {
        let why = format!("{} can't be read: what is pinned is not known", lockfile.source.path);
        return complain(&why, INCOMPLETE);
    }
    let companions = sources.companions.iter().filter_map(|file| file.head.as_ref()).collect();
    let world = World::new(lockfiles.iter().collect(), companions, &sources.head_paths);
    let draft = Draft::new(&world);
    let name = policy::FILES[0];
    match write::anew(&root.join(name), draft.text().as_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return complain(&format!("{name} is there already: it is left as it is"), USAGE);
        }
        Err(error) => return complain(&format!("{name}: {error}"), INCOMPLETE),
    }
    let (registries, repositories) = draft.size();
    let registries =
        if registries == 1 { "1 registry".to_owned() } else { format!("{registries} registries") };
    let repositories = if repositories == 1 {
        "1 git repository".to_owned()
    } else {
        format!("{repositories} git repositories")
    };
    let from = count(lockfiles.len(), "lockfile");
    print(&format!("{name} pins {registries} and {repositories}, from {from}. Read it, then commit it.\n"));
    for text in &draft.left_out {
        print(&format!("Left out, since no real place looks like it: {text}\n"));
    }
    CLEAN
}

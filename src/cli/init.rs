//! `lockproof init`: a policy of what the lockfiles pin today.

use std::io::ErrorKind;
use std::path::Path;

use clap::Args;

use super::{CLEAN, INCOMPLETE, USAGE, complain, complain_of, here, print, with_threads};
use crate::actions::draft;
use crate::actions::draft::Draft;
use crate::actions::write;
use crate::check;
use crate::model::Lockfile;
use crate::policy;
use crate::policy::Policy;
use crate::read::options::{Base, Options, PolicyFile};
use crate::read::{self, File, Sources};
use crate::render::count;
use crate::text::escape;
use crate::world::World;

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
        let mut sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        let root = sources.root.clone().unwrap_or_else(|| options.folder.clone());
        match why_not(&root) {
            Some(why) => complain(&why, USAGE),
            None => draft(&root, &mut sources, &options),
        }
    })
}

/// Why nothing is written.
fn why_not(root: &Path) -> Option<String> {
    let name = policy::FILES.iter().find(|name| root.join(name).symlink_metadata().is_ok())?;
    Some(format!("{name} is there already: it is left as it is"))
}

fn draft(root: &Path, sources: &mut Sources, options: &Options) -> u8 {
    let mut drafted = drafted(sources);
    // What the policy would find in fixtures is there on purpose.
    if let Ok(policy) = Policy::parse(policy::FILES[0], &drafted.text()) {
        sources.policy = policy;
    }
    drafted.exclude(&check::lint(sources, options).findings);
    drafted.unread = unread(sources, &drafted);
    let name = policy::FILES[0];
    match write::anew(&root.join(name), drafted.text().as_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return complain(&format!("{name} is there already: it is left as it is"), USAGE);
        }
        Err(error) => return complain(&format!("{name}: {error}"), INCOMPLETE),
    }
    say(name, &drafted, sources)
}

/// Of the project's own files: what stands in fixtures pins nothing for it.
fn drafted(sources: &Sources) -> Draft {
    let own = |path: &str| !draft::is_of_fixture(path);
    let files = sources.lockfiles.iter().filter(|file| own(&file.path));
    let read = files.filter_map(|file| Some(file.format?.read(file.head.as_ref()?)));
    let lockfiles: Vec<Lockfile<'_>> = read.collect();
    let companions = sources.companions.iter().filter(|file| own(&file.path));
    let companions = companions.filter_map(|file| file.head.as_ref()).collect();
    Draft::new(&World::new(lockfiles.iter().collect(), companions, &sources.head_paths))
}

/// What could not be read, so that nobody knows what it pins.
fn unread(sources: &Sources, drafted: &Draft) -> Vec<String> {
    let broken = |file: &&File| {
        let lockfile = file.format.zip(file.head.as_ref()).map(|(format, source)| format.read(source));
        lockfile.is_some_and(|it| !it.is_readable()) && !drafted.excludes(&file.path)
    };
    let broken = sources.lockfiles.iter().filter(broken).map(|file| format!("{}: it is broken", file.path));
    sources.problems.iter().cloned().chain(broken).collect()
}

fn say(name: &str, draft: &Draft, sources: &Sources) -> u8 {
    let (registries, repositories) = draft.size();
    let registries =
        if registries == 1 { "1 registry".to_owned() } else { format!("{registries} registries") };
    let repositories = if repositories == 1 {
        "1 git repository".to_owned()
    } else {
        format!("{repositories} git repositories")
    };
    let from = count(draft.lockfiles, "lockfile");
    print(&format!("{name} pins {registries} and {repositories}, from {from}. Read it, then commit it.\n"));
    for glob in &draft.excluded {
        print(&format!(
            "Excluded, since it looks like fixtures and has findings: {}\n",
            escape::message(glob)
        ));
    }
    for text in &draft.left_out {
        print(&format!("Left out, since no real place looks like it: {text}\n"));
    }
    for what in &draft.unread {
        complain(&format!("not read, so nothing that it pins is in {name}: {what}"), INCOMPLETE);
    }
    if let Some(stage) = sources.stand.stage(name).filter(|_| sources.stand.ignores_policy) {
        print(&format!("Git ignores it here: {stage} tracks it all the same.\n"));
    }
    if draft.unread.is_empty() { CLEAN } else { INCOMPLETE }
}

//! `lockproof tool verify`: the rules about tool lockfiles, on everything that this disk has of them.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::agents::tool::disk::{Folders, Scope, Tier};
use crate::check;
use crate::cli::{CLEAN, FOUND, INCOMPLETE, USAGE, print};
use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::git::Repo;
use crate::policy::ToolMode;
use crate::read::clock;
use crate::read::options::{Base, Options};
use crate::read::{self, File, Sources};
use crate::render::terminal;
use crate::rules;
use crate::text::escape::shell;

#[derive(Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The id of a tool; without it, all
    tool: Option<String>,
    /// Whether what is missing, stale or of another version is a warning or an error [default: the policy's, or warn]
    #[arg(long, value_enum)]
    mode: Option<ModeArg>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeArg {
    Warn,
    Strict,
}

pub(super) fn run(arguments: &VerifyArgs, folder: &Path) -> Result<u8, (String, u8)> {
    let mut sources = sources(folder, vec![Folders::below(Scope::Project, folder).read()])?;
    if let Some(mode) = arguments.mode {
        sources.policy.set_tool_mode(match mode {
            ModeArg::Warn => ToolMode::Warn,
            ModeArg::Strict => ToolMode::Strict,
        });
    }
    let user = [Folders::of_user(true), Folders::of_user(false)];
    let others = user.into_iter().flatten().chain(Folders::of_system(folder));
    sources.tiers = others.map(|folders| folders.read()).filter(|tier| !tier.sources.is_empty()).collect();
    if let Some(tool) = &arguments.tool {
        only(&mut sources, tool)?;
    }
    let ids = rules::ALL.iter().filter(|rule| rule.families.contains(&Family::Tools) && !rule.is_change());
    let ids: Vec<_> = ids.map(|rule| rule.id).collect();
    let code = report(&sources, &ids)?;
    note_ignored(folder);
    Ok(code)
}

/// Lockfiles may be kept out of git on purpose; it is only said.
fn note_ignored(folder: &Path) {
    let store = folder.join(".ai/lockfiles");
    let repo = Repo::open(folder).ok().flatten();
    let root = repo.as_ref().and_then(|repo| std::fs::canonicalize(repo.root().ok()?).ok());
    let inside = root.and_then(|root| Some(store.strip_prefix(root).ok()?.to_owned()));
    if let (Some(repo), Some(inside)) = (repo, inside)
        && store.is_dir()
        && repo.is_ignored(&inside).is_ok_and(|ignored| ignored)
    {
        print("Git ignores .ai/lockfiles: nobody else gets these lockfiles.\n");
    }
}

/// Judges tiers by some rules.
pub(super) fn judge(folder: &Path, tiers: Vec<Tier>, rules: &[&str]) -> Result<u8, (String, u8)> {
    report(&sources(folder, tiers)?, rules)
}

/// What was read of tiers, as the check takes it: git has no say in it.
fn sources(folder: &Path, tiers: Vec<Tier>) -> Result<Sources, (String, u8)> {
    let options = Options { folder: folder.to_owned(), base: Base::None, ..Options::default() };
    let read = read::read(&options)
        .map_err(|error| (error.to_string(), if error.is_usage() { USAGE } else { INCOMPLETE }))?;
    let mut sources = Sources::new(read.head, read.policy);
    sources.root = read.root;
    for tier in tiers {
        sources.problems.extend(tier.problems);
        for source in tier.sources {
            let path = source.path.clone();
            let format = formats::of_file(&path, Some(&source), None);
            sources.head_paths.push(path.clone());
            let file = File { path, format, head: Some(source), base: None, same: false, judged: true };
            if file.format.is_some() { sources.lockfiles.push(file) } else { sources.companions.push(file) }
        }
    }
    sources.head_paths.sort();
    Ok(sources)
}

/// Judges the lockfiles of one tool only.
fn only(sources: &mut Sources, tool: &str) -> Result<(), (String, u8)> {
    let is_it = |file: &File| {
        let lockfile = file.format.zip(file.head.as_ref()).map(|(format, source)| format.read(source));
        lockfile.and_then(|it| it.tool).is_some_and(|it| it.root.id.as_str() == tool)
    };
    for file in &mut sources.lockfiles {
        file.judged = is_it(file);
    }
    let is_its_own = |path: &str| {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        stem.ends_with(&format!("/{tool}"))
    };
    for file in &mut sources.companions {
        file.judged = is_its_own(&file.path);
    }
    match sources.lockfiles.iter().any(|file| file.judged) {
        true => Ok(()),
        false => {
            let freeze = format!("lockproof tool freeze {}", shell(tool));
            Err((format!("No lockfile found for {tool}. `{freeze}` writes it."), FOUND))
        }
    }
}

fn report(sources: &Sources, rules: &[&str]) -> Result<u8, (String, u8)> {
    let now = Some(clock::now().map_err(|error| (error, USAGE))?);
    let select = rules.iter().map(|id| (*id).to_owned()).collect();
    let outcome = check::lint(sources, &Options { select, now, base: Base::None, ..Options::default() });
    let style = terminal::Style { color: false, width: 100, quiet: false, verbose: false };
    print(&terminal::report(sources, &outcome, style));
    let fails = outcome.worst() == Some(Level::Error);
    Ok(match (outcome.is_complete(), fails) {
        (false, _) => INCOMPLETE,
        (true, true) => FOUND,
        (true, false) => CLEAN,
    })
}

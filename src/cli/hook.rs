//! `lockproof hook`: sets up git hooks, and takes them away.

use clap::{Args, Subcommand, ValueEnum};

use super::{INCOMPLETE, USAGE, complain, complain_of, here, print};
use crate::actions::hook::{Change, HookError, Hooks, Stage};
use crate::git::Repo;
use crate::text::escape;

#[derive(Subcommand)]
pub(super) enum HookCommand {
    /// Set up git hooks that check what is committed, merged and pushed
    ///
    /// A hook that is there already keeps running, before lockproof's. Nothing is overwritten. Exit codes: 0 done, 2
    /// refused, 3 something could not be read or written.
    Install(HookArgs),
    /// Take them away, and put back what was there before
    Uninstall(HookArgs),
}

#[derive(Args)]
pub(super) struct HookArgs {
    /// Only these hooks; all when there is none
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STAGE")]
    stage: Vec<StageArg>,
    /// Also where core.hooksPath leads out of the repository, to hooks that others may use too
    #[arg(long)]
    shared: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StageArg {
    /// What is about to be committed
    #[value(name = "pre-commit")]
    Commit,
    /// A merge without conflicts
    #[value(name = "pre-merge-commit")]
    Merge,
    /// Every branch and tag that is pushed
    #[value(name = "pre-push")]
    Push,
}

impl HookArgs {
    fn stages(&self) -> Vec<Stage> {
        let named = |stage: &Stage| self.stage.iter().any(|it| Stage::from(*it) == *stage);
        Stage::ALL.into_iter().filter(|stage| self.stage.is_empty() || named(stage)).collect()
    }
}

impl From<StageArg> for Stage {
    fn from(stage: StageArg) -> Stage {
        match stage {
            StageArg::Commit => Stage::Commit,
            StageArg::Merge => Stage::Merge,
            StageArg::Push => Stage::Push,
        }
    }
}

pub(super) fn run(command: HookCommand) -> u8 {
    let folder = match here() {
        Ok(folder) => folder,
        Err(error) => return complain(&error, USAGE),
    };
    let repo = match Repo::open(&folder) {
        Ok(Some(repo)) => repo,
        Ok(None) => {
            let shown = folder.display();
            return complain(&format!("{shown} is in no git repository: there are no hooks"), USAGE);
        }
        Err(error) => return complain_of(&error.into()),
    };
    match apply(&repo, &command) {
        Ok(text) => print(&text),
        Err(HookError::Repo(error)) => complain_of(&error.into()),
        Err(error @ HookError::Refused(_)) => complain(&error.to_string(), USAGE),
        Err(error @ HookError::Failed { .. }) => complain(&error.to_string(), INCOMPLETE),
    }
}

fn apply(repo: &Repo, command: &HookCommand) -> Result<String, HookError> {
    let (HookCommand::Install(arguments) | HookCommand::Uninstall(arguments)) = command;
    let hooks = Hooks::of(repo, arguments.shared)?;
    let stages = arguments.stages();
    let changes = match command {
        HookCommand::Install(_) => {
            // Where PATH is short, as in a graphical client, the program that is running now will do.
            let program = std::env::current_exe().ok();
            hooks.install(&stages, program.as_deref())?
        }
        HookCommand::Uninstall(_) => hooks.uninstall(&stages)?,
    };
    let line = |(stage, change): (&Stage, &Change)| {
        let path = hooks.path(*stage);
        format!("{}\n", escape::message(&format!("{}: {}", path.display(), told(change))))
    };
    Ok(stages.iter().zip(&changes).map(line).collect())
}

fn told(change: &Change) -> String {
    match change {
        Change::Installed => "set up".to_owned(),
        Change::Chained(before) => {
            let name = before.file_name().unwrap_or_default().to_string_lossy();
            format!("set up; the hook that was there runs first, as {name}")
        }
        Change::Updated => "brought up to date".to_owned(),
        Change::Unchanged => "is set up already".to_owned(),
        Change::Removed => "taken away".to_owned(),
        Change::Restored => "taken away; the hook that was there before is back".to_owned(),
        Change::Absent => "was not lockproof's: left alone".to_owned(),
    }
}

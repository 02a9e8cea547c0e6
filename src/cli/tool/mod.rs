//! `lockproof tool`: the command line that the systems behind tool lockfiles never had.
//!
//! Verification is the check's own. The other commands work on the stores as they stand on disk, whether git keeps them
//! or not; they write only what they say that they write.

mod freeze;
mod hash;
mod index;
mod list;
mod prune;
mod verify;

use std::path::Path;

use clap::{Subcommand, ValueEnum};

use super::{USAGE, complain, here};
use crate::agents::tool::disk::{Folders, Scope, Tier, project_around};
use crate::agents::tool::{lock, store};
use crate::ecosystems::formats::{kiwi, rye};
use crate::model::Lockfile;
use crate::text::source::Source;

#[derive(Subcommand)]
pub(super) enum ToolCommand {
    /// Write lockfiles for tools, from the tools as they are
    Freeze(freeze::FreezeArgs),
    /// Check tool lockfiles against the tools, in every tier that can be read
    Verify(verify::VerifyArgs),
    /// List the lockfiles of every tier, and what shadows what
    List(list::ListArgs),
    /// Remove lockfiles that were not validated for a while
    Prune(prune::PruneArgs),
    /// Check or write the index of a store
    Index(index::IndexArgs),
    /// Hash a tool, a JSON text or an item as the systems do
    Hash(hash::HashArgs),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScopeArg {
    Project,
    User,
}

pub(super) fn run(command: ToolCommand) -> u8 {
    match command {
        ToolCommand::Freeze(arguments) => in_project(|project| freeze::run(&arguments, project)),
        ToolCommand::Verify(arguments) => in_project(|project| verify::run(&arguments, project)),
        ToolCommand::List(arguments) => in_project(|project| list::run(&arguments, project)),
        ToolCommand::Prune(arguments) => in_project(|project| prune::run(&arguments, project)),
        ToolCommand::Index(arguments) => in_project(|project| index::run(&arguments, project)),
        ToolCommand::Hash(arguments) => hash::run(&arguments),
    }
}

/// The project is the nearest folder with an `.ai`.
fn in_project(work: impl FnOnce(&Path) -> Result<u8, (String, u8)>) -> u8 {
    let project = here().map(|here| project_around(&here)).map_err(|error| (error, USAGE));
    project.and_then(|project| work(&project)).unwrap_or_else(|(message, code)| complain(&message, code))
}

/// The lockfiles of a tier, by their place in it.
fn lockfiles(tier: &Tier) -> Vec<(&str, Lockfile<'_>)> {
    let is_one = |source: &&Source| lock::is_one(source.raw()) || store::is_lockfile(&source.path);
    let found = tier.sources.iter().filter(|source| source.path.ends_with(".lock.json")).filter(is_one);
    found
        .map(|source| {
            let below = store::place(&source.path).map_or(source.path.as_str(), |place| place.below);
            let format = if lock::is_rye(source.raw()) { &rye::FORMAT } else { &kiwi::FORMAT };
            (below, format.read(source))
        })
        .collect()
}

/// The text of a tier's index, and whether there is one.
fn index_of(tier: &Tier) -> Option<&Source> {
    tier.sources.iter().find(|source| source.path.ends_with("lockfiles/.index.json"))
}

/// The tiers that were asked for; both, when none was.
fn tiers(scope: Option<ScopeArg>, project: &Path) -> Vec<Tier> {
    let wants = |it: ScopeArg| scope.is_none_or(|scope| scope == it);
    let own = wants(ScopeArg::Project).then(|| Folders::below(Scope::Project, project));
    // Only Kiwi has indexes and prunes, so its user's folder it is.
    let user = Folders::of_user(false).filter(|_| wants(ScopeArg::User));
    own.into_iter().chain(user).map(|folders| folders.read()).collect()
}

/// A path as it is told: below the tier's folder.
fn shown(tier: &Tier, below: &str) -> String {
    format!("{}.ai/lockfiles/{below}", tier.scope.prefix())
}

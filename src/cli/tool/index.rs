//! `lockproof tool index`: does the index say what the lockfiles say, and if not, write it anew.

use std::path::Path;

use clap::Args;

use super::{ScopeArg, index_of, lockfiles, shown, tiers, verify};
use crate::actions::write;
use crate::agents::tool::disk::Tier;
use crate::agents::tool::freeze;
use crate::agents::tool::index::Index;
use crate::agents::tool::time;
use crate::cli::{CLEAN, INCOMPLETE, USAGE, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct IndexArgs {
    /// Compare the index with the lockfiles
    #[arg(long, required_unless_present = "rebuild", conflicts_with = "rebuild")]
    check: bool,
    /// Write the index from the lockfiles; what was validated when is kept
    #[arg(long)]
    rebuild: bool,
    /// One tier only
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
}

pub(super) fn run(arguments: &IndexArgs, folder: &Path) -> Result<u8, (String, u8)> {
    let tiers = tiers(arguments.scope, folder);
    if arguments.check {
        let rules = ["tool-index-mismatch", "tool-path-escape"];
        return verify::judge(folder, tiers, &rules);
    }
    let now = crate::read::clock::now().map_err(|error| (error, USAGE))?;
    let mut out = String::new();
    for tier in &tiers {
        if rebuild(tier, &time::format(now, 0))? {
            out.push_str(&escape::message(&format!("wrote {}", shown(tier, ".index.json"))));
            out.push('\n');
        }
    }
    print(if out.is_empty() { "There are no lockfiles of Kiwi's here.\n" } else { &out });
    Ok(CLEAN)
}

/// Writes what there is; nothing where there is neither a lockfile nor an index.
fn rebuild(tier: &Tier, now: &str) -> Result<bool, (String, u8)> {
    let old = index_of(tier).map(Index::read);
    let found = lockfiles(tier);
    let mut entries: Vec<_> = found
        .iter()
        .filter_map(|(below, lockfile)| Some((*below, lockfile.tool.as_deref()?)))
        .filter(|(_, tool)| !tool.is_rye() && tool.refusals.is_empty())
        .collect();
    if entries.is_empty() && old.is_none() {
        return Ok(false);
    }
    // The last of a key has it: Kiwi opens only the file without a chain hash in its name.
    entries.sort_by_key(|(below, tool)| {
        (tool.root.label(), !below.contains(&format!(".{}.lock", tool.chain_hash())))
    });
    let entries = entries.into_iter().map(|(below, tool)| {
        let validated = old.as_ref().and_then(|index| freeze::last_validated(index, below));
        freeze::index_entry(below, tool, tier.scope.name(), validated)
    });
    let text = freeze::index(entries, now);
    let written = write::below(&tier.base, ".index.json", text.as_bytes());
    written.map_err(|error| (format!("{}: {error}", shown(tier, ".index.json")), INCOMPLETE))?;
    Ok(true)
}

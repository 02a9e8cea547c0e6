//! `lockproof tool prune`: the original's prune, without what it deletes by mistake.

use std::path::Path;

use clap::Args;

use super::{ScopeArg, index_of, shown, tiers};
use crate::actions::write;
use crate::agents::tool::disk::Tier;
use crate::agents::tool::freeze;
use crate::agents::tool::index::{Entry, Index, STALE_AFTER};
use crate::agents::tool::time::NoTime;
use crate::cli::{CLEAN, FOUND, INCOMPLETE, USAGE, complain, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct PruneArgs {
    /// Full days without validation
    #[arg(long, value_name = "DAYS", default_value_t = STALE_AFTER)]
    older_than: i64,
    /// One tier only
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// Remove them; without this, they are only named
    #[arg(long)]
    write: bool,
}

pub(super) fn run(arguments: &PruneArgs, folder: &Path) -> Result<u8, (String, u8)> {
    let now = crate::read::clock::now().map_err(|error| (error, USAGE))?;
    let mut code = CLEAN;
    let mut out = String::new();
    for tier in tiers(arguments.scope, folder) {
        code = code.max(prune(arguments, &tier, now, &mut out)?);
    }
    if out.is_empty() {
        out = format!("Nothing was left without validation for more than {} days.\n", arguments.older_than);
    }
    print(&out);
    Ok(code)
}

fn prune(arguments: &PruneArgs, tier: &Tier, now: i64, out: &mut String) -> Result<u8, (String, u8)> {
    let Some(source) = index_of(tier) else { return Ok(CLEAN) };
    let index = Index::read(source);
    if let Some(fault) = index.faults.first() {
        return Ok(complain(&format!("{} can't be read: {}", source.path, fault.message), FOUND));
    }
    let mut code = CLEAN;
    let mut gone = Vec::new();
    for entry in &index.entries {
        match judge(arguments, entry, now) {
            Ok(None) => {}
            Ok(Some((path, days))) => {
                let verb = if arguments.write { "removed" } else { "would remove" };
                let line = format!("{verb} {}, {days} days old", shown(tier, path));
                out.push_str(&format!("{}\n", escape::message(&line)));
                gone.push((entry.key.as_str(), path));
            }
            Err(why) => code = complain(&format!("{}: {} {why}", source.path, entry.key.as_str()), FOUND),
        }
    }
    if arguments.write && !gone.is_empty() {
        remove(tier, source.raw(), &gone)?;
    }
    Ok(code)
}

/// Whether an entry is stale: its path, and its age.
fn judge<'e>(
    arguments: &PruneArgs,
    entry: &'e Entry<'_>,
    now: i64,
) -> Result<Option<(&'e str, i64)>, &'static str> {
    let days = match entry.age(now) {
        Some(Ok(days)) if days > arguments.older_than => days,
        Some(Err(NoTime::Naive)) => return Err("has a time without a zone: left alone"),
        Some(Err(NoTime::Malformed)) => return Err("has a time that is none: left alone"),
        _ => return Ok(None),
    };
    let path = entry.safe_path().ok_or("points out of its store: left alone")?;
    Ok(Some((path, days)))
}

fn remove(tier: &Tier, index: &str, gone: &[(&str, &str)]) -> Result<(), (String, u8)> {
    let failed = |path: &str, why: String| (format!("{}: {why}", shown(tier, path)), INCOMPLETE);
    let keys: Vec<&str> = gone.iter().map(|(key, _)| *key).collect();
    let index =
        freeze::edited_index(index, Vec::new(), &keys, None).map_err(|why| failed(".index.json", why))?;
    for (_, path) in gone {
        write::remove_below(&tier.base, path).map_err(|error| failed(path, error.to_string()))?;
    }
    write::below(&tier.base, ".index.json", index.as_bytes())
        .map_err(|error| failed(".index.json", error.to_string()))
}

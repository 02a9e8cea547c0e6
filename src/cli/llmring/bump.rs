//! `lockproof llmring bump`: pins rise to what the snapshot has, and the policy keeps what was pinned.

use std::collections::BTreeSet;

use clap::Args;

use super::{
    Done, Failed, FileArg, PolicyAt, RegistryArg, Snapshot, loadable, now, policy_around, rewrite, write,
};
use crate::agents::llmring::document::Document;
use crate::agents::llmring::edit::{Bump, Change, apply, bump, keep};
use crate::agents::llmring::registry::Registry;
use crate::cli::{CLEAN, FOUND, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct BumpArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    registry: RegistryArg,
    /// Write nothing; say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &BumpArgs) -> Done {
    let (path, source) = arguments.file.read()?;
    let document = loadable(&source, "nothing was changed")?;
    let around = policy_around(&path)?;
    let snapshot = arguments.registry.required(&around)?;
    let registry = snapshot.registry();
    if let Some(why) = tampered(&document, &registry, &around) {
        return Err(Failed::found(format!("{why}; nothing was changed")));
    }
    let bump = bump(&document, &registry, &around.policy);
    print(&told(&bump));
    if arguments.dry_run {
        return Ok(CLEAN);
    }
    let kept = archives(&document, &bump, &registry);
    // The hashes first: a pin must not stand without what it was made of.
    remember(&around, &snapshot, &kept)?;
    if !bump.raised.is_empty() {
        let mut changes: Vec<_> = bump
            .raised
            .iter()
            .map(|it| Change::Pin {
                profile: it.profile.clone(),
                provider: it.provider.clone(),
                version: it.to,
            })
            .collect();
        changes.push(Change::Stamp(now()?));
        let text = apply(source.text(), &document, &changes)
            .map_err(|why| Failed::found(format!("{}: {why}; nothing was changed", source.path)))?;
        rewrite(&path, source.raw(), &text)?;
        print(&escape::message(&format!("{} was written.", source.path)));
        print("\n");
    }
    Ok(if bump.raised.is_empty() && bump.left.iter().any(|it| it.contains("chain")) { FOUND } else { CLEAN })
}

fn told(bump: &Bump) -> String {
    let mut out = String::new();
    for it in &bump.raised {
        let from = it.from.as_deref().unwrap_or("not pinned");
        let line = format!("{} in profile `{}`: {from} → {}", it.provider, it.profile, it.to);
        out += &format!("raised  {}\n", escape::message(&line));
    }
    for line in &bump.left {
        out += &format!("left    {}\n", escape::message(line));
    }
    out
}

/// An archive that is pinned and is not what the policy keeps the hash of.
fn tampered(document: &Document<'_>, registry: &Registry<'_>, around: &PolicyAt) -> Option<String> {
    let pins = document.profiles.iter().flat_map(|profile| &profile.pins);
    let archives = pins.filter_map(|pin| Some((pin.provider.as_str(), pin.version()?)));
    archives.into_iter().find_map(|(provider, version)| {
        let kept = around.policy.archive(provider, version)?;
        let found = registry.archive(provider, version)?.sha256();
        (kept != found).then(|| {
            format!(
                "version {version} of {provider} was rewritten: it has sha256 {found}, and {} keeps {kept}",
                around.path.display()
            )
        })
    })
}

/// The archives that are pinned once the bump is done, with their hashes.
fn archives(document: &Document<'_>, bump: &Bump, registry: &Registry<'_>) -> Vec<(String, String)> {
    let raised = bump.raised.iter().map(|it| (it.provider.as_str(), it.to));
    let is_raised = |profile: &str, provider: &str| {
        bump.raised.iter().any(|it| it.profile == profile && it.provider == provider)
    };
    let kept =
        document.profiles.iter().flat_map(|profile| profile.pins.iter().map(move |pin| (profile, pin)));
    let kept = kept.filter(|(profile, pin)| !is_raised(profile.name(), pin.provider.as_str()));
    let kept = kept.filter_map(|(_, pin)| Some((pin.provider.as_str(), pin.version()?)));
    let all: BTreeSet<_> = raised.chain(kept).collect();
    hashes(registry, all)
}

/// As the policy writes them: `openai/7`, and the hash.
pub(super) fn hashes<'p>(
    registry: &Registry<'_>,
    archives: impl IntoIterator<Item = (&'p str, u64)>,
) -> Vec<(String, String)> {
    let hash = |(provider, version): (&str, u64)| {
        let archive = registry.archive(provider, version)?;
        let holds = registry.chain(provider, version) != crate::agents::llmring::registry::Chain::Broken;
        holds.then(|| (format!("{provider}/{version}"), archive.sha256()))
    };
    archives.into_iter().filter_map(hash).collect()
}

/// Writes the hashes into the policy, and the folder of the registry where the policy names none and it lies inside.
pub(super) fn remember(
    around: &PolicyAt,
    snapshot: &Snapshot,
    kept: &[(String, String)],
) -> Result<(), Failed> {
    let real = std::fs::canonicalize(&snapshot.folder).unwrap_or_default();
    let root = std::fs::canonicalize(&around.root).unwrap_or_default();
    let inside = real.strip_prefix(&root).ok().and_then(|it| it.to_str()).map(|it| it.replace('\\', "/"));
    let folder = inside.filter(|it| !it.is_empty() && around.policy.registry().is_none());
    let text = keep(&around.text, folder.as_deref(), kept)
        .map_err(|why| Failed::usage(format!("{}: {why}", around.path.display())))?;
    if text != around.text {
        match around.text.is_empty() {
            true => write(&around.path, &text)?,
            false => rewrite(&around.path, &around.text, &text)?,
        }
        let count = kept.len();
        let what = if count == 1 { "hash of 1 archive" } else { "hashes of the pinned archives" };
        print(&(escape::message(&format!("{} keeps the {what}.", around.path.display())) + "\n"));
    }
    Ok(())
}

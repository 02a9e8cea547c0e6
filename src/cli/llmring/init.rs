//! `lockproof llmring init`: a new lockfile, from what the snapshot of the registry has today.

use std::path::PathBuf;

use clap::Args;

use super::bump::{hashes, remember};
use super::{Done, Failed, RegistryArg, now, policy_around, read, write};
use crate::agents::llmring::edit::target;
use crate::agents::llmring::init::{PROFILES, choose, text};
use crate::agents::llmring::place::NAME;
use crate::agents::llmring::reader;
use crate::agents::llmring::registry::Registry;
use crate::agents::llmring::save::save;
use crate::agents::llmring::value::Syntax;
use crate::agents::llmring::{Build, loaded};
use crate::cli::{CLEAN, here, print};
use crate::read::{File, models};
use crate::text::escape;
use crate::text::source::{Side, Source};

#[derive(Args)]
pub(in crate::cli) struct InitArgs {
    /// The lockfile to make [default: llmring.lock in the directory of the Python package, else here]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Overwrite it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    registry: RegistryArg,
}

pub(super) fn run(arguments: &InitArgs) -> Done {
    let path = place(arguments)?;
    if path.exists() && !arguments.force {
        return Err(Failed::usage(format!("{} is there already; --force overwrites it", path.display())));
    }
    let around = policy_around(&path)?;
    let snapshot = arguments.registry.snapshot(&around)?;
    let now = now()?;
    let Some(snapshot) = snapshot else {
        let said = "It binds nothing: no snapshot of the model registry was named (`--registry DIR`). \
                    `lockproof llmring bind ALIAS PROVIDER:MODEL` binds an alias.";
        return finish(&path, &text(&[], None, &now), said);
    };
    let whole = snapshot.registry();
    let (trusted, left): (Vec<_>, Vec<_>) = whole
        .providers()
        .map(|(name, _)| (name, target(&whole, &around.policy, name)))
        .partition(|(_, target)| target.is_ok());
    for (provider, why) in left {
        let why = why.err().unwrap_or_default();
        print(&(escape::message(&format!("left out  {provider}: {why}")) + "\n"));
    }
    let is_trusted = |file: &&File| {
        crate::agents::llmring::registry::place(&file.path)
            .is_some_and(|(provider, _)| trusted.iter().any(|(it, _)| *it == provider))
    };
    let registry =
        Registry::new(snapshot.files.iter().filter(is_trusted).filter_map(|file| file.head.as_ref()));
    let choices = choose(&registry);
    let new = text(&choices, Some(&registry), &now);
    let pinned = registry.providers().map(|(name, provider)| (name, provider.latest().version));
    let used = |provider: &str| {
        choices.iter().flat_map(|it| &it.models).any(|it| it.starts_with(&format!("{provider}:")))
    };
    let pinned = pinned.filter(|(provider, _)| used(provider));
    remember(&around, &snapshot, &hashes(&registry, pinned))?;
    let said = match choices.len() {
        0 => "It binds nothing: the snapshot has no model that can be chatted with.".to_owned(),
        _ => choices.iter().map(|it| format!("  {} → {}\n", it.alias, it.models.join(", "))).collect(),
    };
    finish(&path, &new, &said)
}

/// Where the original's own commands would put it.
fn place(arguments: &InitArgs) -> Result<PathBuf, Failed> {
    if let Some(file) = &arguments.file {
        return Ok(file.clone());
    }
    let folder = here().map_err(Failed::usage)?;
    match &models::commanded(&folder)[..] {
        [one] => Ok(one.strip_prefix(&folder).map_or_else(|_| one.clone(), PathBuf::from)),
        several => {
            let list: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            Err(Failed::usage(format!(
                "there are several packages: choose with --file one of {}",
                list.join(", ")
            )))
        }
    }
}

fn finish(path: &std::path::Path, toml: &str, said: &str) -> Done {
    let text = if Syntax::of_path(&path.to_string_lossy()) == Syntax::Json {
        as_json(toml)?
    } else {
        toml.to_owned()
    };
    // A name that no reader takes for a lockfile is no place for one.
    let shown = path.display().to_string();
    if crate::ecosystems::formats::of_path(shown.as_bytes()).is_none_or(|it| it.id != "llmring") {
        return Err(Failed::usage(format!(
            "{shown} has no name of an llmring lockfile: {NAME} or {NAME}.json"
        )));
    }
    write(path, &text)?;
    read(path)?;
    let lines: String = said.lines().map(|line| escape::message(line) + "\n").collect();
    print(&format!(
        "{} was written, with the profiles {}.\n{lines}",
        escape::message(&shown),
        PROFILES.join(", ")
    ));
    Ok(CLEAN)
}

fn as_json(toml: &str) -> Result<String, Failed> {
    let source = Source::new(NAME, Side::Worktree, toml.as_bytes().to_vec());
    let (document, _) = reader::read(&source);
    let loaded = loaded::load(&document, Build::Published, "")
        .map_err(|_| Failed::unread("the new file does not load"))?;
    Ok(save(&loaded, Syntax::Json))
}

//! `lockproof llmring validate`: the whole lint on one lockfile, with the registry; what could not be checked is no success.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Done, Failed, FileArg, RegistryArg, cache, policy_around, read};
use crate::agents::llmring::reader;
use crate::cli::{CLEAN, FOUND, INCOMPLETE, complain_of, here, print};
use crate::findings::finding::Level;
use crate::read as sides;
use crate::read::options::{Base, Options};
use crate::render::terminal;
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct ValidateArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    registry: RegistryArg,
}

pub(super) fn run(arguments: &ValidateArgs) -> Done {
    let path = arguments.file.path()?;
    let source = read(&path)?;
    let around = policy_around(&path)?;
    let outside = arguments.registry.registry.clone();
    let fallback = || if around.policy.registry().is_none() { cache() } else { None };
    let here = here().map_err(Failed::usage)?;
    let registry = outside.or_else(fallback).map(|folder| here.join(folder));
    let (folder, name) = split(&here.join(&path))?;
    let options = Options { paths: vec![name], folder, base: Base::None, registry, ..Options::default() };
    let sources = match sides::read(&options) {
        Ok(sources) => sources,
        Err(error) => return Ok(complain_of(&error)),
    };
    let outcome = crate::check::lint(&sources, &options);
    let style = terminal::Style { color: false, width: 80, quiet: false, verbose: false };
    print(&terminal::report(&sources, &outcome, style));
    let (document, _) = reader::read(&source);
    for profile in &document.profiles {
        for binding in &profile.bindings {
            let models: Vec<_> = binding.models.iter().map(|model| model.as_str()).collect();
            let line = format!("  {} / {} → {}", profile.name(), binding.alias.as_str(), models.join(", "));
            print(&(escape::message(&line) + "\n"));
        }
    }
    let fails = outcome.worst() == Some(Level::Error);
    Ok(match outcome.is_complete() && outcome.coverage.unchecked.is_empty() {
        _ if fails => FOUND,
        true => CLEAN,
        false => INCOMPLETE,
    })
}

fn split(path: &Path) -> Result<(PathBuf, String), Failed> {
    let name = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), name) {
        (Some(folder), Some(name)) => Ok((folder.to_owned(), name.to_owned())),
        _ => Err(Failed::usage(format!("{} names no file", path.display()))),
    }
}

//! `llmring.lock`: which models an application talks to, by alias, profile and pinned version of the model registry.
//!
//! - [`reader`] makes a [`document`] of a file: what is written, every field with its place. [`value`] and [`stamp`] are
//!   what its values mean.
//! - [`loaded`] is what the original's reader makes of it: what digests and saved files are made from. [`save`] has the
//!   original's exact layouts.
//! - [`registry`] is a snapshot of the model registry, [`drift`] what changed in it.
//! - [`edit`] changes a lockfile and keeps the rest of it, [`init`] makes a new one, [`place`] knows which one a program
//!   and which one the original's commands would find.
//!
//! Two builds of the original call themselves 1.4.0 and disagree ([`Build`]). Nothing here does I/O but [`place`].

pub mod document;
pub mod drift;
#[cfg(feature = "cli")]
pub mod edit;
pub mod init;
pub mod loaded;
pub mod place;
pub mod reader;
pub mod registry;
pub mod rules;
pub mod save;
pub mod stamp;
pub mod value;

pub use document::Document;

use crate::model::Lockfile;
use crate::world::Models;

/// The builds of the original that disagree about what a lockfile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Version 1.4.0 as it was published: it knows no `extends`.
    Published,
    /// The head of its repository, which calls itself 1.4.0 as well: `extends` is part of every digest.
    Head,
}

impl Build {
    pub const ALL: [Build; 2] = [Build::Published, Build::Head];

    pub fn id(self) -> &'static str {
        match self {
            Build::Published => "1.4.0",
            Build::Head => "head",
        }
    }

    pub fn describe(self) -> &'static str {
        match self {
            Build::Published => "llmring 1.4.0 as published",
            Build::Head => "llmring at its repository's head, with `extends`",
        }
    }
}

/// The providers that the original has. It compares their names as they are spelled.
pub const PROVIDERS: [&str; 4] = ["openai", "anthropic", "google", "ollama"];

/// The providers whose models the registry lists; what runs on one's own machine is in no registry.
pub fn is_registered(provider: &str) -> bool {
    provider != "ollama" && PROVIDERS.contains(&provider)
}

/// What of a lockfile could not be held against the model registry, as a sentence.
pub fn unchecked(lockfile: &Lockfile<'_>, models: &Models<'_>) -> Option<String> {
    let document = lockfile.llmring.as_deref()?;
    let known = |provider: &str| models.registry().is_some_and(|it| it.provider(provider).is_some());
    let mut unchecked = std::collections::BTreeSet::new();
    for profile in &document.profiles {
        for (_, _, model) in profile.models() {
            let provider = split(model.as_str()).map(|it| it.0).filter(|it| is_registered(it) && !known(it));
            unchecked.extend(provider.map(|_| model.as_str()));
        }
    }
    if unchecked.is_empty() {
        return None;
    }
    let count = unchecked.len();
    let models_are = if count == 1 { "model is" } else { "models are" };
    let why = match models.registry() {
        Some(_) => "the snapshot of the model registry does not have their provider",
        None => {
            "no snapshot of the model registry is named (`--registry DIR`, or `[llmring] registry` in lockproof.toml)"
        }
    };
    Some(format!("{}: {count} {models_are} not held against the registry: {why}.", lockfile.source.path))
}

/// Provider and model of a reference, split where the original splits it.
pub fn split(reference: &str) -> Option<(&str, &str)> {
    reference.split_once(':')
}

/// The one of `known` that was probably meant.
pub fn near<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let far = |it: &str| crate::rules::distance(&name.to_lowercase(), it);
    let close = known.into_iter().map(|it| (far(it), it)).filter(|(far, it)| *far <= 2 && *far < it.len());
    close.min().map(|(_, it)| it)
}

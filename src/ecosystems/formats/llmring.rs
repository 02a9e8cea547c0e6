//! `llmring.lock`, schema 1.0, as TOML or JSON.
//!
//! It binds aliases to models and pins versions of the model registry. It has no hashes: a pin is a number, and nothing in
//! the file says what that version of the registry held. An entry is a model that an alias may lead to.

use super::{Family, Format, Links};
use crate::agents::llmring::document::{Document, Profile};
use crate::agents::llmring::reader;
use crate::agents::llmring::split;
use crate::model::{Ecosystem, Lockfile, Origin, Package};
use crate::text::source::Source;
use crate::text::syntax::Text;

pub static FORMAT: Format = Format {
    id: "llmring",
    family: Family::Models,
    ecosystem: Ecosystem::Llmring,
    files: &["llmring.lock", "llmring.lock.json", "*.llmring.lock", "*.llmring.lock.json"],
    manifests: &[],
    versions: &["1.0"],
    manifest_selects: false,
    hashes_archives: false,
    links: Links::None,
    parse,
};

fn parse(source: &Source) -> Lockfile<'_> {
    let mut lockfile = Lockfile::new(source, &FORMAT);
    let (document, faults) = reader::read(source);
    lockfile.faults = faults;
    lockfile.schema_version = document.version.clone();
    lockfile.packages = document.profiles.iter().flat_map(|profile| entries(profile)).collect();
    lockfile.llmring = Some(Box::new(document));
    lockfile
}

/// A model of a pool: pinned by the version of the registry that the profile pins for its provider.
fn entries<'p, 's>(profile: &'p Profile<'s>) -> impl Iterator<Item = Package<'s>> + 'p {
    profile.models().map(|(binding, at, model)| {
        let provider = split(model.as_str()).map_or("", |(provider, _)| provider);
        let pin = profile.pin(provider).map(|pin| Text::with(pin.at, pin.digits.clone()));
        let slot = format!("{}/{}/{at}", profile.name(), binding.alias.as_str());
        Package {
            slot: Text::with(model.raw, slot),
            name: model.clone(),
            version: pin,
            alias: Some(binding.alias.clone()),
            origin: Origin::Registry(None),
            ..Package::default()
        }
    })
}

/// The whole file, for who asks about aliases and pins; nothing of a file that can't be read.
pub fn document<'a, 's>(lockfile: &'a Lockfile<'s>) -> Option<&'a Document<'s>> {
    lockfile.llmring.as_deref().filter(|_| lockfile.is_readable())
}

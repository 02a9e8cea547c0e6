//! Rules about `llmring.lock`: what it binds, what it pins, and what its own reader makes of it.

pub mod llmring_alias_removed;
pub mod llmring_archive_mismatch;
pub mod llmring_corrupted_by_save;
pub mod llmring_empty;
pub mod llmring_encoding;
pub mod llmring_extends;
pub mod llmring_fallback_removed;
pub mod llmring_faulty_pool;
pub mod llmring_idle_pin;
pub mod llmring_impossible_pin;
pub mod llmring_malformed_model;
pub mod llmring_missing_archive;
pub mod llmring_model_swapped;
pub mod llmring_pin_lowered;
pub mod llmring_placement;
pub mod llmring_profile_mismatch;
pub mod llmring_refused;
pub mod llmring_secret;
pub mod llmring_stale_pin;
pub mod llmring_timestamps;
pub mod llmring_unknown_key;
pub mod llmring_unknown_model;
pub mod llmring_unpinned_provider;
pub mod llmring_unreachable_alias;
pub mod llmring_unstamped_change;
pub mod llmring_unusable_model;

use crate::agents::llmring::document::{Binding, Pin, Profile};
use crate::agents::llmring::registry::Registry;
use crate::ecosystems::formats::llmring::document;
use crate::model::Lockfile;
use crate::text::syntax::Text;
use crate::world::Context;

/// A profile that can be held against a snapshot of the model registry.
#[derive(Clone, Copy)]
struct Held<'c, 'a> {
    lockfile: &'a Lockfile<'a>,
    profile: &'a Profile<'a>,
    registry: &'c Registry<'a>,
}

/// Those of the whole head side: the archives may change while a lockfile stays.
fn held<'c, 'a>(cx: &'c Context<'a>) -> impl Iterator<Item = Held<'c, 'a>> {
    cx.head.models.registry().into_iter().flat_map(|registry| {
        let documents =
            cx.head.lockfiles.iter().filter_map(|&lockfile| Some((lockfile, document(lockfile)?)));
        documents.flat_map(move |(lockfile, document)| {
            document.profiles.iter().map(move |profile| Held { lockfile, profile, registry })
        })
    })
}

/// Their pins that are versions.
fn held_pins<'c, 'a>(cx: &'c Context<'a>) -> impl Iterator<Item = (Held<'c, 'a>, &'a Pin<'a>, u64)> {
    held(cx)
        .flat_map(|held| held.profile.pins.iter().filter_map(move |pin| Some((held, pin, pin.version()?))))
}

/// The models that they bind.
fn held_models<'c, 'a>(
    cx: &'c Context<'a>,
) -> impl Iterator<Item = (Held<'c, 'a>, &'a Binding<'a>, &'a Text<'a>)> {
    held(cx).flat_map(|held| held.profile.models().map(move |(binding, _, model)| (held, binding, model)))
}

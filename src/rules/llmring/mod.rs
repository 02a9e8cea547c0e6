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

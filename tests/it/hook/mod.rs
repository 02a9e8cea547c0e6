//! Git hooks: how `lockproof hook` sets them up, and what they stop.

mod commit;
mod install;
mod manifest;
mod occasion;
mod push;

use crate::support::{Place, Said, cargo};

const LOCK: &str = "Cargo.lock";

/// A repository with an honest lockfile, and the hooks.
fn hooked() -> Place {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.lockproof("hook install").exits(0);
    place
}

/// Git was stopped by a finding.
#[track_caller]
fn stopped(said: Said) {
    assert!(said.code != 0 && said.err.contains("error[pin-rewritten]"), "{said:?}");
    assert!(said.err.contains("lockproof: findings, so "), "{said:?}");
}

#[track_caller]
fn went_through(said: Said) {
    assert!(said.code == 0 && !said.err.contains("lockproof:"), "{said:?}");
}

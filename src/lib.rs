//! lockproof proves what a repository's lockfiles pin.
//!
//! # Bird's eye
//!
//! ```text
//! discover → read → parse → verify  → compare → check → render
//! which      both    bytes → hashes    before/   rules   text, json
//! lockfiles  sides   model   of bytes  after
//! ```
//!
//! As code, that is:
//!
//! ```no_run
//! use lockproof::artifacts::{self, Environment};
//! use lockproof::check::{self, Parsed};
//! use lockproof::{options::Options, read, render};
//!
//! let options = Options { folder: ".".into(), ..Options::default() };
//! let sources = read::read(&options)?; // owns every byte, of every side
//! let environment = Environment::of_process();
//! let parsed = Parsed::all(&sources); // borrows from here on
//! let pinned = Parsed::to_verify(&parsed.0, &sources, &options);
//! let facts = artifacts::verify(&sources, &pinned, &options, &environment, &|_done, _all| {}); // hashes what they pin
//! let outcome = check::lint_with(&sources, &options, &parsed, &facts); // no I/O
//! println!("{}", render::json::report(&sources, &outcome));
//! # Ok::<(), read::ReadError>(())
//! ```
//!
//! # Code map
//!
//! - [`options`] is what a run is asked to do, [`cli`] how that is typed, [`gate`] how another program asks for it.
//!   [`policy`] is `lockproof.toml`, [`clock`] the day on which its exceptions end.
//! - [`discover`] knows which files count, [`unread`] which lockfiles there is no reader for, [`repo`] is the only git,
//!   [`read`] brings both sides into memory. Whatever is named by others is opened by [`open`] alone.
//! - [`source`] is one file's text: a span is the distance between two pointers into it.
//! - [`syntax`] has the readers for JSON, TOML and YAML, [`formats`] one file for each lockfile format, [`manifest`] what
//!   lockfiles are made from, [`workspace`] which of those share one, and [`staleness`] whether
//!   both still agree. What they read is the [`model`]; [`integrity`]
//!   and [`url`] are its hashes and addresses.
//! - [`artifacts`] has one file for each place where bytes lie: a vendored folder, a cache. It compares them with what is
//!   pinned, and leaves plain facts.
//! - [`change`] folds the entries of all lockfiles of an ecosystem into releases, [`witness`] is what a history pinned,
//!   [`graph`] follows dependencies, and [`cause`] says which of their changes are explained: by manifests ([`members`],
//!   [`demands`]) or by each other. [`context`] is what a rule may see.
//! - [`rules`] has one page for each rule. They leave what they find with [`report`], which makes [`finding`]s of
//!   it; [`excuse`] takes out what the policy accepts, [`anchor`] puts the rest on lines that have changed.
//! - [`tool`] is what tool lockfiles need besides: the originals' hashes, and readers for what they are taken over.
//! - [`check`] runs all that (in one [`pass`] over each lockfile), [`shard`] leaves one machine's share, [`render`] prints it
//!   in a form for each reader, [`escape`] is what every text of a repository goes through first.
//! - [`diff`] is what `lockproof diff` tells of two sides; by the [`graph`] it knows what brought a package. [`fix`] makes
//!   the edits of `lockproof fix`, [`hook`] sets up git hooks.
//!
//! # Invariants
//!
//! 1. [`model`], [`change`], [`rules`] and [`check`] do no I/O. [`repo`] is the only git, [`read`] and [`discover`] the
//!    only other access to files, with [`artifacts`] for what lockfiles pin, [`tool::disk`] for tools outside of git and
//!    [`hook`] for git's hooks;
//!    [`write`] is the only writing, [`render`] and [`cli`] the only output.
//! 2. Nothing from the repository is executed, and no network is touched.
//! 3. Reading never panics, and never fails half-silently: what could not be read is a finding or a problem that the
//!    run reports.
//! 4. Time and memory are linear in the input (sorting aside).
//! 5. Output depends on the input alone: not on threads, hash order, locale, time zone or terminal (colour and width
//!    aside).
//! 6. A lockfile's text never reaches an output unescaped.

pub mod anchor;
pub mod artifacts;
pub mod canonical;
pub mod cause;
pub mod change;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod commands;
pub mod context;
pub mod demands;
pub mod diff;
pub mod discover;
pub mod escape;
pub mod excuse;
pub mod finding;
pub mod fix;
pub mod formats;
pub mod gate;
pub mod graph;
pub mod hook;
pub mod integrity;
pub mod llmring;
pub mod manifest;
pub mod members;
pub mod model;
pub mod open;
pub mod options;
pub mod pass;
pub mod policy;
pub mod read;
pub mod render;
pub mod repo;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod shard;
pub mod source;
pub mod staleness;
pub mod syntax;
#[cfg(test)]
mod testing;
pub mod tool;
pub mod unread;
pub mod url;
pub mod version;
pub mod witness;
pub mod workspace;
pub mod write;

pub use gate::Gate;

/// This lockproof's own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

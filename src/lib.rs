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
//! use lockproof::bytes::{self, Environment};
//! use lockproof::check::{self, Parsed};
//! use lockproof::read::{self, options::Options};
//! use lockproof::render;
//!
//! let options = Options { folder: ".".into(), ..Options::default() };
//! let sources = read::read(&options)?; // owns every byte, of every side
//! let environment = Environment::of_process();
//! let parsed = Parsed::all(&sources); // borrows from here on
//! let pinned = Parsed::to_verify(&parsed.0, &sources, &options);
//! let facts = bytes::verify(&sources, &pinned, &options, &environment, &|_done, _all| {}); // hashes what they pin
//! let outcome = check::lint_with(&sources, &options, &parsed, &facts); // no I/O
//! println!("{}", render::json::report(&sources, &outcome));
//! # Ok::<(), read::ReadError>(())
//! ```
//!
//! # The house
//!
//! Each room may use the rooms on the floors below it. `tests/it/tidy.rs` holds that, with a list of what does not fit yet.
//!
//! | floor | room | what is in it |
//! |---|---|---|
//! | 1 | [`text`] | a file's text: a span is the distance between two pointers into it; readers for JSON, TOML, YAML; escaping |
//! | 2 | [`model`] | what a lockfile says, whatever its format; releases, hashes, addresses, the graph of dependencies |
//! | 3 | [`ecosystems`] | formats of lockfiles, manifests, whether both agree, and which lockfiles there is no reader for |
//! | 4 | [`findings`], [`policy`] | what is found and how it is told; `lockproof.toml` |
//! | 5 | [`disk`] | whatever others name is opened here |
//! | 6 | [`git`], [`read`], [`bytes`] | the only git; both sides in memory; hashes against the artifacts on this disk |
//! | 7 | [`world`] | what a rule may see of both sides, and what explains a change |
//! | 8 | [`rules`], [`agents`] | a page for each rule; tools and models, with documents and rules of their own |
//! | 9 | [`check`] | runs all that, takes out what the policy accepts, puts the rest on lines that changed |
//! | 10 | [`actions`], [`render`] | `diff`, `fix`, `init`, git hooks and the only writing; a form for each reader |
//! | 11 | [`cli`], [`gate`] | how it is typed, and how another program asks for it |
//!
//! # Invariants
//!
//! 1. [`text`], [`model`], [`ecosystems`], [`world`], [`rules`] and [`check`] do no I/O. [`git`] is the only git, [`read`]
//!    and [`disk`] the only other access to files, with [`bytes`] for what lockfiles pin, [`agents::tool::disk`] for tools
//!    outside of git and [`actions::hook`] for git's hooks; [`actions::write`] is the only writing, [`render`] and [`cli`]
//!    the only output.
//! 2. Nothing from the repository is executed, and no network is touched.
//! 3. Reading never panics, and never fails half-silently: what could not be read is a finding or a problem that the
//!    run reports.
//! 4. Time and memory are linear in the input (sorting aside).
//! 5. Output depends on the input alone: not on threads, hash order, locale, time zone or terminal (colour and width
//!    aside).
//! 6. A lockfile's text never reaches an output unescaped.

pub mod actions;
pub mod agents;
pub mod bytes;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod disk;
pub mod ecosystems;
pub mod findings;
pub mod gate;
pub mod git;
pub mod model;
pub mod policy;
pub mod read;
pub mod render;
pub mod rules;
pub mod text;
pub mod world;

pub use gate::Gate;

/// This lockproof's own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

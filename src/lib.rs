//! lockproof proves what a repository's lockfiles pin.
//!

pub mod change;
pub mod check;
pub mod context;
pub mod discover;
pub mod escape;
pub mod finding;
pub mod formats;
pub mod integrity;
pub mod manifest;
pub mod model;
pub mod options;
pub mod pass;
pub mod policy;
pub mod read;
pub mod repo;
pub mod report;
pub mod rules;
pub mod source;
pub mod syntax;
#[cfg(test)]
mod testing;
pub mod url;
pub mod version;

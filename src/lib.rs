//! lockproof proves what a repository's lockfiles pin.
//!

pub mod repo;
pub mod source;
pub mod syntax;

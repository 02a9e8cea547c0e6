//! Rules that look at a repository as a whole.

pub mod conflicting_integrity;

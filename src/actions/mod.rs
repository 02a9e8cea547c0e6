//! What changes something or tells of a change: `diff`, `fix`, `init`, git hooks, and the only writing.

pub mod diff;
pub mod draft;
pub mod fix;
pub mod hook;
pub mod write;

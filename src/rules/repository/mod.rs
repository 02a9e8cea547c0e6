//! Rules that look at a repository as a whole: is everything that should be pinned, and the same everywhere?

pub mod conflicting_integrity;
pub mod ignored_lockfile;
pub mod missing_lockfile;
pub mod missing_package;
pub mod rogue_lockfile;
pub mod stale_lockfile;
pub mod unreachable_package;
pub mod unread_lockfile;

//! Rules that read one side: is a lockfile well formed, complete and pinned?

pub mod credentials_in_url;
pub mod deceptive_text;
pub mod duplicate_key;
pub mod git_source;
pub mod insecure_url;
pub mod lfs_pointer;
pub mod malformed_integrity;
pub mod merge_conflict;
pub mod missing_integrity;
pub mod mutable_git_source;
pub mod name_mismatch;
pub mod path_escape;
pub mod split_view;
pub mod unpinned_registry;
pub mod unreadable_lockfile;
pub mod unsupported_version;
pub mod version_mismatch;
pub mod weak_integrity;

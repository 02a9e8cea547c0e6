//! Rules that compare: what changed since git must explain itself.

pub mod evil_merge;
pub mod install_script_added;
pub mod integrity_downgraded;
pub mod integrity_removed;
pub mod lockfile_format_changed;
pub mod lockfile_only_change;
pub mod lockfile_removed;
pub mod pin_rewritten;
pub mod pin_widened;
pub mod policy_changed;
pub mod registry_changed;
pub mod rewritten_dependencies;
pub mod unexplained_package;
pub mod version_downgraded;
pub mod weakened_client_config;

//! `[files]`: which files count.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::error::Wrong;

/// Which files count.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct FilesSection {
    /// Globs of lockfiles that are not the repository's own: fixtures, examples.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub(super) exclude: Vec<Spanned<String>>,
}

impl FilesSection {
    pub(super) fn understand(&self) -> Result<GlobSet, Wrong> {
        globs(&self.exclude)
    }
}

/// `*` stays within a folder, `**` does not.
pub(super) fn globs(patterns: &[Spanned<String>]) -> Result<GlobSet, Wrong> {
    let wrong = |pattern: &Spanned<String>, error: &globset::Error| {
        Wrong::new(pattern.span(), format!("`{}` is no glob: {}", pattern.get_ref(), error.kind()))
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern.get_ref()).literal_separator(true).build();
        set.add(glob.map_err(|error| wrong(pattern, &error))?);
    }
    set.build()
        .map_err(|error| patterns.first().map_or(Wrong::new(0..0, error.to_string()), |it| wrong(it, &error)))
}

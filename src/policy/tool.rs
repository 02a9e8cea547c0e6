//! `[tool]`: how strictly tool lockfiles are judged.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::findings::finding::Level;

/// Lockfiles of AI tools.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct ToolSection {
    /// `warn` or `strict`: whether a missing or stale lockfile, a tool that is not here and a version that drifted are
    /// warnings or errors. Tampering is an error either way.
    pub(super) mode: Option<ToolMode>,
    /// Another mode for what stands below a folder; the longest that fits counts.
    pub(super) modes: BTreeMap<String, ToolMode>,
}

/// How strictly tool lockfiles are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum ToolMode {
    #[default]
    Warn,
    Strict,
}

/// By folder, longer ones first; the root is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Modes(Vec<(String, ToolMode)>);

impl ToolSection {
    pub(super) fn understand(&self) -> Modes {
        let below = self.modes.iter().map(|(folder, mode)| (folder.trim_end_matches('/').to_owned(), *mode));
        let mut modes: Vec<_> = below.chain(self.mode.map(|mode| (String::new(), mode))).collect();
        modes.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        Modes(modes)
    }
}

impl Modes {
    /// One mode for all.
    pub(super) fn all(mode: ToolMode) -> Modes {
        Modes(vec![(String::new(), mode)])
    }

    /// The level of what is a matter of mode in a file.
    pub(super) fn level(&self, path: &str) -> Level {
        let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let mode = self.0.iter().find(|(folder, _)| folder.is_empty() || is_below(folder));
        match mode.map_or(ToolMode::Warn, |(_, mode)| *mode) {
            ToolMode::Warn => Level::Warning,
            ToolMode::Strict => Level::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::findings::finding::Level;
    use crate::policy::Policy;

    #[test]
    fn the_nearest_folder_s_mode_counts() {
        let text = "[tool]\nmode = 'strict'\n[tool.modes]\n'a/b' = 'warn'\n'a/b/c/' = 'strict'\n";
        let policy = Policy::parse("lockproof.toml", text).unwrap();
        let levels = ["x", "a/b/x", "a/bc/x", "a/b/c/x"].map(|path| policy.tool_level(path));
        assert_eq!(levels, [Level::Error, Level::Warning, Level::Error, Level::Error]);
        assert_eq!(Policy::default().tool_level("x"), Level::Warning);
        assert!(Policy::parse("lockproof.toml", "[tool]\nmode = 'loud'").is_err());
    }
}

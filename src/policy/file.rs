//! The file as it is written. Each section is understood in a file of its own.

use serde::Deserialize;
use toml::Spanned;

use super::exceptions::AcceptSection;
use super::files::FilesSection;
use super::git::GitSection;
use super::levels::{OverrideSection, RulesSection};
use super::llmring::LlmringSection;
use super::registries::RegistriesSection;
use super::tool::ToolSection;

/// `lockproof.toml`. Unknown keys are errors: a policy that is not understood must not be half obeyed.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct PolicyFile {
    /// The version of the rule set that the policy was written for: `"1"`. Within a version a later release may add
    /// notes, no errors.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub(super) rule_set: Option<Spanned<String>>,
    pub(super) registries: RegistriesSection,
    pub(super) git: GitSection,
    pub(super) rules: RulesSection,
    /// Other levels for some files. Of several that fit, the last one counts.
    #[serde(rename = "override")]
    pub(super) overrides: Vec<OverrideSection>,
    pub(super) files: FilesSection,
    pub(super) tool: ToolSection,
    /// The model registry that `llmring.lock` pins versions of.
    pub(super) llmring: LlmringSection,
    /// The exceptions: findings that were looked at and are accepted.
    pub(super) accept: Vec<AcceptSection>,
}

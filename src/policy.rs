//! `lockproof.toml`: what the repository has decided. Nothing in it is needed.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::finding::Level;
use crate::model::Ecosystem;
use crate::rules;
use crate::url;

/// Where a policy may stand, the first that is there counts.
pub const FILES: [&str; 2] = ["lockproof.toml", ".config/lockproof.toml"];

/// The file as it is written. Unknown keys are errors: a policy that is not understood must not be half obeyed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct PolicyFile {
    /// What each ecosystem may resolve from, by the ids that reports use (`npm`, `cargo`, `pypi`, `golang`). An
    /// ecosystem that is not named may resolve from what the base side uses.
    #[serde(default)]
    registries: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    git: GitPolicy,
    /// The level of each rule: `error`, `warning`, `note` or `off`. Rules that speak of tampering keep theirs.
    #[serde(default)]
    rules: BTreeMap<String, String>,
    #[serde(default)]
    files: FilesPolicy,
}

/// Git sources.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct GitPolicy {
    /// Repositories, or the start of their addresses, that may be depended on without a word.
    #[serde(default)]
    allow: Vec<String>,
}

/// Which files count.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct FilesPolicy {
    /// Globs of lockfiles that are not the repository's own: fixtures, examples.
    #[serde(default)]
    exclude: Vec<String>,
}

/// The policy, understood.
#[derive(Debug, Default)]
pub struct Policy {
    registries: Vec<(Ecosystem, Vec<String>)>,
    git: Vec<String>,
    /// `None` is off.
    levels: Vec<(&'static str, Option<Level>)>,
    exclude: GlobSet,
}

/// What is wrong with a policy: a usage error, not a finding.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("{path}: {message}")]
    Syntax { path: String, message: String },
    #[error("{path}: there is no ecosystem `{name}` (there are {known})")]
    Ecosystem { path: String, name: String, known: String },
    #[error("{path}: {message}")]
    Rule { path: String, message: String },
    #[error("{path}: `{glob}` is no glob: {why}")]
    Glob { path: String, glob: String, why: String },
}

impl Policy {
    pub fn parse(path: &str, text: &str) -> Result<Policy, PolicyError> {
        let file: PolicyFile = toml::from_str(text)
            .map_err(|error| PolicyError::Syntax { path: path.into(), message: error.to_string() })?;
        let mut policy = Policy { exclude: globs(path, &file.files.exclude)?, ..Policy::default() };
        policy.git = file.git.allow.iter().map(|it| repository(it)).collect();
        for (name, places) in &file.registries {
            let ecosystem = Ecosystem::ALL.into_iter().find(|it| it.id() == name);
            let ecosystem = ecosystem.ok_or_else(|| PolicyError::Ecosystem {
                path: path.into(),
                name: name.clone(),
                known: Ecosystem::ALL.map(Ecosystem::id).join(", "),
            })?;
            policy
                .registries
                .push((ecosystem, places.iter().map(|it| url::place(it).into_owned()).collect()));
        }
        for (rule, level) in &file.rules {
            policy
                .set_level(rule, level)
                .map_err(|message| PolicyError::Rule { path: path.into(), message })?;
        }
        Ok(policy)
    }

    /// Sets the level of a rule, `off` included; the last word counts.
    pub fn set_level(&mut self, id: &str, level: &str) -> Result<(), String> {
        let rule = rules::find(id).ok_or_else(|| {
            let hint = rules::near(id).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            format!("there is no rule `{id}`{hint}")
        })?;
        if rule.tamper {
            return Err(format!(
                "`{id}` speaks of tampering: it can't be switched off or set to another level"
            ));
        }
        let level = if level == "off" { None } else { Some(level.parse::<Level>()?) };
        self.levels.push((rule.id, level));
        Ok(())
    }

    /// What was decided for a rule: nothing, off, or a level.
    pub fn level(&self, rule: &str) -> Option<Option<Level>> {
        self.levels.iter().rev().find(|(id, _)| *id == rule).map(|(_, level)| *level)
    }

    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }

    /// The registries that are pinned for an ecosystem, if the policy pins any.
    pub fn registries(&self, ecosystem: Ecosystem) -> Option<&[String]> {
        self.registries.iter().find(|(known, _)| *known == ecosystem).map(|(_, places)| places.as_slice())
    }

    pub fn allows_git(&self, repository: &str) -> bool {
        self.git.iter().any(|allowed| covers(allowed, repository))
    }
}

/// Whether a pinned place is this place or stands above it.
pub fn covers(pinned: &str, place: &str) -> bool {
    place
        .strip_prefix(pinned)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || pinned.ends_with('/'))
}

/// Host and path, as git sources are compared.
fn repository(text: &str) -> String {
    let git = url::git(&format!("git+{text}")).map(|git| git.repository.into_owned());
    git.unwrap_or_else(|| text.trim_end_matches('/').to_owned())
}

fn globs(path: &str, patterns: &[String]) -> Result<GlobSet, PolicyError> {
    let wrong = |glob: &str, error: globset::Error| PolicyError::Glob {
        path: path.into(),
        glob: glob.into(),
        why: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(|error| wrong(pattern, error))?,
        );
    }
    set.build().map_err(|error| wrong("", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_understood() {
        let policy = Policy::parse(
            "lockproof.toml",
            "[registries]\nnpm = ['https://NPM.example.com/']\n[git]\nallow = ['https://git.example.com/acme/']\n\
             [rules]\nweak-integrity = 'error'\nversion-downgraded = 'off'\n[files]\nexclude = ['**/fixtures/**']",
        )
        .unwrap();
        assert_eq!(policy.registries(Ecosystem::Npm), Some(&["https://npm.example.com".to_owned()][..]));
        assert_eq!(policy.registries(Ecosystem::Cargo), None);
        assert!(
            policy.allows_git("git.example.com/acme/x") && !policy.allows_git("git.example.com/acme-evil/x")
        );
        assert_eq!(policy.level("weak-integrity"), Some(Some(Level::Error)));
        assert_eq!(policy.level("version-downgraded"), Some(None));
        assert!(policy.excludes("a/fixtures/Cargo.lock") && !policy.excludes("Cargo.lock"));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let error = |text| Policy::parse("lockproof.toml", text).unwrap_err().to_string();
        assert!(error("[file]\n").contains("unknown field `file`"), "{}", error("[file]\n"));
        assert!(error("[rules]\nweak-integrit = 'off'").contains("did you mean `weak-integrity`"));
        assert!(error("[rules]\npin-rewritten = 'off'").contains("speaks of tampering"));
        assert!(error("[rules]\nweak-integrity = 'loud'").contains("no level"));
        assert!(error("[registries]\nnmp = []").contains("no ecosystem `nmp`"));
        assert!(error("[files]\nexclude = ['[']").contains("no glob"));
    }
}

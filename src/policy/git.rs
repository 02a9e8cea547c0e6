//! `[git]`: repositories that may be depended on.

use serde::Deserialize;
use toml::Spanned;

use super::{Place, covers};
use crate::model::url;

/// Git sources.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct GitSection {
    /// Repositories, or the start of their addresses, that may be depended on without a word.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    allow: Vec<Spanned<String>>,
}

/// The section, understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Git {
    pub(super) allowed: Vec<Place>,
}

impl GitSection {
    pub(super) fn understand(&self) -> Git {
        let place = |it: &Spanned<String>| Place { text: repository(it.get_ref()), span: it.span() };
        Git { allowed: self.allow.iter().map(place).collect() }
    }
}

impl Git {
    pub(super) fn allows(&self, repository: &str) -> bool {
        self.allowed.iter().any(|allowed| covers(&allowed.text, repository))
    }
}

/// Host and path, as git sources are compared.
fn repository(text: &str) -> String {
    let git = url::git(&format!("git+{text}")).map(|git| git.repository.into_owned());
    git.unwrap_or_else(|| text.trim_end_matches('/').to_owned())
}

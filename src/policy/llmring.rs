//! `[llmring]`: the model registry that `llmring.lock` pins versions of, and what its archives held.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Place;
use super::error::Wrong;

/// As it is written.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct LlmringSection {
    /// The folder of a checkout or snapshot, from the root of the repository.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    registry: Option<Spanned<String>>,
    /// What pinned archives held when they were pinned: `"openai/7" = "sha256:…"`. A version alone has been rewritten
    /// before.
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, String>"))]
    archives: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The section, understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Llmring {
    pub(super) registry: Option<Place>,
    /// In hex, and where it stands.
    pub(super) archives: BTreeMap<(String, u64), (String, Range<usize>)>,
}

impl LlmringSection {
    pub(super) fn understand(&self) -> Result<Llmring, Wrong> {
        let mut llmring = Llmring::default();
        if let Some(written) = &self.registry {
            let folder = written.get_ref().trim_start_matches("./").trim_end_matches('/');
            let leaves = folder.starts_with('/') || folder.split(['/', '\\']).any(|part| part == "..");
            if leaves {
                let message = format!("`{folder}` does not lie in the repository");
                return Err(Wrong::new(written.span(), message).help("`--registry DIR` takes any folder."));
            }
            llmring.registry = Some(Place { text: folder.to_owned(), span: written.span() });
        }
        for (key, value) in &self.archives {
            let place = key.get_ref().rsplit_once('/');
            let place = place.and_then(|(name, version)| Some((name.to_owned(), version.parse().ok()?)));
            let place = place.ok_or_else(|| {
                Wrong::new(key.span(), format!("`{}` is no archive", key.get_ref()))
                    .help("Write it as \"provider/version\".")
            })?;
            let hash = value.get_ref().strip_prefix("sha256:").unwrap_or(value.get_ref());
            if hash.len() != 64 || !hash.bytes().all(|it| it.is_ascii_hexdigit()) {
                return Err(Wrong::new(value.span(), "a SHA-256 has 64 hex digits")
                    .help("`lockproof llmring bump` writes it."));
            }
            llmring.archives.insert(place, (hash.to_ascii_lowercase(), value.span()));
        }
        Ok(llmring)
    }
}

//! A snapshot of the model registry: for each provider, one archive for each version.
//!
//! An archive says its version and carries a hash, by accident of how it is published a chain: the hash of version N is
//! taken of the document while the hash of version N-1 still stands in it. It shows edits made in passing; who rewrites a
//! registry rewrites the chain as well, which is why lockproof keeps a SHA-256 of its own for each pinned archive.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::split;
use super::value::{Syntax, value};
use crate::agents::canonical::{Value, canonical};
use crate::text::json;
use crate::text::source::Source;

/// The archives of all providers.
#[derive(Default)]
pub struct Registry<'a> {
    providers: BTreeMap<&'a str, Provider<'a>>,
}

/// The archives of one provider, by version; there is at least one.
pub struct Provider<'a> {
    archives: BTreeMap<u64, Archive<'a>>,
}

/// One version of what the registry says of a provider's models.
pub struct Archive<'a> {
    pub source: &'a Source,
    /// By the name of its folder.
    pub version: u64,
    content: OnceLock<Option<Content>>,
}

/// An archive, read when it is first asked for.
struct Content {
    document: Value,
    models: HashMap<String, usize>,
    aliases: HashMap<String, usize>,
}

/// What an archive has under a reference.
pub enum Entry<'v> {
    Model(&'v Value),
    /// Another model lists it as its alias: the provider takes it, the registry has no entry for it.
    Alias(&'v str, &'v Value),
}

/// Whether the hash of an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    Holds,
    Broken,
    /// The version before it is not in the snapshot, or the archive has no hash.
    Unknown,
}

const HASH: &str = "content_sha256_jcs";

/// Provider and version of a file's path below the registry: `openai/v/7/models.json`, wherever that stands, or the
/// original's cache, `openai_current.json`, which names no version.
pub fn place(path: &str) -> Option<(&str, Option<u64>)> {
    let mut parts = path.rsplit('/');
    let file = parts.next()?;
    if let Some(provider) = file.strip_suffix("_current.json") {
        return (!provider.is_empty()).then_some((provider, None));
    }
    let version = (file == "models.json").then(|| parts.next())??;
    let number = version.parse().ok().filter(|it: &u64| *it > 0 && it.to_string() == version)?;
    let provider = (parts.next()? == "v").then(|| parts.next())??;
    (!provider.is_empty()).then_some((provider, Some(number)))
}

impl<'a> Registry<'a> {
    pub fn new(sources: impl IntoIterator<Item = &'a Source>) -> Registry<'a> {
        let mut registry = Registry::default();
        for source in sources {
            let Some((provider, version)) = place(&source.path) else { continue };
            let archive = Archive { source, version: version.unwrap_or(0), content: OnceLock::new() };
            let Some(version) = version.or_else(|| archive.declared_version()) else { continue };
            let provider =
                registry.providers.entry(provider).or_insert(Provider { archives: BTreeMap::new() });
            provider.archives.entry(version).or_insert(Archive { version, ..archive });
        }
        registry
    }

    pub fn is_empty(&self) -> bool {
        self.providers.is_empty()
    }

    pub fn providers(&self) -> impl Iterator<Item = (&'a str, &Provider<'a>)> {
        self.providers.iter().map(|(name, provider)| (*name, provider))
    }

    pub fn provider(&self, name: &str) -> Option<&Provider<'a>> {
        self.providers.get(name)
    }

    pub fn archive(&self, provider: &str, version: u64) -> Option<&Archive<'a>> {
        self.provider(provider)?.archives.get(&version)
    }

    /// Whether the hash of an archive holds, given the one before it.
    pub fn chain(&self, provider: &str, version: u64) -> Chain {
        let Some(archive) = self.archive(provider, version) else { return Chain::Unknown };
        let before = version.checked_sub(1).and_then(|version| self.archive(provider, version));
        archive.chain(before)
    }
}

impl<'a> Provider<'a> {
    pub fn latest(&self) -> &Archive<'a> {
        self.archives.last_key_value().expect("there is at least one").1
    }

    pub fn archives(&self) -> impl Iterator<Item = &Archive<'a>> {
        self.archives.values()
    }
}

impl<'a> Archive<'a> {
    fn content(&self) -> Option<&Content> {
        self.content.get_or_init(|| Content::read(self.source)).as_ref()
    }

    pub fn is_readable(&self) -> bool {
        self.content().is_some()
    }

    /// What the document says of itself.
    pub fn declared_version(&self) -> Option<u64> {
        match self.content()?.document.get("version")? {
            Value::Int(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Of the file's bytes, in hex: what a policy keeps of it.
    pub fn sha256(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.source.raw()))
    }

    pub fn models(&self) -> &[(String, Value)] {
        self.content().and_then(|it| it.document.get("models")).map_or(&[], Value::entries)
    }

    pub fn find(&self, reference: &str) -> Option<Entry<'_>> {
        let content = self.content()?;
        if let Some(&at) = content.models.get(reference) {
            return Some(Entry::Model(&self.models()[at].1));
        }
        let &at = content.aliases.get(reference)?;
        let (name, model) = &self.models()[at];
        Some(Entry::Alias(name, model))
    }

    /// The names of all models.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.models().iter().map(|(name, _)| name.as_str())
    }

    fn hash(&self) -> Option<&str> {
        self.content()?.document.get(HASH)?.as_str()
    }

    fn chain(&self, before: Option<&Archive<'_>>) -> Chain {
        let (Some(stated), Some(content)) = (self.hash(), self.content()) else { return Chain::Unknown };
        // A chain begins with a document that had no hash before.
        if stated == hashed(&content.document, None) {
            return Chain::Holds;
        }
        match before {
            None if self.version > 1 => Chain::Unknown,
            before => match before.and_then(Archive::hash) {
                Some(hash) if stated == hashed(&content.document, Some(hash)) => Chain::Holds,
                _ => Chain::Broken,
            },
        }
    }
}

/// The hash of a document with another hash, or none, where its own stands.
fn hashed(document: &Value, hash: Option<&str>) -> String {
    let mut entries: Vec<_> = document.entries().iter().filter(|(key, _)| key != HASH).cloned().collect();
    entries.extend(hash.map(|hash| (HASH.to_owned(), Value::text(hash))));
    data_encoding::HEXLOWER.encode(&Sha256::digest(canonical(&Value::Object(entries))))
}

impl Content {
    fn read(source: &Source) -> Option<Content> {
        let (node, faults) = json::read(source);
        let document = value(&node.filter(|_| faults.is_empty())?, Syntax::Json);
        let models = document.get("models").filter(|it| matches!(it, Value::Object(_)))?.entries();
        let mut names = HashMap::new();
        let mut aliases = HashMap::new();
        for (at, (name, model)) in models.iter().enumerate() {
            names.insert(name.clone(), at);
            let provider = split(name).map_or("", |(provider, _)| provider);
            let Some(Value::Array(of_model)) = model.get("model_aliases") else { continue };
            for alias in of_model.iter().filter_map(Value::as_str) {
                aliases.entry(format!("{provider}:{alias}")).or_insert(at);
            }
        }
        Some(Content { models: names, aliases, document })
    }
}

/// Whether a model can still be called.
pub fn is_active(model: &Value) -> bool {
    model.get("is_active") != Some(&Value::Bool(false))
}

/// The day from which on a provider no longer wants it called.
pub fn deprecated(model: &Value) -> Option<&str> {
    model.get("deprecated_date")?.as_str()
}

/// It makes vectors of texts, not answers.
pub fn is_embedding(model: &Value) -> bool {
    model.get("api_endpoint").and_then(Value::as_str) == Some("embeddings")
}

/// A number of a model, such as a price.
pub fn number(model: &Value, field: &str) -> Option<f64> {
    match model.get(field)? {
        Value::Float(number) => Some(*number),
        Value::Int(digits) => digits.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A small registry, made up: each version is hashed as the real one's are.

    use super::*;
    use crate::text::source::Side;

    /// `models` as JSON, and the hash of the version before.
    pub(crate) fn archive(
        provider: &str,
        version: u64,
        models: &str,
        before: Option<&str>,
    ) -> (String, String) {
        let text = format!(
            r#"{{"provider": "{provider}", "version": {version}, "updated_at": "2026-01-0{version}T10:00:00.5", "models": {models}}}"#
        );
        let source = Source::new("x.json", Side::Worktree, text.into_bytes());
        let document = value(&json::read(&source).0.unwrap(), Syntax::Json);
        let hash = hashed(&document, before);
        let mut entries = document.entries().to_vec();
        entries.push((HASH.to_owned(), Value::text(hash.clone())));
        (crate::agents::canonical::indented(&Value::Object(entries)), hash)
    }

    pub(crate) fn chain(provider: &str, versions: &[&str]) -> Vec<Source> {
        let mut before = None;
        let mut sources = Vec::new();
        for (at, models) in versions.iter().enumerate() {
            let version = at as u64 + 1;
            let (text, hash) = archive(provider, version, models, before.as_deref());
            before = Some(hash);
            let path = format!("registry/{provider}/v/{version}/models.json");
            sources.push(Source::new(path, Side::Worktree, text.into_bytes()));
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::source::Side;

    #[test]
    fn archives_are_known_by_their_place() {
        assert_eq!(place("pages/openai/v/7/models.json"), Some(("openai", Some(7))));
        assert_eq!(place("cache/openai_current.json"), Some(("openai", None)));
        for other in [
            "openai/models.json",
            "openai/v/07/models.json",
            "openai/v/0/models.json",
            "v/1/models.json",
            "/v/1/models.json",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }

    #[test]
    fn an_edit_breaks_the_chain_at_its_link() {
        let mut sources = testing::chain(
            "openai",
            &[r#"{"openai:a": {"x": 1.0}}"#, r#"{"openai:a": {"x": 2.0, "é": 1e-5}}"#, "{}"],
        );
        let chains = |sources: &[Source]| -> Vec<Chain> {
            let registry = Registry::new(sources);
            (1..=3).map(|version| registry.chain("openai", version)).collect()
        };
        assert_eq!(chains(&sources), [Chain::Holds; 3]);
        assert_eq!(chains(&sources[1..])[1], Chain::Unknown);
        let edited = sources[1].raw().replace("2.0", "3.0");
        sources[1] = Source::new("registry/openai/v/2/models.json", Side::Worktree, edited.into_bytes());
        assert_eq!(chains(&sources), [Chain::Holds, Chain::Broken, Chain::Holds]);
    }

    #[test]
    fn a_model_is_found_by_its_name_or_by_an_alias() {
        let sources =
            testing::chain("p", &[r#"{"p:long-1": {"model_aliases": ["long"], "is_active": false}}"#]);
        let registry = Registry::new(&sources);
        let archive = registry.provider("p").unwrap().latest();
        assert!(matches!(archive.find("p:long-1"), Some(Entry::Model(model)) if !is_active(model)));
        assert!(matches!(archive.find("p:long"), Some(Entry::Alias("p:long-1", _))));
        assert!(archive.find("p:short").is_none());
    }

    /// The real archives: for trying out, where they are.
    #[test]
    fn the_real_chain_is_what_it_was_found_to_be() {
        let Some(folder) = std::env::var_os("LOCKPROOF_LLMRING_ARCHIVES") else {
            crate::check::testing::skip("LOCKPROOF_LLMRING_ARCHIVES names no folder of real archives");
            return;
        };
        let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llmring/hash-chain.json");
        let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        for (provider, it) in expected["providers"].as_object().unwrap() {
            let archives = it["archives"].as_array().unwrap();
            let source = |it: &serde_json::Value| {
                let path = format!("{provider}/v/{}/models.json", it["version"]);
                let bytes = std::fs::read(std::path::Path::new(&folder).join(&path)).unwrap();
                Source::new(path, Side::Worktree, bytes)
            };
            let sources: Vec<_> = archives.iter().map(source).collect();
            let registry = Registry::new(&sources);
            for it in archives {
                let version = it["version"].as_u64().unwrap();
                let archive = registry.archive(provider, version).unwrap();
                assert_eq!(archive.sha256(), it["file_sha256"].as_str().unwrap());
                let expected = if it["status"] == "MISMATCH" { Chain::Broken } else { Chain::Holds };
                // Without the hash of its predecessor, a broken root can't be told from a link.
                assert_eq!(registry.chain(provider, version), expected, "{provider} {version}");
            }
        }
    }
}

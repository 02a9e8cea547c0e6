//! Changes to a lockfile that leave the rest of it as it is: comments, order, keys that no one knows.
//!
//! TOML keeps every byte that is not touched. JSON has no comments to lose; it is laid out anew, as the original would.

use std::collections::BTreeMap;

use toml_edit::{ArrayOfTables, DocumentMut, Formatted, InlineTable, Item, Table, TableLike};

use super::document::Document;
use super::registry::{Chain, Registry};
use super::split;
use super::value::{self, Syntax};
use crate::agents::canonical::{Value, indented};
use crate::policy::Policy;
use crate::text::syntax::Node;

/// One change.
pub enum Change {
    Pin {
        profile: String,
        provider: String,
        version: u64,
    },
    Bind {
        profile: String,
        alias: String,
        models: Vec<String>,
    },
    /// `updated_at`
    Stamp(String),
}

/// The text with the changes. It fails when a table is written as something else, which the lint tells first.
pub fn apply(text: &str, document: &Document<'_>, changes: &[Change]) -> Result<String, String> {
    match document.syntax {
        Syntax::Toml => toml(text, changes),
        Syntax::Json => Ok(json(text, document, changes)),
    }
}

fn toml(text: &str, changes: &[Change]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    for change in changes {
        match change {
            Change::Stamp(now) => set(document.as_table_mut(), "updated_at", now.as_str().into()),
            Change::Pin { profile, provider, version } => {
                let pins = table(profile_mut(&mut document, profile)?, "registry_versions")?;
                set(pins, provider, toml_edit::Value::from(i64::try_from(*version).unwrap_or(i64::MAX)));
            }
            Change::Bind { profile, alias, models } => {
                bind(profile_mut(&mut document, profile)?, alias, models)?
            }
        }
    }
    Ok(document.to_string())
}

/// The profile, made when it is not there.
fn profile_mut<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike, String> {
    let is_new = document.get("profiles").and_then(|it| it.get(name)).is_none();
    if document.get("profiles").is_none() {
        let mut profiles = Table::new();
        profiles.set_implicit(true);
        document.insert("profiles", Item::Table(profiles));
    }
    let profile = table(table(document.as_table_mut(), "profiles")?, name)?;
    if is_new {
        profile.insert("name", toml_edit::value(name));
    }
    Ok(profile)
}

/// The table behind a key, made when it is not there.
fn table<'t>(parent: &'t mut dyn TableLike, key: &str) -> Result<&'t mut dyn TableLike, String> {
    if parent.get(key).is_none() {
        parent.insert(key, Item::Table(Table::new()));
    }
    let item = parent.get_mut(key).ok_or_else(|| format!("`{key}` can't be made"))?;
    item.as_table_like_mut().ok_or_else(|| format!("`{key}` is no table"))
}

/// Sets a value; what stands around the old one stays.
fn set(table: &mut dyn TableLike, key: &str, mut value: toml_edit::Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

fn bind(profile: &mut dyn TableLike, alias: &str, models: &[String]) -> Result<(), String> {
    let models: toml_edit::Array = models.iter().map(String::as_str).collect();
    let is_empty =
        profile.get("bindings").is_none_or(|it| it.as_array().is_some_and(toml_edit::Array::is_empty));
    if is_empty {
        profile.remove("bindings");
        profile.insert("bindings", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let mut values = InlineTable::new();
    values.insert("alias", toml_edit::Value::String(Formatted::new(alias.to_owned())));
    values.insert("models", models.clone().into());
    match profile.get_mut("bindings") {
        Some(Item::ArrayOfTables(bindings)) => {
            let at = bindings.iter().position(|it| is_alias(it, alias));
            match at.and_then(|at| bindings.get_mut(at)) {
                Some(binding) => set(binding, "models", models.into()),
                None => bindings.push(values.into_table()),
            }
            Ok(())
        }
        Some(Item::Value(toml_edit::Value::Array(bindings))) => {
            let is_it = |it: &toml_edit::Value| it.as_inline_table().is_some_and(|it| is_alias(it, alias));
            let at = bindings.iter().position(is_it);
            match at.and_then(|at| bindings.get_mut(at)?.as_inline_table_mut()) {
                Some(binding) => set(binding, "models", models.into()),
                None => bindings.push(values),
            }
            Ok(())
        }
        _ => Err("`bindings` is no array of tables".to_owned()),
    }
}

fn is_alias(binding: &dyn TableLike, alias: &str) -> bool {
    binding.get("alias").and_then(Item::as_str) == Some(alias)
}

fn json(text: &str, document: &Document<'_>, changes: &[Change]) -> String {
    let mut root = value::value(&Node::Table(document.root.clone()), Syntax::Json);
    for change in changes {
        match change {
            Change::Stamp(now) => *entry(&mut root, "updated_at") = Value::text(now.as_str()),
            Change::Pin { profile, provider, version } => {
                let pins = entry(json_profile(&mut root, profile), "registry_versions");
                *entry(pins, provider) = Value::Int(version.to_string());
            }
            Change::Bind { profile, alias, models } => {
                json_bind(json_profile(&mut root, profile), alias, models)
            }
        }
    }
    let end = if text.ends_with('\n') { "\n" } else { "" };
    indented(&root) + end
}

fn json_profile<'v>(root: &'v mut Value, name: &str) -> &'v mut Value {
    let profile = entry(entry(root, "profiles"), name);
    if profile.get("name").is_none() {
        *entry(profile, "name") = Value::text(name);
    }
    profile
}

/// The value behind a key, an empty object when it is not there.
fn entry<'v>(value: &'v mut Value, key: &str) -> &'v mut Value {
    if !matches!(value, Value::Object(_)) {
        *value = Value::Object(Vec::new());
    }
    let Value::Object(entries) = value else { unreachable!("just made") };
    let at = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
        entries.push((key.to_owned(), Value::Object(Vec::new())));
        entries.len() - 1
    });
    &mut entries[at].1
}

fn json_bind(profile: &mut Value, alias: &str, models: &[String]) {
    let bindings = entry(profile, "bindings");
    if !matches!(bindings, Value::Array(_)) {
        *bindings = Value::Array(Vec::new());
    }
    let Value::Array(items) = bindings else { return };
    let models = Value::Array(models.iter().map(Value::text).collect());
    match items.iter_mut().find(|it| it.get("alias").and_then(Value::as_str) == Some(alias)) {
        Some(binding) => *entry(binding, "models") = models,
        None => items.push(Value::object([
            ("alias", Value::text(alias)),
            ("models", models),
            ("constraints", Value::Null),
        ])),
    }
}

/// What a bump would do.
#[derive(Default)]
pub struct Bump {
    pub raised: Vec<Raised>,
    /// Why a provider of a profile stays as it is.
    pub left: Vec<String>,
}

/// A pin that rises, or is made.
pub struct Raised {
    pub profile: String,
    pub provider: String,
    pub from: Option<String>,
    pub to: u64,
}

/// Raises the pin of every provider that a profile uses to the latest version of the snapshot. It never lowers one, and
/// pins nothing that does not hold.
pub fn bump(document: &Document<'_>, registry: &Registry<'_>, policy: &Policy) -> Bump {
    let mut bump = Bump::default();
    for profile in &document.profiles {
        let mut used = BTreeMap::new();
        for (_, _, model) in profile.models() {
            used.extend(split(model.as_str()).map(|(provider, _)| (provider, ())));
        }
        for provider in used.into_keys() {
            let pin = profile.pin(provider);
            let name = profile.name();
            match target(registry, policy, provider) {
                Err(why) => bump.left.push(format!("{provider} in profile `{name}`: {why}")),
                Ok(latest) if pin.is_some_and(|pin| pin.version().is_some_and(|it| it >= latest)) => {
                    let digits = pin.map_or("", |pin| pin.digits.as_str());
                    bump.left.push(format!(
                        "{provider} in profile `{name}`: {digits} (the snapshot has {latest})"
                    ));
                }
                Ok(latest) => bump.raised.push(Raised {
                    profile: name.to_owned(),
                    provider: provider.to_owned(),
                    from: pin.map(|pin| pin.digits.clone()),
                    to: latest,
                }),
            }
        }
    }
    bump
}

/// The version to pin, or why none is.
pub fn target(registry: &Registry<'_>, policy: &Policy, provider: &str) -> Result<u64, String> {
    let latest = registry.provider(provider).ok_or("the snapshot does not have it")?.latest();
    let version = latest.version;
    if !latest.is_readable() || latest.declared_version() != Some(version) {
        return Err(format!("the archive of version {version} can't be read, or says another version"));
    }
    match policy.archive(provider, version) {
        Some(kept) if kept != latest.sha256() => {
            Err(format!("version {version} is not the archive that the policy keeps the hash of"))
        }
        None if registry.chain(provider, version) == Chain::Broken => {
            Err(format!("version {version} breaks the hash chain of the registry"))
        }
        _ => Ok(version),
    }
}

/// The policy with the hashes of pinned archives, and with the folder of the registry where it names none.
pub fn keep(policy: &str, folder: Option<&str>, archives: &[(String, String)]) -> Result<String, String> {
    let mut document: DocumentMut =
        policy.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    if archives.is_empty() && folder.is_none() {
        return Ok(policy.to_owned());
    }
    let llmring = table(document.as_table_mut(), "llmring")?;
    if let Some(folder) = folder.filter(|_| llmring.get("registry").is_none()) {
        llmring.insert("registry", toml_edit::value(folder));
    }
    if !archives.is_empty() {
        let kept = table(llmring, "archives")?;
        for (key, hash) in archives.iter().filter(|(key, _)| kept.get(key).is_none()).collect::<Vec<_>>() {
            kept.insert(key, toml_edit::value(format!("sha256:{hash}")));
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::llmring::reader;
    use crate::text::source::{Side, Source};

    fn edit(path: &str, text: &str, changes: &[Change]) -> String {
        let source = Source::new(path, Side::Worktree, text.into());
        let (document, faults) = reader::read(&source);
        assert!(faults.is_empty(), "{faults:?}");
        apply(text, &document, changes).unwrap()
    }

    fn pin(profile: &str, provider: &str, version: u64) -> Change {
        Change::Pin { profile: profile.into(), provider: provider.into(), version }
    }

    fn bound(alias: &str, models: &[&str]) -> Change {
        let models = models.iter().map(|it| (*it).to_owned()).collect();
        Change::Bind { profile: "a".into(), alias: alias.into(), models }
    }

    #[test]
    fn toml_keeps_what_is_not_touched() {
        let text = "# why\nupdated_at = \"2026-01-01T00:00:00Z\" # then\nunknown = 1\n\n[profiles.a]\nname = \"a\"\n\n\
                    [[profiles.a.bindings]]\nalias = \"x\"\nmodels = [\"openai:old\"] # keep\n\n[profiles.a.registry_versions]\nopenai = 6 # six\n";
        let changes = [
            pin("a", "openai", 7),
            pin("a", "google", 5),
            bound("x", &["openai:new", "google:g"]),
            Change::Stamp("now".into()),
        ];
        let expected = "# why\nupdated_at = \"now\" # then\nunknown = 1\n\n[profiles.a]\nname = \"a\"\n\n\
                        [[profiles.a.bindings]]\nalias = \"x\"\nmodels = [\"openai:new\", \"google:g\"] # keep\n\n\
                        [profiles.a.registry_versions]\nopenai = 7 # six\ngoogle = 5\n";
        assert_eq!(edit("llmring.lock", text, &changes), expected);
    }

    #[test]
    fn toml_gets_what_it_lacks() {
        let text = "version = \"1.0\"\n\n[profiles.a]\nname = \"a\"\nbindings = []\n";
        let expected = "version = \"1.0\"\n\n[profiles.a]\nname = \"a\"\n\n[[profiles.a.bindings]]\nalias = \"y\"\nmodels = [\"openai:n\"]\n\n\
                        [profiles.a.registry_versions]\nopenai = 1\n";
        assert_eq!(edit("llmring.lock", text, &[bound("y", &["openai:n"]), pin("a", "openai", 1)]), expected);
        let made = edit("llmring.lock", "", &[bound("y", &["openai:n"])]);
        assert_eq!(
            made,
            "[profiles.a]\nname = \"a\"\n\n[[profiles.a.bindings]]\nalias = \"y\"\nmodels = [\"openai:n\"]\n"
        );
        let inline = "profiles = { a = { name = 'a', bindings = [{ alias = 'x', models = [] }] } }\n";
        let edited = edit("llmring.lock", inline, &[bound("y", &["openai:n"]), pin("a", "openai", 1)]);
        assert!(
            edited.parse::<toml::Table>().unwrap()["profiles"]["a"]["bindings"][1]["alias"].as_str()
                == Some("y"),
            "{edited}"
        );
    }

    #[test]
    fn json_keeps_keys_that_no_one_knows() {
        let text = "{\"x\": 1.0, \"profiles\": {\"a\": {\"name\": \"a\", \"bindings\": []}}}";
        let edited = edit(
            "llmring.lock.json",
            text,
            &[bound("y", &["openai:n"]), pin("a", "openai", 7), Change::Stamp("now".into())],
        );
        let expected = "{\n  \"x\": 1.0,\n  \"profiles\": {\n    \"a\": {\n      \"name\": \"a\",\n      \"bindings\": [\n        {\n          \
                        \"alias\": \"y\",\n          \"models\": [\n            \"openai:n\"\n          ],\n          \"constraints\": null\n        \
                        }\n      ],\n      \"registry_versions\": {\n        \"openai\": 7\n      }\n    }\n  },\n  \"updated_at\": \"now\"\n}";
        assert_eq!(edited, expected);
    }

    #[test]
    fn the_policy_keeps_its_comments_and_first_hashes() {
        let text = "# ours\n[rules]\nweak-integrity = \"error\"\n\n[llmring.archives]\n\"a/1\" = \"sha256:old\" # seen\n";
        let archives = [("a/1".to_owned(), "new".to_owned()), ("a/2".to_owned(), "two".to_owned())];
        let kept = keep(text, Some("registry"), &archives).unwrap();
        assert!(kept.starts_with("# ours\n[rules]\nweak-integrity = \"error\"\n"), "{kept}");
        assert!(kept.contains("\"a/1\" = \"sha256:old\" # seen\n\"a/2\" = \"sha256:two\"\n"), "{kept}");
        assert!(kept.contains("registry = \"registry\""), "{kept}");
        assert!(kept.parse::<toml::Table>().is_ok());
    }
}

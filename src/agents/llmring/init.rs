//! A new lockfile: the profiles that the original makes, and aliases for models that can be chatted with today.

use super::registry::{Archive, Registry, is_active, is_embedding, number};
use super::{PROVIDERS, split};
use crate::agents::canonical::Value;

/// What a new file binds.
pub struct Choice {
    pub alias: &'static str,
    /// The first one is used, the others when it fails.
    pub models: Vec<String>,
}

/// The profiles of a new lockfile; all but the first are empty.
pub const PROFILES: [&str; 4] = ["default", "prod", "staging", "dev"];

const PRICE: &str = "dollars_per_million_tokens_input";

/// Aliases for the latest versions of a snapshot: for each provider one candidate, the best one first.
pub fn choose(registry: &Registry<'_>) -> Vec<Choice> {
    let price = |model: &Value| number(model, PRICE).filter(|it| *it > 0.0);
    let context = |model: &Value| number(model, "max_input_tokens");
    let cheap = |model: &Value| price(model).map(|it| -it);
    let sees = |model: &Value| model.get("supports_vision") == Some(&Value::Bool(true));
    let choices = [
        ("fast", pick(registry, cheap)),
        ("deep", pick(registry, price)),
        ("long_context", pick(registry, context)),
        ("vision", pick(registry, |model| cheap(model).filter(|_| sees(model)))),
    ];
    choices
        .into_iter()
        .filter(|(_, models)| !models.is_empty())
        .map(|(alias, models)| Choice { alias, models })
        .collect()
}

/// The model of each provider that scores highest, the highest of all first; of two alike the first by name.
fn pick(registry: &Registry<'_>, score: impl Fn(&Value) -> Option<f64>) -> Vec<String> {
    let of_provider = |archive: &Archive<'_>| {
        let scored = chat_models(archive).filter_map(|(name, model)| Some((score(model)?, name.to_owned())));
        scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
    };
    let known = registry.providers().filter(|(name, _)| PROVIDERS.contains(name));
    let mut best: Vec<_> = known.filter_map(|(_, provider)| of_provider(provider.latest())).collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    best.into_iter().map(|(_, name)| name).collect()
}

/// Models that can be called and answer.
fn chat_models<'r>(archive: &'r Archive<'_>) -> impl Iterator<Item = (&'r str, &'r Value)> {
    archive
        .models()
        .iter()
        .filter(|(name, model)| {
            let text = split(name).map_or("", |(_, model)| model);
            let answers = model.get("max_output_tokens") != Some(&Value::Int("0".into()));
            is_active(model) && !is_embedding(model) && answers && !text.contains("embedding")
        })
        .map(|(name, model)| (name.as_str(), model))
}

/// The text of the new file, as the original lays it out but for the empty tables.
pub fn text(choices: &[Choice], registry: Option<&Registry<'_>>, now: &str) -> String {
    let mut out = format!(
        "version = \"1.0\"\ncreated_at = \"{now}\"\nupdated_at = \"{now}\"\ndefault_profile = \"default\"\n"
    );
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    for profile in PROFILES {
        out += &format!("\n[profiles.{profile}]\nname = \"{profile}\"\n");
        if profile != PROFILES[0] || choices.is_empty() {
            out += "bindings = []\n";
            continue;
        }
        let mut used: Vec<&str> =
            choices.iter().flat_map(|it| &it.models).filter_map(|it| Some(split(it)?.0)).collect();
        used.sort_unstable();
        used.dedup();
        out += &format!("\n[profiles.{profile}.registry_versions]\n");
        for provider in used {
            let latest = registry.and_then(|it| it.provider(provider)).map_or(1, |it| it.latest().version);
            out += &format!("{provider} = {latest}\n");
        }
        for choice in choices {
            let models: Vec<_> = choice.models.iter().map(|it| quoted(it)).collect();
            let models = models.join(", ");
            out += &format!(
                "\n[[profiles.{profile}.bindings]]\nalias = \"{}\"\nmodels = [{models}]\n",
                choice.alias
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::llmring::registry::testing::chain;

    const MODELS: &str = r#"{
        "openai:small": {"dollars_per_million_tokens_input": 0.1, "max_input_tokens": 8, "is_active": true},
        "openai:large": {"dollars_per_million_tokens_input": 9, "max_input_tokens": 4, "supports_vision": true},
        "openai:old": {"dollars_per_million_tokens_input": 0.01, "is_active": false},
        "openai:text-embedding-x": {"dollars_per_million_tokens_input": 0.001, "api_endpoint": "embeddings"}
    }"#;

    #[test]
    fn only_active_chat_models_are_chosen() {
        let mut sources = chain("openai", &[MODELS]);
        sources.extend(chain("google", &[r#"{"google:g": {"dollars_per_million_tokens_input": 0.05}}"#]));
        let registry = Registry::new(&sources);
        let choices: Vec<_> =
            choose(&registry).into_iter().map(|it| (it.alias, it.models.join(" "))).collect();
        let expected = [
            ("fast", "google:g openai:small"),
            ("deep", "openai:large google:g"),
            ("long_context", "openai:small"),
            ("vision", "openai:large"),
        ];
        assert_eq!(choices, expected.map(|(alias, models)| (alias, models.to_owned())));
    }

    #[test]
    fn the_file_is_one() {
        let sources = chain("openai", &[MODELS]);
        let registry = Registry::new(&sources);
        let text = text(&choose(&registry), Some(&registry), "2026-01-02T03:04:05+00:00");
        let table: toml::Table = text.parse().unwrap();
        let default = &table["profiles"]["default"];
        assert_eq!(default["registry_versions"]["openai"].as_integer(), Some(1));
        assert_eq!(default["bindings"][0]["models"][0].as_str(), Some("openai:small"));
        assert_eq!(table["profiles"]["dev"]["bindings"].as_array().map(Vec::len), Some(0));
    }
}

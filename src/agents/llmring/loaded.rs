//! What the original holds in memory once it has loaded a file: its digest is taken of this, and it is what gets saved.

use sha2::{Digest as _, Sha256};

use super::Build;
use super::document::{Document, Refusal};
use super::value::{self, Syntax};
use crate::agents::canonical::{Value, canonical};
use crate::text::syntax::{Node, Table, Text};

/// Everything that the original keeps of a file, in the order in which it saves it.
pub struct Loaded {
    pub value: Value,
    /// Stamps that the file lacks: the original takes the time of loading, so its digest is another one each time.
    pub unstamped: Vec<&'static str>,
}

impl Loaded {
    /// Hex digits of the SHA-256 that the original's `calculate_digest` gives.
    pub fn digest(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(canonical(&self.value)))
    }

    pub fn is_stable(&self) -> bool {
        self.unstamped.is_empty()
    }
}

/// Loads as that build does; `now` is what a missing stamp becomes. It fails with what the build stops at.
pub fn load<'d, 's>(
    document: &'d Document<'s>,
    build: Build,
    now: &str,
) -> Result<Loaded, Vec<&'d Refusal<'s>>> {
    let refusals: Vec<_> = document.refusals(build).collect();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let syntax = document.syntax;
    let mut unstamped = Vec::new();
    let mut stamp = |field: &'static str| match document.stamp(field) {
        Some(stamp) => Value::text(stamp.iso()),
        None => {
            unstamped.push(field);
            Value::text(now)
        }
    };
    let mut entries = vec![
        ("version".to_owned(), Value::text(document.version.as_ref().map_or("1.0", Text::as_str))),
        ("created_at".to_owned(), stamp("created_at")),
        ("updated_at".to_owned(), stamp("updated_at")),
        ("profiles".to_owned(), profiles(document)),
        ("default_profile".to_owned(), Value::text(document.default_profile())),
    ];
    if build == Build::Head {
        let packages = document.extends.iter().map(|name| Value::text(name.as_str())).collect();
        entries.push(("extends".to_owned(), Value::object([("packages", Value::Array(packages))])));
    }
    let metadata =
        document.root.get("metadata").map_or(Value::Object(Vec::new()), |node| value::value(node, syntax));
    entries.push(("metadata".to_owned(), metadata));
    Ok(Loaded { value: Value::Object(entries), unstamped })
}

fn profiles(document: &Document<'_>) -> Value {
    let syntax = document.syntax;
    let tables = document.root.table("profiles").map(|table| unique(table, syntax)).unwrap_or_default();
    let profiles =
        tables.into_iter().filter_map(|(name, node)| Some((name, profile(node.as_table()?, syntax))));
    Value::Object(profiles.collect())
}

fn profile(table: &Table<'_>, syntax: Syntax) -> Value {
    let name = table.text("name").map_or("", Text::as_str);
    let bindings = table.array("bindings").iter().filter_map(Node::as_table).map(|it| binding(it, syntax));
    let pins = table.table("registry_versions").map(|table| unique(table, syntax)).unwrap_or_default();
    let pins =
        pins.into_iter().filter_map(|(provider, node)| Some((provider, Value::Int(value::pin(node)?))));
    Value::object([
        ("name", Value::text(name)),
        ("bindings", Value::Array(bindings.collect())),
        ("registry_versions", Value::Object(pins.collect())),
    ])
}

fn binding(table: &Table<'_>, syntax: Syntax) -> Value {
    let alias = table.text("alias").map_or("", Text::as_str);
    let models = table.array("models").iter().filter_map(Node::as_text).map(|it| Value::text(it.as_str()));
    Value::object([
        ("alias", Value::text(alias)),
        ("models", Value::Array(models.collect())),
        ("constraints", table.get("constraints").map_or(Value::Null, |node| value::value(node, syntax))),
    ])
}

/// Keys as the original reads them; of two alike the last counts, and keeps the place of the first.
fn unique<'t, 's>(table: &'t Table<'s>, syntax: Syntax) -> Vec<(String, &'t Node<'s>)> {
    let mut places = std::collections::HashMap::new();
    let mut entries: Vec<(String, &Node<'s>)> = Vec::new();
    for (name, node) in &table.entries {
        let name = value::key(name, syntax).to_owned();
        match places.get(&name) {
            Some(&at) => entries[at] = (name, node),
            None => {
                places.insert(name.clone(), entries.len());
                entries.push((name, node));
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::Value as Json;

    use super::*;
    use crate::agents::llmring::reader;
    use crate::agents::llmring::save::{lost, save};
    use crate::text::source::{Side, Source};

    fn vectors() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/llmring")
    }

    fn source(path: &Path) -> Source {
        Source::new(path.to_string_lossy(), Side::Worktree, std::fs::read(path).unwrap())
    }

    fn json(path: &str) -> Json {
        serde_json::from_slice(&std::fs::read(vectors().join(path)).unwrap()).unwrap()
    }

    /// What each build wrote: the digest of the file, and the file again from what was loaded.
    #[test]
    fn both_builds_agree_with_what_they_saved() {
        for (folder, build) in [("head", Build::Head), ("wheel140", Build::Published)] {
            let cases = json(&format!("save/{folder}/digests.json"));
            for (case, outcome) in cases.as_object().unwrap() {
                for (form, syntax) in [("toml", Syntax::Toml), ("json", Syntax::Json)] {
                    let (Some(name), Some(digest)) =
                        (outcome[form]["file"].as_str(), outcome[form]["digest_after_reload"].as_str())
                    else {
                        continue;
                    };
                    let source = source(&vectors().join("save").join(folder).join(name));
                    let (document, faults) = reader::read(&source);
                    assert!(faults.is_empty(), "{case} {form}: {faults:?}");
                    let loaded = load(&document, build, "").ok().unwrap();
                    let expected = outcome[form]["canonical_after_reload"].as_str();
                    let expected = expected.unwrap_or_else(|| outcome["canonical"].as_str().unwrap());
                    assert_eq!(canonical(&loaded.value), expected, "{case} {form}");
                    assert_eq!(loaded.digest(), digest, "{case} {form}");
                    let again = save(&loaded, syntax);
                    if outcome[form]["roundtrip_equal"] == true {
                        assert_eq!(again, source.text(), "{case} {form}");
                    }
                }
                let from_json = vectors().join("save").join(folder).join(format!("{case}.llmring.lock.json"));
                let toml = outcome["toml"]["file"].as_str();
                if let Some(toml) = toml.filter(|_| from_json.exists()) {
                    converts(
                        case,
                        &source(&from_json),
                        &vectors().join("save").join(folder).join(toml),
                        build,
                        outcome,
                    );
                }
            }
        }
    }

    /// JSON becomes the very TOML that the build saves, or lockproof says what would be lost.
    fn converts(case: &str, from: &Source, to: &Path, build: Build, outcome: &Json) {
        let (document, _) = reader::read(from);
        let loaded = load(&document, build, "").ok().unwrap();
        let saved = save(&loaded, Syntax::Toml);
        let lost = lost(&loaded, &saved, Syntax::Toml, build);
        let survives = outcome["toml"]["roundtrip_equal"] == true;
        assert_eq!(lost.is_empty(), survives, "{case}: {lost:?}");
        if survives {
            assert_eq!(saved, std::fs::read_to_string(to).unwrap(), "{case}");
        }
    }

    #[test]
    fn the_digests_of_the_documented_example() {
        let head = "75e9d99708178dbe690fa961072ece16c81b90a1bba6292212973304d8bf2ccd";
        let published = "1b84552058cfc9accd70f38030f08bb7a9c708056c45c94cbfd7303987c387f4";
        let files = [
            "seed-example.llmring.lock",
            "seed-example.llmring.lock.json",
            "seed-resaved-head.llmring.lock",
            "seed-resaved-wheel140.llmring.lock.json",
        ];
        for file in files {
            let source = source(&vectors().join("seed").join(file));
            let (document, _) = reader::read(&source);
            assert_eq!(load(&document, Build::Head, "").ok().unwrap().digest(), head, "{file}");
            assert_eq!(load(&document, Build::Published, "").ok().unwrap().digest(), published, "{file}");
        }
    }

    /// What the builds refuse is refused, and what they accept has their digest.
    #[test]
    fn broken_files_have_the_outcome_that_the_original_has() {
        let outcomes = json("malformed/outcomes.json");
        for (case, it) in outcomes.as_object().unwrap() {
            let source = source(&vectors().join("malformed/inputs").join(it["file"].as_str().unwrap()));
            let (document, faults) = reader::read(&source);
            for (name, build) in [("llmring_head", Build::Head), ("llmring_1_4_0", Build::Published)] {
                let loaded = load(&document, build, "")
                    .ok()
                    .filter(|_| faults.is_empty() && document.is_named_rightly());
                let refuses = it[name]["outcome"] == "REJECT";
                assert_eq!(loaded.is_none(), refuses, "{case} {name}: {faults:?} {:?}", document.refusals);
                let digest = it[name]["digest"].as_str().unwrap_or_default();
                if let Some(loaded) = loaded {
                    assert_eq!(loaded.is_stable(), !digest.starts_with("unstable"), "{case}");
                    assert!(!loaded.is_stable() || loaded.digest() == digest, "{case} {name}");
                }
            }
        }
    }
}

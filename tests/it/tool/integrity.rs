//! Hashes against what the original code computed, and against an implementation that shares nothing with ours.

use lockproof::agents::tool::integrity::{Kind, Variant, chain_hash, compute, preimage, sha256};
use lockproof::agents::tool::value::Value;
use lockproof::agents::tool::{content, extract, json, signature};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::second;

fn vectors(name: &str) -> Json {
    let path = format!("{}/tests/tool/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn cases(name: &str) -> Vec<Json> {
    vectors(name)["cases"].as_array().unwrap().clone()
}

fn text<'j>(json: &'j Json, field: &str) -> &'j str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

#[test]
fn the_canonical_form_is_python_s() {
    let cases = cases("canonical-json.json");
    for case in &cases {
        let value = json::read(text(case, "input_json")).unwrap();
        let form = json::canonical(&value).unwrap();
        assert_eq!(form, text(case, "canonical"), "{}", case["name"]);
        assert_eq!(sha256(&form), text(case, "sha256"));
    }
    assert!(cases.len() >= 16, "{}", cases.len());
}

/// An item put together of texts and raw JSON.
fn item(texts: &[(&str, &str)], raw: &[(&str, &Json)]) -> Value {
    let texts = texts.iter().map(|(name, value)| (Value::text(name), Value::text(value)));
    let raw = raw
        .iter()
        .filter_map(|(name, value)| Some((Value::text(name), json::read(value.as_str()?).unwrap())));
    Value::Dict(texts.chain(raw).collect())
}

#[track_caller]
fn assert_hashes(variant: Variant, kind: Kind, item: &Value, expected: &Json) {
    assert_eq!(preimage(variant, kind, item).unwrap(), text(expected, "canonical"), "{variant:?} {kind:?}");
    assert_eq!(compute(variant, kind, item).unwrap(), text(expected, "sha256"));
}

#[test]
fn tools_hash_as_they_do_in_every_variant() {
    for case in cases("integrity-tool.json") {
        let texts = [("tool_id", text(&case, "tool_id")), ("version", text(&case, "version"))];
        let item = item(&texts, &[("manifest", &case["manifest_json"]), ("files", &case["files_json"])]);
        let variants = [
            (Variant::Kiwi, "kiwi_8186311"),
            (Variant::KiwiExecutable, "kiwi_e916516_with_is_executable"),
            (Variant::Rye, "rye_os_047e919"),
        ];
        for (variant, name) in variants {
            assert_hashes(variant, Kind::Tool, &item, &case[name]);
        }
    }
}

#[test]
fn directives_and_knowledge_hash_as_they_do() {
    for case in cases("integrity-directive-knowledge.json") {
        let (id, version, body) = (text(&case, "id"), text(&case, "version"), text(&case, "content"));
        let metadata = [("metadata", &case["metadata_json"])];
        let directive =
            item(&[("directive_name", id), ("version", version), ("xml_content", body)], &metadata);
        let knowledge = item(&[("id", id), ("version", version), ("content", body)], &metadata);
        assert_hashes(Variant::Kiwi, Kind::Directive, &directive, &case["kiwi_directive"]);
        assert_hashes(Variant::Kiwi, Kind::Knowledge, &knowledge, &case["kiwi_knowledge"]);
        assert_hashes(Variant::Rye, Kind::Directive, &directive, &case["rye_directive"]);
        assert_hashes(Variant::Rye, Kind::Knowledge, &knowledge, &case["rye_knowledge"]);
    }
}

#[test]
fn contents_hash_as_rye_hashes_them() {
    for case in cases("rye-content-hash.json") {
        let bytes = data_encoding::BASE64.decode(text(&case, "bytes_b64").as_bytes()).unwrap();
        let kind = match text(&case, "item_type") {
            "tool" => Kind::Tool,
            "directive" => Kind::Directive,
            _ => Kind::Knowledge,
        };
        let file = String::from_utf8(bytes).unwrap();
        let hash = content::hash(kind, &file).ok();
        assert_eq!(hash.as_deref(), case["content_hash"].as_str(), "{}", case["name"]);
        if kind == Kind::Tool {
            let newlines = content::newlines(&file);
            let line = signature::find(&newlines, Some("#"));
            let is_read = line.is_some_and(|line| {
                line.system == signature::System::Rye && line.parse() != Err(signature::Broken::Unreadable)
            });
            assert_eq!(is_read, case["signature_info"].is_object(), "{}", case["name"]);
        }
    }
}

#[test]
fn chains_hash_as_the_store_hashes_them() {
    for case in cases("kiwi-chain-hash.json") {
        let show = |value: &Json| match value {
            Json::Null => "None".to_owned(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let elements: Vec<_> = case["resolved_chain"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (show(&it["tool_id"]), show(&it["version"]), show(&it["integrity"])))
            .collect();
        let borrowed =
            elements.iter().map(|(id, version, hash)| (id.as_str(), version.as_str(), hash.as_str()));
        assert_eq!(chain_hash(borrowed), text(&case, "chain_hash"), "{}", case["name"]);
    }
}

/// Py, YAML and JavaScript tools, signed by the original: extracted, put into canonical form and hashed by us.
#[test]
fn tools_of_a_project_hash_as_they_were_signed() {
    let root = format!("{}/tests/tool/kiwi-e2e-project", env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(format!("{root}/.ai/tools/{path}")).unwrap();
    let extractors = ["python", "yaml", "javascript"]
        .map(|name| extract::Extractor::read(&read(&format!("extractors/{name}_extractor.py"))).unwrap());
    let expected = vectors("kiwi-e2e-project/expected.json");
    for (path, tool) in expected["tools"].as_object().unwrap() {
        let file_name = path.rsplit('/').next().unwrap();
        let extension = &file_name[file_name.rfind('.').unwrap()..];
        let extractor = extractors.iter().find(|it| it.extensions.iter().any(|it| it == extension)).unwrap();
        let file = read(path);
        assert_eq!(extractor.integrity(file_name, &file).unwrap(), text(tool, "integrity"), "{path}");
        let signed = signature::find(&file, Some(&extractor.prefix)).unwrap().parse().unwrap().hash;
        assert_eq!(signed, text(tool, "integrity"), "{path}");
    }
}

/// Values as `serde_json` has them, with every kind of character and number that both sides can hold.
fn any_json() -> impl Strategy<Value = Json> {
    let character = prop_oneof![
        Just('\u{7f}'),
        Just('"'),
        Just('\\'),
        proptest::char::range('\0', '\u{20}'),
        proptest::char::range(' ', '\u{2ff}'),
        proptest::char::range('\u{d000}', '\u{fffd}'),
        proptest::char::range('\u{1f600}', '\u{1f64f}'),
    ];
    let text = proptest::collection::vec(character, 0..8).prop_map(|it| it.into_iter().collect::<String>());
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter_map("finite", |it| serde_json::Number::from_f64(it).map(Json::Number)),
        (-20i32..25, 1u32..1000)
            .prop_map(|(exponent, digits)| Json::from(f64::from(digits) * 10f64.powi(exponent))),
        text.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|it| Json::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_canonical_form_is_the_second_implementation_s(json in any_json()) {
        let value = json::read(&json.to_string()).unwrap();
        prop_assert_eq!(json::canonical(&value).unwrap(), second::canonical(&json));
    }

    #[test]
    fn the_canonical_form_is_its_own(json in any_json()) {
        let form = second::canonical(&json);
        prop_assert_eq!(json::canonical(&json::read(&form).unwrap()).unwrap(), form);
    }

    #[test]
    fn chain_hashes_are_the_second_implementation_s(chain in proptest::collection::vec(("[a-z_/]{1,9}", "[0-9.]{1,6}", "[0-9a-f]{64}"), 0..6)) {
        let elements = chain.iter().map(|(id, version, hash)| (id.as_str(), version.as_str(), hash.as_str()));
        prop_assert_eq!(chain_hash(elements), second::chain_hash(&chain));
    }

    #[test]
    fn content_hashes_are_the_second_implementation_s(lines in proptest::collection::vec(prop_oneof![
        Just("#!/usr/bin/env x"), Just("#! /bin/x"), Just("# rye:signed:x"), Just("# kiwi-mcp:validated:y:z"),
        Just("# rye:signed:"), Just(""), Just("x = 1"), Just("#!/y"), Just("# rye:other:x"),
    ], 0..6), end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]) {
        let file = lines.join(end);
        prop_assert_eq!(content::hash(Kind::Tool, &file).unwrap(), second::tool_content_hash(&file));
    }

    #[test]
    fn nothing_makes_a_reader_panic(file in "\\PC{0,64}") {
        let _ = json::read(&file);
        let _ = lockproof::agents::tool::python::read(&file);
        let _ = lockproof::agents::tool::yaml::read(&file);
        let _ = extract::Extractor::read(&file);
        let _ = signature::find(&file, None).map(|line| line.parse());
        let _ = lockproof::agents::tool::time::parse(&file);
        for kind in [Kind::Tool, Kind::Directive, Kind::Knowledge] {
            let _ = content::hash(kind, &file);
        }
    }
}

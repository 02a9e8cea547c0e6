//! `llmring.lock`: the commands as a new user walks them, files of the original, and files that it should not have taken.

use std::path::Path;

use lockproof::agents::canonical::{Value, canonical, indented};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::support::{Place, Said};

/// A model, made up.
fn model(price: f64, context: u32, more: &[(&str, Value)]) -> Value {
    let mut entries = vec![
        ("dollars_per_million_tokens_input".to_owned(), Value::Float(price)),
        ("max_input_tokens".to_owned(), Value::Int(context.to_string())),
    ];
    entries.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Value::Object(entries)
}

/// Writes the versions of a provider, each hashed as the real registry hashes: with its predecessor's hash in its place.
fn publish(place: &Place, provider: &str, versions: &[Vec<(&str, Value)>]) {
    let mut before: Option<String> = None;
    for (at, models) in versions.iter().enumerate() {
        let models = models.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
        let mut document = vec![
            ("provider".to_owned(), Value::text(provider)),
            ("models".to_owned(), Value::Object(models)),
            ("version".to_owned(), Value::Int((at + 1).to_string())),
        ];
        let mut hashed = document.clone();
        hashed.extend(before.take().map(|hash| ("content_sha256_jcs".to_owned(), Value::text(hash))));
        let digest = Sha256::digest(canonical(&Value::Object(hashed)));
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        document.push(("content_sha256_jcs".to_owned(), Value::text(hash.clone())));
        before = Some(hash);
        place.write(
            format!("registry/{provider}/v/{}/models.json", at + 1),
            indented(&Value::Object(document)),
        );
    }
}

/// A repository with a small registry: openai at version 2, google at version 1.
pub(crate) fn registry() -> Place {
    let place = Place::repository();
    let embedding = [("api_endpoint", Value::text("embeddings"))];
    let sees = [("supports_vision", Value::Bool(true))];
    let off = [("is_active", Value::Bool(false))];
    let first = vec![
        ("openai:small-1", model(0.1, 8_000, &[])),
        ("openai:large-1", model(9.0, 100_000, &sees)),
        ("openai:text-1", model(0.01, 100, &embedding)),
    ];
    let mut second = first.clone();
    second[0].1 = model(0.2, 8_000, &[]);
    second.push(("openai:dead-1", model(0.001, 1, &off)));
    publish(&place, "openai", &[first, second]);
    publish(&place, "google", &[vec![("google:g-1", model(0.05, 1_000_000, &[]))]]);
    place
}

fn at(place: &Place, words: &str) -> Said {
    let mut command = place.command(words.split_whitespace());
    command.env("SOURCE_DATE_EPOCH", "1767225600").env("HOME", place.path("nobody"));
    command.env_remove("LLMRING_LOCKFILE_PATH").env_remove("LLMRING_PROFILE");
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[track_caller]
fn says(said: &Said, code: i32, parts: &[&str]) {
    let text = format!("{}{}", said.out, said.err);
    // Reports are wrapped.
    let flat = text.replace("│", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(said.code, code, "{text}");
    for part in parts {
        assert!(flat.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn a_new_user_walks_from_init_to_drift() {
    let place = registry();
    says(
        &at(&place, "llmring init --registry registry"),
        0,
        &[
            "llmring.lock was written",
            "fast → google:g-1, openai:small-1",
            "deep → openai:large-1, google:g-1",
        ],
    );
    let policy = place.read("lockproof.toml");
    assert!(
        policy.contains("registry = \"registry\"") && policy.contains("\"openai/2\" = \"sha256:"),
        "{policy}"
    );
    assert!(place.read("llmring.lock").contains("created_at = \"2026-01-01T00:00:00+00:00\""));
    says(&at(&place, "llmring init"), 2, &["is there already; --force overwrites it"]);
    says(
        &at(&place, "llmring bind smart openai:large-1,google:g-1"),
        0,
        &["leads to openai:large-1, then google:g-1"],
    );
    says(&at(&place, "llmring bind smart opnai:x"), 2, &["did you mean `openai`?"]);
    says(
        &at(&place, "llmring bind smart openai:x --profile prd"),
        2,
        &["did you mean `prod`?", "--create makes it"],
    );
    says(&at(&place, "llmring validate"), 0, &["default / smart → openai:large-1, google:g-1"]);
    says(&at(&place, "llmring aliases"), 0, &["vision openai:large-1", "(pinned: google 1, openai 2)"]);
    let older = place.read("llmring.lock").replace("openai = 2", "openai = 1 # on purpose");
    place.write("llmring.lock", &older);
    place.commit_all();
    says(
        &at(&place, "llmring drift"),
        0,
        &["openai in profile `default`: 1 → 2", "dollars_per_million_tokens_input: 0.1 → 0.2"],
    );
    says(
        &at(&place, "llmring drift --format markdown"),
        0,
        &["| <code>default</code> | <code>openai&#58;small-1</code> | 1 → 2 |"],
    );
    let drift: Json = serde_json::from_str(&at(&place, "llmring drift --format json").out).unwrap();
    assert_eq!(drift["drift"][1]["models"][0]["fields"]["dollars_per_million_tokens_input"]["now"], 0.2);
    says(&at(&place, ""), 0, &["note[llmring-stale-pin]"]);
    says(&at(&place, "llmring bump --dry-run"), 0, &["raised openai in profile `default`: 1 → 2"]);
    assert_eq!(place.read("llmring.lock"), older);
    says(&at(&place, "llmring bump"), 0, &["llmring.lock was written"]);
    assert!(place.read("llmring.lock").contains("openai = 2 # on purpose"));
    says(&at(&place, "llmring drift"), 0, &["2 → 2, no drift"]);
}

#[test]
fn a_rewritten_archive_is_caught_wherever_it_is_looked_at() {
    let place = registry();
    says(&at(&place, "llmring init --registry registry"), 0, &[]);
    place.commit_all();
    let archive = place.read("registry/openai/v/2/models.json").replace("0.2", "0.3");
    place.write("registry/openai/v/2/models.json", archive);
    let found = ["error[llmring-archive-mismatch]", "is not the archive that the policy keeps the hash of"];
    says(&at(&place, "check"), 1, &found);
    says(&at(&place, "llmring validate"), 1, &found);
    says(&at(&place, "llmring bump"), 1, &["version 2 of openai was rewritten", "nothing was changed"]);
    place.git("add --all");
    says(&at(&place, "check --staged"), 1, &found);
    place.git("commit --quiet --message=x");
    says(&at(&place, "check --base HEAD~1"), 1, &found);
    says(&at(&place, "check --head HEAD"), 1, &found);
    // Without a hash in the policy the chain has to hold.
    place.write("lockproof.toml", "[llmring]\nregistry = 'registry'\n");
    says(&at(&place, "check"), 1, &["breaks the hash chain of the registry"]);
}

#[test]
fn without_a_registry_it_says_what_it_did_not_check() {
    let place = Place::repository();
    says(&at(&place, "llmring init"), 0, &["It binds nothing: no snapshot of the model registry was named"]);
    says(&at(&place, "check"), 1, &["error[llmring-empty]"]);
    says(&at(&place, "llmring bind fast openai:gpt-4o-mini"), 0, &[]);
    says(&at(&place, "check"), 0, &["not checked: llmring.lock: 1 model is not held against the registry"]);
    says(&at(&place, "llmring validate"), 3, &["warning[llmring-unpinned-provider]", "not checked:"]);
    says(&at(&place, "llmring drift"), 2, &["no snapshot of the model registry"]);
    says(&at(&place, "check --registry ."), 3, &["holds no archives of a model registry"]);
    let report: Json = serde_json::from_str(&at(&place, "check --format json").out).unwrap();
    assert_eq!(report["coverage"]["unchecked"].as_array().map(Vec::len), Some(1));
    place.write("lockproof.toml", "[llmring]\nregistry = '../elsewhere'\n");
    says(&at(&place, "check"), 2, &["does not lie in the repository"]);
}

#[test]
fn the_cache_of_the_original_is_a_registry_too() {
    let place = registry();
    let archive = place.read("registry/openai/v/2/models.json");
    let other = Place::repository();
    other.write("nobody/.cache/llmring/registry/openai_current.json", archive);
    says(&at(&other, "llmring init --file x.llmring.lock"), 0, &["fast → openai:small-1"]);
    says(&at(&other, "llmring validate x.llmring.lock"), 0, &[]);
}

#[test]
fn digests_are_those_of_both_builds() {
    let place = Place::folder();
    let head = "75e9d99708178dbe690fa961072ece16c81b90a1bba6292212973304d8bf2ccd";
    let published = "1b84552058cfc9accd70f38030f08bb7a9c708056c45c94cbfd7303987c387f4";
    for name in ["seed-example.llmring.lock", "seed-example.llmring.lock.json"] {
        place.write(name, std::fs::read(vectors().join("seed").join(name)).unwrap());
        says(&at(&place, &format!("llmring digest {name}")), 0, &[head, published]);
        let one = at(&place, &format!("llmring digest {name} --build head"));
        assert_eq!(one.out, format!("{head}\n"));
        let json: Json =
            serde_json::from_str(&at(&place, &format!("llmring digest {name} --format json")).out).unwrap();
        assert_eq!(json["builds"]["1.4.0"]["digest"], published);
    }
    place.write("llmring.lock", "version = '1.0'\n");
    says(
        &at(&place, "llmring digest"),
        1,
        &["without created_at and updated_at it is another one each time"],
    );
}

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/llmring")
}

#[test]
fn convert_writes_what_the_original_writes_or_nothing() {
    let place = Place::folder();
    let folder = vectors().join("save/head");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    place.write("llmring.lock", read("03-multi-profile.llmring.lock"));
    says(&at(&place, "llmring convert"), 0, &["llmring.lock.json was written, as JSON"]);
    assert_eq!(place.read("llmring.lock.json"), read("03-multi-profile.llmring.lock.json"));
    says(&at(&place, "llmring convert llmring.lock.json"), 2, &["is there already"]);
    says(&at(&place, "llmring convert llmring.lock.json --force"), 0, &[]);
    assert_eq!(place.read("llmring.lock"), read("03-multi-profile.llmring.lock"));
    place.write("x.llmring.lock", format!("# why\nunknown = 1\n{}", read("03-multi-profile.llmring.lock")));
    says(
        &at(&place, "llmring convert x.llmring.lock"),
        1,
        &["line 1: the comment `# why`", "line 2: `unknown` at the top"],
    );
    assert!(!place.path("x.llmring.lock.json").exists());
    says(&at(&place, "llmring convert x.llmring.lock --drop"), 0, &[]);
    place.write("y.llmring.lock.json", read("21-nbsp-corrupted-by-toml-save.llmring.lock.json"));
    says(
        &at(&place, "llmring convert y.llmring.lock.json"),
        1,
        &["`metadata.note`: the text `a b` would become the text `axa0b`"],
    );
}

/// Every input that the original takes and that is wrong has a finding; what is right has no error.
#[test]
fn what_the_original_takes_in_silence_is_found() {
    let outcomes: Json =
        serde_json::from_slice(&std::fs::read(vectors().join("malformed/outcomes.json")).unwrap()).unwrap();
    for (case, it) in outcomes.as_object().unwrap() {
        let place = Place::folder();
        let file = it["file"].as_str().unwrap();
        let name = if file.ends_with(".json") { "llmring.lock.json" } else { "llmring.lock" };
        place.write(name, std::fs::read(vectors().join("malformed/inputs").join(file)).unwrap());
        let said = at(&place, "check --format json");
        let report: Json = serde_json::from_str(&said.out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        match it["lockproof_should"].as_str().unwrap() {
            "flag it" => {
                let grave = |it: &&Json| it["level"] == "error" || it["level"] == "warning";
                assert!(findings.iter().filter(grave).count() > 0, "{case}: {}", said.out);
            }
            _ => assert!(findings.iter().all(|it| it["level"] != "error"), "{case}: {}", said.out),
        }
        if case == "00-control-valid" {
            assert!(findings.is_empty(), "{}", said.out);
        }
    }
}

#[test]
fn list_shows_what_a_program_would_load() {
    let place = Place::with(&[
        ("pyproject.toml", "[project]\nname = \"my-app\"\n"),
        ("src/my_app/__init__.py", ""),
        ("src/my_app/llmring.lock", "version = \"1.0\"\n"),
    ]);
    says(
        &at(&place, "list"),
        0,
        &[
            "loads the file bundled with llmring",
            "llmring's own commands take src/my_app/llmring.lock: they and the program disagree",
        ],
    );
    says(&at(&place, "check"), 1, &["note[llmring-placement]"]);
    place.write("llmring.lock", "version = \"1.0\"\n");
    says(&at(&place, "list"), 0, &["A program started here loads llmring.lock."]);
    says(&at(&place, "check"), 1, &["warning[llmring-placement]"]);
    let mut command = place.command(["list", "--format", "json"]);
    let output = command.env("LLMRING_LOCKFILE_PATH", "nowhere").output().unwrap();
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["llmring"]["because"], "variable");
    assert_eq!(json["llmring"]["missing"], true);
    says(&at(&place, "llmring init"), 2, &["src/my_app/llmring.lock is there already"]);
}

#[test]
fn secrets_and_hostile_text_do_not_get_out() {
    let place = Place::folder();
    let secret = "sk-proj-abcdefghij0123456789";
    let text = format!(
        "version = \"1.0\"\n[metadata]\nnote = \"use {secret}\"\napi_key = \"hunter2-hunter2\"\nx = \"\u{202e}evil\"\n\
         [profiles.\"\\u001b[31m\"]\nname = \"::error::x\"\n"
    );
    place.write("llmring.lock", text);
    for form in ["text", "json"] {
        let said = at(&place, &format!("check --format {form}"));
        says(&said, 1, &["llmring-secret"]);
        let shown = format!("{}{}", said.out, said.err);
        assert!(!shown.contains(secret) && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    }
}

#[test]
fn nothing_hostile_takes_long() {
    let place = Place::folder();
    let models: String = (0..40_000).map(|number| format!("\"openai:m{number}\",")).collect();
    place.write(
        "llmring.lock",
        format!("[profiles.a]\nname = 'a'\n[[profiles.a.bindings]]\nalias = 'x'\nmodels = [{models}]\n"),
    );
    assert!(at(&place, "check --quiet").code <= 1);
    place.write("llmring.lock", format!("metadata = {}1{}\n", "[".repeat(5000), "]".repeat(5000)));
    says(&at(&place, "check"), 1, &["max recursion depth"]);
    place.write(
        "llmring.lock",
        format!(
            "[profiles.a]\nname = 'a'\n[profiles.a.registry_versions]\nopenai = {}\n",
            "9".repeat(20_000)
        ),
    );
    says(&at(&place, "check"), 1, &["llmring-impossible-pin"]);
    place.write("llmring.lock", b"version = '1.0'\nx = '\xff'\n");
    says(&at(&place, "check"), 1, &["the file is not UTF-8 from here on"]);
    says(&at(&place, "llmring digest"), 1, &["it has no digest"]);
    place.write("llmring.lock", "");
    says(&at(&place, "check"), 1, &["llmring-empty"]);
}

#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_old_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::folder();
    let text = "# mine\nversion = \"1.0\"\n[profiles.default]\nname = \"default\"\n";
    place.write("x/llmring.lock", text);
    let folder = place.path("x");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = std::fs::write(folder.join("probe"), "").is_ok();
    let said = at(&place, "llmring bind fast openai:gpt-4o --file x/llmring.lock");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    if is_root {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: root may write everywhere\n");
        return;
    }
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(place.read("x/llmring.lock"), text);
}

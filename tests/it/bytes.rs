//! Hashes against bytes: what lies in a repository or in a cache, laid out by hand as the clients do it.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use crate::support::Place;

const REGISTRY: &str = "registry+https://index.example.com/";

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn lock(packages: &[(&str, &str)]) -> String {
    let entry = |(name, checksum): &(&str, &str)| {
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{REGISTRY}\"\nchecksum = \"{checksum}\"\n"
        )
    };
    format!("version = 4\n{}", packages.iter().map(entry).collect::<String>())
}

const HASH: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

/// A package as `cargo vendor` leaves it.
fn vendor(place: &Place, folder: &str, name: &str, hash: &str) {
    let manifest = MANIFEST.replace("\"a\"", &format!("{name:?}"));
    let files = [("Cargo.toml", manifest.as_str()), ("src/lib.rs", "pub fn f() {}\n")];
    let listed: Vec<_> = files.iter().map(|(path, text)| format!("{path:?}:{:?}", hex(text))).collect();
    for (path, text) in files {
        place.write(format!("{folder}/{path}"), text);
    }
    let list = format!("{{\"files\":{{{}}},\"package\":{hash:?}}}", listed.join(","));
    place.write(format!("{folder}/.cargo-checksum.json"), list);
}

fn vendored() -> Place {
    let place = Place::repository();
    place.write("Cargo.lock", lock(&[("a", HASH), ("b", HASH)]));
    place.write("Cargo.toml", "[workspace]\n");
    vendor(&place, "vendor/a", "a", HASH);
    vendor(&place, "vendor/b", "b", HASH);
    place
}

/// The archive that git makes of these files, below a folder.
fn archive(format: &str, folder: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let place = Place::with(files);
    place.git(&format!("archive --format={format} --prefix={folder}/ --output=out HEAD"));
    fs::read(place.path("out")).unwrap()
}

fn report(place: &Place, words: &str) -> (i32, Value) {
    let said = place.lockproof(&format!("--format json {words}"));
    (said.code, serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err)))
}

/// As one line, wherever it was broken.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was counted of the first lockfile: verified, consistent, mismatched, not there, untouched.
fn counted(report: &Value) -> [u64; 5] {
    let bytes = &report["coverage"]["lockfiles"][0]["bytes"];
    ["verified", "consistent", "mismatched", "not_on_disk", "untouched"]
        .map(|key| bytes[key].as_u64().unwrap_or_else(|| panic!("{report}")))
}

#[test]
fn what_came_with_the_same_change_is_only_consistent() {
    let place = vendored();
    place.commit_all();
    assert_eq!(counted(&report(&place, "").1), [2, 0, 0, 0, 0]);
    assert_eq!(counted(&report(&place, "--no-base").1), [0, 2, 0, 0, 0]);
    place.write("Cargo.lock", lock(&[("a", HASH), ("b", &HASH.replace('1', "2"))]));
    vendor(&place, "vendor/b", "b", &HASH.replace('1', "2"));
    let (_, now) = report(&place, "--ignore version-downgraded");
    assert_eq!(counted(&now), [1, 1, 0, 0, 0]);
    assert_eq!(now["findings"].as_array().map(Vec::len), Some(1), "the hash changed: {now}");
    assert!(line(&place.lockproof("").exits(1)).contains("bytes: 1 verified, 1 consistent."));
}

#[test]
fn every_kind_of_change_of_a_vendored_package_is_found() {
    let place = vendored();
    place.commit_all();
    let list = place.read("vendor/a/.cargo-checksum.json");
    let finds = |text: &str| {
        place.lockproof("").exits_with(1, text);
        place.lockproof("--no-base").exits_with(1, text);
        place.git("add --all");
        place.lockproof("--staged").exits_with(1, text);
        place.git("commit --quiet --message=tampered");
        place.lockproof("--head HEAD").exits_with(1, text);
        place.git("reset --quiet --hard HEAD^");
        place.lockproof("").exits(0);
    };
    place.write("vendor/a/src/lib.rs", "pub fn g() {}\n");
    finds("src/lib.rs was edited");
    place.write("vendor/a/build.rs", "fn main() {}\n");
    finds("build.rs was added");
    fs::remove_file(place.path("vendor/a/src/lib.rs")).unwrap();
    finds("src/lib.rs is missing");
    place.write("vendor/a/.cargo-checksum.json", list.replace(HASH, &HASH.replace('1', "3")));
    finds("names another archive");
    fs::remove_file(place.path("vendor/a/.cargo-checksum.json")).unwrap();
    finds(".cargo-checksum.json is missing");
    #[cfg(unix)]
    {
        fs::remove_file(place.path("vendor/a/src/lib.rs")).unwrap();
        place.link("vendor/a/src/lib.rs", "../../b/src/lib.rs");
        finds("src/lib.rs is a link");
    }
    // What Cargo leaves out of its lists, and what systems leave behind.
    place.write("vendor/a/.gitattributes", "* -text\n");
    place.write("vendor/a/.DS_Store", "x");
    place.lockproof("").exits(0);
}

#[test]
fn a_staged_change_looks_at_what_it_touches() {
    let place = vendored();
    place.write("go.sum", "");
    place.commit_all();
    place.write("README", "x");
    place.git("add --all");
    place.lockproof("--staged").exits_with(0, "No lockfile is touched");
    place.write("vendor/a/src/lib.rs", "pub fn g() {}\n");
    place.git("add --all");
    let (code, now) = report(&place, "--staged");
    assert_eq!((code, counted(&now)), (1, [0, 0, 1, 0, 1]), "{now}");
    assert_eq!(now["coverage"]["not_read"], serde_json::json!(["go.sum"]));
    place.lockproof("--staged --bytes off").exits_with(0, "No lockfile is touched");
}

#[test]
fn a_vendored_folder_stands_where_the_configuration_says() {
    let place = Place::repository();
    place.write("app/Cargo.lock", lock(&[("a", HASH)]));
    place.write(".cargo/config.toml", "[source.vendored]\ndirectory = \"third_party/crates\"\n");
    vendor(&place, "third_party/crates/a-1.0.0", "a", HASH);
    place.commit_all();
    assert_eq!(counted(&report(&place, "").1), [1, 0, 0, 0, 0]);
    place.write("third_party/crates/a-1.0.0/src/lib.rs", "pub fn g() {}\n");
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, "src/lib.rs was edited");
    // Out of the repository it is not followed.
    place.write(".cargo/config.toml", "[source.vendored]\ndirectory = \"../elsewhere\"\n");
    assert_eq!(counted(&report(&place, "").1), [0, 0, 0, 1, 0]);
}

#[test]
fn what_was_changed_before_is_pre_existing() {
    let place = vendored();
    place.write("vendor/a/src/lib.rs", "pub fn patched() {}\n");
    place.commit_all();
    place.write("README", "x");
    place.commit_all();
    place.lockproof("").exits(1);
    place.lockproof("--base HEAD^").exits_with(0, "1 finding pre-existing");
    place.write("vendor/b/src/lib.rs", "pub fn patched() {}\n");
    place.lockproof("--base HEAD^").exits_with(1, "vendor/b is not what was vendored");
}

fn npm_lock(integrity: &str, more: &str) -> String {
    format!(
        "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {{\"x\": \"file:vendor/x.tgz\"}}}},\n\
         \"node_modules/x\": {{\"version\": \"1.0.0\", \"resolved\": \"file:vendor/x.tgz\", \"integrity\": \"{integrity}\"{more}}}}}}}\n"
    )
}

fn tarball(manifest: &str) -> (Vec<u8>, String) {
    let bytes = archive("tar.gz", "package", &[("index.js", "1\n"), ("package.json", manifest)]);
    let integrity = format!("sha512-{}", BASE64.encode(&Sha512::digest(&bytes)));
    (bytes, integrity)
}

#[test]
fn archives_that_a_lockfile_names_are_hashed() {
    let (mut bytes, integrity) = tarball("{}");
    let place = Place::repository();
    place.write("package-lock.json", npm_lock(&integrity, ""));
    place.write("vendor/x.tgz", &bytes);
    place.commit_all();
    assert_eq!(counted(&report(&place, "--head HEAD --no-base").1), [1, 0, 0, 0, 0]);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    place.write("vendor/x.tgz", &bytes);
    let other = format!("sha512-{}", BASE64.encode(&Sha512::digest(&bytes)));
    let (code, now) = report(&place, "");
    let message = now["findings"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!((code, counted(&now)), (1, [0, 0, 1, 0, 0]), "{now}");
    assert!(message.contains(&integrity) && message.contains(&other), "{message}");
    assert!(message.contains("vendor/x.tgz") && message.contains(&format!("{} bytes", bytes.len())));
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, "artifact-mismatch");
    place.git("rm --quiet --force vendor/x.tgz");
    assert_eq!(counted(&report(&place, "").1), [0, 0, 0, 1, 0]);
    place.lockproof("--bytes-required").exits_with(1, "missing-artifact");
}

#[test]
fn a_phantom_edge_and_a_hidden_script_are_found() {
    let manifest = r#"{"dependencies": {"y": "1"}, "scripts": {"postinstall": "node x"}}"#;
    let (bytes, integrity) = tarball(manifest);
    let place = Place::repository();
    place.write("vendor/x.tgz", bytes);
    let finds = |more: &str| {
        place.write("package-lock.json", npm_lock(&integrity, more));
        let (_, now) = report(&place, "--select metadata-mismatch");
        let findings = now["findings"].as_array().unwrap().clone();
        findings.iter().map(|it| it["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(finds(r#", "hasInstallScript": true, "dependencies": {"y": "1"}"#), [""; 0]);
    assert_eq!(
        finds(r#", "dependencies": {"y": "1"}"#),
        ["x@1.0.0 has a postinstall script, which the lockfile denies."]
    );
    assert_eq!(
        finds(r#", "hasInstallScript": true, "dependencies": {"z": "1"}"#),
        ["x@1.0.0 does not ask for z, though the lockfile says so."]
    );
}

#[test]
fn wheels_are_found_by_their_name() {
    let entry = |name: &str, bytes: &str| {
        format!("{{ url = \"https://files.example.com/{name}\", hash = \"sha256:{}\" }}", hex(bytes))
    };
    let wheels = [entry("x-1.0-cp312-linux.whl", "linux"), entry("x-1.0-cp312-mac.whl", "mac")];
    let text = format!(
        "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"x\"\nversion = \"1.0\"\n\
         source = {{ registry = \"https://index.example.com/simple\" }}\nwheels = [\n    {},\n]\n",
        wheels.join(",\n    ")
    );
    let place = Place::with(&[("uv.lock", &text)]);
    assert_eq!(counted(&report(&place, "").1), [0, 0, 0, 1, 0]);
    let with_links = |words: &str| {
        let mut command = place.command(words.split(' '));
        command.env("PIP_FIND_LINKS", place.path("elsewhere")).env_remove("UV_FIND_LINKS");
        line(&String::from_utf8(command.output().unwrap().stdout).unwrap())
    };
    assert!(with_links("--bytes all").contains("1 not verifiable (as uv keeps files, not archives)"));
    place.write("elsewhere/x-1.0-cp312-mac.whl", "mac");
    assert!(with_links("--bytes all").contains("bytes: 1 verified."));
    place.write("wheelhouse/x-1.0-cp312-linux.whl", "other");
    let text = with_links("--bytes all");
    assert!(text.contains("artifact-mismatch") && text.contains("x-1.0-cp312-linux.whl"), "{text}");
    place.write("wheelhouse/x-1.0-cp312-linux.whl", "linux");
    assert!(with_links("--bytes repo").contains("bytes: 0 verified, 1 consistent."));
    place.write("uv.toml", "find-links = [\"packages\"]\n");
    place.write("packages/x-1.0-cp312-mac.whl", "tampered");
    place.lockproof("").exits_with(1, "packages/x-1.0-cp312-mac.whl");
}

/// A home of Cargo with one archive, unpacked.
fn cargo_home(place: &Place, folder: &str) -> String {
    let files = [("Cargo.toml", MANIFEST), ("src/lib.rs", "pub fn f() {}\n")];
    let bytes = archive("tar.gz", folder, &files);
    place.write("home/registry/cache/index.example.com-0123/a-1.0.0.crate", &bytes);
    for (path, text) in files {
        place.write(format!("home/registry/src/index.example.com-0123/a-1.0.0/{path}"), text);
    }
    place.write("home/registry/src/index.example.com-0123/a-1.0.0/.cargo-ok", "{\"v\":1}");
    hex(bytes)
}

fn in_home(place: &Place, words: &str) -> (i32, String) {
    let mut command = place.command(words.split(' ').chain(["--bytes", "all"]));
    let output = command.env("CARGO_HOME", place.path("home")).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), line(&String::from_utf8(text).unwrap()))
}

#[test]
fn archives_and_unpacked_sources_of_cargo_are_compared() {
    let place = Place::repository();
    let hash = cargo_home(&place, "a-1.0.0");
    place.write(".gitignore", "home/\n");
    place.write("Cargo.lock", lock(&[("a", &hash)]));
    place.commit_all();
    let source = "home/registry/src/index.example.com-0123/a-1.0.0";
    let (code, text) = in_home(&place, "--bytes-required");
    assert!(code == 0 && text.contains("bytes: 1 verified."), "{text}");
    place.write(format!("{source}/src/lib.rs"), "pub fn g() {}\n");
    let (code, text) = in_home(&place, "--quiet");
    assert!(code == 1 && text.contains("unpacked-source-changed") && text.contains("src/lib.rs was edited"));
    place.write(format!("{source}/src/lib.rs"), "pub fn f() {}\n");
    place.write(format!("{source}/src/main.rs"), "fn main() {}\n");
    assert!(in_home(&place, "--quiet").1.contains("src/main.rs was added"));
    fs::remove_file(place.path(format!("{source}/src/main.rs"))).unwrap();
    // Another registry's archive of that name is another package.
    let index = "home/registry/cache/other.example.com-4567/a-1.0.0.crate";
    place.write(index, "another package");
    assert_eq!(in_home(&place, "--quiet").0, 0);
    let line = format!("{{\"name\":\"a\",\"vers\":\"1.0.0\",\"cksum\":\"{HASH}\"}}");
    let noted = [&[3, 2, 0, 0, 0], &b"x\x001.0.0\0"[..], line.as_bytes(), b"\0"].concat();
    place.write("home/registry/index/index.example.com-0123/.cache/1/a", noted);
    let (code, text) = in_home(&place, "--quiet");
    assert!(code == 1 && text.contains("notes another hash") && text.contains(HASH), "{text}");
}

#[test]
fn an_archive_that_leads_out_of_itself_is_said() {
    let place = Place::repository();
    let hash = cargo_home(&place, "../../a-1.0.0");
    place.write("Cargo.lock", lock(&[("a", &hash)]));
    let (code, text) = in_home(&place, "--no-base");
    assert!(code == 3 && text.contains("leads out of it"), "{text}");
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_a_line_of_the_report() {
    let place = vendored();
    let outside = Place::folder();
    outside.write("secret", "secret");
    let says = |text: &str| {
        let said = place.lockproof("--no-base");
        assert!(said.code == 3 && said.out.contains(text), "{text}: {said:?}");
        fs::remove_file(place.path("vendor/a/src/lib.rs")).unwrap();
    };
    fs::remove_file(place.path("vendor/a/src/lib.rs")).unwrap();
    let pipe = place.path("vendor/a/src/lib.rs");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    says("is no regular file");
    fs::File::create(&pipe).unwrap().set_len(100 << 30).unwrap();
    says("107374182400 bytes long");
    place.write("vendor/a/src/lib.rs", "pub fn f() {}\n");
    place.link("home", outside.path("."));
    place.write("Cargo.lock", lock(&[("c", HASH)]));
    fs::create_dir_all(outside.path("registry/cache/index.example.com-0")).unwrap();
    place.at("home/registry/cache/index.example.com-0").link("c-1.0.0.crate", outside.path("secret"));
    let (code, text) = in_home(&place, "--no-base");
    assert!(code == 3 && text.contains("is a link that leads out of"), "{text}");
    assert!(!text.contains(&hex("secret")));
}

#[test]
fn reports_do_not_depend_on_the_threads() {
    let place = vendored();
    place.write("vendor/a/src/lib.rs", "1");
    place.write("vendor/b/src/lib.rs", "2");
    let one = place.lockproof("--format json --jobs 1").exits(1);
    assert_eq!(one, place.lockproof("--format json --jobs 4").exits(1));
}

#[test]
fn nothing_required_of_nothing() {
    let place = Place::with(&[("Cargo.lock", &lock(&[("a", HASH)]))]);
    place.lockproof("--bytes off --bytes-required").exits_with(2, "--bytes repo or all");
    let text = place.lockproof("").exits(0);
    assert!(!text.contains("bytes"), "{text}");
    let (code, now) = report(&place, "--bytes off");
    assert_eq!((code, &now["coverage"]["lockfiles"][0]["bytes"]), (0, &Value::Null));
    assert!(!Path::new(&place.path("home")).exists());
}

//! Lockfiles that lockproof can't read yet: named and counted, everywhere, and never called clean.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, cargo};

const YARN: &str = "# yarn lockfile v1\n";
const HASHED: &str = "a==1.0 \\\n    --hash=sha256:00\n";

/// One of each kind that is told by its name, and some that are told by their text.
const ALL: [(&str, &str); 54] = [
    ("yarn.lock", "yarn.lock"),
    ("bun.lock", "bun.lock"),
    ("bun.lockb", "bun.lockb"),
    ("deno.lock", "deno.lock"),
    ("poetry.lock", "poetry.lock"),
    ("pdm.lock", "pdm.lock"),
    ("Pipfile.lock", "Pipfile.lock"),
    ("pylock.toml", "pylock.toml"),
    ("pylock.dev.toml", "pylock.toml"),
    ("pixi.lock", "pixi.lock"),
    ("requirements.lock", "requirements.lock"),
    ("requirements-dev.txt", "requirements.txt"),
    ("constraints.txt", "requirements.txt"),
    ("requirements/test.txt", "requirements.txt"),
    ("conda-lock.yml", "conda-lock.yml"),
    ("Gemfile.lock", "Gemfile.lock"),
    ("gemfiles/x.gemfile.lock", "Gemfile.lock"),
    ("gems.locked", "gems.locked"),
    ("Berksfile.lock", "Berksfile.lock"),
    ("Puppetfile.lock", "Puppetfile.lock"),
    ("composer.lock", "composer.lock"),
    ("packages.lock.json", "packages.lock.json"),
    ("paket.lock", "paket.lock"),
    ("gradle.lockfile", "gradle.lockfile"),
    ("buildscript-gradle.lockfile", "gradle.lockfile"),
    ("gradle/verification-metadata.xml", "verification-metadata.xml"),
    ("maven_install.json", "maven_install.json"),
    ("Package.resolved", "Package.resolved"),
    ("Podfile.lock", "Podfile.lock"),
    ("Cartfile.resolved", "Cartfile.resolved"),
    ("pubspec.lock", "pubspec.lock"),
    ("mix.lock", "mix.lock"),
    ("rebar.lock", "rebar.lock"),
    ("stack.yaml.lock", "stack.yaml.lock"),
    ("cabal.project.freeze", "cabal.project.freeze"),
    ("x.opam.locked", "opam.locked"),
    ("spago.lock", "spago.lock"),
    ("Gopkg.lock", "Gopkg.lock"),
    ("glide.lock", "glide.lock"),
    ("conan.lock", "conan.lock"),
    ("vcpkg-lock.json", "vcpkg-lock.json"),
    ("renv.lock", "renv.lock"),
    ("shard.lock", "shard.lock"),
    ("dub.selections.json", "dub.selections.json"),
    ("nimble.lock", "nimble.lock"),
    ("flake.lock", "flake.lock"),
    ("devbox.lock", "devbox.lock"),
    ("devenv.lock", "devenv.lock"),
    ("MODULE.bazel.lock", "MODULE.bazel.lock"),
    (".terraform.lock.hcl", ".terraform.lock.hcl"),
    ("Chart.lock", "Chart.lock"),
    ("jsonnetfile.lock.json", "jsonnetfile.lock.json"),
    ("buf.lock", "buf.lock"),
    ("mise.lock", "mise.lock"),
];

fn json_of(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.lockproof(&format!("check --format json {words}")).out).unwrap()
}

/// What a run says it could not read: paths and kinds.
#[track_caller]
fn unsupported(place: &Place, words: &str) -> Vec<(String, String)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let report = json_of(place, words);
    let all = report["coverage"]["unsupported"].as_array().unwrap();
    all.iter().map(|it| (text(&it["path"]), text(&it["kind"]))).collect()
}

#[test]
fn every_kind_is_named_on_every_side() {
    let plain = Place::folder();
    ALL.iter().for_each(|(path, _)| plain.write(path, HASHED));
    let mut expected: Vec<_> = ALL.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    expected.sort();
    assert_eq!(unsupported(&plain, ""), expected);

    let place = Place::with(&[("README.md", "x\n")]);
    ALL.iter().for_each(|(path, _)| place.write(path, HASHED));
    assert_eq!(unsupported(&place, ""), expected, "untracked");
    place.git("add -A");
    assert_eq!(unsupported(&place, "--staged"), expected);
    place.commit_all();
    for words in ["", "--staged", "--head HEAD", "--base HEAD^", "--no-base", "--head HEAD --no-base"] {
        assert_eq!(unsupported(&place, words), expected, "{words}");
    }
}

#[test]
fn only_text_tells_a_lockfile_from_its_like() {
    let place = Place::with(&[
        ("requirements.txt", "a==1.0\n# --hash=sha256:00\n"),
        ("docs/requirements/notes.txt", "nothing\n"),
        ("Manifest.toml", "[x]\n"),
        ("julia/Manifest.toml", "julia_version = \"1.10.0\"\n"),
        ("manifest.toml", "packages = [\n]\n"),
        ("node_modules/.package-lock.json", "{}"),
    ]);
    let expected = [("julia/Manifest.toml", "Manifest.toml"), ("manifest.toml", "manifest.toml")];
    assert_eq!(unsupported(&place, ""), expected.map(|it| (it.0.to_owned(), it.1.to_owned())));
}

#[test]
fn nothing_is_called_clean_beside_them() {
    let place = Place::with(&[("yarn.lock", YARN), ("web/yarn.lock", YARN), ("poetry.lock", "")]);
    let flat = |said: String| said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = flat(place.lockproof("").exits(0));
    assert!(said.contains("3 warnings. There is no lockfile here that lockproof can read."), "{said}");
    assert!(said.contains("Not checked: poetry.lock (1), yarn.lock (2)."), "{said}");
    assert!(said.contains("yarn.lock was not checked: lockproof can't read it yet."), "{said}");
    // What was there before is no news, and not clean either.
    for words in ["--staged", "--base HEAD", "--select pin-rewritten"] {
        let said = flat(place.lockproof(words).exits(0));
        assert!(!said.contains("clean") && !said.contains("no lockfiles here"), "{said}");
        assert!(said.contains("Not checked: poetry.lock (1), yarn.lock (2)."), "{words}: {said}");
    }
    place.write("Cargo.lock", cargo("1"));
    place.commit_all();
    place.lockproof("--staged").exits_saying(0, "No lockfile is touched by this change");
    place.lockproof("--base HEAD").exits_saying(0, "Nothing found in 1 lockfile");
    place.lockproof("--fail-on warning").exits(1);
    let markdown = place.lockproof("--format markdown").exits(0);
    assert!(
        markdown.contains("**Not checked:** <code>poetry.lock &#40;1&#41;, yarn.lock &#40;2&#41;</code>"),
        "{markdown}"
    );
    assert!(markdown.contains("<summary>3 lockfiles that lockproof can't read</summary>"), "{markdown}");
    let annotations = place.lockproof("--format github --base HEAD").exits(0);
    assert!(
        annotations.starts_with("::warning title=lockproof%3A not checked::Not checked: poetry.lock (1)"),
        "{annotations}"
    );
    let sarif: Value = serde_json::from_str(&place.lockproof("--format sarif --base HEAD").exits(0)).unwrap();
    let said = sarif["runs"][0]["invocations"][0].to_string();
    assert!(said.contains("not checked: poetry.lock (1), yarn.lock (2)"), "{said}");
    let junit = place.lockproof("--format junit --base HEAD").exits(0);
    assert!(junit.contains("skipped=\"3\"") && junit.contains("name=\"web/yarn.lock\""), "{junit}");
    let gitlab = place.lockproof("--format gitlab --base HEAD").exits(0);
    assert_eq!(gitlab.matches("\"unread-lockfile\"").count(), 3, "{gitlab}");
}

#[test]
fn a_change_of_one_is_news() {
    let place = Place::with(&[("yarn.lock", YARN), ("package.json", "{}"), ("b/yarn.lock", YARN)]);
    place.write("yarn.lock", format!("{YARN}x\n"));
    place.write("c/yarn.lock", YARN);
    fs::remove_file(place.path("b/yarn.lock")).unwrap();
    place.commit_all();
    let said = place.lockproof("--base HEAD^").exits(0);
    let said = said.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ");
    for text in [
        "yarn.lock changed, and nothing in it was checked",
        "c/yarn.lock is new, and nothing in it was checked",
        "b/yarn.lock was removed, and no lockfile took its place.",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert!(said.contains("3 warnings. There is no"), "{said}");
    let diff = place.lockproof("diff HEAD^").exits(0);
    assert!(
        diff.contains("c/yarn.lock changed, and lockproof can't read it yet: it was not compared"),
        "{diff}"
    );
    // Only touched.
    place.write("yarn.lock", format!("{YARN}x\n"));
    let report = json_of(&place, "--scope new");
    assert_eq!(report["coverage"]["unsupported"][0]["changed"], json!(false));
    // Another manager's took its place.
    place.git("rm --quiet yarn.lock");
    place.write("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}\n");
    place.git("add -A");
    assert!(!place.lockproof("--staged").exits(0).contains("removed"));
}

#[test]
fn a_named_one_is_not_checked_and_that_is_no_pass() {
    let place =
        Place::with(&[("web/yarn.lock", YARN), ("Cargo.lock", &cargo("1")), ("requirements.txt", "a==1\n")]);
    place.lockproof("web/yarn.lock").exits_with(3, "lockproof can't read web/yarn.lock yet");
    place.at("web").lockproof("yarn.lock").exits_with(3, "lockproof can't read web/yarn.lock yet");
    place.lockproof("--head HEAD web/yarn.lock Cargo.lock").exits_saying(3, "1 file could not be read");
    place.lockproof("web").exits_saying(0, "Not checked: yarn.lock (1).");
    place.lockproof("Cargo.lock").exits_with(0, "1 lockfile is clean");
    place.lockproof("requirements.txt").exits_with(2, "requirements.txt matches no lockfile");
    let plain = Place::folder();
    plain.write("poetry.lock", "");
    plain.lockproof("poetry.lock").exits_with(3, "lockproof can't read poetry.lock yet");
}

#[test]
fn coverage_may_be_required() {
    let place = Place::with(&[("yarn.lock", YARN), ("web/yarn.lock", YARN), ("Cargo.lock", &cargo("1"))]);
    let required = |code| place.lockproof("--require-coverage --base HEAD").exits(code);
    assert!(required(3).contains("lockproof can't read web/yarn.lock yet"));
    place.write("lockproof.toml", "[files]\nexclude = ['web/**']\n");
    place.commit_all();
    let said = required(3);
    assert!(said.contains("can't read yarn.lock yet") && !said.contains("web/yarn.lock"), "{said}");
    place.write(
        "lockproof.toml",
        "[files]\nexclude = ['web/**']\n[[override]]\npaths = ['yarn.lock']\nrules = { unread-lockfile = 'off' }\n",
    );
    place.commit_all();
    assert!(required(0).contains("1 lockfile is clean"));
    place.write("lockproof.toml", "[rules]\nunread-lockfile = 'error'\n");
    place.commit_all();
    place.lockproof("--fail-on error").exits(1);
}

#[test]
fn one_can_be_accepted_with_a_reason() {
    let place = Place::with(&[("yarn.lock", YARN)]);
    let words = ["accept", "--rule", "unread-lockfile", "--reason", "read by hand"];
    place.lockproof_words(words).exits(0);
    place.commit_all();
    let said = "There is no lockfile here that lockproof can read; 1 finding accepted";
    place.lockproof("--require-coverage").exits_saying(0, said);
    // For ever, whatever is in it.
    place.write("yarn.lock", format!("{YARN}x\n"));
    place.lockproof("--require-coverage").exits(0);
    assert_eq!(json_of(&place, "")["coverage"]["unsupported"][0]["accepted"], json!(true));
}

#[test]
fn they_are_listed() {
    let place = Place::with(&[("Cargo.lock", &cargo("1")), ("web/yarn.lock", YARN)]);
    let said = place.lockproof("list").exits(0);
    assert!(said.ends_with("web/yarn.lock: can't be read yet\n"), "{said}");
    let listed: Value = serde_json::from_str(&place.lockproof("list --format json").exits(0)).unwrap();
    assert_eq!(listed["unsupported"], json!([{"path": "web/yarn.lock", "kind": "yarn.lock"}]));
    place.lockproof("list web/yarn.lock").exits_with(3, "can't read web/yarn.lock yet");
    let other = Place::with(&[("poetry.lock", "")]);
    assert_eq!(other.lockproof("list").exits(0), "poetry.lock: can't be read yet\n");
}

#[test]
fn each_is_in_one_shard() {
    let place = Place::folder();
    for at in 0..20 {
        place.write(format!("{at}/yarn.lock"), YARN);
    }
    let of = |number| unsupported(&place, &format!("--shard {number}/3")).len();
    assert_eq!((1..=3).map(of).sum::<usize>(), 20);
}

#[cfg(unix)]
#[test]
fn what_can_not_be_told_is_named() {
    let place = Place::with(&[("requirements.txt", "a==1\n"), ("yarn.lock", YARN)]);
    fs::remove_file(place.path("requirements.txt")).unwrap();
    fs::remove_file(place.path("yarn.lock")).unwrap();
    place.link("requirements.txt", "/nonexistent/requirements.txt");
    place.link("yarn.lock", "/nonexistent/yarn.lock");
    place.lockproof("").exits_saying(0, "Not checked: requirements.txt (1), yarn.lock (1).");
}

//! `lockproof.toml`: which side's counts, what exceptions accept, and the commands that write it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Place, cargo, cargo_with};

const REWRITTEN: &str = "a@1.0.0 kept its version, but the hash changed";

/// One package whose hash is rewritten in the worktree.
fn rewritten() -> Place {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    place
}

fn findings(place: &Place, words: &str) -> Vec<Value> {
    let said = place.lockproof(&format!("--format json {words}"));
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    report["findings"].as_array().unwrap().clone()
}

/// The fingerprint of the only finding of a rule.
fn fingerprint(place: &Place, words: &str, rule: &str) -> String {
    let found = findings(place, words);
    let of_rule: Vec<_> = found.iter().filter(|it| it["rule"] == rule).collect();
    assert_eq!(of_rule.len(), 1, "{found:?}");
    of_rule[0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_pull_request_that_edits_policy_and_lockfile_is_judged_by_the_base() {
    let place =
        Place::with(&[("Cargo.lock", &cargo("1")), ("lockproof.toml", "# ours\n[git]\nallow = []\n")]);
    place.git("checkout --quiet -b change");
    place.write("Cargo.lock", cargo("2"));
    let name = fingerprint(&place, "", "pin-rewritten");
    let said = place.lockproof_words(["accept", &name[..8], "--reason", "rebuilt, and compared"]).exits(0);
    assert!(said.contains("let this land first"), "{said}");
    place.commit_all();
    let said = place.lockproof("--base main").exits(1);
    for text in [
        REWRITTEN,
        "accepted here, in the same change",
        "comes with the change itself does not count",
        "warning[policy-changed]",
        "judged by the policy of main",
    ] {
        assert!(said.replace("\n        ", " ").contains(text), "`{text}` is not said in\n{said}");
    }
    // The head's policy accepts it, and still says that it was changed.
    place.lockproof("--base main --policy-from head").exits_saying(0, "1 finding accepted by the policy");
    // The two steps.
    place.git("checkout --quiet main");
    place.git("checkout --quiet change -- lockproof.toml");
    place.commit_all();
    place.lockproof("--base HEAD^").exits_saying(0, "warning[policy-changed]");
    place.git("checkout --quiet change");
    place.git("rebase --quiet main");
    place.lockproof("--base main --fail-on note").exits_saying(0, "1 finding accepted by the policy");
    // Landed: it is of no use any more.
    place.git("checkout --quiet main");
    place.git("merge --quiet --ff-only change");
    place.lockproof("").exits_saying(0, "note[unused-exception]");
    place.lockproof("--base HEAD").exits_saying(0, "1 finding pre-existing");
}

#[test]
fn an_exception_accepts_one_value_and_nothing_else() {
    let place = rewritten();
    let name = fingerprint(&place, "", "pin-rewritten");
    place.lockproof_words(["accept", &name, "--reason", "x"]).exits(0);
    place.lockproof("").exits_saying(0, "1 finding accepted by the policy");
    place.write("Cargo.lock", cargo("3"));
    place.lockproof("").exits_saying(1, REWRITTEN);
    // The same value of another package, or in another file, is another finding.
    place.write("Cargo.lock", cargo("2"));
    place.write("sub/Cargo.lock", cargo("2"));
    place.lockproof("").exits_saying(1, "sub/Cargo.lock:8:13");
    let policy = place.read("lockproof.toml").replace("cargo:a@1.0.0", "cargo:b@1.0.0");
    place.write("lockproof.toml", policy);
    std::fs::remove_file(place.path("sub/Cargo.lock")).unwrap();
    place.lockproof("").exits_saying(1, REWRITTEN);
}

#[test]
fn a_policy_can_be_written_by_hand_from_the_report() {
    let place = rewritten();
    let found = findings(&place, "");
    let (finding, value) = (&found[0], &found[0]["values"][0]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let package = &finding["package"];
    assert_eq!(text(&value["value"]), format!("{:0>64}", 2));
    let mut policy = String::new();
    writeln!(policy, "[[accept]]\nrule = '{}'\npath = '{}'", text(&value["rule"]), text(&finding["path"]))
        .unwrap();
    let (ecosystem, name) = (text(&package["ecosystem"]), text(&package["name"]));
    writeln!(policy, "package = '{ecosystem}:{name}@{}'", text(&package["version"])).unwrap();
    writeln!(policy, "sha256 = '{}'\nbefore = '{}'", text(&value["sha256"]), text(&value["before_sha256"]))
        .unwrap();
    writeln!(policy, "reason = 'x'\nuntil = 2100-01-01").unwrap();
    place.write("lockproof.toml", policy);
    place.lockproof("").exits_saying(0, "1 finding accepted by the policy");
}

#[test]
fn what_other_rules_say_does_not_vanish() {
    let lock = |host: &str| {
        let hash = "A".repeat(86);
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\"node_modules/x\": {{\"version\": \"1.0.0\", \"resolved\": \
             \"{host}/x/-/x-1.0.0.tgz\", \"integrity\": \"sha512-{hash}==\"}}}}}}\n"
        )
    };
    let place = Place::with(&[("package-lock.json", &lock("https://npm.example.com"))]);
    place.write("package-lock.json", lock("http://mirror.example.net"));
    let leads = |expected: &str| {
        let found = findings(&place, "--ignore insecure-url");
        // What is accepted of a change is a note.
        let of_lock = found.iter().filter(|it| it["path"] == "package-lock.json" && it["level"] != "note");
        let of_lock: Vec<_> = of_lock.collect();
        assert_eq!(of_lock.first().map_or("", |it| it["rule"].as_str().unwrap()), expected);
    };
    leads("registry-changed");
    let name = fingerprint(&place, "", "registry-changed");
    place.lockproof_words(["accept", &name[..10], "--reason", "x"]).exits(0);
    let whole = format!("\n{}", place.read("lockproof.toml"));
    leads("");
    // Every rule has its own entry: without one, that rule leads.
    let entries: Vec<&str> = whole.split("\n[[accept]]").collect();
    let without = |rule: &str| {
        let kept: Vec<_> =
            entries.iter().filter(|it| !it.contains(&format!("\"{rule}\""))).copied().collect();
        place.write("lockproof.toml", kept.join("\n[[accept]]"));
    };
    without("unpinned-registry");
    leads("unpinned-registry");
    without("registry-changed");
    leads("registry-changed");
}

#[test]
fn an_exception_ends() {
    let place = rewritten();
    let name = fingerprint(&place, "", "pin-rewritten");
    place
        .lockproof_words(["accept", &name, "--reason", "x", "--until", "2000-01-01"])
        .exits_saying(2, "has passed");
    place.lockproof_words(["accept", &name, "--reason", "x", "--until", "2100-01-01"]).exits(0);
    let at = |epoch: &str| {
        let mut command = place.command(["--color", "never"]);
        let output = command.env("SOURCE_DATE_EPOCH", epoch).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    // The first of January 2100, its last second, and the next one.
    assert_eq!(at("4102444800").0, 0);
    assert_eq!(at("4102531199").0, 0);
    let (code, text) = at("4102531200");
    assert_eq!(code, 1);
    assert!(text.contains("error[expired-exception]") && text.contains(REWRITTEN), "{text}");
    assert_eq!(at("nonsense").0, 2);
}

#[test]
fn an_ended_exception_is_nobodys_past() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    let policy = |until: &str| {
        format!(
            "[[accept]]\nrule = 'weak-integrity'\npath = 'x'\nsha256 = '{}'\nreason = 'x'\nuntil = {until}\n",
            "0".repeat(64)
        )
    };
    place.write("lockproof.toml", policy("2000-01-01"));
    place.commit_all();
    place.write("README.md", "new");
    place.lockproof("--base HEAD").exits_saying(1, "error[expired-exception]");
    // A change that moves the end is judged by the base's policy, and must be able to land.
    place.write("lockproof.toml", policy("2100-01-01"));
    place.lockproof("--base HEAD").exits_saying(0, "is accepted for longer");
    std::fs::remove_file(place.path("lockproof.toml")).unwrap();
    place.lockproof("--base HEAD").exits_saying(0, "note[policy-changed]");
}

#[test]
fn acceptance_asks_for_what_it_needs() {
    let place = rewritten();
    for (words, message) in [
        ("accept", "required arguments were not provided"),
        ("accept abc", "--reason"),
        ("accept abc --reason x", "no finding's fingerprint begins with `abc`"),
        ("accept --rule pin-rewriten --reason x", "did you mean `pin-rewritten`"),
        ("accept --rule weak-integrity --reason x", "`weak-integrity` finds nothing"),
        ("accept abc --reason x --until tomorrow", "`tomorrow` is no date"),
    ] {
        place.lockproof(words).exits_saying(2, message);
    }
    place.write("Cargo.lock", cargo_with(&[("a", "2"), ("b", "1")]));
    assert!(!place.path("lockproof.toml").exists());
    place
        .lockproof("accept --rule pin-rewritten --reason x")
        .exits_saying(0, "Accepted 1 finding in lockproof.toml");
    place.lockproof("accept --rule pin-rewritten --reason x").exits_saying(2, "finds nothing");
    // The policy itself can't be accepted in the policy.
    let name = fingerprint(&place, "", "policy-changed");
    place
        .lockproof_words(["accept", &name, "--reason", "x"])
        .exits_saying(2, "can't be accepted by its value");
}

#[test]
fn a_finding_is_named_in_the_report() {
    let place = rewritten();
    let name = fingerprint(&place, "", "pin-rewritten");
    let short = format!("To accept it: `lockproof accept {} --reason \"WHY\"`", &name[..8]);
    place.lockproof("").exits_saying(1, &short);
    place.lockproof("--quiet").exits_saying(1, &format!("error[pin-rewritten] {}", &name[..8]));
    place
        .lockproof("--against HEAD")
        .exits_saying(1, &format!("accept {} --against HEAD --reason", &name[..8]));
    // Typed as it stands there, it gives no reason.
    place.lockproof_words(["accept", &name[..8], "--reason", "WHY"]).exits_saying(2, "in your own words");
    // In the folder that the repository keeps for such files.
    place.write(".config/lockproof.toml", "# ours\n");
    place.lockproof_words(["accept", &name[..8], "--reason", "x"]).exits(0);
    assert!(place.read(".config/lockproof.toml").starts_with("# ours\n"));
    assert!(!place.path("lockproof.toml").exists());
}

#[test]
fn init_writes_down_what_is_pinned_and_overwrites_nothing() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.lockproof("init").exits_saying(0, "pins 1 registry and 0 git repositories, from 1 lockfile");
    let policy = place.read("lockproof.toml");
    assert!(policy.contains("cargo = [\n    \"https://index.example.com\", # 1 package\n]"), "{policy}");
    place.lockproof("--no-base --fail-on note").exits(0);
    place.lockproof("").exits_saying(0, "lockproof.toml was added");
    place.write("Cargo.lock", cargo("1").replace("index.example.com", "mirror.example.net"));
    place.lockproof("").exits_saying(1, "unpinned-registry");
    place.lockproof("init").exits_saying(2, "lockproof.toml is there already");
    assert_eq!(place.read("lockproof.toml"), policy);
    std::fs::rename(place.path("lockproof.toml"), place.path("elsewhere")).unwrap();
    place.write(".config/lockproof.toml", "");
    place.lockproof("init").exits_saying(2, ".config/lockproof.toml is there already");
    Place::repository().lockproof("init").exits_saying(0, "from 0 lockfiles");
    let broken = Place::folder();
    broken.write("Cargo.lock", "<<<<");
    broken.write("a/Cargo.lock", cargo("1"));
    broken.lockproof("init").exits_saying(3, "Cargo.lock: it is broken");
    let policy = broken.read("lockproof.toml");
    assert!(policy.contains("# Not read, so nothing that it pins stands here: Cargo.lock"), "{policy}");
    assert!(policy.contains("https://index.example.com"), "{policy}");
}

/// Fixtures are broken on purpose, and come from wherever they come from.
#[test]
fn init_leaves_fixtures_out() {
    let place = Place::with(&[
        ("Cargo.lock", &cargo("1")),
        ("crates/a/fixtures/one/two/Cargo.lock", "<<<<"),
        ("tests/data/Cargo.lock", &cargo("1").replace("index.example.com", "other.example.net")),
        ("tests/data/.npmrc", "registry=https://localhost:7769\n"),
        ("sub/tests/Cargo.lock", &cargo("1")),
    ]);
    place.lockproof("init").exits_saying(0, "pins 1 registry and 0 git repositories, from 1 lockfile");
    let policy = place.read("lockproof.toml");
    assert!(policy.contains("exclude = [\n    \"**/fixtures/**\",\n    \"tests/**\",\n]"), "{policy}");
    assert!(!policy.contains("other.example.net") && !policy.contains("localhost"), "{policy}");
    place.lockproof("--no-base").exits_saying(0, "2 excluded by the policy");
}

/// Accepted and committed, with the hook that stopped it.
#[cfg(unix)]
#[test]
fn what_is_accepted_can_be_committed() {
    let place = Place::with(&[("Cargo.lock", &cargo_with(&[("a", "1"), ("b", "1")]))]);
    place.hook("check --staged --quiet");
    let rewritten = cargo_with(&[("a", "2"), ("b", "2")]);
    place.write("Cargo.lock", &rewritten);
    place.git("add Cargo.lock");
    let stopped = || place.git_may_fail("commit --quiet --message=x");
    stopped().exits(1);
    let said = place.lockproof("accept --rule pin-rewritten --reason rebuilt").exits(0);
    assert!(said.contains("Accepted 2 findings in lockproof.toml") && said.contains("Until 2"), "{said}");
    assert!(said.contains("Next: `git add lockproof.toml`."), "{said}");
    stopped().exits_saying(1, "accepts 2 of these, but it is not staged: `git add lockproof.toml`.");
    place.git("add lockproof.toml");
    let said = stopped().exits(0);
    assert!(said.contains("note[pin-rewritten]") && said.contains("rebuilt"), "{said}");
    assert_eq!(said.matches("[policy-changed]").count(), 1, "{said}");
    // It has landed: one note, and the command that it names makes an end of it.
    let said = place.lockproof("").exits(0);
    assert_eq!(said.matches("[unused-exception]").count(), 1, "{said}");
    assert!(said.contains("`lockproof accept --prune`"), "{said}");
    let said = place.lockproof("accept --prune").exits(0);
    assert!(said.contains("of cargo:a@1.0.0") && said.contains("of cargo:b@1.0.0"), "{said}");
    assert!(!place.read("lockproof.toml").contains("accept"));
    place.lockproof("").exits_saying(0, "note[policy-changed]");
    place.lockproof("accept --prune").exits_saying(0, "no exception that is of no use");
}

/// The same hash in the place of another one is another change.
#[test]
fn an_exception_for_a_change_accepts_that_change() {
    let place = rewritten();
    place.lockproof("accept --rule pin-rewritten --reason rebuilt").exits(0);
    place.lockproof("").exits_saying(0, "note[pin-rewritten]");
    let policy = place.read("lockproof.toml");
    place.write("Cargo.lock", cargo("3"));
    place.commit_all();
    place.write("Cargo.lock", cargo("2"));
    place.lockproof("").exits_saying(1, "error[pin-rewritten]");
    // One without an end is none.
    let endless: Vec<&str> = policy.lines().filter(|line| !line.starts_with("until")).collect();
    place.write("lockproof.toml", endless.join("\n"));
    place.lockproof("").exits_saying(2, "this exception needs an `until`");
}

/// Until the change comes, its exception waits.
#[test]
fn an_exception_that_comes_first_is_not_spent() {
    let place = rewritten();
    place.lockproof("accept --rule pin-rewritten --reason rebuilt").exits(0);
    place.git("checkout --quiet HEAD -- Cargo.lock");
    place.commit_all();
    let said = place.lockproof("").exits(0);
    assert!(!said.contains("unused-exception"), "{said}");
    place.lockproof("accept --prune").exits_saying(0, "no exception that is of no use");
    place.write("Cargo.lock", cargo("2"));
    place.lockproof("--base HEAD").exits_saying(0, "note[pin-rewritten]");
}

/// A scope with a registry of its own, among packages from elsewhere.
#[test]
fn init_ties_scopes_to_their_registry() {
    let entry = |name: &str, host: &str| {
        let bare = name.rsplit('/').next().unwrap();
        format!(
            "\"node_modules/{name}\": {{\"version\": \"1.0.0\", \"resolved\": \"https://{host}/{name}/-/{bare}-1.0.0.tgz\", \"integrity\": \"sha512-{}==\"}}",
            "A".repeat(86)
        )
    };
    let entries = [
        entry("a", "npm.example.com"),
        entry("@types/b", "npm.example.com"),
        entry("@acme/c", "npm.acme.example"),
        entry("e\\\" # \\n x", "npm.example.com"),
        entry("f", "npm.example\\u202e.com"),
    ];
    let lock = format!("{{\"lockfileVersion\": 3, \"packages\": {{{}}}}}", entries.join(","));
    let place = Place::with(&[("package-lock.json", &lock)]);
    place
        .lockproof("init")
        .exits_saying(0, "Left out, since no real place looks like it: https://npm.example\\u{202e}.com");
    let policy = place.read("lockproof.toml");
    let registries = policy.split("[registries]\n").nth(1).unwrap().split("\n# Git").next().unwrap();
    insta::assert_snapshot!(registries, @r#"
    npm = [
        "https://npm.example.com", # 3 packages, of @types
    ]

    # Names that come from one registry, and from nowhere else.
    [registries.scoped]
    "@acme/" = "https://npm.acme.example" # 1 package
    "#);
}

#[test]
fn a_policy_that_is_not_understood_is_drawn() {
    let place =
        Place::with(&[("Cargo.lock", &cargo("1")), ("lockproof.toml", "[rules]\nweak-integrit = \"off\"\n")]);
    insta::assert_snapshot!(place.lockproof("").exits(2), @r#"
    error: the policy can't be understood

      × there is no rule `weak-integrit`
       ╭─[lockproof.toml:2:1]
     1 │ [rules]
     2 │ weak-integrit = "off"
       · ──────┬──────
       ·       ╰── here
       ╰────
      help: Did you mean `weak-integrity`?
    "#);
    place.lockproof("--base HEAD").exits_saying(2, "`--policy-from head`");
    place.lockproof("list").exits(2);
    place.write("lockproof.toml", "");
    place.lockproof("--base HEAD --policy-from head").exits(0);
    place.commit_all();
    place.write("lockproof.toml", "\u{1b}[31m = 1\n");
    assert!(!place.lockproof("").exits(2).contains('\u{1b}'));
    // Judged by the base, what would stop every run is a finding.
    place.lockproof("--base HEAD").exits_saying(1, "lockproof.toml can't be understood");
}

#[test]
fn levels_of_a_folder_stay_in_it() {
    let hash = "A".repeat(27);
    let lock = format!(
        "{{\"lockfileVersion\": 3, \"packages\": {{\"node_modules/x\": {{\"version\": \"1.0.0\", \"resolved\": \
         \"https://npm.example.com/x/-/x-1.0.0.tgz\", \"integrity\": \"sha1-{hash}=\"}}}}}}\n"
    );
    let policy = "[rules]\nweak-integrity = 'error'\n[[override]]\npaths = ['old/**']\nrules = { weak-integrity = 'off' }\n";
    let place = Place::with(&[("old/deep/package-lock.json", &lock), ("lockproof.toml", policy)]);
    place.lockproof("").exits_saying(0, "1 lockfile is clean");
    place.write("new/package-lock.json", &lock);
    place.lockproof("").exits_saying(1, "1 error in 2 lockfiles");
    place.lockproof("--level weak-integrity=warning").exits_saying(0, "2 warnings");
}

/// 300 findings that were there, and a change that touches none of them.
#[test]
fn an_old_repository_is_not_asked_to_be_perfect() {
    let mut lock = String::from("{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n");
    for number in 0..300 {
        let comma = if number < 299 { "," } else { "" };
        let _ = writeln!(
            lock,
            "    \"node_modules/p{number}\": {{\"version\": \"1.0.0\", \"resolved\": \"https://npm.example.com/p{number}/-/p{number}-1.0.0.tgz\"}}{comma}"
        );
    }
    lock.push_str("  }\n}\n");
    let policy = "[rules]\nmissing-integrity = 'error'\n";
    let place =
        Place::with(&[("package-lock.json", &lock), ("lockproof.toml", policy), ("README.md", "old")]);
    place.git("checkout --quiet -b change");
    place.write("README.md", "new");
    place.commit_all();
    let said = place.lockproof("--base main").exits(0);
    assert!(said.lines().count() <= 2, "{said}");
    assert!(said.replace('\n', " ").contains("300 findings pre-existing, shown by --scope all"), "{said}");
    place.lockproof("--base main --scope all").exits_saying(1, "300 errors");
    // Or they are written down, once.
    place.lockproof("accept --rule missing-integrity --reason old").exits_saying(0, "Accepted 300 findings");
    let said = place.lockproof("").exits(0);
    assert!(said.contains("300 findings of `missing-integrity` are"), "{said}");
    place.commit_all();
    place.lockproof("--fail-on note").exits_saying(0, "300 findings accepted by the policy");
    place.write("package-lock.json", lock.replace("1.0.0", "1.0.1"));
    place.lockproof("--ignore version-downgraded").exits(1);
}

//! The commands, on projects as people have them.

use std::path::PathBuf;

use super::super::support::{Place, Said, copy_tree};

const NOON: &str = "1769515200";

/// A project of the vectors, copied.
fn copy(name: &str) -> Place {
    let place = Place::repository();
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tool").join(name);
    copy_tree(&from, &place.path(""));
    place
}

/// Runs the binary at noon of the day on which the vectors were made, with nothing of the user's.
fn at_noon(place: &Place, words: &str) -> Said {
    run(place, words, &place.path("no-home"))
}

fn run(place: &Place, words: &str, home: &std::path::Path) -> Said {
    let mut command = place.command(words.split_whitespace());
    command.env("SOURCE_DATE_EPOCH", NOON).env("HOME", home);
    for variable in ["USER_SPACE", "VIRTUAL_ENV"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_project_of_kiwi_s_is_frozen_to_the_byte() {
    let place = copy("kiwi-e2e-project");
    let paths = ["scripts/hello@1.0.0", "scripts/hello_node@0.1.0", "runtimes/python_runtime@1.4.0"];
    let paths = paths.map(|path| format!(".ai/lockfiles/{path}.lock.json"));
    let originals = paths.each_ref().map(|path| place.read(path));
    let index = place.read(".ai/lockfiles/.index.json");
    std::fs::remove_dir_all(place.path(".ai/lockfiles")).unwrap();
    let said = at_noon(&place, "tool freeze hello hello_node python_runtime");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert_eq!(paths.each_ref().map(|path| place.read(path)), originals);
    let keys = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(keys(&place.read(".ai/lockfiles/.index.json")), keys(&index));
    let again = at_noon(&place, "tool freeze --check hello");
    assert_eq!(
        (again.code, again.out.as_str()),
        (0, "unchanged .ai/lockfiles/scripts/hello@1.0.0.lock.json\n")
    );
    place.commit_all();
    let check = at_noon(&place, "check");
    assert_eq!(check.code, 0, "{check:?}");
    place.write(&paths[0], originals[0].replace("437866e42307", "000000000000"));
    let diff = at_noon(&place, "diff");
    assert!(diff.out.contains("re-pinned python_runtime 1.4.0"), "{diff:?}");
}

#[test]
fn a_project_is_frozen_verified_tampered_with_and_mended() {
    let place = Place::repository();
    place.write(".ai/tools/demo/hello.py", "#!/usr/bin/env python3\n__version__ = \"1.0.0\"\n__tool_type__ = \"python\"\n__executor_id__ = \"demo/runtime\"\nprint(1)\n");
    place.write(
        ".ai/tools/demo/runtime.yaml",
        "version: \"2.0.0\"\ntool_type: runtime\nexecutor_id: demo/shell\n",
    );
    place.write(".ai/tools/demo/shell.js", "console.log(1)\n");
    let frozen = at_noon(&place, "tool freeze --variant rye --all");
    assert_eq!(frozen.code, 0, "{frozen:?}");
    assert_eq!(frozen.out.lines().count(), 2, "{frozen:?}");
    let verified = at_noon(&place, "tool verify --mode strict");
    assert_eq!(verified.code, 0, "{verified:?}");
    place.commit_all();
    assert_eq!(at_noon(&place, "check").code, 0);

    place.write(".ai/tools/demo/shell.js", "console.log('evil')\n");
    let tampered = at_noon(&place, "tool verify demo/hello");
    assert_eq!(tampered.code, 1);
    assert!(
        tampered.out.contains("Lockfile integrity mismatch for chain element demo/shell"),
        "{tampered:?}"
    );
    let checked = at_noon(&place, "check");
    assert!(checked.code == 1 && checked.out.contains("tool-integrity-mismatch"), "{checked:?}");
    assert_eq!(at_noon(&place, "tool freeze --all --check").code, 1);
    assert_eq!(at_noon(&place, "tool freeze --all").code, 0);
    assert_eq!(at_noon(&place, "tool verify").code, 0);

    let path = ".ai/lockfiles/demo/hello@1.0.0.lock.json";
    let text = place.read(path);
    place.write(path, text.replace("\"executor_id\": null", "\"executor_id\": \"demo/other\""));
    let swapped = at_noon(&place, "tool verify");
    assert!(swapped.code == 1 && swapped.out.contains("broken-tool-chain"), "{swapped:?}");
    assert_eq!(at_noon(&place, "tool freeze demo/hello").code, 0);
    assert_eq!(place.read(path), text);
}

#[test]
fn a_changed_tool_with_its_lockfile_left_behind_is_found_when_staged() {
    let place = copy("kiwi-e2e-project");
    place.commit_all();
    let tool = place.read(".ai/tools/scripts/hello.py");
    place.write(".ai/tools/scripts/hello.py", tool.replace("print(\"hello\")", "print(\"bye\")"));
    place.git("add --all");
    let said = at_noon(&place, "check --staged");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("Integrity mismatch for hello@1.0.0: lockfile=477b495e7c33"), "{said:?}");
    assert!(said.out.contains("was changed after it was signed"), "{said:?}");
    assert_eq!(at_noon(&place, "tool freeze hello").code, 1);
}

#[test]
fn prune_removes_what_the_original_removes() {
    let place = copy("kiwi-store-prune-before");
    let project = place.at("project");
    let expected: serde_json::Value = {
        let path = format!("{}/tests/tool/kiwi-store-prune-expected.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let prune = |words: &str| {
        let mut command = project.command(words.split(' '));
        command
            .env("SOURCE_DATE_EPOCH", "1769515208")
            .env("HOME", place.path("home"))
            .env_remove("USER_SPACE");
        command.output().unwrap()
    };
    let dry = prune("tool prune");
    assert!(
        dry.status.success() && project.path(".ai/lockfiles/scripts/d400@1.0.0.lock.json").exists(),
        "{dry:?}"
    );
    assert!(prune("tool prune --write").status.success());
    let exists = |path: &str| place.path(path).exists();
    for path in expected["tree_after"].as_array().unwrap() {
        assert!(exists(path.as_str().unwrap()), "{path}");
    }
    for path in [
        "project/.ai/lockfiles/scripts/d91@1.0.0.lock.json",
        "home/.ai/lockfiles/scripts/user_old@1.0.0.lock.json",
    ] {
        assert!(!exists(path), "{path}");
    }
    let index: serde_json::Value = serde_json::from_str(&project.read(".ai/lockfiles/.index.json")).unwrap();
    let keys: Vec<_> = index["lockfiles"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(serde_json::json!(keys), expected["index_after_keys"]);
}

#[test]
fn nothing_is_deleted_or_written_out_of_a_store() {
    let place = Place::repository();
    place.write("victim.txt", "kept");
    place.write(".ai/lockfiles/.index.json", r#"{"version": "1", "lockfiles": {"a/x@1": {"path": "../../victim.txt", "chain_hash": "0", "created_at": "2020-01-01T00:00:00Z", "last_validated": "2020-01-01T00:00:00Z", "scope": "project"}}}"#);
    let said = at_noon(&place, "tool prune --write");
    assert!(said.code == 1 && said.err.contains("points out of its store"), "{said:?}");
    assert_eq!(place.read("victim.txt"), "kept");
    place.write(".ai/tools/x.py", "__category__ = '../../..'\n# no\n");
    let said = at_noon(&place, "tool freeze --variant kiwi x");
    assert_eq!(said.code, 1, "{said:?}");
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let place = Place::repository();
    place.write(".ai/tools/a/x.py", "x = 1\n");
    place.write("elsewhere/keep", "");
    std::fs::create_dir_all(place.path(".ai/lockfiles")).unwrap();
    place.link(".ai/lockfiles/a", place.path("elsewhere"));
    let said = at_noon(&place, "tool freeze --variant rye a/x");
    assert!(said.code == 3 && said.err.contains("link"), "{said:?}");
    assert_eq!(std::fs::read_dir(place.path("elsewhere")).unwrap().count(), 1);
}

#[test]
fn the_index_is_rebuilt_from_the_lockfiles() {
    let place = copy("kiwi-store-basic");
    let project = place.at("project");
    let index = project.read(".ai/lockfiles/.index.json");
    assert_eq!(at_noon(&project, "tool index --check --scope project").code, 0);
    project.write(".ai/lockfiles/.index.json", index.replace("2e96b719feba", "000000000000"));
    let said = at_noon(&project, "tool index --check --scope project");
    assert!(said.code == 1 && said.out.contains("should be 2e96b719feba"), "{said:?}");
    assert_eq!(at_noon(&project, "tool index --rebuild --scope project").code, 0);
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["lockfiles"].clone();
    assert_eq!(parsed(&project.read(".ai/lockfiles/.index.json")), parsed(&index));
}

#[test]
fn tiers_are_listed_and_shadows_are_found() {
    let place = copy("rye-tiers");
    let project = place.at("project");
    let home = place.path("userbase");
    let listed = run(&project, "tool list", &home);
    assert!(listed.out.contains("flat@0.1.0"), "{listed:?}");
    assert!(listed.out.contains("shadowed by .ai/lockfiles/ns/tool@1.0.0.lock.json"), "{listed:?}");
    let only = run(&project, "tool list --scope user --format json", &home);
    let only: serde_json::Value = serde_json::from_str(&only.out).unwrap();
    assert_eq!(only.as_array().unwrap().len(), 3);
    let said = run(&project, "tool verify", &home);
    assert!(said.code == 1 && said.out.contains("shadowed-tool-lockfile"), "{said:?}");
    assert!(said.out.contains("│ ~/.ai/lockfiles/ns/useronly@2.0.0.lock.json, which can."), "{said:?}");
}

#[test]
fn stores_of_the_vectors_are_judged_as_they_are() {
    let rules = |place: &Place, words: &str| {
        let said = at_noon(place, &format!("{words} --format json"));
        let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let found = report["findings"].as_array().unwrap().clone();
        found
            .iter()
            .map(|it| format!("{} {}", it["rule"].as_str().unwrap(), it["level"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let basic = rules(&copy("kiwi-store-basic"), "check");
    assert!(basic.iter().all(|it| it == "missing-tool warning"), "{basic:?}");
    let multichain = rules(&copy("kiwi-store-multichain"), "check");
    let shared = multichain.iter().filter(|it| *it == "tool-index-mismatch warning").count();
    assert_eq!(shared, 2, "{multichain:?}");
    assert!(multichain.iter().all(|it| it.ends_with("warning")), "{multichain:?}");
}

#[test]
fn a_store_that_git_ignores_is_verified_all_the_same() {
    let place = copy("kiwi-e2e-project");
    place.write(".gitignore", ".ai/lockfiles/\n");
    place.commit_all();
    let said = at_noon(&place, "tool verify");
    assert!(said.code == 0 && said.out.contains("Git ignores .ai/lockfiles"), "{said:?}");
    place.write(".ai/tools/scripts/hello.py", "__version__ = '1.0.0'\n");
    assert_eq!(at_noon(&place, "tool verify hello").code, 1);
}

#[test]
fn hashes_are_printed() {
    let place = Place::folder();
    place.write("t.py", "#!/usr/bin/env python3\nprint(1)\n");
    place.write("x.json", r#"{"b": 1.0, "a": [1e16]}"#);
    place.write("i.json", r#"{"tool_id": "my_script", "version": "1.0.0", "manifest": {}, "files": []}"#);
    let hash = |words: &str| at_noon(&place, words).out.trim().to_owned();
    assert_eq!(hash("tool hash t.py"), "cc42155088fca5730758db72b2a5bca33112a941dfaa2d43098ec422ce4ea213");
    assert_eq!(hash("tool hash --canonical x.json"), super::second::hex(br#"{"a":[1e+16],"b":1.0}"#));
    let kiwi = "f5739b1a399e62879718aca49823ccc5b224863a3b00449b940f50ba1bf30c68";
    assert_eq!(hash("tool hash --integrity --variant kiwi i.json"), kiwi);
    assert_eq!(at_noon(&place, "tool hash --integrity i.json").code, 2);
    assert_eq!(at_noon(&place, "tool hash nothing").code, 3);
}

#[test]
fn another_program_s_lockfiles_cost_nothing() {
    let place =
        Place::with(&[("a.lock.json", "{\"nodes\": {}}"), ("b.lock", "<<<<<<< x\n"), ("yarn.lock.json", "")]);
    let said = at_noon(&place, "check");
    assert!(said.code == 0 && said.out.contains("no lockfiles"), "{said:?}");
}

//! What the action tells, and to whom: the log, annotations, the summary, outputs.

use serde_json::Value;

use super::forge::{HONEST, TAMPERED, check_out, forge, pull_request, sha, try_merge};
use super::runner::{Job, Ran};
use crate::support::{Place, cargo, cargo_with};

/// The pull request of a forge, checked out at depth 1.
struct Trial {
    checkout: Place,
    event: Value,
    _origin: Place,
}

impl Trial {
    fn of(origin: Place) -> Trial {
        let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
        Trial { checkout: check_out(&origin, &try_merge(&origin), Some(1)), event, _origin: origin }
    }

    fn job(&self) -> Job<'_> {
        Job::new(&self.checkout, "pull_request", self.event.clone())
    }
}

/// Changes files on a branch.
fn commit(origin: &Place, branch: &str, files: &[(&str, &str)]) {
    origin.git(&format!("checkout --quiet {branch}"));
    files.iter().for_each(|(path, text)| origin.write(path, text));
    origin.commit_all();
    origin.git("checkout --quiet main");
}

#[test]
fn a_finding_is_told_everywhere() {
    let trial = Trial::of(forge(TAMPERED));
    let ran = trial.job().with("sarif-file", "out of here.sarif").run();
    ran.exits(1);
    let outputs = ["exit-code", "findings", "sarif-file", "version"].map(|name| ran.outputs[name].as_str());
    assert_eq!(outputs, ["1", "1", "out of here.sarif", env!("CARGO_PKG_VERSION")]);
    let error = ran.commands.iter().find(|it| it.name == "error").unwrap();
    assert_eq!((error.properties["file"].as_str(), error.properties["line"].as_str()), ("Cargo.lock", "8"));
    assert!(error.data.contains("a@1.0.0 kept its version, but the hash changed."), "{error:?}");
    assert!(ran.summary.contains("pin-rewritten") && ran.log.contains("pin-rewritten"), "{ran:#?}");
    let sarif: Value = serde_json::from_str(&trial.checkout.read("out of here.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "pin-rewritten");
}

#[test]
fn annotations_and_levels_are_the_workflows_choice() {
    let trial = Trial::of(forge(TAMPERED));
    let job = || trial.job();
    let ran = job().with("annotations", "false").with("fail-on", "never").run();
    assert_eq!((ran.exits(0).said("error").len(), ran.outputs["findings"].as_str()), (0, "1"));
    assert_eq!(ran.outputs["sarif-file"], "");
    job().with("annotations", "yes").run().exits(2).complains("`annotations` is true or false");
    job().with("fail-on", "often").run().exits(2).complains("was not understood");
}

#[test]
fn an_honest_change_passes() {
    let ran = Trial::of(forge(HONEST)).job().run();
    assert_eq!((ran.exits(0).outputs["findings"].as_str(), ran.said("error").len()), ("0", 0));
    assert!(ran.log.contains("1 lockfile is clean"), "{ran:#?}");
}

/// What earlier steps do to the worktree is nothing that anybody reviewed.
#[test]
fn what_counts_is_what_was_committed() {
    for (packages, code) in [(HONEST, 0), (TAMPERED, 1)] {
        let trial = Trial::of(forge(packages));
        trial.checkout.write("Cargo.lock", if code == 0 { cargo("8") } else { cargo("1") });
        trial.job().run().exits(code);
    }
}

#[test]
fn a_pull_request_can_not_loosen_its_policy() {
    let loose =
        "[rules]\nunpinned-registry = \"off\"\nregistry-changed = \"note\"\n[files]\nexclude = [\"**\"]\n";
    let origin = forge(TAMPERED);
    commit(&origin, "topic", &[("lockproof.toml", loose), ("ci/policy.toml", loose)]);
    let trial = Trial::of(origin);
    let job = || trial.job();
    let ran = job().run();
    assert!(ran.exits(1).log.contains("policy-changed"), "{ran:#?}");
    // A policy by another name is the base's as well.
    job().with("config", "ci/policy.toml").run().exits(2).complains("There is no policy ci/policy.toml in");
    job().with("config", "../policy.toml").run().exits(2).complains("There is no policy");
    let origin = forge(TAMPERED);
    commit(&origin, "main", &[("ci/policy.toml", "[rules]\nweak-integrity = \"error\"\n")]);
    origin.git("rebase --quiet main topic");
    commit(&origin, "topic", &[("ci/policy.toml", loose)]);
    let trial = Trial::of(origin);
    trial.job().with("config", "ci/policy.toml").run().exits(1);
}

#[test]
fn paths_are_taken_line_by_line() {
    let origin = forge(HONEST);
    commit(&origin, "topic", &[("a b/Cargo.lock", &cargo("6")), ("c/Cargo.lock", &cargo("6"))]);
    let trial = Trial::of(origin);
    let run = |paths: &str| trial.job().with("paths", paths).run();
    assert_eq!(run("a b\r\n\nc/*.lock\n").exits(1).outputs["findings"], "2");
    run("Cargo.lock").exits(0);
    run("--no-base").exits(2).complains("not understood");
    run("$(touch pwned)").exits(2);
    assert!(!trial.checkout.path("pwned").exists());
}

#[test]
fn the_shards_of_a_matrix_find_what_one_job_finds() {
    let origin = forge(HONEST);
    let files: Vec<_> = (0..6).map(|at| (format!("apps/{at}/Cargo.lock"), cargo("6"))).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    commit(&origin, "topic", &files);
    let trial = Trial::of(origin);
    let job = || trial.job();
    let findings = |ran: &Ran| ran.outputs["findings"].parse::<usize>().unwrap();
    let whole = job().run();
    let shards: Vec<_> = (1..=3).map(|number| job().with("shard", format!("{number}/3")).run()).collect();
    assert_eq!(shards.iter().map(findings).sum::<usize>(), findings(whole.exits(1)));
    assert!(findings(&whole) >= 6);
    job().with("shard", "4/3").run().exits(2);
}

const FORGED: &str =
    "::error file=x::forged\n::stop-commands::t\n##[error]forged\n::set-output name=exit-code::0";

/// Nothing that a change brings is obeyed, and nothing of it keeps our own words from being obeyed.
#[test]
fn no_text_of_a_change_is_a_command() {
    let name = FORGED.replace('\n', "\\n");
    let lock = cargo_with(&[("a", "9"), (&name, "2")]).replace("https://", "http://");
    let origin = forge(TAMPERED);
    commit(
        &origin,
        "topic",
        &[
            ("Cargo.lock", &lock),
            ("::error::forged/Cargo.lock", &cargo("9")),
            ("##[error]forged/Cargo.lock", &cargo("9")),
        ],
    );
    let forged_path = format!("{FORGED}/Cargo.lock").replace(" name=", "\u{202e}");
    commit(&origin, "topic", &[(&forged_path, &cargo("9"))]);
    let trial = Trial::of(origin);
    let ran = trial.job().with("sarif-file", "x.sarif").run();
    ran.exits(1);
    assert!(
        ran.commands.iter().all(|it| ["error", "warning", "notice"].contains(&it.name.as_str())),
        "{ran:#?}"
    );
    assert!(ran.commands.iter().all(|it| !it.data.starts_with("forged")), "{ran:#?}");
    assert!(ran.said("error").iter().any(|it| it.contains("kept its version")), "{ran:#?}");
    assert_eq!(ran.outputs["exit-code"], "1");
    assert!(ran.outputs["findings"].parse::<usize>().unwrap() >= 4, "{ran:#?}");
}

#[test]
fn outputs_hold_what_they_are_given() {
    let trial = Trial::of(forge(TAMPERED));
    let name = "a\nexit-code=0\nEOF\n.sarif";
    let ran = trial.job().with("sarif-file", name).run();
    assert_eq!((ran.outputs["sarif-file"].as_str(), ran.outputs["exit-code"].as_str()), (name, "1"));
}

#[test]
fn a_run_that_can_not_be_trusted_says_so() {
    let origin = forge(HONEST);
    origin.git("checkout --quiet topic");
    origin.link("uv.lock", "nowhere");
    origin.commit_all();
    origin.git("checkout --quiet main");
    let trial = Trial::of(origin);
    let ran = trial.job().run();
    ran.exits(3).complains("The check is incomplete (exit code 3), so it proves nothing");
    assert_eq!(ran.outputs["exit-code"], "3");
}

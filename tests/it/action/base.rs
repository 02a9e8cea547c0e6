//! What is compared with what, by event.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use super::forge::{HONEST, TAMPERED, check_out, forge, go_on, pull_request, sha, try_merge};
use super::runner::Job;
use crate::support::{Place, cargo};

const ZEROS: &str = "0000000000000000000000000000000000000000";

#[test]
fn a_pull_request_is_compared_with_what_it_was_merged_into() {
    for (packages, code) in [(HONEST, 0), (TAMPERED, 1)] {
        let origin = forge(packages);
        let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
        go_on(&origin);
        let merged = try_merge(&origin);
        for depth in [Some(1), None] {
            let checkout = check_out(&origin, &merged, depth);
            let ran = Job::new(&checkout, "pull_request", event.clone()).run();
            ran.exits(code);
            assert_eq!(ran.outputs["findings"], code.to_string(), "{ran:#?}");
            assert!(ran.log.contains(&format!("merge, {}.", sha(&origin, "main"))), "{ran:#?}");
            // A full clone stays one.
            assert_eq!(checkout.git("rev-parse --is-shallow-repository"), format!("{}\n", depth.is_some()));
            assert!(!checkout.path("pwned").exists());
        }
    }
}

#[test]
fn a_base_that_can_not_be_fetched_is_an_error() {
    let origin = forge(HONEST);
    let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
    let checkout = check_out(&origin, &try_merge(&origin), Some(1));
    checkout.git("remote set-url origin file:///nowhere");
    let ran = Job::new(&checkout, "pull_request", event).run();
    ran.exits(3).complains("no base: the base of the pull request's merge");
    assert_eq!(ran.outputs["exit-code"], "");
}

/// Who checks the head out by name needs the history, and is told so.
#[test]
fn a_checkout_of_the_head_is_compared_with_where_it_parted() {
    let origin = forge(TAMPERED);
    let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
    go_on(&origin);
    let head = sha(&origin, "topic");
    let run = |depth| {
        let checkout = check_out(&origin, &head, depth);
        Job::new(&checkout, "pull_request", event.clone()).env("GITHUB_SHA", "1".repeat(40)).run()
    };
    let ran = run(Some(1));
    ran.exits(3).complains("incomplete");
    assert!(ran.log.contains("`fetch-depth: 0`"), "{ran:#?}");
    assert_eq!(run(None).exits(1).outputs["findings"], "1");
}

/// The author of a pull request can make a merge whose first parent has everything that the change brings.
#[test]
fn an_authors_own_merge_does_not_choose_its_base() {
    let origin = forge(TAMPERED);
    origin.git("checkout --quiet topic");
    origin.git("checkout --quiet -b other main");
    origin.commit_all();
    origin.git("checkout --quiet topic");
    origin.git("merge --quiet --no-ff --message=own other");
    let head = sha(&origin, "topic");
    origin.git("checkout --quiet main");
    let event = pull_request(&sha(&origin, "main"), &head);
    let checkout = check_out(&origin, &head, None);
    // Whatever the commit is called: what was checked out is not the host's trial.
    for name in [sha(&origin, "main"), head] {
        Job::new(&checkout, "pull_request", event.clone()).env("GITHUB_SHA", name).run().exits(1);
    }
}

#[test]
fn where_only_the_base_is_checked_out_nothing_passes() {
    let origin = forge(TAMPERED);
    let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
    let checkout = check_out(&origin, &sha(&origin, "main"), Some(1));
    for name in ["pull_request_target", "pull_request"] {
        let ran = Job::new(&checkout, name, event.clone()).run();
        ran.exits(3).complains("nothing of the pull request would be judged");
    }
}

#[test]
fn a_merge_group_is_compared_with_what_it_is_built_on() {
    let origin = forge(TAMPERED);
    let event = json!({"merge_group": {"base_sha": sha(&origin, "main"), "head_sha": sha(&origin, "topic")}});
    // Two commits lie between: one commit alone says nothing of the base.
    let checkout = check_out(&origin, &sha(&origin, "topic"), Some(1));
    let ran = Job::new(&checkout, "merge_group", event).run();
    assert_eq!(ran.exits(1).outputs["findings"], "1");
    Job::new(&checkout, "merge_group", json!({"merge_group": {}}))
        .run()
        .exits(3)
        .complains("the event names none");
}

#[test]
fn a_push_is_compared_with_what_was_there() {
    let origin = forge(TAMPERED);
    let checkout = check_out(&origin, &sha(&origin, "topic"), Some(1));
    let push = |before: &str| Job::new(&checkout, "push", json!({"before": before})).run();
    assert_eq!(push(&sha(&origin, "main")).exits(1).outputs["findings"], "1");
    push(&"1".repeat(40)).exits(3).complains("no base: what the branch was before the push");
    // Force-pushed: what was there is no ancestor.
    go_on(&origin);
    origin.write("Cargo.lock", cargo("5"));
    origin.commit_all();
    push(&sha(&origin, "main")).exits(1);
}

/// An event of a repository whose default branch is `main`.
fn of_main(mut event: serde_json::Value) -> serde_json::Value {
    event["repository"] = json!({"default_branch": "main"});
    event
}

#[test]
fn a_new_branch_is_compared_with_where_it_parted() {
    let origin = forge(TAMPERED);
    let parted = sha(&origin, "main");
    go_on(&origin);
    for depth in [Some(1), None] {
        let checkout = check_out(&origin, &sha(&origin, "topic"), depth);
        for (name, event) in [
            ("push", of_main(json!({"before": ZEROS}))),
            ("workflow_dispatch", of_main(json!({}))),
            // Who is not told asks the host.
            ("push", json!({"before": ZEROS})),
        ] {
            let ran = Job::new(&checkout, name, event).run();
            assert_eq!(ran.exits(1).outputs["findings"], "1", "{ran:#?}");
            assert!(
                ran.log.contains(&format!("where this branch parted from the default one, {parted}.")),
                "{ran:#?}"
            );
        }
    }
    let checkout = check_out(&origin, &sha(&origin, "topic"), Some(1));
    checkout.git("remote set-url origin file:///nowhere");
    let ran = Job::new(&checkout, "push", of_main(json!({"before": ZEROS}))).run();
    ran.exits(3).complains("no base: the default branch can't be fetched");
}

#[test]
fn what_is_on_the_default_branch_is_compared_with_the_commit_before() {
    let origin = forge(HONEST);
    origin.git("checkout --quiet main");
    origin.write("Cargo.lock", cargo("9"));
    origin.write("old/Cargo.lock", cargo("7"));
    origin.commit_all();
    let events = [
        ("schedule", json!({"schedule": "0 0 * * *"})),
        ("workflow_dispatch", json!({})),
        ("push", json!({"before": ZEROS})),
    ];
    for (name, event) in events {
        for depth in [Some(1), None] {
            let checkout = check_out(&origin, &sha(&origin, "main"), depth);
            let ran = Job::new(&checkout, name, of_main(event.clone())).run();
            ran.exits(1);
            assert!(ran.log.contains("Comparing with the commit before"), "{ran:#?}");
        }
    }
    // A branch that begins on it.
    go_on(&origin);
    let checkout = check_out(&origin, &sha(&origin, "main^"), Some(1));
    Job::new(&checkout, "push", of_main(json!({"before": ZEROS}))).run().exits(1);
}

/// A run by the clock judges everything, and not by the policy of the day before.
#[test]
fn what_landed_is_judged_as_a_whole() {
    let origin = forge(HONEST);
    origin.write("bad/Cargo.lock", "version = ");
    origin.commit_all();
    origin.write("README.md", "later\n");
    origin.commit_all();
    let run = |name| {
        let checkout = check_out(&origin, &sha(&origin, "main"), Some(1));
        Job::new(&checkout, name, of_main(json!({}))).run()
    };
    assert_eq!(run("schedule").exits(1).outputs["findings"], "1");
    origin.write("lockproof.toml", "[files]\nexclude = ['bad/**']\n");
    origin.commit_all();
    run("schedule").exits(0);
}

#[test]
fn without_a_base_only_the_content_counts_and_that_is_said() {
    let origin = Place::with(&[("Cargo.lock", &cargo("1"))]);
    let checkout = check_out(&origin, &sha(&origin, "main"), Some(1));
    let new_branch = Job::new(&checkout, "push", of_main(json!({"before": ZEROS})));
    let schedule = Job::new(&checkout, "schedule", json!({"schedule": "0 0 * * *"}));
    for job in [new_branch, schedule] {
        let ran = job.run();
        ran.exits(0);
        assert!(ran.said("notice")[0].starts_with("There is nothing to compare with"), "{ran:#?}");
    }
    // A branch with a history of its own.
    origin.git("checkout --quiet --orphan pages");
    origin.commit_all();
    let checkout = check_out(&origin, &sha(&origin, "pages"), Some(1));
    let ran = Job::new(&checkout, "push", of_main(json!({"before": ZEROS}))).run();
    assert!(ran.exits(0).said("notice")[0].starts_with("There is nothing to compare with"), "{ran:#?}");
}

#[test]
fn a_base_that_means_two_commits_is_refused() {
    let origin = forge(TAMPERED);
    let checkout = check_out(&origin, &sha(&origin, "topic"), None);
    let run = |base: &str| Job::new(&checkout, "push", json!({})).with("base", base).run();
    run("origin/main").exits(1);
    checkout.git("tag origin/main HEAD");
    run("origin/main").exits(2).complains("is ambiguous");
    run("refs/remotes/origin/main").exits(1);
}

#[test]
fn a_lockfile_that_can_not_be_read_fails_unless_that_is_settled() {
    let origin = forge(HONEST);
    origin.write("web/yarn.lock", "# yarn lockfile v1\n");
    origin.commit_all();
    let run = |inputs: &[(&'static str, &str)]| {
        let checkout = check_out(&origin, &sha(&origin, "main"), Some(1));
        let job = Job::new(&checkout, "push", json!({"before": sha(&origin, "main^")}));
        inputs.iter().fold(job, |job, (name, value)| job.with(name, *value)).run()
    };
    run(&[]).exits(3).complains("can't read web/yarn.lock yet");
    let ran = run(&[("require-coverage", "false")]);
    ran.exits(0);
    assert!(ran.said("warning").iter().any(|it| it.starts_with("Not checked: yarn.lock (1).")), "{ran:#?}");
    assert!(ran.summary.contains("**Not checked:**"), "{ran:#?}");
    run(&[("require-coverage", "yes")]).exits(2).complains("is true or false");
    origin.write("lockproof.toml", "[[override]]\npaths = ['web/**']\nrules = { unread-lockfile = 'off' }\n");
    origin.commit_all();
    origin.write("README.md", "later\n");
    origin.commit_all();
    run(&[]).exits(0);
}

#[test]
fn a_base_may_be_named() {
    let origin = forge(TAMPERED);
    let (main, topic) = (sha(&origin, "main"), sha(&origin, "topic"));
    let shallow = check_out(&origin, &topic, Some(1));
    let full = check_out(&origin, &topic, None);
    let run =
        |checkout, base: &str| Job::new(checkout, "workflow_dispatch", json!({})).with("base", base).run();
    run(&full, "origin/main").exits(1);
    run(&full, &main).exits(1);
    // The first commit of the request is the parent of what is checked out.
    run(&shallow, &sha(&origin, "topic^")).exits(1);
    run(&shallow, &main).exits(3).complains("incomplete");
    run(&shallow, "origin/main").exits(3).complains("no base: there is no revision origin/main here");
    run(&shallow, "--upload-pack=touch pwned").exits(2).complains("`base` is a revision");
    assert!(!shallow.path("pwned").exists());
}

/// A checkout without credentials of a private repository: the base is fetched with the token, which no log shows.
#[test]
fn the_base_is_fetched_with_the_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let origin = forge(HONEST);
    let event = pull_request(&sha(&origin, "main"), &sha(&origin, "topic"));
    let checkout = check_out(&origin, &try_merge(&origin), Some(1));
    checkout.git(&format!("remote set-url origin {server}/acme/app"));
    let job =
        Job::new(&checkout, "pull_request", event).with("token", "s3cret").env("GITHUB_SERVER_URL", &server);
    let ran = job.env("no_proxy", "127.0.0.1").run();
    ran.exits(3).complains("can't be fetched");
    let request = asked.join().unwrap();
    let basic = data_encoding::BASE64.encode(b"x-access-token:s3cret");
    assert!(request.to_lowercase().contains("authorization: basic"), "{request}");
    assert!(request.contains(&basic), "{request}");
    assert!(!ran.log.contains("s3cret") && !ran.log.contains(&basic), "{ran:#?}");
    assert!(!checkout.read(".git/config").contains("extraheader"));
}

//! How the action comes by lockproof: what is not proven to be it is not started.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::forge::{HONEST, check_out, forge, sha};
use super::runner::{Job, Ran};
use crate::support::{BINARY, Place};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = "x86_64-unknown-linux-musl";

/// A copy of the action, an archive of a release that `curl` "downloads", and a `gh` that says what the archive may be.
struct Release {
    place: Place,
    checkout: Place,
}

impl Release {
    fn new() -> Release {
        let release = Release { place: Place::folder(), checkout: checkout() };
        let place = &release.place;
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["action.yml", "action/lib.sh", "action/binary.sh", "action/base.sh", "action/check.sh"] {
            place.write(format!("action/{name}"), fs::read(root.join(name)).unwrap());
        }
        place.write("action/action/checksums.txt", "");
        release.archive("lockproof", &fs::read(BINARY).unwrap());
        let url = format!("/releases/download/v{VERSION}/lockproof-{TARGET}.tar.gz");
        release.program(
            "curl",
            &format!("case \"$*\" in *'{url}') ;; *) exit 22 ;; esac\nwhile [ \"$1\" != --output ]; do shift; done\ncp \"$archive\" \"$2\""),
        );
        release
    }

    fn archive(&self, name: &str, bytes: &[u8]) {
        self.place.write(format!("unpacked/{name}"), bytes);
        let path = self.place.path(format!("unpacked/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut tar = std::process::Command::new("tar");
        tar.args(["-czf", "../archive.tar.gz", name]).current_dir(self.place.path("unpacked"));
        assert!(tar.status().unwrap().success());
    }

    fn program(&self, name: &str, script: &str) {
        let archive = self.place.path("archive.tar.gz");
        self.place.write(
            format!("bin/{name}"),
            format!("#!/bin/sh\nset -eu\narchive='{}'\n{script}\n", archive.display()),
        );
        let path = self.place.path(format!("bin/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn know(&self, version: &str) {
        let digest = HEXLOWER.encode(&Sha256::digest(fs::read(self.place.path("archive.tar.gz")).unwrap()));
        let line = format!("{digest}  v{version}/lockproof-{TARGET}.tar.gz\n");
        self.place.write("action/action/checksums.txt", line);
    }

    fn run(&self, version: &str, system: [&str; 2]) -> Ran {
        let mut job =
            Job::new(&self.checkout, "schedule", json!({})).with("binary", "").with("version", version);
        job = job.with("token", "s3cret").env("RUNNER_OS", system[0]).env("RUNNER_ARCH", system[1]);
        job.action = self.place.path("action");
        job.programs = Some(self.place.path("bin"));
        job.run()
    }
}

fn checkout() -> Place {
    let origin = forge(HONEST);
    check_out(&origin, &sha(&origin, "main"), Some(1))
}

const LINUX: [&str; 2] = ["Linux", "X64"];

#[test]
fn a_release_is_taken_by_the_digest_that_the_action_knows() {
    let release = Release::new();
    release.run("", LINUX).exits(3).complains("knows no release of lockproof yet");
    release.know(VERSION);
    for version in ["", VERSION] {
        let ran = release.run(version, LINUX);
        assert_eq!(ran.exits(0).outputs["version"], VERSION);
    }
    release.run("9.9.9", LINUX).exits(3).complains("knows no digest of lockproof 9.9.9");
    release
        .run(VERSION, ["Linux", "S390X"])
        .exits(3)
        .complains("There is no release of lockproof for Linux/S390X");
    release.run(VERSION, ["macOS", "ARM64"]).exits(3).complains("knows no digest");
    for version in ["v1", "../1.0.0", "1.0.0/x", "1.0.0\n", "latest", "attested:", "attested:x"] {
        release.run(version, LINUX).exits(2).complains("`version` is X.Y.Z");
    }
}

#[test]
fn another_archive_is_not_started() {
    let release = Release::new();
    release.know(VERSION);
    release.archive("lockproof", b"#!/bin/sh\ntouch started\n");
    release.run(VERSION, LINUX).exits(3).complains("and not");
    assert!(!release.checkout.path("started").exists());
    // One with the right digest that is something else is a mistake of the release.
    release.know(VERSION);
    release.archive("other", b"");
    release.know(VERSION);
    release.run(VERSION, LINUX).exits(3).complains("holds no lockproof");
    release.archive("lockproof", b"#!/bin/sh\necho lockproof 0.0.1\n");
    release.know(VERSION);
    release.run(VERSION, LINUX).exits(3).complains("says it is lockproof 0.0.1");
}

#[test]
fn an_attested_release_needs_no_digest() {
    let release = Release::new();
    let version = format!("attested:{VERSION}");
    release.program("gh", "echo '::error::forged'; exit 1");
    let ran = release.run(&version, LINUX);
    ran.exits(3).complains("is not attested");
    assert!(!ran.said("error").contains(&"forged"), "{ran:#?}");
    release.program("gh", &format!("[ \"$GH_TOKEN\" = s3cret ]\ncase \"$*\" in 'attestation verify '*' --repo lockproof/lockproof --signer-workflow lockproof/lockproof/.github/workflows/release.yml --source-ref refs/tags/v{VERSION}') ;; *) exit 1 ;; esac"));
    assert_eq!(release.run(&version, LINUX).exits(0).outputs["version"], VERSION);
}

#[test]
fn what_compiles_is_the_action_itself() {
    let release = Release::new();
    release.program("cargo", "echo error: no; exit 101");
    release.run("source", LINUX).exits(3).complains("can't be compiled");
    let install = format!(
        "[ \"$*\" = \"install --locked --path . --root $7 --quiet\" ] || [ \"$1 $2 $3 $4 $5\" = 'install --locked --path . --root' ]\n\
         [ -e action.yml ]\nmkdir -p \"$6/bin\"\ncp '{BINARY}' \"$6/bin/lockproof\""
    );
    release.program("cargo", &install);
    assert_eq!(release.run("source", LINUX).exits(0).outputs["version"], VERSION);
}

#[test]
fn a_given_binary_has_to_be_lockproof() {
    let checkout = checkout();
    let run = |binary: &str| Job::new(&checkout, "schedule", json!({})).with("binary", binary).run();
    run("/nowhere/lockproof").exits(2).complains("There is no program /nowhere/lockproof");
    run("/bin/echo").exits(3).complains("/bin/echo is no lockproof");
    run("/bin/false").exits(3).complains("does not start");
}

//! What a frozen install takes without a word: an entry that calls itself bundled.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use data_encoding::BASE64;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::edit::{drop_line, edit};
use super::repo::{Repo, shown};
use super::tool::Tool;

const LOCK: &str = "package-lock.json";

/// Packs a package of one file with the real npm.
fn pack(npm: &Tool, folder: &Path, says: &str) -> Vec<u8> {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("package.json"), "{\"name\": \"acme-left\", \"version\": \"1.0.0\"}").unwrap();
    fs::write(folder.join("index.js"), format!("module.exports = '{says}';\n")).unwrap();
    npm.run(folder, &["pack", "--offline"]);
    fs::read(folder.join("acme-left-1.0.0.tgz")).unwrap()
}

/// A registry of one package on this machine, that also serves another archive at another address. It ends with the
/// test's process.
fn serve(good: Vec<u8>, evil: Vec<u8>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let integrity = format!("sha512-{}", BASE64.encode(&Sha512::digest(&good)));
    let tarball = format!("{address}/acme-left/-/acme-left-1.0.0.tgz");
    let dist = json!({"tarball": tarball, "integrity": integrity});
    let release = json!({"name": "acme-left", "version": "1.0.0", "dist": dist});
    let document =
        json!({"name": "acme-left", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": release}});
    let document = document.to_string();
    let (asked, served) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let path = asked_for(&stream);
            let body = match path.as_str() {
                "/acme-left" => document.as_bytes(),
                "/acme-left/-/acme-left-1.0.0.tgz" => &good,
                "/evil.tgz" => &evil,
                _ => &[],
            };
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // A client that hangs up fails the test by what it did not install.
            let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(body));
            let _ = asked.send(path);
        }
    });
    (address, served)
}

/// Reads a request to its empty line; its path is what counts.
fn asked_for(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.find(String::is_empty);
    first.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn npm_ci_takes_a_redirected_bundle_and_lockproof_does_not() {
    let Some(npm) = Tool::find("npm") else { return };
    let (repo, packed) = (Repo::new(), tempfile::tempdir().unwrap());
    let good = pack(&npm, &packed.path().join("good"), "good");
    let (registry, served) = serve(good, pack(&npm, &packed.path().join("evil"), "evil"));
    let npm = npm
        .with("npm_config_registry", &registry)
        .with("npm_config_noproxy", "127.0.0.1")
        .with("npm_config_cache", packed.path().join("cache"));
    repo.write(
        "package.json",
        "{\"name\": \"app\", \"version\": \"1.0.0\", \"dependencies\": {\"acme-left\": \"1.0.0\"}}\n",
    );
    npm.run(repo.path(), &["install"]);
    assert!(fs::read_to_string(repo.file("node_modules/acme-left/index.js")).unwrap().contains("good"));
    repo.assert_honest_start(LOCK);

    let entry = "\"node_modules/acme-left\"";
    let redirected = format!("      \"resolved\": \"{registry}/evil.tgz\", \"inBundle\": true");
    let dropped = drop_line(&repo.read(LOCK), entry, "\"integrity\"");
    let tampered =
        edit(&dropped.text, entry, |line| line.contains("\"resolved\"").then(|| redirected.clone()));
    // What was the line before the last one has lost its comma with it.
    repo.write(LOCK, &tampered.text);
    fs::remove_dir_all(repo.file("node_modules")).unwrap();
    npm.run(repo.path(), &["ci"]);
    assert!(
        fs::read_to_string(repo.file("node_modules/acme-left/index.js")).unwrap().contains("evil"),
        "npm has learnt"
    );
    assert!(served.try_iter().any(|path| path == "/evil.tgz"));

    let report = repo.check();
    let rules: Vec<_> = report.errors().iter().filter_map(|error| error["rule"].as_str()).collect();
    assert_eq!(report.code, Some(1), "{}", report.describe());
    assert!(rules.contains(&"integrity-removed"), "{}", report.describe());
    // Also when nothing is there to compare with: the claim to be bundled is not proven.
    let output = repo.lockproof(&["--no-base"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("missing-integrity"), "{}", shown(&output));
}

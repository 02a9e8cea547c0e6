//! `lockproof fix`: what it repairs, what it leaves alone, and what it says.

use crate::support::{Place, cargo};

fn npm(entries: &[(&str, &str, &str)]) -> String {
    let entry = |(name, address, hash): &(&str, &str, &str)| {
        format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \
             \"{address}/{name}/-/{name}-1.0.0.tgz\",\n      \"integrity\": \"sha512-{}A==\"\n    }}",
            hash.repeat(85)
        )
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    format!("{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n{}\n  }}\n}}\n", entries.join(",\n"))
}

const GOOD: &str = "https://registry.example.com";

#[test]
fn addresses_are_repaired_and_nothing_else() {
    let faulty = npm(&[
        ("a", GOOD, "A"),
        ("b", "http://registry.example.com", "A"),
        ("c", "http://registry.example.com:80", "A"),
        ("d", "https://ci:hunter2@registry.example.com", "A"),
        ("e", "http://elsewhere.example.com", "A"),
    ])
    .replace('\n', "\r\n");
    let place = Place::with(&[("web/package-lock.json", &faulty)]);
    insta::assert_snapshot!(place.lockproof("fix --check").exits(1), @r"
    web/package-lock.json: 2 addresses on registry.example.com would use https
    web/package-lock.json: 1 address on registry.example.com would carry no credentials any more: revoke them

    What no tool should repair:
      error[insecure-url] web/package-lock.json:26: Set the client's registry to https.
    ");
    assert_eq!(place.read("web/package-lock.json"), faulty);
    insta::assert_snapshot!(place.lockproof("fix").exits(0), @r"
    web/package-lock.json: 2 addresses on registry.example.com now use https
    web/package-lock.json: 1 address on registry.example.com carry no credentials any more: revoke them

    What no tool should repair:
      error[insecure-url] web/package-lock.json:26: Set the client's registry to https.
    ");
    let repaired = faulty
        .replace("http://registry.example.com:80", GOOD)
        .replace("http://registry.example.com", GOOD)
        .replace("ci:hunter2@", "");
    assert_eq!(place.read("web/package-lock.json"), repaired);
    place.lockproof("fix --check").exits_with(0, "There is nothing that can safely be repaired.");
    // What stands there now is what check asks for.
    let left = place.lockproof("").exits(1);
    assert!(left.contains("elsewhere.example.com") && !left.contains("credentials-in-url"), "{left}");
}

#[test]
fn a_hash_is_never_repaired() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    let text = place.lockproof("fix").exits(0);
    assert!(text.contains("error[pin-rewritten] Cargo.lock:8: Restore the file (this undoes all its changes): `git checkout HEAD -- Cargo.lock`"), "{text}");
    assert_eq!(place.read("Cargo.lock"), cargo("2"));
}

/// Of what the manifest asks for by that very address, the lockfile says no other.
#[test]
fn what_the_client_compares_is_left_alone() {
    let archive = npm(&[("a", GOOD, "A"), ("b", GOOD, "A")])
        .replace("https://registry.example.com/b/-/b-1.0.0.tgz", "http://registry.example.com/files/b.tgz");
    let index = cargo("1").replace("registry+https", "registry+http");
    let place = Place::with(&[("package-lock.json", &archive), ("Cargo.lock", &index)]);
    place.lockproof("fix").exits_with(0, "There is nothing that can safely be repaired.");
    assert_eq!((place.read("package-lock.json"), place.read("Cargo.lock")), (archive, index));
}

#[test]
fn paths_narrow_it_and_no_repository_is_needed() {
    let faulty = npm(&[("a", GOOD, "A"), ("b", "http://registry.example.com", "A")]);
    let place = Place::folder();
    place.write("a/package-lock.json", &faulty);
    place.write("b/package-lock.json", &faulty);
    place
        .lockproof("fix a")
        .exits_with(0, "a/package-lock.json: 1 address on registry.example.com now use https");
    assert!(place.read("a/package-lock.json") != faulty && place.read("b/package-lock.json") == faulty);
    place.lockproof("fix nowhere").exits_with(2, "nowhere");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through() {
    let faulty = npm(&[("a", GOOD, "A"), ("b", "http://registry.example.com", "A")]);
    let place = Place::with(&[("real.json", &faulty)]);
    place.link("package-lock.json", "real.json");
    place.lockproof("fix").exits_with(3, "it is left alone");
    assert_eq!(place.read("real.json"), faulty);
}

//! A repository on a code host, with a pull request, and what a workflow checks out of it.

use serde_json::{Value, json};

use crate::support::{Place, cargo, cargo_with};

/// What a pull request does to the lockfile.
pub(super) const HONEST: &[(&str, &str)] = &[("a", "1"), ("b", "2")];
pub(super) const TAMPERED: &[(&str, &str)] = &[("a", "9")];

/// `main` has a lockfile; `topic` changes it in two commits.
pub(super) fn forge(packages: &[(&str, &str)]) -> Place {
    let origin = Place::with(&[("Cargo.lock", &cargo("1")), ("README.md", "x\n")]);
    // Hosts let any commit be fetched by its id.
    origin.git("config uploadpack.allowAnySHA1InWant true");
    origin.git("checkout --quiet -b topic");
    origin.write("README.md", "one\n");
    origin.commit_all();
    origin.write("Cargo.lock", cargo_with(packages));
    origin.commit_all();
    origin.git("checkout --quiet main");
    origin
}

pub(super) fn sha(place: &Place, revision: &str) -> String {
    place.git(&format!("rev-parse {revision}")).trim_end().to_owned()
}

/// Adds a lockfile to `main`, after the pull request was opened. Against a base from before, it would be the request's.
pub(super) fn go_on(origin: &Place) {
    origin.write("later/Cargo.lock", cargo("7").replace("https://", "http://"));
    origin.commit_all();
}

/// The commit that the host makes to try the merge.
pub(super) fn try_merge(origin: &Place) -> String {
    origin.git("checkout --quiet --detach main");
    origin.git("merge --quiet --no-ff --message=trial topic");
    let merged = sha(origin, "HEAD");
    origin.git("update-ref refs/pull/7/merge HEAD");
    origin.git("checkout --quiet main");
    merged
}

/// What actions/checkout leaves: one commit, unless the whole history is asked for.
pub(super) fn check_out(origin: &Place, commit: &str, depth: Option<u32>) -> Place {
    let clone = Place::repository();
    clone.git(&format!("remote add origin file://{}", origin.root().display()));
    if let Some(depth) = depth {
        clone.git(&format!("fetch --quiet --no-tags --depth={depth} origin {commit}"));
    } else {
        clone.git("fetch --quiet --no-tags origin +refs/heads/*:refs/remotes/origin/*");
        clone.git(&format!("fetch --quiet --no-tags origin {commit}"));
    }
    clone.git(&format!("checkout --quiet --force --detach {commit}"));
    clone
}

/// The event of a pull request, as of when it was opened.
pub(super) fn pull_request(base: &str, head: &str) -> Value {
    let of = |sha: &str, name: &str| json!({"sha": sha, "ref": name});
    let name = "x$(touch pwned)`touch pwned`\n::error::forged";
    json!({"number": 7, "pull_request": {"number": 7, "title": name, "base": of(base, "main"), "head": of(head, name)}})
}

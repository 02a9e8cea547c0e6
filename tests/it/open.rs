//! What once passed unseen: folders that look like others, names that mean two commits, projects and policies that take
//! a lockfile out of sight.

use std::fs;

use crate::support::{Place, cargo};

const EVIL: &str = "[resolver]\nlockfile-path = 'x'\n";

/// Git has one tree for two folders that hold the same; what is in it counts by its folder's name.
#[test]
fn a_folder_of_the_same_content_hides_none() {
    for (decoy, real, text) in [
        (".a/config.toml", ".cargo/config.toml", EVIL),
        ("a/config.toml", "b/.cargo/config.toml", EVIL),
        ("a/requirements/x/test.txt", "requirements/test.txt", "a==1 --hash=sha256:00\n"),
        ("a/verification-metadata.xml", "gradle/verification-metadata.xml", "<x/>\n"),
        (".a/lockproof.toml", ".config/lockproof.toml", "[nothing]\n"),
    ] {
        let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
        place.write(real, text);
        place.commit_all();
        let alone = place.lockproof("--head HEAD");
        place.write(decoy, text);
        place.commit_all();
        let both = place.lockproof("--head HEAD --base HEAD^^");
        let without = place.lockproof("--head HEAD^ --base HEAD^^");
        assert!(alone.code != 0 || alone.out.contains("unread-lockfile"), "{real}: {alone:?}");
        // Each names its own revision, and what can be typed where that is checked out.
        let named = |text: &str| {
            let found = text.split("What it means:").next().unwrap_or_default();
            found.replace("HEAD^:", "HEAD:")
        };
        assert_eq!((both.code, named(&both.out)), (without.code, named(&without.out)), "{real}");
    }
}

/// Lockfiles of other sides of a merge and of the history are found in all their places.
#[test]
fn an_excluded_copy_hides_no_witness() {
    let place = Place::with(&[
        ("a/Cargo.lock", &cargo("1")),
        ("z/Cargo.lock", &cargo("1")),
        ("lockproof.toml", "[files]\nexclude = ['a/**']\n"),
    ]);
    place.write("z/Cargo.lock", "version = 4\n");
    place.commit_all();
    place.write("z/Cargo.lock", cargo("2"));
    place.commit_all();
    place.lockproof("--head HEAD --history").exits_saying(1, "a@1.0.0 once had another hash");
}

#[test]
fn a_revision_that_means_two_commits_is_refused() {
    let place = Place::with(&[("Cargo.lock", &cargo("1"))]);
    place.write("Cargo.lock", cargo("2"));
    place.commit_all();
    place.git("update-ref refs/remotes/origin/main HEAD^");
    place.lockproof("--base origin/main").exits(1);
    place.git("tag origin/main HEAD");
    for words in ["--base origin/main", "--against origin/main", "--head origin/main", "diff origin/main"] {
        let said = place.lockproof(words).exits(2);
        assert!(said.contains("refs/tags/origin/main and refs/remotes/origin/main"), "{words}: {said}");
    }
    place.lockproof("--base refs/remotes/origin/main").exits(1);
    place.lockproof("--base remotes/origin/main").exits(1);
}

#[test]
fn a_project_that_became_a_submodule_is_named() {
    let place =
        Place::with(&[("Cargo.lock", &cargo("1")), ("app/Cargo.lock", &cargo("1")), ("app/Cargo.toml", "")]);
    let other = Place::with(&[("Cargo.lock", &cargo("9")), ("Cargo.toml", "")]);
    let id = other.git("rev-parse HEAD");
    place.git("rm --quiet -r app");
    place.git(&format!("update-index --add --cacheinfo 160000,{},app", id.trim_end()));
    place
        .lockproof("--staged")
        .exits_saying(0, "app became a submodule, so its lockfiles are not checked any more.");
    place.lockproof("--staged").exits_saying(0, "Not checked: submodule (1).");
    place.lockproof("--staged --require-coverage").exits_with(3, "does not look into the submodule app");
    place.git("commit --quiet -m x");
    for words in ["--head HEAD", "--base HEAD^", "--base HEAD^ --head HEAD"] {
        place.lockproof(words).exits_saying(0, "app became a submodule");
    }
    place.lockproof("--head HEAD --no-base").exits_with(0, "1 lockfile is clean");
}

#[test]
fn a_policy_hides_no_change_of_its_own() {
    let place = Place::with(&[("Cargo.lock", &cargo("1")), ("fixtures/Cargo.lock", &cargo("1"))]);
    let exclude = |glob: &str| place.write("lockproof.toml", format!("[files]\nexclude = ['{glob}']\n"));
    exclude("fixtures/**");
    place.git("add -A");
    // It changes nothing else.
    place
        .lockproof("--staged")
        .exits_saying(0, "was loosened: files that match `fixtures/**` no longer count");
    exclude("**");
    place.write("Cargo.lock", cargo("9"));
    place.git("add -A");
    let said = "lockproof.toml newly excludes Cargo.lock, and the same change edits it.";
    place.lockproof("--staged").exits_saying(1, said);
    // Who tries it out sees what it would do.
    place.lockproof("").exits_saying(0, "was loosened");
    place.git("commit --quiet -m x");
    place.lockproof("--head HEAD").exits_saying(1, said);
    // The base's policy judges.
    let judged = place.lockproof("--base HEAD^").exits(1);
    assert!(judged.contains("pin-rewritten") && judged.contains("was loosened"), "{judged}");
    fs::remove_file(place.path("Cargo.lock")).unwrap();
    place.commit_all();
    // It was excluded before.
    place.lockproof("--head HEAD").exits(0);
    place.lockproof("--config lockproof.toml --head HEAD").exits(0);
}

/// Configuration is obeyed where it stands and below, and decides about no other project.
#[test]
fn configuration_admits_nothing_outside_of_its_folder() {
    let npm = |host: &str| {
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\n\"node_modules/a\": {{\"version\": \"1.0.0\", \"resolved\": \"https://{host}/a/-/a-1.0.0.tgz\", \"integrity\": \"sha512-{}==\"}}\n}}}}\n",
            "A".repeat(86)
        )
    };
    let cargo = |host: &str| cargo("1").replace("index.example.com", host);
    let uv = |host: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://{host}/simple\" }}\nsdist = {{ url = \"https://files.example.com/a-1.tar.gz\", hash = \"sha256:{:064}\" }}\n",
            0
        )
    };
    /// A lockfile, its text for a host, and the configuration that names the host.
    type Steered<'t> = (&'t str, &'t dyn Fn(&str) -> String, &'t str, &'t str);
    let lock: [Steered<'_>; 5] = [
        ("package-lock.json", &npm, ".npmrc", "registry=https://evil.example.net/\n"),
        (
            "Cargo.lock",
            &cargo,
            ".cargo/config.toml",
            "[registries.x]\nindex = 'sparse+https://evil.example.net/'\n",
        ),
        ("uv.lock", &uv, "uv.toml", "[[index]]\nurl = 'https://evil.example.net/simple'\n"),
        ("uv.lock", &uv, "pyproject.toml", "[[tool.uv.index]]\nurl = 'https://evil.example.net/simple'\n"),
        ("app/uv.lock", &uv, "uv.toml", "[[index]]\nurl = 'https://evil.example.net/simple'\n"),
    ];
    for (path, text, config, says) in lock {
        for (folder, count) in [("docs/sample/", 1), ("", 0)] {
            let config = format!("{folder}{config}");
            let place = Place::with(&[(path, &text("index.example.com")), (&config, says)]);
            place.write(path, text("evil.example.net"));
            place.commit_all();
            let said = place.lockproof("--base HEAD^ --select unpinned-registry").exits(count);
            assert_eq!(said.contains("error[unpinned-registry]"), count == 1, "{config}: {said}");
        }
    }
}

/// A lockfile without addresses can't show that a scope's registry has changed: the configuration does.
#[test]
fn a_registry_for_a_scope_in_use_is_told() {
    let lock = |version: &str, end: &str| {
        format!(
            "lockfileVersion: '9.0'\npackages:\n  '@x/b@{version}':\n    resolution: {{integrity: sha512-{}{end}==}}\n",
            "A".repeat(85)
        )
    };
    let place = Place::with(&[("pnpm-lock.yaml", &lock("1.0.0", "A")), ("package.json", "{}")]);
    place.write("pnpm-lock.yaml", lock("1.0.1", "Q"));
    place.write(".npmrc", "@x:registry=https://evil.example.net/\n");
    place.commit_all();
    let said =
        |words: &str| place.lockproof(&format!("--base HEAD^ --select weakened-client-config {words}"));
    said("").exits_saying(
        0,
        ".npmrc names another registry for packages that are locked: https://evil.example.net.",
    );
    said("").exits_saying(0, "changes with it");
    place.git("checkout --quiet HEAD^");
    place.write("lockproof.toml", "[registries.scoped]\n'@x/' = 'https://npm.x.example/'\n");
    place.commit_all();
    place.write("pnpm-lock.yaml", lock("1.0.1", "Q"));
    place.write(".npmrc", "@x:registry=https://evil.example.net/\n");
    place.commit_all();
    said("").exits_saying(1, "error[weakened-client-config]");
    place.write(".npmrc", "@x:registry=https://npm.x.example/\n@new:registry=https://npm.new.example/\n");
    place.commit_all();
    place.lockproof("--base HEAD~2 --select weakened-client-config").exits(0);
}

/// What can't be understood declares nothing, and that is said.
#[test]
fn a_manifest_that_can_not_be_understood_is_named() {
    let place = Place::with(&[
        ("Cargo.lock", &cargo("1")),
        ("Cargo.toml", "[package\n"),
        ("fixtures/Cargo.toml", "[package\n"),
        (".cargo/config.toml", "x = \n"),
    ]);
    let said = place.lockproof("").exits(0);
    assert_eq!(said.matches("not checked:").count(), 2, "{said}");
    place
        .lockproof("")
        .exits_saying(0, "Cargo.toml can't be understood, so Cargo.lock was not held against what it says");
}

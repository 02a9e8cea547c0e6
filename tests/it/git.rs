//! States that a repository can be in.

use std::fs;

use crate::support::{BINARY, Place, cargo, cargo_with};

const LOCK: &str = "Cargo.lock";
const MANIFEST: (&str, &str) = ("Cargo.toml", "[workspace]\n");

fn repository() -> Place {
    Place::with(&[(LOCK, &cargo("1")), MANIFEST])
}

/// A finding of the rule that all these tests look for.
const REWRITTEN: &str = "error[pin-rewritten]";

#[test]
fn before_the_first_commit_there_is_nothing_to_compare_with() {
    let place = Place::repository();
    place.lockproof("").exits_with(0, "There are no lockfiles here");
    place.write(LOCK, cargo("1"));
    let text = place.lockproof("").exits(0);
    assert_eq!(text, "1 lockfile is clean; 1 package, 1 hashed. Nothing was compared.\n");
    place.git("add --all");
    place.lockproof("--staged").exits_with(0, "Nothing was compared.");
    place.lockproof("--head HEAD").exits_with(3, "there is no revision `HEAD` here");
}

#[test]
fn a_change_is_seen_in_the_worktree_and_in_the_index() {
    let place = repository();
    place.lockproof("").exits_with(0, "1 lockfile is clean; 1 package, 1 hashed, 1 compared with HEAD.");
    place.write(LOCK, cargo("2"));
    place.lockproof("").exits_with(1, REWRITTEN);
    place.lockproof("--staged").exits_with(0, "No lockfile is touched by this change.");
    place.git("add --all");
    let text = place.lockproof("--staged").exits(1);
    assert!(text.contains("╭─[:Cargo.lock:8:13]") && text.contains("╭─[HEAD:Cargo.lock:8:13]"), "{text}");
}

#[test]
fn a_file_that_is_staged_in_part_is_judged_as_it_is_staged() {
    let place = Place::with(&[(LOCK, &cargo_with(&[("a", "1"), ("b", "1")]))]);
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1"), ("c", "1")]));
    place.git("add --all");
    place.write(LOCK, cargo_with(&[("a", "2"), ("b", "1"), ("c", "1")]));
    place.lockproof("--staged").exits_with(0, "3 packages");
    place.lockproof("").exits_with(1, REWRITTEN);
    place.git("add --all");
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
    place.lockproof("--staged").exits_with(1, REWRITTEN);
    place.lockproof("").exits(0);
}

#[test]
fn a_detached_head_is_a_head() {
    let place = repository();
    place.git("checkout --quiet --detach");
    place.write(LOCK, cargo("2"));
    place.lockproof("").exits_with(1, "HEAD:Cargo.lock");
}

#[test]
fn a_linked_worktree_has_its_own_head_and_index() {
    let place = repository();
    place.git("worktree add --quiet linked -b other");
    let linked = place.at("linked");
    linked.write(LOCK, cargo("2"));
    linked.git("commit --quiet --all --message=x");
    linked.lockproof("").exits_with(0, "1 compared with HEAD");
    linked.write(LOCK, cargo("3"));
    linked.lockproof("").exits_with(1, REWRITTEN);
    linked.git("add --all");
    linked.lockproof("--staged").exits_with(1, REWRITTEN);
    // The other worktree is a repository of its own, as seen from the first.
    place.lockproof("").exits_with(0, "1 lockfile is clean");
    place.lockproof("--staged").exits(0);
}

#[test]
fn a_submodule_is_somebody_elses() {
    let library = repository();
    let place = repository();
    place.git(&format!("submodule --quiet add {} lib", library.path("").display()));
    place.commit_all();
    place.write("lib/Cargo.lock", cargo("2"));
    place.lockproof("").exits_with(0, "1 lockfile is clean");
    place.lockproof("--staged").exits(0);
    place.lockproof("--head HEAD").exits_with(0, "1 lockfile is clean");
    let inside = place.at("lib");
    inside.lockproof("").exits_with(1, REWRITTEN);
    inside.git("add --all");
    inside.lockproof("--staged").exits_with(1, REWRITTEN);
}

#[test]
fn a_nested_repository_is_somebody_elses() {
    let place = repository();
    place.git("init --quiet vendor/nested");
    place.write("vendor/nested/Cargo.lock", "not a lockfile");
    place.lockproof("").exits_with(0, "1 lockfile is clean");
}

#[test]
fn a_new_lockfile_counts_before_it_is_added() {
    let place = repository();
    place.write("new/Cargo.lock", "version = ");
    place.lockproof("").exits_with(1, "new/Cargo.lock can't be read");
    place.lockproof("--staged").exits(0);
    place.git("add --intent-to-add new/Cargo.lock");
    place.lockproof("").exits_with(1, "new/Cargo.lock can't be read");
    // A promise to add is not what would be committed.
    place.lockproof("--staged").exits_with(0, "No lockfile is touched");
    place.git("add new");
    place.lockproof("--staged").exits_with(1, "new/Cargo.lock can't be read");
}

#[test]
fn an_ignored_lockfile_counts_when_it_is_named() {
    let place = repository();
    place.write(".gitignore", "out/\n/sub/*.lock\n");
    place.write("out/Cargo.lock", "version = ");
    place.write("sub/Cargo.lock", "version = ");
    place.lockproof("").exits_with(0, "1 lockfile is clean");
    place.lockproof("out/Cargo.lock").exits_with(1, "out/Cargo.lock can't be read");
    place.lockproof("sub/Cargo.lock").exits_with(1, "sub/Cargo.lock can't be read");
    place.lockproof("out").exits_with(2, "out matches no lockfile");
    // What is tracked all the same is not ignored.
    place.git("add --force out/Cargo.lock");
    place.lockproof("out").exits_with(1, "out/Cargo.lock can't be read");
}

#[test]
fn a_removed_lockfile_is_a_finding() {
    let place = repository();
    fs::remove_file(place.path(LOCK)).unwrap();
    insta::assert_snapshot!(place.lockproof("").exits(1), @r#"
    error[lockfile-removed] 7f3955f1

      × Cargo.lock was removed, but Cargo.toml is still there.
      help: `git checkout HEAD -- Cargo.lock` brings it back.

    1 error in 1 lockfile.
    What it means: `lockproof explain lockfile-removed`
    To accept it:  `lockproof accept 7f3955f1 --reason "WHY"`
    "#);
    place.lockproof("--staged").exits(0);
    place.git("rm --quiet --cached Cargo.lock");
    place.lockproof("--staged").exits_with(1, "error[lockfile-removed]");
}

#[test]
fn a_moved_lockfile_keeps_what_it_pinned() {
    let place = Place::with(&[(LOCK, &cargo("1"))]);
    fs::create_dir(place.path("inner")).unwrap();
    place.git("mv Cargo.lock inner/Cargo.lock");
    place.write("inner/Cargo.lock", cargo("2"));
    place.lockproof("").exits_with(1, REWRITTEN);
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, REWRITTEN);
    place.write("inner/Cargo.lock", cargo("1"));
    place.lockproof("").exits_with(0, "1 compared with HEAD");
}

#[cfg(unix)]
mod links {
    use super::*;

    /// `Cargo.lock` is a link to a file of another name.
    fn linked() -> Place {
        let place = Place::repository();
        place.write("locks/frozen", cargo("1"));
        place.link(LOCK, "locks/frozen");
        place.commit_all();
        place
    }

    #[test]
    fn what_a_link_leads_to_is_judged_on_every_side() {
        let place = linked();
        place.lockproof("").exits_with(0, "1 package, 1 hashed, 1 compared with HEAD");
        place.lockproof("--head HEAD").exits_with(0, "1 package, 1 hashed");
        place.write("locks/frozen", cargo("2"));
        place.lockproof("").exits_with(1, REWRITTEN);
        place.lockproof("--staged").exits(0);
        place.git("add --all");
        place.lockproof("--staged").exits_with(1, REWRITTEN);
        place.commit_all();
        place.lockproof("--head HEAD").exits_with(1, REWRITTEN);
        place.lockproof("--base HEAD~1").exits_with(1, REWRITTEN);
    }

    #[test]
    fn a_link_is_followed_in_the_index_that_a_hook_is_given() {
        let place = linked();
        place.hook("--staged");
        place.write("locks/frozen", cargo("2"));
        let said = place.git_may_fail("commit --quiet --all --message=x");
        assert!(said.code != 0 && said.exits(1).contains(REWRITTEN));
    }

    #[test]
    fn a_new_link_counts_before_it_is_added() {
        let place = Place::repository();
        place.write("locks/frozen", "version = ");
        place.link(LOCK, "locks/frozen");
        place.lockproof("").exits_with(1, "Cargo.lock can't be read");
    }

    #[test]
    fn a_link_that_can_not_be_followed_makes_the_run_incomplete() {
        let outside = Place::folder();
        outside.write(LOCK, cargo("1"));
        let target = outside.path(LOCK);
        for (target, why) in [
            (target.to_str().unwrap(), "it is a link that leads out of the repository"),
            ("../../../etc/passwd", "it is a link that leads out of the repository"),
            ("nothing", "it is a link to something that is not there"),
        ] {
            let place = Place::repository();
            place.link(LOCK, target);
            place.lockproof("").exits_with(3, why);
            place.git("add --all");
            place.lockproof("").exits_with(3, why);
            place.lockproof("--staged").exits_with(3, why);
            place.commit_all();
            place.lockproof("--head HEAD").exits_with(3, why);
        }
        let place = Place::repository();
        place.link(LOCK, LOCK);
        place.lockproof("").exits(3);
        place.commit_all();
        place.lockproof("--head HEAD").exits_with(3, "it is a link to a link to a link without end");
    }

    #[test]
    fn nothing_is_read_through_a_folder_that_became_a_link() {
        let outside = Place::folder();
        outside.write("Cargo.lock", "version = ");
        outside.write("new/Cargo.lock", "version = ");
        let place = Place::with(&[("folder/Cargo.lock", &cargo("1"))]);
        fs::remove_dir_all(place.path("folder")).unwrap();
        place.link("folder", outside.path(""));
        place.lockproof("").exits_with(0, "folder/Cargo.lock was removed");
    }

    #[test]
    fn a_policy_may_be_a_link() {
        let place = repository();
        place.write("shared/policy.toml", "[rules]\nversion-downgraded = \"off\"\n");
        place.link("lockproof.toml", "shared/policy.toml");
        place.commit_all();
        place.lockproof("").exits(0);
        place.lockproof("--head HEAD").exits(0);
        place.lockproof("--base HEAD").exits(0);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_makes_the_run_incomplete() {
    let place = repository();
    fs::remove_file(place.path(LOCK)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(place.path(LOCK)).status().unwrap().success());
    place.lockproof("").exits_with(3, "Cargo.lock can't be read: it is no regular file");
    place.git("rm --quiet --cached Cargo.lock");
    place.lockproof("").exits_with(3, "Cargo.lock can't be read: it is no regular file");
    fs::remove_file(place.path(LOCK)).unwrap();
    place.git("reset --quiet");
    place.write("Cargo.lock/inner", "");
    place.lockproof("").exits_with(3, "Cargo.lock can't be read: it is no regular file");
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that can't be run says so")]
fn a_file_that_may_not_be_read_makes_the_run_incomplete() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = repository();
    place.write(LOCK, cargo("2"));
    fs::set_permissions(place.path(LOCK), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(place.path(LOCK)).is_ok() {
        // The superuser may read everything.
        eprintln!("not tested: permissions do not stop this user");
        place.lockproof("").exits(1);
        return;
    }
    place.lockproof("").exits_with(3, "Cargo.lock can't be read: Permission denied");
}

#[test]
fn a_sparse_checkout_keeps_lockfiles_in_the_index() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let place =
            Place::with(&[("in/Cargo.lock", &cargo("1")), ("out/deep/Cargo.lock", &cargo("1")), MANIFEST]);
        place.git(&format!("sparse-checkout set --cone {index} in"));
        assert!(!place.path("out").exists());
        place
            .lockproof("")
            .exits_with(0, "2 lockfiles are clean; 2 packages, 2 hashed, 2 compared with HEAD");
        place.write("in/Cargo.lock", cargo("2"));
        place.lockproof("").exits_with(1, "1 error in 2 lockfiles");
        place.git("add --all");
        place.lockproof("--staged").exits_with(1, REWRITTEN);
        // What stands on disk all the same is what a client reads.
        place.git("checkout --quiet HEAD -- in");
        place.write("out/deep/Cargo.lock", cargo("2"));
        place.lockproof("").exits_with(1, REWRITTEN);
    }
}

#[test]
fn flags_of_the_index_hide_nothing() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let place = repository();
        place.git(&format!("update-index {flag} Cargo.lock"));
        place.write(LOCK, cargo("2"));
        place.lockproof("").exits_with(1, REWRITTEN);
    }
}

#[test]
fn every_form_of_the_index_is_read() {
    let forms = [&["--index-version=2"][..], &["--index-version=4"], &["--index-version=4", "--split-index"]];
    for forms in forms {
        let place = Place::with(&[("a/Cargo.lock", &cargo("1")), ("b/Cargo.lock", &cargo("1")), MANIFEST]);
        place.git("config splitIndex.maxPercentChange 100");
        forms.iter().for_each(|form| drop(place.git(&format!("update-index {form}"))));
        place.lockproof("").exits_with(0, "2 lockfiles are clean");
        place.write("b/Cargo.lock", cargo("2"));
        place.git("add --all");
        place.git("rm --quiet --cached a/Cargo.lock");
        let text = place.lockproof("--staged").exits(1);
        assert!(text.contains("a/Cargo.lock was removed") && text.contains(REWRITTEN), "{text}");
    }
}

#[test]
fn line_endings_of_a_checkout_are_no_change() {
    for by_attribute in [false, true] {
        let place = repository();
        if by_attribute {
            place.write(".gitattributes", "*.lock text eol=crlf\n");
            place.commit_all();
        } else {
            place.git("config core.autocrlf true");
        }
        fs::remove_file(place.path(LOCK)).unwrap();
        place.git("checkout --quiet -- Cargo.lock");
        assert!(place.read(LOCK).contains("\r\n"));
        // So that the index does not know the file.
        place.write(LOCK, place.read(LOCK));
        place.lockproof("--verbose").exits_with(0, "Cargo.lock: cargo, unchanged, 1 package");
        place.write(LOCK, cargo("2").replace('\n', "\r\n"));
        place.lockproof("").exits_with(1, "╭─[Cargo.lock:8:13]");
    }
}

#[test]
fn a_commit_of_chosen_files_is_judged_by_its_own_index() {
    let places = [repository(), repository()];
    places[1].git("worktree add --quiet linked -b other");
    for place in [places[0].at(""), places[1].at("linked")] {
        place.hook("--staged");
        place.write("other", "");
        place.git("add other");
        place.write(LOCK, cargo("2"));
        // The commit would hold the change, though the index that everybody sees does not.
        for words in ["commit --all --message=x", "commit --message=x -- Cargo.lock"] {
            let said = place.git_may_fail(words);
            assert!(said.err.contains(REWRITTEN) || said.out.contains(REWRITTEN), "{words}: {said:?}");
            assert_eq!(said.code, 1);
        }
        // And this one would not.
        place.git("commit --quiet --message=x -- other");
        place.git("add Cargo.lock");
        place.git("commit --quiet --allow-empty --only --message=nothing");
        assert_eq!(place.git_may_fail("commit --message=x").code, 1);
    }
}

#[test]
fn a_repository_may_be_named_by_the_environment() {
    let place = repository();
    place.write(LOCK, cargo("2"));
    let elsewhere = Place::folder();
    let run = |variables: &[(&str, std::path::PathBuf)]| {
        let mut command = elsewhere.command(["--quiet"]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.output().unwrap().status.code().unwrap()
    };
    let (directory, worktree) = (("GIT_DIR", place.path(".git")), ("GIT_WORK_TREE", place.path("")));
    assert_eq!(run(&[directory.clone(), worktree.clone()]), 1);
    let index = ("GIT_INDEX_FILE", place.path("other-index"));
    fs::copy(place.path(".git/index"), &index.1).unwrap();
    assert_eq!(run(&[directory, worktree, index]), 1);
    assert_eq!(run(&[("GIT_DIR", elsewhere.path("nothing"))]), 3);
}

#[test]
fn a_merge_conflict_is_never_clean() {
    let place = repository();
    place.git("checkout --quiet -b other");
    place.write(LOCK, cargo("2"));
    place.commit_all();
    place.git("checkout --quiet main");
    place.write(LOCK, cargo("3"));
    place.commit_all();
    assert_ne!(place.git_may_fail("merge other").code, 0);
    place.lockproof("").exits_with(1, "error[merge-conflict]");
    insta::assert_snapshot!(place.lockproof("--staged").exits(3), @"
    not read: Cargo.lock can't be read: a merge left it in conflict; resolve it, then `git add` it
    No lockfile was read; incomplete: 1 file could not be read.
    ");
    // Staged with its markers in it, it is a finding like any other.
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, "error[merge-conflict]");
}

/// A repository in which `main` and `topic` parted at `parted`, and both changed their lockfile.
fn parted() -> Place {
    let place = Place::with(&[(LOCK, &cargo("1")), MANIFEST]);
    place.git("tag parted");
    place.git("checkout --quiet -b topic");
    place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
    place.commit_all();
    place.git("checkout --quiet main");
    place.write(LOCK, cargo("2"));
    place.commit_all();
    place.git("checkout --quiet topic");
    place
}

#[test]
fn a_branch_is_compared_with_where_it_parted() {
    let place = parted();
    // Against main itself, package a would have been rewritten.
    place.lockproof("--base main").exits_with(0, "1 compared with");
    place.write(LOCK, cargo_with(&[("a", "3"), ("b", "1")]));
    place.lockproof("--base main").exits_with(1, REWRITTEN);
    place.lockproof("--base main --staged").exits(0);
    place.git("add --all");
    place.lockproof("--base main --staged").exits_with(1, REWRITTEN);
    place.lockproof("--base parted --head topic").exits(0);
    place.lockproof("--base parted --head main").exits_with(1, "parted:Cargo.lock");
}

#[test]
fn a_revision_alone_is_compared_with_its_first_parent() {
    let place = parted();
    place.lockproof("--head main").exits_with(1, "main^:Cargo.lock");
    place.lockproof("--head topic").exits_with(0, "1 compared with topic^");
    place.lockproof("--head parted").exits_with(0, "1 lockfile is clean; 1 package, 1 hashed");
    place.lockproof("--head main --no-base").exits(0);
}

#[test]
fn an_unknown_revision_can_not_be_read() {
    let place = repository();
    for words in ["--head nowhere", "--base nowhere", "--base HEAD:Cargo.lock", "list --head nowhere"] {
        place.lockproof(words).exits_with(3, "there is no revision `");
    }
    place.git("checkout --quiet --orphan alone");
    place.git("commit --quiet --message=another");
    place.lockproof("--base main").exits_with(3, "main and HEAD have no common commit in this clone");
}

#[test]
fn a_bare_repository_has_revisions() {
    let place = parted();
    let bare = Place::folder();
    bare.git(&format!("clone --quiet --bare {} .", place.path("").display()));
    bare.lockproof("--base main --head topic").exits_with(0, "1 compared");
    bare.lockproof("--head main").exits_with(1, REWRITTEN);
    bare.lockproof("list --head main").exits_with(0, "Cargo.lock: cargo 4, 1 entry, 1 hashed");
    bare.lockproof("").exits_with(3, "is a bare repository: name what to check with --head REV");
    bare.lockproof("--staged").exits_with(3, "is a bare repository");
    bare.lockproof("--head main Cargo.lock").exits_with(1, REWRITTEN);
    bare.lockproof("--head main nowhere").exits_with(2, "nowhere matches no lockfile");
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let place = parted();
    let clone = Place::folder();
    clone.git(&format!(
        "clone --quiet --depth 1 --no-single-branch --no-tags file://{} .",
        place.path("").display()
    ));
    insta::assert_snapshot!(clone.lockproof("--base origin/main").exits(3), @"
    lockproof: origin/main and HEAD have no common commit in this clone
      the clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout
    ");
    clone.lockproof("--head HEAD").exits_with(3, "the parent of HEAD is not in this clone");
    clone.lockproof("--base parted").exits_with(3, "`fetch-depth: 0`");
    clone.lockproof("").exits_with(0, "compared with HEAD");
    clone.git("fetch --quiet --unshallow");
    clone.lockproof("--base origin/main").exits(0);
    clone.lockproof("--head HEAD").exits(0);
}

#[test]
fn a_partial_clone_says_what_it_lacks() {
    let place = parted();
    place.git("config uploadpack.allowFilter true");
    let clone = Place::folder();
    clone.git(&format!("clone --quiet --filter=blob:none file://{} .", place.path("").display()));
    clone.lockproof("").exits_with(0, "2 compared with HEAD");
    clone.lockproof("--base origin/main").exits_with(3, "a partial clone may lack it");
    clone.git("fetch --quiet --refetch --no-filter");
    clone.lockproof("--base origin/main").exits(0);
}

#[test]
fn a_hook_of_the_receiving_side_sees_what_is_pushed() {
    let place = parted();
    let bare = Place::folder();
    bare.git("init --quiet --bare .");
    place.git(&format!("push --quiet {} parted:refs/heads/main", bare.path("").display()));
    bare.hook("--version");
    // The new objects are in quarantine while this hook runs.
    let hook = format!("#!/bin/sh\nread old new name\nexec '{BINARY}' --base $old --head $new\n");
    fs::rename(bare.path("hooks/pre-commit"), bare.path("hooks/pre-receive")).unwrap();
    bare.write("hooks/pre-receive", hook);
    let push =
        |what: &str| place.git_may_fail(&format!("push {} {what}:refs/heads/main", bare.path("").display()));
    let refused = push("main");
    assert!(refused.code != 0 && refused.err.contains("pin-rewritten"), "{refused:?}");
    let taken = push("topic");
    assert!(taken.code == 0 && taken.err.contains("1 lockfile is clean"), "{taken:?}");
}

#[test]
fn outside_of_a_repository_only_the_content_is_judged() {
    let place = Place::folder();
    place.write(LOCK, cargo("1"));
    for ignored in ["node_modules/a/package-lock.json", "out/Cargo.lock", "built/package/Cargo.lock"] {
        place.write(ignored, "no lockfile");
    }
    place.write(".gitignore", "out\n");
    place.write("built/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    insta::assert_snapshot!(place.lockproof("").exits(0), @"
    1 lockfile is clean; 1 package, 1 hashed. This is no git repository, so nothing
    was compared.
    ");
    place.lockproof("--staged").exits_with(2, "is in no git repository");
    place.lockproof("--base main").exits_with(2, "is in no git repository");
    place.lockproof("out/Cargo.lock").exits_with(1, "out/Cargo.lock can't be read");
    place.write("deep/er/Cargo.lock", "version = ");
    place.lockproof("").exits_with(1, "deep/er/Cargo.lock can't be read");
    place.lockproof("Cargo.lock").exits(0);
    place.at("deep").lockproof("").exits_with(1, "er/Cargo.lock can't be read");
}

#[test]
fn a_repository_of_another_kind_is_refused_clearly() {
    let place = Place::folder();
    place.git("init --quiet --object-format=sha256 .");
    place.lockproof("").exits_with(3, "only repositories with SHA-1 ids can be read");
}

/// A merge commit names its parents even where a clone was cut off at it: one of them needs no history to be compared with.
#[test]
fn a_parent_is_a_base_without_history() {
    let place = parted();
    place.git("checkout --quiet -b merged main");
    place.git("merge --quiet --no-ff --message=merge topic -Xtheirs");
    let origin = format!("file://{}", place.path("").display());
    let clone = Place::folder();
    clone.git(&format!("clone --quiet --depth 1 --branch merged {origin} ."));
    let parent = place.git("rev-parse merged^1");
    let parent = parent.trim_end();
    clone.lockproof(&format!("--base {parent}")).exits_with(3, "there is no revision");
    clone.git(&format!("fetch --quiet --depth=1 --no-tags origin {parent}"));
    let full = place.lockproof(&format!("--base {parent} --head merged --format json"));
    let shallow = clone.lockproof(&format!("--base {parent} --head HEAD --format json"));
    let findings = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["findings"].clone();
    assert_eq!(findings(&shallow.out), findings(&full.out));
    assert_eq!(shallow.code, full.code);
    clone.lockproof("--head HEAD").exits_with(1, "compared with HEAD^");
}

/// `--against` takes the revision as it stands, `--base` where both parted.
#[test]
fn a_revision_is_compared_with_as_it_stands() {
    let place = parted();
    let origin = format!("file://{}", place.path("").display());
    let clone = Place::folder();
    clone.git(&format!("clone --quiet --depth 1 --no-single-branch --branch topic {origin} ."));
    clone.lockproof("--base origin/main").exits_with(3, "have no common commit in this clone");
    let against = clone.lockproof("--against origin/main --format json");
    let report: serde_json::Value = serde_json::from_str(&against.out).unwrap();
    assert_eq!(report["inputs"]["base"]["commit"], place.git("rev-parse main").trim_end());
    clone.lockproof("--against origin/main --no-base").exits_with(2, "cannot be used with");
}

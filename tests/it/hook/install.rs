//! Setting up and taking away.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{LOCK, hooked, stopped, went_through};
use crate::support::{BINARY, Place, cargo, said};

const HOOK: &str = ".git/hooks/pre-commit";
const BEFORE: &str = ".git/hooks/pre-commit.before-lockproof";

fn repository() -> Place {
    Place::with(&[(LOCK, &cargo("1"))])
}

/// Name, mode and content (or target) of everything in a folder.
fn contents(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let read = |entry: fs::DirEntry| {
        let found = entry.metadata().unwrap();
        let target = || fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes();
        let content = if found.is_symlink() { target() } else { fs::read(entry.path()).unwrap() };
        (entry.file_name().into_string().unwrap(), (found.permissions().mode(), content))
    };
    entries.map(|entry| read(entry.unwrap())).collect()
}

#[test]
fn hooks_come_and_go() {
    let place = repository();
    let before = contents(&place.path(".git/hooks"));
    let text = place.lockproof("hook install").exits(0);
    assert_eq!(text.matches(": set up\n").count(), 3, "{text}");
    for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
        let mode = fs::metadata(place.path(".git/hooks").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
    let installed = contents(&place.path(".git/hooks"));
    let text = place.lockproof("hook install").exits(0);
    assert_eq!(text.matches(": is set up already\n").count(), 3, "{text}");
    assert_eq!(contents(&place.path(".git/hooks")), installed);
    let text = place.lockproof("hook uninstall").exits(0);
    assert_eq!(text.matches(": taken away\n").count(), 3, "{text}");
    assert_eq!(contents(&place.path(".git/hooks")), before);
    place.lockproof("hook uninstall").exits_with(0, "was not lockproof's: left alone");
}

#[test]
fn stages_are_chosen() {
    let place = repository();
    place.lockproof("hook install --stage pre-push,pre-commit").exits(0);
    assert!(place.path(HOOK).exists() && place.path(".git/hooks/pre-push").exists());
    assert!(!place.path(".git/hooks/pre-merge-commit").exists());
    place.lockproof("hook uninstall --stage pre-commit").exits(0);
    assert!(!place.path(HOOK).exists() && place.path(".git/hooks/pre-push").exists());
    place.lockproof("hook install --stage post-commit").exits(2);
}

#[test]
fn a_hook_that_is_there_keeps_running_and_comes_back() {
    let place = repository();
    place.write_program(HOOK, "#!/bin/sh\necho \"before: $# arguments\" >&2\n[ ! -e refuse ] || exit 7\n");
    place.write_program(
        ".git/hooks/pre-push",
        "#!/bin/sh\necho \"push to $1: $(wc -l) lines\" >&2\n[ ! -e refuse ] || exit 7\n",
    );
    let before = contents(&place.path(".git/hooks"));
    place
        .lockproof("hook install")
        .exits_with(0, "set up; the hook that was there runs first, as pre-commit.before-lockproof");
    place.write("other", "");
    place.git("add other");
    let said = place.git_may_fail("commit --quiet --message=x");
    assert!(said.code == 0 && said.err.contains("before: 0 arguments"), "{said:?}");
    place.write(LOCK, cargo("2"));
    stopped(place.git_may_fail("commit --all --message=x"));
    place.git("checkout --quiet -- .");

    let remote = Place::folder();
    remote.git("init --quiet --bare .");
    place.git(&format!("remote add origin {}", remote.path("").display()));
    place.git("branch topic");
    let said = place.git_may_fail("push --quiet origin main topic");
    assert!(said.code == 0 && said.err.contains("push to origin: 2 lines"), "{said:?}");

    // It may still refuse, and then we are not asked.
    place.write("refuse", "");
    place.write(LOCK, cargo("2"));
    for words in ["commit --all --message=x", "push --quiet origin main:refs/heads/x"] {
        let said = place.git_may_fail(words);
        assert!(said.code != 0 && !said.err.contains("lockproof"), "{said:?}");
    }
    place.lockproof("hook uninstall").exits_with(0, "taken away; the hook that was there before is back");
    assert_eq!(contents(&place.path(".git/hooks")), before);
}

#[test]
fn the_exit_code_of_what_was_there_is_handed_on() {
    let place = repository();
    place.write_program(HOOK, "#!/bin/sh\nexit 7\n");
    place.write_program(".git/hooks/pre-push", "#!/bin/sh\nexit 8\n");
    place.lockproof("hook install").exits(0);
    for (name, code) in [("pre-commit", 7), ("pre-push", 8)] {
        let mut hook = std::process::Command::new(place.path(".git/hooks").join(name));
        let status = hook.current_dir(place.path("")).stdin(std::process::Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code));
    }
}

/// Git runs no hook that is not executable; a link is run as what it leads to.
#[test]
fn hooks_of_every_kind_are_kept_as_they_are() {
    let place = repository();
    place.write(HOOK, "#!/bin/sh\nexit 7\n");
    place.write_program("scripts/push", "#!/bin/sh\necho linked >&2\n");
    place.link(".git/hooks/pre-push", "../../scripts/push");
    place.link(".git/hooks/pre-merge-commit", "nowhere");
    let before = contents(&place.path(".git/hooks"));
    place.lockproof("hook install").exits(0);
    place.git("add --all");
    went_through(place.git_may_fail("commit --quiet --message=x"));
    let remote = Place::folder();
    remote.git("init --quiet --bare .");
    let said = place.git_may_fail(&format!("push --quiet {} main", remote.path("").display()));
    assert!(said.code == 0 && said.err.contains("linked"), "{said:?}");
    place.lockproof("hook uninstall").exits(0);
    assert_eq!(contents(&place.path(".git/hooks")), before);
    assert_eq!(place.read("scripts/push"), "#!/bin/sh\necho linked >&2\n");
}

#[test]
fn what_was_edited_or_left_is_not_touched() {
    let place = hooked();
    let edited = place.read(HOOK) + "echo mine\n";
    place.write_program(HOOK, &edited);
    let before = contents(&place.path(".git/hooks"));
    for words in ["hook install", "hook uninstall"] {
        place.lockproof(words).exits_with(2, "pre-commit is lockproof's, but was edited");
    }
    assert_eq!(contents(&place.path(".git/hooks")), before);
    // Another program took our place, and what we had kept is still there.
    place.write_program(HOOK, "#!/bin/sh\n");
    place.write_program(BEFORE, "#!/bin/sh\nexit 7\n");
    let before = contents(&place.path(".git/hooks"));
    place.lockproof("hook install").exits_with(2, "pre-commit.before-lockproof is left from a hook");
    assert_eq!(contents(&place.path(".git/hooks")), before);
    fs::remove_file(place.path(HOOK)).unwrap();
    fs::create_dir(place.path(HOOK)).unwrap();
    place.lockproof("hook install").exits_with(2, "is no file: it is left alone");
}

/// Theirs gets its second name first, and ours takes its place in one step: between the two, a run may be cut short.
#[test]
fn an_installation_that_was_cut_short_is_gone_on_with() {
    let theirs = "#!/bin/sh\necho theirs >&2\n";
    let place = Place::repository();
    place.write_program(HOOK, theirs);
    fs::hard_link(place.path(HOOK), place.path(BEFORE)).unwrap();
    place.lockproof("hook install").exits_with(0, "the hook that was there runs first");
    assert_eq!(place.read(BEFORE), theirs);
    place.lockproof("hook uninstall").exits(0);
    assert_eq!(place.read(HOOK), theirs);
    assert!(!place.path(BEFORE).exists());
}

/// As another version, or the same one from another place, wrote it.
#[test]
fn an_older_hook_is_brought_up_to_date() {
    use sha2::{Digest as _, Sha256};
    let place = hooked();
    let body = "echo old\n";
    let sum = data_encoding::HEXLOWER.encode(&Sha256::digest(body));
    place.write_program(HOOK, &format!("#!/bin/sh\n# lockproof-hook {sum}\n{body}"));
    place.lockproof("hook install --stage pre-commit").exits_with(0, "pre-commit: brought up to date");
    place.write(LOCK, cargo("2"));
    stopped(place.git_may_fail("commit --all --message=x"));
}

/// Pre-commit renames the hook that it finds, and runs it; so does lockproof.
#[test]
fn two_that_rename_each_other_end() {
    let place = repository();
    place.write_program(HOOK, "#!/bin/sh\necho first >&2\n");
    place.lockproof("hook install").exits(0);
    fs::rename(place.path(HOOK), place.path(".git/hooks/pre-commit.legacy")).unwrap();
    place.write_program(HOOK, "#!/bin/sh\necho framework >&2\nexec \"$0.legacy\" \"$@\"\n");
    let said = place.git_may_fail("commit --quiet --allow-empty --message=x");
    assert!(said.code == 0 && said.err.contains("framework\nfirst"), "{said:?}");
    place.write(LOCK, cargo("2"));
    stopped(place.git_may_fail("commit --all --message=x"));
    // Even when each believes to have been there last.
    fs::rename(place.path(HOOK), place.path(BEFORE)).unwrap();
    place.write_program(BEFORE, "#!/bin/sh\necho framework >&2\nexec .git/hooks/pre-commit.legacy \"$@\"\n");
    fs::copy(place.path(".git/hooks/pre-commit.legacy"), place.path(HOOK)).unwrap();
    let said = place.git_may_fail("commit --quiet --allow-empty --message=x");
    assert!(said.code == 0 && said.err == "framework\n", "{said:?}");
}

#[test]
fn a_folder_of_hooks_in_the_repository_is_used() {
    let place = repository();
    place.git("config core.hooksPath .githooks");
    place.lockproof("hook install").exits_with(0, ".githooks/pre-commit: set up");
    assert!(!place.path(HOOK).exists() && place.path(".githooks/pre-push").exists());
    place.write(LOCK, cargo("2"));
    place.at("folder").write("inner", "");
    stopped(place.git_may_fail("commit --all --message=x"));
    place.at("folder").lockproof("hook uninstall").exits(0);
    assert!(contents(&place.path(".githooks")).is_empty());
}

#[test]
fn hooks_of_other_repositories_are_not_touched_unasked() {
    let shared = Place::folder();
    for configured in ["local", "global", "environment"] {
        let place = repository();
        let home = Place::folder();
        home.write(".gitconfig", format!("[core]\n\thooksPath = {}\n", shared.path("hooks").display()));
        if configured == "local" {
            place.git(&format!("config core.hooksPath {}", shared.path("hooks").display()));
        }
        let run = |words: &str| {
            let mut command = place.command(words.split(' '));
            command.env_remove("GIT_CONFIG_NOSYSTEM");
            match configured {
                "global" => command.env_remove("GIT_CONFIG_GLOBAL").env("HOME", home.path("")),
                "environment" => command.env("GIT_CONFIG_GLOBAL", home.path(".gitconfig")),
                _ => &mut command,
            };
            said(&command.output().unwrap())
        };
        run("hook install").exits_with(2, "which other repositories may use as well");
        assert!(!shared.path("hooks").exists() && !place.path(HOOK).exists());
        run("hook install --shared").exits_with(0, "hooks/pre-commit: set up");
        assert_eq!(contents(&shared.path("hooks")).len(), 3);
        run("hook uninstall").exits(2);
        run("hook uninstall --shared").exits(0);
        fs::remove_dir(shared.path("hooks")).unwrap();
    }
}

#[test]
fn a_relative_path_that_leads_out_is_somebody_elses() {
    let place = repository();
    place.git("config core.hooksPath ../hooks");
    place.lockproof("hook install").exits_with(2, "which other repositories may use as well");
    place.git("config core.hooksPath .husky/_");
    place.lockproof("hook install").exits_with(2, "put `lockproof check --staged` into .husky/pre-commit");
    place.git("config core.hooksPath /dev/null");
    place.lockproof("hook install --shared").exits_with(2, "is no folder: nothing is written there");
}

#[test]
fn nothing_is_written_through_a_link() {
    let elsewhere = Place::folder();
    let place = repository();
    fs::remove_dir_all(place.path(".git/hooks")).unwrap();
    place.link(".git/hooks", elsewhere.path(""));
    place.lockproof("hook install").exits_with(2, ".git/hooks is a link: nothing is written there");
    place.link("outer", elsewhere.path(""));
    place.git("config core.hooksPath outer/hooks");
    place.lockproof("hook install").exits_with(2, "outer is a link: nothing is written there");
    assert!(contents(&elsewhere.path("")).is_empty());
}

#[test]
fn all_worktrees_share_their_hooks() {
    let place = repository();
    place.git("worktree add --quiet linked -b other");
    let linked = place.at("linked");
    linked.lockproof("hook install").exits_with(0, "/.git/hooks/pre-commit: set up");
    for place in [place.at(""), linked] {
        place.write(LOCK, cargo("2"));
        stopped(place.git_may_fail("commit --all --message=x"));
    }
}

#[test]
fn where_there_are_no_hooks_that_is_said() {
    Place::folder().lockproof("hook install").exits_with(2, "is in no git repository");
    let bare = Place::folder();
    bare.git("init --quiet --bare .");
    bare.lockproof("hook install").exits_with(3, "is a bare repository");
    // A template without hooks.
    let place = Place::folder();
    place.git("init --quiet --template= .");
    place.lockproof("hook install").exits(0);
    assert_eq!(contents(&place.path(".git/hooks")).len(), 3);
}

#[test]
fn the_program_is_found_where_path_is_short() {
    let folder = Place::folder();
    let binary = folder.path("it's here/lockproof");
    fs::create_dir(folder.path("it's here")).unwrap();
    fs::copy(BINARY, &binary).unwrap();
    let place = repository();
    let mut install = std::process::Command::new(&binary);
    assert!(install.args(["hook", "install"]).current_dir(place.path("")).status().unwrap().success());
    place.write(LOCK, cargo("2"));
    let mut git = place.git_command(["commit", "--all", "--message=x"]);
    stopped(said(&git.env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap()));
}

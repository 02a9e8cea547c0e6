//! What stands in the worktree is not always what is committed: what is committed is judged.

use std::fs;

use crate::support::{Place, cargo};

const LOCK: &str = "Cargo.lock";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:";

fn pointer(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let id = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    format!("{POINTER}{id}\nsize {}\n", text.len())
}

/// Takes the file anew, so that the index does not know it.
fn touch(place: &Place) {
    let text = fs::read(place.path(LOCK)).unwrap();
    fs::remove_file(place.path(LOCK)).unwrap();
    place.write(LOCK, text);
}

#[test]
fn a_pointer_of_git_lfs_is_no_lockfile() {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.write(LOCK, pointer(&cargo("1")));
    place.lockproof("").exits_with(1, "error[lfs-pointer]");
    place.git("add --all");
    let text = place.lockproof("--staged").exits(1);
    assert!(text.contains("error[lfs-pointer]") && !text.contains("unreadable-lockfile"), "{text}");
    place.commit_all();
    place.lockproof("--head HEAD").exits_with(1, "Cargo.lock is a pointer of Git LFS");
    place.lockproof("--staged --scope all").exits(0);
    // Known already, until it is another one.
    place.write("other", "");
    place.commit_all();
    place.lockproof("--base HEAD~1").exits_saying(0, "1 finding pre-existing");
    place.write(LOCK, pointer(&cargo("2")));
    place.lockproof("--base HEAD").exits_with(1, "error[lfs-pointer]");
}

/// Git LFS is set up, but nothing of it is ever started.
#[cfg(unix)]
fn with_lfs() -> Place {
    let place = Place::with(&[("Cargo.toml", "[workspace]\n"), (LOCK, &pointer(&cargo("1")))]);
    place.write(".gitattributes", "*.lock filter=lfs diff=lfs merge=lfs -text\n");
    place.commit_all();
    place.git("config filter.lfs.required true");
    place.write_program("bin/git-lfs", "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\nexit 1\n");
    for what in ["process", "clean", "smudge"] {
        let text = format!("\n[filter \"lfs\"]\n\t{what} = git-lfs {what}\n");
        place.write(".git/config", place.read(".git/config") + &text);
    }
    place
}

#[cfg(unix)]
#[test]
fn what_git_lfs_checks_out_is_judged_as_what_is_committed() {
    let place = with_lfs();
    place.write(LOCK, cargo("1"));
    // The lockfile is there, whole; in the repository it is not.
    place.lockproof("").exits_with(1, "╭─[Cargo.lock:2:1]");
    place.lockproof("--base HEAD").exits_saying(0, "1 finding pre-existing");
    place.write(LOCK, cargo("2"));
    place.lockproof("--base HEAD").exits_with(1, "error[lfs-pointer]");
    assert!(!place.path("bin/started").exists());
}

#[cfg(unix)]
#[test]
fn a_filter_is_never_run() {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.write(".gitattributes", "Cargo.lock filter=mine\n");
    place.write_program("run", "#!/bin/sh\ntouch started\nsed s/$1/$2/\n");
    // Not set up, it changes nothing.
    place.lockproof("").exits(0);
    place.write(
        ".git/config",
        place.read(".git/config") + "[filter \"mine\"]\n\tclean = ./run B A\n\tsmudge = ./run A B\n",
    );
    place.commit_all();
    fs::remove_file(place.path("started")).unwrap();
    touch(&place);
    // What the filter has made is what it makes.
    place.lockproof("").exits_with(0, "1 compared with HEAD");
    place.write(LOCK, cargo("2"));
    let text = place.lockproof("").exits(3);
    assert!(text.contains("git's filter `mine` decides what is committed of it"), "{text}");
    assert!(!place.path("started").exists());
    place.git("add --all");
    place.lockproof("--staged").exits_with(1, "error[pin-rewritten]");
}

/// The index knows that it did not change: then the committed file is judged, whatever stands there.
#[cfg(unix)]
#[test]
fn what_a_filter_has_translated_is_judged_as_it_is_committed() {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.write(".gitattributes", "Cargo.lock filter=mine\n");
    place.write(
        ".git/config",
        place.read(".git/config")
            + "[filter \"mine\"]\n\tclean = sed s/CHECKSUM/checksum/\n\tsmudge = sed s/checksum/CHECKSUM/\n",
    );
    place.commit_all();
    fs::remove_file(place.path(LOCK)).unwrap();
    place.git("checkout --quiet -- Cargo.lock");
    assert!(place.read(LOCK).contains("CHECKSUM"));
    // So that the index is younger than what it knows.
    std::thread::sleep(std::time::Duration::from_millis(20));
    place.write("other", "");
    place.git("add other");
    place.lockproof("").exits_with(0, "1 compared with HEAD");
}

#[test]
fn an_encoding_of_the_worktree_is_no_change() {
    let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
    place.write(".gitattributes", "*.lock working-tree-encoding=UTF-16LE-BOM\n");
    place.git("add .gitattributes");
    place.git("commit --quiet --message=x");
    fs::remove_file(place.path(LOCK)).unwrap();
    place.git("checkout --quiet -- Cargo.lock");
    assert!(fs::read(place.path(LOCK)).unwrap().starts_with(&[0xff, 0xfe]));
    touch(&place);
    place.lockproof("--verbose").exits_with(0, "Cargo.lock: cargo, unchanged, 1 package");
    let text: Vec<u8> = cargo("2").encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write(LOCK, [&[0xff, 0xfe], text.as_slice()].concat());
    place.lockproof("").exits_with(1, "error[pin-rewritten]");
    place.write(".gitattributes", "*.lock working-tree-encoding=latin1\n");
    place.lockproof("").exits_with(3, "its working-tree-encoding `latin1` is not known here");
}

#[test]
fn an_id_that_git_fills_in_is_no_change() {
    let lock = format!("# $Id$\n{}", cargo("1"));
    let place = Place::with(&[(LOCK, &lock), ("Cargo.toml", "[workspace]\n")]);
    place.write(".git/info/attributes", "*.lock ident\n");
    fs::remove_file(place.path(LOCK)).unwrap();
    place.git("checkout --quiet -- Cargo.lock");
    assert!(place.read(LOCK).contains("$Id: "));
    touch(&place);
    place.lockproof("--verbose").exits_with(0, "Cargo.lock: cargo, unchanged, 1 package");
}

//! The reader of the index, held against libgit2.

use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::git::testing::Git;

/// The entries as `git ls-files --stage -z` prints them, and the rest of what was read.
fn read(bytes: &[u8]) -> Result<(Vec<u8>, Scanned), Error> {
    let mut printed = Vec::new();
    let scanned = scan(bytes, |entry| {
        printed.extend_from_slice(
            format!("{:06o} {} {}\t", entry.mode(), hex(&entry.id()), entry.stage()).as_bytes(),
        );
        printed.extend_from_slice(entry.path);
        printed.push(0);
    })?;
    Ok((printed, scanned))
}

fn hex(id: &Id) -> String {
    id.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The version that git wrote, after comparing every entry with git's own list.
#[track_caller]
fn same_as_git(git: &Git) -> u32 {
    let (printed, scanned) = read(&git.index()).unwrap();
    let expected = git.run(["ls-files", "--stage", "-z"]);
    assert!(!expected.is_empty());
    assert_eq!(String::from_utf8_lossy(&printed), String::from_utf8_lossy(&expected));
    assert_eq!(scanned.entries, expected.iter().filter(|&&byte| byte == 0).count());
    scanned.version
}

/// Paths of all lengths modulo eight, longer than the flags can say, not sorted as a tree is, and not only files.
fn varied() -> Git {
    let git = Git::new();
    git.commit(&[
        "a",
        "a.b/c",
        "a-b",
        "abc/d/e/f.lock",
        "abc/d/e.lock",
        "abc/d.lock",
        "z/ü/yarn.lock",
        "package-lock.json",
    ]);
    let blob = "ce013625030ba8dba906f756967f9e9ca394464a";
    let mut input = String::new();
    for length in (1..40).chain(4080..4110).chain([5000, 60_000]) {
        writeln!(input, "100644 {blob}\tlong/{}", "x".repeat(length)).unwrap();
    }
    writeln!(input, "100755 {blob}\tbin/run\n120000 {blob}\tbin/link\n160000 {blob}\tmodules/one").unwrap();
    git.feed(["update-index", "--index-info"], input.as_bytes());
    git
}

fn with_version_4(git: Git) -> Git {
    git.run(["update-index", "--index-version", "4"]);
    git
}

#[test]
fn all_versions_hold_what_git_lists() {
    let git = varied();
    assert_eq!(same_as_git(&git), 2);
    git.write("abc/new.lock", "");
    git.run(["add", "--intent-to-add", "abc/new.lock"]);
    assert_eq!(same_as_git(&git), 3);
    let git = with_version_4(git);
    assert_eq!(same_as_git(&git), 4);
}

/// Hands out a few bytes at a time, and is interrupted in between.
struct Trickle<'b> {
    bytes: &'b [u8],
    reads: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.reads % 7 * 1000 + 1);
        self.bytes.read(&mut buffer[..length])
    }
}

#[test]
fn an_index_longer_than_the_window_is_read_piece_by_piece() {
    let git = varied();
    let blob = "ce013625030ba8dba906f756967f9e9ca394464a";
    let mut input = String::new();
    for number in 0..20_000 {
        writeln!(input, "100644 {blob}\tmany/{}/{}", number / 7, "n".repeat(number % 100 + 1)).unwrap();
    }
    for number in 0..30 {
        writeln!(input, "100644 {blob}\tlong/{}", "y".repeat(65_500 + number)).unwrap();
    }
    git.feed(["update-index", "--index-info"], input.as_bytes());
    assert_eq!(same_as_git(&git), 2);
    let git = with_version_4(git);
    assert_eq!(same_as_git(&git), 4);

    let index = git.index();
    let (mut at_once, mut piece_by_piece) = (Vec::new(), Vec::new());
    scan(index.as_slice(), |entry| at_once.push(entry.path.to_vec())).unwrap();
    scan(Trickle { bytes: &index, reads: 0 }, |entry| piece_by_piece.push(entry.path.to_vec())).unwrap();
    assert!(at_once == piece_by_piece);
}

#[test]
fn a_longer_path_than_any_system_opens_is_refused() {
    for version in ["2", "4"] {
        let git = Git::new();
        let path = "x".repeat(65_536);
        git.feed(["update-index", "--index-info"], format!("100644 {}\t{path}\n", "1".repeat(40)).as_bytes());
        git.run(["update-index", "--index-version", version]);
        assert_eq!(read(&git.index()).unwrap_err(), Error::BrokenPath { entry: 0 });
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    assert_eq!(scan(Broken, |_| ()).unwrap_err(), Error::Unreadable(io::ErrorKind::PermissionDenied));
}

#[test]
fn an_index_without_entries_is_read() {
    let git = Git::new();
    git.run(["read-tree", "--empty"]);
    let (printed, scanned) = read(&git.index()).unwrap();
    assert_eq!((printed.len(), scanned.entries), (0, 0));
}

#[test]
fn optional_extensions_and_tables_are_passed_over() {
    let git = conflicted();
    git.run(["checkout", "--ours", "x.lock"]);
    git.run(["add", "x.lock"]);
    git.run(["update-index", "--force-untracked-cache"]);
    git.run(["status"]);
    for version in ["2", "4"] {
        let tables =
            ["index.recordEndOfIndexEntries=true", "index.recordOffsetTable=true", "index.threads=2"];
        let options = tables.iter().flat_map(|option| ["-c", option]);
        git.run(options.chain(["update-index", "--force-write-index", "--index-version", version]));
        same_as_git(&git);
    }
    let index = git.index();
    for name in ["TREE", "REUC", "UNTR", "EOIE"] {
        assert!(memchr::memmem::find(&index, name.as_bytes()).is_some(), "{name}");
    }
}

/// In the midst of a merge that both sides of `x.lock` and of `sub/y.lock` keep from its end.
fn conflicted() -> Git {
    let git = Git::new();
    git.commit(&["x.lock", "sub/y.lock", "sub/z", "other/one"]);
    git.run(["checkout", "--quiet", "-b", "theirs"]);
    git.write("x.lock", "theirs");
    git.run(["rm", "--quiet", "sub/y.lock"]);
    git.commit(&[]);
    git.run(["checkout", "--quiet", "main"]);
    git.write("x.lock", "ours");
    git.write("sub/y.lock", "ours");
    git.commit(&[]);
    assert!(!git.attempt(["merge", "theirs"]));
    git
}

#[test]
fn a_conflict_has_stages() {
    let git = conflicted();
    same_as_git(&git);
    let mut stages = Vec::new();
    scan(git.index().as_slice(), |entry| {
        stages.push((String::from_utf8_lossy(entry.path).into_owned(), entry.stage()))
    })
    .unwrap();
    let conflicts = [("sub/y.lock", 1), ("sub/y.lock", 2), ("x.lock", 1), ("x.lock", 2), ("x.lock", 3)];
    assert!(conflicts.iter().all(|&(path, stage)| stages.contains(&(path.to_owned(), stage))), "{stages:?}");
    let git = with_version_4(git);
    assert_eq!(same_as_git(&git), 4);
}

#[test]
fn flags_are_told() {
    let git = Git::new();
    git.commit(&["a", "b", "c"]);
    git.write("d", "");
    git.run(["update-index", "--skip-worktree", "a"]);
    git.run(["update-index", "--assume-unchanged", "b"]);
    git.run(["add", "--intent-to-add", "d"]);
    for version in ["3", "4"] {
        git.run(["update-index", "--index-version", version]);
        let mut flags = Vec::new();
        scan(git.index().as_slice(), |it| {
            flags.push((it.skip_worktree(), it.assume_valid(), it.intent_to_add()))
        })
        .unwrap();
        let (no, yes) = (false, true);
        assert_eq!(flags, [(yes, no, no), (no, yes, no), (no, no, no), (no, no, yes)], "version {version}");
    }
}

#[test]
fn split_indexes_are_left_to_their_own_reader_and_sparse_ones_keep_directories() {
    for version in ["2", "4"] {
        let git = Git::new();
        git.commit(&["in/a", "in/b", "out/c", "out/deep/d", "e"]);
        git.run(["update-index", "--index-version", version]);
        git.run(["update-index", "--split-index"]);
        assert_eq!(read(&git.index()).unwrap_err(), Error::Split);
        git.write("in/a", "changed");
        git.write("in/new", "");
        git.run(["add", "--all"]);
        assert_eq!(read(&git.index()).unwrap_err(), Error::Split);

        git.run(["update-index", "--no-split-index"]);
        same_as_git(&git);
        git.commit(&[]);
        git.run(["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
        let mut directories = Vec::new();
        scan(&git.index()[..], |entry| directories.extend(entry.is_directory().then(|| entry.path.to_vec())))
            .unwrap();
        assert_eq!(directories, [b"out/"]);
    }
}

/// The cached ids of these directories, `-` if invalidated and `?` if not noted.
fn cached(git: &Git, paths: &[&str]) -> Vec<String> {
    let tree = read(&git.index()).unwrap().1.cache_tree.unwrap();
    let id = |path: &&str| match tree.directory(path.as_bytes()) {
        Some(directory) => directory.id().map_or("-".to_owned(), hex),
        None => "?".to_owned(),
    };
    paths.iter().map(id).collect()
}

fn tree_id(git: &Git, path: &str) -> String {
    let id = git.run(["rev-parse", &format!("HEAD:{path}")]);
    String::from_utf8(id).unwrap().trim().to_owned()
}

#[test]
fn the_cache_tree_names_trees_until_something_is_staged() {
    let git = Git::new();
    // Siblings of different lengths: git does not sort them as paths.
    git.commit(&["b/x", "aa/x", "aaa/x/y/z", "aaa/b/c", "aaa/bb/c", "c.d/x", "c/x"]);
    let paths = ["", "b", "aa", "aaa", "aaa/x", "aaa/x/y", "aaa/b", "aaa/bb", "c.d", "c"];
    assert_eq!(cached(&git, &paths), paths.map(|path| tree_id(&git, path)));
    assert_eq!(cached(&git, &["b/x", "no", "aaa/x/y/z", "aaa/no/y"]), ["?"; 4]);

    git.write("aaa/x/new", "");
    // Not --all, which takes in again, and so invalidates, whatever is racily clean.
    git.run(["add", "aaa/x/new"]);
    let now = cached(&git, &paths);
    for (path, id) in paths.iter().zip(now) {
        let invalidated = ["", "aaa", "aaa/x"].contains(path);
        assert_eq!(id, if invalidated { "-".to_owned() } else { tree_id(&git, path) }, "{path}");
    }
}

#[test]
fn a_cache_tree_that_makes_no_sense_is_left_out() {
    let id = [b'i'; 20];
    let read = |parts: &[&[u8]]| CacheTree::read(&parts.concat());
    let unsorted = [b"\x002 2\n".as_slice(), &id, b"bb\x001 0\n", &id, b"a\x00-1 0\n"];
    let tree = read(&unsorted).unwrap();
    assert_eq!(tree.directory(b"bb").unwrap().id(), Some(&id));
    assert_eq!(tree.directory(b"a").unwrap().id(), None);
    assert!(tree.directory(b"c").is_none());

    for part in 0..unsorted.len() {
        assert!(read(&unsorted[..part]).is_none(), "{part}");
    }
    assert!(read(&[b"\x00-1 2\na\x00-1 0\na\x00-1 0\n"]).is_none(), "twice the same name");
    assert!(read(&[b"\x00-1 4000000000\na\x00-1 0\n"]).is_none(), "no room for so many");
    assert!(read(&[b"\x00-1 99999999999\n"]).is_none(), "no number");
    assert!(read(&[b"a\x00-1 0\n"]).is_none(), "not the root");
    assert!(read(&[&b"\x00-1 1\nd".repeat(100_000), b"\x00-1 0\n"]).is_some(), "deeper than a call stack");
}

#[test]
fn what_breaks_the_format_is_an_error() {
    let git = Git::new();
    git.commit(&["first", "other"]);
    let index = git.index();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = index.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        read(&changed).unwrap_err()
    };
    let second = 12 + 72;
    assert_eq!(with(0, b"DIRX"), Error::BadSignature);
    assert_eq!(with(7, &[5]), Error::UnknownVersion(5));
    assert_eq!(with(8, &[1]), Error::Truncated);
    assert_eq!(with(12 + 60, &[0x40]), Error::UnknownFlags { entry: 0 });
    assert_eq!(with(12 + 61, &[4]), Error::BrokenPath { entry: 0 });
    assert_eq!(with(12 + 61, &[6]), Error::BrokenPath { entry: 0 });
    assert_eq!(with(12 + 63, &[0]), Error::BrokenPath { entry: 0 });
    assert_eq!(with(second + 62, b"a"), Error::Unsorted { entry: 1 });
    assert_eq!(with(second + 62, b"first"), Error::Unsorted { entry: 1 });
    assert_eq!(with(second + 72, b"tree"), Error::UnknownExtension(*b"tree"));
    assert_eq!(with(second + 72 + 7, &[255]), Error::Truncated);
    for length in 0..index.len() {
        // What then stands where the checksum should is only noticed if an extension misses its end.
        if length != second + 72 + 20 {
            assert_eq!(read(&index[..length]).unwrap_err(), Error::Truncated, "{length}");
        }
    }
}

#[test]
fn version_4_takes_no_more_away_than_there_is() {
    let git = with_version_4(varied());
    let mut index = git.index();
    assert_eq!(index[12 + 62], 0);
    index[12 + 62] = 1;
    assert_eq!(read(&index).unwrap_err(), Error::BrokenPath { entry: 0 });
    let endless = [&index[..12 + 62], &[0xff; 40]].concat();
    assert_eq!(read(&endless).unwrap_err(), Error::BrokenPath { entry: 0 });
}

/// Whether the index says of `file` that it did not change, as if it had been written at `written`.
fn matches(git: &Git, written: Stamp) -> bool {
    let metadata = fs::symlink_metadata(git.file("file")).unwrap();
    let mut answer = None;
    scan(git.index().as_slice(), |entry| answer = Some(entry.stat().matches(&metadata, written))).unwrap();
    answer.unwrap()
}

#[test]
fn a_file_matches_until_it_is_touched() {
    let git = Git::new();
    git.commit(&["file"]);
    let later = Stamp { seconds: u32::MAX, nanoseconds: 0 };
    assert!(matches(&git, later));

    // Taken in when it was last written, or so it seems: it may have been written again.
    let written = Stamp::modified(&fs::metadata(git.file("file")).unwrap()).unwrap();
    assert!(!matches(&git, written));
    assert!(!matches(&git, Stamp::default()));

    let before = fs::metadata(git.file("file")).unwrap().modified().unwrap();
    let set_modified =
        |to| fs::File::options().append(true).open(git.file("file")).unwrap().set_modified(to).unwrap();
    set_modified(before + std::time::Duration::from_secs(1));
    assert!(!matches(&git, later));
    git.run(["update-index", "--refresh"]);
    assert!(matches(&git, later));

    // The same size, and the time put back: ctime still tells, where there is one.
    fs::write(git.file("file"), "elif").unwrap();
    assert!(!matches(&git, later));
    set_modified(before + std::time::Duration::from_secs(1));
    assert_eq!(matches(&git, later), cfg!(not(unix)));
    git.run(["add", "file"]);
    assert!(matches(&git, later));

    fs::write(git.file("file"), "longer").unwrap();
    assert!(!matches(&git, later));
    git.write("file", "");
    git.run(["add", "file"]);
    assert!(!matches(&git, later), "what is empty has the size of what git wants looked at");
}

#[test]
fn without_nanoseconds_a_whole_second_is_racy() {
    let git = Git::new();
    git.commit(&["file"]);
    let mut index = git.index();
    for at in [12 + 4, 12 + 12] {
        index[at..at + 4].fill(0);
    }
    fs::write(git.file(".git/index"), index).unwrap();
    let written = Stamp::modified(&fs::metadata(git.file("file")).unwrap()).unwrap();
    assert!(!matches(&git, Stamp { nanoseconds: 999_999_999, ..written }));
    assert!(matches(&git, Stamp { seconds: written.seconds + 1, nanoseconds: 0 }));
}

static INDEXES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let git = conflicted();
    git.write("new", "");
    let version_2 = git.index();
    git.run(["add", "--intent-to-add", "new"]);
    vec![version_2, git.index(), with_version_4(git).index()]
});

/// An index that git wrote, with some bytes changed and some cut out.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let place = any::<prop::sample::Index>;
    let byte = prop_oneof![any::<u8>(), Just(0), Just(1), Just(b'-'), Just(0xff)];
    let cut = prop::option::of((place(), 1..40_usize));
    (0..3_usize, prop::collection::vec((place(), byte), 0..6), cut).prop_map(|(which, changes, cut)| {
        let mut bytes = INDEXES[which].clone();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some((place, length)) = cut {
            let at = place.index(bytes.len());
            bytes.drain(at..bytes.len().min(at + length));
        }
        bytes
    })
}

/// Reads it all, whatever comes of it, and holds what is visited to what the documentation promises.
fn exercise(bytes: &[u8]) {
    let mut previous: Option<(Vec<u8>, u8)> = None;
    let mut directories = Directories::default();
    let mut visited = 0;
    let scanned = scan(bytes, |entry| {
        let now = Some((entry.path.to_vec(), entry.stage()));
        assert!(previous < now && !entry.path.is_empty() && !entry.path.contains(&0));
        previous = now;
        directories.feed(entry.path, |_| ());
        visited += 1;
    });
    if let Ok(Scanned { entries, cache_tree, .. }) = scanned {
        assert_eq!(visited, entries);
        for path in ["", "sub", "sub/deep", "other"] {
            cache_tree.as_ref().and_then(|tree| tree.directory(path.as_bytes())?.id().copied());
        }
    }
}

proptest! {
    #[test]
    fn mutated_indexes_are_read_or_refused(bytes in mutated()) {
        exercise(&bytes);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(
        version in 2..5_u8,
        count in 0..4_u8,
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        exercise(&[b"DIRC\0\0\0".as_slice(), &[version, 0, 0, 0, count], &bytes].concat());
    }

    #[test]
    fn arbitrary_cache_trees_are_read_or_left_out(bytes in "(\0(-1|[0-9]) [0-9]\n(i{20})?[a-c]{0,2}){0,12}") {
        if let Some(tree) = CacheTree::read(bytes.as_bytes()) {
            for path in ["", "a", "b/a", "c/cc/a"] {
                tree.directory(path.as_bytes()).and_then(|directory| directory.id());
            }
        }
    }
}

//! The plan of the house, held: arrows between rooms run down the floors, a client's name stands in its own room, every
//! page is listed, every file says what it is.
//!
//! What does not fit the plan yet stands in a list below, file by file. The lists may only shrink: an exception that is
//! not needed any more fails the test as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first. A room may use those below it, and none of its own floor.
const FLOORS: &[&[&str]] = &[
    &["text"],
    &["model"],
    &["ecosystems"],
    &["findings", "policy"],
    &["disk"],
    &["git", "read", "bytes"],
    &["world"],
    &["rules", "agents"],
    &["check"],
    &["actions", "render"],
    &["cli", "gate"],
];

/// Rooms of one floor that may use another one of it, as long as that does not use them.
const BESIDE: &[(&str, &str)] = &[
    ("policy", "findings"),
    ("read", "git"),
    ("bytes", "git"),
    ("bytes", "read"),
    ("agents", "rules"),
    ("render", "actions"),
    ("cli", "gate"),
];

/// A file, as its path below `src/`, and its text without unit tests.
struct File {
    path: String,
    text: String,
    code: String,
}

impl File {
    fn room(&self) -> Option<&str> {
        let (room, _) = self.path.split_once('/').or_else(|| self.path.split_once('.'))?;
        (!["lib", "main", "bin"].contains(&room)).then_some(room)
    }
}

fn files() -> Vec<File> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => walk(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let path = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        // What only tests use may use everything.
        let is_test = path.ends_with("/testing.rs") || path.ends_with("/tests.rs");
        File { path, code: if is_test { String::new() } else { code }, text }
    };
    let rust = |path: &PathBuf| path.extension().is_some_and(|it| it == "rs");
    found.into_iter().filter(rust).map(read).collect()
}

/// The rooms that a text names by `crate::`.
fn used(code: &str) -> BTreeSet<&str> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap());
        let several = names.len() < rest.len();
        for name in names.split(',').take(if several { usize::MAX } else { 1 }) {
            let name = name.trim_start();
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            rooms.insert(&name[..end]);
        }
    }
    rooms
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

#[test]
fn arrows_between_rooms_run_down() {
    let mut wrong = BTreeSet::new();
    for file in files() {
        let Some(room) = file.room() else { continue };
        let Some(own) = floor(room) else { continue };
        for used in used(&file.code) {
            let Some(other) = floor(used).filter(|_| used != room) else { continue };
            if other > own || other == own && !BESIDE.contains(&(room, used)) {
                wrong.insert(format!("{} -> {used}", file.path));
            }
        }
    }
    hold(&wrong, "arrows.txt", "an arrow that runs up");
}

#[test]
fn every_room_is_on_a_floor() {
    let rooms: BTreeSet<String> = files().iter().filter_map(|it| Some(it.room()?.to_owned())).collect();
    let astray: BTreeSet<String> = rooms.into_iter().filter(|room| floor(room).is_none()).collect();
    hold(&astray, "rooms.txt", "a room that the plan does not have");
}

#[test]
fn every_file_says_what_it_is_and_fits_on_a_few_screens() {
    let mut wrong = BTreeSet::new();
    for file in files() {
        if !file.text.starts_with("//!") {
            wrong.insert(format!("{} has no header", file.path));
        }
        if file.text.lines().count() > 600 {
            wrong.insert(format!("{} is longer than 600 lines", file.path));
        }
    }
    hold(&wrong, "files.txt", "a file without a header or with too many lines");
}

/// Rooms that may know a client by its name.
const KNOW_CLIENTS: &[&str] = &["ecosystems", "bytes"];

/// Names, files and spellings that belong to one client.
const CLIENTS: &[&str] = &[
    "npm",
    "pnpm",
    "yarn",
    "bun",
    "deno",
    "node_modules",
    "package.json",
    ".npmrc",
    "cargo",
    "Cargo",
    "crates",
    "uv",
    "pip",
    "pypi",
    "poetry",
    "pyproject",
    "go.mod",
    "go.sum",
    "go.work",
    "GOFLAGS",
    "GOPROXY",
    "PyPi",
    "Npm",
    "Go",
];

#[test]
fn a_client_is_known_in_its_own_room_only() {
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for file in files().iter().filter(|it| it.room().is_some_and(|room| !KNOW_CLIENTS.contains(&room))) {
        let named = file.code.lines().filter(|line| names_a_client(line)).count();
        if named > 0 {
            wrong.insert(file.path.clone(), named);
        }
    }
    let wrong = wrong.into_iter().map(|(path, lines)| format!("{path} {lines}")).collect();
    hold(&wrong, "clients.txt", "a line that names a client");
}

/// In a text (`"cargo"`), or as one of the enum (`Ecosystem::Npm`).
fn names_a_client(line: &str) -> bool {
    let in_text = line.split('"').skip(1).step_by(2).any(|text| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_' && c != '-');
        words.into_iter().any(|word| CLIENTS.contains(&word))
    });
    in_text
        || line.contains("Ecosystem::")
            && ["Npm", "Cargo", "PyPi", "Go"].iter().any(|it| line.contains(&format!("Ecosystem::{it}")))
}

/// What is found has to be what is listed: no more, and no less. With `TIDY=write` the list is written instead, for when it
/// has become shorter.
#[track_caller]
fn hold(found: &BTreeSet<String>, list: &str, what: &str) {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tidy").join(list);
    if std::env::var_os("TIDY").is_some_and(|it| it == "write") {
        let lines: String = found.iter().map(|line| format!("{line}\n")).collect();
        fs::write(list, lines).unwrap();
        return;
    }
    let listed = fs::read_to_string(&list).unwrap_or_default();
    let listed: BTreeSet<String> =
        listed.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let new: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(found).collect();
    assert!(new.is_empty(), "{what}, and not in the list:\n{new:#?}");
    assert!(gone.is_empty(), "not needed any more, take it out of the list ({what}):\n{gone:#?}");
}

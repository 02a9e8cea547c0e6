//! A recipe of `examples/`, followed in a repository of its own with the real program that runs the hooks.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::tool::skip;
use crate::support::{BINARY, Place, Said, cargo, cargo_with, said};

const LOCK: &str = "Cargo.lock";

/// A repository that follows a recipe, and its remote.
pub(crate) struct Recipe {
    pub(crate) place: Place,
    remote: Place,
    /// Caches of our own.
    home: PathBuf,
}

impl Recipe {
    /// With the files of a folder of `examples/`. Nothing when the program is not installed.
    pub(crate) fn follow(program: &'static str, folder: &str) -> Option<Recipe> {
        let mut asked = Command::new(program);
        // Husky has no version: whatever it is told, it sets itself up where it stands.
        asked.arg("--version").env("HUSKY", "0").current_dir("/").stdin(Stdio::null());
        if !asked.output().is_ok_and(|output| output.status.success()) {
            skip(&format!("{program} is not installed"));
            return None;
        }
        let place = Place::with(&[(LOCK, &cargo("1")), ("Cargo.toml", "[workspace]\n")]);
        let remote = Place::folder();
        remote.git("init --quiet --bare --initial-branch=main .");
        place.git(&format!("remote add origin {}", remote.path("").display()));
        place.git("push --quiet --set-upstream origin main");
        copy(&example(folder), &place.path(""));
        fs::remove_file(place.path("README.md")).unwrap();
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(program);
        Some(Recipe { place, remote, home })
    }

    /// Runs a program here, with what it finds at home.
    pub(crate) fn run(&self, program: &str, words: &str) -> Said {
        let mut command = self.place.program(program, words.split(' '));
        if let Some(home) = std::env::var_os("HOME") {
            command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
        }
        command.env("PRE_COMMIT_HOME", self.home.join("home")).env("PREK_HOME", self.home.join("home"));
        command
            .env("PIP_FIND_LINKS", self.home.join("wheels"))
            .env("UV_FIND_LINKS", self.home.join("wheels"));
        said(&command.output().unwrap())
    }

    pub(crate) fn git(&self, words: &str) -> Said {
        self.run("git", words)
    }

    /// The hooks are installed: each thing that they are there for.
    #[track_caller]
    pub(crate) fn holds(&self) {
        self.place.git("add --all");
        passes(self.git("commit --quiet --message=hooks"));
        self.stops("pin-rewritten", || self.place.write(LOCK, cargo("2")));
        self.stops("lockfile-removed", || fs::remove_file(self.place.path(LOCK)).unwrap());
        self.stops("weakened-client-config", || {
            self.place.write(".cargo/config.toml", "[resolver]\nlockfile-path = \"other/Cargo.lock\"\n");
        });
        self.place.write(LOCK, cargo_with(&[("a", "1"), ("b", "1")]));
        passes(self.git("commit --quiet --all --message=honest"));
        passes(self.git("push --quiet origin main"));
        self.judges_merges();
        self.judges_pushes();
    }

    /// A change of which nothing may be committed.
    #[track_caller]
    fn stops(&self, rule: &str, change: impl Fn()) {
        change();
        self.place.git("add --all");
        fails(self.git("commit --message=x"), rule);
        self.place.git("reset --quiet --hard");
    }

    #[track_caller]
    fn judges_merges(&self) {
        self.place.git("checkout --quiet -b topic");
        self.place.write(LOCK, cargo("2"));
        passes(self.git("commit --quiet --all --no-verify --message=x"));
        self.place.git("checkout --quiet main");
        self.place.write("other", "");
        self.place.git("add --all");
        passes(self.git("commit --quiet --message=other"));
        fails(self.git("merge --no-edit topic"), "pin-rewritten");
        self.place.git("reset --quiet --hard");
    }

    #[track_caller]
    fn judges_pushes(&self) {
        fails(self.git("push --quiet origin topic"), "pin-rewritten");
        passes(self.git("push --quiet origin main"));
        assert!(self.remote.git("branch --list").contains("main"));
    }

    /// What is asked of a clone of lockproof: hooks of its own, of this id.
    pub(crate) fn take_hook(&self, config: &str, id: &str) {
        let text = self.place.read(config);
        let own = self.own_hooks();
        let text = text.replace("https://github.com/lockproof/lockproof", own.to_str().unwrap());
        let quoted = |id: &str| [format!("\"{id}\""), format!("id: {id}\n")];
        let mut changed = text.clone();
        for (from, to) in quoted("lockproof").iter().zip(quoted(id)) {
            changed = changed.replace(from, &to);
        }
        assert!(id == "lockproof" || changed != text);
        self.place.write(config, changed);
    }

    /// The files of this repository that pre-commit reads, in one of their own, with a tag.
    fn own_hooks(&self) -> PathBuf {
        let own = self.remote.at("own");
        for name in [".pre-commit-hooks.yaml", "pyproject.toml"] {
            let text = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
            own.write(name, text);
        }
        own.git("init --quiet --initial-branch=main .");
        own.commit_all();
        own.git("tag v0.1.0");
        own.path("")
    }

    /// A wheel with the binary of this build, as an index would have it.
    pub(crate) fn offer_wheel(&self) {
        let name = format!("lockproof-{}", env!("CARGO_PKG_VERSION"));
        let metadata =
            format!("Metadata-Version: 2.1\nName: lockproof\nVersion: {}\n", env!("CARGO_PKG_VERSION"));
        let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n";
        let record = ["METADATA", "WHEEL", "RECORD"].map(|it| format!("{name}.dist-info/{it},,\n")).concat();
        let record = format!("{name}.data/scripts/lockproof,,\n{record}");
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .unix_permissions(0o755);
        for (path, bytes) in [
            (format!("{name}.data/scripts/lockproof"), fs::read(BINARY).unwrap()),
            (format!("{name}.dist-info/METADATA"), metadata.into_bytes()),
            (format!("{name}.dist-info/WHEEL"), wheel.as_bytes().to_vec()),
            (format!("{name}.dist-info/RECORD"), record.into_bytes()),
        ] {
            zip.start_file(path, options).unwrap();
            zip.write_all(&bytes).unwrap();
        }
        fs::create_dir_all(self.home.join("wheels")).unwrap();
        let path = self.home.join("wheels").join(format!("{name}-py3-none-any.whl"));
        fs::write(path, zip.finish().unwrap().into_inner()).unwrap();
    }
}

fn example(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[track_caller]
pub(crate) fn passes(said: Said) {
    assert_eq!(said.code, 0, "{said:?}");
}

#[track_caller]
pub(crate) fn fails(said: Said, rule: &str) {
    let text = format!("{}{}", said.out, said.err);
    assert!(said.code != 0 && text.contains(&format!("[{rule}]")), "{rule} in\n{text}");
}

/// The scripts in the recipes are those of `hooks/`.
#[test]
fn recipes_are_copies() {
    let script = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/pre-push")).unwrap();
    for copy in ["husky/.husky/pre-push", "lefthook/.lefthook/pre-push/lockproof"] {
        assert_eq!(fs::read(example(copy)).unwrap(), script, "cp hooks/pre-push examples/{copy}");
    }
}

//! What is measured on: repositories below `target/bench`, made once.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::chains;
use super::locks::{self, Kind};
use crate::tools::{Done, Failure, at, git, root, say, text_of};

/// Raised when the inputs are made otherwise: old ones are thrown away.
const GENERATION: &str = "3";

pub(crate) const NPM: usize = 7_644;
const CARGO: usize = 2_168;
const TOOLS: usize = 10_000;
const PNPM: usize = 4_699;
const FILES: usize = 200_000;
const FOLDERS: usize = 4_000;

/// The folder with everything in it.
pub(crate) struct Inputs {
    folder: PathBuf,
}

impl Inputs {
    /// Makes what is not there yet.
    pub(crate) fn prepare() -> Result<Inputs, Failure> {
        let inputs = Inputs { folder: root().join("target/bench") };
        let mark = inputs.folder.join("generation");
        if fs::read_to_string(&mark).is_ok_and(|made| made == GENERATION) {
            return Ok(inputs);
        }
        say("making the inputs, once");
        if inputs.folder.exists() {
            fs::remove_dir_all(&inputs.folder).map_err(at(&inputs.folder))?;
        }
        fs::create_dir_all(&inputs.folder).map_err(at(&inputs.folder))?;
        inputs.make()?;
        fs::write(&mark, GENERATION).map_err(at(&mark))?;
        Ok(inputs)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn make(&self) -> Done {
        self.repository("large", large())?;
        self.blob_ids("large")?;
        self.repository("npm", [one(Kind::Npm, NPM)])?;
        self.repository("changed", [one(Kind::Npm, NPM)])?;
        self.write("changed/package-lock.json", &locks::npm_upgraded(NPM, 20))?;
        self.repository("findings", [("package-lock.json".to_owned(), locks::npm_unhashed(10_000))])?;
        self.repository("cargo", [one(Kind::Cargo, CARGO)])?;
        self.repository("tools", chains::store(TOOLS))?;
        for (name, times) in GROWTH {
            self.repository(name, [one(Kind::Npm, NPM * times / 10)])?;
        }
        for (name, count) in MANY {
            let small = |at| (format!("packages/p{at:05}/Cargo.lock"), Kind::Cargo.write(at % 1_000, 8));
            self.repository(name, (0..count).map(small))?;
        }
        for (kind, count) in
            [(Kind::Npm, NPM), (Kind::Pnpm, PNPM), (Kind::Cargo, CARGO), (Kind::Uv, 1_000), (Kind::Go, 5_000)]
        {
            self.write(&format!("formats/{}", kind.file()), &kind.write(0, count))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Done {
        let path = self.at(name);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::write(&path, text).map_err(at(&path))
    }

    /// A repository with one commit, checked out.
    fn repository(&self, name: &str, files: impl IntoIterator<Item = (String, String)>) -> Done {
        let folder = self.at(name);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        run(&folder, &["init", "--quiet", "--initial-branch=main"])?;
        let mut child = git(&folder, ["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
        if let Some(input) = child.stdin.take() {
            write_commit(&mut std::io::BufWriter::new(input), files)?;
        }
        if !child.wait()?.success() {
            return Err(Failure::Failed(format!("git fast-import failed in {}", folder.display())));
        }
        run(&folder, &["reset", "--quiet", "--hard", "main"])?;
        // So that no file is as young as the index: git would read such a file again to be sure.
        std::thread::sleep(std::time::Duration::from_millis(20));
        run(&folder, &["update-index", "--really-refresh", "--force-write-index", "-q"])
    }

    /// What `git cat-file --batch` is asked for: the lockfiles of a repository.
    fn blob_ids(&self, name: &str) -> Done {
        let output = git(&self.at(name), ["ls-tree", "-r", "HEAD"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_lock = |line: &&str| Kind::ALL.iter().any(|kind| line.ends_with(&format!("/{}", kind.file())));
        let ids = text.lines().filter(is_lock).filter_map(|line| line.split_whitespace().nth(2));
        self.write(&format!("{name}.ids"), &ids.map(|id| format!("{id}\n")).collect::<String>())
    }
}

/// Repositories with one package-lock.json, each ten times the one before; the factor is in tenths of [`NPM`].
pub(crate) const GROWTH: [(&str, usize); 3] = [("growth-1", 1), ("growth-10", 10), ("growth-100", 100)];
/// Repositories with many small lockfiles.
pub(crate) const MANY: [(&str, usize); 3] = [("many-1", 1), ("many-100", 100), ("many-10000", 10_000)];

fn one(kind: Kind, count: usize) -> (String, String) {
    (kind.file().to_owned(), kind.write(0, count))
}

/// 200,000 files in 4,000 folders, with 40 lockfiles of 27 MB among them.
fn large() -> impl Iterator<Item = (String, String)> {
    let files = (0..FILES - 40).map(|at| {
        let folder = at % FOLDERS;
        let path = format!(
            "packages/component-{:03}/module-{:02}/source-file-number-{:03}.ts",
            folder / 20,
            folder % 20,
            at / FOLDERS
        );
        // Most are empty: it is their number that counts, and the disk is spared.
        let text = if at % 10 == 0 { format!("export const value = {};\n", at % 50) } else { String::new() };
        (path, text)
    });
    let locks = (0..40).map(|at| {
        let kind = Kind::ALL[at % Kind::ALL.len()];
        let count = match kind {
            Kind::Npm => 1_850,
            Kind::Pnpm => 2_200,
            Kind::Cargo => 1_600,
            Kind::Uv => 800,
            Kind::Go => 2_600,
        };
        (format!("packages/component-{:03}/{}", at * 5, kind.file()), kind.write(at * 100, count))
    });
    files.chain(locks)
}

fn write_commit(out: &mut impl Write, files: impl IntoIterator<Item = (String, String)>) -> Done {
    out.write_all(
        b"commit refs/heads/main\ncommitter bench <bench@example.com> 1700000000 +0000\ndata 5\nbench\n",
    )?;
    for (path, text) in files {
        write!(out, "M 100644 inline {path}\ndata {}\n{text}\n", text.len())?;
    }
    Ok(out.flush()?)
}

fn run(folder: &Path, arguments: &[&str]) -> Done {
    let output = git(folder, arguments).output()?;
    if output.status.success() { Ok(()) } else { Err(Failure::Failed(text_of(&output))) }
}

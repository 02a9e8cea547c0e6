//! `dist`: everything that a release offers, from the same three programs. `packaging/README.md` says what is what.

mod build;
mod checksums;
mod debian;
mod npm;
mod tarball;
mod target;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use build::Build;
use target::{TARGETS, Target};

use crate::steps::{self, Step, Verdict};
use crate::tools::{Done, Failure, at, say, text_of, value};

/// What is shipped. The last two start the first.
const PROGRAMS: [&str; 3] = ["lockproof", "cargo-lockproof", "git-lockproof"];
const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
const VERSION: &str = lockproof::VERSION;

type Make = fn(&Build) -> Result<Made, Failure>;

/// What came of a step.
enum Made {
    File(PathBuf),
    /// There is none of this for the target.
    None,
    /// A tool is missing: how to get it.
    Missing(&'static str),
}

const PACKAGES: [(&str, Make); 5] = [
    ("tarball", tarball::make),
    ("wheel", wheel::make),
    ("npm", npm::make_platform),
    ("npm-launcher", npm::make_launcher),
    ("deb", debian::make),
];

pub(crate) fn run(arguments: &[String]) -> Done {
    let (mut triple, mut quick, mut rest) = (None, false, Vec::new());
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        match argument.as_str() {
            "--target" => triple = Some(value("--target", &mut left)?),
            "--quick" => quick = true,
            _ => rest.push(argument.clone()),
        }
    }
    let known = || TARGETS.iter().map(|target| target.triple).collect::<Vec<_>>().join(", ");
    let target = Target::find(triple).ok_or_else(|| Failure::Usage(format!("a target is {}", known())))?;
    let step = |name, run| Step { name, fix: format!("cargo xtask dist --only {name}"), run };
    let build = Rc::new(Build::new(target, quick)?);
    let steps = PACKAGES.map(|(name, make)| {
        let build = Rc::clone(&build);
        step(name, Box::new(move || told(make(&build))))
    });
    let chosen = steps::choose("dist", steps.into(), &rest)?;
    if chosen.is_empty() {
        return Ok(());
    }
    say(format!("building lockproof {VERSION} for {}", target.triple));
    build.run()?;
    steps::run("dist", &chosen)?;
    checksums::write(&build.folder())
}

fn told(made: Result<Made, Failure>) -> Verdict {
    match made {
        Ok(Made::File(file)) => {
            let size = fs::metadata(&file).map_or(0, |it| it.len());
            let name = file.file_name().unwrap_or_default().display().to_string();
            Verdict::Ok(format!("{name} {:.1} MB", size as f64 / 1e6))
        }
        Ok(Made::None) => Verdict::Ok("not for this target".to_owned()),
        Ok(Made::Missing(remedy)) => Verdict::Missing(remedy.to_owned()),
        Err(Failure::Usage(why) | Failure::Failed(why)) => Verdict::Failed(why),
    }
}

/// A fresh folder to put a package together in.
fn stage(build: &Build, name: &str) -> Result<PathBuf, Failure> {
    let stage = build.folder().join("stage").join(build.target.triple).join(name);
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(at(&stage))?;
    }
    fs::create_dir_all(&stage).map_err(at(&stage))?;
    Ok(stage)
}

/// Writes a file, and the folders that it needs; `mode` counts where files have one.
fn put(path: &Path, bytes: &[u8], mode: u32) -> Done {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    fs::write(path, bytes).map_err(at(path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(at(path))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(at(path))
}

/// Runs a tool; nothing when it is not there.
fn tool(command: &mut Command) -> Result<Option<String>, Failure> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(Some(text_of(&output))),
        Ok(output) => Err(Failure::Failed(text_of(&output))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The file that a packager has written: the newest one in the folder that ends so.
fn made(build: &Build, end: &str) -> Result<Made, Failure> {
    let folder = build.folder();
    let files = fs::read_dir(&folder).map_err(at(&folder))?.flatten().map(|entry| entry.path());
    let named = files.filter(|path| path.to_string_lossy().ends_with(end));
    let newest = named.max_by_key(|path| fs::metadata(path).and_then(|it| it.modified()).ok());
    newest.map(Made::File).ok_or_else(|| Failure::Failed(format!("no file that ends with {end} was made")))
}

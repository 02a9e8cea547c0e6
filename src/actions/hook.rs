//! Git hooks that run lockproof: set up beside what is there, and taken away without a trace.
//!
//! A hook that is there already is renamed, and runs first: with its arguments, its standard input and its exit code.
//! Our own file says in its second line what it should hold, so that a later version knows it, and an edited one is
//! left alone.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::actions::write;
use crate::disk;
use crate::git::{HooksFolder, Repo, RepoError};
use crate::text::escape;
use crate::text::source::Source;

/// When git asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Commit,
    Merge,
    Push,
}

impl Stage {
    pub const ALL: [Stage; 3] = [Stage::Commit, Stage::Merge, Stage::Push];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Commit => "pre-commit",
            Stage::Merge => "pre-merge-commit",
            Stage::Push => "pre-push",
        }
    }

    fn script(self) -> &'static str {
        match self {
            Stage::Commit => include_str!("../../hooks/pre-commit"),
            Stage::Merge => include_str!("../../hooks/pre-merge-commit"),
            Stage::Push => include_str!("../../hooks/pre-push"),
        }
    }
}

/// What became of one hook.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Installed,
    /// The hook that was there still runs, under this name.
    Chained(PathBuf),
    Updated,
    Unchanged,
    Removed,
    /// The hook that was there before is back.
    Restored,
    /// There was none of ours.
    Absent,
}

/// Why nothing was changed, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// It is for the user to decide.
    #[error("{0}")]
    Refused(String),
    #[error("{path}: {why}")]
    Failed { path: String, why: io::Error },
}

/// The hooks of one repository.
pub struct Hooks {
    folder: PathBuf,
}

impl Hooks {
    /// Those of a repository. A folder that other repositories may use too is only taken when that is said.
    pub fn of(repo: &Repo, shared: bool) -> Result<Hooks, HookError> {
        let folder = repo.hooks_folder()?;
        let path = folder.path.display();
        if folder.within.is_none() && !shared {
            return Err(HookError::Refused(format!(
                "core.hooksPath is {path}, which other repositories may use as well\n  --shared takes it all the same"
            )));
        }
        if folder.path.ends_with(".husky/_") {
            return Err(HookError::Refused(format!(
                "husky writes {path} anew at every install\n  \
                 put `lockproof check --staged` into .husky/pre-commit instead"
            )));
        }
        refuse_links(&folder)?;
        Ok(Hooks { folder: folder.path })
    }

    /// Sets up hooks for these stages: for all of them, or for none. `program` is run where PATH has no lockproof.
    pub fn install(&self, stages: &[Stage], program: Option<&Path>) -> Result<Vec<Change>, HookError> {
        let found: Vec<Found> = stages.iter().map(|stage| self.find(*stage)).collect::<Result<_, _>>()?;
        for (stage, found) in stages.iter().zip(&found) {
            self.refuse(*stage, found)?;
        }
        fs::create_dir_all(&self.folder).map_err(|why| failed(&self.folder, why))?;
        let each = stages.iter().zip(found);
        each.map(|(stage, found)| self.install_one(*stage, found, &text(*stage, program))).collect()
    }

    /// Takes the hooks of these stages away, and puts back what was there.
    pub fn uninstall(&self, stages: &[Stage]) -> Result<Vec<Change>, HookError> {
        let found: Vec<Found> = stages.iter().map(|stage| self.find(*stage)).collect::<Result<_, _>>()?;
        if let Some((stage, _)) = stages.iter().zip(&found).find(|(_, found)| matches!(found, Found::Edited))
        {
            return Err(self.edited(*stage));
        }
        let each = stages.iter().zip(found);
        each.map(|(stage, found)| self.uninstall_one(*stage, found)).collect()
    }

    /// The file of a stage.
    pub fn path(&self, stage: Stage) -> PathBuf {
        self.folder.join(stage.name())
    }

    fn before(&self, stage: Stage) -> PathBuf {
        self.folder.join(before_name(stage))
    }

    fn find(&self, stage: Stage) -> Result<Found, HookError> {
        let path = self.path(stage);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
            Err(why) => Err(failed(&path, why)),
            Ok(found) if found.is_file() => {
                let read = disk::read(&path, Source::LIMIT).map_err(io::Error::other);
                Ok(Found::of(read.map_err(|why| failed(&path, why))?.unwrap_or_default()))
            }
            Ok(found) if found.is_symlink() => Ok(Found::Other),
            Ok(_) => Err(HookError::Refused(format!("{} is no file: it is left alone", path.display()))),
        }
    }

    /// What stands in the way of installing.
    fn refuse(&self, stage: Stage, found: &Found) -> Result<(), HookError> {
        let before = self.before(stage);
        match found {
            Found::Edited => Err(self.edited(stage)),
            // A run that was cut short has given it its second name, and no more.
            Found::Other if write::is_same(&self.path(stage), &before).unwrap_or(false) => Ok(()),
            Found::Nothing | Found::Other if fs::symlink_metadata(&before).is_ok() => {
                Err(HookError::Refused(format!(
                    "{} is left from a hook of lockproof that is gone or was replaced: rename it to {}, or remove it",
                    before.display(),
                    stage.name()
                )))
            }
            _ => Ok(()),
        }
    }

    fn edited(&self, stage: Stage) -> HookError {
        HookError::Refused(format!(
            "{} is lockproof's, but was edited: move your lines elsewhere and remove it",
            self.path(stage).display()
        ))
    }

    fn install_one(&self, stage: Stage, found: Found, text: &str) -> Result<Change, HookError> {
        let (path, before) = (self.path(stage), self.before(stage));
        match found {
            Found::Ours(present) if present == text.as_bytes() => Ok(Change::Unchanged),
            Found::Ours(present) => {
                write::over(&path, &present, text.as_bytes()).map_err(|why| failed(&path, why))?;
                Ok(Change::Updated)
            }
            Found::Nothing => write::program_anew(&path, text.as_bytes())
                .map(|()| Change::Installed)
                .map_err(|why| failed(&path, why)),
            Found::Other | Found::Edited => {
                // Theirs is in its place until ours is, and under its new name from before that: whenever this is cut short,
                // it runs, and another run goes on.
                if fs::symlink_metadata(&before).is_err() {
                    write::name_as_well(&path, &before).map_err(|why| failed(&before, why))?;
                }
                write::program_over(&path, &before, text.as_bytes()).map_err(|why| failed(&path, why))?;
                Ok(Change::Chained(before))
            }
        }
    }

    fn uninstall_one(&self, stage: Stage, found: Found) -> Result<Change, HookError> {
        let (path, before) = (self.path(stage), self.before(stage));
        let Found::Ours(present) = found else { return Ok(Change::Absent) };
        let (done, change) = match fs::symlink_metadata(&before) {
            Ok(_) => (write::rename_over(&before, &path, &present), Change::Restored),
            Err(_) => (write::remove(&path, &present), Change::Removed),
        };
        done.map(|()| change).map_err(|why| failed(&path, why))
    }
}

fn failed(path: &Path, why: io::Error) -> HookError {
    HookError::Failed { path: path.display().to_string(), why }
}

/// Nothing is written through a link: it may lead anywhere.
fn refuse_links(folder: &HooksFolder) -> Result<(), HookError> {
    let outer = folder.within.as_deref().unwrap_or(&folder.path);
    let inside = folder.path.ancestors().take_while(|it| *it != outer);
    let own = folder.within.is_none().then_some(outer);
    for part in inside.chain(own) {
        match fs::symlink_metadata(part) {
            Ok(found) if found.is_dir() => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Ok(found) => {
                let what = if found.is_symlink() { "is a link" } else { "is no folder" };
                return Err(HookError::Refused(format!(
                    "{} {what}: nothing is written there",
                    part.display()
                )));
            }
            Err(why) => return Err(failed(part, why)),
        }
    }
    Ok(())
}

/// What stands where a hook goes.
enum Found {
    Nothing,
    /// Ours, as some version wrote it.
    Ours(Vec<u8>),
    /// Ours, with changes.
    Edited,
    Other,
}

const MARK: &str = "# lockproof-hook ";

impl Found {
    fn of(bytes: Vec<u8>) -> Found {
        let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
        let (_, second, rest) = (lines.next(), lines.next(), lines.next());
        let Some(sum) = second.and_then(|line| line.strip_prefix(MARK.as_bytes())) else {
            return Found::Other;
        };
        let is_whole = rest.is_some_and(|rest| sum == checksum(rest).as_bytes());
        if is_whole { Found::Ours(bytes) } else { Found::Edited }
    }
}

fn checksum(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

fn before_name(stage: Stage) -> String {
    format!("{}.before-lockproof", stage.name())
}

/// The file of a hook: what was there before, then ours.
fn text(stage: Stage, program: Option<&Path>) -> String {
    let script = stage.script();
    let mut rest = "# Set up by `lockproof hook install`. `lockproof hook uninstall` puts back what was here before.\n\n"
        .to_owned();
    if let Some(program) = program.and_then(Path::to_str) {
        let program = escape::shell(program);
        let _ =
            writeln!(rest, "command -v lockproof >/dev/null 2>&1 || LOCKPROOF=${{LOCKPROOF:-{program}}}\n");
    }
    rest.push_str(&chain(stage));
    rest.push_str(script.split_once('\n').map_or(script, |(_, body)| body));
    format!("#!/bin/sh\n{MARK}{}\n{rest}", checksum(rest.as_bytes()))
}

/// Runs what was there before, and ends with its exit code when that is not 0. Other programs rename hooks as well: one
/// that has renamed ours, and runs it, may be what is run here.
fn chain(stage: Stage) -> String {
    let name = before_name(stage);
    let run = r#"LOCKPROOF_BEFORE=$before "$before" "$@" || exit"#;
    let head = format!("# The hook that was here before runs first.\nbefore=$(dirname \"$0\")/{name}\n");
    let there = r#"if [ -x "$before" ] && [ "${LOCKPROOF_BEFORE:-}" != "$before" ]; then"#;
    match stage {
        Stage::Commit | Stage::Merge => format!("{head}{there}\n    {run}\nfi\n\n"),
        // Both read standard input.
        Stage::Push => format!(
            "{head}pushed=$(cat)\n{there}\n    printf '%s' \"${{pushed:+$pushed\n}}\" | {run}\nfi\nexec <<PUSHED\n$pushed\nPUSHED\n\n"
        ),
    }
}

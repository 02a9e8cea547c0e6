//! `lockproof llmring`: what one does with an `llmring.lock`. One file for each command.

mod aliases;
mod bind;
mod bump;
mod convert;
mod digest;
mod drift;
mod init;
mod validate;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::{INCOMPLETE, USAGE, complain, here};
use crate::agents::llmring::document::Document;
use crate::agents::llmring::place::NAME;
use crate::agents::llmring::reader;
use crate::agents::llmring::registry::Registry;
use crate::agents::llmring::stamp::Stamp;
use crate::disk;
use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::git::Repo;
use crate::policy::{self, Policy};
use crate::read::{File, models};
use crate::text::source::{Side, Source};
use crate::text::syntax::{Fault, FaultKind};

#[derive(Subcommand)]
pub(super) enum LlmringCommand {
    /// Check a lockfile, its models and its pins against a snapshot of the model registry
    Validate(validate::ValidateArgs),
    /// Print the digest that llmring itself would calculate, for each of its builds
    Digest(digest::DigestArgs),
    /// Show what changed between the pinned and the latest version, for the models in use
    Drift(drift::DriftArgs),
    /// Raise pins to the latest version of the snapshot, and keep the hashes of the archives in the policy
    Bump(bump::BumpArgs),
    /// Write TOML as JSON or JSON as TOML, in llmring's own layout; refuses what would be lost
    Convert(convert::ConvertArgs),
    /// List the aliases of a profile
    Aliases(aliases::AliasesArgs),
    /// Bind an alias to a model and its fallbacks
    Bind(bind::BindArgs),
    /// Make a new lockfile
    Init(init::InitArgs),
}

#[derive(Args)]
struct FileArg {
    /// The lockfile [default: $LLMRING_LOCKFILE_PATH, ./llmring.lock, or the one in the directory of the Python package]
    file: Option<PathBuf>,
}

#[derive(Args)]
struct RegistryArg {
    /// A checkout or snapshot of the model registry [default: the policy's, else llmring's own cache]
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(command: LlmringCommand) -> u8 {
    let done = match command {
        LlmringCommand::Validate(arguments) => validate::run(&arguments),
        LlmringCommand::Digest(arguments) => digest::run(&arguments),
        LlmringCommand::Drift(arguments) => drift::run(&arguments),
        LlmringCommand::Bump(arguments) => bump::run(&arguments),
        LlmringCommand::Convert(arguments) => convert::run(&arguments),
        LlmringCommand::Aliases(arguments) => aliases::run(&arguments),
        LlmringCommand::Bind(arguments) => bind::run(&arguments),
        LlmringCommand::Init(arguments) => init::run(&arguments),
    };
    done.unwrap_or_else(|failed| complain(&failed.message, failed.code))
}

/// Why a command did not do what it was asked to.
struct Failed {
    message: String,
    code: u8,
}

impl Failed {
    fn usage(message: impl Into<String>) -> Failed {
        Failed { message: message.into(), code: USAGE }
    }

    fn unread(message: impl Into<String>) -> Failed {
        Failed { message: message.into(), code: INCOMPLETE }
    }

    /// The file can be read, and is not what the command needs.
    fn found(message: impl Into<String>) -> Failed {
        Failed { message: message.into(), code: super::FOUND }
    }
}

type Done = Result<u8, Failed>;

impl FileArg {
    /// The file that is meant: the one that is named, else the one that a program here would load, else the package's.
    fn path(&self) -> Result<PathBuf, Failed> {
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        if let Some(path) = variable() {
            return Ok(path);
        }
        let folder = here().map_err(Failed::usage)?;
        if folder.join(NAME).exists() {
            return Ok(PathBuf::from(NAME));
        }
        let looked = models::commanded(&folder);
        match looked.iter().find(|path| path.exists()) {
            Some(path) => Ok(path.clone()),
            None => {
                let looked: Vec<_> = looked.iter().map(|path| path.display().to_string()).collect();
                Err(Failed::usage(format!(
                    "there is no ./{NAME} and no {}; `lockproof llmring init` makes one",
                    looked.join(", no ")
                )))
            }
        }
    }

    fn read(&self) -> Result<(PathBuf, Source), Failed> {
        let path = self.path()?;
        let source = read(&path)?;
        Ok((path, source))
    }
}

/// `LLMRING_LOCKFILE_PATH`; empty is as good as unset.
pub(super) fn variable() -> Option<PathBuf> {
    std::env::var_os("LLMRING_LOCKFILE_PATH").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn read(path: &Path) -> Result<Source, Failed> {
    let shown = path.display().to_string();
    let is_lock = formats::of_path(shown.as_bytes()).is_some_and(|format| format.family == Family::Models);
    if !is_lock {
        return Err(Failed::usage(format!(
            "{shown} has no name of an llmring lockfile: {NAME}, NAME.{NAME}, {NAME}.json or NAME.{NAME}.json"
        )));
    }
    Ok(Source::new(shown, Side::Worktree, bytes(path)?))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failed> {
    let read = disk::read(path, Source::LIMIT).map_err(|refused| Failed::unread(refused.to_string()))?;
    read.ok_or_else(|| Failed::unread(format!("{} is not there", path.display())))
}

/// The document, if its text can be read at all; `what` would be done with it.
fn readable<'s>(source: &'s Source, what: &str) -> Result<Document<'s>, Failed> {
    let (document, faults) = reader::read(source);
    let Some(fault) = faults.first() else { return Ok(document) };
    let line = source.span(fault.at).map_or(1, |span| source.place(span.start).line);
    Err(Failed::found(format!("{}:{line}: {}; {what}", source.path, explain(fault))))
}

fn explain(fault: &Fault<'_>) -> String {
    match fault.kind {
        FaultKind::DuplicateKey => format!("the key `{}` stands twice", fault.at),
        _ => fault.message.clone(),
    }
}

/// A document that the original loads.
fn loadable<'s>(source: &'s Source, what: &str) -> Result<Document<'s>, Failed> {
    let document = readable(source, what)?;
    if let Some(refusal) = document.refusals.first() {
        let line = source.span(refusal.at).map_or(1, |span| source.place(span.start).line);
        return Err(Failed::found(format!("{}:{line}: {}; {what}", source.path, refusal.message)));
    }
    Ok(document)
}

/// The policy around a file, and where it stands or would stand.
struct PolicyAt {
    path: PathBuf,
    text: String,
    policy: Policy,
    /// What the policy's paths are relative to.
    root: PathBuf,
}

fn policy_around(file: &Path) -> Result<PolicyAt, Failed> {
    let parent = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder =
        fs::canonicalize(parent).map_err(|error| Failed::unread(format!("{}: {error}", parent.display())))?;
    let repo = Repo::open(&folder).map_err(|error| Failed::unread(error.to_string()))?;
    let root = match &repo {
        Some(repo) => repo.root().map_err(|error| Failed::unread(error.to_string()))?.to_owned(),
        None => folder,
    };
    let path = policy::FILES.iter().map(|name| root.join(name)).find(|path| path.is_file());
    let text = match &path {
        Some(path) => String::from_utf8_lossy(&bytes(path)?).into_owned(),
        None => String::new(),
    };
    let path = path.unwrap_or_else(|| root.join(policy::FILES[0]));
    let policy = Policy::parse(&path.display().to_string(), &text)
        .map_err(|error| Failed::usage(error.to_string()))?;
    Ok(PolicyAt { path, text, policy, root })
}

/// The archives of a snapshot, read.
struct Snapshot {
    folder: PathBuf,
    files: Vec<File>,
}

impl Snapshot {
    fn registry(&self) -> Registry<'_> {
        Registry::new(self.files.iter().filter_map(|file| file.head.as_ref()))
    }
}

impl RegistryArg {
    /// What is named, else the policy's, else the original's cache.
    fn folder(&self, policy: &PolicyAt) -> Option<PathBuf> {
        let of_policy = policy.policy.registry().map(|folder| policy.root.join(folder));
        self.registry.clone().or(of_policy).or_else(cache)
    }

    fn snapshot(&self, policy: &PolicyAt) -> Result<Option<Snapshot>, Failed> {
        let Some(folder) = self.folder(policy) else { return Ok(None) };
        let files = models::snapshot(&folder).map_err(|error| Failed::usage(error.to_string()))?;
        if files.is_empty() {
            return Err(Failed::usage(format!(
                "{} holds no archives of a model registry, such as openai/v/1/models.json",
                folder.display()
            )));
        }
        Ok(Some(Snapshot { folder, files }))
    }

    fn required(&self, policy: &PolicyAt) -> Result<Snapshot, Failed> {
        self.snapshot(policy)?.ok_or_else(|| {
            Failed::usage("no snapshot of the model registry: name one with `--registry DIR`, or as `[llmring] registry` in lockproof.toml")
        })
    }
}

/// Where llmring keeps what it fetched last; nothing when there is nothing.
fn cache() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    let folder = PathBuf::from(home).join(".cache/llmring/registry");
    (!models::archives(&folder).0.is_empty()).then_some(folder)
}

/// The time, or the one that `SOURCE_DATE_EPOCH` gives.
fn now() -> Result<String, Failed> {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().filter(|text| !text.is_empty());
    let seconds = match given {
        Some(text) => {
            text.parse().map_err(|_| Failed::usage(format!("SOURCE_DATE_EPOCH is no number: `{text}`")))?
        }
        None => {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            since.map_or(0, |it| it.as_secs())
        }
    };
    let stamp =
        Stamp::from_unix(seconds as f64).ok_or_else(|| Failed::usage("the clock is beyond the year 9999"))?;
    Ok(stamp.iso())
}

/// Writes what was made of a file, if it still holds that.
fn rewrite(path: &Path, before: &str, after: &str) -> Result<(), Failed> {
    crate::actions::write::over(path, before.as_bytes(), after.as_bytes())
        .map_err(|error| Failed::unread(format!("{}: {error}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    crate::actions::write::atomically(path, text.as_bytes())
        .map_err(|error| Failed::unread(format!("{}: {error}", path.display())))
}

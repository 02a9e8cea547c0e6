//! lockproof as one step of a program: an xtask, a build tool, a bot. It prints nothing, ends nothing, and leaves the
//! process as it was: what comes back is a [`Verdict`] and a report.
//!
//! ```no_run
//! use lockproof::{Gate, gate::Verdict, render::Style};
//!
//! let report = Gate::at(".").check()?; // the worktree against HEAD
//! match report.verdict() {
//!     Verdict::Pass => {}
//!     Verdict::Skipped(why) => eprintln!("lockproof was skipped: {why}"),
//!     Verdict::Findings(_) | Verdict::Incomplete(_) => panic!("{}", report.render(Style::default())),
//! }
//! # Ok::<(), lockproof::read::ReadError>(())
//! ```
//!
//! A gate compares with git, not with what stood there a moment ago: `cargo run` may have rewritten `Cargo.lock` before
//! any of its code runs. Run it first, and again last, because what ran between may have rewritten it too.

mod regen;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

pub use regen::{Drift, RegenError, unchanged};

use crate::bytes;
use crate::bytes::Environment;
use crate::check::{self, Outcome, Parsed};
use crate::findings::finding::{Finding, Level};
use crate::read::clock;
use crate::read::options;
use crate::read::options::{Bytes, FailOn, Head, Options};
use crate::read::{self, ReadError, Sources};
use crate::render::{self, Style};

/// What the lockfiles are compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// The commit that is checked out.
    #[default]
    Head,
    /// The merge base of this revision and HEAD, as for a pull request. Findings that it has too do not count, and the
    /// policy is its.
    MergeBase(String),
    /// Nothing: only what each lockfile says by itself is judged.
    None,
}

/// Which lockfiles are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tree {
    /// Those on disk.
    #[default]
    Worktree,
    /// Those that the next commit would hold.
    Index,
}

/// A check that is about to be run: by [`Gate::check`] here, or by [`Gate::command`] in a process of its own.
#[derive(Clone, Debug)]
pub struct Gate {
    root: PathBuf,
    base: Base,
    tree: Tree,
    paths: Vec<String>,
    bytes: Bytes,
    fail_on: FailOn,
}

impl Gate {
    /// Checks the repository around this folder: its worktree against HEAD, as `lockproof` does there.
    pub fn at(root: impl Into<PathBuf>) -> Gate {
        Gate {
            root: root.into(),
            base: Base::Head,
            tree: Tree::Worktree,
            paths: Vec::new(),
            bytes: Bytes::Repo,
            fail_on: Some(Level::Error),
        }
    }

    /// Compares with something else than HEAD.
    ///
    /// ```
    /// use lockproof::{Gate, gate::Base};
    ///
    /// let gate = Gate::at(".").base(Base::MergeBase("origin/main".into()));
    /// let command = gate.command("lockproof");
    /// assert!(command.get_args().any(|argument| argument == "--base=origin/main"));
    /// ```
    pub fn base(mut self, base: Base) -> Gate {
        self.base = base;
        self
    }

    /// Judges the index, or the worktree.
    pub fn tree(mut self, tree: Tree) -> Gate {
        self.tree = tree;
        self
    }

    /// Judges only this file, folder or glob, relative to the folder of [`Gate::at`]. May be called for several.
    pub fn path(mut self, path: impl Into<String>) -> Gate {
        self.paths.push(path.into());
        self
    }

    /// Which artifacts are compared with the hashes; those in the repository by default.
    pub fn bytes(mut self, bytes: Bytes) -> Gate {
        self.bytes = bytes;
        self
    }

    /// The lowest level that counts for [`Verdict::Findings`]: errors by default. `None` is never.
    pub fn fail_on(mut self, level: FailOn) -> Gate {
        self.fail_on = level;
        self
    }

    /// Checks, in this process. An error means that nothing could be checked, which is never a pass.
    pub fn check(&self) -> Result<Report, ReadError> {
        let options = self.options()?;
        let sources = read::read(&options)?;
        let parsed = Parsed::all(&sources);
        let judged = Parsed::judged(&parsed.0);
        let environment = Environment::of_process();
        let facts = bytes::verify(&sources, &judged, &options, &environment, &|_done, _all| {});
        let outcome = check::lint_with(&sources, &options, &parsed, &facts);
        drop(parsed);
        let verdict = self.judge(&sources, &outcome);
        Ok(Report { verdict, sources, outcome })
    }

    /// The same check as a call of the program: same options, same verdict, as an exit code. Nothing has been started
    /// yet, so its streams are the caller's to lead.
    ///
    /// ```
    /// use lockproof::{Gate, gate::Tree};
    ///
    /// let command = Gate::at("/repo").tree(Tree::Index).path("app/Cargo.lock").command("lockproof");
    /// let words: Vec<_> = command.get_args().map(|word| word.to_str().unwrap()).collect();
    /// assert_eq!(words, ["check", "--staged", "--", "app/Cargo.lock"]);
    /// ```
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).arg("check");
        if self.tree == Tree::Index {
            command.arg("--staged");
        }
        match &self.base {
            Base::Head => {}
            // One word, so that no revision can be taken for an option.
            Base::MergeBase(revision) => drop(command.arg(format!("--base={revision}"))),
            Base::None => drop(command.arg("--no-base")),
        }
        match self.bytes {
            Bytes::Off => drop(command.arg("--bytes=off")),
            Bytes::Repo => {}
            Bytes::All => drop(command.arg("--bytes=all")),
        }
        match self.fail_on {
            Some(Level::Error) => {}
            level => drop(command.arg(format!("--fail-on={}", level.map_or("never", Level::name)))),
        }
        if !self.paths.is_empty() {
            command.arg("--").args(&self.paths);
        }
        command
    }

    fn options(&self) -> Result<Options, ReadError> {
        Ok(Options {
            folder: self.root.clone(),
            paths: self.paths.clone(),
            head: match self.tree {
                Tree::Worktree => Head::Worktree,
                Tree::Index => Head::Index,
            },
            base: match &self.base {
                Base::Head => options::Base::Default,
                Base::MergeBase(revision) => options::Base::MergeBase(revision.clone()),
                Base::None => options::Base::None,
            },
            bytes: self.bytes,
            today: Some(clock::today().map_err(ReadError::Usage)?),
            now: Some(clock::now().map_err(ReadError::Usage)?),
            ..Options::default()
        })
    }

    fn judge(&self, sources: &Sources, outcome: &Outcome) -> Verdict {
        let counts = |finding: &&Finding| {
            !finding.preexisting && self.fail_on.is_some_and(|lowest| finding.level >= lowest)
        };
        let findings = outcome.findings.iter().filter(counts).count();
        let coverage = &outcome.coverage;
        if !outcome.is_complete() {
            return Verdict::Incomplete(coverage.problems.len());
        }
        if findings > 0 {
            return Verdict::Findings(findings);
        }
        let skipped = if !coverage.unchecked_kinds().is_empty() {
            "there are lockfiles that lockproof can't read yet: nothing in them was checked"
        } else if coverage.lockfiles.is_empty() && coverage.not_read.is_empty() {
            "there are no lockfiles here"
        } else if self.base == Base::None || sources.base.is_some() {
            return Verdict::Pass;
        } else if sources.root.is_none() {
            "this is no git repository: nothing was compared"
        } else {
            "there is no commit yet: nothing was compared"
        };
        Verdict::Skipped(skipped)
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was checked, and nothing is wrong.
    Pass,
    /// That many findings count.
    Findings(usize),
    /// That many files could not be read, so nobody knows; there may be findings as well. Never a pass.
    Incomplete(usize),
    /// Nothing was found, but not all that was asked for could be done: why. Say so, rather than "ok".
    Skipped(&'static str),
}

/// What a check found.
pub struct Report {
    verdict: Verdict,
    sources: Sources,
    outcome: Outcome,
}

impl Report {
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The findings that count, whatever their level; tampering first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.outcome.findings.iter().filter(|finding| !finding.preexisting)
    }

    /// Everything that the check says, with what was covered.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// One line: what was found, what was checked, and what was not.
    pub fn summary(&self) -> String {
        render::closing(&self.sources, &self.outcome)
    }

    /// The report as text; who prints it decides where. With the feature `cli` findings are drawn over the lines of their
    /// lockfiles, as the program does; without it, each is a place and a few lines of text.
    pub fn render(&self, style: Style) -> String {
        #[cfg(feature = "cli")]
        return render::terminal::report(&self.sources, &self.outcome, style);
        #[cfg(not(feature = "cli"))]
        return render::plain::report(&self.sources, &self.outcome, style);
    }

    /// The report as `lockproof --format json` prints it.
    pub fn json(&self) -> String {
        render::json::report(&self.sources, &self.outcome)
    }
}

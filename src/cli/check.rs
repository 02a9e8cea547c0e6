//! `lockproof check`: what was typed becomes [`Options`], what was found becomes an exit code.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::occasion;
use super::output::{OutputArgs, Run};
use super::progress::Progress;
use super::{CLEAN, FOUND, INCOMPLETE, JobsArg, USAGE, complain, here, parse_rule, with_threads};
use crate::bytes;
use crate::bytes::Environment;
use crate::check::shard::Shard;
use crate::check::{self, Outcome, Parsed};
use crate::findings::finding::Level;
use crate::read::clock;
use crate::read::options::{Base, Bytes, FailOn, Head, Options, PolicyFile, PolicyFrom, Scope};
use crate::render::terminal;
use crate::{policy, rules};

#[derive(Args)]
pub(super) struct CheckArgs {
    /// Files, folders or globs; everything when there is none
    paths: Vec<String>,
    #[command(flatten)]
    sides: SideArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Which findings count: all, or those that the base side does not have [default: new with --base, --against, --staged]
    #[arg(long, value_enum, value_name = "WHAT")]
    scope: Option<ScopeArg>,
    #[command(flatten)]
    bytes: BytesArgs,
    /// Report one of N shares of the paths, for N machines; each reads all lockfiles
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    output: OutputArgs,
    /// The lowest level that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    fail_on: FailOnArg,
    /// End with exit code 3 when there is a lockfile of a kind that can't be read, unless the policy accepts that
    #[arg(long)]
    require_coverage: bool,
    /// Print to standard error how long each step took
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    jobs: JobsArg,
}

#[derive(Args, Default)]
pub(super) struct SideArgs {
    /// Judge the git index, against HEAD (for a pre-commit hook); where pre-commit names a range of commits, that range
    #[arg(long, conflicts_with = "head")]
    pub(super) staged: bool,
    /// Compare with the merge base of REV and the head (for CI and pull requests)
    #[arg(long, value_name = "REV", conflicts_with = "no_base")]
    pub(super) base: Option<String>,
    /// Compare with REV itself, as it stands: needs no history, so a shallow clone will do
    #[arg(long, value_name = "REV", conflicts_with_all = ["base", "no_base"])]
    pub(super) against: Option<String>,
    /// Judge REV, read from the object database; without --base, against its first parent
    #[arg(long, value_name = "REV")]
    pub(super) head: Option<String>,
    /// Compare with nothing
    #[arg(long)]
    pub(super) no_base: bool,
    /// Take every version of every lockfile in the history of the head as a witness of what hashes were
    #[arg(long)]
    pub(super) history: bool,
}

impl SideArgs {
    pub(super) fn head(&self) -> Head {
        match (&self.head, self.staged) {
            (Some(revision), _) => Head::Revision(revision.clone()),
            (None, true) => Head::Index,
            (None, false) => Head::Worktree,
        }
    }

    pub(super) fn base(&self) -> Base {
        match (&self.base, &self.against) {
            (Some(revision), _) => Base::MergeBase(revision.clone()),
            (None, Some(revision)) => Base::Revision(revision.clone()),
            (None, None) if self.no_base => Base::None,
            (None, None) => Base::Default,
        }
    }
}

#[derive(Args)]
pub(super) struct BytesArg {
    /// Compare hashes with artifacts: none, those in the repository, those in clients' caches on this disk as well
    #[arg(long, value_enum, value_name = "WHICH", default_value = "repo")]
    pub(super) bytes: Which,
}

#[derive(Args)]
struct BytesArgs {
    #[command(flatten)]
    which: BytesArg,
    /// A package of which there is no artifact to compare with is an error
    #[arg(long)]
    bytes_required: bool,
}

#[derive(Args)]
struct PolicyArgs {
    /// The policy [default: lockproof.toml or .config/lockproof.toml; with --base and --against, of the base side]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// No policy
    #[arg(long)]
    no_config: bool,
    /// Read the policy from this side
    #[arg(long, value_enum, value_name = "SIDE")]
    policy_from: Option<PolicyFromArg>,
    /// A snapshot of the model registry that llmring.lock pins [default: the policy's]
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,
    /// Run these rules only
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = parse_rule)]
    select: Vec<String>,
    /// Do not run these rules; not possible for rules that speak of tampering
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = parse_rule)]
    ignore: Vec<String>,
    /// Set a rule's level: error, warning, note or off
    #[arg(long, value_name = "RULE=LEVEL", value_delimiter = ',', value_parser = parse_level)]
    level: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeArg {
    All,
    New,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Which {
    Off,
    Repo,
    All,
}

impl Which {
    pub(super) fn which(self) -> Bytes {
        match self {
            Which::Off => Bytes::Off,
            Which::Repo => Bytes::Repo,
            Which::All => Bytes::All,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PolicyFromArg {
    Base,
    Head,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOnArg {
    Error,
    Warning,
    Note,
    Never,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ColorArg {
    Auto,
    Always,
    Never,
}

fn parse_level(text: &str) -> Result<(String, String), String> {
    let (rule, level) = text.split_once('=').ok_or("write RULE=LEVEL")?;
    policy::Policy::default().set_level(rule, level)?;
    Ok((rule.to_owned(), level.to_owned()))
}

pub(super) fn run(arguments: CheckArgs) -> u8 {
    if let Some(tamper) =
        arguments.policy.ignore.iter().find(|id| rules::find(id).is_some_and(|rule| rule.tamper))
    {
        return complain(&format!("`{tamper}` speaks of tampering: it can't be switched off"), USAGE);
    }
    let mut options = match arguments.output.check().and_then(|()| options(&arguments)) {
        Ok(options) => options,
        Err(error) => return complain(&error, USAGE),
    };
    let clock = Instant::now();
    with_threads(options.jobs, || {
        let mut sources = match occasion::read(&mut options) {
            Ok(sources) => sources,
            Err(error) => return super::complain_of_paths(&error, &options.paths),
        };
        for (rule, level) in &options.levels {
            if let Err(error) = sources.policy.set_level(rule, level) {
                return complain(&error, USAGE);
            }
        }
        let read_after = clock.elapsed();
        let environment = Environment::of_process();
        let progress = Progress::new(arguments.output.quiet);
        let parsed = Parsed::all(&sources);
        let tell = |done, all| progress.tell(done, all);
        let facts = bytes::verify(
            &sources,
            &Parsed::to_verify(&parsed.0, &sources, &options),
            &options,
            &environment,
            &tell,
        );
        progress.end();
        let outcome = check::lint_with(&sources, &options, &parsed, &facts);
        let checked_after = clock.elapsed();
        let fail_on = arguments.fail_on.level();
        let run = Run { sources: &sources, outcome: &outcome, options: &options, fail_on };
        let failed = arguments.output.write(&run);
        if arguments.stats {
            let took = |from: std::time::Duration, to: std::time::Duration| (to - from).as_secs_f64() * 1e3;
            let stats = format!(
                "read {:.1} ms, checked {:.1} ms, wrote {:.1} ms",
                took(std::time::Duration::ZERO, read_after),
                took(read_after, checked_after),
                took(checked_after, clock.elapsed())
            );
            let _ = writeln!(std::io::stderr(), "{stats}");
        }
        for error in &failed {
            complain(error, INCOMPLETE);
        }
        if failed.is_empty() { verdict(&outcome, fail_on) } else { INCOMPLETE }
    })
}

fn verdict(outcome: &Outcome, fail_on: FailOn) -> u8 {
    match (outcome.is_complete(), outcome.fails(fail_on)) {
        (false, _) => INCOMPLETE,
        (true, true) => FOUND,
        (true, false) => CLEAN,
    }
}

impl FailOnArg {
    fn level(self) -> FailOn {
        match self {
            FailOnArg::Error => Some(Level::Error),
            FailOnArg::Warning => Some(Level::Warning),
            FailOnArg::Note => Some(Level::Note),
            FailOnArg::Never => None,
        }
    }
}

fn options(arguments: &CheckArgs) -> Result<Options, String> {
    let (sides, policy) = (&arguments.sides, &arguments.policy);
    if arguments.bytes.bytes_required && arguments.bytes.which.bytes == Which::Off {
        return Err("--bytes-required needs artifacts to be looked for: --bytes repo or all".to_owned());
    }
    let (head, base) = occasion::sides(sides)?;
    let folder = here()?;
    Ok(Options {
        paths: arguments.paths.clone(),
        stands: occasion::stands(&folder),
        folder,
        head,
        base,
        history: sides.history,
        scope: arguments.scope.map(|scope| match scope {
            ScopeArg::All => Scope::All,
            ScopeArg::New => Scope::New,
        }),
        policy: match (&policy.config, policy.no_config) {
            (Some(file), _) => PolicyFile::At(file.clone()),
            (None, true) => PolicyFile::None,
            (None, false) => PolicyFile::Default,
        },
        policy_from: policy.policy_from.map(|side| match side {
            PolicyFromArg::Base => PolicyFrom::Base,
            PolicyFromArg::Head => PolicyFrom::Head,
        }),
        select: policy.select.clone(),
        ignore: policy.ignore.clone(),
        bytes: arguments.bytes.which.bytes.which(),
        bytes_required: arguments.bytes.bytes_required,
        require_coverage: arguments.require_coverage,
        shard: arguments.shard,
        proof: arguments.output.proof.is_some(),
        levels: policy.level.clone(),
        today: Some(clock::today()?),
        now: Some(clock::now()?),
        registry: policy.registry.clone(),
        jobs: arguments.jobs.jobs,
    })
}

/// Only colour and width look at the terminal.
pub(super) fn style(to_terminal: bool, color: ColorArg) -> terminal::Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    terminal::Style {
        color: match color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => to_terminal && !no_color && !dumb && terminal_takes_colors(),
        },
        width: if to_terminal { terminal_width() } else { 80 },
        quiet: false,
        verbose: false,
    }
}

/// A console of Windows has to be told that colours are coming; an old one does not know them.
fn terminal_takes_colors() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 120)
}

//! What was typed, and what becomes of it: an exit code.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::check::{self, Outcome};
use crate::finding::Level;
use crate::model::Lockfile;
use crate::options::{Base, FailOn, Head, Options, PolicyFile, PolicyFrom, Scope};
use crate::read::{self, ReadError, Sources};
use crate::render::inventory::Inventory;
use crate::render::{json, terminal};
use crate::{policy, repo, rules};

/// Proves what a repository's lockfiles pin: hashes, registries and sources, compared with git.
///
/// Exit codes: 0 nothing to object to, 1 findings, 2 usage or configuration, 3 incomplete (something could not be read).
#[derive(Parser)]
#[command(name = "lockproof", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: CheckArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Lint the lockfiles of the repository (the default)
    Check(Box<CheckArgs>),
    /// List the lockfiles, and with --packages every entry
    List(ListArgs),
    /// Show a rule's page; without RULE, all rules
    Explain {
        /// A rule's id, as it stands in brackets
        rule: Option<String>,
    },
    /// Print a JSON Schema
    Schema {
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// What has a schema.
#[derive(Clone, Copy, ValueEnum)]
pub enum SchemaOf {
    /// Of `check --format json`
    Report,
    /// Of `list --format json`
    Inventory,
    /// Of lockproof.toml
    Config,
}

#[derive(Args)]
struct CheckArgs {
    /// Files, folders or globs; everything when there is none
    paths: Vec<String>,
    #[command(flatten)]
    sides: SideArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Which findings count: all, or those that the base side does not have [default: new with --base and --staged]
    #[arg(long, value_enum, value_name = "WHAT")]
    scope: Option<ScopeArg>,
    /// The form of the report, to standard output or to FILE; may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse_output, default_value = "text")]
    format: Vec<Output>,
    /// The lowest level that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    fail_on: FailOnArg,
    /// Colours in the text
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: ColorArg,
    /// Only what was found
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Also what was checked, lockfile by lockfile
    #[arg(long, short)]
    verbose: bool,
    /// Print to standard error how long each step took
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    jobs: JobsArg,
}

#[derive(Args)]
struct SideArgs {
    /// Judge the git index, against HEAD (for a pre-commit hook)
    #[arg(long, conflicts_with = "head")]
    staged: bool,
    /// Compare with the merge base of REV and the head (for CI and pull requests)
    #[arg(long, value_name = "REV", conflicts_with = "no_base")]
    base: Option<String>,
    /// Judge REV, read from the object database; without --base, against its first parent
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Compare with nothing
    #[arg(long)]
    no_base: bool,
}

#[derive(Args)]
struct PolicyArgs {
    /// The policy [default: lockproof.toml or .config/lockproof.toml; with --base, of the base side]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// No policy
    #[arg(long)]
    no_config: bool,
    /// Read the policy from this side
    #[arg(long, value_enum, value_name = "SIDE")]
    policy_from: Option<PolicyFromArg>,
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

#[derive(Args)]
struct ListArgs {
    /// Files, folders or globs; everything when there is none
    paths: Vec<String>,
    /// Every entry of each
    #[arg(long)]
    packages: bool,
    /// List what REV holds
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: ListFormat,
    #[command(flatten)]
    jobs: JobsArg,
}

#[derive(Args)]
struct JobsArg {
    /// Threads [default: one for each processor]
    #[arg(long, short, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeArg {
    All,
    New,
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
enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

#[derive(Clone)]
struct Output {
    form: Form,
    file: Option<PathBuf>,
}

fn parse_output(text: &str) -> Result<Output, String> {
    let (form, file) =
        text.split_once('=').map_or((text, None), |(form, file)| (form, Some(PathBuf::from(file))));
    let form = match form {
        "text" => Form::Text,
        "json" => Form::Json,
        _ => return Err(format!("`{form}` is no format: text or json")),
    };
    Ok(Output { form, file })
}

fn parse_rule(id: &str) -> Result<String, String> {
    let hint = || rules::near(id).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    rules::find(id).map(|rule| rule.id.to_owned()).ok_or_else(|| format!("there is no rule `{id}`{}", hint()))
}

fn parse_level(text: &str) -> Result<(String, String), String> {
    let (rule, level) = text.split_once('=').ok_or("write RULE=LEVEL")?;
    policy::Policy::default().set_level(rule, level)?;
    Ok((rule.to_owned(), level.to_owned()))
}

const CLEAN: u8 = 0;
const FOUND: u8 = 1;
const USAGE: u8 = 2;
const INCOMPLETE: u8 = 3;

/// The program: reads the arguments, runs, and gives the exit code. `skip` arguments belong to who called us:
/// `cargo lockproof` gives its own name first.
pub fn main(skip: Option<&str>) -> ExitCode {
    repo::trust_object_database();
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if skip.is_some_and(|name| arguments.get(1).is_some_and(|first| first == name)) {
        arguments.remove(1);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { CLEAN };
            // Nothing can be done about a closed pipe.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    ExitCode::from(run(cli))
}

fn run(cli: Cli) -> u8 {
    match cli.command {
        None => run_check(cli.check),
        Some(Command::Check(arguments)) => run_check(*arguments),
        Some(Command::List(arguments)) => run_list(arguments),
        Some(Command::Explain { rule }) => explain(rule.as_deref()),
        Some(Command::Schema { of }) => print(&schema(of)),
    }
}

fn run_check(arguments: CheckArgs) -> u8 {
    if let Some(tamper) =
        arguments.policy.ignore.iter().find(|id| rules::find(id).is_some_and(|rule| rule.tamper))
    {
        return complain(&format!("`{tamper}` speaks of tampering: it can't be switched off"), USAGE);
    }
    let options = match options(&arguments) {
        Ok(options) => options,
        Err(error) => return complain(&error, USAGE),
    };
    let clock = Instant::now();
    with_threads(options.jobs, || {
        let mut sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        for (rule, level) in &options.levels {
            if let Err(error) = sources.policy.set_level(rule, level) {
                return complain(&error, USAGE);
            }
        }
        let read_after = clock.elapsed();
        let outcome = check::lint(&sources, &options);
        let checked_after = clock.elapsed();
        let written = write_outputs(&arguments, &sources, &outcome);
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
        match written {
            Ok(()) => verdict(&outcome, arguments.fail_on.level()),
            Err(error) => complain(&error, INCOMPLETE),
        }
    })
}

fn verdict(outcome: &Outcome, fail_on: FailOn) -> u8 {
    let fails = fail_on.is_some_and(|level| outcome.worst().is_some_and(|worst| worst >= level));
    match (outcome.is_complete(), fails) {
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
    Ok(Options {
        paths: arguments.paths.clone(),
        folder: here()?,
        head: match (&sides.head, sides.staged) {
            (Some(revision), _) => Head::Revision(revision.clone()),
            (None, true) => Head::Index,
            (None, false) => Head::Worktree,
        },
        base: match (&sides.base, sides.no_base) {
            (Some(revision), _) => Base::MergeBase(revision.clone()),
            (None, true) => Base::None,
            (None, false) => Base::Default,
        },
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
        levels: policy.level.clone(),
        jobs: arguments.jobs.jobs,
    })
}

fn here() -> Result<PathBuf, String> {
    std::env::current_dir().map_err(|error| format!("the working directory can't be read: {error}"))
}

/// A pool of our own: the library may run inside of somebody else's.
fn with_threads(jobs: usize, work: impl FnOnce() -> u8 + Send) -> u8 {
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).use_current_thread().build() {
        Ok(pool) => pool.install(work),
        Err(error) => complain(&format!("no threads can be started: {error}"), INCOMPLETE),
    }
}

fn write_outputs(arguments: &CheckArgs, sources: &Sources, outcome: &Outcome) -> Result<(), String> {
    for output in &arguments.format {
        let to_terminal = output.file.is_none() && std::io::stdout().is_terminal();
        let text = match output.form {
            Form::Json => json::report(sources, outcome),
            Form::Text => terminal::report(sources, outcome, style(arguments, to_terminal)),
        };
        match &output.file {
            Some(file) => write_file(file, &text)?,
            None => {
                print(&text);
            }
        }
    }
    Ok(())
}

/// Only colour and width look at the terminal.
fn style(arguments: &CheckArgs, to_terminal: bool) -> terminal::Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    terminal::Style {
        color: match arguments.color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => to_terminal && !no_color && !dumb,
        },
        width: if to_terminal { terminal_width() } else { 80 },
        quiet: arguments.quiet,
        verbose: arguments.verbose,
    }
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 120)
}

/// Whole or not at all: who waits for the file never sees half of it.
fn write_file(path: &Path, text: &str) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&temporary, text).map_err(wrong)?;
    std::fs::rename(&temporary, path).map_err(|error| {
        // The half that is left is of no use to anyone.
        let _ = std::fs::remove_file(&temporary);
        wrong(error)
    })
}

fn run_list(arguments: ListArgs) -> u8 {
    let folder = match here() {
        Ok(folder) => folder,
        Err(error) => return complain(&error, USAGE),
    };
    let head = arguments.head.clone().map_or(Head::Worktree, Head::Revision);
    let options =
        Options { paths: arguments.paths.clone(), folder, head, base: Base::None, ..Options::default() };
    with_threads(arguments.jobs.jobs, || {
        let sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        let judged = sources.lockfiles.iter().filter(|file| file.judged);
        let read: Vec<Lockfile<'_>> =
            judged.filter_map(|file| Some(file.format?.read(file.head.as_ref()?))).collect();
        let manifest = |it: &Lockfile<'_>| it.format.manifest_beside(&it.source.path, &sources.head_paths);
        let found: Vec<_> = read.iter().map(|lockfile| (lockfile, manifest(lockfile))).collect();
        let inventory = Inventory::new(&found, arguments.packages);
        print(&match arguments.format {
            ListFormat::Text => inventory.text(),
            ListFormat::Json => inventory.json(),
        });
        sources.problems.iter().for_each(|problem| {
            complain(problem, INCOMPLETE);
        });
        if sources.problems.is_empty() { CLEAN } else { INCOMPLETE }
    })
}

fn explain(id: Option<&str>) -> u8 {
    let Some(id) = id else {
        let width = rules::ALL.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        let line = |rule: &&rules::Rule| format!("{:width$}  {}\n", rule.id, rule.summary());
        return print(&rules::ALL.iter().copied().map(|rule| line(&rule)).collect::<String>());
    };
    match rules::find(id) {
        Some(rule) => print(&format!("{} ({})\n\n{}\n", rule.id, rule.level, rule.page())),
        None => complain(&parse_rule(id).unwrap_err(), USAGE),
    }
}

/// The schema of a document, as `lockproof schema` prints it.
pub fn schema(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Report => schemars::schema_for!(json::ReportDocument<'_>),
        SchemaOf::Inventory => schemars::schema_for!(Inventory),
        SchemaOf::Config => schemars::schema_for!(policy::PolicyFile),
    };
    json::print(&schema)
}

/// Nobody listens any more when the pipe is closed: that is no failure.
fn print(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    CLEAN
}

fn complain_of(error: &ReadError) -> u8 {
    complain(&error.to_string(), if error.is_usage() { USAGE } else { INCOMPLETE })
}

fn complain(message: &str, code: u8) -> u8 {
    let lines: Vec<_> = message.lines().map(crate::escape::message).collect();
    let _ = writeln!(std::io::stderr(), "lockproof: {}", lines.join("\n"));
    code
}

/// The command line as it is, for generated docs.
pub fn command() -> clap::Command {
    Cli::command()
}

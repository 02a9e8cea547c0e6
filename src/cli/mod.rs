//! What was typed, and what becomes of it: an exit code. One file for each command.

mod accept;
mod check;
mod diff;
mod explain;
mod fix;
mod hook;
mod init;
mod launcher;
mod list;
mod llmring;
mod manual;
mod occasion;
mod output;
mod progress;
mod tool;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::read::ReadError;
use crate::render::terminal;
use crate::{git, rules};

pub use explain::{SchemaOf, schema};
pub use launcher::launch;
pub use manual::{page, pages, scripts};

/// Proves what a repository's lockfiles pin: hashes, registries and sources, compared with git.
///
/// Exit codes: 0 nothing to object to, 1 findings, 2 usage or configuration, 3 incomplete (something could not be read).
#[derive(Parser)]
#[command(name = "lockproof", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: check::CheckArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Lint the lockfiles of the repository (the default)
    Check(Box<check::CheckArgs>),
    /// Show what a change does to the lockfiles: added, removed, upgraded, re-pinned, moved, and what brought it
    ///
    /// Exit codes: 0 compared, 1 with --exit-code when a lockfile changed, 2 usage, 3 something could not be read.
    Diff(diff::DiffArgs),
    /// Write lockproof.toml from what the lockfiles pin today
    Init(init::InitArgs),
    /// Accept findings: write exceptions into lockproof.toml
    Accept(Box<accept::AcceptArgs>),
    /// List the lockfiles, and with --packages every entry
    List(list::ListArgs),
    /// Work with the lockfiles of AI tools: freeze, verify, list, prune, index, hash
    #[command(subcommand)]
    Tool(tool::ToolCommand),
    /// Repair what can safely be repaired: https on a host that is known to speak it, no credentials in addresses
    ///
    /// Never a hash. For what is left, it says what to type. Exit codes: 0 done, 1 with --check when something would be
    /// repaired, 2 usage, 3 something could not be read or written.
    Fix(fix::FixArgs),
    /// Set up git hooks that run lockproof, or take them away
    #[command(subcommand)]
    Hook(hook::HookCommand),
    /// Show a rule's page; without RULE, all rules
    Explain {
        /// A rule's id, as it stands in brackets
        rule: Option<String>,
    },
    /// Check, bump, convert and make llmring.lock files
    #[command(subcommand)]
    Llmring(llmring::LlmringCommand),
    /// Print a JSON Schema
    Schema {
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Print what a shell reads to complete this command line
    ///
    /// bash: `lockproof completions bash > ~/.local/share/bash-completion/completions/lockproof`
    #[command(verbatim_doc_comment)]
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the page of a command for `man`: `lockproof man | man -l -`
    Man {
        /// The words of a command, as `tool freeze`; the whole program without any
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

#[derive(Args)]
struct JobsArg {
    /// Threads [default: one for each processor]
    #[arg(long, short, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
}

const CLEAN: u8 = 0;
const FOUND: u8 = 1;
const USAGE: u8 = 2;
const INCOMPLETE: u8 = 3;

/// The program: reads the arguments, runs, and gives the exit code.
pub fn main() -> ExitCode {
    git::trust_object_database();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { CLEAN };
            told(error.print().and_then(|()| std::io::stdout().flush()));
            return ExitCode::from(exit(code));
        }
    };
    ExitCode::from(exit(run(cli)))
}

/// Whether something could not be written to standard output.
static UNTOLD: AtomicBool = AtomicBool::new(false);

/// What nobody could read is not said: whatever a command has to tell, that is what its exit code says then.
fn exit(code: u8) -> u8 {
    if UNTOLD.load(Ordering::Relaxed) { INCOMPLETE } else { code }
}

/// Nobody listens any more when the pipe is closed: that is no failure. All else is, and is said once.
fn told(written: std::io::Result<()>) {
    let Err(error) = written else { return };
    if error.kind() != std::io::ErrorKind::BrokenPipe && !UNTOLD.swap(true, Ordering::Relaxed) {
        complain(&format!("standard output can't be written: {error}"), INCOMPLETE);
    }
}

fn run(cli: Cli) -> u8 {
    match cli.command {
        None => check::run(cli.check),
        Some(Command::Check(arguments)) => check::run(*arguments),
        Some(Command::Diff(arguments)) => diff::run(arguments),
        Some(Command::Fix(arguments)) => fix::run(arguments),
        Some(Command::Hook(command)) => hook::run(command),
        Some(Command::Init(arguments)) => init::run(arguments),
        Some(Command::Accept(arguments)) => accept::run(*arguments),
        Some(Command::List(arguments)) => list::run(arguments),
        Some(Command::Tool(command)) => tool::run(command),
        Some(Command::Explain { rule }) => explain::explain(rule.as_deref()),
        Some(Command::Llmring(command)) => llmring::run(command),
        Some(Command::Schema { of }) => print(&schema(of)),
        Some(Command::Completions { shell }) => manual::completions(shell),
        Some(Command::Man { words }) => manual::man(&words),
    }
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

fn parse_rule(id: &str) -> Result<String, String> {
    let hint = || rules::near(id).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    rules::find(id).map(|rule| rule.id.to_owned()).ok_or_else(|| format!("there is no rule `{id}`{}", hint()))
}

/// Prints. What can't be printed shows in the exit code of the program, whatever the command makes of it.
fn print(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    told(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    CLEAN
}

fn complain_of(error: &ReadError) -> u8 {
    if let ReadError::Policy(error) = error {
        let style = check::style(std::io::stderr().is_terminal(), check::ColorArg::Auto);
        let _ = write!(std::io::stderr(), "{}", terminal::policy_error(error, style));
        return USAGE;
    }
    complain(&error.to_string(), if error.is_usage() { USAGE } else { INCOMPLETE })
}

/// A path that is none may be a command, mistyped.
fn complain_of_paths(error: &ReadError, paths: &[String]) -> u8 {
    let command = Cli::command();
    let near = |typed: &String| {
        let names = command.get_subcommands().map(clap::Command::get_name);
        let nearest = names.map(|name| (rules::distance(typed, name), name)).min();
        nearest.filter(|(far, name)| *far <= 2 && far * 2 < name.len())
    };
    let meant = paths.first().filter(|_| matches!(error, ReadError::Selection(_))).and_then(near);
    match meant {
        Some((_, name)) => complain(&format!("{error} (did you mean `lockproof {name}`?)"), USAGE),
        None => complain_of(error),
    }
}

fn complain(message: &str, code: u8) -> u8 {
    let lines: Vec<_> = message.lines().map(crate::text::escape::message).collect();
    let _ = writeln!(std::io::stderr(), "lockproof: {}", lines.join("\n"));
    code
}

/// The command line as it is, for generated docs.
pub fn command() -> clap::Command {
    Cli::command()
}

//! `cargo xtask dev:loop`: what has to hold before a commit. lockproof is the first step and the last one.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lockproof::Gate;
use lockproof::gate::{self, Verdict};
use lockproof::render::Style;

struct Step {
    name: &'static str,
    /// The command that repairs it, or shows what to repair.
    fix: &'static str,
    /// What a reader of "ok" should know, or what is wrong.
    run: fn() -> Result<String, String>,
}

const LOOP: &[Step] = &[
    Step { name: "lockproof", fix: "lockproof", run: lockproof },
    Step { name: "fmt", fix: "cargo fmt", run: || cargo(&["fmt", "--check"]) },
    Step { name: "usage", fix: "cargo xtask usage", run: usage_is_generated },
    Step {
        name: "test",
        fix: "cargo test",
        run: || cargo(&["test", "--locked", "--quiet", "--package", "app"]),
    },
    // Any step may have rewritten a lockfile.
    Step { name: "lockproof, again", fix: "git diff", run: lockproof },
];

/// The same check by the program: nothing of lockproof is built here, but it has to be installed.
const WITH_THE_PROGRAM: &[Step] =
    &[Step { name: "lockproof, the program", fix: "lockproof", run: lockproof_program }];

fn main() -> ExitCode {
    let passed = match std::env::args().nth(1).as_deref() {
        Some("dev:loop") => run(LOOP),
        Some("locks") => run(WITH_THE_PROGRAM),
        Some("usage") => generate_usage().is_ok(),
        _ => {
            say("cargo xtask dev:loop | locks | usage");
            false
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every step runs, whatever the ones before it said.
fn run(steps: &[Step]) -> bool {
    let mut passed = true;
    for step in steps {
        match (step.run)() {
            Ok(note) => say(format!("ok      {}  {note}", step.name).trim_end()),
            Err(why) => {
                passed = false;
                say(&format!("FAILED  {}  fix: {}\n{}", step.name, step.fix, why.trim_end()));
            }
        }
    }
    passed
}

/// The worktree's lockfiles against HEAD, in this process.
fn lockproof() -> Result<String, String> {
    let report = Gate::at(root()).check().map_err(|error| error.to_string())?;
    match report.verdict() {
        Verdict::Pass => Ok(report.summary()),
        Verdict::Skipped(why) => Ok(format!("skipped: {why}")),
        Verdict::Findings(_) | Verdict::Incomplete(_) => Err(report.render(Style::default())),
    }
}

/// The same, in a process of its own.
fn lockproof_program() -> Result<String, String> {
    let program = std::env::var_os("LOCKPROOF").unwrap_or_else(|| "lockproof".into());
    output_of(&mut Gate::at(root()).command(program))
}

/// What is committed is what is generated: now, and when it is generated once more.
fn usage_is_generated() -> Result<String, String> {
    let drift =
        gate::unchanged(root(), &["app/USAGE.md"], generate_usage).map_err(|error| error.to_string())?;
    match (drift.from_head.as_slice(), drift.between_runs.as_slice()) {
        ([], []) => Ok(String::new()),
        (stale, []) => Err(format!("not what is committed: {}", stale.join(", "))),
        (_, unstable) => Err(format!("other each time: {}", unstable.join(", "))),
    }
}

fn generate_usage() -> io::Result<()> {
    fs::write(
        root().join("app/USAGE.md"),
        "<!-- Made by `cargo xtask usage`. -->\n\n`app` greets the world.\n",
    )
}

fn cargo(arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    output_of(Command::new(cargo).args(arguments).current_dir(root())).map(|_| String::new())
}

fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok(all) } else { Err(all) }
}

/// Where cargo runs us now, not where it built us: a checkout may be moved.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().expect("xtask lies in the workspace").to_owned()
}

fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

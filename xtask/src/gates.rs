//! `dev:loop`: every gate runs, whatever the ones before it said, and says how to get past it.

use std::process::Command;
use std::time::Instant;

use lockproof::options::Options;
use lockproof::render::terminal;
use lockproof::{check, read};

use crate::tools::{Done, Failure, cargo, root, say, text_of, value};
use crate::{docs, links};

struct Gate {
    name: &'static str,
    /// The command that fixes it, or shows what to fix.
    fix: &'static str,
    run: fn() -> Verdict,
}

enum Verdict {
    /// With what a reader of "ok" should know.
    Ok(String),
    /// With what the gate printed.
    Failed(String),
    /// Its tool is not there: how to get it.
    Missing(String),
}

/// lockproof is first, before anything can have rewritten Cargo.lock, and again last, because anything may have.
const GATES: &[Gate] = &[
    Gate { name: "lockproof", fix: "cargo run --locked --bin lockproof", run: lockproof },
    Gate { name: "fmt", fix: "cargo fmt --all", run: fmt },
    Gate {
        name: "clippy",
        fix: "cargo clippy --locked --workspace --all-targets -- -D warnings",
        run: clippy,
    },
    Gate { name: "docs", fix: "cargo xtask docs", run: docs },
    Gate { name: "tests", fix: "cargo test --locked --workspace", run: tests },
    Gate { name: "links", fix: "cargo xtask dev:loop --only links", run: links },
    Gate { name: "lockproof-after", fix: "git diff -- Cargo.lock", run: lockproof },
];

pub(crate) fn run(arguments: &[String]) -> Done {
    let mut only: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--list" => {
                GATES.iter().for_each(|gate| say(gate.name));
                return Ok(());
            }
            "--only" => only.extend(value("--only", &mut rest)?.split(',')),
            other => return Err(Failure::Usage(format!("dev:loop knows no `{other}`"))),
        }
    }
    if let Some(unknown) = only.iter().find(|name| GATES.iter().all(|gate| gate.name != **name)) {
        let names: Vec<_> = GATES.iter().map(|gate| gate.name).collect();
        return Err(Failure::Usage(format!("there is no gate `{unknown}` (there are {})", names.join(", "))));
    }
    let chosen = GATES.iter().filter(|gate| only.is_empty() || only.contains(&gate.name));
    summarize(&chosen.map(|gate| (gate.name, pass(gate))).collect::<Vec<_>>())
}

/// Runs a gate and says how it went: one line, and what it printed if it did not pass.
fn pass(gate: &Gate) -> bool {
    let clock = Instant::now();
    let verdict = (gate.run)();
    let took = format!("{:.1} s", clock.elapsed().as_secs_f64());
    let line =
        |word: &str, tail: &str| say(format!("{word:7} {:16} {took:>8}  {tail}", gate.name).trim_end());
    match verdict {
        Verdict::Ok(note) => {
            line("ok", &note);
            true
        }
        Verdict::Failed(output) => {
            line("FAILED", &format!("fix: {}", gate.fix));
            say(indent(&output));
            false
        }
        Verdict::Missing(remedy) => {
            line("missing", &format!("fix: {remedy}"));
            false
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

fn summarize(results: &[(&str, bool)]) -> Done {
    let failed: Vec<_> = results.iter().filter(|(_, passed)| !passed).map(|(name, _)| *name).collect();
    if failed.is_empty() {
        say(format!("dev:loop: {} of {} gates passed", results.len(), results.len()));
        return Ok(());
    }
    let passed = results.len() - failed.len();
    Err(Failure::Failed(format!("{passed} of {} gates passed; not: {}", results.len(), failed.join(", "))))
}

/// This repository's lockfiles against HEAD: not against what stood there before the gate, which cargo may have written.
fn lockproof() -> Verdict {
    let options = Options { folder: root(), ..Options::default() };
    let sources = match read::read(&options) {
        Ok(sources) => sources,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    let outcome = check::lint(&sources, &options);
    let style = terminal::Style { color: false, width: 100, quiet: false, verbose: false };
    let report = terminal::report(&sources, &outcome, style);
    // Warnings and notes don't fail a gate, but they are not hidden either.
    let passes = outcome.is_complete() && outcome.worst() != Some(lockproof::finding::Level::Error);
    match (passes, outcome.worst()) {
        (true, None) => Verdict::Ok(report.trim().replace('\n', " ")),
        (true, Some(_)) => Verdict::Ok(format!("\n{}", indent(report.trim_end()))),
        (false, _) => Verdict::Failed(report),
    }
}

fn fmt() -> Verdict {
    component("fmt", "rustup component add rustfmt").unwrap_or_else(|| {
        judge(&mut cargo(&["fmt", "--all", "--check", "--", "--color", "never"]), String::new())
    })
}

fn clippy() -> Verdict {
    if let Some(missing) = component("clippy", "rustup component add clippy") {
        return missing;
    }
    let all = ["clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    let library =
        ["check", "--locked", "--package", "lockproof", "--lib", "--no-default-features", "--quiet"];
    match judge(&mut cargo(&all), String::new()) {
        Verdict::Ok(_) => judge(cargo(&library).env("RUSTFLAGS", "-D warnings"), String::new()),
        other => other,
    }
}

fn docs() -> Verdict {
    match docs::stale() {
        Ok(stale) if stale.is_empty() => Verdict::Ok(String::new()),
        Ok(stale) => Verdict::Failed(
            stale.iter().map(|path| format!("{path} is not up to date")).collect::<Vec<_>>().join("\n"),
        ),
        Err(Failure::Usage(message) | Failure::Failed(message)) => Verdict::Failed(message),
    }
}

fn tests() -> Verdict {
    judge(&mut cargo(&["test", "--locked", "--workspace", "--quiet"]), String::new())
}

fn links() -> Verdict {
    match links::broken() {
        Ok((count, broken)) if broken.is_empty() => Verdict::Ok(format!("{count} links")),
        Ok((_, broken)) => Verdict::Failed(broken.join("\n")),
        Err(Failure::Usage(message) | Failure::Failed(message)) => Verdict::Failed(message),
    }
}

/// Says so when cargo lacks a component.
fn component(name: &str, remedy: &str) -> Option<Verdict> {
    let there = cargo(&[name, "--version"]).output().is_ok_and(|output| output.status.success());
    (!there).then(|| Verdict::Missing(remedy.to_owned()))
}

fn judge(command: &mut Command, note: String) -> Verdict {
    match command.output() {
        Ok(output) if output.status.success() => Verdict::Ok(note),
        Ok(output) => Verdict::Failed(text_of(&output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Verdict::Missing(format!("install {}", command.get_program().display()))
        }
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

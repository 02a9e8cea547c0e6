//! Steps that all run, whatever the ones before them said, each with one line of how it went.

use std::process::Command;
use std::time::Instant;

use crate::tools::{Done, Failure, say, text_of, value};

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// The command that fixes it, or shows what to fix.
    pub(crate) fix: String,
    pub(crate) run: Box<dyn Fn() -> Verdict>,
}

pub(crate) enum Verdict {
    /// With what a reader of "ok" should know.
    Ok(String),
    /// With what the step printed.
    Failed(String),
    /// Its tool is not there: how to get it.
    Missing(String),
}

/// The steps that `--only NAME,NAME` leaves, or all. None is left for `--list`, which prints their names.
pub(crate) fn choose(command: &str, steps: Vec<Step>, arguments: &[String]) -> Result<Vec<Step>, Failure> {
    let mut only: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--list" => {
                steps.iter().for_each(|step| say(step.name));
                return Ok(Vec::new());
            }
            "--only" => only.extend(value("--only", &mut rest)?.split(',')),
            other => return Err(Failure::Usage(format!("{command} knows no `{other}`"))),
        }
    }
    if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        return Err(Failure::Usage(format!("{command} has no `{unknown}`, but {}", names.join(", "))));
    }
    Ok(steps.into_iter().filter(|step| only.is_empty() || only.contains(&step.name)).collect())
}

/// Runs them all. What failed, or could not run, fails the command.
pub(crate) fn run(command: &str, steps: &[Step]) -> Done {
    let failed: Vec<_> = steps.iter().filter(|step| !pass(step)).map(|step| step.name).collect();
    let (passed, all) = (steps.len() - failed.len(), steps.len());
    match (all, failed.is_empty()) {
        (0, _) => Ok(()),
        (_, true) => {
            say(format!("{command}: {passed} of {all} passed"));
            Ok(())
        }
        (_, false) => Err(Failure::Failed(format!("{passed} of {all} passed; not: {}", failed.join(", ")))),
    }
}

/// One line, and what it printed if it did not pass.
fn pass(step: &Step) -> bool {
    let clock = Instant::now();
    let verdict = (step.run)();
    let took = format!("{:.1} s", clock.elapsed().as_secs_f64());
    let line =
        |word: &str, tail: &str| say(format!("{word:7} {:16} {took:>8}  {tail}", step.name).trim_end());
    match verdict {
        Verdict::Ok(note) => {
            line("ok", &note);
            true
        }
        Verdict::Failed(output) => {
            line("FAILED", &format!("fix: {}", step.fix));
            say(indent(&output));
            false
        }
        Verdict::Missing(remedy) => {
            line("missing", &format!("fix: {remedy}"));
            false
        }
    }
}

pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

/// What the exit code of a command says.
pub(crate) fn judge(command: &mut Command, note: impl FnOnce(&str) -> String) -> Verdict {
    match command.output() {
        Ok(output) if output.status.success() => Verdict::Ok(note(&text_of(&output))),
        Ok(output) => Verdict::Failed(text_of(&output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Verdict::Missing(format!("install {}", command.get_program().display()))
        }
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

//! `bench`: lockproof beside plain tools that touch the same bytes, run alternately. A claim is a ratio of one sitting:
//! a number of milliseconds says as much about the machine.

mod bytes;
mod chains;
mod inputs;
mod locks;
mod measure;
mod rates;
mod rows;

use std::path::{Path, PathBuf};
use std::process::Command;

use inputs::Inputs;
use measure::{Case, Cost, median};

use crate::tools::{Done, Failure, cargo, root, say};

/// How the command was called.
pub(crate) struct Bench {
    quick: bool,
    names: Vec<String>,
    inputs: Inputs,
    lockproof: PathBuf,
    /// Rows that missed what they must hold.
    missed: Vec<String>,
}

/// What must hold, and what is wanted. A ratio to the peer, or an absolute number.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    safe: f64,
    stretch: f64,
}

/// Which of the costs a row compares.
#[derive(Clone, Copy)]
pub(crate) enum Metric {
    Cpu,
    Wall,
}

impl Metric {
    fn of(self, cost: &Cost) -> f64 {
        match self {
            Metric::Cpu => cost.cpu.as_secs_f64() * 1e3,
            Metric::Wall => cost.wall.as_secs_f64() * 1e3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Metric::Cpu => "cpu",
            Metric::Wall => "wall",
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Done {
    if let Some(unknown) = arguments.iter().find(|it| it.starts_with('-') && *it != "--quick") {
        return Err(Failure::Usage(format!("bench knows no `{unknown}`")));
    }
    if cfg!(debug_assertions) {
        return run_optimised(arguments);
    }
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().cloned().partition(|it| it.starts_with('-'));
    let inputs = Inputs::prepare()?;
    let lockproof = target().join("lockproof");
    let mut bench = Bench { quick: !flags.is_empty(), names, inputs, lockproof, missed: Vec::new() };
    rows::all(&mut bench)?;
    bench.finish()
}

/// Builds for speed, and starts again as what was built: parse rates are measured in our own process.
fn run_optimised(arguments: &[String]) -> Done {
    let build = ["build", "--locked", "--release", "--package", "lockproof", "--package", "xtask"];
    if !cargo(&build).status()?.success() {
        return Err(Failure::Failed("the release build failed".into()));
    }
    let status = Command::new(target().join("xtask")).arg("bench").args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(Failure::Failed("bench failed".into())) }
}

fn target() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    root().join(folder).join("release")
}

/// `bench:peak PROGRAM ARGUMENT...`, for [`Case::peak`].
pub(crate) fn print_peak(arguments: &[String]) -> Done {
    let (program, rest) =
        arguments.split_first().ok_or_else(|| Failure::Usage("bench:peak needs a command".into()))?;
    say(measure::peak_of(Path::new(program), rest)?.to_string());
    Ok(())
}

impl Bench {
    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part.as_str()))
    }

    fn pairs(&self) -> usize {
        if self.quick { 3 } else { 11 }
    }

    fn ours(&self, arguments: &[&str], folder: &str) -> Case {
        Case::new(&self.lockproof, arguments, self.inputs.at(folder))
    }

    /// Both in turn, the first time not counted.
    fn compare(
        &mut self,
        name: &str,
        ours: &Case,
        peer: (&str, &Case),
        metric: Metric,
        target: Target,
    ) -> Done {
        if !self.wants(name) {
            return Ok(());
        }
        ours.run()?;
        peer.1.run()?;
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..self.pairs() {
            mine.push(ours.run()?);
            theirs.push(peer.1.run()?);
        }
        let mut ratios: Vec<f64> =
            mine.iter().zip(&theirs).map(|(a, b)| metric.of(a) / metric.of(b)).collect();
        let ratio = median(&mut ratios);
        let spread = format!("{:.2}…{:.2}", ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]);
        say(format!("{name}  against `{}`", peer.0));
        say(format!("    {}   peer {}", costs(&mine), costs(&theirs)));
        self.judge(name, &format!("{} ratio {ratio:.2} ({spread})", metric.name()), ratio, target);
        Ok(())
    }

    /// Ours alone, in milliseconds.
    fn absolute(&mut self, name: &str, ours: &Case, metric: Metric, target: Target) -> Done {
        if !self.wants(name) {
            return Ok(());
        }
        ours.run()?;
        let costs_of: Vec<Cost> = (0..self.pairs()).map(|_| ours.run()).collect::<Result<_, _>>()?;
        let mut values: Vec<f64> = costs_of.iter().map(|cost| metric.of(cost)).collect();
        let value = median(&mut values);
        let spread = format!("{:.1}…{:.1}", values[values.len() / 4], values[values.len() * 3 / 4]);
        say(format!("{name}\n    {}", costs(&costs_of)));
        self.judge(name, &format!("{} {value:.2} ms ({spread})", metric.name()), value, target);
        Ok(())
    }

    fn judge(&mut self, name: &str, what: &str, value: f64, target: Target) {
        let word = |holds: bool| if holds { "holds" } else { "MISSED" };
        let (safe, stretch) = (value <= target.safe, value <= target.stretch);
        say(format!(
            "    {what}   must be ≤ {:.3}: {}   wanted ≤ {:.3}: {}",
            target.safe,
            word(safe),
            target.stretch,
            word(stretch)
        ));
        if !safe {
            self.missed.push(name.to_owned());
        }
    }

    /// A few runs are enough to see that it works, not to judge by.
    fn finish(self) -> Done {
        if self.missed.is_empty() {
            say("bench: everything that must hold holds");
            return Ok(());
        }
        let text = format!("missed: {}", self.missed.join(", "));
        if self.quick {
            say(format!("bench: {text} (in {} runs each: not judged)", self.pairs()));
            return Ok(());
        }
        Err(Failure::Failed(text))
    }
}

fn costs(costs: &[Cost]) -> String {
    let of = |metric: Metric| median(&mut costs.iter().map(|cost| metric.of(cost)).collect::<Vec<_>>());
    format!("cpu {:.2} ms, wall {:.2} ms", of(Metric::Cpu), of(Metric::Wall))
}

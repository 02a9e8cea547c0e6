//! What a whole process costs: processor time of it and its threads, wall time, memory.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::tools::{Failure, at, quiet_git};

/// A command to be measured.
#[derive(Clone)]
pub(crate) struct Case {
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    stdin: Option<PathBuf>,
    environment: Vec<(&'static str, PathBuf)>,
    /// What it must end with: a command that fails at once is fast.
    code: i32,
}

impl Case {
    pub(crate) fn new(program: impl Into<PathBuf>, arguments: &[&str], folder: impl Into<PathBuf>) -> Case {
        let arguments = arguments.iter().map(OsString::from).collect();
        let (program, folder, environment) = (program.into(), folder.into(), Vec::new());
        Case { program, arguments, folder, stdin: None, environment, code: 0 }
    }

    pub(crate) fn reading(self, stdin: PathBuf) -> Case {
        Case { stdin: Some(stdin), ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: PathBuf) -> Case {
        self.environment.push((name, value));
        self
    }

    pub(crate) fn ending_with(self, code: i32) -> Case {
        Case { code, ..self }
    }

    fn command(&self) -> Result<Command, Failure> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        quiet_git(&mut command);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        match &self.stdin {
            Some(path) => command.stdin(File::open(path).map_err(at(path))?),
            None => command.stdin(Stdio::null()),
        };
        Ok(command)
    }

    /// One run.
    pub(crate) fn run(&self) -> Result<Cost, Failure> {
        let mut command = self.command()?;
        let before = children()?;
        let clock = Instant::now();
        let status = command.status().map_err(at(&self.program))?;
        let wall = clock.elapsed();
        let cpu = children()?.saturating_sub(before);
        if status.code() != Some(self.code) {
            return Err(Failure::Failed(format!(
                "{} ended with {status}, not with {}",
                self.spell(),
                self.code
            )));
        }
        Ok(Cost { cpu, wall })
    }

    fn spell(&self) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|it| it.to_string_lossy()).collect();
        format!("{} {} (in {})", self.program.display(), arguments.join(" "), self.folder.display())
    }

    /// The most memory that it had at once, in bytes. A small process of our own starts it: what the system says of
    /// children is the largest of all so far.
    pub(crate) fn peak(&self) -> Result<u64, Failure> {
        let us = std::env::current_exe()?;
        let mut command = Command::new(us);
        command.arg("bench:peak").arg(&self.program).args(&self.arguments).current_dir(&self.folder);
        quiet_git(&mut command);
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().map_err(|_| Failure::Failed(format!("{} can't be measured", self.spell())))
    }
}

/// What a run took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

/// User and system time of all children that have ended.
fn children() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(std::io::Error::from)?;
    let micros = |time: nix::sys::time::TimeVal| (time.tv_sec() * 1_000_000 + time.tv_usec()).unsigned_abs();
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

/// Runs a command and gives the most memory that it had, in bytes.
pub(crate) fn peak_of(program: &Path, arguments: &[String]) -> Result<u64, Failure> {
    let (out, err) = (Stdio::null(), Stdio::null());
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .status()
        .map_err(at(program))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(std::io::Error::from)?;
    // Linux counts in kilobytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok(usage.max_rss().unsigned_abs() * unit)
}

/// Half of the values are less. The list is sorted by this.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

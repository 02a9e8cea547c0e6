//! `cargo lockproof` and `git lockproof`: programs of their own by name only. What they start lies beside them, so one
//! program is built, shipped and read from disk, not three.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use super::{INCOMPLETE, complain};

/// Becomes `lockproof`, with the same arguments. `skip` belongs to who called us: cargo gives the subcommand's name
/// first.
pub fn launch(skip: Option<&str>) -> ExitCode {
    let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if skip.is_some_and(|name| arguments.first().is_some_and(|first| first == name)) {
        arguments.remove(0);
    }
    let program = program();
    let error = match run(Command::new(&program).args(arguments)) {
        Ok(code) => return code,
        Err(error) => error,
    };
    ExitCode::from(complain(&format!("{}: {error}", program.display()), INCOMPLETE))
}

/// The one beside us; else the one that the PATH has.
fn program() -> PathBuf {
    let name = format!("lockproof{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().map(|own| own.with_file_name(&name));
    beside.filter(|program| program.is_file()).unwrap_or_else(|| name.into())
}

#[cfg(unix)]
fn run(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

/// A process can't become another one here: it waits for it.
#[cfg(not(unix))]
fn run(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(INCOMPLETE)))
}

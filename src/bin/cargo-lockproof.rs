//! `cargo lockproof …`: cargo gives the name of the subcommand as the first argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    lockproof::cli::launch(Some("lockproof"))
}

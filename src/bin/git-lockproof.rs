//! `git lockproof …`

use std::process::ExitCode;

fn main() -> ExitCode {
    lockproof::cli::launch(None)
}

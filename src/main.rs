//! `lockproof`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    lockproof::cli::main()
}

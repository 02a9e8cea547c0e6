//! The project's own chores: `cargo xtask dev:loop` before a commit, `docs` after a change to a rule's page, `bench`,
//! `fuzz` and `oracle` after a change to a reader, `e2e` for all that is met outside, `dist` for
//! what a release offers.

mod bench;
mod dist;
mod docs;
mod e2e;
mod fuzz;
mod gates;
mod links;
mod oracle;
mod picture;
mod random;
mod steps;
mod tamper;
mod tools;

use std::process::ExitCode;

use tools::{Failure, complain, say};

const USAGE: &str = "\
cargo xtask dev:loop [--only NAME]... [--list]   every gate that a commit has to pass
cargo xtask docs [--check]                       write docs/ and the tables of README.md, or compare them
cargo xtask e2e [--only NAME]... [--list]        lockproof with real clients, installed into target/e2e
cargo xtask e2e --path                           install them, and print what to put before PATH
cargo xtask dist [--target TRIPLE] [--quick]     what a release offers, in target/dist; --only NAME, --list as above
cargo xtask bench [--quick] [NAME]...            lockproof beside plain tools; NAME is a part of a row's name
cargo xtask fuzz [--seconds N] [--seed N]        mutate the lockfiles of tests/ and read them
cargo xtask fuzz --input FOLDER                  read again what failed
cargo xtask oracle [--versions N] GITDIR...      lockfiles of any repository, and of its history, by second readers
cargo xtask tamper [--write] [--only NAME]...    honest histories and tampered ones; --write keeps what was measured
cargo xtask tamper --peers [--write]             the same shown to another linter; --write keeps it in docs/comparison.md
cargo xtask tamper --generate [FORMAT/PROJECT].. make the honest histories anew, with the clients of this machine";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) =
        arguments.split_first().map_or(("help", &[][..]), |(first, rest)| (first.as_str(), rest));
    let done = match command {
        "dev:loop" => gates::run(rest),
        "dist" => dist::run(rest),
        "docs" => docs::run(rest),
        "e2e" => e2e::run(rest),
        "bench" => bench::run(rest),
        "bench:peak" => bench::print_peak(rest),
        "fuzz" => fuzz::run(rest),
        "oracle" => oracle::run(rest),
        "tamper" => tamper::run(rest),
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(())
        }
        other => Err(Failure::Usage(format!("there is no command `{other}`\n{USAGE}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            complain(&message);
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

//! `dev:loop`: every gate runs, whatever the ones before it said, and says how to get past it.

use lockproof::gate;
use lockproof::render::Style;

use crate::steps::{self, Step, Verdict, indent, judge};
use crate::tools::{Done, Failure, cargo, root};
use crate::{docs, links};

/// lockproof is first, before anything can have rewritten Cargo.lock, and again last, because anything may have.
fn gates() -> Vec<Step> {
    let step = |name, fix: &str, run: fn() -> Verdict| Step { name, fix: fix.to_owned(), run: Box::new(run) };
    vec![
        step("lockproof", "cargo run --locked --bin lockproof", lockproof),
        step("fmt", "cargo fmt --all", fmt),
        step("clippy", "cargo clippy --locked --workspace --all-targets -- -D warnings", clippy),
        step("docs", "cargo xtask docs", docs),
        step("tests", "cargo test --locked --workspace", tests),
        step("links", "cargo xtask dev:loop --only links", links),
        step("lockproof-after", "git diff -- Cargo.lock", lockproof),
    ]
}

pub(crate) fn run(arguments: &[String]) -> Done {
    steps::run("dev:loop", &steps::choose("dev:loop", gates(), arguments)?)
}

/// This repository's lockfiles against HEAD: not against what stood there before the gate, which cargo may have written.
fn lockproof() -> Verdict {
    let report = match lockproof::Gate::at(root()).check() {
        Ok(report) => report,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    let text = report.render(Style { width: 100, ..Style::default() });
    match report.verdict() {
        // Warnings and notes don't fail a gate, but they are not hidden either.
        gate::Verdict::Pass if report.findings().next().is_some() => {
            Verdict::Ok(format!("\n{}", indent(text.trim_end())))
        }
        gate::Verdict::Pass => Verdict::Ok(report.summary()),
        gate::Verdict::Findings(_) | gate::Verdict::Incomplete(_) => Verdict::Failed(text),
        // This repository has lockfiles, and commits.
        gate::Verdict::Skipped(why) => Verdict::Failed(why.to_owned()),
    }
}

fn fmt() -> Verdict {
    component("fmt", "rustup component add rustfmt").unwrap_or_else(|| {
        judge(&mut cargo(&["fmt", "--all", "--check", "--", "--color", "never"]), |_| String::new())
    })
}

fn clippy() -> Verdict {
    if let Some(missing) = component("clippy", "rustup component add clippy") {
        return missing;
    }
    let all = ["clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    let library =
        ["check", "--locked", "--package", "lockproof", "--lib", "--no-default-features", "--quiet"];
    match judge(&mut cargo(&all), |_| String::new()) {
        Verdict::Ok(_) => judge(cargo(&library).env("RUSTFLAGS", "-D warnings"), |_| String::new()),
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
    judge(&mut cargo(&["test", "--locked", "--workspace", "--quiet"]), |_| String::new())
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

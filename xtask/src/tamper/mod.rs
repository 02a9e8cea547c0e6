//! `tamper`: measures what lockproof promises. Honest histories, made by the real clients, must raise no error; what
//! the operators do to them must.

mod dialect;
mod generate;
mod git;
mod honest;
mod measure;
mod operators;
mod peers;
mod projects;
mod scene;
mod table;
mod tree;

use std::fs;

use operators::Operator;
use projects::Project;
use table::Measured;

use crate::docs;
use crate::tools::{Done, Failure, at, root, say, value};

const PAGE: &str = "docs/tamper.md";

pub(crate) fn run(arguments: &[String]) -> Done {
    let (mut only, mut write, mut with_peers) = (Vec::new(), false, false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--generate" => return generate::run(rest.as_slice()),
            "--write" => write = true,
            "--peers" => with_peers = true,
            "--only" => only.push(value("--only", &mut rest)?.to_owned()),
            other => return Err(Failure::Usage(format!("tamper knows no `{other}`"))),
        }
    }
    let projects = projects::all()?;
    let chosen: Vec<_> = operators::all()
        .filter(|operator| only.is_empty() || only.iter().any(|part| operator.name.contains(part.as_str())))
        .collect();
    if chosen.is_empty() {
        return Err(Failure::Usage(format!("no operator has {only:?} in its name")));
    }
    if with_peers {
        return peers::run(&chosen, &projects, write);
    }
    let measured = measure(&chosen, &projects)?;
    say(measured.markdown());
    say(measured.summary());
    let judged = judge(&measured);
    if only.is_empty() {
        keep(&measured, write)?;
    }
    judged
}

fn measure(chosen: &[&'static Operator], projects: &[Project]) -> Result<Measured, Failure> {
    let mut rows = Vec::new();
    for operator in chosen {
        rows.push((*operator, measure::single(operator, projects)?));
    }
    let pairs = measure::pairs(chosen, projects).into_iter().collect();
    Ok(Measured { rows, pairs, honest: honest::measure(projects)? })
}

/// The documents that say what was measured: written, or compared.
fn keep(measured: &Measured, write: bool) -> Done {
    for (path, text) in documents(measured)? {
        let full = root().join(path);
        if fs::read_to_string(&full).is_ok_and(|present| present == text) {
            continue;
        }
        if !write {
            return Err(Failure::Failed(format!(
                "{path} says something else\n  fix: cargo xtask tamper --write"
            )));
        }
        fs::write(&full, text).map_err(at(&full))?;
        say(format!("wrote {path}"));
    }
    Ok(())
}

fn documents(measured: &Measured) -> Result<Vec<(&'static str, String)>, Failure> {
    let readme = root().join("README.md");
    let text = fs::read_to_string(&readme).map_err(at(&readme))?;
    let page = format!(
        "<!-- Made by `cargo xtask tamper --write` from xtask/src/tamper: change it there. -->\n\n# Measured\n\n{}\n\
         A cell says in how many projects an operator was caught every time, of those in which there was a place for it. \
         It is applied alone, and hidden in an honest step. An error also has to point at a line of the change.\n\n{}\n## \
         Where it can't be applied\n\n{}",
        measured.summary(),
        measured.markdown(),
        measured.exceptions()
    );
    Ok(vec![(PAGE, page), ("README.md", docs::between(&text, "tamper", &measured.fold()))])
}

/// The bar: every operator gets what its grade asks for, and honest steps are left alone.
fn judge(measured: &Measured) -> Done {
    let misses = measured.misses();
    if misses.is_empty() {
        return Ok(());
    }
    misses.iter().for_each(|miss| say(format!("missed: {miss}")));
    Err(Failure::Failed(format!("the bar is missed in {} places", misses.len())))
}

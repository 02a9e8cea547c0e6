//! `e2e`: lockproof with everything that it meets outside, as far as this machine has it. Installs the clients into
//! `target/e2e`, names their versions, runs every suite, and lists what could not be tried here.

mod clients;
mod suites;

use std::rc::Rc;

use clients::Clients;
use suites::{NOT_HERE, SUITES};

use crate::steps::{self, Step};
use crate::tools::{Done, say};

pub(crate) fn run(arguments: &[String]) -> Done {
    let clients = Rc::new(Clients::new());
    if arguments == ["--path"] {
        clients.install()?;
        say(clients.folders());
        return Ok(());
    }
    let mut steps: Vec<_> = SUITES
        .iter()
        .map(|suite| {
            let clients = Rc::clone(&clients);
            let fix = format!("cargo xtask e2e --only {}", suite.name);
            Step { name: suite.name, fix, run: Box::new(move || suite.run(&clients)) }
        })
        .collect();
    let fix = "list the module in xtask/src/e2e/suites.rs".to_owned();
    steps.push(Step { name: "all-listed", fix, run: Box::new(suites::all_listed) });
    let chosen = steps::choose("e2e", steps, arguments)?;
    if chosen.is_empty() {
        return Ok(());
    }
    clients.install()?.iter().for_each(say);
    let done = steps::run("e2e", &chosen);
    say("not tried here:");
    NOT_HERE.iter().for_each(|(what, why)| say(format!("  {what}: {why}")));
    done
}

//! `lockproof fix`: the safe repairs, and what to type for the rest.

use std::collections::BTreeMap;

use clap::Args;

use super::{CLEAN, FOUND, INCOMPLETE, JobsArg, USAGE, complain, complain_of, here, print, with_threads};
use crate::actions::fix;
use crate::actions::fix::{Encrypted, Repair, Repaired};
use crate::actions::write;
use crate::check::{self, Parsed};
use crate::findings::finding::Finding;
use crate::model::Lockfile;
use crate::read::clock;
use crate::read::options::Options;
use crate::read::{self, File, Sources};
use crate::render::count;
use crate::text::escape;
use crate::world::World;

#[derive(Args)]
pub(super) struct FixArgs {
    /// Files, folders or globs; everything when there is none
    paths: Vec<String>,
    /// Write nothing; exit with 1 when something would be repaired
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    jobs: JobsArg,
}

/// A lockfile with its repairs.
type Repairs<'a> = Vec<(&'a Lockfile<'a>, Repaired)>;

pub(super) fn run(arguments: FixArgs) -> u8 {
    let options = match options(&arguments) {
        Ok(options) => options,
        Err(error) => return complain(&error, USAGE),
    };
    with_threads(arguments.jobs.jobs, || match read::read(&options) {
        Ok(sources) => repair(&arguments, &options, &sources),
        Err(error) => complain_of(&error),
    })
}

fn options(arguments: &FixArgs) -> Result<Options, String> {
    let (folder, today) = (here()?, Some(clock::today()?));
    Ok(Options { paths: arguments.paths.clone(), folder, today, ..Options::default() })
}

fn repair(arguments: &FixArgs, options: &Options, sources: &Sources) -> u8 {
    let parsed = Parsed::all(sources);
    let outcome = check::lint_parsed(sources, options, &parsed);
    let repairs = repairs(sources, &parsed.0);
    let mut problems = outcome.coverage.problems.clone();
    let mut out = String::new();
    for (lockfile, repaired) in &repairs {
        let path = &lockfile.source.path;
        let full = sources.root.as_ref().unwrap_or(&options.folder).join(path);
        let written = match arguments.check {
            true => Ok(()),
            false => write::over(&full, lockfile.source.raw().as_bytes(), repaired.text.as_bytes()),
        };
        match written {
            Ok(()) => out.push_str(&told(path, repaired, arguments.check)),
            Err(error) => problems.push(format!("{path}: {error}")),
        }
    }
    if repairs.is_empty() {
        out.push_str("There is nothing that can safely be repaired.\n");
    }
    out.push_str(&recipes(&outcome.findings, &repairs));
    print(&out);
    for problem in &problems {
        complain(problem, INCOMPLETE);
    }
    match (problems.is_empty(), arguments.check && !repairs.is_empty()) {
        (false, _) => INCOMPLETE,
        (true, true) => FOUND,
        (true, false) => CLEAN,
    }
}

fn repairs<'a>(sources: &'a Sources, parsed: &'a [Parsed<'a>]) -> Repairs<'a> {
    let companions = |side: for<'f> fn(&'f File) -> Option<&'f crate::text::source::Source>| {
        sources.companions.iter().filter_map(side).collect::<Vec<_>>()
    };
    let head: Vec<_> = parsed.iter().filter_map(|it| it.head.as_ref()).collect();
    let base: Vec<_> = parsed.iter().filter_map(Parsed::base).collect();
    let worlds = [
        World::new(head, companions(|file| file.head.as_ref()), &sources.head_paths),
        World::new(base, companions(File::base_source), &sources.base_paths),
    ];
    let mut known = BTreeMap::new();
    let judged = parsed.iter().filter(|it| it.file.judged).filter_map(|it| it.head.as_ref());
    let repaired = judged.filter_map(|lockfile| {
        let ecosystem = lockfile.ecosystem();
        let encrypted =
            known.entry(ecosystem).or_insert_with(|| Encrypted::new(ecosystem, &worlds.each_ref()));
        Some((lockfile, fix::repair(lockfile, encrypted)?))
    });
    repaired.collect()
}

/// A line for each kind of repair and host.
fn told(path: &str, repaired: &Repaired, check: bool) -> String {
    let mut kinds: BTreeMap<(Repair, &str), usize> = BTreeMap::new();
    // A port that goes with its scheme is no repair of its own.
    for edit in repaired.edits.iter().filter(|edit| edit.repair != Repair::Encrypt || !edit.with.is_empty()) {
        *kinds.entry((edit.repair, &edit.host)).or_default() += 1;
    }
    let line = |((repair, host), number): (&(Repair, &str), &usize)| {
        let addresses = count(*number, "address").replace("addresss", "addresses");
        let (done, wanted) = match repair {
            Repair::Encrypt => ("now use https", "would use https"),
            Repair::StripCredentials => (
                "carry no credentials any more: revoke them",
                "would carry no credentials any more: revoke them",
            ),
        };
        let what = if check { wanted } else { done };
        escape::message(&format!("{path}: {addresses} on {host} {what}")) + "\n"
    };
    kinds.iter().map(line).collect()
}

/// For what is left, the next command: a line for each rule.
fn recipes(findings: &[Finding], repairs: &Repairs<'_>) -> String {
    let is_settled = |it: &Finding| {
        let of_file = repairs.iter().find(|(lockfile, _)| lockfile.source.path == it.path);
        let edits = of_file.into_iter().flat_map(|(_, repaired)| &repaired.edits);
        let at = it.span.map(|span| span.start.offset);
        edits
            .into_iter()
            .any(|edit| edit.repair.rule() == it.rule && at.is_some_and(|at| edit.range.contains(&at)))
    };
    let mut rules: Vec<(&Finding, usize)> = Vec::new();
    for finding in findings.iter().filter(|it| !is_settled(it)) {
        match rules.iter_mut().find(|(first, _)| first.rule == finding.rule) {
            Some((_, number)) => *number += 1,
            None => rules.push((finding, 1)),
        }
    }
    if rules.is_empty() {
        return String::new();
    }
    let mut out = "\nWhat no tool should repair:\n".to_owned();
    for (first, number) in rules {
        let more = if number > 1 { format!(", and {} more", number - 1) } else { String::new() };
        let line = first.span.map(|span| format!(":{}", span.start.line)).unwrap_or_default();
        let place = escape::message(&format!("{}{line}{more}", first.path));
        let help = if first.help.is_empty() {
            format!("`lockproof explain {}`", first.rule)
        } else {
            first.help.clone()
        };
        out.push_str(&format!("  {}[{}] {place}: {help}\n", first.level, first.rule));
    }
    out
}

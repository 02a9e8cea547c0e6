//! `lockproof accept`: findings become exceptions in the policy, each with the value that it accepts.

use std::path::{Path, PathBuf};

use clap::Args;

use super::check::SideArgs;
use super::{CLEAN, INCOMPLETE, USAGE, complain, complain_of, here, parse_rule, print, with_threads};
use crate::check;
use crate::clock::{self, Date};
use crate::escape;
use crate::finding::Finding;
use crate::open;
use crate::options::{Options, Scope};
use crate::policy::edit::{self, Entry};
use crate::policy::{self, Policy};
use crate::read::{self, Sources};
use crate::render::count;
use crate::source::{Side, Source};
use crate::write;

/// Accepts findings in lockproof.toml, by their value: what is accepted is what stands there now, and nothing else.
///
/// A finding is named by the beginning of its fingerprint, which `lockproof --verbose` shows. The options that say what is
/// compared must be those of the run that found it.
#[derive(Args)]
pub(super) struct AcceptArgs {
    /// The fingerprints of the findings, or beginnings of them that fit no other one
    #[arg(value_name = "FINDING", required_unless_present = "rule")]
    findings: Vec<String>,
    /// All findings of this rule
    #[arg(long, value_name = "RULE", value_parser = parse_rule, conflicts_with = "findings")]
    rule: Option<String>,
    /// Why they are accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day on which they are, in UTC: 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    #[command(flatten)]
    sides: SideArgs,
}

pub(super) fn run(arguments: AcceptArgs) -> u8 {
    if arguments.reason.trim().is_empty() {
        return complain("an exception needs a reason", USAGE);
    }
    let options = match options(&arguments) {
        Ok(options) => options,
        Err(error) => return complain(&error, USAGE),
    };
    if arguments.until.is_some_and(|until| options.today.is_some_and(|today| until < today)) {
        return complain("that day has passed", USAGE);
    }
    with_threads(0, || {
        let sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        let outcome = check::lint(&sources, &options);
        match chosen(&arguments, &outcome.findings) {
            Ok(chosen) => accept(&arguments, &sources, &options, &chosen),
            Err(error) => complain(&error, USAGE),
        }
    })
}

fn options(arguments: &AcceptArgs) -> Result<Options, String> {
    let mut options = Options {
        folder: here()?,
        head: arguments.sides.head(),
        base: arguments.sides.base(),
        history: arguments.sides.history,
        today: Some(clock::today()?),
        ..Options::default()
    };
    // One that was named is meant, old or new.
    if arguments.rule.is_none() {
        options.scope = Some(Scope::All);
    }
    Ok(options)
}

fn chosen<'f>(arguments: &AcceptArgs, findings: &'f [Finding]) -> Result<Vec<&'f Finding>, String> {
    if let Some(rule) = &arguments.rule {
        let of_rule = |it: &&Finding| it.rule == rule && !it.preexisting && !it.values.is_empty();
        let chosen: Vec<_> = findings.iter().filter(of_rule).collect();
        return match chosen.is_empty() {
            true => Err(format!("`{rule}` finds nothing that could be accepted")),
            false => Ok(chosen),
        };
    }
    let mut chosen: Vec<&Finding> = Vec::new();
    for name in &arguments.findings {
        let found = named(name, findings)?;
        if !chosen.iter().any(|it| std::ptr::eq(*it, found)) {
            chosen.push(found);
        }
    }
    Ok(chosen)
}

fn named<'f>(name: &str, findings: &'f [Finding]) -> Result<&'f Finding, String> {
    let prefix = name.to_ascii_lowercase();
    let mut fits = findings.iter().filter(|it| !prefix.is_empty() && it.fingerprint.starts_with(&prefix));
    match (fits.next(), fits.next()) {
        (None, _) => {
            Err(format!("no finding's fingerprint begins with `{name}`: `lockproof --verbose` shows them"))
        }
        (Some(found), None) if found.values.is_empty() => {
            Err(format!("`{}` can't be accepted by its value: {}", found.rule, found.message))
        }
        (Some(found), None) => Ok(found),
        (Some(first), Some(second)) => Err(format!(
            "`{name}` fits more than one finding, {} and {} among them",
            first.fingerprint, second.fingerprint
        )),
    }
}

fn accept(arguments: &AcceptArgs, sources: &Sources, options: &Options, chosen: &[&Finding]) -> u8 {
    let path = match policy_file(sources, options) {
        Ok(path) => path,
        Err(error) => return complain(&error, USAGE),
    };
    let entries: Vec<Entry<'_>> = chosen
        .iter()
        .flat_map(|finding| Entry::of(finding, arguments.reason.trim(), arguments.until))
        .collect();
    match amend(&path, &entries) {
        Ok(0) => print(&format!("{} accepts that already.\n", name(&path))),
        Ok(_) => say(&path, sources, chosen),
        Err((error, code)) => complain(&error, code),
    }
}

/// The policy of the worktree; where there is none, the place for one.
fn policy_file(sources: &Sources, options: &Options) -> Result<PathBuf, String> {
    let root = sources.root.as_deref().unwrap_or(&options.folder);
    if root.as_os_str().is_empty() {
        return Err("there is no worktree here, and so no place for a policy".to_owned());
    }
    let there = policy::FILES.iter().map(|name| root.join(name)).find(|path| path.is_file());
    Ok(there.unwrap_or_else(|| root.join(policy::FILES[0])))
}

/// How many entries were added.
fn amend(path: &Path, entries: &[Entry<'_>]) -> Result<usize, (String, u8)> {
    let failed = |error: std::io::Error| (format!("{}: {error}", path.display()), INCOMPLETE);
    let before = open::read(path, Source::LIMIT).map_err(|refused| (refused.to_string(), INCOMPLETE))?;
    let source = Source::new(name(path), Side::Worktree, before.clone().unwrap_or_default());
    let policy = Policy::read(&source).map_err(|error| (error.to_string(), USAGE))?;
    let (text, added) = edit::accept(source.raw(), &policy, entries).map_err(|error| (error, USAGE))?;
    // What was written must say what was meant.
    Policy::parse(&name(path), &text).map_err(|error| (error.to_string(), INCOMPLETE))?;
    if added > 0 {
        let written = match &before {
            Some(before) => write::over(path, before, text.as_bytes()),
            None => write::anew(path, text.as_bytes()),
        };
        written.map_err(failed)?;
    }
    Ok(added)
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn say(path: &Path, sources: &Sources, chosen: &[&Finding]) -> u8 {
    let mut text = format!("{} accepts {} now:\n", name(path), count(chosen.len(), "finding"));
    for finding in chosen {
        let rules = std::iter::once(finding.rule).chain(finding.also.iter().copied());
        let rules = rules.collect::<Vec<_>>().join(", ");
        let line = format!("  {rules}: {} ({})", finding.message, finding.path);
        text.push_str(&escape::message(&line));
        text.push('\n');
    }
    if sources.base.is_some() {
        text.push_str(
            "A pull request is judged by the policy of its base: let this land first, in a change of its own.\n",
        );
    }
    print(&text);
    CLEAN
}

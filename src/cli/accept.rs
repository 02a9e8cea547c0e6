//! `lockproof accept`: findings become exceptions in the policy, each with the value that it accepts.

use std::path::{Path, PathBuf};

use clap::Args;

use super::check::{BytesArg, SideArgs};
use super::{CLEAN, INCOMPLETE, USAGE, complain, complain_of, here, parse_rule, print, with_threads};
use crate::actions::write;
use crate::bytes;
use crate::bytes::Environment;
use crate::check::{self, Outcome, Parsed};
use crate::disk;
use crate::findings::finding::Finding;
use crate::policy::edit::{self, Entry};
use crate::policy::{self, Policy};
use crate::read::clock;
use crate::read::options::{Head, Options, Scope};
use crate::read::{self, Sources};
use crate::render::count;
use crate::text::calendar::Date;
use crate::text::escape;
use crate::text::source::{Side, Source};

/// Accepts findings in lockproof.toml, by their value: what is accepted is what stands there now, and nothing else.
///
/// A finding is named by the beginning of its fingerprint, which stands beside its rule. The options that say what is
/// compared must be those of the run that found it. An exception for a change ends after 30 days, unless --until names
/// another day.
#[derive(Args)]
pub(super) struct AcceptArgs {
    /// The fingerprints of the findings, or beginnings of them that fit no other one
    #[arg(value_name = "FINDING", required_unless_present_any = ["rule", "prune"])]
    findings: Vec<String>,
    /// All findings of this rule
    #[arg(long, value_name = "RULE", value_parser = parse_rule, conflicts_with = "findings")]
    rule: Option<String>,
    /// Remove exceptions that have ended or accept nothing any more, and name them
    #[arg(long, conflicts_with_all = ["findings", "rule", "reason", "until"])]
    prune: bool,
    /// Why they are accepted
    #[arg(long, value_name = "TEXT", required_unless_present = "prune")]
    reason: Option<String>,
    /// The last day on which they are, in UTC: 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    #[command(flatten)]
    sides: SideArgs,
    #[command(flatten)]
    bytes: BytesArg,
}

/// So many days an exception for a change counts, where nobody says how many.
const DAYS: u16 = 30;

/// What stands in the place of a reason in the commands that are printed.
const PLACEHOLDERS: [&str; 4] = ["WHY", "TEXT", "…", "..."];

pub(super) fn run(arguments: AcceptArgs) -> u8 {
    let reason = arguments.reason.as_deref().map(str::trim);
    if reason == Some("") {
        return complain("an exception needs a reason", USAGE);
    }
    if reason.is_some_and(|reason| PLACEHOLDERS.contains(&reason)) {
        return complain("say in --reason why it is accepted, in your own words", USAGE);
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
        let parsed = Parsed::all(&sources);
        let judged = Parsed::judged(&parsed.0);
        let facts = bytes::verify(&sources, &judged, &options, &Environment::of_process(), &|_, _| {});
        let outcome = check::lint_with(&sources, &options, &parsed, &facts);
        if arguments.prune {
            return prune(&sources, &options, &outcome);
        }
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
        bytes: arguments.bytes.bytes.which(),
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
        let of_rule =
            |it: &&Finding| it.rule == rule && !it.preexisting && !it.accepted && !it.values.is_empty();
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
        (None, _) => Err(format!(
            "no finding's fingerprint begins with `{name}`: each stands beside its rule in what `lockproof` prints"
        )),
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
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    let soon = options.today.and_then(|today| today.after(DAYS));
    let entries: Vec<Entry<'_>> =
        chosen.iter().flat_map(|finding| Entry::of(finding, reason, arguments.until, soon)).collect();
    let ends = entries.iter().find_map(|entry| entry.ends_by_default(arguments.until));
    match amend(&path, &entries) {
        Ok(0) => print(&format!("{} accepts that already.\n", name(&path))),
        Ok(_) => say(&path, sources, chosen, ends),
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
    let before = disk::read(path, Source::LIMIT).map_err(|refused| (refused.to_string(), INCOMPLETE))?;
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

/// Takes out what is of no use any more. What can't be told is left where it is.
fn prune(sources: &Sources, options: &Options, outcome: &Outcome) -> u8 {
    let Some((stated, policy)) = sources.policies.head() else {
        return print("There is no policy here, and so no exception.\n");
    };
    if options.head != Head::Worktree {
        return complain(
            "exceptions are removed from the policy in the worktree: without --staged and --head",
            USAGE,
        );
    }
    let exceptions = policy.exceptions();
    let has_ended = |at: &usize| exceptions[*at].has_ended(options.today);
    let gone: Vec<usize> =
        (0..exceptions.len()).filter(|at| has_ended(at) || outcome.spent.contains(at)).collect();
    if gone.is_empty() {
        return print(&format!("{} has no exception that is of no use.\n", stated.source.path));
    }
    let path = sources.root.as_ref().unwrap_or(&options.folder).join(&stated.source.path);
    let text = match edit::remove(stated.source.raw(), &gone) {
        Ok(text) => text,
        Err(error) => return complain(&error, USAGE),
    };
    if let Err(error) = write::over(&path, stated.source.raw().as_bytes(), text.as_bytes()) {
        return complain(&format!("{}: {error}", path.display()), INCOMPLETE);
    }
    let mut said = format!("Removed from {}:\n", stated.source.path);
    for at in &gone {
        let why = if has_ended(at) { "has ended" } else { "accepts nothing any more" };
        said.push_str(&escape::message(&format!(
            "  {} {why}: {}",
            exceptions[*at].describe(),
            exceptions[*at].reason
        )));
        said.push('\n');
    }
    said.push_str(&next(sources, &stated.source.path));
    print(&said)
}

/// What makes it count for a commit.
fn next(sources: &Sources, path: &str) -> String {
    let staged = sources.stand.stage(path).filter(|_| sources.root.is_some());
    staged.map(|it| format!("Next: {it}.\n")).unwrap_or_default()
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn say(path: &Path, sources: &Sources, chosen: &[&Finding], ends: Option<Date>) -> u8 {
    let mut text = format!("Accepted {} in {}:\n", count(chosen.len(), "finding"), name(path));
    for finding in chosen {
        let rules = std::iter::once(finding.rule).chain(finding.also.iter().copied());
        let rules = rules.collect::<Vec<_>>().join(", ");
        let line = format!("  {rules}: {} ({})", finding.message, finding.path);
        text.push_str(&escape::message(&line));
        text.push('\n');
    }
    if let Some(ends) = ends {
        text.push_str(&format!("Until {ends}: --until sets another day.\n"));
    }
    let root = sources.root.as_deref().and_then(|root| path.strip_prefix(root).ok());
    text.push_str(&root.map(|it| next(sources, &it.to_string_lossy())).unwrap_or_default());
    if sources.base.is_some() {
        text.push_str(
            "A pull request is judged by the policy of its base: let this land first, in a change of its own.\n",
        );
    }
    print(&text);
    CLEAN
}

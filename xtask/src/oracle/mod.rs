//! `cargo xtask oracle GITDIR…`: what lockproof reads of the lockfiles of any repository, held against second readers.
//!
//! Every lockfile at HEAD and a sample of its history is read twice: by lockproof, and by a plain reader that was written
//! from the format's documentation, on top of another parser (`serde_json`, `toml`, `granit-parser`, the `cargo-lock`
//! crate). Both have to find the same set of names, versions and hashes.

mod readers;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use lockproof::ecosystems::formats;
use lockproof::ecosystems::formats::{Family, Format};
use lockproof::text::source::{Side, Source};
use lockproof::text::syntax::FaultKind;
use rayon::prelude::*;

use crate::tools::{Done, Failure, git, say, text_of};

/// How many versions of one lockfile are read, HEAD's among them.
const SAMPLE: usize = 20;
/// How many differences are printed for one file.
const SHOWN: usize = 5;

/// Name, version, and all hashes in order.
pub(crate) type Entry = (String, String, String);
pub(crate) type Entries = BTreeSet<Entry>;

pub(crate) fn run(arguments: &[String]) -> Done {
    let (mut sample, mut folders) = (SAMPLE, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--versions" => {
                let number = rest.next().and_then(|it| it.parse().ok());
                sample = number.ok_or_else(|| Failure::Usage("--versions wants a number".to_owned()))?;
            }
            option if option.starts_with('-') => return Err(Failure::Usage(format!("there is no {option}"))),
            folder => folders.push(folder),
        }
    }
    if folders.is_empty() {
        return Err(Failure::Usage("oracle wants git repositories".to_owned()));
    }
    let mut differ = 0;
    for folder in folders {
        let tally = compare_all(Path::new(folder), sample)?;
        tally.lines.iter().for_each(say);
        say(format!("{folder}: {tally}"));
        differ += tally.lines.len();
    }
    match differ {
        0 => Ok(()),
        count => Err(Failure::Failed(format!("{count} differences"))),
    }
}

/// What a repository's lockfiles came to.
#[derive(Default)]
struct Tally {
    /// Files, each version counted, and their entries, by format.
    read: BTreeMap<&'static str, (usize, usize)>,
    /// Files whose entries are not compared, by reason.
    passed: BTreeMap<&'static str, usize>,
    lines: Vec<String>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let read = self.read.iter().map(|(id, (files, entries))| format!("{files} {id} ({entries} entries)"));
        let passed = self.passed.iter().map(|(why, files)| format!("{files} not compared: {why}"));
        let parts: Vec<_> = read.chain(passed).collect();
        write!(f, "{}; {} differences", parts.join(", "), self.lines.len())
    }
}

fn compare_all(folder: &Path, sample: usize) -> Result<Tally, Failure> {
    let versions = sampled(folder, sample)?;
    let texts = blobs(folder, versions.iter().map(|it| it.blob.as_str()))?;
    let compared: Vec<_> = versions
        .par_iter()
        .zip(texts)
        .filter_map(|(version, text)| Some((version, compare(&version.path, text?)?)))
        .collect();
    let mut tally = Tally::default();
    for (version, verdict) in compared {
        match verdict {
            Verdict::Same { format, entries } => {
                let count = tally.read.entry(format).or_default();
                *count = (count.0 + 1, count.1 + entries);
            }
            Verdict::Passed(why) => *tally.passed.entry(why).or_default() += 1,
            Verdict::Differs(lines) => {
                tally
                    .lines
                    .extend(lines.iter().map(|line| format!("{} {}: {line}", version.path, version.blob)));
            }
        }
    }
    Ok(tally)
}

/// One version of one lockfile.
struct Version {
    path: String,
    blob: String,
}

/// Of every lockfile that the history has, HEAD's version and others that are evenly spread.
fn sampled(folder: &Path, sample: usize) -> Result<Vec<Version>, Failure> {
    let files = formats::ALL.iter().filter(|it| it.family == Family::Packages).flat_map(|it| it.files);
    let globs: Vec<_> = files.map(|file| format!(":(glob)**/{file}")).collect();
    let log = ["log", "--raw", "--no-abbrev", "--no-renames", "--format=", "-z", "HEAD", "--"];
    let output = git(folder, log.iter().copied().chain(globs.iter().map(String::as_str))).output()?;
    if !output.status.success() {
        return Err(Failure::Failed(text_of(&output)));
    }
    // `:100644 100644 <old> <new> M`, then the path: newest first.
    let text = String::from_utf8_lossy(&output.stdout);
    let mut fields = text.split('\0');
    let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        let mut parts = head.trim_start().split(' ');
        let (mode, blob) = (parts.nth(1), parts.nth(1));
        let (Some(mode), Some(blob)) = (mode, blob) else { continue };
        // Neither a link nor a submodule, and not taken away.
        if mode.starts_with("100") {
            by_path.entry(path).or_default().push(blob);
        }
    }
    let mut versions = Vec::new();
    for (path, mut blobs) in by_path {
        let mut known = BTreeSet::new();
        blobs.retain(|blob| known.insert(*blob));
        let step = blobs.len().div_ceil(sample.max(1)).max(1);
        let spread = blobs.iter().step_by(step);
        versions.extend(spread.map(|blob| Version { path: path.to_owned(), blob: (*blob).to_owned() }));
    }
    Ok(versions)
}

/// The bytes of blobs, in order; nothing for those that a partial clone lacks.
fn blobs<'b>(folder: &Path, ids: impl Iterator<Item = &'b str>) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let mut child = git(folder, ["cat-file", "--batch", "--buffer"])
        .env("GIT_NO_LAZY_FETCH", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let asked: String = ids.map(|id| format!("{id}\n")).collect();
    let mut stdin = child.stdin.take().expect("it was asked for");
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let mut bytes = Vec::new();
    child.stdout.take().expect("it was asked for").read_to_end(&mut bytes)?;
    child.wait()?;
    writer.join().expect("it does not panic")?;
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(end) = bytes[at..].iter().position(|&byte| byte == b'\n').map(|end| at + end) {
        let header = String::from_utf8_lossy(&bytes[at..end]).into_owned();
        let size = header.split(' ').nth(2).and_then(|size| size.parse::<usize>().ok());
        found.push(size.and_then(|size| bytes.get(end + 1..end + 1 + size)).map(<[u8]>::to_vec));
        at = end + 1 + size.map_or(0, |size| size + 1);
    }
    Ok(found)
}

#[derive(Debug)]
enum Verdict {
    Same {
        format: &'static str,
        entries: usize,
    },
    /// By design: why.
    Passed(&'static str),
    Differs(Vec<String>),
}

/// Reads one file twice.
fn compare(path: &str, bytes: Vec<u8>) -> Option<Verdict> {
    let format = formats::of_path(path.as_bytes()).filter(|it| it.family == Family::Packages)?;
    let source = Source::new(path, Side::Worktree, bytes);
    let own = own_entries(format, &source);
    let other = readers::read(format.id, source.raw());
    Some(match (own, other) {
        (Err(_), Err(_)) => Verdict::Passed("no reader takes it"),
        (Err(Refused::Twice), _) => Verdict::Passed("a key or an entry stands twice, which is a finding"),
        (Err(Refused::Syntax(fault)), Ok(_)) => {
            Verdict::Differs(vec![format!("lockproof refuses it: {fault}")])
        }
        (Ok(_), Err(why)) => Verdict::Differs(vec![format!("only lockproof reads it: {why}")]),
        (Ok(own), Ok(other)) => verdict(format, &own, &other),
    })
}

fn verdict(format: &Format, own: &Entries, other: &Entries) -> Verdict {
    let show = |(name, version, hash): &Entry| format!("{name} {version} {hash}");
    let only_own = own.difference(other).map(|it| format!("only lockproof has {}", show(it)));
    let only_other = other.difference(own).map(|it| format!("lockproof lacks {}", show(it)));
    let lines: Vec<_> = only_own.chain(only_other).collect();
    match lines.len() {
        0 => Verdict::Same { format: format.id, entries: own.len() },
        count => {
            let more = (count > SHOWN).then(|| format!("and {} more", count - SHOWN));
            Verdict::Differs(lines.into_iter().take(SHOWN).chain(more).collect())
        }
    }
}

enum Refused {
    Syntax(String),
    Twice,
}

fn own_entries(format: &'static Format, source: &Source) -> Result<Entries, Refused> {
    let lockfile = format.read(source);
    if let Some(fault) = lockfile.faults.iter().find(|it| it.kind == FaultKind::Syntax) {
        return Err(Refused::Syntax(fault.message.clone()));
    }
    if lockfile.faults.iter().any(|it| it.kind == FaultKind::DuplicateKey) {
        return Err(Refused::Twice);
    }
    let entry = |package: &lockproof::model::Package<'_>| {
        let mut hashes: Vec<_> = package.digests().map(|digest| digest.raw.to_owned()).collect();
        hashes.sort();
        (package.name.as_str().to_owned(), package.version().to_owned(), hashes.join(" "))
    };
    Ok(lockfile.packages.iter().map(entry).collect())
}

#[cfg(test)]
mod tests;

//! `lockproof tool freeze`: lockfiles as the systems would write them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use super::{ScopeArg, index_of, shown};
use crate::actions::write;
use crate::agents::tool::disk::{Folders, Scope, Tier};
use crate::agents::tool::freeze;
use crate::agents::tool::freeze::{Frozen, How};
use crate::agents::tool::signature::System;
use crate::agents::tool::tools::{Project, Tools};
use crate::agents::tool::{lock, time};
use crate::cli::{CLEAN, FOUND, INCOMPLETE, USAGE, complain, print};
use crate::ecosystems::formats;
use crate::model::Lockfile;
use crate::text::source::{Side, Source};

#[derive(Args)]
pub(in crate::cli) struct FreezeArgs {
    /// Ids of tools
    #[arg(required_unless_present = "all")]
    tools: Vec<String>,
    /// Every tool that names what runs it
    #[arg(long, conflicts_with = "tools")]
    all: bool,
    /// Whose lockfiles [default: those that are here, or whose signatures the tools have]
    #[arg(long, value_enum)]
    variant: Option<VariantArg>,
    /// Where to write
    #[arg(long, value_enum, default_value = "project")]
    scope: ScopeArg,
    /// Kiwi's folder, for tools that do not name one
    #[arg(long)]
    category: Option<String>,
    /// Leave a lockfile of another chain where it is, and write this one beside it under its chain hash
    #[arg(long)]
    keep: bool,
    /// Write nothing; the exit code is 1 when something would be written
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VariantArg {
    Kiwi,
    Rye,
}

pub(super) fn run(arguments: &FreezeArgs, folder: &Path) -> Result<u8, (String, u8)> {
    let own = Folders::below(Scope::Project, folder).read();
    let tools = Tools::new(own.sources.iter());
    let project = tools.project("");
    let is_rye = is_rye(arguments, &own, project).ok_or_else(|| {
        ("nothing here tells whose lockfiles to write: say --variant kiwi or --variant rye".to_owned(), USAGE)
    })?;
    let user = || Folders::of_user(is_rye).map(|folders| folders.read());
    let target = match arguments.scope {
        ScopeArg::Project => None,
        ScopeArg::User => Some(user().ok_or_else(|| ("there is no home folder".to_owned(), USAGE))?),
    };
    let target = target.as_ref().unwrap_or(&own);
    let now = now()?;
    let how = How { is_rye, now: &now, space: "project", category: arguments.category.as_deref() };
    let mut work = Work { target, how, written: Vec::new(), out: String::new(), failed: 0 };
    for id in ids(arguments, project, is_rye) {
        work.freeze(arguments, project, &id);
    }
    work.finish(arguments)
}

/// Lockfiles that are here decide, then signatures.
fn is_rye(arguments: &FreezeArgs, tier: &Tier, project: &Project<'_>) -> Option<bool> {
    if let Some(variant) = arguments.variant {
        return Some(variant == VariantArg::Rye);
    }
    let mut locks = tier.sources.iter().filter(|source| lock::is_one(source.raw()));
    if let Some(first) = locks.next() {
        return Some(lock::is_rye(first.raw()));
    }
    let signature = project.tools.iter().find_map(|tool| project.signature(tool));
    signature.map(|line| line.system == System::Rye)
}

fn ids(arguments: &FreezeArgs, project: &Project<'_>, is_rye: bool) -> BTreeSet<String> {
    if !arguments.all {
        return arguments.tools.iter().cloned().collect();
    }
    let runs = project.tools.iter().filter(|tool| tool.says(is_rye).executor.is_some());
    runs.map(|tool| tool.name(is_rye).to_owned()).collect()
}

/// Now, as the systems write it.
fn now() -> Result<String, (String, u8)> {
    let seconds = crate::read::clock::now().map_err(|error| (error, USAGE))?;
    let is_set = std::env::var_os("SOURCE_DATE_EPOCH").is_some();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok().filter(|_| !is_set);
    Ok(time::format(seconds, since.map_or(0, |since| since.subsec_micros())))
}

struct Work<'w> {
    target: &'w Tier,
    how: How<'w>,
    /// Where, and what.
    written: Vec<(String, Frozen)>,
    out: String,
    failed: usize,
}

impl Work<'_> {
    fn freeze(&mut self, arguments: &FreezeArgs, project: &Project<'_>, id: &str) {
        let frozen = match freeze::freeze(project, id, &self.how) {
            Ok(frozen) => frozen,
            Err(why) => {
                complain(&format!("{id} can't be frozen: {why}"), FOUND);
                self.failed += 1;
                return;
            }
        };
        let (below, old) = self.place(arguments, &frozen);
        if old.is_some_and(|old| freeze::is_same(old, &frozen.text)) {
            self.say("unchanged", &below);
        } else {
            self.say(if arguments.check { "would write" } else { "wrote" }, &below);
            self.written.push((below, frozen));
        }
    }

    /// Where a lockfile goes, and what stands there.
    fn place(&self, arguments: &FreezeArgs, frozen: &Frozen) -> (String, Option<&str>) {
        let folder = if frozen.category.is_empty() { String::new() } else { format!("{}/", frozen.category) };
        let name = format!("{folder}{}@{}", frozen.id, frozen.version);
        let read = |below: &str| {
            let path = shown(self.target, below);
            self.target.sources.iter().find(|source| source.path == path).map(Source::raw)
        };
        let below = format!("{name}.lock.json");
        let old = read(&below);
        let is_other = old.is_some_and(|old| chain_hash(old).is_some_and(|hash| hash != frozen.chain_hash));
        if arguments.keep && is_other && !self.how.is_rye {
            let below = format!("{name}.{}.lock.json", frozen.chain_hash);
            let old = read(&below);
            return (below, old);
        }
        (below, old)
    }

    fn say(&mut self, what: &str, below: &str) {
        self.out.push_str(&crate::text::escape::message(&format!("{what} {}", shown(self.target, below))));
        self.out.push('\n');
    }

    fn finish(mut self, arguments: &FreezeArgs) -> Result<u8, (String, u8)> {
        let index = self.index()?;
        if !arguments.check {
            let failed = |error: std::io::Error, below: &str| {
                (format!("{}: {error}", shown(self.target, below)), INCOMPLETE)
            };
            for (below, frozen) in &self.written {
                write::below(&self.target.base, below, frozen.text.as_bytes())
                    .map_err(|error| failed(error, below))?;
            }
            if let Some(index) = index {
                let written = write::below(&self.target.base, ".index.json", index.as_bytes());
                written.map_err(|error| failed(error, ".index.json"))?;
            }
        }
        if self.out.is_empty() && self.failed == 0 {
            self.out.push_str("There is no tool to freeze.\n");
        }
        print(&self.out);
        let stale = arguments.check && !self.written.is_empty();
        Ok(if stale || self.failed > 0 { FOUND } else { CLEAN })
    }

    /// Kiwi's index with the new lockfiles in it. One that can't be read is not written over.
    fn index(&self) -> Result<Option<String>, (String, u8)> {
        if self.how.is_rye || self.written.is_empty() {
            return Ok(None);
        }
        let old = index_of(self.target).map_or("", Source::raw);
        let put = self.written.iter().filter_map(|(below, frozen)| {
            let source = Source::new(below.as_str(), Side::Worktree, frozen.text.clone().into_bytes());
            let read: Lockfile<'_> = formats::kiwi::FORMAT.read(&source);
            Some(freeze::index_entry(below, read.tool.as_deref()?, self.target.scope.name(), None))
        });
        let index = freeze::edited_index(old, put.collect(), &[], Some(self.how.now));
        let broken = |why| {
            (
                format!(
                    "{} {why}: `lockproof tool index --rebuild` first",
                    shown(self.target, ".index.json")
                ),
                FOUND,
            )
        };
        index.map(Some).map_err(broken)
    }
}

fn chain_hash(text: &str) -> Option<String> {
    let source = Source::new("x.lock.json", Side::Worktree, text.as_bytes().to_vec());
    let read = formats::kiwi::FORMAT.read(&source);
    read.tool.as_deref().map(|tool| tool.chain_hash())
}

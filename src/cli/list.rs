//! `lockproof list`: the lockfiles, and every entry of each.

use clap::{Args, ValueEnum};

use super::{CLEAN, INCOMPLETE, JobsArg, USAGE, complain, complain_of, here, print, with_threads};
use crate::model::Lockfile;
use crate::read::options::{Base, Head, Options};
use crate::read::{self, models::resolution};
use crate::render::inventory::Inventory;

#[derive(Args)]
pub(super) struct ListArgs {
    /// Files, folders or globs; everything when there is none
    paths: Vec<String>,
    /// Every entry of each
    #[arg(long)]
    packages: bool,
    /// List what REV holds
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: ListFormat,
    #[command(flatten)]
    jobs: JobsArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum ListFormat {
    Text,
    Json,
}

pub(super) fn run(arguments: ListArgs) -> u8 {
    let folder = match here() {
        Ok(folder) => folder,
        Err(error) => return complain(&error, USAGE),
    };
    let head = arguments.head.clone().map_or(Head::Worktree, Head::Revision);
    let options =
        Options { paths: arguments.paths.clone(), folder, head, base: Base::None, ..Options::default() };
    with_threads(arguments.jobs.jobs, || {
        let sources = match read::read(&options) {
            Ok(sources) => sources,
            Err(error) => return complain_of(&error),
        };
        let judged = sources.lockfiles.iter().filter(|file| file.judged);
        let read: Vec<Lockfile<'_>> =
            judged.filter_map(|file| Some(file.format?.read(file.head.as_ref()?))).collect();
        let manifest = |it: &Lockfile<'_>| it.format.manifest_beside(&it.source.path, &sources.head_paths);
        let found: Vec<_> = read.iter().map(|lockfile| (lockfile, manifest(lockfile))).collect();
        let variable = super::llmring::variable();
        let is_asked = variable.is_some() || read.iter().any(|it| it.llmring.is_some());
        let resolution =
            (is_asked && arguments.head.is_none()).then(|| resolution(&options.folder, variable.as_deref()));
        let others = sources.unsupported.iter().filter(|it| it.judged && it.head.is_some());
        let inventory =
            Inventory::new(&found, arguments.packages).with_unsupported(others).with_resolution(resolution);
        print(&match arguments.format {
            ListFormat::Text => inventory.text(),
            ListFormat::Json => inventory.json(),
        });
        sources.problems.iter().for_each(|problem| {
            complain(problem, INCOMPLETE);
        });
        if sources.problems.is_empty() { CLEAN } else { INCOMPLETE }
    })
}

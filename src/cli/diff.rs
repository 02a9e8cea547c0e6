//! `lockproof diff`: what a change does to the lockfiles.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};

use super::check::{ColorArg, style};
use super::{CLEAN, FOUND, INCOMPLETE, JobsArg, USAGE, complain, complain_of, here, print, with_threads};
use crate::actions::diff::Diff;
use crate::check::{self, Parsed};
use crate::git::RepoError;
use crate::read::clock;
use crate::read::options::{Base, Head, Options, Scope};
use crate::read::{self, ReadError, Sources};
use crate::render::diff as render;

#[derive(Args)]
pub(super) struct DiffArgs {
    /// REV with the worktree, or REV with REV; also REV..REV, and REV...REV for what the second did since they parted
    /// [default: HEAD with the worktree]
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<String>,
    /// Files, folders or globs, behind `--`; everything when there is none
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<String>,
    /// The git index in place of the worktree
    #[arg(long)]
    staged: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: DiffFormat,
    /// Exit with 1 when a lockfile changed
    #[arg(long)]
    exit_code: bool,
    /// Colours in the text
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: ColorArg,
    #[command(flatten)]
    jobs: JobsArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum DiffFormat {
    Text,
    Markdown,
    Json,
}

pub(super) fn run(arguments: DiffArgs) -> u8 {
    let options = match options(&arguments) {
        Ok(options) => options,
        Err(error) => return complain(&error, USAGE),
    };
    with_threads(options.jobs, || match read::read(&options) {
        Ok(sources) if sources.root.is_none() => {
            complain("this is no git repository: there is nothing to compare with", USAGE)
        }
        Ok(sources) => compare(&arguments, &options, &sources),
        Err(ReadError::Repo(RepoError::Revision { name, .. })) if options.folder.join(&name).exists() => {
            complain(&format!("`{name}` is no revision; a path stands behind `--`"), USAGE)
        }
        Err(error) => complain_of(&error),
    })
}

fn compare(arguments: &DiffArgs, options: &Options, sources: &Sources) -> u8 {
    let parsed = Parsed::all(sources);
    let outcome = check::lint_parsed(sources, options, &parsed);
    let diff = Diff::new(&parsed.0, &outcome);
    let problems = &outcome.coverage.problems;
    print(&match arguments.format {
        DiffFormat::Json => render::json(sources, &diff, problems),
        DiffFormat::Markdown => render::markdown::report(sources, &diff),
        DiffFormat::Text => {
            let to_terminal = std::io::stdout().is_terminal();
            let style = style(to_terminal, arguments.color);
            let style = render::text::Style { color: style.color, width: style.width };
            render::text::report(sources, &diff, style)
        }
    });
    for problem in problems {
        complain(problem, INCOMPLETE);
    }
    for it in outcome.coverage.unsupported.iter().filter(|it| it.changed && !it.accepted) {
        let what = format!("{} changed, and lockproof can't read it yet: it was not compared", it.path);
        complain(&what, CLEAN);
    }
    let unreadable = diff.lockfiles.iter().any(|it| it.unreadable);
    match (unreadable || !problems.is_empty(), arguments.exit_code && !diff.lockfiles.is_empty()) {
        (true, _) => INCOMPLETE,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    }
}

fn options(arguments: &DiffArgs) -> Result<Options, String> {
    let (base, head) = sides(&arguments.revisions, arguments.staged)?;
    Ok(Options {
        paths: arguments.paths.clone(),
        folder: here()?,
        head,
        base,
        // What the base side has too says nothing of the change.
        scope: Some(Scope::New),
        today: Some(clock::today()?),
        jobs: arguments.jobs.jobs,
        ..Options::default()
    })
}

/// As git reads them.
fn sides(revisions: &[String], staged: bool) -> Result<(Base, Head), String> {
    let here = if staged { Head::Index } else { Head::Worktree };
    let or_head = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
    let (base, head) = match revisions {
        [] => (Base::Default, here),
        [one] => match (one.split_once("..."), one.split_once("..")) {
            (Some((a, b)), _) => (Base::MergeBase(or_head(a)), Head::Revision(or_head(b))),
            (None, Some((a, b))) => (Base::Revision(or_head(a)), Head::Revision(or_head(b))),
            (None, None) => (Base::Revision(one.clone()), here),
        },
        [a, b, ..] if a.contains("..") || b.contains("..") => {
            return Err("a range is two revisions already".to_owned());
        }
        [a, b, ..] => (Base::Revision(a.clone()), Head::Revision(b.clone())),
    };
    if staged && matches!(head, Head::Revision(_)) {
        return Err("--staged compares with the index: one revision is enough".to_owned());
    }
    Ok((base, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_mean_what_they_mean_to_git() {
        let of = |words: &[&str]| {
            sides(&words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), false).unwrap()
        };
        let (exact, at) =
            (|name: &str| Base::Revision(name.into()), |name: &str| Head::Revision(name.into()));
        assert_eq!(of(&[]), (Base::Default, Head::Worktree));
        assert_eq!(of(&["a"]), (exact("a"), Head::Worktree));
        for words in [&["a", "b"][..], &["a..b"]] {
            assert_eq!(of(words), (exact("a"), at("b")));
        }
        assert_eq!(of(&["a.."]), (exact("a"), at("HEAD")));
        assert_eq!(of(&["..b"]), (exact("HEAD"), at("b")));
        assert_eq!(of(&["a...b"]), (Base::MergeBase("a".into()), at("b")));
        assert_eq!(sides(&["a".into()], true), Ok((exact("a"), Head::Index)));
        assert!(
            sides(&["a..b".into()], true).is_err() && sides(&["a..b".into(), "c".into()], false).is_err()
        );
    }
}

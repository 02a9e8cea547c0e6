//! The picture of the README: what lockproof really prints of `examples/tampered`, with its colours.

use std::fs;
use std::path::Path;

use anstyle_svg::{Term, WIN10_CONSOLE};
use lockproof::read::options::Options;
use lockproof::render::terminal::{self, Style};
use lockproof::{check, read};

use crate::tools::{Failure, at, git, root};

/// One diagnostic, as SVG.
pub(crate) fn svg() -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let repo = folder.path();
    succeed(repo, &["init", "--quiet"])?;
    copy("before", repo)?;
    succeed(repo, &["add", "."])?;
    let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgSign=false"];
    succeed(repo, &[&author[..], &["commit", "--quiet", "--message=Lock"]].concat())?;
    copy("after", repo)?;
    let options = Options { folder: repo.to_owned(), ..Options::default() };
    let sources = read::read(&options).map_err(|error| Failure::Failed(error.to_string()))?;
    let outcome = check::lint(&sources, &options);
    let style = Style { color: true, width: 80, quiet: false, verbose: false };
    let text = terminal::report(&sources, &outcome, style);
    Ok(Term::new()
        .palette(WIN10_CONSOLE)
        .render_svg(&format!("$ lockproof\n\n{}", diagnostic(&text, "pin-rewritten"))))
}

/// The diagnostic of one rule: from its heading to the next one.
fn diagnostic<'r>(report: &'r str, rule: &str) -> &'r str {
    let starts: Vec<usize> = report.match_indices("error[").map(|(at, _)| line_start(report, at)).collect();
    let is_of = |at: &usize| report[*at..].lines().next().is_some_and(|line| line.contains(rule));
    let Some(from) = starts.iter().copied().find(is_of) else { return report };
    let to = starts.iter().copied().find(|&at| at > from).unwrap_or(report.len());
    report[from..to].trim_end()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn copy(state: &str, repo: &Path) -> Result<(), Failure> {
    let from = root().join("examples/tampered").join(state);
    for entry in fs::read_dir(&from).map_err(at(&from))? {
        let entry = entry?;
        fs::copy(entry.path(), repo.join(entry.file_name())).map_err(at(&entry.path()))?;
    }
    Ok(())
}

fn succeed(repo: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let status = git(repo, arguments).status()?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("git {arguments:?}: {status}"))) }
}

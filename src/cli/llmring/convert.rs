//! `lockproof llmring convert`: the other syntax, in the original's exact layout. What would be lost is said, and refused.

use std::path::{Path, PathBuf};

use clap::Args;

use super::digest::BuildArg;
use super::{Done, Failed, FileArg, loadable, write};
use crate::agents::llmring::Build;
use crate::agents::llmring::document::Document;
use crate::agents::llmring::loaded::load;
use crate::agents::llmring::save::{lost, save};
use crate::agents::llmring::value::Syntax;
use crate::cli::{CLEAN, print};
use crate::text::escape;
use crate::text::source::Source;

#[derive(Args)]
pub(in crate::cli) struct ConvertArgs {
    #[command(flatten)]
    file: FileArg,
    /// Where to [default: the same name, with or without .json]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite it
    #[arg(long)]
    force: bool,
    /// Leave out comments, and keys that llmring does not know
    #[arg(long)]
    drop: bool,
    /// The layout of this build [default: head where the file has `extends`, else 1.4.0]
    #[arg(long, value_enum)]
    build: Option<BuildArg>,
}

pub(super) fn run(arguments: &ConvertArgs) -> Done {
    let (path, source) = arguments.file.read()?;
    let document = loadable(&source, "nothing was written")?;
    let syntax = match document.syntax {
        Syntax::Toml => Syntax::Json,
        Syntax::Json => Syntax::Toml,
    };
    let has_extends = document.root.get("extends").is_some();
    let default = if has_extends { Build::Head } else { Build::Published };
    let build = arguments.build.map_or(default, BuildArg::build);
    let loaded =
        load(&document, build, "").map_err(|_| Failed::found(format!("{} does not load", source.path)))?;
    let text = save(&loaded, syntax);
    let mut losses = if arguments.drop { Vec::new() } else { dropped(&document, &source) };
    let hint = if losses.is_empty() { "" } else { "\n--drop leaves out comments and unknown keys." };
    if has_extends && build == Build::Published {
        losses.push("`extends`: the published 1.4.0 does not know it".to_owned());
    }
    losses.extend(
        loaded.unstamped.iter().map(|field| format!("`{field}`: it is missing, and would be made up")),
    );
    losses.extend(lost(&loaded, &text, syntax, build));
    if !losses.is_empty() {
        let list: Vec<_> = losses.iter().map(|it| format!("  {it}")).collect();
        let message = format!(
            "{} can't be written as {} without loss:\n{}{hint}",
            source.path,
            syntax.name(),
            list.join("\n")
        );
        return Err(Failed::found(message));
    }
    let output = arguments.output.clone().unwrap_or_else(|| sibling(&path, syntax));
    if output.exists() && !arguments.force {
        return Err(Failed::usage(format!("{} is there already; --force overwrites it", output.display())));
    }
    write(&output, &text)?;
    let said = format!("{} was written, as {} of {}.", output.display(), syntax.name(), build.describe());
    print(&(escape::message(&said) + "\n"));
    Ok(CLEAN)
}

/// What the original does not keep at all.
fn dropped(document: &Document<'_>, source: &Source) -> Vec<String> {
    let line = |at: &str| source.span(at).map_or(1, |span| source.place(span.start).line);
    let keys = document
        .dropped
        .iter()
        .map(|it| format!("line {}: `{}` {}", line(it.key.raw), it.key.as_str(), it.place));
    let mut losses: Vec<_> = keys.collect();
    if document.syntax == Syntax::Toml {
        let comments =
            source.text().lines().enumerate().filter(|(_, line)| line.trim_start().starts_with('#'));
        losses.extend(
            comments.map(|(at, line)| format!("line {}: the comment `{}`", at + 1, escape::cut(line.trim()))),
        );
    }
    losses
}

fn sibling(path: &Path, syntax: Syntax) -> PathBuf {
    let text = path.to_string_lossy();
    match syntax {
        Syntax::Json => PathBuf::from(format!("{text}.json")),
        Syntax::Toml => PathBuf::from(text.strip_suffix(".json").unwrap_or(&text)),
    }
}

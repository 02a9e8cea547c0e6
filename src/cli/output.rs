//! Where a report goes, and in which form.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;

use super::check::{ColorArg, style};
use super::print;
use crate::actions::write;
use crate::check::Outcome;
use crate::read::Sources;
use crate::read::options::{FailOn, Options};
use crate::render::{github, gitlab, json, junit, markdown, proof, sarif, terminal};

#[derive(Args)]
pub(super) struct OutputArgs {
    /// The form of the report, to standard output or to FILE; may be repeated: text, json, sarif (code scanning), github
    /// (annotations of a workflow), gitlab (code quality), junit, markdown (the summary of a step)
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse, default_value = "text")]
    format: Vec<Output>,
    /// Write a proof to this folder: reports, and an in-toto statement over the digests of the lockfiles
    #[arg(long, value_name = "DIR")]
    pub(super) proof: Option<PathBuf>,
    /// Colours in the text
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: ColorArg,
    /// Only what was found
    #[arg(long, short, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Also what was checked, lockfile by lockfile
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
    Markdown,
}

const FORMS: [(&str, Form); 7] = [
    ("text", Form::Text),
    ("json", Form::Json),
    ("sarif", Form::Sarif),
    ("github", Form::Github),
    ("gitlab", Form::Gitlab),
    ("junit", Form::Junit),
    ("markdown", Form::Markdown),
];

impl Form {
    /// A program reads it from its first byte to its last: nothing else may stand beside it.
    fn is_document(self) -> bool {
        matches!(self, Form::Json | Form::Sarif | Form::Gitlab | Form::Junit)
    }
}

#[derive(Clone)]
struct Output {
    form: Form,
    file: Option<PathBuf>,
}

fn parse(text: &str) -> Result<Output, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(form, file)| (form, Some(file)));
    let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = FORMS.iter().map(|(known, _)| *known).collect();
        return Err(format!("`{name}` is no format: {}", known.join(", ")));
    };
    if file == Some("") {
        return Err(format!("`{text}` names no file"));
    }
    Ok(Output { form: *form, file: file.map(PathBuf::from) })
}

/// What there is to tell of.
pub(super) struct Run<'a> {
    pub(super) sources: &'a Sources,
    pub(super) outcome: &'a Outcome,
    pub(super) options: &'a Options,
    pub(super) fail_on: FailOn,
}

impl OutputArgs {
    /// Two outputs in one place would spoil each other.
    pub(super) fn check(&self) -> Result<(), String> {
        let files: Vec<&Path> = self.format.iter().filter_map(|it| it.file.as_deref()).collect();
        if let Some(twice) = files.iter().enumerate().find(|(at, file)| files[..*at].contains(file)) {
            return Err(format!("two forms of the report can't both be written to {}", twice.1.display()));
        }
        let printed: Vec<Form> =
            self.format.iter().filter(|it| it.file.is_none()).map(|it| it.form).collect();
        if printed.len() > 1 && printed.iter().any(|form| form.is_document()) {
            return Err(
                "a document that programs read has standard output for itself: use FORMAT=FILE".to_owned()
            );
        }
        Ok(())
    }

    /// Writes all of them, whatever becomes of one. What went wrong is returned.
    pub(super) fn write(&self, run: &Run<'_>) -> Vec<String> {
        let mut failed = Vec::new();
        for output in &self.format {
            let text = self.render(output, run);
            let Some(file) = &output.file else {
                print(&text);
                continue;
            };
            let written = write::atomically(file, text.as_bytes());
            failed.extend(written.err().map(|error| format!("{}: {error}", file.display())));
        }
        if let Some(folder) = &self.proof {
            let files = proof::bundle(run.sources, run.outcome, run.options, run.fail_on);
            let written = write::sealed(folder, &files);
            failed.extend(written.err().map(|error| format!("{}: {error}", folder.display())));
        }
        failed
    }

    fn render(&self, output: &Output, run: &Run<'_>) -> String {
        let Run { sources, outcome, .. } = *run;
        match output.form {
            Form::Text => {
                let to_terminal = output.file.is_none() && std::io::stdout().is_terminal();
                let (quiet, verbose) = (self.quiet, self.verbose);
                let style = style(to_terminal, self.color);
                terminal::report(sources, outcome, terminal::Style { quiet, verbose, ..style })
            }
            Form::Json => json::report(sources, outcome),
            Form::Sarif => sarif::report(sources, outcome),
            Form::Github => github::report(sources, outcome),
            Form::Gitlab => gitlab::report(outcome),
            Form::Junit => junit::report(sources, outcome, run.fail_on),
            Form::Markdown => markdown::report(sources, outcome),
        }
    }
}

//! `lockproof llmring bind`: an alias, its model and its fallbacks, checked before they are written.

use std::path::PathBuf;

use clap::Args;

use super::{Done, Failed, FileArg, loadable, now, rewrite};
use crate::agents::llmring::edit::{Change, apply};
use crate::agents::llmring::{PROVIDERS, near, split};
use crate::cli::{CLEAN, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct BindArgs {
    alias: String,
    /// The model and its fallbacks, as provider:model, in the order in which they are tried
    #[arg(required = true, value_delimiter = ',', value_name = "MODEL")]
    models: Vec<String>,
    /// The profile [default: the file's default profile]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Make the profile when it is not there
    #[arg(long)]
    create: bool,
    /// The lockfile [default: $LLMRING_LOCKFILE_PATH, ./llmring.lock, or the one in the directory of the Python package]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(arguments: &BindArgs) -> Done {
    let models: Vec<String> = arguments.models.iter().map(|it| it.trim().to_owned()).collect();
    models.iter().try_for_each(|model| check_model(model))?;
    check_alias(&arguments.alias)?;
    if let Some(twice) = models.iter().enumerate().find(|(at, model)| models[..*at].contains(model)) {
        return Err(Failed::usage(format!("`{}` is named twice", twice.1)));
    }
    let (path, source) = FileArg { file: arguments.file.clone() }.read()?;
    let document = loadable(&source, "nothing was changed")?;
    let name = arguments.profile.clone().unwrap_or_else(|| document.default_profile().to_owned());
    if !arguments.create {
        super::aliases::profile(&document, Some(&name))
            .map_err(|failed| Failed { message: failed.message + "; --create makes it", ..failed })?;
    }
    let change =
        Change::Bind { profile: name.clone(), alias: arguments.alias.clone(), models: models.clone() };
    let text = apply(source.text(), &document, &[change, Change::Stamp(now()?)])
        .map_err(|why| Failed::found(format!("{}: {why}; nothing was changed", source.path)))?;
    rewrite(&path, source.raw(), &text)?;
    let said = format!(
        "{}: `{}` in profile `{name}` leads to {}.",
        source.path,
        arguments.alias,
        models.join(", then ")
    );
    print(&(escape::message(&said) + "\n"));
    Ok(CLEAN)
}

fn check_model(model: &str) -> Result<(), Failed> {
    let parts = split(model).filter(|(provider, name)| !provider.is_empty() && !name.is_empty());
    let Some((provider, _)) = parts.filter(|_| !model.contains(char::is_whitespace)) else {
        return Err(Failed::usage(format!("`{model}` is no model: write provider:model")));
    };
    if PROVIDERS.contains(&provider) {
        return Ok(());
    }
    let meant = near(provider, PROVIDERS).map(|it| format!(", did you mean `{it}`?")).unwrap_or_default();
    Err(Failed::usage(format!(
        "llmring has no provider `{provider}`{meant} (it has: {})",
        PROVIDERS.join(", ")
    )))
}

fn check_alias(alias: &str) -> Result<(), Failed> {
    if alias.trim().is_empty() {
        return Err(Failed::usage("an alias needs a name"));
    }
    match split(alias).filter(|(provider, _)| PROVIDERS.contains(provider)) {
        Some(_) => Err(Failed::usage(format!(
            "`{alias}` would be taken for a model: an alias can't begin with a provider"
        ))),
        None => Ok(()),
    }
}

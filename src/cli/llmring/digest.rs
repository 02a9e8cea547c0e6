//! `lockproof llmring digest`: what `calculate_digest` gives, for both builds that call themselves 1.4.0.

use clap::{Args, ValueEnum};

use super::{Done, FileArg, Form, readable};
use crate::agents::canonical::{Value, indented};
use crate::agents::llmring::Build;
use crate::agents::llmring::document::Document;
use crate::agents::llmring::loaded::load;
use crate::cli::{CLEAN, FOUND, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct DigestArgs {
    #[command(flatten)]
    file: FileArg,
    /// Of this build only, and nothing but the digest
    #[arg(long, value_enum)]
    build: Option<BuildArg>,
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
}

/// A build of llmring.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum BuildArg {
    /// As it was published: it knows no `extends`
    #[value(name = "1.4.0")]
    Published,
    /// The head of its repository, which calls itself 1.4.0 as well
    Head,
}

impl BuildArg {
    pub(super) fn build(self) -> Build {
        match self {
            BuildArg::Published => Build::Published,
            BuildArg::Head => Build::Head,
        }
    }
}

pub(super) fn run(arguments: &DigestArgs) -> Done {
    let (path, source) = arguments.file.read()?;
    let document = readable(&source, "it has no digest")?;
    let builds: Vec<Build> = arguments.build.map_or(Build::ALL.to_vec(), |it| vec![it.build()]);
    let digests: Vec<_> = builds.iter().map(|build| (*build, of(&document, *build))).collect();
    let text = match arguments.format {
        Form::Json => {
            let entries = digests.iter().map(|(build, digest)| {
                let (key, text) = match digest {
                    Ok(digest) => ("digest", digest),
                    Err(why) => ("error", why),
                };
                (build.id().to_owned(), Value::object([(key, Value::text(text.as_str()))]))
            });
            let file = Value::text(path.display().to_string());
            indented(&Value::object([("file", file), ("builds", Value::Object(entries.collect()))])) + "\n"
        }
        Form::Text => digests.iter().map(|(build, digest)| line(*build, digest, builds.len() == 1)).collect(),
    };
    print(&text);
    Ok(if digests.iter().all(|(_, digest)| digest.is_ok()) { CLEAN } else { FOUND })
}

fn line(build: Build, digest: &Result<String, String>, alone: bool) -> String {
    match digest {
        Ok(digest) if alone => format!("{digest}\n"),
        Ok(digest) => format!("{digest}  {}\n", build.describe()),
        Err(why) => escape::message(&format!("none: {why}  {}", build.describe())) + "\n",
    }
}

/// Hex digits, or why there is no digest that would be the same again.
fn of(document: &Document<'_>, build: Build) -> Result<String, String> {
    if !document.is_named_rightly() {
        return Err(format!("its name says {}, and it is {}", document.named.name(), document.syntax.name()));
    }
    let loaded = load(document, build, "").map_err(|refusals| match refusals.first() {
        Some(refusal) => refusal.message.clone(),
        None => "it does not load".to_owned(),
    })?;
    if !loaded.is_stable() {
        return Err(format!("without {} it is another one each time", loaded.unstamped.join(" and ")));
    }
    Ok(loaded.digest())
}

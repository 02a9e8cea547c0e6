//! `lockproof tool hash`: the hashes of the systems, of files and of standard input.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::agents::tool::integrity::{Kind, Variant, compute, sha256};
use crate::agents::tool::{content, json};
use crate::cli::{INCOMPLETE, USAGE, complain, print};
use crate::disk;
use crate::text::source::Source;

#[derive(Args)]
pub(in crate::cli) struct HashArgs {
    /// A tool, whose content is hashed as RYE does; `-` is standard input
    file: PathBuf,
    /// The SHA-256 of a JSON text in canonical form
    #[arg(long, conflicts_with = "integrity")]
    canonical: bool,
    /// The integrity of an item that is given as JSON: `{tool_id, version, manifest, files}` and its like
    #[arg(long, requires = "variant")]
    integrity: bool,
    /// Whose integrity
    #[arg(long, value_enum, requires = "integrity")]
    variant: Option<VariantArg>,
    /// What the file is
    #[arg(long, value_enum, default_value = "tool")]
    kind: KindArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum VariantArg {
    Kiwi,
    KiwiExecutable,
    Rye,
}

#[derive(Clone, Copy, ValueEnum)]
enum KindArg {
    Tool,
    Directive,
    Knowledge,
}

pub(super) fn run(arguments: &HashArgs) -> u8 {
    let shown = arguments.file.display().to_string();
    let text = match read(&arguments.file) {
        Ok(text) => text,
        Err(why) => return complain(&why, INCOMPLETE),
    };
    match hash(arguments, &text) {
        Ok(hash) => print(&format!("{hash}\n")),
        Err(why) => complain(&format!("{shown}: {why}"), USAGE),
    }
}

fn hash(arguments: &HashArgs, text: &str) -> Result<String, String> {
    let kind = match arguments.kind {
        KindArg::Tool => Kind::Tool,
        KindArg::Directive => Kind::Directive,
        KindArg::Knowledge => Kind::Knowledge,
    };
    if arguments.canonical {
        return json::canonical(&json::read(text)?).map(sha256);
    }
    match arguments.variant {
        None => content::hash(kind, text),
        Some(VariantArg::Kiwi) => compute(Variant::Kiwi, kind, &json::read(text)?),
        Some(VariantArg::KiwiExecutable) => compute(Variant::KiwiExecutable, kind, &json::read(text)?),
        Some(VariantArg::Rye) => compute(Variant::Rye, kind, &json::read(text)?),
    }
}

/// What is no UTF-8 has no hash: the systems stop on it.
fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let bytes = match path.to_str() {
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("{shown}: {error}"))?;
            bytes
        }
        _ => {
            let read = disk::read(path, Source::LIMIT).map_err(|refused| refused.to_string())?;
            read.ok_or_else(|| format!("{shown} is not there"))?
        }
    };
    String::from_utf8(bytes).map_err(|_| format!("{shown}: is not UTF-8"))
}

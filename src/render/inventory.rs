//! `lockproof list`: what there is, as text and as JSON.

use serde::Serialize;

use super::{count, json};
use crate::agents::llmring::place::Resolution;
use crate::findings::finding::{Whence, purl};
use crate::model::{Lockfile, Package};
use crate::read::unsupported::Unsupported;
use crate::text::escape;
use crate::text::syntax::Text;

/// Every lockfile that was found.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", schemars(title = "lockproof-inventory"))]
pub struct Inventory {
    /// `lockproof-inventory`
    schema: &'static str,
    version: u32,
    lockfiles: Vec<Listed>,
    /// Lockfiles of kinds that can't be read.
    unsupported: Vec<Other>,
    /// Where a program would find its `llmring.lock`; absent where nothing has to do with llmring.
    #[serde(skip_serializing_if = "Option::is_none")]
    llmring: Option<Resolution>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Listed {
    path: String,
    format: &'static str,
    /// As the file states it.
    schema_version: Option<String>,
    /// False when the file can't be read; then nothing is known of its packages.
    readable: bool,
    /// The manifest beside it, if there is one.
    manifest: Option<String>,
    entries: usize,
    hashed: usize,
    /// Only with `--packages`: every slot of the file once.
    #[serde(skip_serializing_if = "Option::is_none")]
    packages: Option<Vec<Entry>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Entry {
    ecosystem: &'static str,
    name: String,
    version: Option<String>,
    purl: String,
    origin: Whence,
    hashes: Vec<String>,
    /// 1-based.
    line: usize,
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Other {
    path: String,
    /// The usual name of such a lockfile.
    kind: &'static str,
}

/// A lockfile and the manifest beside it.
pub type Found<'a> = (&'a Lockfile<'a>, Option<String>);

impl Inventory {
    pub fn new(found: &[Found<'_>], packages: bool) -> Inventory {
        let lockfiles = found.iter().map(|(lockfile, manifest)| Listed {
            path: lockfile.source.path.clone(),
            format: lockfile.format.id,
            schema_version: lockfile.schema_version.as_ref().map(|it| it.as_str().to_owned()),
            readable: lockfile.is_readable(),
            manifest: manifest.clone(),
            entries: lockfile.packages.len(),
            hashed: lockfile.packages.iter().filter(|it| it.is_hashed()).count(),
            packages: packages.then(|| lockfile.packages.iter().map(|it| entry(lockfile, it)).collect()),
        });
        Inventory {
            schema: "lockproof-inventory",
            version: 1,
            lockfiles: lockfiles.collect(),
            unsupported: Vec::new(),
            llmring: None,
        }
    }

    /// With the lockfiles that can't be read.
    pub fn with_unsupported<'u>(self, all: impl Iterator<Item = &'u Unsupported>) -> Inventory {
        let unsupported = all.map(|it| Other { path: it.path.clone(), kind: it.kind.id }).collect();
        Inventory { unsupported, ..self }
    }

    /// With what a program that is started here would load.
    pub fn with_resolution(self, resolution: Option<Resolution>) -> Inventory {
        Inventory { llmring: resolution, ..self }
    }

    pub fn json(&self) -> String {
        json::print(self)
    }

    /// A line for each lockfile, and below it one for each package.
    pub fn text(&self) -> String {
        if self.lockfiles.is_empty() && self.unsupported.is_empty() {
            return "There are no lockfiles here.\n".to_owned();
        }
        let mut out = String::new();
        for it in &self.lockfiles {
            let version = it.schema_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            let state = match it.readable {
                true => format!(
                    "{}, {} hashed",
                    count(it.entries, "entry").replace("entrys", "entries"),
                    it.hashed
                ),
                false => "unreadable".to_owned(),
            };
            let manifest = it.manifest.as_ref().map(|path| format!(", for {path}")).unwrap_or_default();
            let line = format!("{}: {}{version}, {state}{manifest}", it.path, it.format);
            out.push_str(&escape::message(&line));
            out.push('\n');
            for package in it.packages.iter().flatten() {
                let hash = package.hashes.first().map_or("no hash", String::as_str);
                let place =
                    package.origin.place.as_deref().map(|place| format!(" {place}")).unwrap_or_default();
                let version =
                    package.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
                let line = format!("{}{version}  {}{place}  {hash}", package.name, package.origin.kind);
                out.push_str(&format!("  {}: {}\n", package.line, escape::message(&line)));
            }
        }
        for it in &self.unsupported {
            out.push_str(&format!("{}: can't be read yet\n", escape::message(&it.path)));
        }
        if let Some(resolution) = &self.llmring {
            out.push_str(&(escape::message(&resolution.text()) + "\n"));
        }
        out
    }
}

fn entry(lockfile: &Lockfile<'_>, package: &Package<'_>) -> Entry {
    let ecosystem = lockfile.ecosystem().id();
    let version = package.version.as_ref().map(Text::as_str);
    let at = lockfile.source.span(package.heading()).map_or(0, |span| span.start);
    Entry {
        ecosystem,
        name: package.name.as_str().to_owned(),
        version: version.map(str::to_owned),
        purl: purl(ecosystem, package.name.as_str(), version),
        origin: Whence::of(&package.origin),
        hashes: package.digests().map(|digest| digest.raw.to_owned()).collect(),
        line: lockfile.source.place(at).line,
    }
}

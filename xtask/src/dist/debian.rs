//! The Debian package, by `dpkg-deb`: what the tarball has, where Debian looks for it. It depends on nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::{Compression, GzBuilder};
use lockproof::cli;

use super::build::Build;
use super::{Made, VERSION, put, read, stage, tarball, tool};
use crate::tools::{Done, Failure, root};

pub(super) fn make(build: &Build) -> Result<Made, Failure> {
    let Some(architecture) = build.target.debian else { return Ok(Made::None) };
    let stage = stage(build, "debian")?;
    let size = programs(build, &stage)?;
    manual(&stage)?;
    completions(&stage)?;
    papers(build, &stage)?;
    let control = text("packaging/debian/control")?
        .replace("@VERSION@", VERSION)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@SIZE@", &size.div_ceil(1024).to_string());
    put(&stage.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    let path = build.folder().join(format!("lockproof_{VERSION}-1_{architecture}.deb"));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", "-Zxz", "--build"]).arg(&stage).arg(&path).envs(build.variables()?);
    Ok(tool(&mut dpkg)?.map_or(Made::Missing("install dpkg"), |_| Made::File(path)))
}

/// How many bytes they have.
fn programs(build: &Build, stage: &Path) -> Result<usize, Failure> {
    let mut size = 0;
    for (name, bytes) in build.programs()? {
        put(&stage.join("usr/bin").join(name), &bytes, 0o755)?;
        size += bytes.len();
    }
    Ok(size)
}

fn manual(stage: &Path) -> Done {
    for (name, page) in tarball::manual()? {
        compressed(&stage.join("usr/share/man/man1").join(name + ".gz"), page.as_bytes())?;
    }
    Ok(())
}

/// Of the shells that Debian has.
fn completions(stage: &Path) -> Done {
    let folders = [
        ("lockproof.bash", "usr/share/bash-completion/completions/lockproof"),
        ("_lockproof", "usr/share/zsh/vendor-completions/_lockproof"),
        ("lockproof.fish", "usr/share/fish/vendor_completions.d/lockproof.fish"),
    ];
    for (name, script) in cli::scripts() {
        if let Some((_, path)) = folders.iter().find(|(wanted, _)| wanted == &name) {
            put(&stage.join(path), script.as_bytes(), 0o644)?;
        }
    }
    Ok(())
}

/// Licence and changes, in the form that Debian wants.
fn papers(build: &Build, stage: &Path) -> Done {
    let folder = stage.join("usr/share/doc/lockproof");
    let indented = |line: &str| if line.is_empty() { " .".to_owned() } else { format!(" {line}") };
    let mit: Vec<_> = text("LICENSE-MIT")?.lines().skip(4).map(indented).collect();
    let copyright = text("packaging/debian/copyright")?.replace("@MIT@", &mit.join("\n"));
    put(&folder.join("copyright"), copyright.as_bytes(), 0o644)?;
    compressed(&folder.join("changelog.gz"), text("CHANGELOG.md")?.as_bytes())?;
    let own =
        text("packaging/debian/changelog")?.replace("@VERSION@", VERSION).replace("@DATE@", &date(build)?);
    compressed(&folder.join("changelog.Debian.gz"), own.as_bytes())
}

/// As Debian writes it: `Fri, 20 Nov 2026 16:05:00 +0000`.
fn date(build: &Build) -> Result<String, Failure> {
    let mut date = Command::new("date");
    date.env("LC_ALL", "C").args(["--utc", "--rfc-email"]).arg(format!("--date=@{}", build.time));
    tool(&mut date)?.ok_or_else(|| Failure::Failed("there is no `date`".to_owned()))
}

fn text(path: &str) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&read(&root().join(path))?).into_owned())
}

fn compressed(path: &Path, bytes: &[u8]) -> Done {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    put(path, &gzip.finish()?, 0o644)
}

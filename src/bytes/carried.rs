//! The manifest that an archive carries: found in it without unpacking more than what stands before it.
//!
//! The first manifest of an archive counts. Lockfiles are edited by others than those who make archives; an archive that
//! carries two is the registry's problem.

use std::io::{self, BufReader, Read, Seek};

use zip::ZipArchive;

use super::tar::{Kind, Tar};
use crate::findings::facts::Carried;
use crate::model::{Ecosystem, canonical};
use crate::text::source::{Side, Source};
use crate::text::syntax::{Node, Table};
use crate::text::{json, toml};

/// The longest manifest that is read.
pub(super) const LONGEST: u64 = 4 << 20;

/// The manifest in an archive; nothing where there is none.
pub(super) fn of_archive(ecosystem: Ecosystem, file: impl Read + Seek) -> io::Result<Option<Carried>> {
    match ecosystem {
        Ecosystem::Cargo => of_tar(file, "Cargo.toml", cargo),
        Ecosystem::Npm => of_npm(file),
        Ecosystem::PyPi => of_wheel(file),
        Ecosystem::Go | Ecosystem::Tool | Ecosystem::Llmring => Ok(None),
    }
}

fn of_tar(file: impl Read, name: &str, read: fn(String) -> Carried) -> io::Result<Option<Carried>> {
    let mut tar = Tar::new(BufReader::new(file));
    while let Some(entry) = tar.next()? {
        if is_top(&entry.name, name) && entry.kind == Kind::File {
            return text_of(&mut tar).map(|text| Some(read(text)));
        }
    }
    Ok(None)
}

/// `folder/name`, whatever the folder is called.
fn is_top(path: &str, name: &str) -> bool {
    let path = path.trim_start_matches("./");
    path.split_once('/').is_some_and(|(_, rest)| rest == name)
}

fn text_of(input: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    input.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "its manifest is too long"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn of_npm(file: impl Read) -> io::Result<Option<Carried>> {
    of_tar(file, "package.json", package_json)
}

/// `Cargo.toml`: names as the registry has them, whatever they are renamed to.
pub(super) fn cargo(text: String) -> Carried {
    let source = Source::new("Cargo.toml", Side::Worktree, text.into_bytes());
    let (root, _) = toml::read(&source);
    let mut carried = Carried::default();
    let targets = root.table("target").into_iter().flat_map(|table| &table.entries);
    for table in std::iter::once(&root).chain(targets.filter_map(|(_, node)| node.as_table())) {
        for group in ["dependencies", "build-dependencies", "build_dependencies"] {
            for (key, node) in table.table(group).into_iter().flat_map(|group| &group.entries) {
                let renamed = node.as_table().and_then(|table| table.text("package"));
                carried.asks.insert(fold(renamed.unwrap_or(key).as_str()));
            }
        }
    }
    carried
}

/// Cargo takes `-` and `_` for one another where a registry does.
pub fn fold(name: &str) -> String {
    name.replace('_', "-")
}

fn package_json(text: String) -> Carried {
    let source = Source::new("package.json", Side::Worktree, text.into_bytes());
    let (root, _) = json::read(&source);
    let mut carried = Carried::default();
    let Some(root) = root.as_ref().and_then(Node::as_table) else { return carried };
    for group in ["dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta"] {
        let entries = root.table(group).into_iter().flat_map(|table| &table.entries);
        carried.asks.extend(entries.map(|(name, _)| name.as_str().to_owned()));
    }
    carried.script = script(root);
    carried
}

fn script(root: &Table<'_>) -> Option<&'static str> {
    let scripts = root.table("scripts")?;
    let runs = |name: &&str| scripts.text(name).is_some_and(|script| !script.as_str().is_empty());
    ["preinstall", "install", "postinstall"].into_iter().find(runs)
}

fn of_wheel(file: impl Read + Seek) -> io::Result<Option<Carried>> {
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        // A source distribution: what it asks for may depend on where it is built.
        Err(_) => return Ok(None),
    };
    let name = archive.file_names().flatten().find(|name| is_metadata(name)).map(|name| name.into_owned());
    let Some(name) = name else { return Ok(None) };
    let entry = archive.by_name(&name).map_err(io::Error::other)?;
    Ok(Some(metadata(&text_of(entry)?)))
}

fn is_metadata(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, name)| folder.ends_with(".dist-info") && name == "METADATA")
}

/// The head of a message: `Requires-Dist: name[extra] (>=1) ; marker`.
fn metadata(text: &str) -> Carried {
    let fields = text.lines().take_while(|line| !line.trim().is_empty());
    let required = fields.filter_map(|line| line.split_once(':')).filter_map(|(field, value)| {
        let end = value.trim_start().find(|c: char| !c.is_alphanumeric() && !"-_.".contains(c));
        let name = &value.trim_start()[..end.unwrap_or(value.trim_start().len())];
        field.eq_ignore_ascii_case("requires-dist").then(|| canonical(Ecosystem::PyPi, name).into_owned())
    });
    Carried { asks: required.collect(), script: None }
}

#[cfg(test)]
mod tests {
    use super::super::dirhash::zip_of;
    use super::super::tar::testing::archive;
    use super::*;
    use std::io::Cursor;

    fn asks(ecosystem: Ecosystem, bytes: Vec<u8>) -> Vec<String> {
        let carried = of_archive(ecosystem, Cursor::new(bytes)).unwrap().unwrap();
        carried.asks.into_iter().collect()
    }

    #[test]
    fn manifests_are_found_in_archives() {
        let toml = b"[dependencies]\na = '1'\n[dependencies.b]\npackage = 'real_b'\n[target.'cfg(unix)'.build-dependencies]\nc='1'\n[dev-dependencies]\nd='1'\n";
        let crate_file = archive(&[("x-1.0.0/Cargo.lock", b""), ("x-1.0.0/Cargo.toml", toml)]);
        assert_eq!(asks(Ecosystem::Cargo, crate_file), ["a", "c", "real-b"]);
        let json = br#"{"dependencies": {"@s/a": "1"}, "peerDependencies": {"b": "*"}, "scripts": {"postinstall": "x"}}"#;
        let tgz = archive(&[("package/lib/package.json", b"{}"), ("package/package.json", json)]);
        assert_eq!(asks(Ecosystem::Npm, tgz.clone()), ["@s/a", "b"]);
        assert_eq!(of_npm(&tgz[..]).unwrap().unwrap().script, Some("postinstall"));
        let wheel = zip_of(&[(
            "x-1.0.dist-info/METADATA",
            b"Name: x\nRequires-Dist: Foo_Bar[z] (>=1) ; extra == 'q'\nRequires-Dist: b>=1\n\nRequires-Dist: no\n",
        )]);
        assert_eq!(asks(Ecosystem::PyPi, wheel), ["b", "foo-bar"]);
    }

    #[test]
    fn what_is_no_archive_carries_nothing() {
        assert!(of_archive(Ecosystem::Npm, Cursor::new(b"noise".to_vec())).is_err());
        assert_eq!(of_archive(Ecosystem::PyPi, Cursor::new(b"noise".to_vec())).unwrap(), None);
    }
}

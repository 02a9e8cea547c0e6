//! An address serves another version than the entry says.
//!
//! The entry claims a fixed release, the bytes are of another: an old one with a known hole installs under a new
//! number.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pad/-/left-pad-1.2.0.tgz",
//!                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ serves 1.2.0
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! Take the line back from git, or lock the package again.

use super::insecure_url::addresses;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::Slot;
use crate::model::url;
use crate::model::{Ecosystem, Origin, Package, canonical};
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "version-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("version_mismatch.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    if package.version.is_none() {
        return;
    }
    for at in addresses(package) {
        let Some(served) = served_version(lockfile.ecosystem(), package, at.as_str()) else { continue };
        if served == package.version() || same_version(served, package.version()) {
            continue;
        }
        let message = format!("{} is fetched from an address that serves {served}.", package.label());
        report
            .package(lockfile, package, Field::Source, at, message)
            .label(format!("serves {served}"))
            .help(cx.restore(lockfile));
    }
}

/// The version in a URL, where the ecosystem's layout says where it stands.
fn served_version<'u>(ecosystem: Ecosystem, package: &Package<'_>, text: &'u str) -> Option<&'u str> {
    match ecosystem {
        Ecosystem::Npm if matches!(package.origin, Origin::Registry(_)) => {
            url::npm_version(package.name.as_str(), text)
        }
        Ecosystem::PyPi => Some(distribution(url::file_name(text), package.name.as_str())?.1),
        _ => None,
    }
}

/// Name and version of a distribution's file (<https://packaging.python.org/en/latest/specifications/>). Source archives
/// are called as their authors liked: only what looks like a version is judged.
pub(super) fn distribution<'u>(file: &'u str, name: &str) -> Option<(&'u str, &'u str)> {
    if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        return Some((parts.next()?, parts.next()?));
    }
    let bare = [".tar.gz", ".zip", ".tar.bz2", ".tgz"].iter().find_map(|end| file.strip_suffix(end))?;
    let is_version = |text: &str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    // The name may have hyphens in it, and so may the version: the entry's own name decides, if it is that.
    let own =
        bare.match_indices('-').map(|(at, _)| (&bare[..at], &bare[at + 1..])).find(|(before, version)| {
            is_version(version) && canonical(Ecosystem::PyPi, before) == canonical(Ecosystem::PyPi, name)
        });
    own.or_else(|| bare.rsplit_once('-').filter(|(_, version)| is_version(version)))
}

/// Equal but for what clients normalise: build metadata, local versions, and the spellings of PEP 440.
fn same_version(served: &str, version: &str) -> bool {
    let split = |text: &str| {
        let text = text.to_ascii_lowercase().replace("%2b", "+");
        let (public, local) = text.split_once('+').unwrap_or((&text, ""));
        (words(public), words(local))
    };
    let (served, version) = (split(served), split(version));
    served.0 == version.0 && (served.1 == version.1 || served.1.is_empty() || version.1.is_empty())
}

/// The numbers and letters of a version, in the one spelling that PEP 440 gives them: `1.0-alpha.01` is `1 a 1`.
fn words(text: &str) -> Vec<String> {
    // An epoch is not part of a file's name.
    let text = text.rsplit('!').next().unwrap_or(text).trim_start_matches('v');
    let mut words: Vec<String> = Vec::new();
    let mut before = '.';
    for character in text.chars() {
        let joins = character.is_ascii_digit() == before.is_ascii_digit() && before.is_alphanumeric();
        match words.last_mut() {
            _ if !character.is_alphanumeric() => {}
            Some(word) if joins => word.push(character),
            _ => {
                // `1.0-1` is a post release.
                if before == '-' && character.is_ascii_digit() && words.iter().all(|it| is_number(it)) {
                    words.push("post".to_owned());
                }
                words.push(character.to_string());
            }
        }
        before = character;
    }
    let release = words.iter().take_while(|word| is_number(word)).count();
    let zeros = words[..release].iter().rev().take_while(|word| word.bytes().all(|b| b == b'0')).count();
    words.drain(release - zeros..release);
    words.iter().map(|word| spelling(word)).collect()
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

fn spelling(word: &str) -> String {
    match word {
        "alpha" => "a",
        "beta" => "b",
        "c" | "pre" | "preview" => "rc",
        "rev" | "r" => "post",
        word if is_number(word) && word.len() > 1 => word.trim_start_matches('0'),
        word => word,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_taken_apart() {
        let distribution = |file| distribution(file, "python-dateutil");
        assert_eq!(distribution("six-1.16.0-py2.py3-none-any.whl"), Some(("six", "1.16.0")));
        assert_eq!(distribution("python-dateutil-2.8-1.tar.gz"), Some(("python-dateutil", "2.8-1")));
        assert_eq!(distribution("python-dateutil-2.8.2.tar.gz"), Some(("python-dateutil", "2.8.2")));
        assert_eq!(distribution("release.zip"), None);
    }

    #[test]
    fn spellings_of_one_version_are_one_version() {
        for (a, b) in [
            ("1.0.0", "1.0"),
            ("1.0.0-RC1", "1.0.0.rc1"),
            ("1.0.0", "1.0.0+build"),
            ("1.0%2Bcpu", "1.0+cpu"),
            ("1.0-1", "1.0.post1"),
            ("1.0.alpha1", "1.0a1"),
            ("2020.01.05", "2020.1.5"),
            ("1.0c1", "1.0rc1"),
            ("2.0.0", "1!2.0.0"),
        ] {
            assert!(same_version(a, b), "{a} {b}");
        }
        assert!(!same_version("1.0.1", "1.0"));
        assert!(!same_version("1.0+cpu", "1.0+cu118"));
    }
}

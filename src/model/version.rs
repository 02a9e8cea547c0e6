//! Which of two versions is the older one, as far as all ecosystems agree.

use std::borrow::Cow;
use std::cmp::Ordering;

use semver::{Version, VersionReq};

use crate::model::Ecosystem;

/// Semantic versions by their rules; others by their leading numbers. Nothing when that does not decide: a note that
/// may be wrong is worse than none.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let (a, b) = (a.strip_prefix('v').unwrap_or(a), b.strip_prefix('v').unwrap_or(b));
    if let (Ok(a), Ok(b)) = (Version::parse(a), Version::parse(b)) {
        return Some(a.cmp_precedence(&b)).filter(|order| order.is_ne());
    }
    let (a, b) = (release(a)?, release(b)?);
    let length = a.len().max(b.len());
    let padded =
        |numbers: &[u64]| (0..length).map(|at| numbers.get(at).copied().unwrap_or(0)).collect::<Vec<_>>();
    Some(padded(&a).cmp(&padded(&b))).filter(|order| order.is_ne())
}

/// Whether a version is in a range as npm writes them; nothing where that is no range but an address, an alias or a tag.
pub fn satisfies_npm(version: &str, range: &str) -> Option<bool> {
    let alternatives = range.split("||").map(npm_alternative).collect::<Option<Vec<_>>>()?;
    let version = Version::parse(version.trim_start_matches('v'));
    Some(version.is_ok_and(|version| alternatives.iter().any(|range| range.matches(&version))))
}

/// Comparators that must all hold, or the two ends of a range.
fn npm_alternative(text: &str) -> Option<VersionReq> {
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, to) = (npm_number(from.trim())?, npm_number(to.trim())?);
        return VersionReq::parse(&format!(">={from}, <={to}")).ok();
    }
    let is_operator = |c: char| "<>=~^".contains(c);
    let mut comparators = Vec::new();
    let mut operator = String::new();
    for word in text.split_ascii_whitespace() {
        let number = word.trim_start_matches(is_operator);
        operator += &word[..word.len() - number.len()];
        // The number may stand apart.
        if number.is_empty() {
            continue;
        }
        let operator = match std::mem::take(&mut operator) {
            none if none.is_empty() => "=".to_owned(),
            other if other == "~>" => "~".to_owned(),
            other => other,
        };
        match npm_number(number)? {
            "" => {}
            number => comparators.push(format!("{operator}{number}")),
        }
    }
    let parse = |list: &[String]| VersionReq::parse(&list.join(", ")).ok();
    if comparators.is_empty() { operator.is_empty().then_some(VersionReq::STAR) } else { parse(&comparators) }
}

/// The part of a number that is none of `x`, `X` and `*`.
fn npm_number(text: &str) -> Option<&str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let known = text.split('.').take_while(|part| !matches!(*part, "x" | "X" | "*"));
    let length = known.map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
    let is_number =
        length == 0 && text.starts_with(['x', 'X', '*']) || text.starts_with(|c: char| c.is_ascii_digit());
    is_number.then(|| &text[..length.min(text.len())])
}

/// One spelling for the versions that an ecosystem takes for one: PEP 440 knows neither a leading `v` nor zeros at the
/// end of a release.
pub fn canonical(ecosystem: Ecosystem, version: &str) -> Cow<'_, str> {
    if ecosystem != Ecosystem::PyPi {
        return Cow::Borrowed(version);
    }
    let mut short = version.trim_start_matches(['v', 'V']);
    if short.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        while let Some(shorter) = short.strip_suffix(".0") {
            short = shorter;
        }
    }
    if short.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(short.to_ascii_lowercase())
    } else {
        Cow::Borrowed(short)
    }
}

/// `1.2.3` of `1.2.3rc1`; nothing of an epoch (`1!2.0`) or of what begins with no number.
fn release(text: &str) -> Option<Vec<u64>> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    if text[end..].starts_with('!') {
        return None;
    }
    text[..end].trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_has_one_spelling() {
        for text in ["1.16", "1.16.0", "v1.16.0.0"] {
            assert_eq!(canonical(Ecosystem::PyPi, text), "1.16");
        }
        assert_eq!(canonical(Ecosystem::PyPi, "1.0RC1"), "1.0rc1");
        assert_eq!(canonical(Ecosystem::Npm, "1.0.0"), "1.0.0");
    }

    #[test]
    fn npm_has_ranges_of_its_own() {
        for (version, range) in [
            ("1.2.3", "1.2.3"),
            ("1.2.3", "v1.2.3"),
            ("1.2.3", "1.2"),
            ("1.2.3", "1.x"),
            ("1.2.3", "1.2.*"),
            ("1.2.3", "^1"),
            ("1.2.3", "~1.2.0"),
            ("1.2.3", "~> 1.2"),
            ("1.2.3", ">= 1.0.0 < 2"),
            ("1.2.3", "1.0.0 - 1.2"),
            ("1.2.3", "^3 || ^1"),
            ("1.2.3", "*"),
            ("1.2.3", ""),
            ("1.0.0-rc.1", "^1.0.0-rc.0"),
        ] {
            assert_eq!(satisfies_npm(version, range), Some(true), "{version} {range}");
        }
        for (version, range) in [
            ("1.2.3", "1.2.4"),
            ("1.3.0", "1.2"),
            ("2.0.0", "^1"),
            ("1.3.0", "1.0.0 - 1.2"),
            ("1.0.0-rc.1", "^1"),
        ] {
            assert_eq!(satisfies_npm(version, range), Some(false), "{version} {range}");
        }
        for range in [
            "latest",
            "npm:x@1",
            "github:o/x",
            "o/x",
            "file:x",
            "https://host.example.com/x.tgz",
            "workspace:*",
            "^",
        ] {
            assert_eq!(satisfies_npm("1.2.3", range), None, "{range}");
        }
    }

    #[test]
    fn versions_compare_as_their_ecosystems_do() {
        assert_eq!(compare("1.0.10", "1.0.9"), Some(Ordering::Greater));
        assert_eq!(compare("1.0.0-rc.1", "1.0.0"), Some(Ordering::Less));
        assert_eq!(compare("v1.2.3", "v1.3.0"), Some(Ordering::Less));
        assert_eq!(compare("2024.1", "2024.10"), Some(Ordering::Less));
        assert_eq!(compare("1.0", "1.0.0"), None);
        assert_eq!(compare("1!1.0", "2.0"), None);
        assert_eq!(compare("1.0.0+a", "1.0.0+b"), None);
        assert_eq!(compare("x", "y"), None);
    }
}

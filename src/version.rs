//! Which of two versions is the older one, as far as all ecosystems agree.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::model::Ecosystem;

/// Semantic versions by their rules; others by their leading numbers. Nothing when that does not decide: a note that
/// may be wrong is worse than none.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let (a, b) = (a.strip_prefix('v').unwrap_or(a), b.strip_prefix('v').unwrap_or(b));
    if let (Ok(a), Ok(b)) = (semver::Version::parse(a), semver::Version::parse(b)) {
        return Some(a.cmp_precedence(&b)).filter(|order| order.is_ne());
    }
    let (a, b) = (release(a)?, release(b)?);
    let length = a.len().max(b.len());
    let padded =
        |numbers: &[u64]| (0..length).map(|at| numbers.get(at).copied().unwrap_or(0)).collect::<Vec<_>>();
    Some(padded(&a).cmp(&padded(&b))).filter(|order| order.is_ne())
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

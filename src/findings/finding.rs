//! What is reported: plain data, owned, in the shape of the JSON report.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::findings::report::Rest;
use crate::model::Origin;
use crate::text::escape;
use crate::text::source::Side;

/// How much a finding weighs, lightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Level {
    Note,
    Warning,
    Error,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Level, String> {
        match text {
            "note" => Ok(Level::Note),
            "warning" => Ok(Level::Warning),
            "error" => Ok(Level::Error),
            _ => Err(format!("`{text}` is no level: error, warning or note")),
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    pub level: Level,
    /// What is wrong. Its first sentence stands alone.
    pub message: String,
    /// What to do, with the next command to type.
    pub help: String,
    /// The lockfile, relative to the root of the repository.
    pub path: String,
    /// Where, on the head side: one line. Absent when the file is gone.
    pub span: Option<Span>,
    pub package: Option<PackageRef>,
    /// Other places that belong to it, the base side's line among them.
    pub related: Vec<Related>,
    /// Rules that speak of the same field of the same entry.
    pub also: Vec<&'static str>,
    /// What this rule and those of `also` object to. An exception accepts each by its hash. Empty for what can't be
    /// accepted.
    pub values: Vec<Value>,
    /// Whether the base side has it too.
    pub preexisting: bool,
    /// Stable under edits elsewhere in the file.
    pub fingerprint: String,
    /// What to write at the caret.
    #[serde(skip)]
    pub label: String,
    /// An exception for a change accepts it: it is told, and fails no run.
    #[serde(skip)]
    pub accepted: bool,
    /// What to do where the fault was there before, if that is something else.
    #[serde(skip)]
    pub help_if_old: Option<String>,
    #[serde(skip)]
    pub side: Side,
    /// A tamper rule's: named first.
    #[serde(skip)]
    pub tamper: bool,
    /// The base side has it too, as its rule says.
    #[serde(skip)]
    pub stood: bool,
    /// Others of its rule in its file, which are not told one by one.
    #[serde(skip)]
    pub rest: Option<Box<Rest>>,
    /// What this change did, as its rule says: it is new, even where the base side has its like.
    #[serde(skip)]
    pub fresh: bool,
}

/// What a rule objects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Value {
    pub rule: &'static str,
    /// For a reader: what is hidden is escaped, secrets are masked, what is long is cut.
    pub value: String,
    /// SHA-256 of the value as it stands in the file, in hex: `sha256` of an exception.
    pub sha256: String,
    /// What stood there before, where the rule is about a change: such an exception accepts one change, not a value.
    pub before: Option<String>,
    /// SHA-256 of that, in hex: `before` of an exception.
    pub before_sha256: Option<String>,
}

/// A stretch of one line; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Span {
    pub start: Position,
    pub end: Position,
}

/// 1-based line and column (in Unicode scalar values); offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

/// The package that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct PackageRef {
    pub ecosystem: &'static str,
    pub name: String,
    pub version: Option<String>,
    /// A package URL.
    pub purl: String,
}

/// Where an entry comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Whence {
    /// `registry`, `git`, `url`, `path`, `workspace` or `unknown`.
    pub kind: &'static str,
    /// Without the part that names the package; absent where the client's configuration decides.
    pub place: Option<String>,
    /// Of a git source.
    pub commit: Option<String>,
}

impl Whence {
    pub fn of(origin: &Origin<'_>) -> Whence {
        let commit = match origin {
            Origin::Git(git) => git.commit.as_ref().map(|it| it.to_string()),
            _ => None,
        };
        let place = origin.place().map(|place| escape::mask(place).into_owned());
        Whence { kind: origin.kind(), place, commit }
    }
}

/// A place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Related {
    /// As git names it on its side: `HEAD:Cargo.lock`.
    pub at: String,
    pub path: String,
    pub span: Option<Span>,
    pub message: String,
    #[serde(skip)]
    pub side: Side,
}

/// A package URL (<https://github.com/package-url/purl-spec>).
pub fn purl(ecosystem: &str, name: &str, version: Option<&str>) -> String {
    let mut out = format!("pkg:{ecosystem}/");
    for (at, segment) in name.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        percent_encode(&mut out, segment);
    }
    if let Some(version) = version {
        out.push('@');
        percent_encode(&mut out, version);
    }
    out
}

fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// What makes a finding the same finding after edits elsewhere: 32 hex digits over its parts.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize()[..16])
}

/// A time as people write it, in UTC: `2026-11-20 16:05`.
pub fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, minutes) = (seconds / 86_400, seconds % 86_400 / 60);
    let (year, month, day) = civil(days as i64);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// The date of a day since 1970. Counted from March, leap days come last (<https://howardhinnant.github.io/date_algorithms.html>).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        let at = |seconds| date(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00");
        assert_eq!(at(951_782_400), "2000-02-29 00:00");
        assert_eq!(at(1_795_190_700), "2026-11-20 16:05");
    }

    #[test]
    fn package_urls_are_encoded() {
        assert_eq!(purl("npm", "@acme/x", Some("1.0.0+b")), "pkg:npm/%40acme/x@1.0.0%2Bb");
        assert_eq!(purl("golang", "example.com/a\n", None), "pkg:golang/example.com/a%0A");
    }

    #[test]
    fn parts_of_a_fingerprint_do_not_run_together() {
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
    }
}

//! `[[accept]]`: findings that somebody looked at and accepted, each by its value.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::error::Wrong;
use super::levels;
use super::registries::{ecosystem, unknown};
use crate::model::Ecosystem;
use crate::rules::Rule;
use crate::text::calendar::Date;

/// One exception.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct AcceptSection {
    /// The id of the rule.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    rule: Spanned<String>,
    /// The package, as `npm:left-pad@1.3.0`; without a version, every version. Rules that speak of tampering need one.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    package: Option<Spanned<String>>,
    /// The file that the finding stands in; without it, every file. Rules that speak of tampering need it.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    path: Option<Spanned<String>>,
    /// The SHA-256 of the value that is accepted, in hex: `values` of the finding in the JSON report.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    sha256: Spanned<String>,
    /// The SHA-256 of the value that it takes the place of: `before_sha256` there. Rules about a change have one.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    before: Option<Spanned<String>>,
    /// Why it is accepted.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    reason: Spanned<String>,
    /// The last day on which it counts: `2027-01-31`, in UTC. Rules about a change need one.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>", extend("format" = "date")))]
    until: Option<Spanned<Datetime>>,
}

/// An exception, understood.
#[derive(Clone, Debug)]
pub struct Exception {
    pub rule: &'static Rule,
    pub package: Option<PackageSpec>,
    pub path: Option<String>,
    pub sha256: [u8; 32],
    /// Of the value that was there before, where one change is accepted.
    pub before: Option<[u8; 32]>,
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Where it stands: the rule's id, and the date.
    pub span: Range<usize>,
    pub until_span: Option<Range<usize>>,
}

/// `npm:left-pad`, `npm:left-pad@1.3.0`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageSpec {
    pub ecosystem: Ecosystem,
    pub name: String,
    pub version: Option<String>,
}

impl fmt::Display for PackageSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ecosystem.id(), self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "@{version}"))
    }
}

/// What an exception accepts.
pub type Key<'e> = (&'static str, Option<&'e PackageSpec>, Option<&'e str>, [u8; 32], Option<[u8; 32]>);

/// What a finding offers to be accepted by.
#[derive(Clone, Debug)]
pub struct Subject<'f> {
    pub rule: &'static Rule,
    pub path: &'f str,
    pub package: Option<PackageSpec>,
    pub sha256: [u8; 32],
    pub before: Option<[u8; 32]>,
}

/// Exceptions that count, by what they accept.
#[derive(Debug, Default)]
pub struct Exceptions<'p> {
    /// With the position in the policy.
    by_key: HashMap<Key<'p>, usize>,
    rules: HashSet<&'static str>,
}

impl<'p> Exceptions<'p> {
    /// Those of a policy that have not ended. Of two that accept the same, the first one counts.
    pub fn new(all: &'p [Exception], today: Option<Date>) -> Exceptions<'p> {
        let mut exceptions = Exceptions::default();
        for (at, it) in all.iter().enumerate().filter(|(_, it)| !it.has_ended(today)) {
            exceptions.by_key.entry(it.key()).or_insert(at);
            exceptions.rules.insert(it.rule.id);
        }
        exceptions
    }

    /// Whether any of them is of that rule. Most rules have none, and need not be looked up.
    pub fn speak_of(&self, rule: &Rule) -> bool {
        self.rules.contains(rule.id)
    }

    /// The position of the one that accepts this.
    pub fn position(&self, key: Key<'_>) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    /// The position of the one that accepts it. A finding of a tamper rule is accepted by everything that it has;
    /// others may be accepted for every file, every package, or every version.
    pub fn accepting(&self, subject: &Subject<'_>) -> Option<usize> {
        let any_version = subject.package.as_ref().map(|it| PackageSpec { version: None, ..it.clone() });
        let (own, any) = (subject.package.as_ref(), any_version.as_ref());
        let packages: &[_] = if subject.rule.tamper { &[own] } else { &[own, any, None] };
        let paths: &[_] =
            if subject.rule.tamper { &[Some(subject.path)] } else { &[Some(subject.path), None] };
        let keys = packages.iter().flat_map(|package| paths.iter().map(move |path| (*package, *path)));
        let mut keys =
            keys.map(|(package, path)| (subject.rule.id, package, path, subject.sha256, subject.before));
        keys.find_map(|key| self.by_key.get(&key).copied())
    }
}

impl Exception {
    pub fn has_ended(&self, today: Option<Date>) -> bool {
        self.until.is_some_and(|until| today.is_none_or(|today| today > until))
    }

    /// Two exceptions that agree in this accept the same. How long, and for which reason, may be worded anew.
    pub fn key(&self) -> Key<'_> {
        (self.rule.id, self.package.as_ref(), self.path.as_deref(), self.sha256, self.before)
    }

    /// What it says of a change that it accepts.
    pub fn remark(&self) -> String {
        let until = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        format!("Accepted{until}: {}", self.reason)
    }

    /// What it speaks of, in a sentence: `pin-rewritten` of npm:left-pad@1.3.0 in package-lock.json.
    pub fn describe(&self) -> String {
        let package = self.package.as_ref().map(|it| format!(" of {it}")).unwrap_or_default();
        let path = self.path.as_ref().map(|it| format!(" in {it}")).unwrap_or_default();
        format!("`{}`{package}{path}", self.rule.id)
    }
}

impl AcceptSection {
    pub(super) fn understand(&self) -> Result<Exception, Wrong> {
        let rule = levels::find(&self.rule)?;
        if rule.is_of_policy() {
            let message = format!("`{}` speaks of this file: it can't be accepted in it", rule.id);
            return Err(Wrong::new(self.rule.span(), message));
        }
        let package = self.package.as_ref().map(package).transpose()?;
        self.check_place(rule, package.as_ref())?;
        if rule.is_change() && self.until.is_none() {
            let message =
                "this exception needs an `until`: it is for one change, which lands soon or not at all";
            return Err(Wrong::new(self.rule.span(), message).help("`until = 2027-01-31`, for example."));
        }
        if self.reason.get_ref().trim().is_empty() {
            return Err(Wrong::new(self.reason.span(), "an exception needs a reason"));
        }
        Ok(Exception {
            rule,
            package,
            path: self.path.as_ref().map(|it| it.get_ref().clone()),
            sha256: hash(&self.sha256)?,
            before: self.before.as_ref().map(hash).transpose()?,
            reason: self.reason.get_ref().trim().to_owned(),
            until: self.until.as_ref().map(date).transpose()?,
            span: self.rule.span(),
            until_span: self.until.as_ref().map(Spanned::span),
        })
    }

    fn check_place(&self, rule: &Rule, package: Option<&PackageSpec>) -> Result<(), Wrong> {
        let wrong = |why: &str| Err(Wrong::new(self.rule.span(), format!("this exception {why}")));
        match (&self.path, package) {
            (None, None) => wrong("names neither a `package` nor a `path`"),
            (None, Some(_)) if rule.tamper => wrong(
                "needs a `path`: its rule speaks of tampering, so one finding is accepted, not its like",
            ),
            _ => Ok(()),
        }
    }
}

fn hash(written: &Spanned<String>) -> Result<[u8; 32], Wrong> {
    let text = written.get_ref().to_ascii_lowercase();
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        Wrong::new(written.span(), "a SHA-256 has 64 hex digits")
            .help("`lockproof accept` writes it; `--format json` shows it under `values`.")
    })
}

fn package(written: &Spanned<String>) -> Result<PackageSpec, Wrong> {
    let text = written.get_ref();
    let Some((id, rest)) = text.split_once(':') else {
        return Err(Wrong::new(written.span(), format!("`{text}` does not say which ecosystem it is of"))
            .help(format!("Write it as `npm:{text}`.")));
    };
    let ecosystem = ecosystem(id).ok_or_else(|| unknown(written, id))?;
    // The first character of an npm scope is no separator.
    let at = rest.char_indices().skip(1).filter(|(_, c)| *c == '@').map(|(at, _)| at).last();
    let (name, version) = at.map_or((rest, None), |at| (&rest[..at], Some(rest[at + 1..].to_owned())));
    if name.is_empty() || version.as_ref().is_some_and(String::is_empty) {
        return Err(Wrong::new(written.span(), format!("`{text}` names no package")));
    }
    Ok(PackageSpec { ecosystem, name: name.to_owned(), version })
}

fn date(written: &Spanned<Datetime>) -> Result<Date, Wrong> {
    let value = written.get_ref();
    let date = value.date.filter(|_| value.time.is_none());
    date.and_then(|date| Date::new(date.year, date.month, date.day))
        .ok_or_else(|| Wrong::new(written.span(), "an exception ends with a day: 2027-01-31"))
}

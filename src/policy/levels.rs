//! `[rules]` and `[[override]]`: how much each rule weighs, and where.

use std::collections::BTreeMap;
use std::ops::Range;

use globset::GlobSet;
use serde::Deserialize;
use toml::Spanned;

use super::error::Wrong;
use super::files::globs;
use crate::findings::finding::Level;
use crate::rules::{self, Rule};

/// The level of each rule: `error`, `warning`, `note` or `off`. Rules that speak of tampering keep theirs.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct RulesSection {
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, String>"))]
    levels: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// Other levels for some files.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct OverrideSection {
    /// Globs of the files that findings stand in.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    paths: Vec<Spanned<String>>,
    rules: RulesSection,
}

/// A rule and its level; `None` is off.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) rule: &'static str,
    pub(super) level: Option<Level>,
    pub(super) span: Range<usize>,
}

/// The levels of some files.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub(super) globs: Vec<String>,
    paths: GlobSet,
    pub(super) levels: Vec<Setting>,
}

/// Both sections, understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    pub(super) everywhere: Vec<Setting>,
    pub(super) overrides: Vec<Override>,
    /// From the command line: it has the last word.
    typed: Vec<(&'static str, Option<Level>)>,
}

impl RulesSection {
    fn understand(&self) -> Result<Vec<Setting>, Wrong> {
        self.levels.iter().map(|(rule, level)| setting(rule, level)).collect()
    }
}

fn setting(id: &Spanned<String>, level: &Spanned<String>) -> Result<Setting, Wrong> {
    let rule = find(id)?;
    if rule.tamper {
        return Err(Wrong::new(id.span(), tamper(rule.id))
            .help("A single finding can be accepted by its value: `lockproof accept`."));
    }
    let level = level_of(level.get_ref()).map_err(|message| Wrong::new(level.span(), message))?;
    Ok(Setting { rule: rule.id, level, span: id.span() })
}

/// A rule by its id.
pub(super) fn find(id: &Spanned<String>) -> Result<&'static Rule, Wrong> {
    rules::find(id.get_ref()).ok_or_else(|| {
        Wrong::new(id.span(), format!("there is no rule `{}`", id.get_ref()))
            .near(id.get_ref(), rules::ALL.iter().map(|rule| rule.id))
    })
}

fn tamper(id: &str) -> String {
    format!("`{id}` speaks of tampering: it can't be switched off or set to another level")
}

fn level_of(text: &str) -> Result<Option<Level>, String> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no level: error, warning, note or off"))
}

impl Levels {
    pub(super) fn understand(rules: &RulesSection, overrides: &[OverrideSection]) -> Result<Levels, Wrong> {
        let understand = |it: &OverrideSection| {
            let globs_of = it.paths.iter().map(|path| path.get_ref().clone()).collect();
            Ok(Override { globs: globs_of, paths: globs(&it.paths)?, levels: it.rules.understand()? })
        };
        let overrides = overrides.iter().map(understand).collect::<Result<_, Wrong>>()?;
        Ok(Levels { everywhere: rules.understand()?, overrides, typed: Vec::new() })
    }

    pub(super) fn set(&mut self, id: &str, level: &str) -> Result<(), String> {
        let rule = rules::find(id).ok_or_else(|| {
            let hint = rules::near(id).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            format!("there is no rule `{id}`{hint}")
        })?;
        if rule.tamper {
            return Err(tamper(id));
        }
        self.typed.push((rule.id, level_of(level)?));
        Ok(())
    }

    /// What was decided for a rule in a file: nothing, off, or a level.
    pub(super) fn of(&self, rule: &str, path: &str) -> Option<Option<Level>> {
        let typed = self.typed.iter().rev().find(|(id, _)| *id == rule).map(|(_, level)| *level);
        let within = |it: &Override| {
            let own = it.levels.iter().find(|setting| setting.rule == rule)?;
            it.paths.is_match(path).then_some(own.level)
        };
        let there = typed.or_else(|| self.overrides.iter().rev().find_map(within));
        there.or_else(|| self.everywhere(rule)).or_else(|| self.stays_silent(rule).then_some(None))
    }

    pub(super) fn everywhere(&self, rule: &str) -> Option<Option<Level>> {
        self.everywhere.iter().find(|setting| setting.rule == rule).map(|setting| setting.level)
    }

    /// A rule that is silent by itself does not speak everywhere because it does so in some files.
    fn stays_silent(&self, rule: &str) -> bool {
        let within = || self.overrides.iter().flat_map(|it| &it.levels).any(|it| it.rule == rule);
        rules::find(rule).is_some_and(Rule::is_opt_in) && within()
    }

    pub(super) fn mentions(&self, rule: &str) -> bool {
        let typed = self.typed.iter().map(|(id, _)| *id);
        typed.chain(self.settings().map(|it| it.rule)).any(|id| id == rule)
    }

    fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.everywhere.iter().chain(self.overrides.iter().flat_map(|it| &it.levels))
    }

    /// Whether a rule is off in every file.
    pub(super) fn is_off(&self, rule: &str) -> bool {
        if let Some((_, level)) = self.typed.iter().rev().find(|(id, _)| *id == rule) {
            return level.is_none();
        }
        let somewhere = self.overrides.iter().flat_map(|it| &it.levels);
        self.everywhere(rule) == Some(None)
            && !somewhere.into_iter().any(|it| it.rule == rule && it.level.is_some())
    }
}

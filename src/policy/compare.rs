//! What one policy allows that another did not.
//!
//! Where it is hard to tell, it is a loosening: a reviewer who looks once too often loses little.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::exceptions::Exception;
use super::levels::{Levels, Setting};
use super::{Place, Policy, covers};
use crate::findings::finding::Level;
use crate::model::Ecosystem;
use crate::rules;
use crate::text::calendar::Date;

/// One thing that is allowed now.
#[derive(Debug)]
pub struct Loosening {
    /// The second half of a sentence: "`left-pad` may …".
    pub message: String,
    /// Where the new policy says so; nothing when it is what it no longer says.
    pub at: Option<Range<usize>>,
    /// Where the old policy said otherwise.
    pub before: Option<Range<usize>>,
}

/// What the new policy allows and the old one did not. `in_use` says what counts where the old one pins no registry.
pub fn loosened(old: &Policy, new: &Policy, in_use: &dyn Fn(Ecosystem, &str) -> bool) -> Vec<Loosening> {
    let mut all = Vec::new();
    registries(old, new, in_use, &mut all);
    ties(old, new, in_use, &mut all);
    added(&old.git.allowed, &new.git.allowed, covers, &mut all, |it| {
        format!("git repositories of {it} are allowed")
    });
    added(
        &old.excluded,
        &new.excluded,
        |a, b| a == b,
        &mut all,
        |it| format!("files that match `{it}` no longer count"),
    );
    everywhere(&old.levels, &new.levels, &mut all);
    overrides(&old.levels, &new.levels, &mut all);
    exceptions(old, new, &mut all);
    llmring(old, new, &mut all);
    all
}

/// Another model registry, or other archives in it.
fn llmring(old: &Policy, new: &Policy, all: &mut Vec<Loosening>) {
    let (was, is) = (&old.llmring, &new.llmring);
    if let Some(before) = was.registry.as_ref().filter(|it| Some(&*it.text) != new.registry()) {
        all.push(Loosening {
            message: "models are held against another registry, or against none".to_owned(),
            at: is.registry.as_ref().map(|it| it.span.clone()),
            before: Some(before.span.clone()),
        });
    }
    for ((provider, version), (hash, before)) in &was.archives {
        let now = is.archives.get(&(provider.clone(), *version));
        if now.is_none_or(|(now, _)| now != hash) {
            all.push(Loosening {
                message: format!(
                    "version {version} of {provider} in the model registry may hold something else"
                ),
                at: now.map(|(_, span)| span.clone()),
                before: Some(before.clone()),
            });
        }
    }
}

/// Places of the new list that no place of the old one covers.
fn added(
    old: &[Place],
    new: &[Place],
    covers: impl Fn(&str, &str) -> bool,
    all: &mut Vec<Loosening>,
    message: impl Fn(&str) -> String,
) {
    let is_new = |place: &&Place| !old.iter().any(|known| covers(&known.text, &place.text));
    all.extend(new.iter().filter(is_new).map(|place| Loosening {
        message: message(&place.text),
        at: Some(place.span.clone()),
        before: None,
    }));
}

fn registries(
    old: &Policy,
    new: &Policy,
    in_use: &dyn Fn(Ecosystem, &str) -> bool,
    all: &mut Vec<Loosening>,
) {
    for ecosystem in Ecosystem::ALL {
        let message = |place: &str| format!("{} packages may come from {place}", ecosystem.id());
        match (old.registries.pins(ecosystem), new.registries.pins(ecosystem)) {
            (Some(old), Some(new)) => added(old, new, covers, all, message),
            (None, Some(new)) => {
                let unused: Vec<Place> =
                    new.iter().filter(|place| !in_use(ecosystem, &place.text)).cloned().collect();
                added(&[], &unused, covers, all, message);
            }
            (Some(old), None) => all.push(Loosening {
                message: format!("{} packages are no longer pinned to registries", ecosystem.id()),
                at: None,
                before: old.first().map(|place| place.span.clone()),
            }),
            (None, None) => {}
        }
    }
}

fn ties(old: &Policy, new: &Policy, in_use: &dyn Fn(Ecosystem, &str) -> bool, all: &mut Vec<Loosening>) {
    for tie in &new.registries.ties {
        let (ecosystem, place) = (tie.ecosystem, tie.registry());
        let before = old.tie(ecosystem, &tie.prefix);
        let allowed = match before {
            Some(before) => covers(before.registry(), place),
            None if old.pins_registries(ecosystem) => old.pins(ecosystem, place),
            None => in_use(ecosystem, place),
        };
        if !allowed {
            all.push(Loosening {
                message: format!(
                    "{} packages whose names begin with `{}` may come from {place}",
                    ecosystem.id(),
                    tie.prefix
                ),
                at: Some(tie.place.span.clone()),
                before: before.map(|before| before.place.span.clone()),
            });
        }
    }
    for tie in old.registries.ties.iter().filter(|tie| new.tie(tie.ecosystem, &tie.prefix).is_none()) {
        all.push(Loosening {
            message: format!("names that begin with `{}` are no longer tied to one registry", tie.prefix),
            at: None,
            before: Some(tie.place.span.clone()),
        });
    }
}

/// A rule has one level as it is, or several, by case; a policy gives it one. What that lowers is taken for a loosening.
fn lowers(rule: &str, old: Option<Option<Level>>, new: Option<Option<Level>>) -> bool {
    let Some(rule) = rules::find(rule) else { return false };
    let own = Some(rule.level).filter(|_| !rule.is_opt_in());
    match (old, new) {
        (Some(old), Some(new)) => new < old,
        (Some(old), None) => own < old,
        (None, Some(new)) => new <= own && new < Some(Level::Error),
        (None, None) => false,
    }
}

fn everywhere(old: &Levels, new: &Levels, all: &mut Vec<Loosening>) {
    for rule in rules::ALL.iter().map(|rule| rule.id) {
        let find = |levels: &Levels| levels.everywhere.iter().find(|it| it.rule == rule).cloned();
        let (before, after) = (find(old), find(new));
        let level = |setting: &Option<Setting>| setting.as_ref().map(|it| it.level);
        if lowers(rule, level(&before), level(&after)) {
            all.push(Loosening {
                message: format!("`{rule}` is {}", name(level(&after))),
                at: after.map(|it| it.span),
                before: before.map(|it| it.span),
            });
        }
    }
}

fn name(level: Option<Option<Level>>) -> &'static str {
    match level {
        None => "what it is by itself",
        Some(None) => "off",
        Some(Some(Level::Note)) => "a note",
        Some(Some(Level::Warning)) => "a warning",
        Some(Some(Level::Error)) => "an error",
    }
}

type Settings<'l> = Vec<(&'l [String], &'l Setting)>;

fn overrides(old: &Levels, new: &Levels, all: &mut Vec<Loosening>) {
    let settings = |levels: &'_ Levels| -> usize { levels.overrides.iter().map(|it| it.levels.len()).sum() };
    if settings(old) + settings(new) == 0 {
        return;
    }
    let (before, after) = (flat(old), flat(new));
    let has = |list: &Settings<'_>, it: &(&[String], &Setting)| {
        list.iter().any(|other| other.0 == it.0 && other.1.rule == it.1.rule && other.1.level == it.1.level)
    };
    for it in after.iter().filter(|it| !has(&before, it) && it.1.level < Some(Level::Error)) {
        all.push(Loosening {
            message: format!("`{}` is {} in {}", it.1.rule, name(Some(it.1.level)), it.0.join(", ")),
            at: Some(it.1.span.clone()),
            before: None,
        });
    }
    for it in before.iter().filter(|it| !has(&after, it)) {
        if lowers(it.1.rule, Some(it.1.level), new.everywhere(it.1.rule)) {
            all.push(Loosening {
                message: format!(
                    "`{}` is no longer {} in {}",
                    it.1.rule,
                    name(Some(it.1.level)),
                    it.0.join(", ")
                ),
                at: None,
                before: Some(it.1.span.clone()),
            });
        }
    }
    let common = |list: &Settings<'_>, other: &Settings<'_>| -> Vec<(String, &'static str)> {
        let kept = list.iter().filter(|it| has(other, it));
        kept.map(|it| (it.0.join("\n"), it.1.rule)).collect()
    };
    if common(&before, &after) != common(&after, &before) {
        let at = after.first().map(|it| it.1.span.clone());
        all.push(Loosening { message: "the overrides stand in another order".to_owned(), at, before: None });
    }
}

/// Every override, rule by rule, in the order of the file.
fn flat(levels: &Levels) -> Settings<'_> {
    let each = levels.overrides.iter();
    each.flat_map(|it| it.levels.iter().map(|setting| (it.globs.as_slice(), setting))).collect()
}

fn exceptions(old: &Policy, new: &Policy, all: &mut Vec<Loosening>) {
    let before: HashMap<_, (Option<Date>, &Range<usize>)> =
        old.exceptions.iter().map(|it| (it.key(), (it.until, &it.span))).collect();
    let mut added: BTreeMap<&str, Vec<&Exception>> = BTreeMap::new();
    for it in &new.exceptions {
        // Without an end is longest.
        let longer = |until: Option<Date>| until.is_some_and(|old| it.until.is_none_or(|new| new > old));
        match before.get(&it.key()) {
            None => added.entry(it.rule.id).or_default().push(it),
            Some((until, place)) if longer(*until) => all.push(Loosening {
                message: format!("{} is accepted for longer", it.describe()),
                at: Some(it.span.clone()),
                before: Some((*place).clone()),
            }),
            Some(_) => {}
        }
    }
    added.into_iter().for_each(|(rule, list)| accepted(rule, &list, all));
}

/// An old repository writes down hundreds of one rule at a time: who reviews that reads the file. What speaks of
/// tampering is named one by one.
fn accepted(rule: &str, list: &[&Exception], all: &mut Vec<Loosening>) {
    const FEW: usize = 3;
    let told = if list.len() > FEW && !list[0].rule.tamper { &list[..1] } else { list };
    all.extend(told.iter().map(|it| Loosening {
        message: match told.len() < list.len() {
            true => format!("{} findings of `{rule}` are accepted", list.len()),
            false => format!("{} is accepted", it.describe()),
        },
        at: Some(it.span.clone()),
        before: None,
    }));
}

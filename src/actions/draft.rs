//! A first policy: what the lockfiles of a side pin today, written down for a person to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::ecosystems::formats;
use crate::findings::finding::{Finding, Level};
use crate::model::release::fetched_from;
use crate::model::{Ecosystem, Lockfile, Origin, Package, folder};
use crate::policy::RULE_SET;
use crate::render::count;
use crate::text::escape;
use crate::world::World;

/// What comes from one place.
#[derive(Default)]
struct Uses {
    packages: usize,
    scopes: BTreeSet<String>,
    /// The client configuration that names the place.
    configured: Option<String>,
}

/// What is pinned, in the order in which it is written.
#[derive(Default)]
pub struct Draft {
    registries: BTreeMap<Ecosystem, BTreeMap<String, Uses>>,
    /// npm's scopes, with the places that each comes from.
    scopes: BTreeMap<String, BTreeMap<String, usize>>,
    repositories: BTreeMap<String, usize>,
    /// Texts that no real place has in it: nothing to be pinned unread.
    pub left_out: BTreeSet<String>,
    /// How many lockfiles it was made from.
    pub lockfiles: usize,
    /// Globs of fixtures.
    pub excluded: BTreeSet<String>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// Folders whose files are there to be tried on.
const ANYWHERE: [&str; 5] = ["fixture", "fixtures", "__fixtures__", "testdata", "test-fixtures"];
/// Folders that may be: such a name says it of this one alone.
const HERE: [&str; 7] = ["test", "tests", "__tests__", "e2e", "spec", "example", "examples"];

/// Whether a file stands among fixtures.
pub fn is_of_fixture(path: &str) -> bool {
    folder(path).split('/').any(|part| ANYWHERE.contains(&part) || HERE.contains(&part))
}

/// What leaves out the fixtures that a file stands among: the nearest such folder.
fn glob_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = folder(path).split('/').collect();
    if let Some(name) = parts.iter().rev().find(|part| ANYWHERE.contains(part)) {
        return Some(format!("**/{name}/**"));
    }
    let at = parts.iter().rposition(|part| HERE.contains(part))?;
    let place: Vec<String> = parts[..=at].iter().map(|part| globset::escape(part)).collect();
    Some(format!("{}/**", place.join("/")))
}

impl Draft {
    pub fn new(world: &World<'_>) -> Draft {
        let mut draft = Draft { lockfiles: world.lockfiles.len(), ..Draft::default() };
        for lockfile in &world.lockfiles {
            for package in &lockfile.packages {
                draft.take(world, lockfile, package);
            }
        }
        for ecosystem in Ecosystem::ALL {
            for (source, pin) in world.configured(ecosystem) {
                if let Some(uses) = draft.uses(ecosystem, &pin.place) {
                    uses.configured.get_or_insert_with(|| source.path.clone());
                }
            }
        }
        draft
    }

    fn take<'a>(&mut self, world: &World<'a>, lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) {
        let ecosystem = lockfile.ecosystem();
        if let Origin::Git(git) = &package.origin
            && world.declaration(lockfile, None, &git.repository).is_none()
            && self.is_plain(&git.repository)
        {
            *self.repositories.entry(git.repository.clone().into_owned()).or_default() += 1;
        }
        for (scope, place) in fetched_from(lockfile, package).filter(|(scope, _)| !scope.contains("://")) {
            let Some(uses) = self.uses(ecosystem, &place) else { continue };
            uses.packages += 1;
            if scope.starts_with('@') {
                uses.scopes.insert(scope.to_owned());
            }
            if scope.starts_with('@') && self.is_plain(scope) {
                *self.scopes.entry(scope.to_owned()).or_default().entry(place.into_owned()).or_default() += 1;
            }
        }
    }

    fn uses(&mut self, ecosystem: Ecosystem, place: &str) -> Option<&mut Uses> {
        if !self.is_plain(place) {
            return None;
        }
        Some(self.registries.entry(ecosystem).or_default().entry(place.to_owned()).or_default())
    }

    fn is_plain(&mut self, place: &str) -> bool {
        let plain = !place.chars().any(|c| escape::is_hidden(c) || "\"\\".contains(c));
        if !plain {
            self.left_out.insert(escape::message(place));
        }
        plain
    }

    /// Leaves out the fixtures that something is found in.
    pub fn exclude(&mut self, findings: &[Finding]) {
        let grave = findings.iter().filter(|finding| finding.level > Level::Note);
        let globs = grave.filter(|finding| formats::of_path(finding.path.as_bytes()).is_some());
        self.excluded = globs.filter_map(|finding| glob_of(&finding.path)).collect();
        self.excluded.retain(|glob| !glob.chars().any(|c| escape::is_hidden(c) || "\"\\".contains(c)));
    }

    /// Whether a path is among what is left out.
    pub fn excludes(&self, path: &str) -> bool {
        glob_of(path).is_some_and(|glob| self.excluded.contains(&glob))
    }

    /// How many registries and repositories it pins.
    pub fn size(&self) -> (usize, usize) {
        (self.registries.values().map(BTreeMap::len).sum(), self.repositories.len())
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut out = format!(
            "# What this repository allows its lockfiles. Written by `lockproof init` from what they pin today:\n\
             # read it once, since from now on it is trusted. `lockproof explain` lists the rules.\n\
             rule-set = \"{RULE_SET}\"\n"
        );
        for what in &self.unread {
            let _ =
                writeln!(out, "# Not read, so nothing that it pins stands here: {}", escape::message(what));
        }
        self.write_registries(&mut out);
        self.write_repositories(&mut out);
        out.push_str(
            "\n# The level of each rule: error, warning, note or off. Those that speak of tampering keep theirs.\n[rules]\n\
             \n# Globs of lockfiles that are not the repository's own: fixtures, examples.\n[files]\n",
        );
        if self.excluded.is_empty() {
            out.push_str("exclude = []\n");
        } else {
            let globs: String = self.excluded.iter().map(|glob| format!("    \"{glob}\",\n")).collect();
            let _ = writeln!(out, "exclude = [\n{globs}]");
        }
        out
    }

    fn write_registries(&self, out: &mut String) {
        out.push_str(
            "\n# Where packages may come from; anything else is an error. An ecosystem that is not named may use what it\n\
             # has used so far.\n[registries]\n",
        );
        let ties = self.ties();
        for (ecosystem, places) in &self.registries {
            // What serves tied names alone need not serve others.
            let tied = |place: &str| ties.iter().filter(|it| it.1 == place).map(|it| it.2).sum::<usize>();
            let is_tied = |(place, uses): &(&String, &Uses)| {
                *ecosystem == Ecosystem::Npm && uses.packages > 0 && tied(place) == uses.packages
            };
            let _ = writeln!(out, "{} = [", ecosystem.id());
            for (place, uses) in most_used_first(places).into_iter().filter(|it| !is_tied(it)) {
                let _ = writeln!(out, "    \"{place}\", # {}", uses.remark());
            }
            out.push_str("]\n");
        }
        if !ties.is_empty() {
            out.push_str(
                "\n# Names that come from one registry, and from nowhere else.\n[registries.scoped]\n",
            );
        }
        for (scope, place, uses) in ties {
            let _ = writeln!(out, "\"{scope}/\" = \"{place}\" # {}", count(uses, "package"));
        }
    }

    /// Scopes that have a registry of their own. Others are where everything is, and may move with it.
    fn ties(&self) -> Vec<(&str, &str, usize)> {
        let places = self.registries.get(&Ecosystem::Npm);
        let main = places.and_then(|places| most_used_first(places).first().map(|(place, _)| *place));
        let alone = self.scopes.iter().filter(|(_, places)| places.len() == 1);
        let each = alone.flat_map(|(scope, places)| places.iter().map(move |it| (scope, it.0, *it.1)));
        let own = each.filter(|(_, place, _)| Some(*place) != main);
        own.map(|(scope, place, uses)| (scope.as_str(), place.as_str(), uses)).collect()
    }

    fn write_repositories(&self, out: &mut String) {
        out.push_str("\n# Git repositories that packages may come from although no manifest here asks for them.\n[git]\n");
        if self.repositories.is_empty() {
            out.push_str("allow = []\n");
            return;
        }
        out.push_str("allow = [\n");
        for (repository, uses) in &self.repositories {
            let _ = writeln!(out, "    \"{repository}\", # {}", count(*uses, "package"));
        }
        out.push_str("]\n");
    }
}

impl Uses {
    fn remark(&self) -> String {
        let mut text = count(self.packages, "package");
        if !self.scopes.is_empty() && self.scopes.len() < 4 {
            let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
            let _ = write!(text, ", of {}", scopes.join(", "));
        }
        if let Some(path) = &self.configured {
            let _ = write!(text, ", named by {path}");
        }
        escape::message(&text)
    }
}

fn most_used_first(places: &BTreeMap<String, Uses>) -> Vec<(&String, &Uses)> {
    let mut all: Vec<_> = places.iter().collect();
    all.sort_by_key(|(_, uses)| std::cmp::Reverse(uses.packages));
    all
}

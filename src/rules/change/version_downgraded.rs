//! A package went back to an older version.
//!
//! Reverts are honest, and so is a resolver that backs out of a conflict. But an old release with a known hole is also
//! the quietest way to bring the hole back, so it is said: a warning for a release that the project did not have, and that
//! is older than what it had, while neither a manifest nor a package that depends on it has changed; a note where one of
//! them did. A release that the project has anyway, and that only takes another place in the tree, is none.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//! -version = "1.0.10"
//! +version = "1.0.9"
//!             ^^^^^ was 1.0.10
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//! -checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//! +checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//! ```

use std::cmp::Ordering;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest::Declared;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::{Node, Walk, tops};
use crate::model::release::Release;
use crate::model::version;
use crate::model::{Ecosystem, Lockfile, Package, folder};
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::demands::Demands;
use crate::world::members::Members;
use crate::world::{Context, Pair, World};

pub static RULE: Rule = Rule {
    id: "version-downgraded",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("version_downgraded.rs"),
    checks: &[Check::Change(check)],
};

const HELP: &str = "Nothing to do if it is meant; the commit message is the place to say why.";

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    // A file that lists whatever was ever looked at (go.sum) selects nothing.
    if lockfile.format.manifest_selects || base.format.manifest_selects {
        return selected(cx, lockfile, base, report);
    }
    let (older, before) = older(cx, lockfile, base);
    if older.is_empty() {
        return;
    }
    let now = highest(lockfile);
    let moved = Moved::new(cx, lockfile, &older);
    // Of several that nothing asks for anew, the others came along with the first.
    let mut alone: Vec<Node> = older.iter().copied().filter(|&at| !moved.explains(at)).collect();
    if let Some(graph) = cx.head.graph(lockfile) {
        alone = tops(&mut Walk::new(graph), &alone);
    }
    let alone: HashSet<Node> = alone.into_iter().collect();
    let gone = gone(lockfile, base);
    let mut told = HashSet::new();
    for at in older {
        let package = &lockfile.packages[at];
        let (name, version) = (package.name.as_str(), package.version());
        let went_back = now.get(name).is_some_and(|highest| highest.version() == version);
        let is_asked_for = moved.explains(at);
        // An older one beside the newer one is what a new dependent may need.
        // It took the place of one that was older still.
        let is_newer = |old: &&str| version::compare(old, version) == Some(Ordering::Less);
        let is_upgrade = || gone.get(name).is_some_and(|gone| gone.iter().any(&is_newer));
        let is_told = went_back || alone.contains(&at) && !is_upgrade();
        let Some(at) = package.version.as_ref().filter(|_| is_told) else { continue };
        if !told.insert((name, version)) {
            continue;
        }
        let old = before[name].version();
        let message = match went_back {
            true => format!("{name} went back from {old} to {version}."),
            false => format!("{name}@{version} is new beside {old}, and older."),
        };
        let found = report.package(lockfile, package, Field::Version, at, message);
        found.label(format!("was {old}")).help(HELP).level(Level::Note);
        if !is_asked_for {
            let why = "Neither a manifest nor a package that depends on it has changed.";
            let meant = "If it is meant, the commit message is the place to say why.";
            found.level(Level::Warning).help(Help::from(why).and(cx.restore(lockfile)).and(meant));
        }
    }
}

/// The entries of releases that are new here, and older than what the base side had of their name. What only went to
/// another place in the tree is not.
fn older<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
) -> (Vec<Node>, HashMap<&'a str, &'a Package<'a>>) {
    let before = highest(base);
    let fold = cx.base.as_ref().map(|base| base.fold(lockfile.ecosystem()));
    let is_older = |package: &Package<'a>| {
        let known = before.get(package.name.as_str()).filter(|_| !package.origin.is_local());
        known.is_some_and(|old| version::compare(package.version(), old.version()) == Some(Ordering::Less))
    };
    let is_new =
        |package: &'a Package<'a>| fold.is_some_and(|fold| !Release::of(lockfile, package).is_in(fold));
    let packages = lockfile.packages.iter().enumerate();
    let found = packages.filter(|(_, it)| is_older(it) && is_new(it)).map(|(at, _)| at).collect();
    (found, before)
}

/// By name, the versions that the base side had and this one has not.
fn gone<'a>(lockfile: &'a Lockfile<'a>, base: &'a Lockfile<'a>) -> HashMap<&'a str, Vec<&'a str>> {
    let release = |package: &'a Package<'a>| (package.name.as_str(), package.version());
    let kept: HashSet<_> = lockfile.packages.iter().map(release).collect();
    let mut gone: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, version) in base.packages.iter().map(release).filter(|it| !kept.contains(it)) {
        gone.entry(name).or_default().push(version);
    }
    gone
}

/// What may ask for another version than it did.
struct Moved {
    /// The manifests, which may ask for anything.
    manifests: bool,
    /// Of the entries in question, those that something new depends on.
    below: HashSet<Node>,
}

impl Moved {
    fn new<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, older: &[Node]) -> Moved {
        let mut all = Members::of(&cx.head, lockfile).manifests.into_iter();
        let mut moved =
            Moved { manifests: all.any(|it| asks_anew(cx, it.source, it.ecosystem)), below: HashSet::new() };
        let (Some(graph), Some(base), false) = (cx.head.graph(lockfile), &cx.base, moved.manifests) else {
            return moved;
        };
        let fold = base.fold(lockfile.ecosystem());
        let older: HashSet<Node> = older.iter().copied().collect();
        let below = |node: Node| {
            let targets = graph.edges(node).flat_map(|(_, targets)| targets).map(|&at| at as Node);
            targets.filter(|at| older.contains(at)).collect::<Vec<_>>()
        };
        // One that is in question itself explains nothing before it is explained.
        let is_new = |node: &Node| {
            let package = &lockfile.packages[*node];
            !older.contains(node) && !package.origin.is_local() && !Release::of(lockfile, package).is_in(fold)
        };
        let mut next: Vec<Node> = (0..lockfile.packages.len()).filter(is_new).flat_map(below).collect();
        while let Some(node) = next.pop() {
            if moved.below.insert(node) {
                next.extend(below(node));
            }
        }
        moved
    }

    fn explains(&self, at: Node) -> bool {
        self.manifests || self.below.contains(&at)
    }
}

/// Whether a manifest asks for something else than it did, whatever else changed in it.
fn asks_anew(cx: &Context<'_>, source: &Source, ecosystem: Ecosystem) -> bool {
    let before = || cx.base.as_ref().and_then(|base| base.companion(&source.path));
    cx.is_changed(source)
        && before().is_none_or(|before| Demands::of(before, ecosystem) != Demands::of(source, ecosystem))
}

/// What the manifest beside the lockfile selects, where it is the one that does.
fn selected<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
    report: &mut Report<'a>,
) {
    let Some(side) = &cx.base else { return };
    let before: HashMap<&str, &str> =
        selections(side, base).map(|(_, it, version)| (it, version.raw)).collect();
    for (source, name, version) in selections(&cx.head, lockfile) {
        let Some(old) = before.get(name) else { continue };
        if version::compare(version.raw, old) == Some(Ordering::Less) {
            report
                .source(source, version.raw, format!("{name} went back from {old} to {}.", version.raw))
                .level(Level::Note)
                .label(format!("was {old}"))
                .help(HELP);
        }
    }
}

/// Names and versions that the manifests beside a lockfile select.
fn selections<'w, 'a>(
    world: &'w World<'a>,
    lockfile: &'w Lockfile<'a>,
) -> impl Iterator<Item = (&'a Source, &'w str, &'w Text<'a>)> {
    let manifests = world.manifests(lockfile.ecosystem());
    let beside = manifests.filter(|it| folder(&it.source.path) == lockfile.folder());
    beside.flat_map(|manifest| {
        let selected = |it: &'w Declared<'a>| Some((manifest.source, it.name.as_str(), it.version.as_ref()?));
        manifest.dependencies.iter().filter_map(selected)
    })
}

/// The entry with the highest version of each name.
fn highest<'a>(lockfile: &'a Lockfile<'a>) -> HashMap<&'a str, &'a Package<'a>> {
    let mut highest: HashMap<&str, &Package<'_>> = HashMap::new();
    for package in
        lockfile.packages.iter().filter(|package| package.version.is_some() && !package.origin.is_local())
    {
        let known = highest.entry(package.name.as_str()).or_insert(package);
        if version::compare(known.version(), package.version()) == Some(Ordering::Less) {
            *known = package;
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn npm(range: &str, entries: &[(&str, &str)]) -> String {
        let entry = |(path, version): &(&str, &str)| {
            format!(r#""node_modules/{path}": {{"version": "{version}", "dependencies": {{"x": "*"}}}}"#)
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {{\"p\": \"{range}\", \"q\": \"*\", \"x\": \"*\"}}}},\n{}}}}}",
            entries.join(",\n")
        )
    }

    fn manifest(range: &str) -> String {
        format!(r#"{{"name": "a", "dependencies": {{"p": "{range}", "q": "*", "x": "*"}}}}"#)
    }

    #[test]
    fn a_release_that_nobody_asks_for_anew_is_a_warning() {
        let base = npm("1", &[("p", "1.0.0"), ("q", "1.0.0"), ("q/node_modules/x", "1.2.0"), ("x", "2.0.0")]);
        let test = |range: &str, head: &[(&str, &str)]| {
            check("version-downgraded")
                .base("package.json", &manifest("1"))
                .head("package.json", &manifest(range))
                .base("package-lock.json", &base)
                .head("package-lock.json", &npm(range, head))
        };
        let kept = [("p", "1.0.0"), ("q", "1.0.0"), ("q/node_modules/x", "1.2.0"), ("x", "2.0.0")];
        let nested = ("p/node_modules/x", "1.9.0");
        test("1", &[&kept[..], &[nested]].concat())
            .finds(&["package-lock.json:6:47 warning x@1.9.0 is new beside 2.0.0, and older."]);
        test("1", &[("p", "1.0.0"), ("q", "1.0.0"), ("x", "1.9.0")])
            .finds(&["package-lock.json:4:32 warning x went back from 2.0.0 to 1.9.0."]);
        // Whoever asks for it is new, or a manifest asks for something else.
        test("1", &[&[("p", "1.1.0")], &kept[1..], &[nested]].concat()).finds(&[]);
        test("1", &[("p", "1.1.0"), ("q", "1.0.0"), ("x", "1.9.0")])
            .finds(&["package-lock.json:4:32 note x went back from 2.0.0 to 1.9.0."]);
        test("1.0", &[("p", "1.0.0"), ("q", "1.0.0"), ("x", "1.9.0")])
            .finds(&["package-lock.json:4:32 note x went back from 2.0.0 to 1.9.0."]);
        // It is an upgrade of the nested one.
        test("1", &[&kept[..2], &[("q/node_modules/x", "1.9.0"), kept[3]]].concat()).finds(&[]);
        // It was there before.
        test("1", &[&kept[..], &[("p/node_modules/x", "1.2.0")]].concat()).finds(&[]);
        test("1", &[("p", "1.0.0"), ("q", "1.0.0"), ("x", "1.2.0")]).finds(&[]);
    }

    #[test]
    fn go_selects_in_its_manifest() {
        let sum = "m v1.0.0 h1:{A}\nm v1.1.0 h1:{B}\n";
        check("version-downgraded")
            .base("go.mod", "module a\nrequire m v1.1.0\n")
            .head("go.mod", "module a\nrequire m v1.0.0\n")
            .base("go.sum", sum)
            .head("go.sum", "m v1.0.0 h1:{A}\n")
            .finds(&["go.mod:2:11 note m went back from v1.1.0 to v1.0.0."]);
    }
}

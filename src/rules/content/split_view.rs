//! Two readers would see two lockfiles here.
//!
//! What is reviewed is then not what is installed: npm 6 reads one half of a version 2 lockfile and later clients the
//! other; npm prefers `npm-shrinkwrap.json` to the `package-lock.json` beside it; a file system that folds case has room
//! for one of `Cargo.lock` and `cargo.lock`.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 2,
//!    "packages": {
//!      "node_modules/ms": {
//!        "version": "2.1.3",
//!        "resolved": "https://registry.example.com/ms/-/ms-2.1.3.tgz"
//!      }
//!    },
//!    "dependencies": {
//!      "ms": {
//! -      "version": "2.1.3",
//! +      "version": "2.1.2",
//!                    ^^^^^ the other half has 2.1.3
//!        "resolved": "https://registry.example.com/ms/-/ms-2.1.3.tgz"
//!      }
//!    }
//!  }
//! ```
//!
//! Let the package manager write the file again, and remove the one that it does not read.

use foldhash::{HashMap, HashMapExt};

use crate::ecosystems::formats;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::{Provenance, Release, Slot};
use crate::model::{Exemption, Lockfile, Origin, Package};
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "split-view",
    level: Level::Error,
    tamper: true,
    families: Family::ALL,
    docs: include_str!("split_view.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for lockfile in cx.head.lockfiles.iter().copied().filter(|it| it.is_readable()) {
        halves(cx, lockfile, report);
        documents(cx, lockfile, report);
    }
    shrinkwraps(cx, report);
    namesakes(cx, report);
}

/// The two halves of npm's version 2: every install path stands in both, and says the same.
fn halves<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    if !lockfile.packages.iter().any(|it| it.flags.legacy) {
        return;
    }
    let (old, new): (Vec<Slot<'a>>, Vec<_>) = lockfile.slots().partition(|slot| slot.package.flags.legacy);
    // Version 1 has one half.
    let has_both = lockfile.schema_version.as_ref().is_some_and(|version| version.as_str() == "2");
    if new.is_empty() && !has_both {
        return;
    }
    let mut by_path: HashMap<&str, Slot<'a>> = new.iter().map(|it| (it.package.slot.as_str(), *it)).collect();
    let mut paths: HashMap<&str, String> = HashMap::new();
    for slot in old {
        let key = slot.package.slot.as_str();
        let (above, name) = key.rsplit_once(" > ").unwrap_or(("", key));
        // What hangs below a link stands below the folder that it leads to.
        let folder = paths.get(above).map_or("", String::as_str);
        let at = if folder.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{folder}/node_modules/{name}")
        };
        let other = by_path.remove(at.as_str());
        let target = other
            .filter(|it| it.package.origin == Origin::Workspace)
            .and_then(|it| it.package.source.as_ref());
        paths.insert(key, target.map_or(at, |target| target.as_str().to_owned()));
        match other {
            Some(other) => compare(cx, slot, other, report),
            None => alone(cx, slot, report),
        }
    }
    let mut left: Vec<_> = by_path.into_values().filter(|slot| !slot.package.origin.is_local()).collect();
    left.sort_by_key(|slot| slot.package.heading().as_ptr().addr());
    left.into_iter().for_each(|slot| alone(cx, slot, report));
}

/// The first field in which two entries differ that should be one; it shows where the base side does not have it.
fn compare<'a>(cx: &Context<'a>, old: Slot<'a>, new: Slot<'a>, report: &mut Report<'a>) {
    let Some(field) = difference(old.package, new.package) else { return };
    let (slot, other) = if is_known(cx, old) && !is_known(cx, new) { (new, old) } else { (old, new) };
    let (at, said) = (value(slot.package, field), value(other.package, field));
    report
        .package(
            slot.lockfile,
            slot.package,
            field,
            &at,
            format!("The two halves of the lockfile disagree about {}.", cut(slot.package.name.as_str())),
        )
        .label(format!("the other half has {}", cut(said.as_str())))
        .related(other.lockfile.source, said.raw, "the other half")
        .help(relock(cx, slot.lockfile));
}

fn difference(a: &Package<'_>, b: &Package<'_>) -> Option<Field> {
    let differ = |a: &Option<Text<'_>>, b: &Option<Text<'_>>| {
        a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a.as_str() != b.as_str())
    };
    if a.origin.is_local() && b.origin.is_local() {
        return None;
    }
    // The older half spells a repository as it likes, and has no hash of what npm packs from one.
    if let (Origin::Git(old), Origin::Git(new)) = (&a.origin, &b.origin) {
        let commits = old.commit.is_some() && old.commit == new.commit;
        return (old.repository != new.repository || !commits).then_some(Field::Source);
    }
    if a.name.as_str() != b.name.as_str() {
        return Some(Field::Name);
    }
    if differ(&a.version, &b.version) {
        return Some(Field::Version);
    }
    // What comes out of its parent's archive may be said to, or be given its registry's hash: npm does either.
    if [a, b].iter().any(|it| it.exemption == Some(Exemption::Bundled)) {
        return None;
    }
    if Provenance::of(&a.origin) != Provenance::of(&b.origin) || differ(&a.source, &b.source) {
        return Some(Field::Source);
    }
    (!a.digests().map(|it| it.raw).eq(b.digests().map(|it| it.raw))).then_some(Field::Integrity)
}

/// What an entry says in a field; its heading where it says nothing.
fn value<'a>(package: &'a Package<'a>, field: Field) -> Text<'a> {
    let text = match field {
        Field::Version => package.version.clone(),
        Field::Source => package.source.clone(),
        Field::Integrity => package.artifacts.first().and_then(|it| it.integrity.clone()),
        _ => Some(package.name.clone()),
    };
    text.unwrap_or(package.slot.clone())
}

fn is_known<'a>(cx: &Context<'a>, slot: Slot<'a>) -> bool {
    let fold = cx.base.as_ref().map(|base| base.fold(slot.lockfile.ecosystem()));
    let kept = fold.and_then(|fold| fold.release(&Release::of(slot.lockfile, slot.package)));
    kept.is_some_and(|kept| crate::model::release::pins(slot).all(|pin| kept.has(&pin)))
}

fn alone<'a>(cx: &Context<'a>, slot: Slot<'a>, report: &mut Report<'a>) {
    let clients = if slot.package.flags.legacy {
        "only npm 6 and older install"
    } else {
        "npm 6 and older do not install"
    };
    report
        .package(
            slot.lockfile,
            slot.package,
            Field::Entry,
            &slot.package.slot,
            format!("{} stands in one half of the lockfile only.", slot.package.label()),
        )
        .label(format!("{clients} it"))
        .help(relock(cx, slot.lockfile));
}

fn relock(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> Help {
    cx.restore(lockfile).and(cx.relock(lockfile, "writes both halves again"))
}

/// pnpm reads two documents at most, and the first one only for its own needs.
fn documents<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = lockfile.stray_document else { return };
    report
        .file(
            lockfile,
            document,
            "There is a document in this file that its client does not read, or reads instead of another.",
        )
        .label("begins here")
        .help(cx.restore(lockfile));
}

/// `npm-shrinkwrap.json` hides the `package-lock.json` beside it: that is harmless only where both say the same.
fn shrinkwraps<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let named = |name: &str| -> HashMap<&'a str, &'a Lockfile<'a>> {
        let of_name = cx.head.lockfiles.iter().filter(|it| it.source.path.rsplit('/').next() == Some(name));
        of_name.map(|it| (it.folder(), *it)).collect()
    };
    let shrinkwraps = named("npm-shrinkwrap.json");
    let locks =
        cx.head.lockfiles.iter().filter(|it| it.source.path.rsplit('/').next() == Some("package-lock.json"));
    for lock in locks {
        let Some(shrinkwrap) = shrinkwraps.get(lock.folder()) else { continue };
        let said: HashMap<&str, &Package<'a>> =
            shrinkwrap.packages.iter().map(|it| (it.slot.as_str(), it)).collect();
        let differs = |slot: &Slot<'a>| {
            said.get(slot.package.slot.as_str()).is_none_or(|other| difference(slot.package, other).is_some())
        };
        let Some(first) = lock.slots().find(differs) else { continue };
        report
            .package(
                lock,
                first.package,
                Field::Entry,
                &first.package.slot,
                format!("npm reads {} and not this file, and they disagree.", shrinkwrap.source.path),
            )
            .label("not what is installed")
            .related(
                shrinkwrap.source,
                shrinkwrap.source.text().lines().next().unwrap_or_default(),
                "what npm reads",
            )
            .help(cx.remove_file("Keep one of them", &lock.source.path));
    }
}

/// Paths that differ in case alone: some file systems keep one of them.
fn namesakes<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let misspelled = cx.head.companions.iter().filter(|it| formats::misspelled(it.path.as_bytes()).is_some());
    let files = cx.head.lockfiles.iter().map(|it| it.source).chain(misspelled.copied());
    let mut by_path: HashMap<String, Vec<&'a Source>> = HashMap::new();
    files.for_each(|source| by_path.entry(source.path.to_lowercase()).or_default().push(source));
    let mut groups: Vec<_> = by_path.into_values().filter(|group| group.len() > 1).collect();
    let on_base = |source: &Source| cx.base.as_ref().is_some_and(|base| base.has_path(&source.path));
    groups.iter_mut().for_each(|group| {
        group.sort_by_key(|it| {
            (!on_base(it), formats::of_path(it.path.as_bytes()).is_none(), it.path.as_str())
        });
    });
    groups.sort_by_key(|group| group[0].path.as_str());
    for (first, others) in groups.iter().filter_map(|group| group.split_first()) {
        for other in others {
            let at = other.text().lines().next().unwrap_or_default();
            report
                .source(other, at, format!("{} and {} differ in case alone.", other.path, first.path))
                .label("some file systems keep one of the two")
                .related(first, first.text().lines().next().unwrap_or_default(), "the other one")
                .help(cx.remove_file("Keep the one that its client reads", &other.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const ENTRY: &str = r#"{"version": "1.0.0", "resolved": "https://registry.example.com/x/-/x-1.0.0.tgz", "integrity": "sha512-{A512}"}"#;

    fn lock(new: &str, old: &str) -> String {
        format!("{{\"lockfileVersion\": 2,\n\"packages\": {{{new}}},\n\"dependencies\": {{{old}}}}}")
    }

    #[test]
    fn the_halves_of_a_real_lockfile_agree() {
        let text = include_str!("../../../tests/formats/npm/v2-workspaces/package-lock.json");
        check("split-view").head("package-lock.json", text).finds(&[]);
    }

    #[test]
    fn an_entry_of_one_half_is_found() {
        let both = format!(r#""node_modules/x": {ENTRY}"#);
        let ghost = ENTRY.replace("/x", "/y");
        let in_old = lock(&both, &format!("\"x\": {ENTRY},\n\"y\": {ghost}"));
        check("split-view")
            .head("package-lock.json", &in_old)
            .finds(&["package-lock.json:4:2 error y@1.0.0 stands in one half of the lockfile only."]);
        let in_new = lock(&format!("{both},\n\"node_modules/y\": {ghost}"), &format!(r#""x": {ENTRY}"#));
        check("split-view")
            .head("package-lock.json", &in_new)
            .finds(&["package-lock.json:3:2 error y@1.0.0 stands in one half of the lockfile only."]);
    }

    #[test]
    fn an_emptied_half_is_found_and_version_1_has_one() {
        let test = |text: &str| check("split-view").head("package-lock.json", text);
        let emptied = lock("", &format!("\"x\": {ENTRY}"));
        test(&emptied)
            .finds(&["package-lock.json:3:19 error x@1.0.0 stands in one half of the lockfile only."]);
        test(&format!("{{\"lockfileVersion\": 1, \"dependencies\": {{\"x\": {ENTRY}}}}}")).finds(&[]);
    }

    #[test]
    fn hashes_and_addresses_are_compared() {
        for (from, to) in [("{A512}", "{A1}"), ("registry.", "evil.")] {
            let old = lock(
                &format!(r#""node_modules/x": {ENTRY}"#),
                &format!(r#""x": {}"#, ENTRY.replace(from, to)),
            );
            check("split-view").head("package-lock.json", &old).count(1);
        }
    }

    #[test]
    fn a_shrinkwrap_may_hide_only_what_is_the_same() {
        let lock = |entry: &str| {
            format!("{{\"lockfileVersion\": 3, \"packages\": {{\n\"node_modules/x\": {entry}}}}}")
        };
        let test = |shrinkwrap: &str| {
            check("split-view")
                .head("package-lock.json", &lock(ENTRY))
                .head("npm-shrinkwrap.json", &lock(shrinkwrap))
        };
        test(ENTRY).finds(&[]);
        test(&ENTRY.replace("{A512}", "{A1}")).finds(&[
            "package-lock.json:2:2 error npm reads npm-shrinkwrap.json and not this file, and they disagree.",
        ]);
    }

    #[test]
    fn names_that_differ_in_case_alone_are_found() {
        check("split-view")
            .both("Cargo.lock", "version = 4\n")
            .head("cargo.lock", "version = 4\n")
            .head("a/Cargo.lock", "version = 4\n")
            .finds(&["cargo.lock:1:1 error cargo.lock and Cargo.lock differ in case alone."]);
    }

    #[test]
    fn a_third_document_and_a_second_tree_are_found() {
        let document = "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\n";
        check("split-view").head("pnpm-lock.yaml", document).finds(&[]);
        check("split-view").head("pnpm-lock.yaml", &document.repeat(2)).count(1);
        let env = document.replace("dependencies", "configDependencies");
        check("split-view").head("pnpm-lock.yaml", &format!("{env}{document}")).finds(&[]);
        check("split-view").head("pnpm-lock.yaml", &format!("{env}{document}{document}")).count(1);
    }
}

//! A package comes from a place that the project does not use.
//!
//! Which places are right is decided by `[registries]` in `lockproof.toml`; without that, by use: what the base side's
//! lockfiles of the ecosystem resolve from (for a scope, what that scope resolves from) and what client configuration in
//! the lockfile's folder or above it names. A new place is an error, a place that client configuration admits in the same change a
//! warning.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//! -      "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//! +      "resolved": "https://mirror.example.net/left-pad/-/left-pad-1.3.0.tgz",
//!                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no package here comes from https://mirror.example.net
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! Addresses that are put back into every entry, where none had one, are a note: most of them agree on the place.
//!
//! A registry that pnpm's configuration has a name for (`work:`) is judged by the address that it has there. One of several
//! archives of a runtime is a warning where others come from where they came from before.
//!
//! With nothing to compare with, the places that fewer packages come from are warnings. Pin the right ones in
//! `lockproof.toml` to settle it.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::check::excuse::TWO_STEPS;
use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest::Pinned;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::Links;
use crate::model::release::fetched_from;
use crate::model::{Lockfile, Origin, Package};
use crate::policy::{Tie, covers};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::{Context, World};

pub static RULE: Rule = Rule {
    id: "unpinned-registry",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("unpinned_registry.rs"),
    checks: &[Check::Lockfile(check)],
};

/// Whether a place may be used for a scope, and if not, how bad that is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pinned,
    /// Only client configuration of the head side admits it.
    Admitted,
    Unpinned,
    /// No entry named its registry until now, and all do; it is most entries'.
    Named,
    /// One of several archives of a runtime, of which others come from where they came from before.
    Runtime,
    /// There is nothing to judge by but the majority, and it is not in it.
    Minority,
}

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    // Thousands of entries come from a few places: each is judged once.
    let mut verdicts: HashMap<(&str, Cow<'_, str>), Verdict> = HashMap::new();
    let mut told = HashSet::new();
    let mut last = None;
    let named = named_throughout(cx, lockfile);
    for package in &lockfile.packages {
        check_declared(cx, lockfile, package, report);
        if let Some(tie) = cx.policy.tie(lockfile.ecosystem(), package.name.as_str()) {
            check_tied(cx, lockfile, package, tie, report);
            continue;
        }
        for (scope, place) in fetched_from(lockfile, package) {
            if last.as_ref().is_some_and(|(known, pinned)| *known == scope && *pinned == place) {
                continue;
            }
            let known = verdicts.entry((scope, place.clone()));
            let verdict = *known.or_insert_with(|| match judge(cx, lockfile, scope, &place) {
                Verdict::Unpinned if named == Some(&*place) => Verdict::Named,
                Verdict::Unpinned if scope == RUNTIME && is_one_of_several(cx, lockfile, package) => {
                    Verdict::Runtime
                }
                verdict => verdict,
            });
            last = (verdict == Verdict::Pinned).then(|| (scope, place.clone()));
            // Of a place that is no error, once is enough.
            let once = matches!(verdict, Verdict::Minority | Verdict::Named);
            if !once || told.insert(place.clone()) {
                tell(cx, lockfile, package, &place, verdict, report);
            }
            // The files of an index that is not pinned are no second fault.
            if verdict == Verdict::Unpinned && !is_index(scope) {
                break;
            }
        }
    }
}

/// Where dependencies are found by name, a name has one source: if a manifest takes it from an address, it comes from nowhere
/// else, and from no other folder of the archive.
fn check_declared<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    report: &mut Report<'a>,
) {
    let Origin::Url(place) = &package.origin else { return };
    let name = package.name.as_str();
    if lockfile.format.links != Links::Release || cx.head.declaration(lockfile, Some(name), place).is_some() {
        return;
    }
    let Some((manifest, line)) = cx.head.elsewhere(lockfile, name) else { return };
    let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
    let message = format!("{name} comes from {place}, and no manifest names that for it.");
    report
        .package(lockfile, package, Field::Source, &at, message)
        .level(Level::Error)
        .label("not what a manifest asks for")
        .value(&**place)
        .related(manifest, line, "what a manifest asks for")
        .help(cx.restore(lockfile).and(cx.relock(lockfile, "makes it fit the manifest")));
}

/// A name that is tied to one registry comes from nowhere else: that a public registry has one like it is how
/// dependencies are confused.
fn check_tied<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    tie: &Tie,
    report: &mut Report<'a>,
) {
    let Some(place) = stray(lockfile, package, tie) else { return };
    let (prefix, registry) = (&tie.prefix, tie.registry());
    let at = written(package, &place);
    report
        .package(
            lockfile,
            package,
            Field::Source,
            &at,
            format!(
                "{} comes from {place}, but lockproof.toml ties `{prefix}` to {registry}.",
                package.label()
            ),
        )
        .label(format!("not from {registry}"))
        .value(&*place)
        .help(
            Help::from(format!(
                "Point the client's configuration for `{prefix}` at {registry}, and lock it again."
            ))
            .and(cx.restore(lockfile)),
        );
}

/// Where the entry is fetched from, if that is not the registry that its name is tied to.
fn stray<'a>(lockfile: &'a Lockfile<'a>, package: &'a Package<'a>, tie: &Tie) -> Option<Cow<'a, str>> {
    let registry = tie.registry();
    let is_right =
        |scope: &str, place: &str| covers(registry, place) || is_index(scope) && covers(registry, scope);
    fetched_from(lockfile, package).find(|(scope, place)| !is_right(scope, place)).map(|(_, place)| place)
}

/// The text that says that the entry comes from there.
fn written<'a>(package: &'a Package<'a>, place: &str) -> Text<'a> {
    let own = package.artifacts.iter().filter_map(|it| it.url.as_ref()).find(|url| {
        crate::model::url::file_place(url.as_str(), package.name.as_str(), package.version()) == place
    });
    own.or(package.source.as_ref()).cloned().unwrap_or(Text::plain(package.heading()))
}

/// The registry of most entries, where the base side named none and now every entry has one: npm can be told to leave
/// them out (`omit-lockfile-registry-resolved`), and no more. An address for some entries only is no such thing.
fn named_throughout<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>) -> Option<&'a str> {
    let base = cx.base.as_ref()?;
    if cx.policy.pins_registries(lockfile.ecosystem()) || base.places(lockfile.ecosystem()).names_registries()
    {
        return None;
    }
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for package in &lockfile.packages {
        match &package.origin {
            Origin::Registry(Some(place)) => *uses.entry(place).or_default() += 1,
            Origin::Registry(None) if package.exemption.is_none() => return None,
            _ => {}
        }
    }
    let all: usize = uses.values().sum();
    uses.into_iter().find(|(_, uses)| uses * 2 > all).map(|(place, _)| place)
}

/// Whether another archive of a runtime comes from a place that is pinned, or is the first to be fetched.
fn is_one_of_several<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) -> bool {
    let knows = |base: &World<'_>| base.places(lockfile.ecosystem()).knows_scope(RUNTIME);
    let is_pinned = |(scope, place): (&str, Cow<'_, str>)| {
        scope == RUNTIME && judge(cx, lockfile, scope, &place) == Verdict::Pinned
    };
    !cx.base.as_ref().is_some_and(knows) || fetched_from(lockfile, package).any(is_pinned)
}

/// Whether client configuration of the head side admits what the entry is fetched from.
pub fn is_admitted<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) -> bool {
    if let Some(tie) = cx.policy.tie(lockfile.ecosystem(), package.name.as_str()) {
        return stray(lockfile, package, tie).is_none();
    }
    let may = |(scope, place): (&str, Cow<'_, str>)| {
        matches!(judge(cx, lockfile, scope, &place), Verdict::Pinned | Verdict::Admitted)
    };
    fetched_from(lockfile, package).all(may)
}

/// Whether everything that the entry is fetched from is pinned.
pub fn is_pinned<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, package: &'a Package<'a>) -> bool {
    if let Some(tie) = cx.policy.tie(lockfile.ecosystem(), package.name.as_str()) {
        return stray(lockfile, package, tie).is_none();
    }
    fetched_from(lockfile, package)
        .all(|(scope, place)| judge(cx, lockfile, scope, &place) == Verdict::Pinned)
}

fn judge<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, scope: &str, place: &str) -> Verdict {
    let ecosystem = lockfile.ecosystem();
    if place.ends_with(':') {
        return of_name(cx, lockfile, scope, place);
    }
    let is_file = is_index(scope);
    if cx.policy.pins_registries(ecosystem) && scope != RUNTIME {
        let pinned = |place: &str| cx.policy.pins(ecosystem, place);
        return if pinned(place) || is_file && pinned(scope) { Verdict::Pinned } else { Verdict::Unpinned };
    }
    let Some(base) = &cx.base else { return by_majority(cx, lockfile, scope, place) };
    let places = base.places(ecosystem);
    // The files of an index that is itself new are judged with it.
    if is_file && !places.knows_scope(scope) {
        return Verdict::Pinned;
    }
    let by_use = |scope: &str| places.uses(scope, place) > 0;
    // A scope that the base does not know yet may use what packages without scope use.
    let by_use = by_use(scope) || !is_file && !places.knows_scope(scope) && by_use("");
    // What is configured for all is not for a scope that has a place of its own.
    let configures = |world: &World<'_>| {
        let own = places.knows_scope(scope) || world.obeyed(lockfile).any(|(_, pin)| pin.scope == scope);
        let applies =
            |pin: &Pinned<'_>| pin.scope == scope || pin.scope.is_empty() && (scope.is_empty() || !own);
        world.obeyed(lockfile).any(|(_, pin)| (is_file || applies(pin)) && covers(&pin.place, place))
    };
    let declared = cx.head.declaration(lockfile, None, place).is_some();
    if by_use || declared || configures(base) {
        return Verdict::Pinned;
    }
    if configures(&cx.head) {
        return Verdict::Admitted;
    }
    // The first dependency of an ecosystem has no use to be compared with.
    if !places.fetches() {
        return by_majority(cx, lockfile, scope, place);
    }
    Verdict::Unpinned
}

/// What pnpm calls the registry of runtimes: it knows itself where they are.
const RUNTIME: &str = "runtime:";

/// A registry by the name that client configuration has for it: judged by its address.
fn of_name<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, scope: &str, name: &str) -> Verdict {
    let ecosystem = lockfile.ecosystem();
    let address = |world: &World<'a>| {
        world.configured(ecosystem).find(|(_, pin)| pin.scope == name).map(|(_, pin)| pin.place.to_string())
    };
    if name == RUNTIME {
        return Verdict::Pinned;
    }
    let Some(head) = address(&cx.head) else { return Verdict::Unpinned };
    if cx.policy.pins_registries(ecosystem) {
        return if cx.policy.pins(ecosystem, &head) { Verdict::Pinned } else { Verdict::Unpinned };
    }
    match &cx.base {
        None => Verdict::Pinned,
        Some(base) if address(base).is_some_and(|base| base == head) => Verdict::Pinned,
        Some(base) if base.places(ecosystem).uses(scope, &head) > 0 => Verdict::Pinned,
        Some(_) => Verdict::Admitted,
    }
}

/// Files of an index stand under the index instead of a scope.
fn is_index(scope: &str) -> bool {
    scope.contains("://")
}

fn by_majority(cx: &Context<'_>, lockfile: &Lockfile<'_>, scope: &str, place: &str) -> Verdict {
    let places = cx.head.places(lockfile.ecosystem());
    let (most, own) = (places.most_uses(scope), places.uses(scope, place));
    let configured = cx.head.obeyed(lockfile).any(|(_, pin)| covers(&pin.place, place));
    if own == most || configured { Verdict::Pinned } else { Verdict::Minority }
}

fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    place: &str,
    verdict: Verdict,
    report: &mut Report<'a>,
) {
    let (level, why) = match verdict {
        Verdict::Pinned => return,
        Verdict::Admitted => (Level::Warning, "a place that this change admits"),
        Verdict::Unpinned if cx.policy.pins_registries(lockfile.ecosystem()) => {
            (Level::Error, "a place that lockproof.toml does not pin")
        }
        Verdict::Unpinned => (Level::Error, "a place that no package here came from before"),
        Verdict::Named => (Level::Note, "a place that no entry named until now, and all do"),
        Verdict::Runtime => (Level::Warning, "a place that no archive of it came from before"),
        Verdict::Minority => (Level::Warning, "another place than most packages here"),
    };
    let at = written(package, place);
    let found = report.package(
        lockfile,
        package,
        Field::Source,
        &at,
        format!("{} comes from {why}: {place}.", package.label()),
    );
    found
        .level(level)
        .label(match verdict {
            Verdict::Unpinned => format!("no package here comes from {place}"),
            Verdict::Runtime => format!("no runtime here comes from {place}"),
            Verdict::Named => "no entry said until now where it comes from".to_owned(),
            Verdict::Minority => format!("most packages here come from elsewhere than {place}"),
            _ => format!("admitted with this change: {place}"),
        })
        .value(place);
    if verdict == Verdict::Runtime {
        let look = format!("pnpm takes a runtime from its publisher: look whether {place} is that.");
        found.help(Help::from(look).and(cx.restore(lockfile)));
        return;
    }
    found.help(
        Help::from(format!(
            "If the place is right, pin it in a change of its own: `{} = [\"{place}\"]` under `[registries]` in \
             lockproof.toml.",
            lockfile.ecosystem().id()
        ))
        .and(cx.restore(lockfile)),
    );
    if let Some((stated, policy)) = cx.policies.pending()
        && policy.pins(lockfile.ecosystem(), place)
    {
        found.help_more(&format!("{} pins it. {TWO_STEPS}", stated.source.path));
    }
    if let Verdict::Admitted = verdict
        && let Some((config, pin)) = cx.head.obeyed(lockfile).find(|(_, pin)| covers(&pin.place, place))
    {
        found.related(config, pin.at, "admitted here");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(entries: &[(&str, &str)]) -> String {
        let entry = |(name, host): &(&str, &str)| {
            let bare = name.rsplit('/').next().unwrap();
            format!(
                r#""node_modules/{name}": {{"version": "1.0.0", "resolved": "https://{host}/{name}/-/{bare}-1.0.0.tgz", "integrity": "sha512-{{A512}}"}}"#
            )
        };
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\n{}\n}}}}",
            entries.iter().map(entry).collect::<Vec<_>>().join(",\n")
        )
    }

    #[test]
    fn a_scope_stays_where_it_is() {
        let base = lock(&[("x", "registry.example.com"), ("@acme/a", "acme.example.com")]);
        let head = lock(&[
            ("x", "registry.example.com"),
            ("@acme/a", "acme.example.com"),
            ("@acme/b", "registry.example.com"),
            ("@new/c", "registry.example.com"),
            ("y", "acme.example.com"),
        ]);
        check("unpinned-registry").base("package-lock.json", &base).head("package-lock.json", &head).finds(&[
            "package-lock.json:4:59 error @acme/b@1.0.0 comes from a place that no package here came from before: https://registry.example.com.",
            "package-lock.json:6:53 error y@1.0.0 comes from a place that no package here came from before: https://acme.example.com.",
        ]);
    }

    #[test]
    fn client_configuration_is_a_pin() {
        let (base, head) = (
            lock(&[("x", "registry.example.com")]),
            lock(&[("x", "registry.example.com"), ("y", "other.example.com")]),
        );
        let expected = "package-lock.json:3:53 warning y@1.0.0 comes from a place that this change admits: https://other.example.com.";
        let rc = "registry=https://other.example.com/";
        check("unpinned-registry")
            .base("package-lock.json", &base)
            .head("package-lock.json", &head)
            .both(".npmrc", rc)
            .finds(&[]);
        check("unpinned-registry")
            .base("package-lock.json", &base)
            .head("package-lock.json", &head)
            .head(".npmrc", rc)
            .finds(&[expected]);
    }

    #[test]
    fn without_a_base_the_majority_speaks() {
        let head = lock(&[
            ("x", "registry.example.com"),
            ("y", "registry.example.com"),
            ("z", "other.example.com"),
            ("w", "other.example.com"),
            ("v", "registry.example.com"),
        ]);
        check("unpinned-registry").head("package-lock.json", &head).finds(&[
            "package-lock.json:4:53 warning z@1.0.0 comes from another place than most packages here: https://other.example.com.",
        ]);
    }

    #[test]
    fn the_policy_has_the_last_word() {
        let lock = lock(&[("x", "registry.example.com")]);
        check("unpinned-registry").policy("[registries]\nnpm = ['https://npm.example.com/']").both("package-lock.json", &lock).finds(&[
            "package-lock.json:2:53 error x@1.0.0 comes from a place that lockproof.toml does not pin: https://registry.example.com.",
        ]);
        check("unpinned-registry")
            .policy("[registries]\nnpm = ['https://registry.example.com/']")
            .both("package-lock.json", &lock)
            .finds(&[]);
    }

    #[test]
    fn a_tied_scope_comes_from_one_registry() {
        let policy = "[registries.scoped]\n'@acme/' = 'https://npm.acme.example/'";
        let lock =
            |hosts: [&str; 3]| lock(&[("x", hosts[0]), ("@acme/a", hosts[1]), ("@acme-evil/b", hosts[2])]);
        let right = lock(["registry.example.com", "npm.acme.example", "registry.example.com"]);
        check("unpinned-registry").policy(policy).both("package-lock.json", &right).finds(&[]);
        // Whatever the base side has.
        let wrong = lock(["registry.example.com", "registry.example.com", "registry.example.com"]);
        check("unpinned-registry").policy(policy).both("package-lock.json", &wrong).finds(&[
            "package-lock.json:3:59 error @acme/a@1.0.0 comes from https://registry.example.com, but lockproof.toml ties `@acme/` to https://npm.acme.example.",
        ]);
        // A registry that is tied to a scope need not be pinned for all.
        let pins = format!("[registries]\nnpm = ['https://registry.example.com']\n{policy}");
        check("unpinned-registry").policy(&pins).both("package-lock.json", &right).finds(&[]);
        let other = lock(["npm.acme.example", "npm.acme.example", "registry.example.com"]);
        check("unpinned-registry").policy(&pins).both("package-lock.json", &other).finds(&[
            "package-lock.json:2:53 error x@1.0.0 comes from a place that lockproof.toml does not pin: https://npm.acme.example.",
        ]);
    }

    #[test]
    fn a_tied_name_comes_from_its_index() {
        let policy = "[registries.scoped]\n'pypi:acme-' = 'https://i.acme.example/simple'";
        let lock = |index: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"acme-a\"\nversion = \"1\"\nsource = {{ registry = \"https://{index}/simple\" }}\nsdist = {{ url = \"https://files.example.com/packages/ab/cd/acme_a-1.tar.gz\", hash = \"sha256:{{HEX}}\" }}\n"
            )
        };
        check("unpinned-registry").policy(policy).head("uv.lock", &lock("i.acme.example")).finds(&[]);
        check("unpinned-registry").policy(policy).head("uv.lock", &lock("i.example.com")).finds(&[
            "uv.lock:5:24 error acme-a@1 comes from https://i.example.com/simple, but lockproof.toml ties `acme-` to https://i.acme.example/simple.",
        ]);
    }

    #[test]
    fn files_belong_to_their_index() {
        let lock = |host: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nsdist = {{ url = \"https://{host}/packages/ab/cd/a-1.tar.gz\", hash = \"sha256:{{HEX}}\" }}\n"
            )
        };
        check("unpinned-registry").base("uv.lock", &lock("files.example.com")).head("uv.lock", &lock("evil.example.com")).finds(&[
            "uv.lock:6:18 error a@1 comes from a place that no package here came from before: https://evil.example.com/packages.",
        ]);
    }

    #[test]
    fn an_index_and_its_files_are_one_fault() {
        let lock = |index: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://{index}/simple\" }}\nsdist = {{ url = \"https://files.example.com/packages/ab/cd/a-1.tar.gz\", hash = \"sha256:{{HEX}}\" }}\n"
            )
        };
        check("unpinned-registry").base("uv.lock", &lock("i.example.com")).head("uv.lock", &lock("evil.example.com")).finds(&[
            "uv.lock:5:24 error a@1 comes from a place that no package here came from before: https://evil.example.com/simple.",
        ]);
    }

    #[test]
    fn addresses_may_be_put_back_into_all_entries() {
        let entry = |name: &str, host: &str| {
            let address = format!(r#""resolved": "https://{host}/{name}/-/{name}-1.0.0.tgz","#);
            let address = if host.is_empty() { "" } else { &address };
            format!(
                r#""node_modules/{name}": {{"version": "1.0.0", {address} "integrity": "sha512-{{A512}}"}}"#
            )
        };
        let lock = |hosts: [&str; 3]| {
            let entries = ["x", "y", "z"].into_iter().zip(hosts).map(|(name, host)| entry(name, host));
            format!(
                "{{\"lockfileVersion\": 3, \"packages\": {{\n{}\n}}}}",
                entries.collect::<Vec<_>>().join(",\n")
            )
        };
        let (none, ours, evil) = (lock(["", "", ""]), "registry.example.com", "evil.example.com");
        let judged = |hosts| {
            check("unpinned-registry")
                .base("package-lock.json", &none)
                .head("package-lock.json", &lock(hosts))
        };
        let named = "package-lock.json:2:53 note x@1.0.0 comes from a place that no entry named until now, and all do: https://registry.example.com.";
        let unpinned = |name: &str, line| {
            format!(
                "package-lock.json:{line}:53 error {name}@1.0.0 comes from a place that no package here came from before: https://evil.example.com."
            )
        };
        judged([ours, ours, ours]).finds(&[named]);
        judged([ours, ours, evil]).finds(&[&unpinned("z", 4), named]);
        judged(["", evil, ""]).finds(&[&unpinned("y", 3)]);
    }

    #[test]
    fn the_first_dependency_has_nothing_to_be_compared_with() {
        let own = "version = 4\n[[package]]\nname = \"own\"\nversion = \"1.0.0\"\n";
        let dependency = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://i.example.com/index\"\nchecksum = \"{A}\"\n";
        let head = format!("{own}{dependency}");
        check("unpinned-registry").base("Cargo.lock", own).head("Cargo.lock", &head).finds(&[]);
    }

    #[test]
    fn an_archive_is_held_against_what_the_manifest_names() {
        let lock = |folder: &str| {
            format!(
                "version = 1\n\n[[package]]\nname = \"m\"\nversion = \"1\"\nsource = {{ url = \"https://x.example.org/m.zip\"{folder} }}\nsdist = {{ hash = \"sha256:{{A}}\" }}\n"
            )
        };
        let manifest = "[project]\nname = 'p'\ndependencies = ['m']\n[tool.uv.sources]\nm = { url = 'https://x.example.org/m.zip', subdirectory = 'libs/m' }\n";
        let test = |folder: &str| {
            check("unpinned-registry").head("uv.lock", &lock(folder)).head("pyproject.toml", manifest)
        };
        test(", subdirectory = \"libs/m\"").finds(&[]);
        for (folder, place) in [("", ""), (", subdirectory = \"libs/evil\"", "#subdirectory=libs/evil")] {
            test(folder).finds(&[&format!(
                "uv.lock:6:19 error m comes from https://x.example.org{place}, and no manifest names that for it."
            )]);
        }
    }
}

//! Client configuration takes away a check that the lockfile relies on.
//!
//! A lockfile is worth what its client makes of it. Options that switch off the check of hashes or of TLS certificates, or
//! that have another lockfile read, are errors; options that leave the lockfile out, or send the client to another
//! registry than before, are warnings: for a scope as well, where the lockfile has packages of it. It is an error where
//! `lockproof.toml` ties the name to another registry, or pins others. A warning is also `merge=ours` on a lockfile in `.gitattributes`: a merge then silently drops
//! what the other side pins.
//!
//! ```diff .npmrc
//!  audit=false
//! +strict-ssl=false
//!             ^^^^^ switches off the check of TLS certificates
//! ```
//!
//! ```diff package-lock.json
//!  {"lockfileVersion": 3, "packages": {}}
//! ```
//!
//! Read are `.npmrc`, `.yarnrc.yml`, `pnpm-workspace.yaml`, `.cargo/config.toml`, `uv.toml`, `pyproject.toml`, and for Go the
//! variables that `.env`, `.envrc`, a `Makefile` or a `Dockerfile` sets.

use foldhash::{HashMap, HashMapExt, HashSet};
use globset::GlobBuilder;

use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest;
use crate::ecosystems::manifest::{ClientOption, Manifest, Pinned};
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::release::Release;
use crate::model::{Ecosystem, Lockfile, Origin, Package, folder};
use crate::policy::covers;
use crate::read::discover;
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::world::commands::Help;
use crate::world::{Context, World};

pub static RULE: Rule = Rule {
    id: "weakened-client-config",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("weakened_client_config.rs"),
    checks: &[Check::Repository(check), Check::Range(check_moved)],
};

/// An option that weakens its client: the file and key, the values that do, how grave it is, what it does.
type Weakness = (&'static str, &'static str, fn(&str) -> bool, Level, &'static str);

const TLS: &str = "switches off the check of TLS certificates";
const HASHES: &str = "switches off the check of hashes";
const NO_LOCKFILE: &str = "leaves the lockfile out";
const ELSEWHERE: &str = "has a lockfile read from elsewhere";

#[rustfmt::skip]
const WEAKNESSES: &[Weakness] = &[
    (".npmrc", "strict-ssl", is_false, Level::Error, TLS),
    (".npmrc", "verify-store-integrity", is_false, Level::Error, HASHES),
    (".npmrc", "lockfile-dir", is_set, Level::Error, ELSEWHERE),
    (".npmrc", "package-lock", is_false, Level::Warning, NO_LOCKFILE),
    (".npmrc", "lockfile", is_false, Level::Warning, NO_LOCKFILE),
    ("pnpm-workspace.yaml", "strictSsl", is_false, Level::Error, TLS),
    ("pnpm-workspace.yaml", "verifyStoreIntegrity", is_false, Level::Error, HASHES),
    ("pnpm-workspace.yaml", "lockfileDir", is_set, Level::Error, ELSEWHERE),
    ("pnpm-workspace.yaml", "lockfile", is_false, Level::Warning, NO_LOCKFILE),
    (".yarnrc.yml", "enableStrictSsl", is_false, Level::Error, TLS),
    (".yarnrc.yml", "checksumBehavior", |it| matches!(it, "ignore" | "update" | "reset"), Level::Error, HASHES),
    (".yarnrc.yml", "lockfileFilename", |it| it != "yarn.lock", Level::Error, ELSEWHERE),
    (".yarnrc.yml", "unsafeHttpWhitelist", is_set, Level::Warning, "lets packages be fetched without TLS"),
    ("config.toml", "resolver.lockfile-path", is_set, Level::Error, ELSEWHERE),
    ("uv.toml", "allow-insecure-host", is_set, Level::Error, TLS),
    ("uv.toml", "pip.verify-hashes", is_false, Level::Error, HASHES),
    ("uv.toml", "index-strategy", |it| it.starts_with("unsafe-"), Level::Warning, "lets one index stand in for another"),
    ("go", "GOFLAGS", |it| it.contains("-insecure"), Level::Error, TLS),
    ("go", "GOINSECURE", is_set, Level::Error, TLS),
    ("go", "GONOSUMCHECK", |it| it != "0", Level::Error, HASHES),
    ("go", "GOSUMDB", |it| it == "off", Level::Error, "switches off the checksum database"),
    ("go", "GONOSUMDB", is_all, Level::Error, "switches off the checksum database"),
    ("go", "GONOSUMDB", is_set, Level::Warning, "keeps modules out of the checksum database"),
];

fn is_false(value: &str) -> bool {
    value == "false"
}

/// A pattern that every module path matches. Others name private modules, which no public database can know.
fn is_all(value: &str) -> bool {
    value.split(',').any(|it| matches!(it.trim(), "*" | "*.*" | "**"))
}

/// What is only known once something ran is no finding.
fn is_set(value: &str) -> bool {
    !value.is_empty() && !value.starts_with('$')
}

/// Which options a file has, by the name in the table.
fn dialect<'m>(manifest: &'m Manifest<'_>) -> &'m str {
    let name = manifest.source.path.rsplit('/').next().unwrap_or_default();
    match name {
        "pyproject.toml" => "uv.toml",
        "config" => "config.toml",
        _ if manifest.ecosystem == Ecosystem::Go => "go",
        name => name,
    }
}

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for manifest in cx.head.all_manifests().iter().filter(|it| !it.options.is_empty()) {
        let dialect = dialect(manifest);
        for option in &manifest.options {
            let weakens =
                |it: &&Weakness| it.0 == dialect && it.1 == option.key && it.2(option.value.as_str());
            if let Some((.., level, what)) = WEAKNESSES.iter().find(weakens) {
                tell(manifest.source, option, what, report).level(*level);
            }
        }
        if dialect == "config.toml" {
            check_replaced(manifest, report);
        }
    }
    check_attributes(&cx.head, report);
}

fn tell<'a, 'r>(
    source: &'a Source,
    option: &ClientOption<'a>,
    what: &str,
    report: &'r mut Report<'a>,
) -> &'r mut crate::findings::report::Found<'a> {
    let (key, value) = (&option.key, option.value.as_str());
    report
        .source(source, option.value.raw, format!("`{key}` = `{value}` in {} {what}.", source.path))
        .label(what)
        .value(format!("{key} {value}"))
        .help("Take the line out; what needs it should be put right instead.")
}

/// Cargo may take a whole source from elsewhere. From a folder of the tree is how vendoring works.
fn check_replaced<'a>(manifest: &Manifest<'a>, report: &mut Report<'a>) {
    let is_folder = |name: &str| {
        ["directory", "local-registry"].iter().any(|kind| {
            let key = format!("source.{name}.{kind}");
            manifest.options.iter().any(|option| option.key == key)
        })
    };
    for option in &manifest.options {
        let replaced = option.key.strip_prefix("source.").and_then(|key| key.strip_suffix(".replace-with"));
        if replaced.is_some() && !is_folder(option.value.as_str()) {
            tell(manifest.source, option, "sends Cargo to another registry than the lockfile names", report);
        }
    }
}

/// Lines of `.gitattributes` that make a merge take one side of a lockfile.
fn check_attributes<'a>(world: &World<'a>, report: &mut Report<'a>) {
    let attributes = world.companions.iter().filter(|it| manifest::is_attributes(it.path.as_bytes()));
    for source in attributes {
        for line in source.text().lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_ascii_whitespace();
            let Some(pattern) = words.next() else { continue };
            let Some(word) = words.find(|word| *word == "merge=ours") else { continue };
            if let Some(path) = locked_by(world, folder(&source.path), pattern) {
                report
                    .source(
                        source,
                        word,
                        format!(
                            "`merge=ours` in {} drops what the other side of a merge pins in {path}.",
                            source.path
                        ),
                    )
                    .label("takes one side of every merge")
                    .value(line)
                    .help("Take it out, and lock anew when a merge leaves a conflict.");
            }
        }
    }
}

/// A lockfile that a pattern of git's fits: a base name, or a path from the file's own folder.
fn locked_by<'w>(world: &'w World<'_>, folder: &str, pattern: &str) -> Option<&'w str> {
    let is_path = pattern.trim_end_matches('/').contains('/');
    let glob = GlobBuilder::new(pattern.trim_start_matches('/')).literal_separator(is_path).build().ok()?;
    let matcher = glob.compile_matcher();
    let fits = |path: &&str| {
        let inside = if folder.is_empty() {
            Some(*path)
        } else {
            path.strip_prefix(folder).and_then(|it| it.strip_prefix('/'))
        };
        let shown = inside.map(|it| if is_path { it } else { it.rsplit('/').next().unwrap_or(it) });
        shown.is_some_and(|it| matcher.is_match(it))
    };
    let is_lockfile = |path: &&str| discover::is_lockfile(path.as_bytes());
    world.paths.iter().map(String::as_str).filter(is_lockfile).find(fits)
}

/// A registry that a file names in place of another, or that a client is newly told to use for everything.
fn check_moved<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let Some(base) = &cx.base else { return };
    let mut before: HashMap<(&str, &str), HashSet<&str>> = HashMap::new();
    for manifest in base.all_manifests() {
        for pin in &manifest.registries {
            before.entry((&manifest.source.path, &pin.scope)).or_default().insert(&pin.place);
        }
    }
    // Cargo's sources are judged above, and Go has none in the repository.
    let ecosystems = [Ecosystem::Npm, Ecosystem::PyPi];
    let manifests = ecosystems.into_iter().flat_map(|it| cx.head.manifests(it));
    for manifest in manifests.filter(|it| cx.is_changed(it.source)) {
        for pin in &manifest.registries {
            let whence = before.get(&(manifest.source.path.as_str(), &*pin.scope));
            let (path, place) = (&manifest.source.path, &pin.place);
            let steered = steered(cx, manifest, pin);
            let says = match whence {
                Some(places) if manifest.ecosystem == Ecosystem::Npm && !places.contains(&**place) => {
                    "another registry than before"
                }
                // Where lockfiles name registries, what comes from a new one is told there.
                None if pin.scope.is_empty() && is_unused(cx, manifest.ecosystem, place) => {
                    "a registry that no lockfile names"
                }
                None if !steered.is_empty() => "another registry for packages that are locked",
                _ => continue,
            };
            let level =
                if is_refused(cx, manifest.ecosystem, pin, &steered) { Level::Error } else { Level::Warning };
            let found = report.source(manifest.source, pin.at, format!("{path} names {says}: {place}."));
            found.level(level).label(says).help(
                Help::from("If it is meant, add the registry to `[registries]` in lockproof.toml as well.")
                    .and(cx.restore_file(manifest.source)),
            );
            for (lockfile, package) in
                steered.into_iter().filter(|it| it.2).take(RELATED).map(|it| (it.0, it.1))
            {
                found.related(lockfile.source, package.heading(), "changes with it");
            }
        }
    }
}

/// Entries that a scoped registry decides about, of lockfiles that obey the file, unless they came from there before; and
/// whether each is new, or another release than before.
type Steered<'a> = Vec<(&'a Lockfile<'a>, &'a Package<'a>, bool)>;

/// Other places that a finding names.
const RELATED: usize = 3;

fn steered<'a>(cx: &Context<'a>, manifest: &Manifest<'a>, pin: &Pinned<'a>) -> Steered<'a> {
    let (Some(base), ecosystem) = (&cx.base, manifest.ecosystem) else { return Vec::new() };
    // A scope that nothing was fetched for is a new one.
    let known =
        |package: &Package<'_>| !pin.scope.is_empty() && ecosystem.scope(package.name.as_str()) == pin.scope;
    let named = |it: &Manifest<'_>| {
        let applies = |other: &Pinned<'_>| other.scope.is_empty() || other.scope == pin.scope;
        it.registries.iter().any(|other| applies(other) && other.place == pin.place)
    };
    if base.manifests(ecosystem).any(|it| it.governs(manifest.folder()) && named(it)) {
        return Vec::new();
    }
    let was_locked = base.lockfiles.iter().filter(|it| it.ecosystem() == ecosystem);
    if base.places(ecosystem).uses(&pin.scope, &pin.place) > 0
        || !was_locked.flat_map(|it| &it.packages).any(|package| known(package) && is_fetched(package))
    {
        return Vec::new();
    }
    let lockfiles =
        cx.head.lockfiles.iter().filter(|it| it.ecosystem() == ecosystem && manifest.governs(it.folder()));
    let entries = lockfiles.flat_map(|&it| it.packages.iter().map(move |package| (it, package)));
    let fold = base.fold(ecosystem);
    let is_new = |lockfile, package| fold.release(&Release::of(lockfile, package)).is_none();
    entries.filter(|(_, it)| known(it) && is_fetched(it)).map(|(at, it)| (at, it, is_new(at, it))).collect()
}

fn is_fetched(package: &Package<'_>) -> bool {
    matches!(package.origin, Origin::Registry(_) | Origin::Url(_))
}

/// Whether the policy has another registry for what the file sends there.
fn is_refused(cx: &Context<'_>, ecosystem: Ecosystem, pin: &Pinned<'_>, steered: &Steered<'_>) -> bool {
    let ties = |name: &str| cx.policy.tie(ecosystem, name);
    let mut tied = steered.iter().filter_map(|(_, package, _)| ties(package.name.as_str()));
    let scope = format!("{}/", pin.scope);
    match tied.next().or_else(|| ties(&scope).filter(|_| !pin.scope.is_empty())) {
        Some(tie) => !covers(tie.registry(), &pin.place),
        None => cx.policy.pins_registries(ecosystem) && !cx.policy.pins(ecosystem, &pin.place),
    }
}

/// Packages were fetched before, and none comes from there now.
fn is_unused(cx: &Context<'_>, ecosystem: Ecosystem, place: &str) -> bool {
    let fetched = cx.base.as_ref().is_some_and(|base| base.places(ecosystem).fetches());
    fetched && cx.head.places(ecosystem).uses("", place) == 0
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;
    use crate::findings::finding::Level;

    const LOCK: &str = r#"{"lockfileVersion": 3, "packages": {}}"#;

    #[test]
    fn what_is_as_it_should_be_is_silent() {
        check("weakened-client-config")
            .head("package-lock.json", LOCK)
            .head(".npmrc", "strict-ssl=true\npackage-lock=true\n; strict-ssl=false\n@acme:registry=https://npm.example.com\n")
            .head(".yarnrc.yml", "checksumBehavior: throw\nlockfileFilename: yarn.lock\n")
            .head(".cargo/config.toml", "[source.crates-io]\nreplace-with = 'v'\n[source.v]\ndirectory = 'vendor'\n")
            .head("Makefile", "# GOSUMDB=off\nexport GOFLAGS=-mod=mod\nMYGOSUMDB=off\nGONOSUMDB=$(PRIVATE)\n")
            .head(".gitattributes", "package-lock.json linguist-generated -diff merge=npm\n*.md merge=ours\n")
            .finds(&[]);
    }

    #[test]
    fn private_modules_may_stay_out_of_the_database() {
        let level = |value: &str| {
            let text = format!("FROM x\nENV GONOSUMDB={value}\n");
            check("weakened-client-config").head("Dockerfile", &text).all().remove(0).level
        };
        assert_eq!(level("git.example.com/acme/*"), Level::Warning);
        assert_eq!(level("*"), Level::Error);
    }

    #[test]
    fn checks_that_are_switched_off_are_errors() {
        check("weakened-client-config")
            .head(".yarnrc.yml", "checksumBehavior: update\n")
            .head("pyproject.toml", "[tool.uv]\nallow-insecure-host = ['i.example.com']\n")
            .head("Makefile", "test:\n\tGOSUMDB=off GOFLAGS=\"-mod=mod -insecure\" go test ./...\n")
            .finds(&[
                ".yarnrc.yml:1:19 error `checksumBehavior` = `update` in .yarnrc.yml switches off the check of hashes.",
                "Makefile:2:10 error `GOSUMDB` = `off` in Makefile switches off the checksum database.",
                "Makefile:2:23 error `GOFLAGS` = `-mod=mod -insecure` in Makefile switches off the check of TLS certificates.",
                "pyproject.toml:2:25 error `allow-insecure-host` = `i.example.com` in pyproject.toml switches off the check of TLS certificates.",
            ]);
    }

    #[test]
    fn another_registry_is_a_warning() {
        check("weakened-client-config")
            .base(".npmrc", "registry=https://npm.example.com/\n")
            .head(
                ".npmrc",
                "registry=https://mirror.example.net/\n@acme:registry=https://acme.example.com/\n",
            )
            .finds(&[
                ".npmrc:1:10 warning .npmrc names another registry than before: https://mirror.example.net.",
            ]);
        check("weakened-client-config")
            .head(".cargo/config.toml", "[source.crates-io]\nreplace-with = 'mirror'\n[source.mirror]\nregistry = 'https://m.example.com/index'\n")
            .finds(&[".cargo/config.toml:2:17 warning `source.crates-io.replace-with` = `mirror` in .cargo/config.toml sends Cargo to another registry than the lockfile names."]);
    }

    #[test]
    fn a_registry_where_none_was_is_a_warning() {
        let lock =
            "lockfileVersion: '9.0'\npackages:\n  x@1.0.0:\n    resolution: {integrity: sha512-{A512}}\n";
        let test = || check("weakened-client-config").both("pnpm-lock.yaml", lock);
        test().head(".npmrc", "registry=https://mirror.example.net/\n").finds(&[
            ".npmrc:1:10 warning .npmrc names a registry that no lockfile names: https://mirror.example.net.",
        ]);
        test().head(".npmrc", "@acme:registry=https://acme.example.com/\n").finds(&[]);
    }

    #[test]
    fn a_merge_that_takes_one_side_is_a_warning() {
        check("weakened-client-config")
            .head("a/package-lock.json", LOCK)
            .head(".gitattributes", "*.json merge=ours\n/package-lock.json merge=ours\na/*-lock.json -diff merge=ours\n")
            .finds(&[
                ".gitattributes:1:8 warning `merge=ours` in .gitattributes drops what the other side of a merge pins in a/package-lock.json.",
                ".gitattributes:3:21 warning `merge=ours` in .gitattributes drops what the other side of a merge pins in a/package-lock.json.",
            ]);
    }

    #[test]
    fn what_was_weak_before_is_not_new() {
        let old = check("weakened-client-config")
            .both(".npmrc", "strict-ssl=false\n")
            .both("package-lock.json", LOCK);
        assert!(old.fresh().is_empty());
    }
}

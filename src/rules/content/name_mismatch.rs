//! An address serves another package than the entry says.
//!
//! A client takes the bytes of the address and calls them by the name of the entry: a matching hash makes that a clean
//! install of something else. Declared aliases are no mismatch.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://registry.example.com/left-pat/-/left-pat-1.3.0.tgz",
//!                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ serves left-pat
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! Take the line back from git. If the entry is an alias, let the package manager write it: it then says so.

use foldhash::{HashMap, HashMapExt};

use super::insecure_url::addresses;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::url;
use crate::model::url::Url;
use crate::model::{Ecosystem, Lockfile, Origin, Package, canonical};
use crate::rules::{Check, Rule};
use crate::text::escape::is_hidden;
use crate::world::{Context, is_alias_of};

pub static RULE: Rule = Rule {
    id: "name-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("name_mismatch.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    check_aliases(cx, lockfile, report);
    let layouts = Layouts::learn(lockfile);
    for package in &lockfile.packages {
        for at in addresses(package) {
            let served = served_name(lockfile.ecosystem(), package.name.as_str(), at.as_str());
            let Some(served) = served.or_else(|| layouts.stranger(package, at.as_str())) else { continue };
            // A name that can't be seen right is `deceptive-text`'s.
            if package.name.as_str().chars().any(is_hidden) {
                continue;
            }
            let message = format!("{} is fetched from an address that serves {served}.", package.label());
            report
                .package(lockfile, package, Field::Source, at, message)
                .label(format!("serves {served}"))
                .help(cx.restore(lockfile));
        }
    }
}

/// A package under another's name must have been asked for so: by an edge of the lockfile, or by a manifest.
fn check_aliases<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let aliased = || lockfile.packages.iter().filter_map(|package| Some((package, package.alias.as_ref()?)));
    if aliased().next().is_none() {
        return;
    }
    let edges = lockfile.packages.iter().flat_map(|it| &it.edges);
    let edges = edges.chain(lockfile.roots.iter().flat_map(|root| &root.edges));
    let mut asked: HashMap<&str, Vec<&str>> = HashMap::new();
    for edge in edges {
        if let Some(range) = edge.range.as_ref().filter(|range| range.as_str().starts_with("npm:")) {
            asked.entry(edge.name.as_str()).or_default().push(range.as_str());
        }
    }
    for (package, alias) in aliased().filter(|(package, _)| !package.origin.is_local()) {
        let name = package.name.as_str();
        let by_edge =
            asked.get(alias.as_str()).is_some_and(|ranges| ranges.iter().any(|it| is_alias_of(it, name)));
        // An archive or a repository says itself what it is called.
        let is_named_elsewhere = !matches!(package.origin, Origin::Registry(_)) || package.flags.legacy;
        if by_edge || is_named_elsewhere || cx.head.aliases(lockfile, alias.as_str(), name) {
            continue;
        }
        let message = format!(
            "{} stands under the name of {}, and nothing asks for that.",
            package.label(),
            alias.as_str()
        );
        report
            .package(lockfile, package, Field::Name, &package.name, message)
            .label(format!("not {}", alias.as_str()))
            .help(cx.restore(lockfile));
    }
}

/// The other package that a URL names, where the ecosystem's layout says where the name stands.
fn served_name(ecosystem: Ecosystem, name: &str, text: &str) -> Option<String> {
    let served = match ecosystem {
        Ecosystem::Npm if is_own_file(name, text) => return None,
        Ecosystem::Npm => npm_name(name, text)?,
        Ecosystem::PyPi => super::version_mismatch::distribution(url::file_name(text), name)?.0.to_owned(),
        _ => return None,
    };
    let differs = served != name && canonical(ecosystem, &served) != canonical(ecosystem, name);
    differs.then_some(served)
}

/// Registries of the npm protocol whose layout is another one name their packages all the same: what most entries of a
/// place do, the others have to.
struct Layouts<'a>(HashMap<&'a str, usize>);

impl<'a> Layouts<'a> {
    const ENOUGH: usize = 2;

    fn learn(lockfile: &'a Lockfile<'a>) -> Layouts<'a> {
        let mut uses = HashMap::new();
        let is_url = |package: &Package<'_>| matches!(package.origin, Origin::Url(_));
        // Only of use where there is something to judge by it.
        let judged = lockfile.ecosystem() == Ecosystem::Npm && lockfile.packages.iter().any(is_url);
        for package in lockfile.packages.iter().filter(|_| judged) {
            if let Origin::Registry(Some(place)) = &package.origin {
                *uses.entry(&**place).or_default() += 1;
            }
        }
        Layouts(uses)
    }

    /// The file at a URL below a registry's place that names no package of its own.
    fn stranger(&self, package: &Package<'_>, text: &str) -> Option<String> {
        let Origin::Url(_) = &package.origin else { return None };
        let place = url::place(text);
        let above = place.match_indices('/').map(|(at, _)| &place[..at]);
        let used = above.filter(|above| self.0.get(above).is_some_and(|uses| *uses >= Self::ENOUGH));
        used.take(1).next().map(|_| url::file_name(text).to_owned())
    }
}

/// `…/<name>/-/<name without scope>-<version>.tgz`, the layout that registries of the npm protocol share.
fn npm_name(name: &str, text: &str) -> Option<String> {
    let (before, _) = Url::split(text)?.path.split_once("/-/")?;
    let mut segments = before.rsplit('/');
    let last = segments.next()?.replace("%2f", "/").replace("%2F", "/").replace("%40", "@");
    let folder = match segments.next().filter(|scope| scope.starts_with('@') || scope.starts_with("%40")) {
        Some(scope) if !last.contains('/') => format!("{}/{last}", scope.replace("%40", "@")),
        _ => last,
    };
    // The folder may be right, and the file in it still another's.
    let file = url::file_name(text);
    Some(if folder == name && !is_file_of(name, file) { file.to_owned() } else { folder })
}

/// The plain case, at the price of a search.
fn is_own_file(name: &str, text: &str) -> bool {
    let Some((folder, file)) = url::split_file(text) else { return false };
    let Some(before) = folder.strip_suffix(name) else { return false };
    let of_scope = !name.starts_with('@') && memchr::memchr(b'@', before.as_bytes()).is_some();
    before.ends_with('/') && !of_scope && is_file_of(name, file)
}

fn is_file_of(name: &str, file: &str) -> bool {
    let bare = name.rsplit('/').next().unwrap_or(name);
    file.strip_prefix(bare).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn wheels_may_spell_names_in_their_way() {
        let lock = |file: &str| {
            format!(
                "version = 1\n[[package]]\nname = \"ruamel-yaml\"\nversion = \"1.0\"\nsource = {{ registry = \"https://i.example.com/simple\" }}\nwheels = [{{ url = \"https://i.example.com/{file}\", hash = \"sha256:{{HEX}}\" }}]\n"
            )
        };
        check("name-mismatch").head("uv.lock", &lock("ruamel.yaml-1.0-py3-none-any.whl")).finds(&[]);
        check("name-mismatch").head("uv.lock", &lock("Ruamel_Yaml-1.0-py3-none-any.whl")).finds(&[]);
        check("name-mismatch").head("uv.lock", &lock("ruamel_yam1-1.0-py3-none-any.whl")).finds(&[
            "uv.lock:6:20 error ruamel-yaml@1.0 is fetched from an address that serves ruamel_yam1.",
        ]);
    }

    #[test]
    fn scopes_and_aliases_pass() {
        let lock = |key: &str, name: &str, url: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/{key}": {{{name}"version": "1.0.0", "resolved": "https://registry.example.com/{url}", "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        check("name-mismatch").head("package-lock.json", &lock("@a/b", "", "@a/b/-/b-1.0.0.tgz")).finds(&[]);
        check("name-mismatch")
            .head("package-lock.json", &lock("@a/b", "", "@a%2fb/-/b-1.0.0.tgz"))
            .finds(&[]);
        check("name-mismatch")
            .head("package-lock.json", &lock("x", r#""name": "y", "#, "y/-/y-1.0.0.tgz"))
            .finds(&[
                "package-lock.json:1:65 error y@1.0.0 stands under the name of x, and nothing asks for that.",
            ]);
        check("name-mismatch")
            .head("package-lock.json", &lock("x", r#""name": "y", "#, "y/-/y-1.0.0.tgz"))
            .head("package.json", r#"{"dependencies": {"x": "npm:y@^1"}}"#)
            .finds(&[]);
        check("name-mismatch")
            .head("package-lock.json", &lock("b", "", "@a/b/-/b-1.0.0.tgz"))
            .finds(&["package-lock.json:1:89 error b@1.0.0 is fetched from an address that serves @a/b."]);
    }

    #[test]
    fn a_file_that_is_not_the_packages_own_is_another() {
        let entry = |name: &str, url: &str| {
            format!(
                r#""node_modules/{name}": {{"version": "1.0.0", "resolved": "https://registry.example.com/{url}", "integrity": "sha512-{{A512}}"}}"#
            )
        };
        let lock = |url: &str| {
            let entries = [entry("a", "a/-/a-1.0.0.tgz"), entry("b", "b/-/b-1.0.0.tgz"), entry("x", url)];
            format!("{{\"lockfileVersion\": 3, \"packages\": {{\n{}\n}}}}", entries.join(",\n"))
        };
        check("name-mismatch").head("package-lock.json", &lock("x/-/x-1.0.0.tgz")).finds(&[]);
        check("name-mismatch").head("package-lock.json", &lock("x/-/evil-1.0.0.tgz")).finds(&[
            "package-lock.json:4:53 error x@1.0.0 is fetched from an address that serves evil-1.0.0.tgz.",
        ]);
        check("name-mismatch").head("package-lock.json", &lock("uploads/evil.tgz")).finds(&[
            "package-lock.json:4:53 error x@1.0.0 is fetched from an address that serves evil.tgz.",
        ]);
    }
}

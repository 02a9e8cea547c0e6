//! A package comes from a folder outside of the repository.
//!
//! Nothing in the repository says what lies there: another machine has something else in that place, or nothing.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/tool": {
//!        "resolved": "../tool",
//!                     ^^^^^^^ outside of the repository
//!        "link": true
//!      }
//!    }
//!  }
//! ```
//!
//! So it is with the folder of a repository or an archive that a package is to lie in: none may lead out of what is fetched.
//!
//! Cargo and Go write no folders into their lockfiles: there it shows in the manifest. A folder that the root of a
//! workspace lists as a member is meant.

use globset::Glob;

use crate::ecosystems::formats::Family;
use crate::ecosystems::manifest::Manifest;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::{Ecosystem, Lockfile, Origin, Package, url};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::workspace::join;
use crate::world::{Context, World};

pub static RULE: Rule = Rule {
    id: "path-escape",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("path_escape.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for lockfile in cx.head.lockfiles.iter().copied().filter(|it| it.format.family == Family::Packages) {
        for package in lockfile.packages.iter().filter(|package| package.origin.is_local()) {
            check_package(&cx.head, lockfile, package, report);
        }
        for package in lockfile.packages.iter().filter(|package| !package.origin.is_local()) {
            check_fetched(lockfile, package, report);
        }
        check_links(&cx.head, lockfile, report);
        for manifest in cx.head.served_by(lockfile) {
            check_manifest(manifest, report);
        }
    }
}

fn check_package<'a>(
    world: &World<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    report: &mut Report<'a>,
) {
    let Some((at, path)) = path_of(package) else { return };
    if leaves(lockfile.folder(), path) && !is_member(world, lockfile, path) {
        report
            .package(
                lockfile,
                package,
                Field::Source,
                &at,
                format!("{} comes from {path}, outside of the repository.", package.label()),
            )
            .label("outside of the repository")
            .help("Take it into the repository, publish it, or list it as a member of the workspace.");
    }
}

/// The folder of a repository or of an archive must lie in it.
fn check_fetched<'a>(lockfile: &'a Lockfile<'a>, package: &'a Package<'a>, report: &mut Report<'a>) {
    let (Origin::Git(_) | Origin::Url(_)) = &package.origin else { return };
    let Some(folder) = package.origin.place().and_then(url::folder) else { return };
    if leaves("", &folder.replace("%2e", ".").replace("%2E", ".")) {
        let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
        let message = format!("{} comes from {folder}, outside of what is fetched.", package.label());
        let found = report.package(lockfile, package, Field::Source, &at, message);
        found.label(format!("its folder is {folder}")).help("Take a folder of that repository or archive.");
    }
}

/// Where an entry lies, as the lockfile writes it: relative to its own folder.
fn path_of<'p>(package: &'p Package<'_>) -> Option<(Text<'p>, &'p str)> {
    if let Some(source) = &package.source {
        let text = source.as_str();
        return Some((source.clone(), text.strip_prefix("file:").unwrap_or(text)));
    }
    // pnpm has it in the key alone: `x@file:../x(peers)`.
    let (_, path) = package.slot.as_str().split_once("@file:")?;
    Some((package.slot.clone(), path.split('(').next().unwrap_or_default()))
}

/// What pnpm only links has no entry: it stands with the project that asks for it.
fn check_links<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    for root in &lockfile.roots {
        let Some(folder) = join(lockfile.folder(), root.path.as_str()) else { continue };
        for edge in &root.edges {
            let Some(target) = edge.target.as_ref() else { continue };
            let Some(path) = target.as_str().strip_prefix("link:") else { continue };
            if leaves(&folder, path) && !is_member(world, lockfile, path) {
                let message = format!("{} comes from {path}, outside of the repository.", edge.name.as_str());
                report.file(lockfile, target.raw, message).label("outside of the repository").help(
                    "Take it into the repository, publish it, or list it as a member of the workspace.",
                );
            }
        }
    }
}

/// Cargo and Go write no folders into their lockfiles.
fn check_manifest<'a>(manifest: &Manifest<'a>, report: &mut Report<'a>) {
    if !matches!(manifest.ecosystem, Ecosystem::Cargo | Ecosystem::Go) {
        return;
    }
    for dep in &manifest.dependencies {
        let Some(path) = dep.folder.as_ref().filter(|path| leaves(manifest.folder(), path.as_str())) else {
            continue;
        };
        let message =
            format!("{} comes from {}, outside of the repository.", dep.name.as_str(), path.as_str());
        report
            .source(manifest.source, path.raw, message)
            .label("outside of the repository")
            .help("Take it into the repository, or depend on what is published.");
    }
}

fn leaves(folder: &str, path: &str) -> bool {
    join(folder, path).is_none()
}

/// Whether the root of the workspace has that very folder among its members.
fn is_member(world: &World<'_>, lockfile: &Lockfile<'_>, path: &str) -> bool {
    let roots = world.manifests(lockfile.ecosystem()).filter(|it| it.folder() == lockfile.folder());
    let members = roots.filter_map(|root| root.workspace.as_ref()).flat_map(|workspace| &workspace.members);
    let matches = |glob: &str| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(path));
    members
        .into_iter()
        .any(|glob| glob.as_str().starts_with("..") && matches(glob.as_str().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn link(path: &str) -> String {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"resolved": "{path}", "link": true}}}}}}"#
        )
    }

    #[test]
    fn a_folder_inside_is_fine() {
        let test = |path: &str| check("path-escape").head("a/package-lock.json", &link(path));
        test("../b").finds(&[]);
        test("packages/x").finds(&[]);
        test("../../b")
            .finds(&["a/package-lock.json:1:69 error x comes from ../../b, outside of the repository."]);
    }

    #[test]
    fn a_member_may_lie_outside() {
        check("path-escape")
            .head("package-lock.json", &link("../tools/x"))
            .head("package.json", r#"{"workspaces": ["../tools/*"]}"#)
            .finds(&[]);
    }

    #[test]
    fn cargo_and_go_have_folders_in_their_manifests() {
        check("path-escape")
            .head("Cargo.lock", "version = 4\n")
            .head(
                "Cargo.toml",
                "[package]\nname = 'x'\n[dependencies]\ny = { path = '../y' }\nz = { path = 'z' }\n",
            )
            .finds(&["Cargo.toml:4:15 error y comes from ../y, outside of the repository."]);
        check("path-escape")
            .head("m/go.sum", "a v1.0.0 h1:{A}\n")
            .head("m/go.mod", "module m\nreplace a => ../a\nreplace b => ../../b\n")
            .finds(&["m/go.mod:3:14 error b comes from ../../b, outside of the repository."]);
    }

    #[test]
    fn pnpm_and_uv_have_them_in_their_own_ways() {
        check("path-escape")
            .head("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      x:\n        specifier: link:../x\n        version: link:../x\n")
            .finds(&["pnpm-lock.yaml:7:18 error x comes from ../x, outside of the repository."]);
        check("path-escape")
            .head("uv.lock", "version = 1\n[[package]]\nname = \"x\"\nversion = \"1\"\nsource = { directory = \"../x\" }\n[[package]]\nname = \"y\"\nversion = \"1\"\nsource = { editable = \".\" }\n")
            .finds(&["uv.lock:5:25 error x@1 comes from ../x, outside of the repository."]);
    }

    #[test]
    fn a_folder_lies_in_what_is_fetched() {
        let lock = |source: &str| {
            format!("version = 1\n[[package]]\nname = \"m\"\nversion = \"1\"\nsource = {{ {source} }}\n")
        };
        let test = |source: &str| check("path-escape").head("uv.lock", &lock(source));
        let git = |folder: &str| {
            format!(
                "git = \"https://git.example.com/o/m?subdirectory={folder}#0123456789012345678901234567890123456789\""
            )
        };
        let archive =
            |folder: &str| format!("url = \"https://x.example.org/m.zip\", subdirectory = \"{folder}\"");
        for source in [git("a/../m"), archive("libs/m")] {
            test(&source).finds(&[]);
        }
        let expected = |at: usize, folder: &str| {
            format!("uv.lock:5:{at} error m@1 comes from {folder}, outside of what is fetched.")
        };
        test(&git("../../m")).finds(&[&expected(19, "../../m")]);
        test(&git("%2e%2e%2Fm")).finds(&[&expected(19, "%2e%2e/m")]);
        test(&archive("a/../../m")).finds(&[&expected(19, "a/../../m")]);
    }
}

//! Git ignores a lockfile.
//!
//! It lies on this disk, beside a manifest, and nobody else gets it: everyone else resolves anew, and what it pins is
//! never reviewed. For a program that is a warning; for a library, which may do without, a note.
//!
//! ```diff .gitignore
//!  /target
//!  /Cargo.lock
//! ```
//!
//! ```diff Cargo.toml
//!  [package]
//!  name = "server"
//!          ^^^^^^ its lockfile is ignored
//!
//!  [[bin]]
//!  name = "server"
//!
//!  [dependencies]
//!  log = "0.4"
//! ```
//!
//! Take the line out of `.gitignore`, and track the file. This is seen in a worktree only: git keeps nothing of a file that
//! it ignores.

use crate::ecosystems::formats;
use crate::ecosystems::formats::{Family, Format};
use crate::ecosystems::manifest::Manifest;
use crate::ecosystems::unread;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::folder;
use crate::rules::repository::missing_lockfile::{is_sample, program};
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "ignored-lockfile",
    level: Level::Warning,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("ignored_lockfile.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for path in cx.head.ignored {
        let format = formats::of_path(path.as_bytes()).filter(|it| it.family == Family::Packages);
        let Some(format) = format.filter(|_| !is_sample(path) && !cx.head.has_path(path)) else { continue };
        // Who tracks another manager's lockfile ignores this one on purpose.
        let others =
            formats::ALL.iter().filter(|it| it.ecosystem == format.ecosystem).flat_map(|it| it.files);
        let others = others.copied().chain(unread::names_of(format.ecosystem));
        if others.into_iter().any(|name| cx.head.has_path(&beside(path, name))) {
            continue;
        }
        if let Some(manifest) = manifest_of(cx, format, path) {
            tell(cx, manifest, path, report);
        }
    }
}

fn manifest_of<'c, 'a>(cx: &'c Context<'a>, format: &Format, path: &str) -> Option<&'c Manifest<'a>> {
    let wanted = format.manifest_beside(path, cx.head.paths)?;
    cx.head.manifests(format.ecosystem).find(|it| it.source.path == wanted)
}

fn tell<'a>(cx: &Context<'a>, manifest: &Manifest<'a>, path: &str, report: &mut Report<'a>) {
    let first = manifest.source.text().lines().next().unwrap_or_default();
    let at = manifest.name.as_ref().map_or(first, |name| name.raw);
    let found = report.source(
        manifest.source,
        at,
        format!("{path} is ignored by git, so nobody else gets what it pins."),
    );
    found.label("its lockfile is ignored").value(path).help(track(cx, path));
    let is_workspace = manifest.workspace.is_some();
    if !is_workspace && program(&cx.head, manifest).is_none() {
        found.level(Level::Note);
    }
}

/// What ignores it, and what tracks it all the same.
fn track(cx: &Context<'_>, path: &str) -> String {
    match (cx.git("check-ignore -v", path), cx.git("add -f", path)) {
        (Some(ask), Some(add)) => format!("{ask} names the line that ignores it. {add} tracks it."),
        _ => String::new(),
    }
}

fn beside(path: &str, name: &str) -> String {
    match folder(path) {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const PRIVATE: &str = r#"{"private": true, "dependencies": {"y": "1"}}"#;

    #[test]
    fn a_program_needs_its_lockfile() {
        let test = |manifest: &str| {
            check("ignored-lockfile").head("package.json", manifest).ignored("package-lock.json")
        };
        let message = "package-lock.json is ignored by git, so nobody else gets what it pins.";
        test(PRIVATE).finds(&[&format!("package.json:1:1 warning {message}")]);
        test("{}").finds(&[&format!("package.json:1:1 note {message}")]);
        test(PRIVATE).head("yarn.lock", "").finds(&[]);
        check("missing-lockfile").head("package.json", PRIVATE).ignored("package-lock.json").finds(&[]);
    }

    #[test]
    fn what_was_ignored_before_is_not_new() {
        let found =
            check("ignored-lockfile").both("package.json", PRIVATE).ignored("package-lock.json").fresh();
        assert!(found.is_empty());
    }
}

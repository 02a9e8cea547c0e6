//! A lockfile is gone.
//!
//! Without it, the next install resolves anew: nothing is pinned any more. When the manifest that it served is still
//! there and no other lockfile of its ecosystem serves it, that is an error; where the manifest went as well it is a note, else a
//! warning. A lockfile that was emptied while its manifest stayed as it was, or still asks for something, is an error as
//! well.
//!
//! ```diff go.sum
//! -example.com/m v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//! ```
//!
//! Take it back with `git checkout HEAD -- go.sum`, or remove what it served as well.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::{EdgeKind, Lockfile, folder};
use crate::rules::{Check, Rule};
use crate::world::{Context, Pair, World};

pub static RULE: Rule = Rule {
    id: "lockfile-removed",
    level: Level::Warning,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("lockfile_removed.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    if let (Some(head), Some(base)) = (pair.head, pair.base) {
        check_emptied(cx, head, base, report);
    }
    let (None, Some(lockfile)) = (pair.head, pair.base) else { return };
    let manifest = manifest_of(cx, lockfile);
    let served = cx.head.lockfiles.iter().any(|other| serves(other, lockfile));
    let message = match manifest.as_ref().filter(|_| !served) {
        Some(manifest) => format!("{} was removed, but {manifest} is still there.", lockfile.source.path),
        None => format!("{} was removed.", lockfile.source.path),
    };
    let found = report.file(lockfile, "", message);
    found.without_place().help(cx.take_back(lockfile.source));
    let stood =
        cx.base.as_ref().and_then(|base| lockfile.format.manifest_beside(&lockfile.source.path, base.paths));
    match manifest {
        Some(_) if !served => found.level(Level::Error),
        // The project itself went.
        None if stood.is_some() => found.level(Level::Note),
        _ => found,
    };
}

/// A file that pins nothing any more, although its manifest asks for what it asked for.
fn check_emptied<'a>(
    cx: &Context<'a>,
    head: &'a Lockfile<'a>,
    base: &'a Lockfile<'a>,
    report: &mut Report<'a>,
) {
    let pinned = |lockfile: &Lockfile<'_>| lockfile.packages.iter().any(|package| !package.origin.is_local());
    let Some(manifest) = manifest_of(cx, head).filter(|_| head.is_readable()) else { return };
    let text = |world: &World<'a>| world.companions.iter().find(|it| it.path == manifest).map(|it| it.raw());
    let same = cx.base.as_ref().is_some_and(|base| text(base).is_some() && text(base) == text(&cx.head));
    let mut beside = cx.head.manifests(head.ecosystem()).filter(|it| it.source.path == manifest);
    let installs = |kind: EdgeKind| !matches!(kind, EdgeKind::Peer | EdgeKind::OptionalPeer);
    let asks = beside.any(|it| it.asked().any(|(kind, asked)| installs(kind) && !asked.local));
    if pinned(base) && !pinned(head) && (same || asks) {
        let at = head.source.text().lines().next().unwrap_or_default();
        let why = if same { "is as it was" } else { "still asks for packages" };
        report
            .file(head, at, format!("{} pins nothing any more, but {manifest} {why}.", head.source.path))
            .level(Level::Error)
            .label("no package is left")
            .help(cx.restore(head));
    }
}

/// The manifest that stands beside it on the head side.
fn manifest_of(cx: &Context<'_>, lockfile: &Lockfile<'_>) -> Option<String> {
    lockfile.format.manifest_beside(&lockfile.source.path, cx.head.paths)
}

/// Another lockfile of the ecosystem, in the same folder or one above it.
fn serves(other: &Lockfile<'_>, gone: &Lockfile<'_>) -> bool {
    let above = folder(&other.source.path);
    let inside =
        above.is_empty() || gone.folder() == above || gone.folder().starts_with(&format!("{above}/"));
    other.ecosystem() == gone.ecosystem() && inside
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const SUM: &str = "m v1.0.0 h1:{A}\n";

    #[test]
    fn the_manifest_that_stays_makes_it_an_error() {
        check("lockfile-removed")
            .base("a/go.sum", SUM)
            .head("a/go.mod", "module a\n")
            .finds(&["a/go.sum error a/go.sum was removed, but a/go.mod is still there."]);
    }

    #[test]
    fn an_emptied_lockfile_is_none() {
        let lock = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.example.com/simple\" }\n";
        let test = || check("lockfile-removed").base("uv.lock", lock).head("uv.lock", "version = 1\n");
        test()
            .both("pyproject.toml", "")
            .finds(&["uv.lock:1:1 error uv.lock pins nothing any more, but pyproject.toml is as it was."]);
        test().base("pyproject.toml", "[project]").head("pyproject.toml", "").finds(&[]);
        test()
            .base("pyproject.toml", "[project]\ndependencies = ['a']")
            .head("pyproject.toml", "[project]\ndependencies = ['a', 'b']")
            .finds(&["uv.lock:1:1 error uv.lock pins nothing any more, but pyproject.toml still asks for packages."]);
    }

    #[test]
    fn it_may_go_with_its_project() {
        let test = || check("lockfile-removed").base("a/go.sum", SUM).head("b/go.mod", "module b\n");
        test().finds(&["a/go.sum warning a/go.sum was removed."]);
        test().base("a/go.mod", "module a\n").finds(&["a/go.sum note a/go.sum was removed."]);
    }

    #[test]
    fn a_lockfile_above_serves_as_well() {
        check("lockfile-removed")
            .base("a/go.sum", SUM)
            .head("a/go.mod", "module a\n")
            .head("go.work.sum", "n v1.0.0 h1:{A}\n")
            .finds(&["a/go.sum warning a/go.sum was removed."]);
    }
}

//! A package is new, and nothing that changed asks for it.
//!
//! What is new in a lockfile comes from a manifest that changed, from a package that was upgraded, or from a setting. An
//! entry that none of these leads to was put there by hand.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "app"
//!  version = "0.1.0"
//! +
//! +[[package]]
//! +name = "itoaa"
//!          ^^^^^ nothing that changed asks for it
//! +version = "1.0.0"
//! +source = "registry+https://github.com/rust-lang/crates.io-index"
//! +checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//! ```
//!
//! Of several that lead to each other, the first is told.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::Links;
use crate::rules::change::rewritten_dependencies::comparable;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "unexplained-package",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("unexplained_package.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(base)) = (pair.head, pair.base) else { return };
    if lockfile.format.links == Links::None || !base.is_readable() {
        return;
    }
    let Some(causes) = comparable(cx, lockfile, base) else { return };
    for package in causes.unexplained() {
        let at = Text::plain(package.heading());
        let message = format!("{} is new, and nothing that changed asks for it.", package.label());
        report
            .package(lockfile, package, Field::Entry, &at, message)
            .label("nothing that changed asks for it")
            .help(Help::from("Find out who asked for it.").and(cx.restore(lockfile)));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const NAMED: &str = "is new, and nothing that changed asks for it.";

    fn npm(asked: &str, entries: &str) -> String {
        format!(r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{{asked}}}}}, {entries}}}}}"#)
    }

    fn entry(path: &str, more: &str) -> String {
        format!(r#""{path}": {{"version": "1.0.0"{more}}}"#)
    }

    #[test]
    fn a_manifest_explains_what_it_asks_for() {
        let base = npm(r#""a": "1""#, &entry("node_modules/a", ""));
        let both = [entry("node_modules/a", ""), entry("node_modules/b", "")].join(",");
        let head = npm(r#""a": "1", "b": "1""#, &both);
        let test = || {
            check("unexplained-package")
                .base("package.json", r#"{"dependencies": {"a": "1"}}"#)
                .base("package-lock.json", &base)
                .head("package-lock.json", &head)
        };
        test().head("package.json", r#"{"dependencies": {"a": "1", "b": "1"}}"#).finds(&[]);
        // Only the lockfile says that it was asked for.
        test()
            .head("package.json", r#"{"dependencies": {"a": "1"}, "version": "1.0.1"}"#)
            .finds(&[&format!("package-lock.json:1:121 error b@1.0.0 {NAMED}")]);
    }

    #[test]
    fn an_alias_must_be_declared_word_for_word() {
        let base = npm(r#""a": "1""#, &entry("node_modules/a", ""));
        let head = npm(r#""a": "npm:evil@1""#, &entry("node_modules/a", r#", "name": "evil""#));
        let test =
            || check("unexplained-package").base("package-lock.json", &base).head("package-lock.json", &head);
        test()
            .both("package.json", r#"{"dependencies": {"a": "1"}}"#)
            .finds(&[&format!("package-lock.json:1:81 error evil@1.0.0 {NAMED}")]);
        test()
            .base("package.json", r#"{"dependencies": {"a": "1"}}"#)
            .head("package.json", r#"{"dependencies": {"a": "npm:evil@1"}}"#)
            .finds(&[]);
    }

    #[test]
    fn an_upgrade_and_an_override_explain_what_they_lead_to() {
        let asks =
            |version: &str, more: &str| format!(r#""node_modules/a": {{"version": "{version}"{more}}}"#);
        let base = npm(r#""a": "1""#, &asks("1.0.0", ""));
        let head = [asks("1.0.1", r#", "dependencies": {"b": "1"}"#), entry("node_modules/b", "")].join(",");
        let manifest = r#"{"dependencies": {"a": "1"}}"#;
        check("unexplained-package")
            .both("package.json", manifest)
            .base("package-lock.json", &base)
            .head("package-lock.json", &npm(r#""a": "1""#, &head))
            .finds(&[]);
        let aliased =
            [asks("1.0.0", r#", "dependencies": {"b": "1"}"#), entry("node_modules/b", r#", "name": "c""#)];
        let plain = [asks("1.0.0", r#", "dependencies": {"b": "1"}"#), entry("node_modules/b", "")];
        let test = || {
            check("unexplained-package")
                .base("package.json", manifest)
                .base("package-lock.json", &npm(r#""a": "1""#, &plain.join(",")))
                .head("package-lock.json", &npm(r#""a": "1""#, &aliased.join(",")))
        };
        test()
            .head("package.json", manifest)
            .finds(&[&format!("package-lock.json:1:139 error c@1.0.0 {NAMED}")]);
        let overrides = r#"{"dependencies": {"a": "1"}, "overrides": {"b": "npm:c@1"}}"#;
        test().head("package.json", overrides).finds(&[]);
    }

    /// Told once: the others are there because of the first, or of each other.
    #[test]
    fn what_is_new_together_is_told_once() {
        let own = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        let ghost = |name: &str, edge: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\ndependencies = [\n \"{edge}\",\n]\n"
            )
        };
        let test = |ghosts: String| {
            check("unexplained-package")
                .both("Cargo.toml", "[package]\nname = 'own'\nversion = '0.1.0'\n")
                .base("Cargo.lock", own)
                .head("Cargo.lock", &format!("{own}{ghosts}"))
        };
        test(ghost("x", "y") + &ghost("y", "own")).finds(&[&format!("Cargo.lock:6:9 error x@1.0.0 {NAMED}")]);
        test(ghost("x", "y") + &ghost("y", "x")).finds(&[&format!("Cargo.lock:6:9 error x@1.0.0 {NAMED}")]);
    }

    #[test]
    fn pnpm_importers_mirror_their_manifests() {
        let lock = |spec: &str, target: &str, entry: &str| {
            format!(
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      ms:\n        specifier: {spec}\n        version: {target}\npackages:\n  {entry}:\n    resolution: {{integrity: sha512-AAAA}}\nsnapshots:\n  {entry}: {{}}\n"
            )
        };
        let test_with = |spec: &str| {
            check("unexplained-package")
                .base("package.json", r#"{"dependencies": {"ms": "^2.0.0"}}"#)
                .base("pnpm-lock.yaml", &lock("^2.0.0", "2.0.0", "ms@2.0.0"))
                .head("pnpm-lock.yaml", &lock(spec, "evil@2.0.0", "evil@2.0.0"))
        };
        let test = || test_with("npm:evil@2");
        let declared = r#"{"dependencies": {"ms": "npm:evil@2"}}"#;
        test().head("package.json", declared).finds(&[]);
        test()
            .head("package.json", r#"{"dependencies": {"ms": "^2.0.0"}}"#)
            .finds(&[&format!("pnpm-lock.yaml:9:3 error evil@2.0.0 {NAMED}")]);
        // What is asked for stayed, what it leads to is another package.
        test_with("^2.0.0")
            .head("package.json", r#"{"dependencies": {"ms": "^2.0.0"}}"#)
            .finds(&[&format!("pnpm-lock.yaml:9:3 error evil@2.0.0 {NAMED}")]);
    }
}

//! `extends` names a package that can't be found, or an alias belongs to a package that it does not name.
//!
//! Only the head of llmring knows `extends`; the published 1.4.0 ignores it, which is a note. A name with a hyphen passes
//! llmring's check and is then looked for as a module, which has none. A name of a provider is always taken for the provider.
//! An alias `package:name` overrides an alias of that package, and has no effect while the package is not listed.
//!
//! ```diff llmring.lock
//!  [extends]
//!  packages = ["my-library", "openai"]
//!               ^^^^^^^^^^ hyphens are underscores in a module's name
//!                             ^^^^^^ a provider
//!               ^^^^^^^^^^ ignored by 1.4.0
//!  [profiles.default]
//!  name = "default"
//!  [[profiles.default.bindings]]
//!  alias = "other:fast"
//!           ^^^^^^^^^^ not in `extends`
//!  models = ["openai:gpt-4o-mini"]
//! ```
//!
//! Name packages as they are imported.

use crate::agents::llmring::{PROVIDERS, split};
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;
use std::collections::HashMap;

pub static RULE: Rule = Rule {
    id: "llmring-extends",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_extends.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    let mut seen: HashMap<&str, &'a str> = HashMap::new();
    for package in &document.extends {
        let first = *seen.entry(package.as_str()).or_insert(package.raw);
        let is_twin = !std::ptr::eq(first, package.raw);
        let Some((level, message, label)) = fault(package.as_str(), is_twin) else { continue };
        report
            .file(lockfile, package.raw, message)
            .level(level)
            .label(label)
            .help("Name each package once, as it is imported.");
    }
    for binding in document.profiles.iter().flat_map(|it| &it.bindings) {
        let alias = binding.alias.as_str();
        let Some((package, _)) = split(alias) else { continue };
        if !PROVIDERS.contains(&package) && !seen.contains_key(package) {
            let (alias, package) = (cut(alias), cut(package));
            let message = format!(
                "Alias `{alias}` overrides one of `{package}`, which `extends` does not name: it has no effect."
            );
            report
                .file(lockfile, binding.alias.raw, message)
                .label("not in `extends`")
                .help(format!("Add `{package}` to the packages of `extends`."));
        }
    }
    if let Some(first) = document.extends.first() {
        report
            .file(
                lockfile,
                first.raw,
                "The published llmring 1.4.0 ignores `extends`: only its head follows it.",
            )
            .value("published")
            .level(Level::Note)
            .label("ignored by 1.4.0")
            .help(cx.llmring(lockfile, "digest", "shows the digests of both builds"));
    }
}

/// What is wrong with a package, and what to write at it.
fn fault(name: &str, is_twin: bool) -> Option<(Level, String, &'static str)> {
    let shown = cut(name);
    if is_twin {
        return Some((Level::Warning, format!("`extends` names `{shown}` twice."), "named before"));
    }
    if PROVIDERS.contains(&name) {
        let message =
            format!("`extends` names `{shown}`, which is a provider: its aliases can't be reached.");
        return Some((Level::Error, message, "a provider"));
    }
    let message = format!("`extends` names `{shown}`, which no module is called: it is not found.");
    name.contains('-').then_some((Level::Error, message, "hyphens are underscores in a module's name"))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn an_empty_list_says_nothing() {
        check("llmring-extends").head("llmring.lock", "[extends]\npackages = []\n").finds(&[]);
    }
}

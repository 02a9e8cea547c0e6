//! A profile is not called by its name, or the default profile is not there.
//!
//! A profile is found by its key; the `name` inside is only said again. Names differ in case. When the profile that is asked
//! for is not there, llmring makes an empty one, and every alias in it fails: a `default_profile` that names none is an error.
//!
//! ```diff llmring.lock
//!  default_profile = "prd"
//!                     ^^^ no such profile
//!  [profiles.prod]
//!  name = "production"
//!          ^^^^^^^^^^ its key is `prod`
//! ```
//!
//! Spell the name as the key.

use crate::agents::llmring::{Document, near};
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
    id: "llmring-profile-mismatch",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_profile_mismatch.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(_: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    check_default(document, lockfile, report);
    let mut folded: HashMap<String, &str> = HashMap::new();
    for profile in &document.profiles {
        let key = cut(profile.name());
        if let Some(name) = profile.name.as_ref().filter(|name| name.as_str() != profile.name()) {
            report
                .file(lockfile, name.raw, format!("Profile `{key}` calls itself `{}`.", cut(name.as_str())))
                .label(format!("its key is `{key}`"))
                .help(format!("Write `name = \"{key}\"`; the key is what counts."));
        }
        let twin = *folded.entry(profile.name().to_lowercase()).or_insert(profile.name());
        if twin != profile.name() {
            report
                .file(
                    lockfile,
                    profile.key.raw,
                    format!("Profiles `{}` and `{key}` differ in case only.", cut(twin)),
                )
                .label("another one is spelled almost like this")
                .help("Give one of them another name: who asks for the wrong one gets other models.");
        }
    }
}

fn check_default<'a>(document: &'a Document<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(default) = &document.default_profile else { return };
    if document.profiles.is_empty() || document.profile(default.as_str()).is_some() {
        return;
    }
    let names = || document.profiles.iter().map(|profile| profile.name());
    let meant =
        near(default.as_str(), names()).map(|it| format!(", did you mean `{it}`?")).unwrap_or_default();
    let shown = cut(default.as_str());
    report
        .file(
            lockfile,
            default.raw,
            format!("The default profile `{shown}` is not there: llmring uses an empty one in its place."),
        )
        .level(Level::Error)
        .label("no such profile")
        .help(format!("The profiles are {}{meant}", names().take(9).collect::<Vec<_>>().join(", ")));
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn names_that_are_the_keys() {
        let text = "default_profile = 'b'\n[profiles.a]\nname = 'a'\n[profiles.b]\nname = 'b'\n";
        check("llmring-profile-mismatch").head("llmring.lock", text).finds(&[]);
        let text = "[profiles.a]\nname = 'a'\n[profiles.A]\nname = 'A'\n";
        check("llmring-profile-mismatch")
            .head("llmring.lock", text)
            .finds(&["llmring.lock:3:11 warning Profiles `a` and `A` differ in case only."]);
    }
}

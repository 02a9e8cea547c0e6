//! A pin is no version that a registry can have.
//!
//! Versions of the model registry count from 1. llmring takes any number, zero and less included, and makes numbers of texts,
//! of `true` and of `7.0`; such a value is a warning. Nothing in llmring ever holds a pin against the registry.
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 0
//!           ^ versions count from 1
//!  google = "5"
//!            ^ taken for 5
//! ```
//!
//! Pin what the snapshot of the registry has: `lockproof llmring bump`.

use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "llmring-impossible-pin",
    level: Level::Error,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_impossible_pin.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(document) = document(lockfile) else { return };
    for profile in &document.profiles {
        for pin in &profile.pins {
            let (provider, name) = (cut(pin.provider.as_str()), cut(profile.name()));
            if pin.version().is_none() {
                report
                    .file(
                        lockfile,
                        pin.at,
                        format!(
                            "Profile `{name}` pins `{provider}` to {}, which is no version.",
                            cut(&pin.digits)
                        ),
                    )
                    .label("versions count from 1")
                    .help(cx.llmring(lockfile, "bump", "pins what the snapshot of the registry has"));
            } else if pin.coerced {
                report
                    .file(lockfile, pin.at, format!("The pin of `{provider}` in profile `{name}` is no whole number: llmring makes {} of it.", cut(&pin.digits)))
                    .level(Level::Warning)
                    .label(format!("taken for {}", cut(&pin.digits)))
                    .help(format!("Write `{provider} = {}`.", cut(&pin.digits)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn numbers_are_numbers_however_they_are_written() {
        let text = "[profiles.a]\nname = 'a'\nregistry_versions = { a = 7, b = 0x7, c = 1_0, d = 7.0, e = true, f = 100000000000000000000 }\n";
        check("llmring-impossible-pin").head("llmring.lock", text).finds(&[
            "llmring.lock:3:71 error Profile `a` pins `f` to 100000000000000000000, which is no version.",
            "llmring.lock:3:52 warning The pin of `d` in profile `a` is no whole number: llmring makes 7 of it.",
            "llmring.lock:3:61 warning The pin of `e` in profile `a` is no whole number: llmring makes 1 of it.",
        ]);
    }
}

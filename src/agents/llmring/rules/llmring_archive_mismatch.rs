//! A pinned archive of the model registry is not what it was.
//!
//! A pin is a number, and archives have been rewritten under their number. lockproof keeps the SHA-256 of each pinned archive
//! in the policy (`[llmring.archives]`, written by `init` and `bump`) and compares. Where it keeps none, the hash chain of the
//! registry has to hold, and the archive has to say the version of its folder. The registry's own chain is broken in two
//! places; a SHA-256 in the policy says that such an archive was looked at and taken.
//!
//! ```diff lockproof.toml
//!  [llmring]
//!  registry = "registry"
//!  [llmring.archives]
//!  "openai/1" = "sha256:1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//! ```
//!
//! ```diff registry/openai/v/1/models.json
//!  {"version": 1, "models": {"openai:gpt-4o-mini": {}}}
//! ```
//!
//! ```diff llmring.lock
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//!  openai = 1
//!           ^ rewritten
//! ```
//!
//! Find out who changed the archive, and take it back. If the change is meant, write its new SHA-256 into the policy.

use crate::agents::llmring::registry::{Archive, Chain, Registry};
use crate::agents::llmring::rules::{Held, held_pins};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::commands::Help;
use std::collections::HashSet;

pub static RULE: Rule = Rule {
    id: "llmring-archive-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::MODELS,
    docs: include_str!("llmring_archive_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

/// Each archive that a lockfile pins is looked at once.
fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let mut seen = HashSet::new();
    for (Held { lockfile, registry, .. }, pin, version) in held_pins(cx) {
        let provider = pin.provider.as_str();
        let Some(archive) = registry.archive(provider, version) else { continue };
        if !seen.insert((&lockfile.source.path, provider, version)) {
            continue;
        }
        let Some((what, label)) = fault(cx, registry, provider, archive) else { continue };
        let source = archive.source;
        report
            .file(lockfile, pin.at, format!("Version {version} of {provider}, pinned here, {what}."))
            .label(label)
            .related(source, source.text().get(..1).unwrap_or_default(), "the archive")
            .value(archive.sha256())
            .help(Help::from("Find out who changed the archive.").and(cx.llmring(
                lockfile,
                "drift",
                "shows what it says of the models in use",
            )));
    }
}

fn fault(
    cx: &Context<'_>,
    registry: &Registry<'_>,
    provider: &str,
    archive: &Archive<'_>,
) -> Option<(String, String)> {
    let found = archive.sha256();
    let kept = cx.policy.archive(provider, archive.version);
    if let Some(kept) = kept.filter(|kept| *kept != found) {
        let what = format!(
            "is not the archive that the policy keeps the hash of: it has sha256 {found}, not {kept}"
        );
        return Some((what, "rewritten".to_owned()));
    }
    if !archive.is_readable() {
        return Some(("can't be read".to_owned(), "its archive can't be read".to_owned()));
    }
    match archive.declared_version() {
        Some(declared) if declared == archive.version => {}
        Some(declared) => {
            return Some((
                format!("calls itself version {declared}"),
                format!("its archive says {declared}"),
            ));
        }
        None => {
            return Some(("does not say its version".to_owned(), "its archive says no version".to_owned()));
        }
    }
    let broken = kept.is_none() && registry.chain(provider, archive.version) == Chain::Broken;
    broken.then(|| ("breaks the hash chain of the registry".to_owned(), "its hash does not hold".to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    use crate::agents::llmring::registry::testing::archive;

    const LOCK: &str = "[profiles.a]\nname = 'a'\nregistry_versions = { openai = 2 }\n";
    const POLICY: &str = "[llmring]\nregistry = 'registry'\n";
    const MODELS: &str = r#"{"openai:a": {"price": 1.0}}"#;

    fn case(second: &str, policy: &str, expected: &[&str]) {
        let (first, _) = archive("openai", 1, "{}", None);
        check("llmring-archive-mismatch")
            .policy(policy)
            .head("registry/openai/v/1/models.json", &first)
            .head("registry/openai/v/2/models.json", second)
            .head("llmring.lock", LOCK)
            .finds(expected);
    }

    #[test]
    fn the_chain_has_to_hold_where_no_hash_is_kept() {
        let (_, hash) = archive("openai", 1, "{}", None);
        let (second, _) = archive("openai", 2, MODELS, Some(&hash));
        case(&second, POLICY, &[]);
        let edited = second.replace("1.0", "2.0");
        case(
            &edited,
            POLICY,
            &[
                "llmring.lock:3:32 error Version 2 of openai, pinned here, breaks the hash chain of the registry.",
            ],
        );
        let kept = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&edited));
        case(&edited, &format!("{POLICY}[llmring.archives]\n\"openai/2\" = \"sha256:{kept}\""), &[]);
        let renumbered = second.replace("\"version\": 2", "\"version\": 3");
        case(
            &renumbered,
            POLICY,
            &["llmring.lock:3:32 error Version 2 of openai, pinned here, calls itself version 3."],
        );
        case("{", POLICY, &["llmring.lock:3:32 error Version 2 of openai, pinned here, can't be read."]);
    }
}

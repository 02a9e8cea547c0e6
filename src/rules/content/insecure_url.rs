//! An address is not encrypted.
//!
//! Whoever sits on the way serves the bytes; a matching hash protects them once, but who writes the hash has read
//! them from the same wire. `http`, `git` and `ftp` are errors, except on this machine.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "http://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!                     ^^^^ not encrypted
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! Tell the client to use `https`, and lock again.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::Slot;
use crate::model::url::Url;
use crate::model::{Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "insecure-url",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("insecure_url.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    for text in addresses(package) {
        if text.as_str().starts_with("https://") {
            continue;
        }
        let Some(url) = Url::split(text.as_str()) else { continue };
        if !is_insecure(&url) {
            continue;
        }
        let scheme = url.scheme;
        let message = format!("{} is fetched over {scheme}, which is not encrypted.", package.label());
        report
            .package(lockfile, package, Field::Source, &text.part(0..scheme.len()), message)
            .label("not encrypted")
            .value(text.as_str())
            .help(Help::from("Set the client's registry to https.").and(
                match speaks_https(cx, lockfile, &url) {
                    true => cx.repair("rewrites the lines of hosts that are known to speak it"),
                    false => String::new(),
                },
            ));
    }
}

/// Whether another address, on either side, shows that the host speaks https.
fn speaks_https(cx: &Context<'_>, lockfile: &Lockfile<'_>, url: &Url<'_>) -> bool {
    let worlds = std::iter::once(&cx.head).chain(&cx.base);
    worlds.into_iter().any(|world| world.encrypted(lockfile.ecosystem()).has(url))
}

/// Whether others can read along, and write.
pub fn is_insecure(url: &Url<'_>) -> bool {
    matches!(&*url.transport().to_ascii_lowercase(), "http" | "git" | "ftp") && !url.is_loopback()
}

/// Every URL of an entry, each once.
pub fn addresses<'p, 'a>(package: &'p Package<'a>) -> impl Iterator<Item = &'p Text<'a>> {
    let own = package.artifacts.iter().filter_map(|artifact| artifact.url.as_ref());
    let is_source = |url: &&Text<'_>| package.source.as_ref().is_some_and(|it| std::ptr::eq(it.raw, url.raw));
    package.source.iter().chain(own.filter(move |url| !is_source(url)))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn this_machine_is_no_wire() {
        let lock = |url: &str| {
            format!(
                r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "{url}/x/-/x-1.0.0.tgz", "integrity": "sha512-{{A512}}"}}}}}}"#
            )
        };
        for fine in
            ["http://127.0.0.1:4873", "http://localhost", "http://[::1]:4873", "https://registry.example.com"]
        {
            check("insecure-url").head("package-lock.json", &lock(fine)).finds(&[]);
        }
        let found = "error x@1.0.0 is fetched over http, which is not encrypted.";
        check("insecure-url")
            .head("package-lock.json", &lock("http://localhost.example.com"))
            .finds(&[&format!("package-lock.json:1:89 {found}")]);
    }
}

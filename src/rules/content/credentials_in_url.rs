//! An address carries a password or a token.
//!
//! Everyone who can read the repository can read it, for as long as its history exists. In output it is masked.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "https://ci:hunter2@registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!                             ^^^^^^^^^^ a secret
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! Revoke the secret first: it has been published. Then move it to the client's own configuration, outside the
//! repository, and lock again.

use super::insecure_url::addresses;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::release::Slot;
use crate::model::url::Url;
use crate::rules::{Check, Rule};
use crate::world::Context;
use crate::world::commands::Help;

pub static RULE: Rule = Rule {
    id: "credentials-in-url",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("credentials_in_url.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    for text in addresses(package) {
        if memchr::memchr(b'@', text.as_str().as_bytes()).is_none() {
            continue;
        }
        let Some(userinfo) = Url::split(text.as_str()).and_then(|url| secret(&url)) else { continue };
        let start = userinfo.as_ptr() as usize - text.as_str().as_ptr() as usize;
        report
            .package(
                lockfile,
                package,
                Field::Source,
                &text.part(start..start + userinfo.len()),
                format!("The address of {} carries credentials.", package.label()),
            )
            .label("a secret")
            // Even hashed into a fingerprint, a short secret could be guessed.
            .value("")
            .help(
                Help::from(
                    "Revoke the secret: it has been published. Keep the new one out of the repository.",
                )
                .and(cx.repair("takes it out of the addresses of archives")),
            );
    }
}

/// Userinfo that is more than the user name that ssh needs.
pub fn secret<'u>(url: &Url<'u>) -> Option<&'u str> {
    let userinfo = url.userinfo.filter(|userinfo| !userinfo.is_empty())?;
    let is_plain_user = url.transport() == "ssh" && !userinfo.contains(':') || userinfo == "git";
    (!is_plain_user).then_some(userinfo)
}

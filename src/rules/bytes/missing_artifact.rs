//! With `--bytes-required`, nothing on this disk proves a pinned hash.
//!
//! What is not there can't be compared, and is no pass. Where a build must not use what was not checked, this makes it an
//! error. One artifact of each package is needed; of Go's modules, archive and `go.mod` where both are pinned. Optional
//! packages are passed over: they may be of another platform.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//!  checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//!              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nothing to compare it with
//! ```
//!
//! Fetch what is missing (`cargo fetch`, `npm ci`, `go mod download`) and check again. pnpm and uv keep no archives: npm's
//! cache or a folder of wheels can stand in.

use crate::ecosystems::formats::Family;
use crate::findings::facts::Unseen;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::read::options::Bytes;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "missing-artifact",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("missing_artifact.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    if !cx.facts.required {
        return;
    }
    let place = match cx.facts.looked {
        Bytes::All => "on this disk",
        _ => "in this repository",
    };
    for (lockfile, of_lockfile) in cx.of_bytes() {
        for (at, why) in &of_lockfile.unseen {
            let Some(package) = lockfile.packages.get(*at).filter(|it| !it.flags.optional) else { continue };
            let digest = package.digests().next().map_or("", |digest| digest.raw);
            let why = match why {
                Unseen::NotOnDisk => String::new(),
                Unseen::NotVerifiable(reason) => format!(", {reason}"),
            };
            let message = format!("No artifact of {} is {place}{why}.", package.label());
            report
                .package(lockfile, package, Field::Integrity, &Text::plain(digest), message)
                .label("nothing to compare it with")
                .help("Fetch what the lockfile pins, with its client, and check again.");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn nothing_is_missing_unless_it_is_required() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/\"\nchecksum = \"{HEX}\"\n";
        check("missing-artifact").head("Cargo.lock", lock).finds(&[]);
    }
}

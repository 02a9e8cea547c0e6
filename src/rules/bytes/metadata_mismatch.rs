//! A lockfile says what the package itself does not say.
//!
//! A lockfile repeats what each package asks for and whether it runs scripts when it is installed; frozen installs believe
//! the lockfile. An edge that the package never asked for pulls in what nobody chose, and a denied script runs all the
//! same. Each archive that was verified has its own manifest, and that is compared.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//!  checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//!  dependencies = [
//!   "stealer",
//!    ^^^^^^^ the package does not ask for it
//!  ]
//! ```
//!
//! ```diff vendor/itoa/Cargo.toml
//!  package = { name = "itoa", version = "1.0.0" }
//! ```
//!
//! ```diff vendor/itoa/.cargo-checksum.json
//!  {
//!    "package": "1111111111111111111111111111111111111111111111111111111111111111",
//!    "files": { "Cargo.toml": "d6069c617ae4313cdbacd75bc8e30e74517f795240dd55471f11ff12785726b1" }
//!  }
//! ```
//!
//! Names are compared, not ranges. What may add edges of its own (`packageExtensions`, `.pnpmfile.cjs`,
//! `dependency-metadata`) makes a lockfile exempt.
//!
//! Lock again with the client: it writes what the packages say.

use crate::bytes::fold_cargo;
use crate::ecosystems::formats::Family;
use crate::findings::facts::{Carried, Outcome};
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::{Ecosystem, Edge, Lockfile, Package, canonical};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "metadata-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("metadata_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, of_lockfile) in cx.of_bytes() {
        let extended = is_extended(lockfile);
        for fact in &of_lockfile.facts {
            let (Outcome::Verified(Some(carried)) | Outcome::Consistent(Some(carried))) = &fact.outcome
            else {
                continue;
            };
            // Each entry of a release has edges of its own, and any of them may have been edited.
            for package in fact.packages().filter_map(|at| lockfile.packages.get(at)) {
                if !extended {
                    compare_edges(cx, lockfile, package, carried, report);
                }
                compare_scripts(cx, lockfile, package, carried, report);
            }
        }
    }
}

/// Whether something in the project may add edges that no package asks for.
fn is_extended(lockfile: &Lockfile<'_>) -> bool {
    lockfile.settings.iter().any(|setting| {
        matches!(setting.name.as_str(), "packageExtensionsChecksum" | "pnpmfileChecksum")
            || setting.value.contains("dependency-metadata")
    })
}

fn compare_edges<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    carried: &Carried,
    report: &mut Report<'a>,
) {
    for edge in package.edges.iter().filter(|edge| !asks(lockfile.ecosystem(), carried, edge)) {
        let message = format!(
            "{} does not ask for {}, though the lockfile says so.",
            package.label(),
            crate::text::escape::cut(edge.name.as_str())
        );
        report
            .package(lockfile, package, Field::Entry, &edge.name, message)
            .label("the package does not ask for it")
            .help(cx.restore(lockfile));
    }
}

fn asks(ecosystem: Ecosystem, carried: &Carried, edge: &Edge<'_>) -> bool {
    let name = edge.name.as_str();
    match ecosystem {
        Ecosystem::Cargo => carried.asks.contains(&fold_cargo(name)),
        _ => carried.asks.contains(&*canonical(ecosystem, name)),
    }
}

/// Only npm's lockfiles since version 2 say of each package whether it has scripts.
fn compare_scripts<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    carried: &Carried,
    report: &mut Report<'a>,
) {
    let says = lockfile.format.id == "npm" && !package.flags.legacy;
    let Some(script) = carried.script.filter(|_| says && !package.flags.install_script) else { return };
    let message = format!("{} has a {script} script, which the lockfile denies.", package.label());
    report
        .package(lockfile, package, Field::Entry, &Text::plain(package.heading()), message)
        .label(format!("has a {script} script"))
        .help(cx.restore(lockfile));
}

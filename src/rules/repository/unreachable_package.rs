//! Nothing in the lockfile leads to a package.
//!
//! No client writes such an entry, and some install it all the same: `npm ci` unpacks whatever the file lists.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "": { "dependencies": { "ms": "2.1.3" } },
//!      "node_modules/ms": {
//!        "version": "2.1.3",
//!        "resolved": "https://registry.example.com/ms/-/ms-2.1.3.tgz",
//!        "integrity": "sha512-AAAA"
//! +    },
//! +    "node_modules/left-pad": {
//!       ^^^^^^^^^^^^^^^^^^^^^ nothing depends on it
//! +      "version": "1.3.0",
//! +      "resolved": "https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//! +      "integrity": "sha512-AAAA"
//!      }
//!    }
//!  }
//! ```
//!
//! What only such an entry leads to is not told apart. A note for what was there before, or where there is nothing to
//! compare with. npm's older format (version 1) leaves out what leads to a peer, so it is not judged.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::{Links, Node, Walk, tops};
use crate::model::release::Release;
use crate::model::{Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "unreachable-package",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("unreachable_package.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(graph) = cx.head.graph(lockfile) else { return };
    if lockfile.format.links == Links::None || !graph.knows_starts() {
        return;
    }
    let reachable = graph.reachable();
    let packages = lockfile.packages.iter().enumerate();
    let lost: Vec<Node> =
        packages.filter(|(at, it)| !reachable[*at] && is_judged(it)).map(|(at, _)| at).collect();
    for at in tops(&mut Walk::new(graph), &lost) {
        let package = &lockfile.packages[at];
        let found = report.package(
            lockfile,
            package,
            Field::Entry,
            &Text::plain(package.heading()),
            format!("Nothing in the lockfile depends on {}.", package.label()),
        );
        found.label("nothing depends on it").help(cx.drop_entry(lockfile, package));
        let is_known = |base| Release::of(lockfile, package).is_in(base);
        if cx.base.as_ref().is_none_or(|base| is_known(base.fold(lockfile.ecosystem()))) {
            found.level(Level::Note);
        }
    }
}

/// Not what only npm 6 reads; and what comes out of another's archive is there because that is.
fn is_judged(package: &Package<'_>) -> bool {
    !package.flags.legacy && package.bundled_in.is_none()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const OWN: &str =
        "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"x\",\n]\n";
    const X: &str = "[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\nchecksum = \"{HEX}\"\n";

    #[test]
    fn what_was_there_before_is_a_note() {
        let lost = OWN.replace(" \"x\",\n", "") + X;
        let note = "Cargo.lock:8:9 note Nothing in the lockfile depends on x@1.0.0.";
        check("unreachable-package").head("Cargo.lock", &lost).finds(&[note]);
        check("unreachable-package")
            .base("Cargo.lock", &format!("{OWN}{X}"))
            .head("Cargo.lock", &lost)
            .finds(&[note]);
        check("unreachable-package").head("Cargo.lock", &format!("{OWN}{X}")).finds(&[]);
    }

    /// uv's lockfile of a workspace whose root is no project, and that of a script, keep what they ask for apart.
    #[test]
    fn uv_manifests_ask_for_packages() {
        let x = "[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = { registry = \"https://pypi.example.com/simple\" }\n";
        for asks in [
            "requirements = [{ name = \"x\" }]\n",
            "[manifest.dependency-groups]\ndev = [{ name = \"x\" }]\n",
        ] {
            let lock = format!("version = 1\n[manifest]\n{asks}{x}");
            check("unreachable-package").head("uv.lock", &lock).finds(&[]);
        }
    }
}

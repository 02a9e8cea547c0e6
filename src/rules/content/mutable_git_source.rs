//! A git source names no commit.
//!
//! A branch or a tag moves: the next install takes whatever stands there. Only a full commit id pins.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "git+https://git.example.com/acme/itoa?branch=main"
//!            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no commit
//! ```
//!
//! Every client writes the commit; lock that package again.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Origin;
use crate::model::release::Slot;
use crate::rules::{Check, Rule};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "mutable-git-source",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("mutable_git_source.rs"),
    checks: &[Check::Package(check)],
};

fn check<'a>(cx: &Context<'a>, Slot { lockfile, package }: Slot<'a>, report: &mut Report<'a>) {
    let Origin::Git(git) = &package.origin else { return };
    if git.commit.is_some() {
        return;
    }
    let at = package.source.clone().unwrap_or(Text::plain(package.heading()));
    report
        .package(
            lockfile,
            package,
            Field::Source,
            &at,
            format!("{} comes from git without a commit id.", package.label()),
        )
        .label("no commit")
        .help(cx.repin(lockfile, package));
}

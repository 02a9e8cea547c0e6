//! A merge says of a package what none of the merged sides said.
//!
//! Nobody reviews a merge line by line: what stands in it and in no parent was typed while merging, or slipped in. A
//! merge that is resolved by locking anew takes every pin from a parent.
//!
//! ```diff Cargo.toml
//!  [package]
//!  name = "app"
//! ```
//!
//! ```diff MERGE_HEAD:Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!  version = "1.0.0"
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//!  checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//! ```
//!
//! ```diff Cargo.lock
//!  version = 4
//! +
//! +[[package]]
//! +name = "itoa"
//! +version = "1.0.0"
//! +source = "registry+https://github.com/rust-lang/crates.io-index"
//! +checksum = "2222222222222222222222222222222222222222222222222222222222222222"
//!              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not the hash it had
//! ```
//!
//! This looks at a commit with several parents (`--head REV`), and at a merge that is being made (`--staged`, or the
//! worktree). What the first parent has is the other rules' to judge.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::release::{Kept, Release, Slot};
use crate::rules::change::{
    integrity_downgraded, integrity_removed, pin_rewritten, pin_widened, registry_changed,
};
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "evil-merge",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("evil_merge.rs"),
    checks: &[Check::Entry(check)],
};

/// The rules that hold for a release of a merged side as they do for one of the base.
static OF_RELEASES: [&Rule; 4] =
    [&pin_rewritten::RULE, &pin_widened::RULE, &integrity_removed::RULE, &integrity_downgraded::RULE];

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, kept: Option<&Kept<'a>>, report: &mut Report<'a>) {
    let Some(merge) = cx.merge.as_deref().filter(|_| kept.is_none()) else { return };
    let Some(merged) = &merge.base else { return };
    let kept = merged.fold(slot.lockfile.ecosystem()).release(&Release::of(slot.lockfile, slot.package));
    let mut run = |rule: &'static Rule| {
        let mut broken = report.of_other(rule);
        for check in rule.checks {
            if let Check::Entry(check) = check {
                check(merge, slot, kept, &mut broken);
            }
        }
        report.adopt(broken, "In the merge, ");
    };
    OF_RELEASES.into_iter().for_each(&mut run);
    // Where the base knows the name, a move against it shows already.
    let base = cx.base.as_ref().map(|base| base.fold(slot.lockfile.ecosystem()));
    if base.is_none_or(|base| base.origins(slot.package.name.as_str()).is_empty()) {
        run(&registry_changed::RULE);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(entries: &[(&str, &str)]) -> String {
        entries.iter().map(|(module, hash)| format!("{module} h1:{{{hash}}}\n")).collect()
    }

    #[test]
    fn what_a_parent_has_is_no_evil() {
        let head = lock(&[("a v1.0.0", "A"), ("b v1.0.0", "B")]);
        check("evil-merge")
            .base("go.sum", &lock(&[("a v1.0.0", "A")]))
            .head("go.sum", &head)
            .parent("go.sum", &head)
            .finds(&[]);
    }

    #[test]
    fn an_upgrade_of_the_other_side_is_held_to_its_hash() {
        check("evil-merge")
            .base("go.sum", &lock(&[("a v1.0.0", "A")]))
            .parent("go.sum", &lock(&[("a v1.1.0", "A")]))
            .head("go.sum", &lock(&[("a v1.1.0", "B")]))
            .finds(&["go.sum:1:10 error In the merge, a@v1.1.0 kept its version, but the hash changed."]);
    }

    #[test]
    fn what_the_first_parent_has_is_for_other_rules() {
        check("evil-merge")
            .base("go.sum", &lock(&[("a v1.0.0", "A")]))
            .parent("go.sum", &lock(&[("a v1.0.0", "B")]))
            .head("go.sum", &lock(&[("a v1.0.0", "B")]))
            .finds(&[]);
    }
}

//! An exception of the policy has ended.
//!
//! It was to count until a day that has passed, so what it accepted is found again, and somebody has to look: either the
//! reason is gone, or it holds and gets a new end. The day is over when it is over in UTC (`SOURCE_DATE_EPOCH` sets the
//! clock). This is never pre-existing: the day came, whatever the change.
//!
//! ```diff lockproof.toml
//!  [[accept]]
//!  rule = "weak-integrity"
//!  package = "npm:left-pad@1.3.0"
//!  sha256 = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
//!  reason = "the registry has no better hash of it"
//!  until = 2000-01-31
//!          ^^^^^^^^^^ counted until 2000-01-31
//! ```
//!
//! Remove the entry, or set another date in a change of its own.

use crate::check::excuse::Fates;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "expired-exception",
    level: Level::Error,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("expired_exception.rs"),
    checks: &[Check::Policy(check)],
};

/// The head side's policy: a change that removes the entry, or moves its end, is the cure.
fn check<'a>(cx: &Context<'a>, _: &Fates, report: &mut Report<'a>) {
    let Some((stated, policy)) = cx.policies.head() else { return };
    for exception in policy.exceptions().iter().filter(|it| it.has_ended(cx.today)) {
        let (Some(until), Some(span)) = (exception.until, exception.until_span.clone()) else { continue };
        let message = format!("The exception for {} has ended.", exception.describe());
        report
            .source(&stated.source, stated.slice(span), message)
            .label(format!("counted until {until}"))
            .value(exception.describe())
            .help("Remove the entry, or set another date if its reason still holds.");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn policy(until: &str) -> String {
        format!(
            "[[accept]]\nrule = 'weak-integrity'\npath = 'x'\nsha256 = '{}'\nreason = 'x'\nuntil = {until}\n",
            "0".repeat(64)
        )
    }

    #[test]
    fn its_last_day_still_counts() {
        let found = "lockproof.toml:6:9 error The exception for `weak-integrity` in x has ended.";
        check("expired-exception").head("lockproof.toml", &policy("2026-05-05")).finds(&[]);
        check("expired-exception").head("lockproof.toml", &policy("2026-05-04")).finds(&[found]);
        // Although both sides have it.
        check("expired-exception").both("lockproof.toml", &policy("2026-05-04")).finds(&[found]);
    }

    #[test]
    fn a_new_end_is_the_cure() {
        check("expired-exception")
            .base("lockproof.toml", &policy("2026-05-04"))
            .head("lockproof.toml", &policy("2026-06-01"))
            .base_judges()
            .finds(&[]);
    }
}

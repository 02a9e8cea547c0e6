//! An exception of the policy accepts nothing.
//!
//! What it accepted is gone, was changed, or never was there. The next finding like it should not be met by an old
//! exception, so it is better removed. This is only said when all lockfiles were judged and the exception's rule ran.
//!
//! ```diff lockproof.toml
//!  [[accept]]
//!  rule = "weak-integrity"
//!         ^^^^^^^^^^^^^^^^ accepts nothing
//!  package = "npm:left-pad@1.3.0"
//!  sha256 = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
//!  reason = "the registry has no better hash of it"
//! ```
//!
//! An exception for a change, such as `pin-rewritten`, is of use until that change has landed, and may come into the policy
//! before it. Then it is spent: one note says so for all of them. `lockproof accept --prune` removes what is of no use.

use crate::check::excuse::Fates;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::policy::exceptions::Exception;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "unused-exception",
    level: Level::Warning,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("unused_exception.rs"),
    checks: &[Check::Policy(check)],
};

fn check<'a>(cx: &Context<'a>, fates: &Fates, report: &mut Report<'a>) {
    let Some((stated, policy)) = cx.policies.head() else { return };
    let settled = cx.policies.settled();
    let spent: Vec<&Exception> = fates.spent(cx).into_iter().map(|at| &policy.exceptions()[at]).collect();
    let (changes, others): (Vec<&Exception>, Vec<&Exception>) =
        spent.into_iter().partition(|exception| exception.rule.is_change());
    let mut tell = |exception: &Exception, message: String, label: &str| {
        let found = report.source(&stated.source, stated.slice(exception.span.clone()), message);
        found.label(label).value(exception.describe()).help(prune(cx));
        if settled.contains_key(&exception.key()) {
            found.stood_before();
        }
        found.level(if exception.rule.is_change() { Level::Note } else { Level::Warning });
    };
    if let Some(first) = changes.first() {
        let message = match changes.len() {
            1 => format!("The exception for {} is no longer needed.", first.describe()),
            many => format!("{many} exceptions for changes are no longer needed."),
        };
        tell(first, message, "its change has landed");
    }
    for exception in others {
        let message = format!("The exception for {} accepts nothing.", exception.describe());
        tell(exception, message, "accepts nothing");
    }
}

fn prune(cx: &Context<'_>) -> String {
    let command = cx.lockproof("accept --prune");
    command.map(|it| format!("{it} removes exceptions that are of no use.")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1.0.0", "resolved": "https://r.example.com/x/-/x-1.0.0.tgz", "integrity": "sha1-{A1}"}}}"#;

    fn policy(rule: &str, value: &str) -> String {
        use sha2::Digest as _;
        let hash = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(value));
        format!(
            "[[accept]]\nrule = '{rule}'\npackage = 'npm:x'\npath = 'package-lock.json'\nsha256 = '{hash}'\nreason = 'x'\nuntil = 2099-01-31\n"
        )
    }

    #[test]
    fn one_that_accepts_something_is_of_use() {
        let value = format!("sha1-{}", data_encoding::BASE64.encode(&[1; 20]));
        let lock = || check("unused-exception").head("package-lock.json", LOCK);
        lock().head("lockproof.toml", &policy("weak-integrity", &value)).finds(&[]);
        lock().head("lockproof.toml", &policy("weak-integrity", "sha1-other")).finds(&[
            "lockproof.toml:2:8 warning The exception for `weak-integrity` of npm:x in package-lock.json accepts nothing.",
        ]);
    }

    /// A change rule has nothing to say without a base, and an exception for one comes before what it accepts.
    #[test]
    fn one_for_a_change_waits_for_it() {
        let prepared = policy("pin-rewritten", "sha1-other");
        check("unused-exception")
            .head("package-lock.json", LOCK)
            .head("lockproof.toml", &prepared)
            .finds(&[]);
        let lock = || check("unused-exception").both("package-lock.json", LOCK);
        lock().head("lockproof.toml", &prepared).finds(&[]);
        lock().both("lockproof.toml", &prepared).finds(&[
            "lockproof.toml:2:8 note The exception for `pin-rewritten` of npm:x in package-lock.json is no longer needed.",
        ]);
    }
}

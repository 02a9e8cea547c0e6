//! The policy was changed.
//!
//! The policy decides what is a finding, so a change of it wants a reviewer's eye. What loosens it is one warning that
//! names all of it: a registry or repository more, a lower level, an excluded file, an exception. An error is a lockfile
//! that the same change excludes and edits. Everything else is one note. A
//! change that only comments, orders or words anew is none.
//!
//! ```diff lockproof.toml
//!  [rules]
//! -weak-integrity = "error"
//! +weak-integrity = "off"
//!  ^^^^^^^^^^^^^^ looser than it was
//! ```
//!
//! With `--base`, a change is judged by the policy that the base side has: what it loosens does not count for itself. So
//! there are two steps: first a change of the policy alone, then the one that needs it.

use crate::check::excuse::{Fates, TWO_STEPS};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::policy::Policy;
use crate::policy::compare::{Loosening, loosened};
use crate::policy::sides::Stated;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "policy-changed",
    level: Level::Note,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("policy_changed.rs"),
    checks: &[Check::Policy(check)],
};

fn check<'a>(cx: &Context<'a>, _: &Fates, report: &mut Report<'a>) {
    let (Some(world), policies) = (&cx.base, cx.policies) else { return };
    check_hidden(cx, report);
    let (base, head) = (policies.base.as_ref(), policies.head.as_ref());
    let Some(either) = head.or(base).filter(|_| !says_the_same(base, head)) else { return };
    if let Some(Err(error)) = head.map(|it| &it.policy) {
        let message = format!("{} can't be understood: {}.", either.source.path, error.message);
        let found = report.source(&either.source, either.slice(error.span.clone()), message);
        found.level(Level::Error).label("not understood").help(error.help.as_str());
        return;
    }
    let nothing = Policy::default();
    let understood = |stated: Option<&'a Stated>| stated.and_then(|it| it.policy.as_ref().ok());
    let (old, new) = (understood(base).unwrap_or(&nothing), understood(head).unwrap_or(&nothing));
    let in_use = |ecosystem, place: &str| world.places(ecosystem).come_from(place);
    let all = loosened(old, new, &in_use);
    match all.is_empty() {
        true => changed(base, head, either, report),
        false => tell(cx, either, base, &all, report),
    }
}

/// Whoever excludes a lockfile in the change that edits it leaves nobody to look at the edit.
fn check_hidden<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    let (Some(stated), Some(first)) = (cx.policies.head.as_ref(), cx.policies.hidden.first()) else { return };
    let more = match cx.policies.hidden.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let path = &stated.source.path;
    let at = stated.source.text().lines().find(|line| line.contains("exclude")).unwrap_or_default();
    report
        .source(
            &stated.source,
            at,
            format!("{path} newly excludes {first}{more}, and the same change edits it."),
        )
        .level(Level::Error)
        .label("excluded from now on")
        .value(cx.policies.hidden.join(" "))
        .help("So nobody looks at the edit. Two steps: first the change of the policy alone, then this one.");
}

/// Whether both files mean the same, whatever their comments and their order.
fn says_the_same(base: Option<&Stated>, head: Option<&Stated>) -> bool {
    let table = |stated: &Stated| toml::from_str::<toml::Table>(stated.source.text());
    match (base, head) {
        (Some(base), Some(head)) => {
            base.source.text() == head.source.text()
                || matches!((table(base), table(head)), (Ok(base), Ok(head)) if base == head)
        }
        (base, head) => base.is_none() && head.is_none(),
    }
}

fn tell<'a>(
    cx: &Context<'a>,
    stated: &'a Stated,
    base: Option<&'a Stated>,
    all: &[Loosening],
    report: &mut Report<'a>,
) {
    // The first one that has a place stands for all of them.
    let first = all.iter().find_map(|it| it.at.clone());
    let at = first.clone().map_or("", |at| stated.slice(at));
    let found = report.source(&stated.source, at, told(&stated.source.path, all));
    found.level(Level::Warning).label("looser than it was").help(advice(cx));
    found.value(all.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; "));
    if first.is_none() {
        found.without_place();
    }
    let others = all.iter().filter(|it| it.at.is_some() && it.at != first);
    for (it, at) in others.filter_map(|it| Some((it, it.at.clone()?))).take(SHOWN) {
        found.related(&stated.source, stated.slice(at), &*it.message);
    }
    for before in base
        .iter()
        .flat_map(|base| all.iter().filter_map(move |it| Some((base, it.before.clone()?))))
        .take(SHOWN)
    {
        found.related(&before.0.source, before.0.slice(before.1), "stood here before");
    }
}

/// So many places are shown: who reviews more reads the file.
const SHOWN: usize = 10;

/// One change is one finding, with all its parts.
fn told(path: &str, all: &[Loosening]) -> String {
    const NAMED: usize = 3;
    let named: Vec<&str> = all.iter().take(NAMED).map(|it| it.message.as_str()).collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{path} was loosened: {}{more}.", named.join("; "))
}

fn advice(cx: &Context<'_>) -> String {
    if cx.policies.base_judges {
        return format!("This change is judged by the policy of {}. {TWO_STEPS}", cx.base_name);
    }
    "A pull request is judged by the policy of its base: let the policy land first, in a change of its own."
        .to_owned()
}

fn changed<'a>(
    base: Option<&'a Stated>,
    head: Option<&'a Stated>,
    either: &'a Stated,
    report: &mut Report<'a>,
) {
    let path = &either.source.path;
    let (verb, at) = match (base, head) {
        (None, _) => ("added", either.source.text().lines().next().unwrap_or_default()),
        (_, None) => ("removed", ""),
        (Some(base), Some(head)) => ("changed", first_difference(base, head)),
    };
    let found = report.source(&either.source, at, format!("{path} was {verb}."));
    found.label("another policy").help("Nothing that was an error before is less of one now.");
    if head.is_none() {
        found.without_place();
    }
}

/// The first line of the head side that the base side does not have there.
fn first_difference<'a>(base: &'a Stated, head: &'a Stated) -> &'a str {
    let mut before = base.source.text().lines();
    head.source.text().lines().find(|line| before.next() != Some(line)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    fn lock(host: &str) -> String {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/x": {{"version": "1.0.0", "resolved": "https://{host}/x/-/x-1.0.0.tgz", "integrity": "sha512-{{A512}}"}}}}}}"#
        )
    }

    #[track_caller]
    fn finds(before: &str, after: &str, expected: &[&str]) {
        let all: Vec<_> = expected.iter().map(|it| format!("lockproof.toml{it}")).collect();
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        check("policy-changed")
            .both("package-lock.json", &lock("npm.example.com"))
            .base("lockproof.toml", before)
            .head("lockproof.toml", after)
            .finds(&all);
    }

    fn accept(rest: &str) -> String {
        let hash = "0".repeat(64);
        format!("[[accept]]\nrule = 'weak-integrity'\npath = 'x'\nsha256 = '{hash}'\nreason = 'x'\n{rest}")
    }

    #[test]
    fn what_loosens_is_a_warning() {
        let loosened =
            |place: &str, what: &str| format!("{place} warning lockproof.toml was loosened: {what}.");
        for (before, after, place, what) in [
            (
                "[registries]\nnpm = ['https://a.example']",
                "[registries]\nnpm = ['https://a.example', 'https://b.example']",
                ":2:29",
                "npm packages may come from https://b.example",
            ),
            (
                "[registries]\nnpm = ['https://a.example']",
                "",
                "",
                "npm packages are no longer pinned to registries",
            ),
            (
                "",
                "[registries]\nnpm = ['https://b.example']",
                ":2:8",
                "npm packages may come from https://b.example",
            ),
            (
                "[registries.scoped]\n'@a/' = 'https://a.example'",
                "",
                "",
                "names that begin with `@a/` are no longer tied to one registry",
            ),
            (
                "[registries.scoped]\n'@a/' = 'https://a.example'",
                "[registries.scoped]\n'@a/' = 'https://a.example'\n'@a/b' = 'https://b.example'",
                ":3:10",
                "npm packages whose names begin with `@a/b` may come from https://b.example",
            ),
            (
                "[git]\nallow = []",
                "[git]\nallow = ['https://git.example.com/a']",
                ":2:10",
                "git repositories of git.example.com/a are allowed",
            ),
            ("", "[files]\nexclude = ['a/**']", ":2:12", "files that match `a/**` no longer count"),
            ("", "[rules]\nweak-integrity = 'note'", ":2:1", "`weak-integrity` is a note"),
            ("[rules]\nversion-downgraded = 'error'", "", "", "`version-downgraded` is what it is by itself"),
            (
                "",
                "[[override]]\npaths = ['a']\nrules = { weak-integrity = 'off' }",
                ":3:11",
                "`weak-integrity` is off in a",
            ),
            ("", &accept(""), ":2:8", "`weak-integrity` in x is accepted"),
            (
                &accept("until = 2027-01-31"),
                &accept("until = 2027-02-01"),
                ":2:8",
                "`weak-integrity` in x is accepted for longer",
            ),
            (
                &accept("until = 2027-01-31"),
                &accept(""),
                ":2:8",
                "`weak-integrity` in x is accepted for longer",
            ),
        ] {
            finds(before, after, &[&loosened(place, what)]);
        }
    }

    #[test]
    fn what_tightens_is_a_note() {
        for (before, after, place) in [
            ("", "[registries]\nnpm = ['https://npm.example.com/']", ":1:1"),
            (
                "[registries]\nnpm = ['https://a.example']",
                "[registries]\nnpm = ['https://a.example/npm']",
                ":2:1",
            ),
            ("[git]\nallow = ['https://git.example.com/a']", "[git]\nallow = []", ":2:1"),
            ("", "[rules]\nweak-integrity = 'error'", ":1:1"),
            (&accept(""), &accept("until = 2027-02-01"), ":6:1"),
        ] {
            finds(before, after, &[&format!("{place} note lockproof.toml was changed.")]);
        }
    }

    #[test]
    fn words_are_no_change() {
        finds("[git]\nallow = []\n[files]", "# a reason\n[files]\n[git]\nallow = []", &[]);
        finds("", "", &[]);
    }

    #[test]
    fn a_policy_that_can_not_be_understood_would_stop_every_run() {
        check("policy-changed")
            .both("package-lock.json", &lock("npm.example.com"))
            .base("lockproof.toml", "")
            .head("lockproof.toml", "[file]")
            .base_judges()
            .finds(&[
                "lockproof.toml:1:2 error lockproof.toml can't be understood: there is no key `file` here.",
            ]);
    }

    #[test]
    fn a_policy_comes_and_goes() {
        let test = || check("policy-changed").both("package-lock.json", &lock("npm.example.com"));
        test().head("lockproof.toml", "[git]").finds(&["lockproof.toml:1:1 note lockproof.toml was added."]);
        test().base("lockproof.toml", "[git]").finds(&["lockproof.toml note lockproof.toml was removed."]);
        let moved = test().base("lockproof.toml", "[git]").head(".config/lockproof.toml", "[git]");
        moved.finds(&[]);
    }
}

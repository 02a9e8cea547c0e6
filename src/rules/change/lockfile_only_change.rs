//! A lockfile was changed, and nothing that it is made from was.
//!
//! Most updates look like that, so the rule is off until `[rules] lockfile-only-change = "warning"` in `lockproof.toml`
//! turns it on. It is for repositories in which nobody is to touch a lockfile by itself.
//!
//! ```diff go.sum
//! +example.com/m v1.0.0 h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
//!  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ changed by itself
//!  example.com/n v1.0.0 h1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
//! ```
//!
//! Change what the project asks for in its manifest, and let the client write the lockfile.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::workspace::is_inside;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "lockfile-only-change",
    level: Level::Warning,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("lockfile_only_change.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(cx: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(head), Some(base)) = (pair.head, pair.base) else { return };
    let around = cx.head.manifests(head.ecosystem()).filter(|it| is_inside(it.folder(), head.folder()));
    let mut around = around.chain(cx.head.served_by(head));
    if around.any(|manifest| cx.is_changed(manifest.source)) {
        return;
    }
    let (now, before) = (head.source.text(), base.source.text());
    let differs = now.lines().zip(before.lines().map(Some).chain(std::iter::repeat(None)));
    let first = differs.into_iter().find(|(now, before)| Some(*now) != *before).map(|(now, _)| now);
    let message = format!("{} was changed, and nothing that it is made from was.", head.source.path);
    report
        .file(head, first.unwrap_or(&now[now.len()..]), message)
        .label("changed by itself")
        .help(cx.restore(head));
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_manifest_that_changed_as_well_explains_it() {
        let test = || {
            check("lockfile-only-change")
                .base("go.sum", "a v1.0.0 h1:{A}\n")
                .head("go.sum", "a v1.1.0 h1:{A}\n")
        };
        test()
            .both("go.mod", "module x\n")
            .finds(&["go.sum:1:1 warning go.sum was changed, and nothing that it is made from was."]);
        test().base("go.mod", "module x\n").head("go.mod", "module x\nrequire a v1.1.0\n").finds(&[]);
    }

    #[test]
    fn nobody_asked_for_it() {
        let found = check("lockfile-only-change")
            .both("go.mod", "module x\n")
            .base("go.sum", "a v1.0.0 h1:{A}\n")
            .head("go.sum", "a v1.1.0 h1:{A}\n")
            .all();
        assert!(found.iter().all(|finding| finding.rule != "lockfile-only-change"));
        let asked = check("lockfile-only-change")
            .policy("[rules]\nlockfile-only-change = 'note'")
            .both("go.mod", "module x\n")
            .base("go.sum", "a v1.0.0 h1:{A}\n")
            .head("go.sum", "a v1.1.0 h1:{A}\n")
            .all();
        assert!(asked.iter().any(|finding| finding.rule == "lockfile-only-change"));
    }
}

//! The content changed and `updated_at` did not.
//!
//! The stamp is the only thing in the file that says when it was last looked at. llmring's own bump does not touch it;
//! `lockproof llmring bump` and `bind` do.
//!
//! ```diff llmring.lock
//!  version = "1.0"
//!  created_at = "2026-01-01T00:00:00+00:00"
//!  updated_at = "2026-01-01T00:00:00+00:00"
//!  [profiles.default]
//!  name = "default"
//!  [profiles.default.registry_versions]
//! -openai = 6
//! +openai = 7
//!  ^^^^^^^^^^ changed without a new `updated_at`
//! ```
//!
//! Write the time of the change.

use crate::agents::llmring::Build;
use crate::agents::llmring::loaded::load;
use crate::ecosystems::formats::Family;
use crate::ecosystems::formats::llmring::document;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::text::syntax::Node;
use crate::world::{Context, Pair};

pub static RULE: Rule = Rule {
    id: "llmring-unstamped-change",
    level: Level::Warning,
    tamper: false,
    families: Family::MODELS,
    docs: include_str!("llmring_unstamped_change.rs"),
    checks: &[Check::Change(check)],
};

fn check<'a>(_: &Context<'a>, pair: &Pair<'a>, report: &mut Report<'a>) {
    let (Some(lockfile), Some(before)) = (pair.head, pair.base) else { return };
    let (Some(document), Some(old)) = (document(lockfile), document(before)) else { return };
    let content = |document| load(document, Build::Head, "").ok().map(|it| it.value);
    let (Some(now), Some(was)) = (content(document), content(old)) else { return };
    let changed = now.entries().iter().find(|(key, value)| was.get(key) != Some(value));
    let (Some((field, _)), Some(node)) = (changed, document.root.get("updated_at")) else { return };
    if now.get("updated_at") == was.get("updated_at") {
        report
            .file(lockfile, node.slice(), format!("`{field}` changed, and `updated_at` did not."))
            .label("changed without a new `updated_at`")
            .related(before.source, old.root.get("updated_at").map_or("", Node::slice), "the same stamp")
            .help("Write the time of the change, as the commands `bind` and `bump` of lockproof llmring do.");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn comments_and_layout_are_no_content() {
        let text = "created_at = '2026-01-01T00:00:00Z'\nupdated_at = '2026-01-01T00:00:00Z'\n";
        let other = format!("# why\n{}unknown = 1\n", text.replace('Z', "+00:00"));
        check("llmring-unstamped-change").base("llmring.lock", text).head("llmring.lock", &other).finds(&[]);
    }
}

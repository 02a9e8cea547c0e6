//! The report as JSON: one document, the same bytes for the same input.

use serde::Serialize;

use crate::check::{Coverage, Outcome};
use crate::findings::finding::Finding;
use crate::read::Sources;
use crate::text::escape;
use crate::text::source::Side;

/// The whole report.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", schemars(title = "lockproof-report"))]
pub struct ReportDocument<'a> {
    /// `lockproof-report`
    schema: &'static str,
    version: u32,
    tool: Tool,
    inputs: Inputs,
    coverage: &'a Coverage,
    /// Tamper rules first, then by level, path and place.
    findings: &'a [Finding],
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

pub(super) const TOOL: Tool = Tool { name: "lockproof", version: crate::VERSION };

/// What was read.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Inputs {
    /// False outside of a git repository: then there was nothing to compare with.
    repository: bool,
    head: SideRef,
    base: Option<SideRef>,
    /// Where the policy was read from, as git would name it.
    policy: Option<String>,
}

impl Inputs {
    pub(super) fn new(sources: &Sources) -> Inputs {
        Inputs {
            repository: sources.root.is_some(),
            head: SideRef::new(&sources.head, sources.head_id.as_ref()),
            base: sources.base.as_ref().map(|side| SideRef::new(side, sources.base_id.as_ref())),
            policy: sources.policy_path.clone(),
        }
    }
}

/// One side of the comparison.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct SideRef {
    /// `worktree`, `index`, or a revision as it was asked for.
    name: String,
    /// The commit, where it is one.
    commit: Option<String>,
}

impl SideRef {
    fn new(side: &Side, commit: Option<&String>) -> SideRef {
        let name = match side {
            Side::Worktree => "worktree".to_owned(),
            Side::Index => "index".to_owned(),
            Side::Revision(name) => name.clone(),
        };
        SideRef { name, commit: commit.cloned() }
    }
}

pub fn report(sources: &Sources, outcome: &Outcome) -> String {
    let document = ReportDocument {
        schema: "lockproof-report",
        version: 1,
        tool: TOOL,
        inputs: Inputs::new(sources),
        coverage: &outcome.coverage,
        findings: &outcome.findings,
    };
    print(&document)
}

/// JSON in which nothing acts on a terminal or a build log: what is hidden is escaped, and so is the second character of
/// `##`, which changes no string.
pub fn print(document: &impl Serialize) -> String {
    // A document of our own types has no key that is not a string, and no number that JSON can't write.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        let opens_command = character == '#' && out.ends_with('#');
        if character != '\n' && (opens_command || escape::is_hidden(character)) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_survive() {
        let hostile = "a\u{202e}b\u{200b}\u{7f}\u{9b}\u{e0041}\u{1b}\n##[error]x";
        let text = print(&hostile);
        assert!(!text.trim_end().chars().any(escape::is_hidden) && !text.contains("##"), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}

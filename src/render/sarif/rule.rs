//! A rule as SARIF describes it: its page, and what a code host sorts alerts by.

use super::log::{Configuration, Message, Rule as Descriptor, RuleProperties};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::render::rule_page;
use crate::rules::Rule;

pub(super) fn describe(rule: &Rule) -> Descriptor {
    let page = rule.page();
    Descriptor {
        id: rule.id,
        name: pascal_case(rule.id),
        short_description: Message::text(format!("{}.", rule.summary())),
        full_description: Message::text(introduction(&page)),
        help: Message { text: page.clone(), markdown: Some(page) },
        help_uri: rule_page(rule.id),
        default_configuration: Configuration { level: rule.level },
        properties: RuleProperties {
            tags: tags(rule),
            precision: if rule.tamper { "very-high" } else { "high" },
            security_severity: is_security(rule).then(|| severity(rule)),
            problem_severity: match rule.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "recommendation",
            },
        },
    }
}

/// `pin-rewritten` is `PinRewritten`.
fn pascal_case(id: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    id.split('-').map(word).collect()
}

/// What a page says before its example.
fn introduction(page: &str) -> String {
    let text = page.split("```").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Which model an application talks to is a matter of its working, unless somebody tampered with it.
fn is_security(rule: &Rule) -> bool {
    rule.tamper || rule.families != Family::MODELS
}

fn tags(rule: &Rule) -> Vec<&'static str> {
    let kind = if is_security(rule) { "security" } else { "correctness" };
    let mut tags = vec![kind, "supply-chain", "lockfile"];
    if rule.tamper {
        tags.push("tampering");
    }
    tags
}

/// On the scale of 0 to 10 by which code scanning calls an alert critical (above 9), high (from 7), medium (from 4) or low.
fn severity(rule: &Rule) -> &'static str {
    match (rule.tamper, rule.level) {
        (true, Level::Error) => "9.3",
        (false, Level::Error) => "7.5",
        (true, Level::Warning) => "6.5",
        (false, Level::Warning) => "5.0",
        (_, Level::Note) => "2.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn every_rule_can_be_described() {
        for rule in rules::ALL {
            let described = describe(rule);
            // Code scanning takes no longer ones.
            assert!(described.full_description.text.len() <= 1024, "{}", rule.id);
            assert!(described.full_description.text.starts_with(rule.summary()), "{}", rule.id);
            assert_eq!(
                described.properties.tags.contains(&"security"),
                described.properties.security_severity.is_some()
            );
        }
        assert_eq!(describe(rules::ALL[0]).name, "PinRewritten");
    }
}

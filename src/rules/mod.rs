//! The rules: one page each. To add one, write its page and list it here.
//!
//! A page's `//!` header is what users read (`lockproof explain`, the tables, the docs), and its `diff` block is run as a
//! test: both sides are made from it, the rule is run alone, and the carets are drawn again and compared.

pub mod bytes;
pub mod change;
pub mod content;
pub mod exceptions;
pub mod repository;

use std::fmt;

use crate::agents::llmring::rules as llmring;
use crate::agents::tool::rules as tool;

use crate::check::excuse::Fates;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::model::release::{Kept, Slot};
use crate::world::{Context, Pair};

/// What a rule is. Its page holds the rest.
pub struct Rule {
    /// Stable; it names the offence.
    pub id: &'static str,
    /// The level of its plain case; a rule may report others.
    pub level: Level,
    /// It speaks of tampering: it can't be switched off, and is named first.
    pub tamper: bool,
    /// What it speaks of.
    pub families: &'static [Family],
    /// Its own source file, for the header.
    pub docs: &'static str,
    pub checks: &'static [Check],
}

/// What a rule is shown. A large lockfile does not fit into the processor's caches: whatever looks at single entries
/// is called entry by entry, so that all rules see one while it is there.
pub enum Check {
    /// Every entry of the head side.
    Package(for<'a> fn(&Context<'a>, Slot<'a>, &mut Report<'a>)),
    /// Every lockfile of the head side.
    Lockfile(for<'a> fn(&Context<'a>, &'a Lockfile<'a>, &mut Report<'a>)),
    /// Every entry of a lockfile that changed, with its release on the base side, when that has it in any lockfile.
    Entry(for<'a> fn(&Context<'a>, Slot<'a>, Option<&Kept<'a>>, &mut Report<'a>)),
    /// Every lockfile that is not the same on both sides.
    Change(for<'a> fn(&Context<'a>, &Pair<'a>, &mut Report<'a>)),
    /// The head side as a whole, once: what several files say together. A rule has this or the checks above, not both:
    /// what they find in a file that did not change was there before, what this finds need not have been.
    Repository(for<'a> fn(&Context<'a>, &mut Report<'a>)),
    /// Both sides as a whole, once.
    Range(for<'a> fn(&Context<'a>, &mut Report<'a>)),
    /// The policies of both sides, once, after all others were heard: what became of the exceptions.
    Policy(for<'a> fn(&Context<'a>, &Fates, &mut Report<'a>)),
}

impl Check {
    /// It is shown both sides.
    pub fn compares(&self) -> bool {
        matches!(self, Check::Entry(_) | Check::Change(_) | Check::Range(_) | Check::Policy(_))
    }
}

/// In the order in which they take precedence.
pub static ALL: &[&Rule] = &[
    &change::pin_rewritten::RULE,
    &change::pin_widened::RULE,
    &change::integrity_removed::RULE,
    &change::integrity_downgraded::RULE,
    &change::registry_changed::RULE,
    &change::rewritten_dependencies::RULE,
    &change::unexplained_package::RULE,
    &change::install_script_added::RULE,
    &change::evil_merge::RULE,
    &change::version_downgraded::RULE,
    &change::lockfile_format_changed::RULE,
    &change::lockfile_removed::RULE,
    &change::lockfile_only_change::RULE,
    &change::policy_changed::RULE,
    &change::weakened_client_config::RULE,
    &content::lfs_pointer::RULE,
    &content::unreadable_lockfile::RULE,
    &content::merge_conflict::RULE,
    &content::duplicate_key::RULE,
    &content::split_view::RULE,
    &content::malformed_integrity::RULE,
    &content::weak_integrity::RULE,
    &content::missing_integrity::RULE,
    &content::name_mismatch::RULE,
    &content::version_mismatch::RULE,
    &content::unpinned_registry::RULE,
    &content::insecure_url::RULE,
    &content::git_source::RULE,
    &content::mutable_git_source::RULE,
    &content::credentials_in_url::RULE,
    &content::path_escape::RULE,
    &content::deceptive_text::RULE,
    &content::unsupported_version::RULE,
    &repository::conflicting_integrity::RULE,
    &repository::stale_lockfile::RULE,
    &repository::missing_lockfile::RULE,
    &repository::ignored_lockfile::RULE,
    &repository::rogue_lockfile::RULE,
    &repository::unread_lockfile::RULE,
    &repository::unreachable_package::RULE,
    &repository::missing_package::RULE,
    &tool::tool_pin_rewritten::RULE,
    &tool::tool_chain_rewritten::RULE,
    &tool::tool_registry_changed::RULE,
    &tool::tool_path_escape::RULE,
    &tool::broken_tool_chain::RULE,
    &tool::malformed_tool_integrity::RULE,
    &tool::misplaced_tool_lockfile::RULE,
    &tool::tool_integrity_mismatch::RULE,
    &tool::tool_signature_mismatch::RULE,
    &tool::tool_chain_mismatch::RULE,
    &tool::tool_index_mismatch::RULE,
    &tool::tool_lockfile_left_behind::RULE,
    &tool::refused_tool_lockfile::RULE,
    &tool::shadowed_tool_lockfile::RULE,
    &tool::tool_version_drift::RULE,
    &tool::unpinned_tool_version::RULE,
    &tool::missing_tool::RULE,
    &tool::ambiguous_tool::RULE,
    &tool::missing_tool_lockfile::RULE,
    &tool::stale_tool_lockfile::RULE,
    &bytes::artifact_mismatch::RULE,
    &bytes::vendored_file_changed::RULE,
    &bytes::unpacked_source_changed::RULE,
    &bytes::metadata_mismatch::RULE,
    &bytes::missing_artifact::RULE,
    &exceptions::unused_exception::RULE,
    &exceptions::expired_exception::RULE,
    &llmring::llmring_pin_lowered::RULE,
    &llmring::llmring_model_swapped::RULE,
    &llmring::llmring_alias_removed::RULE,
    &llmring::llmring_fallback_removed::RULE,
    &llmring::llmring_unstamped_change::RULE,
    &llmring::llmring_refused::RULE,
    &llmring::llmring_empty::RULE,
    &llmring::llmring_unknown_key::RULE,
    &llmring::llmring_profile_mismatch::RULE,
    &llmring::llmring_malformed_model::RULE,
    &llmring::llmring_unreachable_alias::RULE,
    &llmring::llmring_faulty_pool::RULE,
    &llmring::llmring_impossible_pin::RULE,
    &llmring::llmring_unpinned_provider::RULE,
    &llmring::llmring_idle_pin::RULE,
    &llmring::llmring_missing_archive::RULE,
    &llmring::llmring_archive_mismatch::RULE,
    &llmring::llmring_stale_pin::RULE,
    &llmring::llmring_unknown_model::RULE,
    &llmring::llmring_unusable_model::RULE,
    &llmring::llmring_timestamps::RULE,
    &llmring::llmring_extends::RULE,
    &llmring::llmring_placement::RULE,
    &llmring::llmring_encoding::RULE,
    &llmring::llmring_corrupted_by_save::RULE,
    &llmring::llmring_secret::RULE,
];

/// Rules that stay silent until the policy gives them a level, or the command line selects them.
static OPT_IN: &[&str] = &["lockfile-only-change"];

pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Rule {
    /// Its place in [`ALL`].
    pub fn rank(&self) -> usize {
        ALL.iter().position(|rule| rule.id == self.id).unwrap_or(ALL.len())
    }

    /// The page as Markdown: the `//!` header of its file.
    pub fn page(&self) -> String {
        let header = self.docs.lines().take_while(|line| line.starts_with("//!"));
        let lines = header.map(|line| line.strip_prefix("//! ").unwrap_or(&line[3..]));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The first sentence of the page.
    pub fn summary(&self) -> &'static str {
        let first = self.docs.lines().next().unwrap_or_default();
        first.trim_start_matches("//! ").trim_end_matches('.')
    }

    /// A rule that is off until somebody asks for it.
    pub fn is_opt_in(&self) -> bool {
        OPT_IN.contains(&self.id)
    }

    /// A rule that judges several files together.
    pub fn is_of_whole(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::Repository(_) | Check::Range(_)))
    }

    /// A rule that judges the policy: no policy can accept what it finds.
    pub fn is_of_policy(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::Policy(_)))
    }

    /// A rule that is shown both sides, and nothing else.
    pub fn is_change(&self) -> bool {
        self.checks.iter().all(Check::compares)
    }
}

/// The rule that was probably meant.
pub fn near(id: &str) -> Option<&'static str> {
    let ids = ALL.iter().map(|rule| rule.id);
    ids.map(|known| (distance(id, known), known)).filter(|(far, _)| *far <= 3).min().map(|(_, known)| known)
}

/// Levenshtein distance of two short texts.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut above_left = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above_left + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
            above_left = above;
        }
    }
    row[b.len()]
}

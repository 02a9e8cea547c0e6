//! The statement's parts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::findings::facts::Counted;
use crate::read::options::{Bytes, Scope};
use crate::render::json::Tool;

#[derive(Serialize)]
pub(super) struct Statement<'a> {
    #[serde(rename = "_type")]
    pub(super) kind: &'static str,
    pub(super) subject: Vec<File<'a>>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: &'static str,
    pub(super) predicate: Proof<'a>,
}

/// What was checked, how, and what came of it.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "cli", schemars(title = "lockproof-proof"))]
pub struct Proof<'a> {
    pub(super) tool: Tool,
    pub(super) rules: RuleSet<'a>,
    /// What judged; absent where there is no policy.
    pub(super) policy: Option<PolicyRef<'a>>,
    pub(super) settings: Settings<'a>,
    pub(super) head: Revision<'a>,
    /// Absent where nothing was compared.
    pub(super) base: Option<Revision<'a>>,
    pub(super) coverage: Totals,
    pub(super) verdict: Verdict,
    /// The other files of the bundle.
    pub(super) reports: Vec<File<'a>>,
}

/// The rules that ran.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct RuleSet<'a> {
    pub(super) version: &'static str,
    pub(super) ran: &'a [&'static str],
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct PolicyRef<'a> {
    /// As git would name it on the side that it was read from.
    pub(super) path: &'a str,
    pub(super) digest: Digest,
}

/// What the command line says beside the policy.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Settings<'a> {
    /// Everything where it is empty.
    pub(super) paths: &'a [String],
    pub(super) select: &'a [String],
    pub(super) ignore: &'a [String],
    /// Levels over the policy's, by rule.
    pub(super) levels: BTreeMap<&'a str, &'a str>,
    /// Which findings count.
    pub(super) scope: Scope,
    /// Which artifacts were looked for.
    pub(super) bytes: Bytes,
    pub(super) bytes_required: bool,
    pub(super) history: bool,
    /// `2/5`, where this is a share of a check.
    pub(super) shard: Option<String>,
    /// From which level on findings fail the run: `error`, `warning`, `note` or `never`.
    pub(super) fail_on: &'static str,
}

/// One side.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Revision<'a> {
    /// `worktree`, `index`, or a revision as it was asked for.
    pub(super) name: &'a str,
    /// The commit, where it is one.
    pub(super) commit: Option<&'a str>,
    /// Of the index: the tree that a commit of it would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tree: Option<&'a str>,
}

/// Sums over all lockfiles; `report.json` has each by itself.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Totals {
    pub(super) lockfiles: usize,
    /// Lockfiles that are none any more, so that nothing in them was checked.
    pub(super) unreadable: usize,
    pub(super) packages: usize,
    pub(super) hashed: usize,
    /// Entries that need no hash, by reason.
    pub(super) unhashable: BTreeMap<&'static str, usize>,
    pub(super) compared: usize,
    pub(super) not_comparable: usize,
    pub(super) bytes: Counted,
    /// Lockfiles that nothing in the change can touch.
    pub(super) not_read: usize,
    /// Lockfiles of kinds that can't be read.
    pub(super) unsupported: usize,
    /// Lockfiles that the policy excludes.
    pub(super) excluded: usize,
    /// What there was nothing to judge by.
    pub(super) unchecked: usize,
    /// Findings that the policy accepts.
    pub(super) accepted: usize,
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Verdict {
    /// The exit code was 0.
    pub(super) passed: bool,
    /// Everything could be read.
    pub(super) complete: bool,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
    /// Findings that the base side has too; they do not count.
    pub(super) preexisting: usize,
}

/// A `ResourceDescriptor` of in-toto.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) digest: Digest,
}

impl<'a> File<'a> {
    pub(super) fn new(name: &'a str, sha256: [u8; 32]) -> File<'a> {
        File { name, digest: Digest::new(sha256) }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Digest {
    /// In hex.
    sha256: String,
}

impl Digest {
    pub(super) fn new(sha256: [u8; 32]) -> Digest {
        Digest { sha256: data_encoding::HEXLOWER.encode(&sha256) }
    }
}

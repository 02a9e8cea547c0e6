//! `lockproof explain` and `lockproof schema`: what lockproof says of itself.

use clap::ValueEnum;

use super::{USAGE, complain, parse_rule, print};
use crate::render::diff::DiffDocument;
use crate::render::inventory::Inventory;
use crate::render::json;
use crate::render::proof::Proof;
use crate::{policy, rules};

/// What has a schema.
#[derive(Clone, Copy, ValueEnum)]
pub enum SchemaOf {
    /// Of `check --format json`
    Report,
    /// Of `diff --format json`
    Diff,
    /// Of `list --format json`
    Inventory,
    /// Of the predicate that `check --proof` states
    Proof,
    /// Of lockproof.toml
    Config,
}

pub(super) fn explain(id: Option<&str>) -> u8 {
    let Some(id) = id else {
        let width = rules::ALL.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        let line = |rule: &&rules::Rule| format!("{:width$}  {}\n", rule.id, rule.summary());
        return print(&rules::ALL.iter().copied().map(|rule| line(&rule)).collect::<String>());
    };
    match rules::find(id) {
        Some(rule) => print(&format!("{} ({})\n\n{}\n", rule.id, rule.level, rule.page())),
        None => complain(&parse_rule(id).unwrap_err(), USAGE),
    }
}

/// The schema of a document, as `lockproof schema` prints it.
pub fn schema(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Report => schemars::schema_for!(json::ReportDocument<'_>),
        SchemaOf::Diff => schemars::schema_for!(DiffDocument<'_>),
        SchemaOf::Inventory => schemars::schema_for!(Inventory),
        SchemaOf::Proof => schemars::schema_for!(Proof<'_>),
        SchemaOf::Config => schemars::schema_for!(policy::PolicyFile),
    };
    json::print(&schema)
}

//! `lockproof tool list`: every tier's lockfiles, by what is in them.

use std::collections::HashMap;
use std::path::Path;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{ScopeArg, index_of, lockfiles, shown};
use crate::agents::tool::disk::{Folders, Scope, Tier, is_project_scope};
use crate::agents::tool::freeze::last_validated;
use crate::agents::tool::index::Index;
use crate::agents::tool::store;
use crate::cli::{CLEAN, INCOMPLETE, complain, print};
use crate::render::json;
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct ListArgs {
    /// One tier only
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// One of Kiwi's folders only
    #[arg(long)]
    category: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: FormatArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Text,
    Json,
}

/// One lockfile.
#[derive(Serialize)]
struct Listed {
    tool_id: String,
    version: String,
    /// Kiwi's folder.
    category: Option<String>,
    chain_hash: String,
    elements: usize,
    scope: &'static str,
    path: String,
    readable: bool,
    created_at: Option<String>,
    last_validated: Option<String>,
    /// Lockfiles of lower tiers that are not reached because of this one.
    shadows: Vec<String>,
    /// The lockfile that is found before this one.
    shadowed_by: Option<String>,
    #[serde(skip)]
    below: String,
}

pub(super) fn run(arguments: &ListArgs, folder: &Path) -> Result<u8, (String, u8)> {
    let mut folders = vec![Folders::below(Scope::Project, folder)];
    // Both systems agree on the user's lockfiles, unless USER_SPACE is set: then each has its own.
    for user in [Folders::of_user(true), Folders::of_user(false)].into_iter().flatten() {
        let is_new = folders.iter().all(|known| known.lockfiles != user.lockfiles);
        folders.extend(Some(user).filter(|_| is_new));
    }
    folders.extend(Folders::of_system(folder));
    if is_project_scope() {
        let mut documented = Folders::below(Scope::Project, folder);
        documented.lockfiles = folder.join("lockfiles");
        folders.insert(1, documented);
    }
    let tiers: Vec<Tier> = folders.iter().map(Folders::read).collect();
    let mut listed: Vec<Listed> = tiers.iter().flat_map(list).collect();
    shadow(&mut listed);
    listed.retain(|it| wants(arguments, it));
    print(&match arguments.format {
        FormatArg::Json => json::print(&listed),
        FormatArg::Text => text(&listed),
    });
    let problems: Vec<_> = tiers.iter().flat_map(|tier| &tier.problems).collect();
    Ok(problems.iter().map(|problem| complain(problem, INCOMPLETE)).max().unwrap_or(CLEAN))
}

fn wants(arguments: &ListArgs, it: &Listed) -> bool {
    let scope = match arguments.scope {
        None => true,
        Some(ScopeArg::Project) => it.scope == "project",
        Some(ScopeArg::User) => it.scope == "user",
    };
    scope && arguments.category.as_ref().is_none_or(|category| it.category.as_ref() == Some(category))
}

fn list(tier: &Tier) -> Vec<Listed> {
    let index = index_of(tier).map(Index::read);
    let one = |(below, lockfile): (&str, crate::model::Lockfile<'_>)| {
        let tool = lockfile.tool.as_deref();
        let is_rye = tool.is_some_and(|tool| tool.is_rye());
        let root = tool.map(|tool| &tool.root);
        Listed {
            tool_id: root.map_or("", |root| root.id.as_str()).to_owned(),
            version: root.map_or("", |root| root.version()).to_owned(),
            category: Some(store::category(below)).filter(|it| !is_rye && !it.is_empty()).map(str::to_owned),
            chain_hash: tool.map(|tool| tool.chain_hash()).unwrap_or_default(),
            elements: tool.map_or(0, |tool| tool.chain.len()),
            scope: tier.scope.name(),
            path: shown(tier, below),
            readable: tool.is_some_and(|tool| tool.refusals.is_empty()),
            created_at: tool.and_then(|tool| tool.generated_at.as_ref()).map(|it| it.as_str().to_owned()),
            last_validated: index.as_ref().and_then(|index| last_validated(index, below)).map(str::to_owned),
            shadows: Vec::new(),
            shadowed_by: None,
            below: below.to_owned(),
        }
    };
    lockfiles(tier).into_iter().map(one).collect()
}

/// The first tier that has a file of that name is the one that is read.
fn shadow(listed: &mut [Listed]) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for at in 0..listed.len() {
        match first.get(&listed[at].below) {
            Some(&above) => {
                listed[at].shadowed_by = Some(listed[above].path.clone());
                let path = listed[at].path.clone();
                listed[above].shadows.push(path);
            }
            None => {
                first.insert(listed[at].below.clone(), at);
            }
        }
    }
}

fn text(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "There are no tool lockfiles here.\n".to_owned();
    }
    let mut out = String::new();
    for it in listed {
        let label = match it.readable {
            true => format!("{}@{}  {}", it.tool_id, it.version, it.chain_hash),
            false => "unreadable".to_owned(),
        };
        let shadow = match (&it.shadowed_by, it.shadows.as_slice()) {
            (Some(by), _) => format!("  (shadowed by {by})"),
            (None, []) => String::new(),
            (None, paths) => format!("  (shadows {})", paths.join(", ")),
        };
        let line = format!("{}  {label}  {}{shadow}", it.scope, it.path);
        out.push_str(&escape::message(&line));
        out.push('\n');
    }
    out
}

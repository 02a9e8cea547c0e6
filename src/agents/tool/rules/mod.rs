//! Rules about tool lockfiles: do they say what the tools are, and would their systems notice if not?

pub mod ambiguous_tool;
pub mod broken_tool_chain;
pub mod malformed_tool_integrity;
pub mod misplaced_tool_lockfile;
pub mod missing_tool;
pub mod missing_tool_lockfile;
pub mod refused_tool_lockfile;
pub mod shadowed_tool_lockfile;
pub mod stale_tool_lockfile;
pub mod tool_chain_mismatch;
pub mod tool_chain_rewritten;
pub mod tool_index_mismatch;
pub mod tool_integrity_mismatch;
pub mod tool_lockfile_left_behind;
pub mod tool_path_escape;
pub mod tool_pin_rewritten;
pub mod tool_registry_changed;
pub mod tool_signature_mismatch;
pub mod tool_version_drift;
pub mod unpinned_tool_version;

use crate::agents::tool::disk::Scope;
use crate::agents::tool::lock::{Element, ToolLock};
use crate::agents::tool::store;
use crate::agents::tool::tools::{Project, Tool};
use crate::model::Lockfile;
use crate::text::escape::shell;
use crate::text::syntax::Text;
use crate::world::commands::Help;
use crate::world::{Context, World};

/// Where the root is named, or the file begins.
fn root_place<'a>(tool: &'a ToolLock<'a>) -> &'a str {
    if tool.root.id.raw.is_empty() { tool.root.at } else { tool.root.id.raw }
}

/// The tools of a lockfile's project, on the side that is judged.
fn project<'c, 'a>(cx: &'c Context<'a>, lockfile: &Lockfile<'_>) -> &'c Project<'a> {
    project_of(&cx.head, lockfile)
}

/// The tools of a lockfile's project, on a side.
fn project_of<'c, 'a>(world: &'c World<'a>, lockfile: &Lockfile<'_>) -> &'c Project<'a> {
    world.tools().project(store::project(&lockfile.source.path))
}

/// The tools that an element may mean, and where they stand: in its project, or in the tier that its space names. Kiwi
/// names none, and looks in the user's when the project has no such tool.
fn find<'c, 'a>(
    cx: &'c Context<'a>,
    lockfile: &Lockfile<'_>,
    lock: &ToolLock<'_>,
    element: &Element<'_>,
) -> (&'c Project<'a>, Vec<&'c Tool<'a>>) {
    let own = project(cx, lockfile);
    let id = element.id.as_str();
    let found = if element.is_of_project() { own.find(id, lock.is_rye()) } else { Vec::new() };
    let scope = match element.space.as_ref().map(Text::as_str) {
        None if !lock.is_rye() => Scope::User,
        Some("user") => Scope::User,
        Some(space) if space == "system" || space.starts_with("system:") => Scope::System,
        _ => return (own, found),
    };
    if !found.is_empty() {
        return (own, found);
    }
    let tiers = cx.tiers.iter().filter(|tier| tier.scope == scope);
    let elsewhere = tiers.map(|tier| (tier.project(), tier.project().find(id, lock.is_rye())));
    elsewhere.into_iter().find(|(_, found)| !found.is_empty()).unwrap_or((own, found))
}

/// A second chain of a tool and version, under its chain hash. Kiwi never opens it, so it may be of another time.
fn is_second(lockfile: &Lockfile<'_>, lock: &ToolLock<'_>) -> bool {
    let name = lockfile.source.path.rsplit('/').next().unwrap_or_default();
    let named = store::named(name, lock.root.id.as_str(), lock.root.version());
    !lock.is_rye() && matches!(named, store::Named::ByChain(_))
}

/// What to do about a lockfile that is not right.
fn mend(cx: &Context<'_>, lockfile: &Lockfile<'_>, tool: &ToolLock<'_>) -> Help {
    let freeze = cx.tool(&format!("freeze {}", shell(tool.root.id.as_str())), &lockfile.source.path);
    Help::from(freeze.map(|it| format!("{it} writes it again.")).unwrap_or_default())
        .and(cx.restore(lockfile))
}

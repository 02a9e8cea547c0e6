//! The chain that the tools themselves make, and how a locked one differs from it.

use std::collections::HashSet;

use super::lock::ToolLock;
use super::tools::{Project, Tool};

/// A chain made anew: from a tool to what runs it, and so on.
#[derive(Debug)]
pub struct Rebuilt<'p, 'a> {
    pub tools: Vec<&'p Tool<'a>>,
    /// Why it ends before its end.
    pub stopped: Option<Stopped<'p>>,
}

/// Why a chain can't be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped<'p> {
    /// This id is not here.
    Missing(&'p str),
    /// This id may mean several files.
    Ambiguous(&'p str),
    /// This id comes again.
    Loop(&'p str),
}

/// Follows the executors.
pub fn rebuild<'p, 'a>(project: &'p Project<'a>, root: &'p str, is_rye: bool) -> Rebuilt<'p, 'a> {
    let mut rebuilt = Rebuilt { tools: Vec::new(), stopped: None };
    let mut seen = HashSet::new();
    let mut next = Some(root);
    while let Some(id) = next {
        if !seen.insert(id) {
            rebuilt.stopped = Some(Stopped::Loop(id));
            break;
        }
        match project.find(id, is_rye)[..] {
            [tool] => {
                rebuilt.tools.push(tool);
                next = tool.says(is_rye).executor.as_deref();
            }
            [] => {
                rebuilt.stopped = Some(Stopped::Missing(id));
                break;
            }
            _ => {
                rebuilt.stopped = Some(Stopped::Ambiguous(id));
                break;
            }
        }
    }
    rebuilt
}

impl Tool<'_> {
    /// What its system calls it.
    pub fn name(&self, is_rye: bool) -> &str {
        if is_rye { self.id } else { self.stem }
    }
}

/// How a locked chain differs from the tools' own, in the words of Kiwi's `validate_against_chain`; and at which element
/// it shows. A chain that could not be followed to its end is compared as far as it goes.
pub fn difference(lock: &ToolLock<'_>, rebuilt: &Rebuilt<'_, '_>) -> Option<(usize, String)> {
    let (locked, resolved) = (lock.chain.len(), rebuilt.tools.len());
    let differs = |(at, tool): (usize, &&Tool<'_>)| {
        let name = tool.name(lock.is_rye());
        let id = lock.chain.get(at).map(|element| element.id.as_str()).filter(|id| *id != name)?;
        Some((at, format!("Tool ID mismatch at position {at}: lockfile={id}, resolved={name}")))
    };
    let first = rebuilt.tools.iter().enumerate().find_map(differs);
    if locked != resolved && rebuilt.stopped.is_none() || resolved > locked {
        let at = first.map_or(locked.min(resolved), |(at, _)| at).min(locked.saturating_sub(1));
        return Some((at, format!("Chain length mismatch: lockfile has {locked}, resolved has {resolved}")));
    }
    first
}

//! Lockfiles and indexes as the original systems would write them, to the byte.

use super::chain::{Stopped, rebuild};
use super::index::Index;
use super::json::{self, indented};
use super::lock::ToolLock;
use super::store;
use super::tools::{Project, Tool};
use super::value::Value;

/// A lockfile that is to be written.
#[derive(Debug, PartialEq)]
pub struct Frozen {
    pub id: String,
    pub version: String,
    /// Kiwi's folder; RYE has none.
    pub category: String,
    pub chain_hash: String,
    /// The whole file.
    pub text: String,
}

/// How to freeze.
#[derive(Clone, Copy, Debug)]
pub struct How<'h> {
    pub is_rye: bool,
    /// What `generated_at` says.
    pub now: &'h str,
    /// The space that RYE's elements are in.
    pub space: &'h str,
    pub category: Option<&'h str>,
}

/// One element of the chain, with what both systems write of it.
struct Element<'p> {
    id: &'p str,
    version: String,
    tool_type: Option<&'p str>,
    executor: Option<&'p str>,
    integrity: String,
}

/// Follows the chain of a tool and writes it down.
pub fn freeze(project: &Project<'_>, id: &str, how: &How<'_>) -> Result<Frozen, String> {
    let rebuilt = rebuild(project, id, how.is_rye);
    match rebuilt.stopped {
        Some(Stopped::Missing(missing)) if rebuilt.tools.is_empty() => {
            return Err(format!("there is no tool {missing} here"));
        }
        Some(Stopped::Missing(missing)) => return Err(format!("{missing}, which runs it, is not here")),
        Some(Stopped::Ambiguous(name)) => {
            return Err(format!("{name} may be several files: rename all but one"));
        }
        Some(Stopped::Loop(name)) => return Err(format!("its chain comes back to {name}")),
        None => {}
    }
    let chain =
        rebuilt.tools.iter().map(|tool| element(project, tool, how.is_rye)).collect::<Result<Vec<_>, _>>()?;
    let root = &chain[0];
    if !store::stays_below(root.id) || !store::stays_below(&root.version) {
        return Err(format!("{}@{} is no name for a file", root.id, root.version));
    }
    let text = indented(&document(&chain, how));
    let parts = chain.iter().map(|it| (it.id, it.version.as_str(), it.integrity.as_str()));
    Ok(Frozen {
        id: root.id.to_owned(),
        version: root.version.clone(),
        category: category(rebuilt.tools[0], how)?,
        chain_hash: super::integrity::chain_hash(parts),
        text,
    })
}

/// The folder that Kiwi will look in: what the tool says, or `tools`. Another one is written for nobody.
fn category(tool: &Tool<'_>, how: &How<'_>) -> Result<String, String> {
    if how.is_rye {
        return Ok(String::new());
    }
    let says = tool.says(false).category.as_deref();
    let category = match (how.category, says) {
        (Some(asked), Some(says)) if asked != says => {
            return Err(format!("its category is {says}: Kiwi would not find it in {asked}"));
        }
        (Some(asked), _) => asked,
        (None, says) => says.unwrap_or("tools"),
    };
    if store::stays_below(category) {
        Ok(category.to_owned())
    } else {
        Err(format!("{category} is no category"))
    }
}

fn element<'p>(project: &Project<'_>, tool: &'p Tool<'_>, is_rye: bool) -> Result<Element<'p>, String> {
    let path = &tool.source.path;
    let integrity = if is_rye {
        tool.content_hash().ok_or_else(|| format!("{path} is not UTF-8"))?.to_owned()
    } else {
        signed(project, tool)?
    };
    let says = tool.says(is_rye);
    Ok(Element {
        id: tool.name(is_rye),
        version: tool.version(is_rye).unwrap_or("0.0.0").to_owned(),
        tool_type: says.tool_type.as_deref(),
        executor: says.executor.as_deref(),
        integrity,
    })
}

/// Kiwi locks the hash that a tool was signed with; one that is wrong is not to be locked.
fn signed(project: &Project<'_>, tool: &Tool<'_>) -> Result<String, String> {
    let path = &tool.source.path;
    let signature = project.signature(tool).and_then(|line| line.parse().ok());
    let hash =
        signature.ok_or_else(|| format!("{path} is not signed: Kiwi locks the hash of its signature"))?.hash;
    match project.kiwi_integrity(tool) {
        Some(is) if is != hash => {
            Err(format!("{path} was changed after it was signed: sign it again with Kiwi"))
        }
        _ => Ok(hash.to_owned()),
    }
}

fn document(chain: &[Element<'_>], how: &How<'_>) -> Value {
    let optional = |text: Option<&str>| text.map_or(Value::Null, Value::text);
    let root = Value::object([
        ("tool_id", Value::text(chain[0].id)),
        ("version", Value::text(&chain[0].version)),
        ("integrity", Value::text(&chain[0].integrity)),
    ]);
    let rye = |it: &Element<'_>| {
        Value::object([
            ("item_id", Value::text(it.id)),
            ("space", Value::text(how.space)),
            ("tool_type", optional(it.tool_type)),
            ("executor_id", optional(it.executor)),
            ("integrity", Value::text(&it.integrity)),
        ])
    };
    let kiwi = |it: &Element<'_>| {
        Value::object([
            ("tool_id", Value::text(it.id)),
            ("version", Value::text(&it.version)),
            ("integrity", Value::text(&it.integrity)),
            ("executor", optional(it.executor)),
        ])
    };
    let elements = chain.iter().map(|it| if how.is_rye { rye(it) } else { kiwi(it) }).collect();
    let fields = [
        ("lockfile_version", Value::Int("1".to_owned())),
        ("generated_at", Value::text(how.now)),
        ("root", root),
        ("resolved_chain", Value::List(elements)),
        ("registry", Value::Null),
    ];
    let dependencies = how.is_rye.then_some(("verified_deps", Value::Null));
    Value::Dict(
        fields.into_iter().chain(dependencies).map(|(key, value)| (Value::text(key), value)).collect(),
    )
}

/// Whether two lockfiles say the same, whenever they were made.
pub fn is_same(a: &str, b: &str) -> bool {
    let timeless = |text: &str| {
        let Ok(Value::Dict(entries)) = json::read(text) else { return None };
        Some(entries.into_iter().filter(|(key, _)| key.as_str() != Some("generated_at")).collect::<Vec<_>>())
    };
    timeless(a).is_some_and(|a| Some(a) == timeless(b))
}

/// An entry of an index, and its key.
pub fn index_entry(
    path: &str,
    lock: &ToolLock<'_>,
    scope: &str,
    last_validated: Option<&str>,
) -> (String, Value) {
    let created = lock.generated_at.as_ref().map_or("", |it| it.as_str());
    let label = lock.root.label();
    let key = match store::category(path) {
        "" => label,
        category => format!("{category}/{label}"),
    };
    let entry = Value::object([
        ("path", Value::text(path)),
        ("chain_hash", Value::text(&lock.chain_hash())),
        ("created_at", Value::text(created)),
        ("last_validated", Value::text(last_validated.unwrap_or(created))),
        ("scope", Value::text(scope)),
    ]);
    (key, entry)
}

/// An index of these entries. Several chains of a tool and version share a key: the last one has it.
pub fn index(entries: impl Iterator<Item = (String, Value)>, now: &str) -> String {
    let entries = entries.map(|(key, value)| (Value::text(&key), value)).collect();
    indented(&Value::object([
        ("version", Value::text("1")),
        ("lockfiles", Value::dict(entries)),
        ("updated_at", Value::text(now)),
    ]))
}

/// An index with some entries put in and some taken away, the others as they are.
pub fn edited_index(
    text: &str,
    put: Vec<(String, Value)>,
    gone: &[&str],
    now: Option<&str>,
) -> Result<String, String> {
    let value =
        if text.is_empty() { Value::object([("version", Value::text("1"))]) } else { json::read(text)? };
    let Value::Dict(mut fields) = value else { return Err("should be an object".to_owned()) };
    let mut entries = match fields.iter().find(|(key, _)| key.as_str() == Some("lockfiles")) {
        Some((_, Value::Dict(entries))) => entries.clone(),
        Some(_) => return Err("should have an object `lockfiles`".to_owned()),
        None => Vec::new(),
    };
    entries.retain(|(key, _)| !key.as_str().is_some_and(|key| gone.contains(&key)));
    entries.extend(put.into_iter().map(|(key, value)| (Value::text(&key), value)));
    fields.push((Value::text("lockfiles"), Value::dict(entries)));
    fields.extend(now.map(|now| (Value::text("updated_at"), Value::text(now))));
    Ok(indented(&Value::dict(fields)))
}

/// When a lockfile was last validated, by an index.
pub fn last_validated<'i>(index: &'i Index<'_>, path: &str) -> Option<&'i str> {
    let entry = index.entries.iter().find(|entry| entry.safe_path() == Some(path))?;
    entry.last_validated.as_ref().map(|it| it.as_str())
}

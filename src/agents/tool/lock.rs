//! A tool lockfile, read: a root, and the chain of tools that runs it.
//!
//! Kiwi and Lilux write `tool_id`, `version`, `integrity` and `executor` for each element, RYE `item_id`, `space`,
//! `tool_type`, `executor_id` and `integrity`. Their readers take more than they should, and refuse some of it late; what
//! they would refuse, or would take without understanding it, is noted with the words that they have for it.

use super::signature::is_hash;
use crate::ecosystems::formats::Format;
use crate::model::integrity;
use crate::model::{Algorithm, Artifact, Edge, EdgeKind, Lockfile, Origin, Package};
use crate::text::json;
use crate::text::source::Source;
use crate::text::syntax::{Fault, Faults, Node, Table, Text};

/// What a lockfile says beyond its packages.
#[derive(Debug)]
pub struct ToolLock<'s> {
    pub form: Form,
    pub generated_at: Option<Text<'s>>,
    pub root: Element<'s>,
    /// The packages of the lockfile, in the same order.
    pub chain: Vec<Element<'s>>,
    pub registry: Option<Text<'s>>,
    /// What its own reader refuses, or should.
    pub refusals: Vec<(&'s str, String)>,
}

/// How a lockfile is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// From the tool itself to the primitive that runs it.
    Kiwi,
    /// As Lilux documents it: the chain leaves the root out, and executors are kinds.
    Lilux,
    Rye,
}

/// The root, or an element of the chain.
#[derive(Debug, Default)]
pub struct Element<'s> {
    pub id: Text<'s>,
    /// RYE's elements have none.
    pub version: Option<Text<'s>>,
    /// Nothing where it is null.
    pub integrity: Option<Text<'s>>,
    pub executor: Option<Text<'s>>,
    /// The executor is there, if only as null.
    pub says_executor: bool,
    /// `project`, `user` or `system…`; RYE's only.
    pub space: Option<Text<'s>>,
    /// The place of a tool on somebody's disk, which RYE wrote in February 2026.
    pub path: Option<Text<'s>>,
    /// Where to point when a field is not there.
    pub at: &'s str,
}

impl<'s> Element<'s> {
    /// A field that may be missing, or where it would stand.
    pub fn place_of(&self, field: &Option<Text<'s>>) -> Text<'s> {
        field.clone().unwrap_or_else(|| Text::plain(self.at))
    }

    pub fn version(&self) -> &str {
        self.version.as_ref().map_or("", Text::as_str)
    }

    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}@{}", self.id.as_str(), version.as_str()),
            None => self.id.as_str().to_owned(),
        }
    }

    /// Found in the project itself; Kiwi does not say.
    pub fn is_of_project(&self) -> bool {
        self.space.as_ref().is_none_or(|space| space.as_str() == "project")
    }
}

impl ToolLock<'_> {
    /// Whether it has RYE's fields.
    pub fn is_rye(&self) -> bool {
        self.form == Form::Rye
    }

    /// The chain hash that Kiwi tells chains apart by.
    pub fn chain_hash(&self) -> String {
        let field =
            |text: &Option<Text<'_>>| text.as_ref().map_or("None".to_owned(), |it| it.as_str().to_owned());
        let parts: Vec<_> = self.chain.iter().map(|it| (field(&it.version), field(&it.integrity))).collect();
        let elements = self.chain.iter().zip(&parts);
        super::integrity::chain_hash(
            elements.map(|(it, (version, hash))| (it.id.as_str(), version.as_str(), hash.as_str())),
        )
    }
}

/// Whether a text looks like a tool lockfile, well formed or not.
pub fn is_one(text: &str) -> bool {
    let has = |key: &str| memchr::memmem::find(text.as_bytes(), key.as_bytes()).is_some();
    has("\"lockfile_version\"") && (has("\"resolved_chain\"") || has("\"tool_id\""))
}

/// Whether it has RYE's fields.
pub fn is_rye(text: &str) -> bool {
    let has = |key: &str| memchr::memmem::find(text.as_bytes(), key.as_bytes()).is_some();
    has("\"item_id\"") || has("\"verified_deps\"")
}

/// Reads a file of one of the two families.
pub fn read<'s>(source: &'s Source, format: &'static Format, is_rye: bool) -> Lockfile<'s> {
    let mut lockfile = Lockfile::new(source, format);
    let (node, faults) = json::read(source);
    lockfile.faults = faults;
    let Some(node) = node else { return lockfile };
    let Some(table) = node.as_table() else {
        lockfile.faults.push(Fault::shape(node.slice(), "should be an object"));
        return lockfile;
    };
    lockfile.schema_version = table.get("lockfile_version").and_then(Node::scalar);
    let mut reader = Reader { is_rye, faults: Faults::default(), refusals: Vec::new() };
    let mut tool = reader.lock(source, table);
    tool.refusals = reader.refusals;
    lockfile.packages = tool.chain.iter().map(package).collect();
    lockfile.faults.append(&mut reader.faults);
    lockfile.tool = Some(Box::new(tool));
    lockfile
}

struct Reader<'s> {
    is_rye: bool,
    faults: Faults<'s>,
    refusals: Vec<(&'s str, String)>,
}

impl<'s> Reader<'s> {
    fn lock(&mut self, source: &'s Source, table: &Table<'s>) -> ToolLock<'s> {
        let top = source.text().lines().next().unwrap_or_default();
        if source.raw().starts_with('\u{feff}') {
            self.refuse(top, "It begins with a byte order mark");
        }
        for field in ["lockfile_version", "generated_at", "root", "resolved_chain"] {
            if table.get(field).is_none() {
                self.refuse(top, format!("Missing required field: {field}"));
            }
        }
        self.version(table);
        let root = match table.table("root") {
            Some(root) => self.root(root),
            None => {
                let other = table.get("root").map(Node::slice);
                self.faults.extend(other.map(|at| Fault::shape(at, "should be an object")));
                Element { at: top, ..Element::default() }
            }
        };
        let chain = self.chain(table);
        let registry = self.registry(table);
        let form = self.form(&root, &chain);
        let generated_at = table.text("generated_at").cloned();
        ToolLock { form, generated_at, root, chain, registry, refusals: Vec::new() }
    }

    fn refuse(&mut self, at: &'s str, why: impl Into<String>) {
        self.refusals.push((at, why.into()));
    }

    /// Kiwi compares with 1, and to Python `1.0` and `true` are 1. RYE does not look at all.
    fn version(&mut self, table: &Table<'s>) {
        let Some(node) = table.get("lockfile_version") else { return };
        let shown = match node {
            Node::Other("null") => "None",
            node => node.slice(),
        };
        if !matches!(node, Node::Other("1" | "1.0" | "true")) {
            self.refuse(node.slice(), format!("Unsupported lockfile version: {shown} (expected 1)"));
        }
    }

    fn root(&mut self, table: &Table<'s>) -> Element<'s> {
        self.only(table, &["tool_id", "version", "integrity"]);
        self.required(table, &["tool_id", "version", "integrity"]);
        Element {
            id: self.text(table, "tool_id").unwrap_or_default(),
            version: self.text(table, "version"),
            integrity: self.text(table, "integrity"),
            at: table.heading,
            ..Element::default()
        }
    }

    fn chain(&mut self, table: &Table<'s>) -> Vec<Element<'s>> {
        let Some(node) = table.get("resolved_chain") else { return Vec::new() };
        let Node::Array(items) = node else {
            self.faults.push(Fault::shape(node.slice(), "should be an array"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.element(item)).collect()
    }

    fn element(&mut self, item: &Node<'s>) -> Option<Element<'s>> {
        let Some(table) = item.as_table() else {
            self.faults.push(Fault::shape(item.slice(), "should be an object"));
            return None;
        };
        let (id, executor) = if self.is_rye { ("item_id", "executor_id") } else { ("tool_id", "executor") };
        if self.is_rye {
            self.required(table, &["item_id"]);
        } else {
            self.only(table, &["tool_id", "version", "integrity", "executor"]);
            self.required(table, &["tool_id", "version", "integrity"]);
        }
        let id = self.text(table, id)?;
        Some(Element {
            version: self.text(table, "version"),
            integrity: self.text(table, "integrity"),
            executor: self.text(table, executor),
            says_executor: table.get(executor).is_some(),
            space: self.text(table, "space"),
            path: self.text(table, "path"),
            at: id.raw,
            id,
        })
    }

    fn registry(&mut self, table: &Table<'s>) -> Option<Text<'s>> {
        let node = table.get("registry")?;
        let Some(registry) = node.as_table() else {
            if *node != Node::Other("null") && !self.is_rye {
                self.refuse(node.slice(), "Its registry is no object");
            }
            return None;
        };
        if !registry.entries.is_empty() {
            self.only(registry, &["url", "fetched_at"]);
        }
        registry.text("url").cloned()
    }

    /// Kiwi's reader hands what it finds to constructors, which take no other names.
    fn only(&mut self, table: &Table<'s>, known: &[&str]) {
        for (key, _) in &table.entries {
            if !self.is_rye && !known.contains(&key.as_str()) {
                self.refuse(key.raw, format!("It has an unexpected field '{}'", key.as_str()));
            }
        }
    }

    fn required(&mut self, table: &Table<'s>, fields: &[&str]) {
        for field in fields.iter().filter(|field| table.get(field).is_none()) {
            self.refuse(table.heading, format!("Missing required field: {field}"));
        }
    }

    /// A text or null; anything else is a fault.
    fn text(&mut self, table: &Table<'s>, field: &str) -> Option<Text<'s>> {
        match table.get(field)? {
            Node::String(text) => Some(text.clone()),
            Node::Other("null") => None,
            other => {
                let at = if other.slice().is_empty() { table.heading } else { other.slice() };
                self.faults.push(Fault::shape(at, "should be a string"));
                None
            }
        }
    }

    /// In the documented form no executor is an element, as in a chain every one is, but for the last, which has none.
    fn form(&self, root: &Element<'s>, chain: &[Element<'s>]) -> Form {
        let is_element = |id: &str| chain.iter().any(|it| it.id.as_str() == id);
        let names_a_kind = |it: &Element<'_>| it.executor.as_ref().is_some_and(|it| !is_element(it.as_str()));
        // Chains are short; one that is not need not be asked.
        let is_short = chain.len() <= 64;
        match self.is_rye {
            true => Form::Rye,
            false
                if is_short
                    && !chain.is_empty()
                    && !is_element(root.id.as_str())
                    && chain.iter().all(names_a_kind) =>
            {
                Form::Lilux
            }
            false => Form::Kiwi,
        }
    }
}

fn package<'s>(element: &Element<'s>) -> Package<'s> {
    let artifact = |text: &Text<'s>| Artifact {
        digests: vec![integrity::hex(text.raw, Algorithm::Sha256)],
        integrity: Some(text.clone()),
        ..Artifact::default()
    };
    let edge =
        |name: &Text<'s>| Edge { kind: EdgeKind::Normal, name: name.clone(), range: None, target: None };
    Package {
        slot: Text::with(element.id.raw, element.label()),
        name: element.id.clone(),
        version: element.version.clone(),
        // Not a path: what stands at a path may change, and what is pinned by a hash may not.
        origin: Origin::Unknown,
        artifacts: element.integrity.iter().filter(|text| is_hash(text.as_str())).map(artifact).collect(),
        edges: element.executor.iter().map(edge).collect(),
        ..Package::default()
    }
}

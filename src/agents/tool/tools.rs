//! The tools of a side, by the project that they stand in, and what each says of itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::extract::Extractor;
use super::integrity::Kind;
use super::python::{self, Literal};
use super::signature::{self, Line};
use super::store::{Companion, companion};
use super::value::Value;
use super::{content, yaml};
use crate::text::source::Source;

/// Every project of a side.
#[derive(Debug, Default)]
pub struct Tools<'a> {
    projects: BTreeMap<&'a str, Project<'a>>,
    nothing: Project<'a>,
}

impl<'a> Tools<'a> {
    pub fn new(sources: impl Iterator<Item = &'a Source>) -> Tools<'a> {
        let mut tools = Tools::default();
        for source in sources {
            let Some((project, kind)) = companion(&source.path) else { continue };
            let project = tools.projects.entry(project).or_default();
            match kind {
                Companion::Index => project.indexes.push(source),
                Companion::Key => {
                    project.keys.insert(signature::fingerprint(source.raw()), source);
                }
                Companion::Tool(path) => project.add(source, path),
            }
        }
        tools
    }

    /// The project in a folder; an empty one where there is none.
    pub fn project(&self, folder: &str) -> &Project<'a> {
        self.projects.get(folder).unwrap_or(&self.nothing)
    }

    pub fn projects(&self) -> impl Iterator<Item = (&'a str, &Project<'a>)> {
        self.projects.iter().map(|(folder, project)| (*folder, project))
    }
}

/// What stands in one `.ai` folder.
#[derive(Debug, Default)]
pub struct Project<'a> {
    pub tools: Vec<Tool<'a>>,
    by_id: HashMap<&'a str, Vec<usize>>,
    by_stem: HashMap<&'a str, Vec<usize>>,
    extractors: Vec<Extractor>,
    pub indexes: Vec<&'a Source>,
    /// By fingerprint.
    pub keys: HashMap<String, &'a Source>,
}

impl<'a> Project<'a> {
    fn add(&mut self, source: &'a Source, path: &'a str) {
        if let Some(name) = path.strip_prefix("extractors/") {
            let is_rules = name.ends_with(".py") && !name.contains('/') && !name.starts_with('_');
            self.extractors.extend(Some(source.raw()).filter(|_| is_rules).and_then(Extractor::read));
            return;
        }
        let Some((id, extension)) = path.rsplit_once('.') else { return };
        let stem = id.rsplit('/').next().unwrap_or(id);
        let at = self.tools.len();
        self.by_id.entry(id).or_default().push(at);
        self.by_stem.entry(stem).or_default().push(at);
        self.tools.push(Tool {
            source,
            id,
            stem,
            extension,
            facts: OnceLock::new(),
            signed: OnceLock::new(),
        });
    }

    /// The files that an id may mean: RYE's ids are paths, Kiwi's are names.
    pub fn find(&self, id: &str, is_rye: bool) -> Vec<&Tool<'a>> {
        let map = if is_rye { &self.by_id } else { &self.by_stem };
        let found = map.get(id).into_iter().flatten().map(|at| &self.tools[*at]);
        let found: Vec<_> = found.collect();
        // Data beside a tool is no second tool.
        let is_code = |tool: &&&Tool<'_>| !matches!(tool.extension, "json" | "toml");
        let code: Vec<_> = found.iter().filter(is_code).copied().collect();
        if code.is_empty() { found } else { code }
    }

    /// The tool that an id means, where that is certain.
    pub fn only(&self, id: &str, is_rye: bool) -> Option<&Tool<'a>> {
        match self.find(id, is_rye)[..] {
            [tool] => Some(tool),
            _ => None,
        }
    }

    /// The rules for a tool; nothing where two extractors claim it, because then the file system decides.
    fn extractor(&self, tool: &Tool<'_>) -> Option<&Extractor> {
        let extension = format!(".{}", tool.extension.to_lowercase());
        let mut claiming = self.extractors.iter().filter(|it| it.extensions.contains(&extension));
        claiming.next().filter(|_| claiming.next().is_none())
    }

    /// The line of a tool that claims to be its signature.
    pub fn signature(&self, tool: &Tool<'a>) -> Option<Line<'a>> {
        let prefix = self.extractor(tool).map(|it| it.prefix.as_str());
        signature::find(tool.source.raw(), prefix)
    }

    /// The integrity that Kiwi would sign for a tool; nothing where its rules are not here, or are not understood.
    pub fn kiwi_integrity<'t>(&self, tool: &'t Tool<'a>) -> Option<&'t str> {
        let compute = || {
            let name = format!("{}.{}", tool.stem, tool.extension);
            self.extractor(tool)?.integrity(&name, tool.source.raw()).ok()
        };
        tool.signed.get_or_init(|| compute().filter(|_| tool.is_text())).as_deref()
    }

    /// The hash that a lockfile pins a tool by.
    pub fn integrity<'t>(&self, tool: &'t Tool<'a>, is_rye: bool) -> Option<Cow<'t, str>> {
        if is_rye {
            return tool.content_hash().map(Cow::Borrowed);
        }
        let recomputed = self.kiwi_integrity(tool).map(Cow::Borrowed);
        recomputed.or_else(|| Some(Cow::Borrowed(self.signature(tool)?.parse().ok()?.hash)))
    }
}

/// One tool.
#[derive(Debug)]
pub struct Tool<'a> {
    pub source: &'a Source,
    /// Its path below `.ai/tools`, without the extension.
    pub id: &'a str,
    pub stem: &'a str,
    pub extension: &'a str,
    facts: OnceLock<Facts>,
    signed: OnceLock<Option<String>>,
}

#[derive(Debug)]
struct Facts {
    content_hash: Option<String>,
    says: Says,
}

/// What a tool says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Says {
    pub version: Option<String>,
    pub executor: Option<String>,
    pub tool_type: Option<String>,
    pub category: Option<String>,
}

impl<'a> Tool<'a> {
    /// The line that stands for it when a finding is about another file.
    pub fn first_line(&self) -> &'a str {
        self.source.raw().lines().next().unwrap_or_default()
    }
}

impl Tool<'_> {
    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let text = self.source.raw();
            let hash = content::hash(Kind::Tool, text).ok();
            Facts { content_hash: hash.filter(|_| self.is_text()), says: Says::read(self.extension, text) }
        })
    }

    /// What is not text has no hash: the originals stop on it.
    fn is_text(&self) -> bool {
        self.source.broken_at.is_none()
    }

    /// RYE's hash.
    pub fn content_hash(&self) -> Option<&str> {
        self.facts().content_hash.as_deref()
    }

    /// What it says of itself, where the system listens: RYE reads Python and YAML only.
    pub fn says(&self, is_rye: bool) -> &Says {
        const NOTHING: &Says = &Says { version: None, executor: None, tool_type: None, category: None };
        let is_read = !is_rye || matches!(self.extension, "py" | "yaml" | "yml");
        if is_read { &self.facts().says } else { NOTHING }
    }

    /// The version that is locked: to RYE, what does not say one has 0.0.0.
    pub fn version(&self, is_rye: bool) -> Option<&str> {
        self.says(is_rye).version.as_deref().or(is_rye.then_some("0.0.0"))
    }
}

impl Says {
    fn read(extension: &str, text: &str) -> Says {
        match extension {
            "py" => Says::python(text),
            "yaml" | "yml" => Says::yaml(text),
            "json" | "toml" => Says::default(),
            _ => Says::script(text),
        }
    }

    fn python(text: &str) -> Says {
        let Some(module) = python::read(text) else { return Says::default() };
        let field = |name: &str| {
            let found = module.assignments.iter().find(|it| it.name == name)?;
            match &found.value {
                Literal::Value(value) => shown(value),
                _ => None,
            }
        };
        Says {
            version: field("__version__"),
            executor: field("__executor_id__"),
            tool_type: field("__tool_type__"),
            category: field("__category__"),
        }
    }

    fn yaml(text: &str) -> Says {
        let Ok(value) = yaml::read(text) else { return Says::default() };
        let field = |name: &str| value.get(name).and_then(shown);
        Says {
            version: field("version"),
            executor: field("executor_id"),
            tool_type: field("tool_type"),
            category: field("category"),
        }
    }

    /// `__version__ = "…"`, wherever it stands: how scripts in other languages say it.
    fn script(text: &str) -> Says {
        let field = |name: &str| {
            let rest = &text[text.find(name)? + name.len()..];
            let value = rest.trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let value = &value[1..];
            Some(value[..value.find([quote, '\n'])?].to_owned())
        };
        Says {
            version: field("__version__"),
            executor: field("__executor_id__"),
            tool_type: field("__tool_type__"),
            category: field("__category__"),
        }
    }
}

/// A scalar as Python prints it; null is nothing.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => text.as_str().map(str::to_owned),
        Value::Int(digits) => Some(digits.clone()),
        Value::Float(number) => Some(crate::agents::canonical::float(*number)),
        _ => None,
    }
}

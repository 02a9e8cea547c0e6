//! What a tool says of itself, and Kiwi's way of hashing that: extractor rules, which are data in a project's own tools.
//!
//! An extractor is a Python file of literals: which extensions it is for, how the file is parsed, where each field is
//! found. It is read, never run. What the rules find is the tool's manifest, and its integrity is taken over that.

use super::content::{newlines, trim};
use super::integrity::{Kind, Variant, compute, sha256};
use super::python::{self, Literal};
use super::signature;
use super::value::Value;
use super::yaml::{self, Refused};

/// The rules for some extensions.
#[derive(Debug)]
pub struct Extractor {
    pub extensions: Vec<String>,
    parser: String,
    /// What a signature's comment begins with.
    pub prefix: String,
    rules: Vec<(String, Value)>,
}

impl Extractor {
    /// Reads an extractor; nothing where the file is none that Kiwi would take.
    pub fn read(text: &str) -> Option<Extractor> {
        let module = python::read(text)?;
        let value = |name: &str| {
            let found = module.assignments.iter().rev().find(|it| it.name == name)?;
            if let Literal::Value(value) = &found.value { Some(value) } else { None }
        };
        let extensions = value("EXTENSIONS")?.as_list()?.iter();
        let extensions =
            extensions.map(|it| it.as_str().filter(|it| it.starts_with('.')).map(str::to_lowercase));
        let parser = value("PARSER").map_or(Some("text"), Value::as_str)?;
        let rules = value("EXTRACTION_RULES")?.as_dict()?.iter();
        let rules = rules
            .map(|(field, rule)| Some((field.as_str()?.to_owned(), rule.clone())))
            .collect::<Option<Vec<_>>>()?;
        let prefix = value("SIGNATURE_FORMAT").and_then(|it| it.get("prefix")).and_then(Value::as_str);
        let extractor = Extractor {
            extensions: extensions.collect::<Option<_>>()?,
            parser: parser.to_owned(),
            prefix: prefix.unwrap_or("#").to_owned(),
            rules,
        };
        extractor.is_valid().then_some(extractor)
    }

    fn is_valid(&self) -> bool {
        let needs = |kind: &str| match kind {
            "filename" | "ast_docstring" => Some(None),
            "regex" => Some(Some("pattern")),
            "path" => Some(Some("key")),
            "ast_var" => Some(Some("name")),
            _ => None,
        };
        let is_rule = |rule: &Value| {
            let needed = rule.get("type").and_then(Value::as_str).and_then(needs);
            needed.is_some_and(|field| field.is_none_or(|field| rule.get(field).is_some()))
        };
        let parses = matches!(self.parser.as_str(), "text" | "yaml" | "python_ast");
        parses
            && !self.extensions.is_empty()
            && !self.rules.is_empty()
            && self.rules.iter().all(|(_, rule)| is_rule(rule))
    }

    /// Everything that the rules find, as the tool's manifest.
    pub fn manifest(&self, stem: &str, text: &str) -> Result<Value, String> {
        let parsed = Parsed::new(&self.parser, text)?;
        let mut entries = Vec::with_capacity(self.rules.len());
        for (field, rule) in &self.rules {
            entries.push((Value::text(field), parsed.apply(rule, stem)?));
        }
        Ok(Value::dict(entries))
    }

    /// The integrity that Kiwi signs: of the manifest, and of the text without its signature.
    pub fn integrity(&self, file_name: &str, text: &str) -> Result<String, String> {
        let text = newlines(text);
        let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
        let manifest = self.manifest(stem, &text)?;
        let version = match manifest.get("version") {
            Some(version) if !version.is_falsy() => version.clone(),
            _ => Value::text("0.0.0"),
        };
        let file = Value::object([
            ("path", Value::text(file_name)),
            ("sha256", Value::text(&sha256(self.unsigned(&text)))),
        ]);
        let item = Value::object([
            ("tool_id", Value::text(stem)),
            ("version", version),
            ("manifest", manifest),
            ("files", Value::List(vec![file])),
        ]);
        compute(Variant::Kiwi, Kind::Tool, &item)
    }

    /// The text without its signature line, its shebang kept.
    fn unsigned(&self, text: &str) -> String {
        match signature::find(text, Some(&self.prefix)) {
            Some(line) if line.system == signature::System::Kiwi => {
                let end = line.start + line.raw.len();
                match text[end..].strip_prefix('\n') {
                    Some(rest) => format!("{}{rest}", &text[..line.start]),
                    None => text.to_owned(),
                }
            }
            _ => text.to_owned(),
        }
    }
}

/// A file, as its rules see it.
enum Parsed<'t> {
    Text(&'t str),
    Data(Value, &'t str),
    Module(Option<python::Module<'t>>, &'t str),
}

impl<'t> Parsed<'t> {
    fn new(parser: &str, text: &'t str) -> Result<Parsed<'t>, String> {
        Ok(match parser {
            "yaml" => match yaml::read(text) {
                Ok(value) => Parsed::Data(value, text),
                Err(Refused::Syntax) => Parsed::Data(Value::Null, text),
                Err(Refused::Other(what)) => return Err(format!("it has {what}")),
            },
            "python_ast" => Parsed::Module(python::read(text), text),
            _ => Parsed::Text(text),
        })
    }

    fn apply(&self, rule: &Value, stem: &str) -> Result<Value, String> {
        let field = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
        match (field("type"), self) {
            ("filename", _) => Ok(Value::text(stem)),
            ("regex", Parsed::Text(text) | Parsed::Data(_, text) | Parsed::Module(_, text)) => {
                find(rule, text)
            }
            ("path", Parsed::Data(data, _)) => Ok(lookup(data, field("key"), rule.get("fallback"))),
            ("ast_var", Parsed::Module(Some(module), _)) => variable(module, field("name")),
            ("ast_docstring", Parsed::Module(Some(module), _)) => Ok(description(module)),
            _ => Ok(Value::Null),
        }
    }
}

/// Python's `re.search`, where the pattern means the same to a regular expression without backtracking.
fn find(rule: &Value, text: &str) -> Result<Value, String> {
    let pattern = rule.get("pattern").and_then(Value::as_str).unwrap_or_default();
    if pattern.is_empty() {
        return Ok(Value::Null);
    }
    let is_multiline = rule.get("multiline").is_some_and(|it| !it.is_falsy());
    // Without that flag, Python's `$` also stands before a last line break; `\Z` has another name.
    if pattern.contains(r"\Z") || !is_multiline && pattern.contains('$') {
        return Err("a pattern of its extractor means something else outside of Python".to_owned());
    }
    let mut builder = regex::RegexBuilder::new(pattern);
    let regex = builder.multi_line(is_multiline).size_limit(1 << 20).build();
    let regex = regex.map_err(|_| "a pattern of its extractor is not understood".to_owned())?;
    let Some(found) = regex.captures(text) else { return Ok(Value::Null) };
    let group = match rule.get("group") {
        None => found.get(1),
        Some(Value::Int(number)) => number.parse().ok().and_then(|number| found.get(number)),
        Some(_) => return Err("a group of its extractor is not understood".to_owned()),
    };
    let number = rule
        .get("group")
        .map_or(1, |it| if let Value::Int(number) = it { number.parse().unwrap_or(0) } else { 1 });
    let group = if number < found.len() { group } else { found.get(0) };
    Ok(group
        .map(|it| it.as_str())
        .filter(|it| !it.is_empty())
        .map_or(Value::Null, |it| Value::text(trim(it))))
}

/// A value by its path of keys, `a.b.c`.
fn lookup(data: &Value, key: &str, fallback: Option<&Value>) -> Value {
    if data.as_dict().is_none() {
        return Value::Null;
    }
    let found = key.split('.').try_fold(data, |value, part| value.get(part));
    let other =
        || fallback.filter(|it| !it.is_falsy()).and_then(Value::as_str).and_then(|name| data.get(name));
    found.or_else(other).cloned().unwrap_or(Value::Null)
}

fn variable(module: &python::Module<'_>, name: &str) -> Result<Value, String> {
    match module.assignments.iter().find(|it| it.name == name).map(|it| &it.value) {
        None | Some(Literal::Expression) => Ok(Value::Null),
        Some(Literal::Value(value)) => Ok(value.clone()),
        Some(Literal::Other) => Err(format!("`{name}` is not understood")),
    }
}

/// The first paragraph of the docstring, on one line.
fn description(module: &python::Module<'_>) -> Value {
    let Some(text) = module.docstring.as_ref() else { return Value::Null };
    let Some(text) = text.as_str() else { return Value::Str(text.clone()) };
    let lines: Vec<_> = trim(text).split('\n').map(trim).take_while(|line| !line.is_empty()).collect();
    Value::text(&lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r##"
EXTENSIONS = [".js"]
SIGNATURE_FORMAT = {"prefix": "//", "after_shebang": True}
EXTRACTION_RULES = {
    "name": {"type": "filename"},
    "version": {"type": "regex", "pattern": r"version = \"([^\"]+)\""},
}
"##;

    #[test]
    fn rules_are_data() {
        let extractor = Extractor::read(RULES).unwrap();
        let manifest = extractor.manifest("x", "const version = \"1.2\";").unwrap();
        assert_eq!(super::super::json::canonical(&manifest).unwrap(), r#"{"name":"x","version":"1.2"}"#);
        assert!(Extractor::read(&RULES.replace("\"filename\"", "\"shell\"")).is_none());
        assert!(Extractor::read(&RULES.replace("[\".js\"]", "open('x')")).is_none());
    }

    #[test]
    fn a_signature_does_not_change_what_is_signed() {
        let extractor = Extractor::read(RULES).unwrap();
        let plain = "#!/usr/bin/env node\nconst version = \"1.2\";\n";
        let hash = extractor.integrity("x.js", plain).unwrap();
        let signed =
            plain.replacen('\n', &format!("\n// kiwi-mcp:validated:2026-01-27T12:00:00Z:{hash}\n"), 1);
        assert_eq!(extractor.integrity("x.js", &signed).unwrap(), hash);
        assert_ne!(extractor.integrity("x.js", &signed.replace("1.2", "1.3")).unwrap(), hash);
        assert_eq!(extractor.integrity("x.js", &signed.replace('\n', "\r\n")).unwrap(), hash);
    }

    #[test]
    fn a_pattern_that_only_python_knows_is_said() {
        let rules = RULES.replace("version = ", "(?<=version) = ");
        assert!(Extractor::read(&rules).unwrap().manifest("x", "version = \"1\"").is_err());
    }
}

//! Writing exceptions into a policy. What a person wrote there, comments included, stays as it is.

use std::collections::HashSet;

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::Policy;
use super::exceptions::PackageSpec;
use super::registries::ecosystem;
use crate::findings::finding::Finding;
use crate::rules::{self, Rule};
use crate::text::calendar::Date;
use crate::text::escape;

/// An exception that is to be written.
pub struct Entry<'f> {
    rule: &'static str,
    package: Option<PackageSpec>,
    path: &'f str,
    sha256: &'f str,
    before: Option<&'f str>,
    reason: &'f str,
    until: Option<Date>,
}

impl<'f> Entry<'f> {
    /// One for each rule that speaks in the finding: who accepts it has seen them all. One for a change has an end, `soon`
    /// if nobody named a day.
    pub fn of(
        finding: &'f Finding,
        reason: &'f str,
        until: Option<Date>,
        soon: Option<Date>,
    ) -> impl Iterator<Item = Entry<'f>> {
        let ends = |rule: &str| rules::find(rule).is_some_and(Rule::is_change);
        let package = finding.package.as_ref().and_then(|it| {
            Some(PackageSpec {
                ecosystem: ecosystem(it.ecosystem)?,
                name: it.name.clone(),
                version: it.version.clone(),
            })
        });
        finding.values.iter().map(move |value| Entry {
            rule: value.rule,
            package: package.clone(),
            path: &finding.path,
            sha256: &value.sha256,
            before: value.before_sha256.as_deref(),
            reason,
            until: until.or(soon.filter(|_| ends(value.rule))),
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let date = |date: Date| date.to_string().parse::<toml_edit::Datetime>().ok().map(Value::from);
        let fields = [
            ("rule", Some(self.rule.into())),
            ("package", self.package.as_ref().map(|it| string(&it.to_string()))),
            ("path", Some(string(self.path))),
            ("sha256", Some(self.sha256.into())),
            ("before", self.before.map(Value::from)),
            ("reason", Some(string(self.reason))),
            ("until", self.until.and_then(date)),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    fn key(&self) -> (&str, Option<&PackageSpec>, &str, String, Option<String>) {
        (self.rule, self.package.as_ref(), self.path, self.sha256.to_owned(), self.before.map(str::to_owned))
    }

    /// The day on which it ends, where nobody named one.
    pub fn ends_by_default(&self, until: Option<Date>) -> Option<Date> {
        self.until.filter(|_| until.is_none())
    }
}

/// The text with the entries that it does not have yet, and how many that are.
pub fn accept(text: &str, policy: &Policy, entries: &[Entry<'_>]) -> Result<(String, usize), String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    // Comments alone would end up behind what is added.
    let is_bare = document.is_empty();
    if is_bare {
        document = DocumentMut::new();
    }
    let hex = |hash: &[u8]| data_encoding::HEXLOWER.encode(hash);
    let in_force = policy.exceptions().iter();
    let known: HashSet<_> = in_force
        .map(|it| {
            let path = it.path.as_deref().unwrap_or_default();
            let before = it.before.as_ref().map(|hash| hex(hash));
            (it.rule.id, it.package.as_ref(), path, hex(&it.sha256), before)
        })
        .collect();
    let mut seen = known;
    let mut added = 0;
    for entry in entries {
        if seen.insert(entry.key()) {
            push(&mut document, entry)?;
            added += 1;
        }
    }
    let mut out = document.to_string();
    if is_bare {
        let gap = if text.is_empty() { "" } else { "\n" };
        out = format!("{}{gap}{}", text, out.trim_start_matches('\n'));
    }
    Ok((out, added))
}

/// The policy without the exceptions at these positions.
pub fn remove(text: &str, positions: &[usize]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let mut from_last = positions.to_vec();
    from_last.sort_unstable_by(|a, b| b.cmp(a));
    match document.get_mut("accept") {
        Some(Item::ArrayOfTables(tables)) => from_last.iter().for_each(|at| drop(tables.remove(*at))),
        Some(Item::Value(Value::Array(array))) => from_last.iter().for_each(|at| drop(array.remove(*at))),
        _ => return Err("`accept` is no list".to_owned()),
    }
    if document.get("accept").and_then(Item::as_array_of_tables).is_some_and(ArrayOfTables::is_empty) {
        document.remove("accept");
    }
    Ok(document.to_string())
}

/// In the way in which the file writes them.
fn push(document: &mut DocumentMut, entry: &Entry<'_>) -> Result<(), String> {
    let list = document.entry("accept").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    match list {
        Item::ArrayOfTables(tables) => {
            let mut table: Table =
                entry.fields().into_iter().map(|(key, value)| (key, Item::Value(value))).collect();
            table.decor_mut().set_prefix("\n");
            tables.push(table);
        }
        Item::Value(Value::Array(array)) => array.push(InlineTable::from_iter(entry.fields())),
        _ => return Err("`accept` is no list".to_owned()),
    }
    Ok(())
}

/// In one line, and with nothing in it that a reader would not see.
fn string(text: &str) -> Value {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if escape::is_hidden(character) => quoted.push_str(&format!("\\U{:08x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted.parse().unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry<'_> {
        let package = PackageSpec {
            ecosystem: crate::model::Ecosystem::Npm,
            name: "@acme/x".into(),
            version: Some("1.0.0".into()),
        };
        let until = "2027-01-31".parse().ok();
        let sha256 = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
        Entry {
            rule: "weak-integrity",
            package: Some(package),
            path,
            sha256,
            before: None,
            reason: "a \"reason\"\u{202e}",
            until,
        }
    }

    fn amended(text: &str, entries: &[Entry<'_>]) -> (String, usize) {
        let policy = Policy::parse("p", text).unwrap();
        let (text, added) = accept(text, &policy, entries).unwrap();
        Policy::parse("p", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        (text, added)
    }

    #[test]
    fn what_was_written_stays() {
        let before = "# ours\n[git] # where from\nallow = [] # nothing\n# the end\n";
        let (text, added) = amended(before, &[entry("a"), entry("b")]);
        assert_eq!(added, 2);
        insta::assert_snapshot!(text, @r#"
        # ours
        [git] # where from
        allow = [] # nothing

        [[accept]]
        rule = "weak-integrity"
        package = "npm:@acme/x@1.0.0"
        path = "a"
        sha256 = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
        reason = "a \"reason\"\U0000202e"
        until = 2027-01-31

        [[accept]]
        rule = "weak-integrity"
        package = "npm:@acme/x@1.0.0"
        path = "b"
        sha256 = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
        reason = "a \"reason\"\U0000202e"
        until = 2027-01-31
        # the end
        "#);
        assert_eq!(amended(&text, &[entry("a"), entry("b")]).1, 0);
        assert_eq!(amended(&text, &[entry("c"), entry("c")]).1, 1);
    }

    #[test]
    fn comments_alone_stay_on_top() {
        assert!(amended("# ours\n", &[entry("a")]).0.starts_with("# ours\n\n[[accept]]\n"));
        assert!(amended("", &[entry("a")]).0.starts_with("[[accept]]\n"));
    }

    #[test]
    fn a_list_in_one_line_stays_one() {
        let (text, added) = amended("accept = []\n[git]\n", &[entry("a")]);
        assert_eq!(added, 1);
        assert!(text.starts_with("accept = [{ rule = \"weak-integrity\", package ="), "{text}");
    }
}

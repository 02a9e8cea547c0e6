//! `go.mod` and `go.work`.

use super::{Kind, Manifest, Workspace};
use crate::model::EdgeKind;
use crate::syntax::Text;

/// `require` and `replace`. A replaced module needs the sum of what replaces it.
pub(super) fn go_mod(manifest: &mut Manifest<'_>) {
    let mut replaced = std::collections::HashSet::new();
    for (line, directive, words, direct) in directives(manifest.source.text()) {
        match (directive, words.as_slice()) {
            ("module", [name, ..]) => manifest.name = Some(Text::plain(name.trim_matches('"'))),
            ("require", [module, version, ..]) => select(manifest, module, version, direct, line),
            ("replace", [module, "=>", rest @ ..] | [module, _, "=>", rest @ ..]) => {
                replaced.insert(*module);
                match rest {
                    [module, version] => select(manifest, module, version, direct, line),
                    [folder] => replace(manifest, module, folder, line),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let replaces = |name: &str, line: &str| replaced.contains(name) && !line.contains("=>");
    manifest.dependencies.retain(|dep| !replaces(dep.name.raw, dep.at));
    let fetched = manifest.dependencies.iter().find(|dep| dep.version.is_some());
    manifest.application = fetched.map(|dep| dep.at);
}

/// The modules that are built together, and what replaces others for all of them.
pub(super) fn go_work(manifest: &mut Manifest<'_>) {
    let mut workspace = Workspace::default();
    for (line, directive, words, _) in directives(manifest.source.text()) {
        match (directive, words.as_slice()) {
            ("use", [folder]) => workspace.members.push(Text::plain(folder.trim_matches('"'))),
            ("replace", [module, "=>", folder] | [module, _, "=>", folder]) => {
                replace(manifest, module, folder, line);
            }
            _ => {}
        }
    }
    manifest.workspace = Some(workspace);
}

type Directive<'s> = (&'s str, &'s str, Vec<&'s str>, bool);

/// Directives, in blocks or alone: the line, its directive, the words behind it, and whether it is a direct one's.
fn directives(text: &str) -> Vec<Directive<'_>> {
    let (mut found, mut block) = (Vec::new(), "");
    for line in text.lines() {
        let (line, comment) = line.split_once("//").unwrap_or((line, ""));
        let (line, direct) = (line.trim(), !comment.trim_start().starts_with("indirect"));
        let mut words: Vec<_> = line.split_ascii_whitespace().collect();
        match (block, words.as_slice()) {
            (_, []) => {}
            (_, [")", ..]) => block = "",
            ("", [word, "(", ..]) => block = word,
            ("", [_, ..]) => {
                let word = words.remove(0);
                found.push((line, word, words, direct));
            }
            (open, _) => found.push((line, open, words, direct)),
        }
    }
    found
}

fn select<'s>(manifest: &mut Manifest<'s>, module: &'s str, version: &'s str, direct: bool, line: &'s str) {
    let dep = manifest.add(Kind::Dependency(EdgeKind::Normal), &Text::plain(module), line);
    (dep.version, dep.direct) = (Some(Text::plain(version)), direct);
}

/// A folder in place of a module: one that neither is fetched nor has a sum.
fn replace<'s>(manifest: &mut Manifest<'s>, module: &'s str, folder: &'s str, line: &'s str) {
    let dep = manifest.local(Kind::Override, &Text::plain(module), &Text::plain(folder.trim_matches('"')));
    dep.at = line;
}

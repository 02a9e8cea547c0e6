//! `go.mod` and `go.work`.

use foldhash::{HashSet, HashSetExt};

use super::{Kind, Manifest, Workspace};
use crate::model::EdgeKind;
use crate::text::syntax::Text;

/// `require` and `replace`. A replaced module needs the sum of what replaces it; what replaces a module, or a version, that
/// nothing requires replaces nothing. Before Go 1.17, not all that is required stood here.
pub(super) fn go_mod(manifest: &mut Manifest<'_>) {
    let (mut required, mut replaced, mut lists_all) = (Vec::new(), Vec::new(), false);
    for (line, directive, words, direct) in directives(manifest.source.text()) {
        match (directive, words.as_slice()) {
            ("module", [name, ..]) => manifest.name = Some(Text::plain(name.trim_matches('"'))),
            ("go", [version, ..]) => lists_all = lists_all_modules(version),
            ("require", [module, version, ..]) => required.push((*module, *version, line, direct)),
            ("replace", [module, "=>", by @ ..]) => replaced.push((*module, None, by.to_vec(), line, direct)),
            ("replace", [module, version, "=>", by @ ..]) => {
                replaced.push((*module, Some(*version), by.to_vec(), line, direct));
            }
            _ => {}
        }
    }
    let words: HashSet<(&str, Option<&str>)> = replaced.iter().map(|it| (it.0, it.1)).collect();
    // A word on one version counts before one on all of them.
    let word_on = |module, version| {
        [(module, Some(version)), (module, None)].into_iter().find(|word| words.contains(word))
    };
    let named: HashSet<&str> = required.iter().map(|it| it.0).collect();
    let mut in_force = HashSet::new();
    for (module, version, line, direct) in required {
        match word_on(module, version) {
            Some(word) => drop(in_force.insert(word)),
            None => select(manifest, module, version, direct, line),
        }
    }
    for (module, version, by, line, direct) in replaced {
        let counts = in_force.contains(&(module, version)) || !lists_all && !named.contains(module);
        match by.as_slice() {
            [other, version] if counts => select(manifest, other, version, direct, line),
            [folder] => replace(manifest, module, folder, line),
            _ => {}
        }
    }
    let fetched = manifest.dependencies.iter().find(|dep| dep.version.is_some());
    manifest.application = fetched.map(|dep| dep.at);
}

/// Go 1.17 and later write down every module that is needed, however far away.
fn lists_all_modules(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    (numbers.next(), numbers.next()) >= (Some(1), Some(17))
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

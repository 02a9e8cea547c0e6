//! Relative links of the Markdown files: what they name exists, and so does the heading behind a `#`.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::tools::{Failure, at, git, root, text_of};

/// How many links there are, and a line for each that leads nowhere.
pub(crate) fn broken() -> Result<(usize, Vec<String>), Failure> {
    let root = root();
    let (mut count, mut broken) = (0, Vec::new());
    let mut pages = Pages::default();
    for file in files(&root)? {
        let full = root.join(&file);
        let text = fs::read_to_string(&full).map_err(at(&full))?;
        for (line, target) in links(&text) {
            count += 1;
            if let Some(why) = pages.wrong(&root, &full, &target) {
                broken.push(format!("{}:{line}: {target}: {why}", file.display()));
            }
        }
    }
    Ok((count, broken))
}

/// What git tracks or would track.
fn files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let output =
        git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]).output()?;
    if !output.status.success() {
        return Err(Failure::Failed(text_of(&output)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut files: Vec<_> = text.split_terminator('\0').map(PathBuf::from).collect();
    // Deleted, but not yet staged.
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// Relative links with their line. Code is skipped: what looks like a link there is none.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        found.extend(
            targets(&line).into_iter().filter(|target| is_relative(target)).map(|it| (number, it.to_owned())),
        );
    }
    found
}

/// Numbered lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, None) => return Some((at + 1, line)),
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
        }
        None
    })
}

fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part.to_owned() } else { " ".repeat(part.len()) }).collect()
}

/// `[text](target)`, `[text]: target`, `href="target"`, `src="target"`.
fn targets(line: &str) -> Vec<&str> {
    let until = |open: &'static str, close: &'static [char]| {
        line.match_indices(open).map(move |(at, _)| {
            let rest = &line[at + open.len()..];
            &rest[..rest.find(close).unwrap_or(rest.len())]
        })
    };
    let inline = until("](", &[')', ' ']);
    let html = until("href=\"", &['"']).chain(until("src=\"", &['"']));
    let defined = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
    let defined = defined.and_then(|target| target.split_whitespace().next());
    inline.chain(html).chain(defined).filter(|target| !target.is_empty()).collect()
}

fn is_relative(target: &str) -> bool {
    let scheme =
        target.split_once(':').is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric()));
    !scheme && !target.starts_with("//") && !target.starts_with('<')
}

/// Headings of pages, read once.
#[derive(Default)]
struct Pages(HashMap<PathBuf, HashSet<String>>);

impl Pages {
    /// Why a link leads nowhere.
    fn wrong(&mut self, root: &Path, from: &Path, target: &str) -> Option<&'static str> {
        let (path, heading) =
            target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
        let folder = from.parent().unwrap_or(root);
        let to = match (path, path.strip_prefix('/')) {
            ("", _) => from.to_owned(),
            (_, Some(absolute)) => root.join(absolute),
            (path, None) => folder.join(path.replace("%20", " ")),
        };
        if !to.exists() {
            return Some("there is no such file");
        }
        let heading =
            heading.filter(|heading| !heading.is_empty() && to.extension().is_some_and(|it| it == "md"))?;
        let known =
            self.0.entry(to.clone()).or_insert_with(|| anchors(&fs::read_to_string(&to).unwrap_or_default()));
        (!known.contains(heading)).then_some("there is no such heading")
    }
}

/// The anchors that GitHub gives to headings, and those that stand in the page as HTML.
fn anchors(text: &str) -> HashSet<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut anchors = HashSet::new();
    for (_, line) in prose(text) {
        for name in ["id=\"", "name=\""] {
            anchors.extend(
                line.match_indices(name)
                    .filter_map(|(at, _)| line[at + name.len()..].split('"').next())
                    .map(str::to_owned),
            );
        }
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug = slug(title.trim());
        let count = seen.entry(slug.clone()).or_default();
        anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "see [a](b.md#c \"t\") and `[x](y)`\n```\n[n](o)\n```\n[ref]: ../z.md\n<img src=\"i.png\">\n[w](https://example.com)";
        let found = links(text);
        assert_eq!(found, [(1, "b.md#c".into()), (5, "../z.md".into()), (6, "i.png".into())]);
    }

    #[test]
    fn headings_have_the_anchors_that_github_gives() {
        let anchors = anchors("# A `rule`: what?\n## Same\n## Same\n```\n# no\n```\n<a id=\"own\"></a>\n");
        let mut anchors: Vec<_> = anchors.into_iter().collect();
        anchors.sort();
        assert_eq!(anchors, ["a-rule-what", "own", "same", "same-1"]);
    }
}

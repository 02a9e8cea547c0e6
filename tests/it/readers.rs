//! Independent readers of the outputs: what a build service, a browser or a program would make of them.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// A workflow command as the runner of GitHub Actions reads it.
#[derive(Debug, PartialEq)]
pub(crate) struct WorkflowCommand {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

/// What the runner takes for a command in a log: lines that begin with `::` behind any white space, and `##[name]`
/// anywhere in a line.
pub(crate) fn workflow_commands(log: &str) -> Vec<WorkflowCommand> {
    log.split(['\n', '\r']).filter_map(|line| second(line).or_else(|| first(line))).collect()
}

fn second(line: &str) -> Option<WorkflowCommand> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let properties = properties.split(',').filter_map(|it| it.split_once('='));
    Some(WorkflowCommand {
        name: name.to_owned(),
        properties: properties.map(|(key, value)| (key.to_owned(), unescaped(value))).collect(),
        data: unescaped(data),
    })
}

fn first(line: &str) -> Option<WorkflowCommand> {
    let (info, data) = line.split_once("##[")?.1.split_once(']')?;
    let name = info.split(' ').next().unwrap_or_default().to_owned();
    Some(WorkflowCommand { name, properties: BTreeMap::new(), data: data.to_owned() })
}

fn unescaped(text: &str) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
    text.replace("%25", "%")
}

/// No line of a log is a command to GitHub Actions or Azure Pipelines.
#[track_caller]
pub(crate) fn assert_no_command(log: &str) {
    assert_eq!(workflow_commands(log), []);
    assert!(!log.contains("##vso["), "{log}");
}

/// The annotations of a log, of which none is a stranger's.
#[track_caller]
pub(crate) fn annotations(log: &str) -> Vec<WorkflowCommand> {
    let commands = workflow_commands(log);
    for it in &commands {
        assert!(["error", "warning", "notice"].contains(&it.name.as_str()), "{it:?}");
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        assert!(it.properties.keys().all(|key| known.contains(&key.as_str())), "{it:?}");
        assert!(it.properties["title"].starts_with("lockproof: "), "{it:?}");
        for number in ["line", "endLine", "col", "endColumn"] {
            assert!(it.properties.get(number).is_none_or(|it| it.parse::<usize>().is_ok()), "{it:?}");
        }
    }
    for kind in ["error", "warning", "notice"] {
        assert!(commands.iter().filter(|it| it.name == kind).count() <= 10);
    }
    // A line is a command, or it is the last one.
    assert_eq!(commands.len() + 1, log.lines().count(), "{log}");
    commands
}

/// A page has no markup but ours: no picture, no link that leads elsewhere, no tag that was not written here, and nothing
/// that a code host would make a link or a mention of.
#[track_caller]
pub(crate) fn assert_plain_markdown(page: &str) {
    const TAGS: [&str; 7] =
        ["<code>", "</code>", "<br>", "<details>", "</details>", "<summary>", "</summary>"];
    const HOME: &str = "https://github.com/lockproof/lockproof/";
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    let mut in_code = 0_usize;
    let mut columns = None;
    for event in Parser::new_ext(page, options) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => assert!(dest_url.starts_with(HOME), "{dest_url}"),
            Event::Start(Tag::Table(alignments)) => columns = Some((alignments.len(), 0)),
            Event::Start(Tag::TableRow | Tag::TableHead) => columns = columns.map(|(all, _)| (all, 0)),
            Event::Start(Tag::TableCell) => columns = columns.map(|(all, seen)| (all, seen + 1)),
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Strong | Tag::HtmlBlock)
            | Event::End(_) => {}
            Event::Start(other) => panic!("{other:?} in {page}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                in_code = in_code + html.matches("<code>").count() - html.matches("</code>").count();
                let bare = TAGS.iter().fold(html.to_string(), |rest, tag| rest.replace(tag, ""));
                assert!(!bare.contains(['<', '>', '&']), "{html} in {page}");
            }
            Event::Text(text) if in_code == 0 => {
                assert!(
                    !text.contains(['@', '#']) && !text.contains("www.") && !text.contains("://"),
                    "{text}"
                );
            }
            Event::Text(_) | Event::Code(_) | Event::SoftBreak => {}
            other => panic!("{other:?} in {page}"),
        }
    }
    assert_eq!(in_code, 0);
    assert!(page.len() < 1 << 20);
}

/// XML of our own elements alone, whose numbers are right.
#[track_caller]
pub(crate) fn assert_junit(text: &str) {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let known = [
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
        "system-out",
    ];
    let elements = || document.descendants().filter(|it| it.is_element());
    assert!(elements().all(|it| known.contains(&it.tag_name().name())), "{text}");
    assert!(document.descendants().all(|it| !it.is_comment() && !it.is_pi()), "{text}");
    for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
        for node in elements().filter(|it| it.has_tag_name("testsuites") || it.has_tag_name("testsuite")) {
            let there = node.descendants().filter(|it| it.has_tag_name(element)).count();
            assert_eq!(node.attribute(attribute), Some(there.to_string().as_str()), "{attribute} in {text}");
        }
    }
}

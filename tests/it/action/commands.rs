//! What a runner makes of the lines that a step prints.

use std::collections::BTreeMap;

/// A workflow command that a runner obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

/// Reads a log as a runner does: a command may stand behind blanks, or in the old form anywhere in a line, and none counts
/// between `stop-commands` and its token.
pub(crate) fn obey(log: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut stopped: Option<String> = None;
    for line in log.lines() {
        let Some(command) = new_form(line).or_else(|| old_form(line)) else { continue };
        match &stopped {
            Some(token) if command.name == *token => stopped = None,
            Some(_) => {}
            None if command.name == "stop-commands" => stopped = Some(command.data),
            None => commands.push(command),
        }
    }
    assert_eq!(stopped, None, "commands were not switched on again in\n{log}");
    commands
}

fn new_form(line: &str) -> Option<Command> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    Some(command(head, ',', data))
}

fn old_form(line: &str) -> Option<Command> {
    let (head, data) = line.split_once("##[")?.1.split_once(']')?;
    Some(command(head, ';', data))
}

fn command(head: &str, separator: char, data: &str) -> Command {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let pairs = properties.split(separator).filter_map(|it| it.split_once('='));
    let property = |text: &str| unescape(text).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    Command {
        name: name.to_owned(),
        properties: pairs.map(|(key, value)| (key.trim().to_owned(), property(value))).collect(),
        data: unescape(data).replace("%25", "%"),
    }
}

fn unescape(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n")
}

#[test]
fn commands_are_found_where_a_runner_finds_them() {
    let log = "x ::error::no\n  ::error file=a%2Cb,line=3::two%0Alines\n::stop-commands::T\n::error::no\n\
               ##[error]no\n::T::\nlog ##[warning]old\n";
    let names: Vec<_> = obey(log).into_iter().map(|it| (it.name, it.data)).collect();
    let expected = [("error", "two\nlines"), ("warning", "old")];
    assert_eq!(names, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
    assert_eq!(obey(log)[0].properties["file"], "a,b");
}

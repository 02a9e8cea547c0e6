//! The report as JUnit XML, in the form that Jenkins and GitLab read: a suite for each lockfile, a test for each finding.
//!
//! A test fails when its finding fails the run; others pass and say what was found. A lockfile without findings is one
//! test that passes. What was not read is skipped, and a run that is not whole is an error: neither passes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{closing, state};
use crate::check::{Covered, Outcome};
use crate::findings::finding::Finding;
use crate::read::Sources;
use crate::read::options::FailOn;
use crate::text::escape;
use crate::text::escape::xml;

pub fn report(sources: &Sources, outcome: &Outcome, fail_on: FailOn) -> String {
    let mut suites = vec![of_run(sources, outcome)];
    let mut found: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|it| !it.preexisting) {
        found.entry(&finding.path).or_default().push(finding);
    }
    let lockfiles = &outcome.coverage.lockfiles;
    let own: BTreeSet<&str> = lockfiles.iter().map(|it| it.path.as_str()).collect();
    for it in lockfiles {
        let findings = found.get(it.path.as_str()).map_or(&[][..], Vec::as_slice);
        suites.push(of_lockfile(it, findings, fail_on));
    }
    // A manifest, client configuration, the policy.
    let others = found.iter().filter(|(path, _)| !own.contains(*path));
    suites.extend(others.map(|(path, findings)| of_file(path, findings, fail_on)));
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"lockproof\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuites>\n",
        sum(|it| it.tests),
        sum(|it| it.failures),
        sum(|it| it.errors),
        suites.iter().map(Suite::text).collect::<String>()
    )
}

#[derive(Default)]
struct Suite {
    name: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    properties: String,
    cases: String,
    said: String,
    /// How many tests have that name.
    names: HashMap<String, usize>,
}

impl Suite {
    fn new(name: &str) -> Suite {
        Suite { name: name.to_owned(), ..Suite::default() }
    }

    /// A test; two of one name would be taken for one.
    fn case(&mut self, name: &str, content: &str) {
        self.tests += 1;
        let nth = self.names.entry(name.to_owned()).and_modify(|count| *count += 1).or_insert(1);
        let number = if *nth > 1 { format!(" ({nth})") } else { String::new() };
        let (class, name) = (text(&self.name), text(name));
        let head = format!("    <testcase classname=\"{class}\" name=\"{name}{number}\"");
        match content.is_empty() {
            true => self.cases.push_str(&format!("{head}/>\n")),
            false => self.cases.push_str(&format!("{head}>\n      {content}\n    </testcase>\n")),
        }
    }

    fn skip(&mut self, name: &str, why: &str) {
        self.skipped += 1;
        self.case(name, &format!("<skipped>{}</skipped>", text(why)));
    }

    fn property(&mut self, name: &str, value: &str) {
        self.properties.push_str(&format!("      <property name=\"{name}\" value=\"{}\"/>\n", text(value)));
    }

    fn text(&self) -> String {
        let properties = match self.properties.is_empty() {
            true => String::new(),
            false => format!("    <properties>\n{}    </properties>\n", self.properties),
        };
        let said = match self.said.is_empty() {
            true => String::new(),
            false => format!("    <system-out>{}</system-out>\n", text(&self.said)),
        };
        format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n\
             {properties}{}{said}  </testsuite>\n",
            text(&self.name),
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            self.cases
        )
    }
}

/// The run as a whole: always one test, so that a report without lockfiles is no empty one.
fn of_run(sources: &Sources, outcome: &Outcome) -> Suite {
    let mut suite = Suite::new("lockproof");
    let coverage = &outcome.coverage;
    let problems: Vec<_> = coverage.problems.iter().map(|problem| text(problem)).collect();
    match problems.first() {
        None => suite.case("everything could be read", ""),
        Some(first) => {
            suite.errors += 1;
            let error =
                format!("<error type=\"incomplete\" message=\"{first}\">{}</error>", problems.join("\n"));
            suite.case("everything could be read", &error);
        }
    }
    coverage.unchecked.iter().for_each(|what| suite.skip("not checked", what));
    for path in &coverage.not_read {
        suite.skip(path, "not touched by the change, and not read");
    }
    for it in coverage.unsupported.iter().filter(|it| !it.accepted) {
        suite.skip(&it.path, "not checked: lockproof can't read it yet");
    }
    suite.said = closing(sources, outcome);
    suite
}

fn of_lockfile(it: &Covered, findings: &[&Finding], fail_on: FailOn) -> Suite {
    let mut suite = of_file(&it.path, findings, fail_on);
    suite.property("format", it.format);
    suite.property("state", state(it.state));
    for (name, number) in [("packages", it.packages), ("hashed", it.hashed), ("compared", it.compared)] {
        suite.property(name, &number.to_string());
    }
    suite
}

fn of_file(path: &str, findings: &[&Finding], fail_on: FailOn) -> Suite {
    let mut suite = Suite::new(path);
    if findings.is_empty() {
        suite.case("nothing to object to", "");
    }
    for finding in findings {
        let fails = fail_on.is_some_and(|level| finding.level >= level);
        suite.failures += usize::from(fails);
        let content = match fails {
            true => format!(
                "<failure type=\"{}\" message=\"{}\">{}</failure>",
                finding.level,
                xml(&finding.message),
                in_full(finding)
            ),
            false => format!("<system-out>{}: {}</system-out>", finding.level, in_full(finding)),
        };
        suite.case(&name(finding), &content);
    }
    suite
}

/// The same after edits elsewhere: a test has a history under its name.
fn name(finding: &Finding) -> String {
    let Some(package) = &finding.package else { return finding.rule.to_owned() };
    let version = package.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
    format!("{}: {}{version}", finding.rule, package.name)
}

fn in_full(finding: &Finding) -> String {
    let place = |at: &str, span: Option<crate::findings::finding::Span>| match span {
        Some(span) => format!("{}:{}:{}", text(at), span.start.line, span.start.column),
        None => text(at),
    };
    let mut lines = vec![format!("{}: {}", place(&finding.path, finding.span), xml(&finding.message))];
    lines
        .extend(finding.related.iter().map(|it| format!("{}: {}", place(&it.at, it.span), xml(&it.message))));
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", xml(&finding.help)));
    }
    lines.join("\n")
}

fn text(text: &str) -> String {
    xml(&escape::message(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::finding::Level;
    use crate::render::samples::{finding, outcome, sources};

    #[test]
    fn what_fails_the_run_fails_a_test() {
        let found = || {
            outcome(vec![finding("insecure-url", 7), finding("insecure-url", 8), finding("git-source", 9)])
        };
        let text = report(&sources(), &found(), Some(Level::Error));
        assert!(
            text.contains("<testsuites name=\"lockproof\" tests=\"4\" failures=\"2\" errors=\"0\">"),
            "{text}"
        );
        assert!(text.contains(
            "<testsuite name=\"a/Cargo.lock\" tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\">"
        ));
        assert!(text.contains("<testcase classname=\"a/Cargo.lock\" name=\"insecure-url (2)\">"));
        assert!(text.contains("<system-out>warning: a/Cargo.lock:9:3: A package comes straight"), "{text}");
        assert!(report(&sources(), &found(), None).contains("failures=\"0\""));
    }

    #[test]
    fn what_was_not_checked_does_not_pass() {
        let mut outcome = outcome(Vec::new());
        outcome.coverage.problems = vec!["a <b>\u{1b}".to_owned()];
        outcome.coverage.not_read = vec!["go.sum".to_owned()];
        let text = report(&sources(), &outcome, Some(Level::Error));
        assert!(text.contains("tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"1\""), "{text}");
        assert!(text.contains("message=\"a &#60;b&#62;\\u{1b}\""), "{text}");
        assert!(text.contains("name=\"go.sum\">\n      <skipped>"), "{text}");
    }
}

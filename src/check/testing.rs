//! Rules, tested one at a time on files in memory; and the examples of their pages, run.

use std::collections::BTreeMap;

use crate::actions::diff::Diff;
use crate::agents::tool::disk;
use crate::agents::tool::disk::Tier;
use crate::bytes;
use crate::bytes::Environment;
use crate::check::{Parsed, lint, lint_parsed, lint_with};
use crate::ecosystems::formats;
use crate::ecosystems::manifest;
use crate::ecosystems::unread;
use crate::findings::finding::Finding;
use crate::policy::sides::{Sides, Stated};
use crate::policy::{self, Policy};
use crate::read::options::{Bytes, Options, Scope};
use crate::read::unsupported::Unsupported;
use crate::read::{self, File, Sources};
use crate::rules;
use crate::text::source::{Side, Source};
use crate::world::commands::Stand;

/// Says loudly that a test did not run.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Starts a test of one rule.
pub(crate) fn check(rule: &str) -> Check {
    assert!(rules::find(rule).is_some(), "no rule {rule}");
    Check {
        rule: rule.to_owned(),
        files: BTreeMap::new(),
        merged: Vec::new(),
        ignored: Vec::new(),
        policy: None,
        base_judges: false,
    }
}

/// Files of both sides. `{A}`, `{B}` are SHA-256 in base64, `{HEX}` in hex, `{A512}` is SHA-512, `{A1}` SHA-1.
pub(crate) struct Check {
    rule: String,
    files: BTreeMap<String, (Option<String>, Option<String>)>,
    merged: Vec<Source>,
    policy: Option<Policy>,
    base_judges: bool,
    ignored: Vec<String>,
}

/// What every test takes for today.
const TODAY: &str = "2026-05-05";

impl Check {
    pub(crate) fn base(mut self, path: &str, text: &str) -> Check {
        self.files.entry(path.into()).or_default().0 = Some(fill(text));
        self
    }

    pub(crate) fn head(mut self, path: &str, text: &str) -> Check {
        self.files.entry(path.into()).or_default().1 = Some(fill(text));
        self
    }

    pub(crate) fn both(self, path: &str, text: &str) -> Check {
        self.base(path, text).head(path, text)
    }

    /// A lockfile of the side that is merged in.
    pub(crate) fn parent(mut self, path: &str, text: &str) -> Check {
        let side = Side::Revision("MERGE_HEAD".into());
        self.merged.push(Source::new(path, side, fill(text).into()));
        self
    }

    /// A lockfile on disk that git ignores.
    pub(crate) fn ignored(mut self, path: &str) -> Check {
        self.ignored.push(path.into());
        self
    }

    pub(crate) fn policy(mut self, text: &str) -> Check {
        self.policy = Some(Policy::parse("lockproof.toml", text).unwrap());
        self
    }

    /// The policy of the base side judges, as it does with `--base`.
    pub(crate) fn base_judges(mut self) -> Check {
        self.base_judges = true;
        self
    }

    /// `path:line:column level message`, without the place where there is none.
    #[track_caller]
    pub(crate) fn finds(self, expected: &[&str]) {
        let show = |it: &Finding| {
            let place =
                it.span.map(|it| format!(":{}:{}", it.start.line, it.start.column)).unwrap_or_default();
            format!("{}{place} {} {}", it.path, it.level, it.message)
        };
        let found: Vec<_> = self.run().iter().map(show).collect();
        assert_eq!(found, expected);
    }

    /// For findings whose words another test holds.
    #[track_caller]
    pub(crate) fn count(self, expected: usize) {
        let found = self.run();
        assert_eq!(found.len(), expected, "{found:?}");
    }

    /// What all rules together find.
    pub(crate) fn all(self) -> Vec<Finding> {
        lint(&self.sources(), &options(Vec::new())).findings
    }

    /// What the head side has and the base side has not.
    pub(crate) fn fresh(self) -> Vec<Finding> {
        let scope = Some(Scope::New);
        let options = Options { scope, ..options(vec![self.rule.clone()]) };
        lint(&self.sources(), &options).findings.into_iter().filter(|it| !it.preexisting).collect()
    }

    /// What `lockproof diff` makes of it.
    pub(crate) fn diff(self) -> Diff {
        let sources = self.sources();
        let parsed = Parsed::all(&sources);
        let options = Options { scope: Some(Scope::New), ..Options::default() };
        Diff::new(&parsed.0, &lint_parsed(&sources, &options, &parsed))
    }

    /// What the rule alone finds. One that judges the policy has to hear the others first.
    pub(crate) fn run(self) -> Vec<Finding> {
        self.run_at(None)
    }

    /// At that second since 1970.
    pub(crate) fn run_at(self, now: Option<i64>) -> Vec<Finding> {
        let rule = self.rule.clone();
        let hears_others = rules::find(&rule).is_some_and(|rule| rule.is_of_policy());
        let select = if hears_others { Vec::new() } else { vec![rule.clone()] };
        let mut findings = lint(&self.sources(), &Options { now, ..options(select) }).findings;
        findings.retain(|finding| finding.rule == rule);
        findings
    }

    /// With the head side written to a folder, and Go's cache in it.
    fn run_on_disk(self) -> Vec<Finding> {
        let folder = tempfile::tempdir().unwrap();
        for (path, (_, head)) in &self.files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, head.as_deref().unwrap_or_default()).unwrap();
        }
        let options = Options {
            folder: folder.path().to_owned(),
            select: vec![self.rule.clone()],
            bytes: Bytes::All,
            bytes_required: self.rule == "missing-artifact",
            ..Options::default()
        };
        let caches = [("GOMODCACHE", folder.path().join("home/go/pkg/mod"))];
        let sources = read::read(&options).unwrap();
        let parsed = Parsed::all(&sources);
        let judged = Parsed::judged(&parsed.0);
        let environment = Environment::new(caches);
        let facts = bytes::verify(&sources, &judged, &options, &environment, &|_, _| {});
        let found = lint_with(&sources, &options, &parsed, &facts);
        assert_eq!(found.coverage.problems, [""; 0]);
        found.findings
    }

    fn sources(self) -> Sources {
        let base = Side::Revision("HEAD".into());
        let has_base = self.files.values().any(|(base, _)| base.is_some());
        let paths = |side: fn(&(Option<String>, Option<String>)) -> bool| {
            self.files.iter().filter(|(_, both)| side(both)).map(|(path, _)| path.clone()).collect()
        };
        let has_models = self.files.keys().any(|path| path.contains("llmring.lock"));
        let (head_paths, base_paths) = (paths(|it| it.1.is_some()), paths(|it| it.0.is_some()));
        let base_folder = std::path::PathBuf::new();
        let mut user =
            Tier { scope: disk::Scope::User, base: base_folder, sources: Vec::new(), problems: Vec::new() };
        let (mut lockfiles, mut companions, mut models) = (Vec::new(), Vec::new(), Vec::new());
        let mut unsupported = Vec::new();
        let written = self.files.get(policy::FILES[0]).and_then(|(_, head)| head.as_deref());
        let written = written.and_then(|text| Policy::parse(policy::FILES[0], text).ok());
        let registry =
            self.policy.as_ref().or(written.as_ref()).and_then(Policy::registry).map(str::to_owned);
        let is_python =
            |path: &str| has_models && (path.ends_with("__init__.py") || path.ends_with("pyproject.toml"));
        let mut policies = Sides { base_judges: self.base_judges, ..Sides::default() };
        for (path, (before, now)) in self.files {
            if formats::of_path(path.as_bytes()).is_none() && manifest::is_marker(path.as_bytes()) {
                continue;
            }
            let same = before.is_some() && before == now;
            let source = |side: &Side, text: Option<String>| {
                text.map(|it| Source::new(&*path, side.clone(), it.into()))
            };
            if policy::FILES.contains(&path.as_str()) {
                policies.base = source(&base, before).map(Stated::new).or(policies.base);
                policies.head = source(&Side::Worktree, now).map(Stated::new).or(policies.head);
                continue;
            }
            let (head, base) = (source(&Side::Worktree, now), source(&base, before).filter(|_| !same));
            if path.starts_with(disk::Scope::User.prefix()) {
                user.sources.extend(head);
                continue;
            }
            let format = formats::of_file(&path, head.as_ref(), base.as_ref());
            let file = File { path: path.clone(), format, head, base, same, judged: true };
            if let Some(kind) = unread::of_path(path.as_bytes()) {
                unsupported.extend(Unsupported::of(&file, kind));
                continue;
            }
            let is_model =
                registry.as_ref().is_some_and(|folder| path.starts_with(folder)) || is_python(&path);
            match format {
                Some(_) => lockfiles.push(file),
                None if is_model => models.push(file),
                None => companions.push(file),
            }
        }
        let judging = if policies.base_judges { policies.base() } else { policies.head() };
        let stated = judging.map(|(_, policy)| policy.clone());
        Sources {
            base: has_base.then_some(base),
            lockfiles,
            companions,
            merged: self.merged,
            tiers: Some(user).filter(|tier| !tier.sources.is_empty()).into_iter().collect(),
            models,
            unsupported,
            registry,
            head_paths,
            base_paths,
            policies,
            ignored: self.ignored,
            stand: Stand {
                on_disk: true,
                revision: has_base.then(|| "HEAD".to_owned()),
                accepts: true,
                ..Stand::default()
            },
            ..Sources::new(Side::Worktree, self.policy.or(stated).unwrap_or_default())
        }
    }
}

fn options(select: Vec<String>) -> Options {
    Options { select, today: TODAY.parse().ok(), ..Options::default() }
}

fn fill(text: &str) -> String {
    use data_encoding::BASE64;
    text.replace("{A}", &BASE64.encode(&[1; 32]))
        .replace("{B}", &BASE64.encode(&[2; 32]))
        .replace("{HEX}", &"1f".repeat(32))
        .replace("{A512}", &BASE64.encode(&[1; 64]))
        .replace("{A1}", &BASE64.encode(&[1; 20]))
}

/// The examples of a page: fenced blocks of ` ```diff <path>`; behind `MERGE_HEAD:` it is a file of what is merged in.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix("```diff ") {
            let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            examples.push((path.to_owned(), body.join("\n")));
        }
    }
    examples
}

fn is_caret(line: &str) -> bool {
    line.get(1..).is_some_and(|rest| rest.trim_start().starts_with('^'))
}

/// Both sides of an example; the base is none where nothing in it differs.
fn sides(example: &str) -> (Option<String>, Option<String>) {
    let lines: Vec<_> = example.lines().filter(|line| !is_caret(line)).collect();
    let side = |other: char| {
        let own = lines.iter().filter(|line| !line.starts_with(other));
        let text: String = own.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect();
        Some(text).filter(|text| !text.is_empty())
    };
    let differs = lines.iter().any(|line| line.starts_with(['+', '-']));
    (side('+').filter(|_| differs), side('-'))
}

/// Draws the carets under the head side's lines again, as the findings have them.
fn redraw(path: &str, example: &str, findings: &[Finding]) -> String {
    let mut out = Vec::new();
    let mut number = 0;
    for line in example.lines().filter(|line| !is_caret(line)) {
        out.push(line.to_owned());
        if line.starts_with('-') {
            continue;
        }
        number += 1;
        let here = findings.iter().filter(|it| it.path == path);
        for (span, label) in
            here.filter_map(|it| Some((it.span?, &it.label))).filter(|(span, _)| span.start.line == number)
        {
            let width = (span.end.column - span.start.column).max(1);
            out.push(format!(" {}{} {label}", " ".repeat(span.start.column - 1), "^".repeat(width)));
        }
    }
    out.join("\n")
}

/// The day on which examples are read: 2027-01-01.
const NEW_YEAR: i64 = 1_798_761_600;

#[test]
fn every_page_has_an_example_that_is_found() {
    for rule in rules::ALL {
        let page = rule.page();
        let examples = examples(&page);
        assert!(!examples.is_empty(), "{} has no example", rule.id);
        let mut test = check(rule.id);
        let differs = examples.iter().any(|(_, example)| sides(example).0.is_some());
        for (path, example) in &examples {
            let (base, head) = sides(example);
            if let (Some(path), Some(text)) = (path.strip_prefix("MERGE_HEAD:"), &head) {
                test = test.parent(path, text);
                continue;
            }
            // Where one file of an example changes, the others stay.
            let base = base.or_else(|| head.clone().filter(|_| differs));
            if let Some(text) = base {
                test = test.base(path, &text);
            }
            // What such an example ignores is on disk.
            for ignored in head.iter().filter(|_| path == ".gitignore").flat_map(|text| text.lines()) {
                test = test.ignored(ignored.trim_start_matches('/'));
            }
            if let Some(text) = head {
                test = test.head(path, &text);
            }
        }
        let findings =
            if rule.docs.contains("of_bytes") { test.run_on_disk() } else { test.run_at(Some(NEW_YEAR)) };
        assert!(!findings.is_empty(), "the example of {} finds nothing", rule.id);
        for (path, example) in &examples {
            let drawn = redraw(path, example, &findings);
            assert!(&drawn == example, "{} should be drawn as\n{drawn}", rule.id);
        }
    }
}

#[test]
fn pages_are_written_to_be_read() {
    for rule in rules::ALL {
        let page = rule.page();
        assert!(
            rule.docs.lines().next().unwrap().ends_with('.'),
            "{}: the first line is a sentence",
            rule.id
        );
        assert!(page.lines().nth(1) == Some(""), "{}: a blank line follows it", rule.id);
        assert!(
            page.split("```").step_by(2).all(|prose| !prose.contains("  ")),
            "{}: prose has no tables",
            rule.id
        );
    }
}

#[test]
fn every_file_of_the_folders_is_listed() {
    let mut files = Vec::new();
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(src.join("rules")).unwrap();
    let of_packages = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let of_guests = ["agents/tool/rules", "agents/llmring/rules"].map(|room| src.join(room));
    for folder in of_packages.chain(of_guests) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().replace('_', "-");
            files.extend(Some(name).filter(|name| name != "mod"));
        }
    }
    files.sort();
    let mut listed: Vec<_> = rules::ALL.iter().map(|rule| rule.id).collect();
    listed.sort();
    assert_eq!(files, listed);
}

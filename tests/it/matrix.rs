//! Every output with every text that somebody might want to smuggle into it, wherever a repository has texts: in
//! lockfiles, in names of files and revisions, in the policy. Each output is read by a reader of its own kind.

use std::time::Instant;

use serde_json::Value;

use crate::hostile::{harmless, lockfiles, quoted};
use crate::outputs::assert_valid;
use crate::readers::{annotations, assert_junit, assert_no_command, assert_plain_markdown};
use crate::support::{PATIENCE, Place};

/// What the texts are to do, if they could.
const PAYLOADS: [(&str, &str); 24] = [
    ("a workflow command", "::error file=x,line=1::forged"),
    ("one behind a line break", "x\n::error::forged"),
    ("one that mutes the others", "x\r\n::stop-commands::token"),
    ("one in the middle of a line", "x##[error]forged ##[add-mask]e ##vso[task.complete]y"),
    ("one that is escaped already", "%0A::error::forged%0D%3A%3Astop-commands%3A%3At"),
    ("one behind white space of another kind", "\u{3000}::error::x \u{a0}::add-mask::y"),
    ("properties", "x,line=9,file=/etc/passwd,title=forged"),
    ("colours", "\u{1b}[31mred\u{1b}[0m\u{9b}2J"),
    ("a link of a terminal", "\u{1b}]8;;https://evil.example\u{1b}\\text\u{1b}]8;;\u{7}"),
    ("another direction", "\u{202e}desrever\u{2066}x\u{200f}"),
    ("nothing to be seen", "zero\u{200b}\u{200d}\u{feff}\u{e0041}\u{fe0f}\u{2028}\u{85}width"),
    ("a link", "[text](https://evil.example) <https://evil.example> \\[a](b) [r]: https://evil.example"),
    ("a picture", "![x](https://evil.example/p.png)"),
    ("HTML", "<img src=x onerror=y><script>z</script></code></td></table><!--"),
    ("references", "&lt;img&gt; &#60;b&#x3e; &amp;amp;"),
    ("cells", "a | b \\| c || d\n|---|\n| e |"),
    ("ends of code", "`a` ``b`` ```\n~~~ </code>"),
    ("mentions", "@team #1 www.evil.example owner/name#2 GH-3"),
    ("markup", "**b** __u__ ~~s~~ $m$ - [ ] # h\n> q\n\n    code"),
    ("parts of XML", "]]> <![CDATA[ <?pi?> <!DOCTYPE x [<!ENTITY e 'f'>]> \u{fffe}\u{ffff}"),
    ("formulas", "=cmd|' /C calc'!A0 +1 -1 @SUM(A1) \t=x"),
    ("an end of text", "nul\u{0}nul\u{1a}\u{4}"),
    ("JSON", "\",\"level\":\"note\"}],\"x\":[{\"\\"),
    ("a placeholder", "{0} {{1}} %s %n ${x} $(y) %SRCROOT%"),
];

/// Names of branches that git allows.
const REVISIONS: [&str; 5] =
    ["x|y<img/src=x>`z`", "a%0A##]error", "\u{202e}desrever", "@team#1", "](evil)<script>&amp;"];

/// One run that writes every form of a report, read by the reader of each.
#[track_caller]
fn assert_reports(place: &Place, words: &str) {
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
    for form in ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"] {
        arguments.push(format!("--format={form}={}", path(form)));
    }
    arguments.push(format!("--proof={}", path("proof")));
    let said = place.lockproof_words(&arguments);
    assert!((0..=1).contains(&said.code) && said.out.is_empty(), "{words}: {said:?}");
    let read = |name: &str| {
        let text = std::fs::read_to_string(path(name)).unwrap();
        assert!(text.len() < 1_000_000, "{words}: {name} has {} bytes", text.len());
        text
    };
    let json = |name: &str| -> Value {
        let text = read(name);
        harmless(&text);
        assert_no_command(&text);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    harmless(&read("text"));
    assert_no_command(&read("text"));
    let report = json("json");
    assert_sarif(&json("sarif"), &report);
    let log = read("github");
    assert!(!log.chars().any(|c| c != '\n' && lockproof::text::escape::is_hidden(c)), "{log}");
    let wanted = report["findings"].as_array().unwrap().iter().filter(|it| it["preexisting"] == false);
    assert_eq!(annotations(&log).is_empty(), wanted.count() == 0);
    let violations = json("gitlab");
    assert_valid("gitlab-code-quality.json", &violations);
    assert_eq!(violations.as_array().unwrap().len(), report["findings"].as_array().unwrap().len());
    harmless(&read("junit"));
    assert_junit(&read("junit"));
    for page in ["markdown", "proof/summary.md"] {
        harmless(&read(page));
        assert_plain_markdown(&read(page));
    }
    json("proof/report.json");
    json("proof/report.sarif");
    json("proof/statement.intoto.json");
    assert!(started.elapsed() < PATIENCE, "{words} took {:?}", started.elapsed());
}

fn assert_sarif(log: &Value, report: &Value) {
    assert_valid("sarif-2.1.0.json", log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), report["findings"].as_array().unwrap().len());
    for result in results {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("]("), "{text}");
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
    }
}

/// What the other commands print.
#[track_caller]
fn assert_commands(place: &Place) {
    for words in ["diff", "list", "list --packages", "diff --format json", "list --packages --format json"] {
        let text = place.lockproof(words).exits_any();
        harmless(&text);
        assert_no_command(&text);
        if words.ends_with("json") {
            let document = text.split("lockproof: ").next().unwrap();
            serde_json::from_str::<Value>(document).unwrap_or_else(|error| panic!("{error}: {text}"));
        }
    }
    let page = place.lockproof("diff --format markdown").out;
    harmless(&page);
    assert_plain_markdown(&page);
}

/// As the name of a folder: without what no folder can have.
fn as_folder(text: &str) -> String {
    text.chars().filter(|c| !['/', '\0'].contains(c)).take(60).collect()
}

/// Lockfiles of all formats with the text in them, in folders with the text in their names, changed since the commit.
fn place_with(text: &str) -> Place {
    let place = Place::repository();
    let folder = as_folder(text);
    for (number, (name, content)) in lockfiles(text).into_iter().enumerate() {
        place.write(format!("{folder}/{number}/{name}"), content.replace("example.com", "example.org"));
    }
    place.commit_all();
    for (number, (name, content)) in lockfiles(text).into_iter().chain(lockfiles(&quoted(text))).enumerate() {
        place.write(format!("{folder}/{number}/{name}"), content);
    }
    place
}

#[test]
fn no_text_of_a_lockfile_or_a_path_acts_on_an_output() {
    for (what, text) in PAYLOADS {
        let place = place_with(text);
        std::panic::catch_unwind(|| {
            assert_reports(&place, "check");
            assert_reports(&place, "check --no-base");
            assert_commands(&place);
            place.git("add --all");
            assert_reports(&place, "check --staged");
        })
        .unwrap_or_else(|_| panic!("with {what}"));
    }
}

/// JSON can name what is no character at all.
#[test]
fn half_a_character_does_no_harm() {
    let place = Place::repository();
    for (number, (name, content)) in lockfiles(r"a\ud800b\udc00\ud83d").into_iter().enumerate() {
        place.write(format!("{number}/{name}"), content);
    }
    assert_reports(&place, "check");
    assert_commands(&place);
}

#[test]
fn no_name_of_a_revision_acts_on_an_output() {
    let place = place_with("x");
    for name in REVISIONS {
        let branch = place.git_words(["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
        assert!(branch, "git allows {name}");
        assert_reports(&place, &format!("check --against {name}"));
        let page = place.lockproof_words(["diff", "--format", "markdown", name]).out;
        harmless(&page);
        assert_plain_markdown(&page);
        for words in [vec!["diff", name], vec!["diff", "--format", "json", name]] {
            let text = place.lockproof_words(words).exits_any();
            harmless(&text);
            assert_no_command(&text);
        }
    }
}

/// What the policy says of why it accepts something.
#[test]
fn no_reason_of_the_policy_acts_on_an_output() {
    let lock = "version = 4\n\n[[package]]\nname = \"g\"\nversion = \"1.0.0\"\n\
                source = \"git+https://git.example.com/g#0123456789012345678901234567890123456789\"\n";
    for (what, text) in PAYLOADS {
        let place = Place::with(&[("Cargo.lock", lock)]);
        let report: Value =
            serde_json::from_str(&place.lockproof("check --no-base --format json").out).unwrap();
        let found = report["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "git-source");
        let value = &found.expect("a git source")["values"][0]["sha256"];
        place.write(
            "lockproof.toml",
            format!("[[accept]]\nrule = \"git-source\"\npackage = \"cargo:g\"\nsha256 = {value}\nreason = \"{}\"\n", quoted(text)),
        );
        let summary = place.lockproof("check --no-base --format markdown").out;
        assert!(summary.contains("1 finding accepted by the policy"), "with {what}: {summary}");
        assert_reports(&place, "check --no-base");
    }
}

/// No text makes a report large, wherever it stands.
#[test]
fn a_name_of_a_megabyte_makes_no_large_report() {
    let place = Place::repository();
    let long = "abcdefg/".repeat(1 << 17);
    for (number, (name, content)) in lockfiles(&long).into_iter().enumerate() {
        place.write(format!("{number}/{name}"), content);
    }
    assert_reports(&place, "check");
    assert_commands(&place);
}

/// Two bytes are enough for a fault. Of each file a thousand are told, and how many more there are.
#[test]
fn a_flood_of_findings_stays_within_the_bounds_of_code_hosts() {
    let place = Place::repository();
    place.write("go.sum", "x\n".repeat(8_000));
    place.write("Cargo.lock", "version = 4\n\n<<<<<<< ours\n");
    for name in ["a", "b", "c"] {
        place.write(format!("{name}/go.sum"), "x\n".repeat(8_000));
    }
    let said = |form: &str| {
        let started = Instant::now();
        let text = place.lockproof(&format!("check --format {form}")).exits(1);
        assert!(started.elapsed() < PATIENCE, "{form} took {:?}", started.elapsed());
        text
    };
    let log: Value = serde_json::from_str(&said("sarif")).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 4_001);
    assert!(run["results"].to_string().contains(" more like it."));
    assert!(run["results"].to_string().contains("merge-conflict"));
    let log = said("github");
    let told = annotations(&log);
    assert!(told.iter().any(|it| it.properties["title"] == "lockproof: merge-conflict"), "{log}");
    assert!(log.contains("::Not shown here: "), "{log}");
    let page = said("markdown");
    assert_plain_markdown(&page);
    assert!(page.contains("#merge-conflict)") && page.contains(" rows left out**"));
    assert_junit(&said("junit"));
}

/// Git's trees can hold a path of any length, and every finding names the path.
#[test]
fn a_path_of_a_megabyte_makes_no_large_report() {
    let place = Place::repository();
    place.write("faults", "x\n".repeat(12_000));
    let blob = place.git("hash-object -w faults").trim().to_owned();
    let mut tree = place.make_tree(&format!("100644 blob {blob}\tgo.sum"));
    for _ in 0..17 {
        tree = place.make_tree(&format!("040000 tree {tree}\t{}", "a".repeat(60_000)));
    }
    let commit = place.git(&format!("commit-tree {tree} -m x"));
    let started = Instant::now();
    let said = place.lockproof(&format!("check --head {} --format json", commit.trim()));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert_eq!(said.code, 3);
    assert!(
        said.out.len() < 20_000 && said.out.contains("its path is longer than 4096 bytes"),
        "{}",
        said.out
    );
}

//! Lockfiles that try to say something in the report's name. No text of theirs may act on a terminal, a build log or a
//! reader, and none may make a report large or slow.

use std::time::Instant;

use crate::support::{PATIENCE, Place};

/// Everything that one might want to smuggle into an output, as characters.
const TEXTS: [&str; 12] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://evil.example.com\u{1b}\\link\u{1b}]8;;\u{7}",
    "\u{9b}2J",
    "line\n::error file=x::pwned",
    "line\r\n::stop-commands::pwned",
    "over\rwritten",
    "\u{202e}desrever\u{2066}",
    "zero\u{200b}\u{200d}\u{feff}width",
    "\u{e0041}\u{fe0f}\u{2028}\u{85}",
    "nul\u{0}nul",
    "##[error]pwned ::set-output name=x::y",
    "`code` <img src=x> [a](b) | c",
];

/// Only line breaks of our own act on a terminal, and no line is a command to a build log.
#[track_caller]
pub(crate) fn harmless(text: &str) {
    let hidden = text.chars().find(|&c| c != '\n' && lockproof::text::escape::is_hidden(c));
    assert_eq!(hidden, None, "in {text:?}");
    let command = text.lines().find(|line| line.trim_start().starts_with("::") || line.contains("##["));
    assert_eq!(command, None);
}

/// The same, where colours were asked for.
#[track_caller]
fn harmless_in_colour(text: &str) {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (code, rest) = part.split_once('m').unwrap_or_else(|| panic!("no colour: {part:?}"));
        assert!(
            code.starts_with('[') && code[1..].chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{part:?}"
        );
        plain.push_str(rest);
    }
    harmless(&plain);
}

/// As it would stand in quotes in a JSON file; the escapes are those of TOML and YAML, too.
pub(crate) fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if u32::from(c) > 0xffff => c.to_string(),
        c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    text.chars().map(escape).collect()
}

/// Lockfiles of all formats in which `text` stands wherever it can. It is in quotes where the format has quotes.
pub(crate) fn lockfiles(text: &str) -> Vec<(&'static str, String)> {
    let hash = format!("{}==", "A".repeat(86));
    let cargo = format!(
        "version = 4\n\n[[package]]\nname = \"{text}\"\nversion = \"1.0.0-{text}\"\n\
         source = \"registry+https://index.example.com/{text}\"\nchecksum = \"{text}\"\n\n[[package]]\nname = \"b\"\n\
         version = \"1.0.0\"\nsource = \"git+https://git.example.com/{text}?branch={text}#{text}\"\n\
         dependencies = [\"{text}\"]\n\n[\"{text}\"]\n\"{text}\" = \"{text}\"\n"
    );
    let npm = format!(
        "{{\"name\": \"{text}\", \"lockfileVersion\": 3, \"packages\": {{\"node_modules/{text}\": {{\"version\": \
         \"{text}\", \"resolved\": \"http://npm.example.com/{text}/-/{text}-1.tgz\", \"integrity\": \"{text}\"}},\n\
         \"node_modules/b\": {{\"version\": \"1\", \"resolved\": \"git+ssh://{text}@git.example.com/b#{text}\"}},\n\
         \"node_modules/c\": {{\"version\": 7, \"{text}\": \"{text}\", \"integrity\": \"sha512-{hash}\"}},\n\
         \"node_modules/b\": {{\"version\": \"{text}\"}}}}}}\n"
    );
    let pnpm = format!(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      \"{text}\":\n        specifier: \"{text}\"\n        \
         version: \"{text}\"\n\npackages:\n\n  \"{text}@1.0.0\":\n    resolution: {{integrity: \"{text}\", tarball: \
         \"http://npm.example.com/{text}\"}}\n\n  \"b@1.0.0\":\n    resolution: {{commit: \"{text}\", repo: \
         \"https://git.example.com/{text}\", type: git}}\n\nsnapshots:\n\n  \"{text}@1.0.0\": {{}}\n"
    );
    let uv = format!(
        "version = 1\nrequires-python = \"{text}\"\n\n[[package]]\nname = \"{text}\"\nversion = \"{text}\"\n\
         source = {{ registry = \"http://index.example.com/{text}\" }}\n\
         sdist = {{ url = \"http://files.example.com/{text}-1.tar.gz\", hash = \"{text}\", size = 1 }}\n\
         wheels = [{{ url = \"https://files.example.com/{text}.whl\", hash = \"sha256:{text}\" }}]\n"
    );
    let go = format!(
        "{text} v1.0.0 h1:{text}\nexample.com/a {text} h1:{text}\nexample.com/b v1.0.0/go.mod {text}\n"
    );
    vec![
        ("Cargo.lock", cargo),
        ("package-lock.json", npm),
        ("pnpm-lock.yaml", pnpm),
        ("uv.lock", uv),
        ("go.sum", go),
    ]
}

/// Runs everything over the lockfiles that stand in this place, and checks every output.
#[track_caller]
fn all_outputs_are_harmless(place: &Place) {
    for words in [
        "",
        "--verbose --no-base",
        "--format json",
        "list",
        "list --packages",
        "list --packages --format json",
    ] {
        let started = Instant::now();
        let said = place.lockproof(words);
        assert!((0..=1).contains(&said.code), "{words}: {said:?}");
        assert!(started.elapsed() < PATIENCE, "{words} took {:?}", started.elapsed());
        harmless(&said.exits_any());
    }
    harmless_in_colour(&place.lockproof("--color always").exits_any());
}

#[test]
fn hostile_text_does_no_harm_as_it_is() {
    for text in TEXTS {
        let place = Place::repository();
        for (name, content) in lockfiles(text) {
            place.write(format!("{}/{name}", name.len()), content);
        }
        all_outputs_are_harmless(&place);
    }
}

#[test]
fn hostile_text_does_no_harm_in_escapes() {
    for text in TEXTS {
        let place = Place::repository();
        for (name, content) in lockfiles(&quoted(text)) {
            place.write(format!("{}/{name}", name.len()), content);
        }
        all_outputs_are_harmless(&place);
    }
}

#[test]
fn hostile_text_does_no_harm_in_a_change() {
    let place = Place::repository();
    for (number, text) in TEXTS.iter().enumerate() {
        for (name, content) in lockfiles(&quoted(text)) {
            place.write(
                format!("{number}/{}/{name}", name.len()),
                content.replace("example.com", "example.org"),
            );
        }
    }
    place.commit_all();
    for (number, text) in TEXTS.iter().enumerate() {
        for (name, content) in lockfiles(&quoted(text)) {
            place.write(format!("{number}/{}/{name}", name.len()), content);
        }
    }
    all_outputs_are_harmless(&place);
    place.git("add --all");
    harmless(&place.lockproof("--staged").exits_any());
    // And where everything is gone.
    place.git("rm --quiet -r --force .");
    place.write("package.json", "{}");
    harmless(&place.lockproof("").exits_any());
}

/// No single text makes a report large.
#[test]
fn long_names_make_no_long_reports() {
    let place = Place::repository();
    let long = "abcdefg/".repeat(1 << 15);
    for (name, content) in lockfiles(&long) {
        place.write(format!("{}/{name}", name.len()), content);
    }
    all_outputs_are_harmless(&place);
    let text = place.lockproof("").exits_any();
    assert!(text.len() < 200_000, "{} bytes", text.len());
    assert!(text.lines().all(|line| line.chars().count() < 1000));
}

/// Nor does one that many findings would repeat.
#[test]
fn a_long_name_is_not_repeated_in_full() {
    let wheel = |number| {
        format!("  {{ url = \"https://files.example.com/a-{number}.whl\", hash = \"sha256:x{number}\" }},\n")
    };
    let wheels: String = (0..200).map(wheel).collect();
    let place = Place::repository();
    place.write(
        "uv.lock",
        format!(
            "version = 1\n\n[[package]]\nname = \"{}\"\nversion = \"1\"\n\
             source = {{ registry = \"https://index.example.com/\" }}\nwheels = [\n{wheels}]\n",
            "a".repeat(1 << 18)
        ),
    );
    for words in ["", "--format json"] {
        let started = Instant::now();
        let text = place.lockproof(words).exits(1);
        assert!(text.len() < 2_000_000, "{} bytes", text.len());
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    }
}

/// A whole lockfile in one line, with a fault in its middle.
#[test]
fn a_line_of_megabytes_is_drawn_in_part() {
    let hash = "A".repeat(86);
    let entries: Vec<String> = (0..25_000)
        .map(|number| {
            let integrity = if number == 12_000 { "sha1-AAAA" } else { "sha512-" };
            let rest = if number == 12_000 { String::new() } else { format!("{hash}==") };
            format!(
                "\"node_modules/p{number}\":{{\"version\":\"1.0.0\",\"resolved\":\
                 \"https://npm.example.com/p{number}/-/p{number}-1.0.0.tgz\",\"integrity\":\"{integrity}{rest}\"}}"
            )
        })
        .collect();
    let text = format!("{{\"lockfileVersion\":3,\"packages\":{{{}}}}}", entries.join(","));
    assert!(text.len() > 5_000_000);
    let place = Place::with(&[("package-lock.json", &text)]);
    let started = Instant::now();
    let said = place.lockproof("").exits(1);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert!(said.len() < 5_000 && said.contains("sha1-AAAA"), "{said}");
    // Every entry with a fault, on one line.
    place.write("package-lock.json", text.replace("https:", "http:"));
    let started = Instant::now();
    harmless(&place.lockproof("--no-base").exits(1));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

/// Two bytes are enough for a fault: the report stays within bounds, and says what it leaves out.
#[test]
fn a_file_of_nothing_but_faults_makes_no_endless_report() {
    let place = Place::repository();
    place.write("go.sum", "x\n".repeat(30_000));
    let report = place.lockproof("--format json").exits(1);
    assert!(report.len() < 12_000_000, "{}", report.len());
    assert!(report.contains(" more like it."));
}

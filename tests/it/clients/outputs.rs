//! Outputs, read by programs of others.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::repo::{Repo, shown};
use super::tool::{Tool, skip};

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas");

/// A repository with faults of several kinds, and a report of it in every form.
fn reported() -> Repo {
    let repo = Repo::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tampered");
    let take = |side: &str| {
        for name in ["package.json", "package-lock.json"] {
            repo.write(name, &std::fs::read_to_string(example.join(side).join(name)).unwrap());
        }
    };
    take("before");
    repo.write("a b/go.sum", "example.com/x v1.0.0 h1:wrong\n<tag> & \"quotes\" \u{202e}\n");
    repo.commit("Lock");
    take("after");
    let forms = ["sarif=x.sarif", "gitlab=gitlab.json", "junit=junit.xml"];
    let arguments: Vec<String> = forms.iter().map(|form| format!("--format={form}")).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = repo.lockproof(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    repo
}

/// The program behind npm's wrapper, which does not pass all arguments on, in a folder where it may be started.
fn multitool(folder: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let wrapper =
        std::env::split_paths(&path).map(|it| it.join("sarif-multitool-linux")).find(|it| it.exists());
    let Some(wrapper) = wrapper else {
        skip("sarif-multitool-linux is not installed");
        return None;
    };
    let package = std::fs::canonicalize(wrapper).unwrap();
    let program = folder.join("Sarif.Multitool");
    std::fs::copy(package.with_file_name("Sarif.Multitool"), &program).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    Some(program)
}

/// The rules of the standard and those of code scanning. The validator succeeds whatever it finds: its own report tells.
#[test]
fn sarif_is_what_code_scanning_takes() {
    let repo = reported();
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = multitool(folder.path()) else { return };
    let verdict = folder.path().join("verdict.sarif");
    let output = Command::new(program)
        .args([
            "validate",
            "x.sarif",
            "--rule-kind",
            "Sarif;Ghas",
            "--level",
            "Error;Warning",
            "--kind",
            "Fail",
        ])
        .args(["--log", "ForceOverwrite", "-o"])
        .arg(&verdict)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .current_dir(repo.path())
        .output()
        .unwrap();
    let text = std::fs::read_to_string(&verdict).unwrap_or_else(|_| panic!("{}", shown(&output)));
    let verdict: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    assert_eq!(verdict["runs"][0]["invocations"][0]["executionSuccessful"], true, "{verdict:#}");
    assert_eq!(verdict["runs"][0]["results"].as_array().map_or(0, Vec::len), 0, "{verdict:#}");
}

#[test]
fn json_is_what_its_schemas_say() {
    let repo = reported();
    let Some(check) = Tool::find("check-jsonschema") else { return };
    for (schema, document) in [("sarif-2.1.0.json", "x.sarif"), ("gitlab-code-quality.json", "gitlab.json")] {
        check.run(repo.path(), &["--schemafile", &format!("{SCHEMAS}/{schema}"), document]);
    }
}

#[test]
fn junit_is_what_jenkins_reads() {
    let repo = reported();
    let Some(xmllint) = Tool::find("xmllint") else { return };
    let schema = format!("{SCHEMAS}/jenkins-junit.xsd");
    xmllint.run(repo.path(), &["--noout", "--nonet", "--schema", &schema, "junit.xml"]);
}

/// A reader that counts for itself.
#[test]
fn junit_says_how_many_tests_failed() {
    let repo = reported();
    let Some(junitparser) = Tool::find("junitparser") else { return };
    let verified = junitparser.output(repo.path(), &["verify", "junit.xml"]);
    assert_eq!(verified.status.code(), Some(1), "{}", shown(&verified));
    junitparser.run(repo.path(), &["merge", "junit.xml", "merged.xml"]);
    let (ours, theirs) = (repo.read("junit.xml"), repo.read("merged.xml"));
    let failures =
        |text: &str| text.split(" failures=\"").nth(1).and_then(|it| it.split('"').next().map(str::to_owned));
    assert_eq!(failures(&ours), failures(&theirs), "{theirs}");
}

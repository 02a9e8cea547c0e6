//! Runs the steps of a composite action as a runner does: the files that steps write for each other, the environment, the
//! contexts, and the log.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use serde_json::{Value, json};

use super::commands::{self, Command};
use super::{expression, yaml};
use crate::support::{BINARY, Place, clean};

/// A job that uses the action.
pub(crate) struct Job<'j> {
    pub(crate) workspace: &'j Path,
    pub(crate) event_name: &'static str,
    pub(crate) event: Value,
    pub(crate) inputs: Vec<(&'static str, String)>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Programs that stand before those of the machine.
    pub(crate) programs: Option<PathBuf>,
    /// The action, where it is not this repository's.
    pub(crate) action: PathBuf,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
    pub(crate) commands: Vec<Command>,
    pub(crate) log: String,
}

impl<'j> Job<'j> {
    /// On what is checked out there, with the binary of this build.
    pub(crate) fn new(workspace: &'j Place, event_name: &'static str, event: Value) -> Job<'j> {
        let sha = workspace.git("rev-parse HEAD").trim_end().to_owned();
        Job {
            workspace: workspace.root(),
            event_name,
            event,
            inputs: vec![("binary", BINARY.to_owned())],
            environment: vec![
                ("GITHUB_SHA", sha),
                ("RUNNER_OS", "Linux".into()),
                ("RUNNER_ARCH", "X64".into()),
            ],
            programs: None,
            action: env!("CARGO_MANIFEST_DIR").into(),
        }
    }

    pub(crate) fn with(mut self, input: &'static str, value: impl Into<String>) -> Job<'j> {
        self.inputs.retain(|(name, _)| *name != input);
        self.inputs.push((input, value.into()));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Job<'j> {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn run(&self) -> Ran {
        let temporary = Place::folder();
        let action = yaml::read(&fs::read_to_string(self.action.join("action.yml")).unwrap());
        let mut contexts = self.contexts(&action);
        temporary.write("event.json", self.event.to_string());
        temporary.write("summary", "");
        let (mut log, mut code) = (String::new(), 0);
        for (number, step) in action["runs"]["steps"].as_array().unwrap().iter().enumerate() {
            let condition = step["if"].as_str().unwrap_or("success()");
            if !expression::holds(condition, &contexts) {
                continue;
            }
            let (status, said, outputs) = self.step(step, number, &contexts, &temporary);
            log.push_str(&said);
            if status != 0 {
                (code, contexts["failed"]) = (status, json!(true));
            }
            if let Some(id) = step["id"].as_str() {
                contexts["steps"][id] = json!({"outputs": outputs});
            }
        }
        let value = |output: &Value| expression::fill(output["value"].as_str().unwrap(), &contexts);
        Ran {
            code,
            outputs: entries(&action["outputs"])
                .map(|(name, output)| (name.clone(), value(output)))
                .collect(),
            summary: temporary.read("summary"),
            commands: commands::obey(&log),
            log,
        }
    }

    fn contexts(&self, action: &Value) -> Value {
        let github = json!({"event": self.event, "token": "", "event_name": self.event_name});
        let mut contexts = json!({"github": github, "steps": {}, "inputs": {}, "failed": false});
        for (name, _) in &self.inputs {
            assert!(action["inputs"].get(name).is_some(), "the action has no input {name}");
        }
        for (name, input) in entries(&action["inputs"]) {
            let given = self.inputs.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
            let default = || expression::fill(input["default"].as_str().unwrap_or_default(), &contexts);
            contexts["inputs"][name] = Value::String(given.unwrap_or_else(default));
        }
        contexts
    }

    /// The exit code, what was printed, and the outputs.
    fn step(&self, step: &Value, number: usize, contexts: &Value, temporary: &Place) -> (i32, String, Value) {
        assert_eq!(step["shell"], "bash", "a step of a composite action names its shell");
        let file = |name: &str| temporary.path(format!("{name}-{number}"));
        let script = expression::fill(step["run"].as_str().unwrap(), contexts);
        fs::write(file("script"), script).unwrap();
        fs::write(file("output"), "").unwrap();
        let log = fs::File::create(file("log")).unwrap();
        let mut process = Process::new("bash");
        process.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(file("script"));
        process.current_dir(self.workspace).stdin(Stdio::null());
        process.stdout(log.try_clone().unwrap()).stderr(log);
        clean(&mut process);
        if let Some(programs) = &self.programs {
            let path = std::env::var("PATH").unwrap();
            process.env("PATH", format!("{}:{path}", programs.display()));
        }
        process.env("GITHUB_ACTIONS", "true").env("GITHUB_ACTION_PATH", &self.action);
        process.env("GITHUB_WORKSPACE", self.workspace).env("GITHUB_EVENT_NAME", self.event_name);
        process.env("GITHUB_EVENT_PATH", temporary.path("event.json"));
        process.env("GITHUB_OUTPUT", file("output")).env("GITHUB_STEP_SUMMARY", temporary.path("summary"));
        process.env("GITHUB_SERVER_URL", "https://github.com").env("RUNNER_TEMP", temporary.root());
        process.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        for (name, value) in entries(&step["env"]) {
            process.env(name, expression::fill(value.as_str().unwrap(), contexts));
        }
        let status = process.status().unwrap().code().unwrap_or(-1);
        let said = String::from_utf8(fs::read(file("log")).unwrap()).expect("a log is UTF-8");
        (status, said, outputs(&fs::read_to_string(file("output")).unwrap()))
    }
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

/// `name=value`, or `name<<END`, lines, `END`.
fn outputs(text: &str) -> Value {
    let mut outputs = json!({});
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line.split_once("<<").filter(|(name, _)| !name.contains('=')) {
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != end).collect();
            outputs[name] = json!(value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            outputs[name] = json!(value);
        }
    }
    outputs
}

impl Ran {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// What commands of this name say.
    pub(crate) fn said(&self, name: &str) -> Vec<&str> {
        self.commands.iter().filter(|it| it.name == name).map(|it| it.data.as_str()).collect()
    }

    /// Checks that an error says so.
    #[track_caller]
    pub(crate) fn complains(&self, text: &str) {
        assert!(self.said("error").iter().any(|it| it.contains(text)), "`{text}` is not said: {self:#?}");
    }
}

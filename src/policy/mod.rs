//! `lockproof.toml`: what the repository has decided. Nothing in it is needed.
//!
//! [`PolicyFile`] is the file as it is written, [`Policy`] what it means. [`sides`] has the policies of both sides, and
//! [`compare`] says what one allows that the other does not.

pub mod compare;
#[cfg(feature = "cli")]
pub mod edit;
mod error;
pub mod exceptions;
mod file;
mod files;
mod git;
mod levels;
mod llmring;
mod registries;
pub mod sides;
mod tool;

use std::ops::Range;

use globset::GlobSet;

use crate::findings::finding::Level;
use crate::model::Ecosystem;
use crate::text::source::Source;
use crate::text::syntax::budget;

pub use error::PolicyError;
use error::Wrong;
use exceptions::Exception;
pub use file::PolicyFile;
use git::Git;
use levels::Levels;
use llmring::Llmring;
use registries::Registries;
pub use registries::Tie;
use tool::Modes;
pub use tool::ToolMode;

/// Where a policy may stand, the first that is there counts.
pub const FILES: [&str; 2] = ["lockproof.toml", ".config/lockproof.toml"];

/// The rule set that this lockproof has.
pub const RULE_SET: &str = "1";

/// Where packages may come from, and where the policy says so.
#[derive(Clone, Debug)]
struct Place {
    text: String,
    span: Range<usize>,
}

/// The policy, understood.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    registries: Registries,
    git: Git,
    levels: Levels,
    exclude: GlobSet,
    /// The globs of `exclude`, as written.
    excluded: Vec<Place>,
    exceptions: Vec<Exception>,
    tool_modes: Modes,
    llmring: Llmring,
}

impl Policy {
    /// `path` is what errors call the file.
    pub fn parse(path: &str, text: &str) -> Result<Policy, PolicyError> {
        // Its reader keeps more of each value than a hostile text may make it.
        if let Some(at) = budget::crowded(text) {
            let wrong = Wrong::new(at..at, "it holds more than any policy of its size".to_owned());
            return Err(wrong.of(path, text));
        }
        let file: Result<PolicyFile, _> = toml::from_str(text).map_err(Wrong::from);
        file.and_then(|file| Policy::understand(&file)).map_err(|wrong| wrong.of(path, text))
    }

    /// The policy in a file of one side. A text that breaks off is none: it must not be half obeyed.
    pub fn read(source: &Source) -> Result<Policy, PolicyError> {
        let path = source.side.spell(&source.path);
        match source.fault() {
            Some(fault) => {
                Err(Wrong::new(source.text().len()..source.text().len(), fault.message)
                    .of(&path, source.text()))
            }
            None => Policy::parse(&path, source.text()),
        }
    }

    fn understand(file: &PolicyFile) -> Result<Policy, Wrong> {
        if let Some(set) = file.rule_set.as_ref().filter(|set| set.get_ref() != RULE_SET) {
            return Err(Wrong::new(set.span(), format!("there is no rule set `{}` here", set.get_ref()))
                .help(format!("This lockproof has rule set {RULE_SET}; a newer one may have more.")));
        }
        let glob = |it: &toml::Spanned<String>| Place { text: it.get_ref().clone(), span: it.span() };
        Ok(Policy {
            registries: file.registries.understand()?,
            git: file.git.understand(),
            levels: Levels::understand(&file.rules, &file.overrides)?,
            exclude: file.files.understand()?,
            excluded: file.files.exclude.iter().map(glob).collect(),
            llmring: file.llmring.understand()?,
            exceptions: file.accept.iter().map(|it| it.understand()).collect::<Result<_, _>>()?,
            tool_modes: file.tool.understand(),
        })
    }

    /// Sets the level of a rule everywhere, `off` included; the last word counts.
    pub fn set_level(&mut self, id: &str, level: &str) -> Result<(), String> {
        self.levels.set(id, level)
    }

    /// What was decided for a rule in a file: nothing, off, or a level.
    pub fn level(&self, rule: &str, path: &str) -> Option<Option<Level>> {
        self.levels.of(rule, path)
    }

    /// Whether a rule is off, whatever the file.
    pub fn is_off(&self, rule: &str) -> bool {
        self.levels.is_off(rule)
    }

    /// Whether anything was decided for a rule, anywhere.
    pub fn mentions(&self, rule: &str) -> bool {
        self.levels.mentions(rule)
    }

    /// The level of what is a matter of mode in a tool lockfile.
    pub fn tool_level(&self, path: &str) -> Level {
        self.tool_modes.level(path)
    }

    /// One mode for all tool lockfiles.
    pub fn set_tool_mode(&mut self, mode: ToolMode) {
        self.tool_modes = Modes::all(mode);
    }

    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }

    /// Whether the policy says where an ecosystem's packages may come from.
    pub fn pins_registries(&self, ecosystem: Ecosystem) -> bool {
        self.registries.pins(ecosystem).is_some()
    }

    /// Whether the policy pins that place for an ecosystem.
    pub fn pins(&self, ecosystem: Ecosystem, place: &str) -> bool {
        self.registries.has(ecosystem, place)
    }

    /// The one registry that a name is tied to.
    pub fn tie(&self, ecosystem: Ecosystem, name: &str) -> Option<&Tie> {
        self.registries.tie(ecosystem, name)
    }

    pub fn allows_git(&self, repository: &str) -> bool {
        self.git.allows(repository)
    }

    /// The folder of the model registry's snapshot, from the root of the repository.
    pub fn registry(&self) -> Option<&str> {
        self.llmring.registry.as_ref().map(|it| it.text.as_str())
    }

    /// The SHA-256 that an archive of the model registry had when it was pinned, in hex.
    pub fn archive(&self, provider: &str, version: u64) -> Option<&str> {
        self.llmring.archives.get(&(provider.to_owned(), version)).map(|(hash, _)| hash.as_str())
    }

    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }
}

/// Whether a pinned place is this place or stands above it (also a folder of a repository: behind a `#`).
pub fn covers(pinned: &str, place: &str) -> bool {
    place
        .strip_prefix(pinned)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#']) || pinned.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;
    use crate::text::source::Side;

    fn policy(text: &str) -> Policy {
        Policy::parse("lockproof.toml", text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_policy_is_understood() {
        let policy = policy(
            "rule-set = '1'\n[registries]\nnpm = ['https://NPM.example.com/']\n[git]\nallow = ['https://git.example.com/acme/']\n\
             [rules]\nweak-integrity = 'error'\nversion-downgraded = 'off'\n[files]\nexclude = ['**/fixtures/**']",
        );
        assert!(policy.pins(Ecosystem::Npm, "https://npm.example.com"));
        assert!(!policy.pins(Ecosystem::Npm, "https://npm.example.com.evil.example"));
        assert!(policy.pins_registries(Ecosystem::Npm) && !policy.pins_registries(Ecosystem::Cargo));
        assert!(
            policy.allows_git("git.example.com/acme/x") && !policy.allows_git("git.example.com/acme-evil/x")
        );
        assert_eq!(policy.level("weak-integrity", "x"), Some(Some(Level::Error)));
        assert_eq!(policy.level("version-downgraded", "x"), Some(None));
        assert!(policy.excludes("a/fixtures/Cargo.lock") && !policy.excludes("Cargo.lock"));
    }

    #[test]
    fn names_are_tied_to_a_registry() {
        let policy = policy(
            "[registries.scoped]\n'@acme/' = 'https://npm.acme.example/'\n'@acme/open-' = 'https://npm.example.com'\n\
             '@corp' = 'https://corp.example.com'\n'pypi:acme-' = 'https://py.acme.example/simple'",
        );
        let tied = |ecosystem, name| policy.tie(ecosystem, name).map(Tie::registry);
        assert_eq!(tied(Ecosystem::Npm, "@acme/x"), Some("https://npm.acme.example"));
        assert_eq!(tied(Ecosystem::Npm, "@acme/open-x"), Some("https://npm.example.com"));
        assert_eq!(tied(Ecosystem::Npm, "@acme-evil/x"), None);
        assert_eq!(tied(Ecosystem::Npm, "@corp/x"), Some("https://corp.example.com"));
        assert_eq!(tied(Ecosystem::Npm, "@corporate/x"), None);
        assert_eq!(tied(Ecosystem::PyPi, "acme-x"), Some("https://py.acme.example/simple"));
        assert_eq!(tied(Ecosystem::Cargo, "acme-x"), None);
    }

    #[test]
    fn levels_depend_on_the_file() {
        let mut policy = policy(
            "[rules]\nweak-integrity = 'off'\nversion-downgraded = 'off'\n\
             [[override]]\npaths = ['legacy/**']\nrules = { weak-integrity = 'note' }\n\
             [[override]]\npaths = ['legacy/new/*']\nrules = { weak-integrity = 'error' }",
        );
        let level = |policy: &Policy, path| policy.level("weak-integrity", path);
        assert_eq!(level(&policy, "a/Cargo.lock"), Some(None));
        assert_eq!(level(&policy, "legacy/a/b"), Some(Some(Level::Note)));
        assert_eq!(level(&policy, "legacy/new/b"), Some(Some(Level::Error)));
        assert!(!policy.is_off("weak-integrity") && policy.is_off("version-downgraded"));
        let silent = "[[override]]\npaths = ['a/*']\nrules = { lockfile-only-change = 'error' }";
        let silent = Policy::parse("p", silent).unwrap();
        assert_eq!(silent.level("lockfile-only-change", "b/c"), Some(None));
        assert_eq!(silent.level("lockfile-only-change", "a/c"), Some(Some(Level::Error)));
        assert!(silent.mentions("lockfile-only-change") && !silent.is_off("lockfile-only-change"));
        policy.set_level("weak-integrity", "off").unwrap();
        assert_eq!(level(&policy, "legacy/a/b"), Some(None));
        assert!(policy.is_off("weak-integrity"));
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_a_place() {
        let hash = "0".repeat(64);
        let accept = |rest: &str| format!("[[accept]]\nsha256 = '{hash}'\n{rest}");
        for (text, expected) in [
            ("[file]\n", "1:2: there is no key `file` here. Did you mean `files`?"),
            ("[files]\nexclud = []", "2:1: there is no key `exclud` here. Did you mean `exclude`?"),
            ("[git]\nallow = 'x'", "2:9: invalid type: string \"x\", expected a sequence"),
            ("rules = '1'", "1:9: invalid type: string \"1\", expected a map"),
            (
                "rule-set = '2'",
                "1:12: there is no rule set `2` here. This lockproof has rule set 1; a newer one may have more.",
            ),
            (
                "[rules]\nweak-integrit = 'off'",
                "2:1: there is no rule `weak-integrit`. Did you mean `weak-integrity`?",
            ),
            ("[rules]\nweak-integrity = 'loud'", "2:18: `loud` is no level: error, warning, note or off"),
            ("[registries]\nnmp = []", "2:1: there is no ecosystem `nmp`. Did you mean `npm`?"),
            ("[registries]\nnpm = 'x'", "2:7: invalid type: string \"x\", expected a sequence"),
            ("[files]\nexclude = ['[']", "2:12: `[` is no glob: unclosed character class; missing ']'"),
            ("[llmring]\nregistri = 'x'", "2:1: there is no key `registri` here. Did you mean `registry`?"),
            (
                "[llmring]\nregistry = '../x'",
                "2:12: `../x` does not lie in the repository. `--registry DIR` takes any folder.",
            ),
            (
                "[llmring.archives]\nopenai = 'x'",
                "2:1: `openai` is no archive. Write it as \"provider/version\".",
            ),
            (
                "[llmring.archives]\n'openai/7' = 'x'",
                "2:14: a SHA-256 has 64 hex digits. `lockproof llmring bump` writes it.",
            ),
            (
                &accept("rule = 'weak-integrity'\nreason = 'x'"),
                "3:8: this exception names neither a `package` nor a `path`",
            ),
            (
                &accept("rule = 'weak-integrity'\npackage = 'left-pad'\nreason = 'x'"),
                "4:11: `left-pad` does not say which ecosystem it is of. Write it as `npm:left-pad`.",
            ),
            (
                &accept("rule = 'weak-integrity'\npath = 'x'\nreason = ' '"),
                "5:10: an exception needs a reason",
            ),
            (&accept("rule = 'weak-integrity'\npath = 'x'"), "1:1: missing field `reason`"),
            (
                &accept("rule = 'weak-integrity'\npath = 'x'\nreason = 'x'\nuntil = 12:00:00"),
                "6:9: an exception ends with a day: 2027-01-31",
            ),
            (
                &accept("rule = 'pin-rewritten'\npackage = 'npm:a@1'\nreason = 'x'"),
                "3:8: this exception needs a `path`: its rule speaks of tampering, so one finding is accepted, not its like",
            ),
            (
                &accept("rule = 'policy-changed'\npath = 'x'\nreason = 'x'"),
                "3:8: `policy-changed` speaks of this file: it can't be accepted in it",
            ),
            (
                "[[accept]]\nrule = 'weak-integrity'\npath = 'x'\nreason = 'x'\nsha256 = 'abc'",
                "5:10: a SHA-256 has 64 hex digits. `lockproof accept` writes it; `--format json` shows it under `values`.",
            ),
        ] {
            let error = Policy::parse("lockproof.toml", text).unwrap_err().to_string();
            assert_eq!(error, format!("lockproof.toml:{expected}"));
        }
        let tamper = Policy::parse("lockproof.toml", "[rules]\npin-rewritten = 'off'").unwrap_err();
        assert!(tamper.message.contains("speaks of tampering"));
        let tamper = "[[override]]\npaths = ['x']\nrules = { pin-rewritten = 'note' }";
        assert!(Policy::parse("lockproof.toml", tamper).unwrap_err().message.contains("speaks of tampering"));
    }

    #[test]
    fn half_a_policy_is_none() {
        let read = |bytes: &[u8]| Policy::read(&Source::new("p", Side::Index, bytes.to_vec()));
        assert_eq!(
            read(b"[git]\n\xff").unwrap_err().to_string(),
            ":p:2:1: the file is not UTF-8 from here on"
        );
        assert!(read(b"\xef\xbb\xbf[git]").is_ok());
    }

    #[test]
    fn packages_are_named_with_their_ecosystem() {
        let hash = "0".repeat(64);
        let spec = |package: &str| {
            let text = format!(
                "[[accept]]\nrule = 'weak-integrity'\npackage = '{package}'\nsha256 = '{hash}'\nreason = 'x'"
            );
            let exception = policy(&text).exceptions()[0].clone();
            exception.package.map(|it| (it.name, it.version))
        };
        let named = |name: &str, version: Option<&str>| Some((name.to_owned(), version.map(str::to_owned)));
        assert_eq!(spec("npm:left-pad"), named("left-pad", None));
        assert_eq!(spec("npm:@acme/x"), named("@acme/x", None));
        assert_eq!(spec("npm:@acme/x@1.0.0"), named("@acme/x", Some("1.0.0")));
        assert_eq!(spec("golang:example.com/m@v1.0.0"), named("example.com/m", Some("v1.0.0")));
    }

    /// What a reader copies from the page must be understood.
    #[test]
    fn every_snippet_of_the_page_is_understood() {
        let page = include_str!("../../docs/policy.md");
        let snippets: Vec<&str> =
            page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(snippets.len() >= 6, "{}", snippets.len());
        snippets.into_iter().for_each(|snippet| drop(policy(snippet)));
        assert!(rules::ALL.iter().filter(|rule| rule.is_of_policy()).all(|rule| page.contains(rule.id)));
    }
}

//! What a run is asked to do, once it has been understood. Nothing here knows how it was typed.

use std::path::PathBuf;

use serde::Serialize;

use crate::check::shard::Shard;
use crate::findings::finding::Level;
use crate::git::shorten;
use crate::text::calendar::Date;
use crate::text::escape::shell;

/// Which files are judged, and what they are compared with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files, folders, globs; everything when empty.
    pub paths: Vec<String>,
    /// The folder that `paths` are relative to; the repository is the one around it.
    pub folder: PathBuf,
    /// Where the user stands, if that is another folder: git starts hooks at the root.
    pub stands: Option<PathBuf>,
    pub head: Head,
    pub base: Base,
    /// Whether what the history of the head pinned is a witness too.
    pub history: bool,
    /// Whether findings that the base side has too count. By default they don't where a change is judged.
    pub scope: Option<Scope>,
    pub policy: PolicyFile,
    /// Which side the policy is read from. By default the base side where a revision is compared with, so that a
    /// change can't loosen what judges it.
    pub policy_from: Option<PolicyFrom>,
    /// Rules to run; all when empty.
    pub select: Vec<String>,
    pub ignore: Vec<String>,
    pub bytes: Bytes,
    /// An artifact that is not on the disk is a finding.
    pub bytes_required: bool,
    /// The share of the paths that is reported; all when absent.
    pub shard: Option<Shard>,
    /// A lockfile that nothing is checked of makes the run incomplete, unless the policy accepts it.
    pub require_coverage: bool,
    /// `RULE=LEVEL`, over the policy's.
    pub levels: Vec<(String, String)>,
    /// The day on which exceptions count or have ended, in UTC. Unknown, all that end have ended.
    pub today: Option<Date>,
    /// Seconds since 1970: an input like the others. What depends on the day is not judged without one.
    pub now: Option<i64>,
    /// A folder with a snapshot of the model registry, over the policy's.
    pub registry: Option<PathBuf>,
    /// The outcome is to be proven: then it counts which tree the index stands for.
    pub proof: bool,
    /// Threads; 0 is one for each processor.
    pub jobs: usize,
}

/// The side that is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Head {
    #[default]
    Worktree,
    Index,
    Revision(String),
}

/// The side that it is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// HEAD; for a revision, its first parent.
    #[default]
    Default,
    None,
    /// The merge base of this revision and the head.
    MergeBase(String),
    /// This very revision.
    Revision(String),
}

impl Base {
    fn is_named(&self) -> bool {
        matches!(self, Base::MergeBase(_) | Base::Revision(_))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Scope {
    #[default]
    All,
    New,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PolicyFile {
    /// `lockproof.toml` or `.config/lockproof.toml`, if there is one.
    #[default]
    Default,
    At(PathBuf),
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFrom {
    Base,
    Head,
}

/// Which artifacts are compared with what lockfiles pin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Bytes {
    Off,
    /// What lies in the repository, on the side that is judged.
    #[default]
    Repo,
    /// The caches of clients on this disk as well.
    All,
}

impl Options {
    /// Whether these options leave a rule on; the policy may still switch it off.
    pub fn runs(&self, rule: &str) -> bool {
        let selected = self.select.is_empty() || self.select.iter().any(|id| id == rule);
        selected && !self.ignore.iter().any(|id| id == rule)
    }

    /// The options of the command line that say what is compared.
    pub fn sides(&self) -> Vec<String> {
        let head = match &self.head {
            Head::Worktree => None,
            Head::Index => Some("--staged".to_owned()),
            Head::Revision(name) => Some(format!("--head {}", shell(&shorten(name)))),
        };
        let base = match &self.base {
            Base::Default => None,
            Base::None => Some("--no-base".to_owned()),
            Base::MergeBase(name) => Some(format!("--base {}", shell(&shorten(name)))),
            Base::Revision(name) => Some(format!("--against {}", shell(&shorten(name)))),
        };
        let history = self.history.then(|| "--history".to_owned());
        let bytes = (self.bytes == Bytes::All).then(|| "--bytes all".to_owned());
        [head, base, history, bytes].into_iter().flatten().collect()
    }

    pub fn scope(&self) -> Scope {
        let judges_a_change = self.head == Head::Index || self.base.is_named();
        self.scope.unwrap_or(if judges_a_change { Scope::New } else { Scope::All })
    }

    pub fn policy_from(&self) -> PolicyFrom {
        self.policy_from.unwrap_or(if self.base.is_named() { PolicyFrom::Base } else { PolicyFrom::Head })
    }
}

/// From which level on findings make a run fail; `None` is never.
pub type FailOn = Option<Level>;

//! What is wrong with a policy: a matter of configuration, not a finding.

use std::fmt;
use std::ops::Range;

use crate::rules::distance;
use crate::text::source::{Side, Source};

/// A policy that can't be understood, and where.
#[derive(Clone, Debug)]
pub struct PolicyError {
    /// As git would name it: `HEAD:lockproof.toml`.
    pub path: String,
    text: String,
    /// In bytes of the text.
    pub span: Range<usize>,
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// The same, before it is known in which file.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    span: Range<usize>,
    message: String,
    help: String,
}

impl Wrong {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Wrong {
        Wrong { span, message: message.into(), help: String::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Wrong {
        self.help = help.into();
        self
    }

    /// With the name that was probably meant, if there is one.
    pub(super) fn near<'n>(self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Wrong {
        let near = known.into_iter().map(|known| (distance(name, known), known)).min();
        match near.filter(|(far, known)| *far <= 3 && *far < known.len()) {
            Some((_, known)) => self.help(format!("Did you mean `{known}`?")),
            None => self,
        }
    }

    pub(super) fn of(self, path: &str, text: &str) -> PolicyError {
        PolicyError {
            path: path.to_owned(),
            text: text.to_owned(),
            span: self.span,
            message: self.message,
            help: self.help,
        }
    }
}

/// What the TOML reader and serde say, with the key that was probably meant.
impl From<toml::de::Error> for Wrong {
    fn from(error: toml::de::Error) -> Wrong {
        let wrong = Wrong::new(error.span().unwrap_or(0..0), error.message().replace('\n', " "));
        let Some(names) = error.message().strip_prefix("unknown field ") else { return wrong };
        // "unknown field `a`, expected one of `b`, `c`": every other part stands between backticks.
        let mut names = names.split('`').skip(1).step_by(2);
        let name = names.next().unwrap_or_default();
        let known: Vec<&str> = names.collect();
        let message = format!("there is no key `{name}` here");
        let near = Wrong { message, ..wrong }.near(name, known.iter().copied());
        if !near.help.is_empty() {
            return near;
        }
        near.help(format!("There are {}.", known.join(", ")))
    }
}

impl PolicyError {
    /// The file, for drawing.
    pub fn source(&self) -> Source {
        Source::new(self.path.clone(), Side::Worktree, self.text.clone().into_bytes())
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.source().place(self.span.start);
        write!(f, "{}:{}:{}: {}", self.path, place.line, place.column, self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, ". {}", self.help) }
    }
}

impl std::error::Error for PolicyError {}

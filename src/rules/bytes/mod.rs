//! Rules about bytes: what lies on this disk, beside what the lockfile pins. They read [`crate::findings::facts`].

pub mod artifact_mismatch;
pub mod metadata_mismatch;
pub mod missing_artifact;
pub mod unpacked_source_changed;
pub mod vendored_file_changed;

use crate::findings::facts::{Altered, Fact, How};
use crate::model::{Lockfile, Package};
use crate::world::Context;
use crate::world::commands::Help;

/// The entry that a fact is about.
fn entry<'a>(lockfile: &'a Lockfile<'a>, fact: &Fact) -> Option<&'a Package<'a>> {
    lockfile.packages.get(fact.package)
}

/// `src/lib.rs was edited, and 2 more files differ`
fn differences(altered: &[Altered]) -> String {
    let Some(first) = altered.first() else { return "its files do not hash to what is pinned".to_owned() };
    let verb = match first.how {
        How::Edited => "was edited",
        How::Missing => "is missing",
        How::Added => "was added",
        How::Link => "is a link",
        How::Pins(_) => "names another archive",
    };
    match altered.len() - 1 {
        0 => format!("{} {verb}", first.path),
        1 => format!("{} {verb}, and 1 more file differs", first.path),
        more => format!("{} {verb}, and {more} more files differ", first.path),
    }
}

/// What to do about a copy in the repository.
fn history(cx: &Context<'_>, at: &str, what: &str) -> Help {
    let log = cx.git("log --stat --", at).map(|it| format!("{it} shows who changed it."));
    Help::from(what).and(log.unwrap_or_default())
}

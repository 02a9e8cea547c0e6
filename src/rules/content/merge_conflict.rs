//! A lockfile has conflict markers in it.
//!
//! Some clients accept them and take one side without a word (`npm ci` does), so a conflict that was committed still
//! installs: what it installs was reviewed by nobody.
//!
//! ```diff go.sum
//! +<<<<<<< ours
//!  ^^^^^^^^^^^^ a conflict begins here
//!  example.com/m v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//! +=======
//! +example.com/m v1.0.0 h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//! +>>>>>>> theirs
//! ```
//!
//! Take one side whole (`git checkout --ours go.sum`), then let the package manager lock again.

use memchr::memmem;

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "merge-conflict",
    level: Level::Error,
    tamper: true,
    families: Family::ALL,
    docs: include_str!("merge_conflict.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(at) = marker(lockfile.source) else { return };
    report
        .file(lockfile, at, format!("{} has conflict markers in it.", lockfile.source.path))
        .label("a conflict begins here")
        .help(cx.take_ours(lockfile));
}

/// The first line that is a conflict marker. Only those that say which side they belong to: a row of equals signs may
/// be anything.
pub fn marker(source: &Source) -> Option<&str> {
    let text = source.text();
    let find = |mark: &str| {
        let line_start = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
        let ends =
            |at: &usize| matches!(text.as_bytes().get(at + mark.len()), None | Some(b' ' | b'\n' | b'\r'));
        memmem::find_iter(text.as_bytes(), mark).filter(line_start).find(ends)
    };
    let at = [find("<<<<<<<"), find("|||||||"), find(">>>>>>>")].into_iter().flatten().min()?;
    text[at..].lines().next()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn a_marker_is_a_whole_line() {
        check("merge-conflict")
            .head("go.sum", "x v1 h1:{A} <<<<<<< a\n <<<<<<< b\n<<<<<<<<<< c\n=======\n")
            .finds(&[]);
        check("merge-conflict")
            .head("go.sum", "x v1 h1:{A}\r\n>>>>>>> theirs\r\n")
            .finds(&["go.sum:2:1 error go.sum has conflict markers in it."]);
    }
}

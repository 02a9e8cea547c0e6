//! A pointer of Git LFS stands where a lockfile should.
//!
//! What is committed is what a review sees, and what git can compare: of a lockfile in Git LFS that is a hash and a size.
//! The lockfile itself is on another server, where it can be looked at by nobody offline; and a clone without Git LFS has
//! no lockfile at all.
//!
//! ```diff package-lock.json
//! +version https://git-lfs.github.com/spec/v1
//! +oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
//!  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ all that is committed of it
//! +size 12345
//! ```
//!
//! Take the lockfile out of Git LFS: `git lfs untrack` its path, or give it `-filter` in `.gitattributes`; then `git add
//! --renormalize` it. Lockfiles are text, and git packs them well.

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::git::filters::POINTER;
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "lfs-pointer",
    level: Level::Error,
    tamper: false,
    families: Family::ALL,
    docs: include_str!("lfs_pointer.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    if !is_pointer(lockfile.source) {
        return;
    }
    let text = lockfile.source.text();
    // Another file has another hash: that is what an exception accepts, and what tells a change.
    let at =
        text.lines().find(|line| line.starts_with("oid ")).or_else(|| text.lines().next()).unwrap_or(text);
    let path = &lockfile.source.path;
    report
        .file(lockfile, at, format!("{path} is a pointer of Git LFS: what it pins can't be checked."))
        .label("all that is committed of it")
        .help(pull(cx, path));
}

fn pull(cx: &Context<'_>, path: &str) -> String {
    let renormalize = cx.git("add --renormalize", path);
    let fetch =
        renormalize.map(|it| format!(" `git lfs pull` fetches the file itself, {it} commits it as it is."));
    format!("Give {path} `-filter` in .gitattributes.{}", fetch.unwrap_or_default())
}

/// Whether a file is nothing but a pointer. (Git LFS itself takes nothing longer for one.)
pub fn is_pointer(source: &Source) -> bool {
    let normal = source.text().len() < 1024 && source.text().starts_with(POINTER.trim_end());
    normal && source.broken_at.is_none()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:{HEX}\nsize 9\n";

    #[test]
    fn it_is_the_only_fault_of_a_pointer() {
        for path in ["Cargo.lock", "package-lock.json", "pnpm-lock.yaml", "uv.lock", "go.sum", "llmring.lock"]
        {
            let found = check("lfs-pointer").head(path, POINTER).all();
            let rules: Vec<_> = found.iter().map(|it| it.rule).collect();
            assert_eq!(rules, ["lfs-pointer"], "{path}");
        }
    }

    #[test]
    fn another_pointer_is_another_fault() {
        let other = POINTER.replace("{HEX}", &"0".repeat(64));
        let change = || check("lfs-pointer").base("go.sum", POINTER);
        assert_eq!(change().head("go.sum", POINTER).fresh().len(), 0);
        assert_eq!(change().head("go.sum", &other).fresh().len(), 1);
    }
}

//! Where tool lockfiles stand, and what their place says of them.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A folder of lockfiles, and a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'p> {
    /// The folder of the project, with a slash at its end; empty for the root.
    pub project: &'p str,
    /// The store, without a slash at its end.
    pub base: &'p str,
    /// The path in the store.
    pub below: &'p str,
}

/// The store that a file stands in: `.ai/lockfiles`, or `lockfiles` as until February 2026 and in documents.
pub fn place(path: &str) -> Option<Place<'_>> {
    let at = |folder: &str| {
        let inner = path.rfind(&format!("/{folder}")).map(|at| at + 1);
        inner.or_else(|| path.starts_with(folder).then_some(0)).map(|at| (at, at + folder.len()))
    };
    let (start, end) = at(".ai/lockfiles/").or_else(|| at("lockfiles/"))?;
    Some(Place { project: &path[..start], base: &path[..end - 1], below: &path[end..] })
}

/// The folder of the project that a lockfile belongs to, with a slash at its end.
pub fn project(path: &str) -> &str {
    let in_ai = path.rfind("/.ai/").map(|at| at + 1).or_else(|| path.starts_with(".ai/").then_some(0));
    in_ai.map(|end| &path[..end]).or_else(|| place(path).map(|it| it.project)).unwrap_or_default()
}

/// A file that is a lockfile of tools by where it stands, whatever is in it.
pub fn is_lockfile(path: &str) -> bool {
    path.ends_with(".lock.json") && place(path).is_some_and(|it| it.base.ends_with(".ai/lockfiles"))
}

/// What a file beside lockfiles is to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion<'p> {
    /// A tool, by its path below `.ai/tools/`.
    Tool(&'p str),
    /// An index of a store.
    Index,
    /// A public key that the project trusts.
    Key,
}

/// What is read beside tool lockfiles, and the project that it belongs to.
pub fn companion(path: &str) -> Option<(&str, Companion<'_>)> {
    if path.ends_with("lockfiles/.index.json") {
        return place(path).filter(|it| it.below == ".index.json").map(|it| (it.project, Companion::Index));
    }
    let at = path.rfind("/.ai/").map(|at| at + 1).or_else(|| path.starts_with(".ai/").then_some(0))?;
    let (project, inner) = (&path[..at], &path[at + 4..]);
    let tool = inner.strip_prefix("tools/").filter(|it| is_tool_name(it)).map(Companion::Tool);
    let is_key = inner.starts_with("trusted_keys/") && inner.ends_with(".pem");
    tool.or(is_key.then_some(Companion::Key)).map(|it| (project, it))
}

/// Extensions that a tool may have. Others are documents and data.
pub const EXTENSIONS: [&str; 12] =
    ["py", "yaml", "yml", "js", "mjs", "cjs", "ts", "sh", "bash", "rb", "json", "toml"];

fn is_tool_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && EXTENSIONS.contains(&end))
}

/// The path as bytes: cheap to ask of every path of a repository.
pub fn may_be_companion(path: &[u8]) -> bool {
    first(path).is_some() || path.ends_with(b"/.index.json")
}

/// Where in a path the first place of tools begins: what is below it is judged by its whole path from there.
pub fn first(path: &[u8]) -> Option<usize> {
    static INSIDE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"/.ai/"));
    if path.starts_with(b".ai/") { Some(0) } else { INSIDE.find(path).map(|at| at + 1) }
}

/// The folder above a file in a store: Kiwi's category.
pub fn category(below: &str) -> &str {
    below.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What stands behind `id@version` in a file name: nothing, or a chain hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'p> {
    Plainly,
    ByChain(&'p str),
    /// It names another tool or version.
    Otherwise,
}

/// How a file is named, given what it should be called.
pub fn named<'p>(name: &'p str, id: &str, version: &str) -> Named<'p> {
    let rest = name
        .strip_suffix(".lock.json")
        .and_then(|it| it.strip_prefix(id)?.strip_prefix('@')?.strip_prefix(version));
    match rest {
        Some("") => Named::Plainly,
        Some(rest) => match rest.strip_prefix('.').filter(|it| is_chain_hash(it)) {
            Some(hash) => Named::ByChain(hash),
            None => Named::Otherwise,
        },
        None => Named::Otherwise,
    }
}

fn is_chain_hash(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether an id, a version or a path of an index stays where it is put: below its store.
pub fn stays_below(path: &str) -> bool {
    let is_absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    !is_absolute && !path.contains(['\\', '\0']) && path.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_found_in_both_layouts() {
        let of = |path: &'static str| place(path).map(|it| (it.project, it.base, it.below));
        assert_eq!(of(".ai/lockfiles/a/b@1.lock.json"), Some(("", ".ai/lockfiles", "a/b@1.lock.json")));
        assert_eq!(
            of("x/y/.ai/lockfiles/b@1.lock.json"),
            Some(("x/y/", "x/y/.ai/lockfiles", "b@1.lock.json"))
        );
        assert_eq!(of("x/lockfiles/b@1.lock.json"), Some(("x/", "x/lockfiles", "b@1.lock.json")));
        assert_eq!(of("x/my-lockfiles/b@1.lock.json"), None);
        assert!(is_lockfile(".ai/lockfiles/x.lock.json") && !is_lockfile("lockfiles/x.lock.json"));
    }

    #[test]
    fn companions_are_tools_keys_and_indexes() {
        assert_eq!(companion("p/.ai/tools/a/b.py"), Some(("p/", Companion::Tool("a/b.py"))));
        assert_eq!(companion(".ai/trusted_keys/00.pem"), Some(("", Companion::Key)));
        assert_eq!(companion("p/lockfiles/.index.json"), Some(("p/", Companion::Index)));
        for path in
            [".ai/tools/README.md", ".ai/tools/x.pyc", "ai/tools/x.py", "x/.index.json", ".ai/tools/.py"]
        {
            assert_eq!(companion(path), None, "{path}");
        }
    }

    #[test]
    fn names_are_read_by_what_they_should_be() {
        assert_eq!(named("a@1.0.0-beta.1.lock.json", "a", "1.0.0-beta.1"), Named::Plainly);
        assert_eq!(named("a@1.0.0.201621e7ba91.lock.json", "a", "1.0.0"), Named::ByChain("201621e7ba91"));
        assert_eq!(named("a@b@1.lock.json", "a@b", "1"), Named::Plainly);
        assert_eq!(named("a@1.0.1.lock.json", "a", "1.0.0"), Named::Otherwise);
    }

    #[test]
    fn nothing_leaves_its_store() {
        for path in ["../x", "a/../../x", "/x", "a//b", "a\\b", "c:x", ".", "", "a\0"] {
            assert!(!stays_below(path), "{path}");
        }
        assert!(stays_below("rye/core/x@1.0.0.lock.json"));
    }
}

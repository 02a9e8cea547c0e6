//! URLs as lockfiles write them: judged byte by byte, because what a lenient parser repairs is what an attacker uses.
//!
//! A *place* is where packages come from: scheme, host and path without the tail that names one package, in a form
//! that compares equal for `http` and `https`, default ports, letter case of the host and trailing slashes.

use std::borrow::Cow;

use crate::model::{Git, forge};

/// The parts of `scheme://userinfo@host:port/path?query#fragment`, as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Url<'a> {
    pub scheme: &'a str,
    pub userinfo: Option<&'a str>,
    pub host: &'a str,
    pub port: Option<&'a str>,
    /// With its leading slash.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// Nothing for a text without `scheme://`.
    pub fn split(text: &'a str) -> Option<Url<'a>> {
        let (scheme, rest) = text.split_once("://")?;
        if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return None;
        }
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (userinfo, host) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
        // The colons of an IPv6 address stand in brackets.
        let port_at = host.rfind(':').filter(|&at| !host[at..].contains(']'));
        let (host, port) = port_at.map_or((host, None), |at| (&host[..at], Some(&host[at + 1..])));
        Some(Url { scheme, userinfo, host, port, path, query, fragment })
    }

    /// The transport: `git+https` and `sparse+https` are `https`.
    pub fn transport(&self) -> &'a str {
        self.scheme.rsplit_once('+').map_or(self.scheme, |(_, transport)| transport)
    }

    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// A URL in the form in which places are compared.
pub fn place(text: &str) -> Cow<'_, str> {
    let bare = strip_kind(text);
    if is_plain(bare) {
        return Cow::Borrowed(bare.trim_end_matches('/'));
    }
    let Some(url) = Url::split(bare) else { return Cow::Borrowed(bare.trim_end_matches('/')) };
    let default_port =
        matches!((url.scheme, url.port), ("https", Some("443")) | ("http", Some("80")) | (_, Some("")));
    let is_canonical = url.scheme == "https"
        && url.userinfo.is_none()
        && (url.port.is_none() || !default_port)
        && !url.host.bytes().any(|b| b.is_ascii_uppercase())
        && url.query.is_none()
        && url.fragment.is_none();
    if is_canonical {
        return Cow::Borrowed(bare.trim_end_matches('/'));
    }
    let scheme = if url.scheme == "http" { "https" } else { url.scheme };
    let port = url.port.filter(|_| !default_port).map(|port| format!(":{port}")).unwrap_or_default();
    Cow::Owned(format!(
        "{scheme}://{}{port}{}",
        url.host.to_ascii_lowercase(),
        url.path.trim_end_matches('/')
    ))
}

/// The shape that nearly every URL has: `https`, and nothing in it that has a meaning of its own. Neither has two dots
/// or two hyphens together, so no path climbs and no host is punycode.
pub fn is_plain(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let mut before = 0;
    rest.bytes().fold(true, |plain, b| {
        let is_word = matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'/' | b'_');
        let repeats = b == before && (b == b'.' || b == b'-');
        before = b;
        plain & is_word & !repeats
    })
}

/// Cargo says in front of the URL which protocol the index speaks; the place is the same.
fn strip_kind(text: &str) -> &str {
    let text = text.strip_prefix("registry+").unwrap_or(text);
    text.strip_prefix("sparse+").unwrap_or(text)
}

/// The place of an archive that an npm-like registry serves: what stands before `/<name>/-/` or another path that
/// names the package. Nothing when the URL does not name it: then it is no registry's.
pub fn npm_registry<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    if let Some(before) = before_file(text, name) {
        return Some(place(before));
    }
    let url = Url::split(text)?;
    let path_at = text.len() - tail(&url) - url.path.len();
    match find_segment(url.path, name) {
        Some(at) => Some(place(&text[..path_at + at])),
        None => Some(place(before_any_file(text)?)),
    }
}

/// What stands before another package's `/<name>/-/`: the registry is right, the package is not.
fn before_any_file(text: &str) -> Option<&str> {
    let (folder, _) = split_file(text)?;
    let (before, _) = folder.rsplit_once('/')?;
    let scoped = before.rsplit_once('/').filter(|(_, scope)| scope.starts_with('@'));
    let before = scoped.map_or(before, |(above, _)| above);
    (before.len() > "https://".len()).then_some(before)
}

/// What stands before `/<name>/-/`, the common case.
fn before_file<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (folder, _) = split_file(text)?;
    folder.strip_suffix(name)?.strip_suffix('/').filter(|before| before.len() > "https://".len())
}

/// A URL of the common layout of npm registries: what stands on either side of a last `/-/`.
pub fn split_file(text: &str) -> Option<(&str, &str)> {
    let end = memchr::memchr2(b'?', b'#', text.as_bytes()).unwrap_or(text.len());
    let at = memchr::memrchr(b'/', &text.as_bytes()[..end])?;
    Some((text[..at].strip_suffix("/-")?, &text[at + 1..end]))
}

/// Where `/<name>` stands as whole path segments, the slash of a scope possibly encoded.
fn find_segment(path: &str, name: &str) -> Option<usize> {
    // An owner or a repository may have the package's name as well.
    if forge::repository_end(path).is_some() {
        return None;
    }
    let ends = |at: usize| matches!(path.as_bytes().get(at), Some(b'/'));
    let find = |name: &str| {
        let needle = memchr::memmem::find_iter(path.as_bytes(), name.as_bytes());
        needle
            .filter(|&at| at > 0 && path.as_bytes()[at - 1] == b'/' && ends(at + name.len()))
            .map(|at| at - 1)
            .last()
    };
    find(name).or_else(|| {
        let (scope, bare) = name.split_once('/')?;
        find(&format!("{scope}%2f{bare}")).or_else(|| find(&format!("{scope}%2F{bare}")))
    })
}

/// The version in the address of an archive of a registry: in the file's name where that has the common layout
/// (`…/-/<name without scope>-<version>.tgz`), else the segment behind the name.
pub fn npm_version<'u>(name: &str, text: &'u str) -> Option<&'u str> {
    let bare = name.rsplit('/').next().unwrap_or(name);
    if let Some((_, file)) = split_file(text) {
        return Some(without_end(file.strip_prefix(bare)?.strip_prefix('-')?));
    }
    let path = Url::split(text)?.path;
    let segments = &path[find_segment(path, name)? + 1..];
    let behind = segments.strip_prefix(name).and_then(|rest| rest.strip_prefix('/'));
    // The slash of its scope is encoded: then the name is one segment.
    let behind = behind.or_else(|| segments.split_once('/').map(|(_, rest)| rest))?;
    let version = without_end(behind.strip_prefix("-/").unwrap_or(behind).split('/').next()?);
    (version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.')).then_some(version)
}

fn without_end(file: &str) -> &str {
    [".tgz", ".TGZ", ".tar.gz", ".zip"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file)
}

/// The place of an archive at any other URL: host and first path segment, which on a forge is the owner.
pub fn archive_place(text: &str) -> Cow<'_, str> {
    let Some(url) = Url::split(text) else { return Cow::Borrowed(text) };
    let owner = url.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let end = text.len() - url.path.len() - tail(&url);
    let has_more = url.path.trim_start_matches('/').contains('/');
    place(&text[..if has_more { end + 1 + owner.len() } else { end }])
}

fn tail(url: &Url<'_>) -> usize {
    url.query.map_or(0, |it| it.len() + 1) + url.fragment.map_or(0, |it| it.len() + 1)
}

/// The place of a file that an index keeps: host and first path segment, unless that one already belongs to the file.
/// `https://files.example.com/packages` of `https://files.example.com/packages/ab/cd/0123…/name-1.0.whl`.
pub fn file_place<'a>(text: &'a str, name: &str, version: &str) -> Cow<'a, str> {
    let Some(url) = Url::split(text) else { return Cow::Borrowed(text) };
    let first = url.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let names_one = first == name || first == version || first.len() < 2 || is_hash(first);
    if names_one { place(&text[..text.len() - tail(&url) - url.path.len()]) } else { archive_place(text) }
}

fn is_hash(segment: &str) -> bool {
    segment.len() >= 2 && segment.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The last segment of the path, without query and fragment.
pub fn file_name(text: &str) -> &str {
    let end = memchr::memchr2(b'?', b'#', text.as_bytes()).unwrap_or(text.len());
    let start = memchr::memrchr(b'/', &text.as_bytes()[..end]).map_or(0, |at| at + 1);
    &text[start..end]
}

/// A git source in any of the spellings that clients write; nothing when it is none.
pub fn git(text: &str) -> Option<Git<'_>> {
    // Most sources are archives of a registry, and this is asked of all.
    if text.starts_with("https://") && text.ends_with(".tgz") {
        return None;
    }
    let (address, fragment) = cut(text, '#');
    let (address, query) = cut(address, '?');
    let repository = repository(address)?;
    let pairs =
        || query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='));
    let asked = pairs().find(|(key, _)| matches!(*key, "rev" | "branch" | "tag")).map(|(_, value)| value);
    let mut fragments = fragment.into_iter().flat_map(|it| it.split('&'));
    let fragment = fragments.find(|it| !it.is_empty() && folder_of(it).is_none());
    let commit = fragment.filter(|it| is_commit(it));
    let reference = asked.or(fragment.filter(|_| commit.is_none()));
    let repository = match folder(text) {
        Some(folder) => Cow::Owned(in_folder(&repository, folder)),
        None => repository,
    };
    Some(Git { repository, reference: reference.map(Cow::Borrowed), commit: commit.map(Cow::Borrowed) })
}

/// The branch, tag or commit that the address of a git repository asks for: in its query, in its fragment (npm), or behind
/// its path (pip).
pub fn reference(text: &str) -> Option<&str> {
    let (address, fragment) = cut(text, '#');
    let (address, query) = cut(address, '?');
    let pairs = query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='));
    let mut asked = pairs.filter(|(key, _)| matches!(*key, "rev" | "branch" | "tag")).map(|(_, value)| value);
    let fragment = || {
        let mut parts = fragment?.split('&');
        parts.find(|it| {
            !it.is_empty() && folder_of(it).is_none() && !it.starts_with("semver:") && !it.contains('=')
        })
    };
    let behind = || Some(address[address.rfind('/')? + 1..].split_once('@')?.1);
    asked.next().or_else(fragment).or_else(behind).filter(|it| !it.is_empty())
}

/// Whether a reference can only be the id of a commit, or the beginning of one.
pub fn is_revision(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The folder of a repository or of an archive that an address asks for: in its query (uv) or its fragment (pip, pnpm).
pub fn folder(text: &str) -> Option<&str> {
    let at = memchr::memchr2(b'?', b'#', text.as_bytes())?;
    text[at + 1..].split(['&', '#']).find_map(folder_of)
}

fn folder_of(part: &str) -> Option<&str> {
    part.strip_prefix("subdirectory=").or_else(|| part.strip_prefix("path:"))
}

/// A place, and the folder in it: two folders of one repository are two packages.
pub fn in_folder(place: &str, folder: &str) -> String {
    let folder = folder.replace("%2F", "/").replace("%2f", "/");
    let parts: Vec<_> = folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { place.to_owned() } else { format!("{place}#subdirectory={}", parts.join("/")) }
}

/// Host and path of a git repository, however it is addressed.
fn repository(address: &str) -> Option<Cow<'_, str>> {
    if let Some(url) = Url::split(address) {
        let is_git = address.starts_with("git") || url.scheme == "ssh";
        if !is_git {
            return None;
        }
        let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
        // `ssh://git@host:owner/repo` has a colon where others have a slash.
        let port = if port[port.len().min(1)..].bytes().all(|b| b.is_ascii_digit()) {
            port
        } else {
            port.replacen(':', "/", 1)
        };
        return Some(Cow::Owned(format!(
            "{}{port}{}",
            url.host.to_ascii_lowercase(),
            strip_git(strip_reference(url.path))
        )));
    }
    let (host, path) = address.strip_prefix("git@").unwrap_or(address).split_once(':')?;
    let path = strip_git(path);
    let shape = path.split('/').count() == 2 && !path.starts_with('/') && !path.contains(' ');
    match host {
        // Shorthands of the npm world: the forge by name.
        "github" | "gitlab" | "bitbucket" | "gist" if shape || host == "gist" => {
            let top = if host == "bitbucket" { "org" } else { "com" };
            Some(Cow::Owned(format!("{host}.{top}/{path}")))
        }
        _ if address.starts_with("git@") => Some(Cow::Owned(format!("{}/{path}", host.to_ascii_lowercase()))),
        _ => None,
    }
}

/// pip and its kin write the reference behind the path: `/owner/repo.git@v1`.
fn strip_reference(path: &str) -> &str {
    let last = path.rfind('/').unwrap_or_default();
    path[last..].find('@').map_or(path, |at| &path[..last + at])
}

pub(super) fn strip_git(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
}

/// A full object id: SHA-1, or SHA-256 in repositories of the newer format.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Where userinfo stands in any URL of a text, for masking: the bytes between `://` and `@`.
pub fn userinfo_spans(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut spans = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let end = rest.find(|c: char| "/?#\"'<>|".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
        if let Some(length) = rest[..end].rfind('@').filter(|&length| length > 0) {
            spans.push(start..start + length);
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_split_into_what_stands_there() {
        let url = Url::split("git+ssh://git@Host.example:22/o/r.git?x=1#abc").unwrap();
        assert_eq!((url.scheme, url.transport(), url.userinfo), ("git+ssh", "ssh", Some("git")));
        assert_eq!((url.host, url.port, url.path), ("Host.example", Some("22"), "/o/r.git"));
        assert_eq!((url.query, url.fragment), (Some("x=1"), Some("abc")));
        assert_eq!(
            Url::split("https://[::1]:8080/x").map(|u| (u.host, u.port)),
            Some(("[::1]", Some("8080")))
        );
        assert!(Url::split("https://[::1]/x").unwrap().is_loopback());
        assert_eq!(Url::split("./local"), None);
    }

    #[test]
    fn places_compare_equal_when_they_are_one() {
        for text in [
            "https://registry.example.com/",
            "http://registry.example.com",
            "https://REGISTRY.example.com:443/",
            "https://user:secret@registry.example.com/",
            "sparse+https://registry.example.com/",
        ] {
            assert_eq!(place(text), "https://registry.example.com", "{text}");
        }
        assert_ne!(place("https://registry.example.com:8443"), place("https://registry.example.com"));
    }

    #[test]
    fn a_registry_is_what_stands_before_the_name() {
        let of = |text, name| npm_registry(text, name).map(Cow::into_owned);
        let plain = Some("https://registry.example.com".to_owned());
        assert_eq!(of("https://registry.example.com/left-pad/-/left-pad-1.3.0.tgz", "left-pad"), plain);
        assert_eq!(of("https://registry.example.com/@a/b/-/b-1.0.0.tgz", "@a/b"), plain);
        assert_eq!(of("https://registry.example.com/@a%2fb/-/b-1.0.0.tgz", "@a/b"), plain);
        let nested = of("https://host.example.com/api/npm/x/left-pad/-/left-pad-1.3.0.tgz", "left-pad");
        assert_eq!(nested.as_deref(), Some("https://host.example.com/api/npm/x"));
        let owner = of("https://host.example.com/download/@a/b/1.0.0/0123456789", "@a/b");
        assert_eq!(owner.as_deref(), Some("https://host.example.com/download"));
        assert_eq!(of("https://host.example.com/o/r/archive/x.tar.gz", "left-pad"), None);
        assert_eq!(of("https://registry.example.com/@x/other/-/other-1.3.0.tgz", "left-pad"), plain);
    }

    #[test]
    fn archives_of_forges_are_no_registrys() {
        for text in [
            "https://codeload.github.com/lit/dist/tar.gz/0123456789012345678901234567890123456789",
            "https://codeload.github.com/uuid/uuid/tar.gz/v1.0.0",
            "https://github.com/lit/lit/archive/refs/tags/v1.tar.gz",
            "https://git.example.com/o/lit/-/archive/v1/lit-v1.tar.gz",
        ] {
            assert!(["lit", "dist", "uuid"].iter().all(|name| npm_registry(text, name).is_none()), "{text}");
        }
    }

    #[test]
    fn an_address_has_the_version_where_its_layout_has_it() {
        let of = |text, name| npm_version(name, text);
        assert_eq!(of("https://registry.example.com/@a/b/-/b-1.0.0-rc.1.tgz", "@a/b"), Some("1.0.0-rc.1"));
        assert_eq!(of("https://host.example.com/download/@a/b/1.0.0/0123456789", "@a/b"), Some("1.0.0"));
        assert_eq!(of("https://host.example.com/~/1/@a/b__c/1.0.0.tgz", "@a/b__c"), Some("1.0.0"));
        assert_eq!(of("https://host.example.com/b/-/1.0.0/b-1.0.0.tgz", "b"), Some("1.0.0"));
        assert_eq!(of("https://host.example.com/b/download/b-1.0.0.tgz", "b"), None);
    }

    #[test]
    fn other_archives_keep_the_owner() {
        assert_eq!(
            archive_place("https://host.example.com/acme/r/tar.gz/1#x"),
            "https://host.example.com/acme"
        );
        assert_eq!(archive_place("https://host.example.com/x.tgz"), "https://host.example.com");
    }

    #[test]
    fn files_under_hashes_come_from_one_place() {
        let text = "https://files.example.com/packages/ab/cd/00ff00ff00ff/six-1.16.0.tar.gz";
        assert_eq!(file_place(text, "six", "1.16.0"), "https://files.example.com/packages");
        for text in
            ["https://host.example.com/six/1.16.0/six-1.16.0.tar.gz", "https://host.example.com/ab/x.whl"]
        {
            assert_eq!(file_place(text, "six", "1.16.0"), "https://host.example.com");
        }
    }

    #[test]
    fn git_sources_are_one_however_they_are_spelled() {
        let commit = "0123456789012345678901234567890123456789";
        for text in [
            "git+https://git.example.com/o/r.git#{}",
            "git+ssh://git@git.example.com/o/r.git#{}",
            "git+ssh://git@git.example.com:o/r#{}",
            "git@git.example.com:o/r.git#{}",
            "git://git.example.com/o/r#{}",
            "git+https://git.example.com/o/r?rev=v1#{}",
        ] {
            let text = text.replace("{}", commit);
            let it = git(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (&*it.repository, it.commit.as_deref()),
                ("git.example.com/o/r", Some(commit)),
                "{text}"
            );
        }
        let branch = git("git+https://git.example.com/o/r?branch=main").unwrap();
        assert_eq!((branch.reference.as_deref(), branch.commit), (Some("main"), None));
        assert_eq!(git("https://registry.example.com/a/-/a-1.0.0.tgz"), None);
        assert_eq!(git("https://git.example.com/o/r.git#0123456789012345678901234567890123456789"), None);
        assert_eq!(
            git("git+https://git.example.com/o/r?branch=0123456789012345678901234567890123456789")
                .unwrap()
                .commit,
            None
        );
        assert_eq!(git("file:../x"), None);
    }

    #[test]
    fn a_folder_of_a_repository_is_a_place_of_its_own() {
        for text in [
            "git+https://git.example.com/o/r?subdirectory=a%2Fb&rev=v1#0123456789012345678901234567890123456789",
            "git+https://git.example.com/o/r.git@v1#subdirectory=a/b",
            "git+https://git.example.com/o/r.git@v1#egg=x&subdirectory=./a/b/",
            "git+https://git.example.com/o/r#0123456789012345678901234567890123456789&path:/a/b",
        ] {
            let it = git(text).unwrap();
            assert_eq!(it.repository, "git.example.com/o/r#subdirectory=a/b", "{text}");
            assert_eq!(it.commit.is_some(), text.contains("0123456789"), "{text}");
        }
    }

    #[test]
    fn userinfo_is_found_wherever_it_stands() {
        let text = "\"https://u:p@host/x\", git+ssh://git@host, https://host/a@b";
        let found: Vec<_> = userinfo_spans(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, ["u:p", "git"]);
    }
}

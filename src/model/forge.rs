//! What forges make of a repository: archives of its commits, and pages that show it.

use std::borrow::Cow;

use crate::model::Git;
use crate::model::url::{Url, is_commit, strip_git};

/// What forges put behind a repository in the address of an archive that they make of it.
const ARCHIVES: &[&str] = &[
    "/-/archive/",
    "/archive/",
    "/get/",
    "/legacy.tar.gz/",
    "/legacy.zip/",
    "/raw/",
    "/releases/",
    "/repository/archive",
    "/tar.gz/",
    "/tarball/",
    "/zip/",
    "/zipball/",
];

/// Where the repository ends in a path, if it is that of an archive that a forge makes of one: at least an owner and a
/// name stand in front, and no scope.
pub(super) fn repository_end(path: &str) -> Option<usize> {
    let scope = path.find('@').unwrap_or(path.len());
    let name = 1 + path.get(1..)?.find('/')?;
    let cuts = path.match_indices('/').map(|(at, _)| at).take_while(|&at| at <= scope);
    let opens = |&at: &usize| ARCHIVES.iter().any(|word| path[at..].starts_with(word));
    cuts.skip(2).filter(|&at| at > name).find(opens).or_else(|| {
        let of_api = path.contains("/projects/").then(|| path.find("/repository/archive"));
        of_api.flatten()
    })
}

/// The repository whose commit a forge serves as an archive at an address.
pub fn archive_of_commit(text: &str) -> Option<Git<'static>> {
    let url = Url::split(text)?;
    let end = repository_end(url.path)?;
    let of_query = || {
        let mut pairs = url.query?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, value)| matches!(*key, "ref" | "sha") && is_commit(value)).map(|(_, commit)| commit)
    };
    let commit = commit_in_path(&url.path[end..]).or_else(of_query)?;
    Some(at_forge(&url, &url.path[..end], commit))
}

/// The repository whose commit stands in an address that says no more of itself.
pub fn commit_at(text: &str) -> Option<Git<'static>> {
    let url = Url::split(text)?;
    let commit = commit_in_path(url.path)?;
    let before = url.path.find(commit).map_or("", |at| &url.path[..at]);
    let parts: Vec<_> = before.split('/').filter(|part| !part.is_empty()).take(2).collect();
    Some(at_forge(&url, &parts.join("/"), commit))
}

/// The repository that a page of a known forge shows, as npm's clients know it by its address; its fragment asks for a
/// branch, tag or commit, as does the folder of one. Other pages, and archives, are no repository.
pub fn shown_at(text: &str) -> Option<Git<'_>> {
    let url = Url::split(text).filter(|url| matches!(url.scheme, "https" | "http") && url.query.is_none())?;
    let host = url.host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let path = url.path.trim_matches('/');
    let is_archive = [".tgz", ".tar.gz", ".tar", ".zip"].iter().any(|end| path.ends_with(end));
    let (repository, reference) = match host {
        "github.com" => path.split_once("/tree/").map_or((path, None), |(path, tree)| (path, Some(tree))),
        "gitlab.com" if !path.split('/').any(|part| part == "-") => (path, None),
        "bitbucket.org" => (path, None),
        _ => return None,
    };
    // Groups of the one nest, owners of the others don't.
    let parts = repository.split('/').count();
    if is_archive
        || parts < 2
        || parts > 2 && host != "gitlab.com"
        || repository.split('/').any(str::is_empty)
    {
        return None;
    }
    let asked = url.fragment.filter(|it| !it.is_empty() && !it.contains([':', '=', '&'])).or(reference);
    Some(Git {
        repository: Cow::Owned(format!("{host}/{}", strip_git(repository))),
        reference: asked.map(Cow::Borrowed),
        commit: None,
    })
}

/// A code host serves the repositories of a forge under another name, and an API has more in front of theirs.
fn at_forge(url: &Url<'_>, repository: &str, commit: &str) -> Git<'static> {
    let repository = repository.trim_start_matches('/');
    let host = url.host.to_ascii_lowercase();
    let (host, repository) = match &*host {
        "codeload.github.com" => ("github.com", repository),
        "api.github.com" => ("github.com", repository.strip_prefix("repos/").unwrap_or(repository)),
        host => (host, repository.rsplit_once("projects/").map_or(repository, |(_, encoded)| encoded)),
    };
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let repository = repository.replace("%2F", "/").replace("%2f", "/");
    Git {
        repository: Cow::Owned(format!("{host}{port}/{}", strip_git(&repository))),
        reference: None,
        commit: Some(Cow::Owned(commit.to_owned())),
    }
}

/// A commit id as one of a path's segments: forges serve a commit's tree as an archive at such a URL.
fn commit_in_path(path: &str) -> Option<&str> {
    path.split('/')
        .find(|segment| {
            let bare = segment.trim_end_matches(".tar.gz").trim_end_matches(".tgz").trim_end_matches(".zip");
            is_commit(bare)
        })
        .map(|segment| segment.split('.').next().unwrap_or(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_of_a_commit_is_its_repository() {
        let commit = "0123456789012345678901234567890123456789";
        for (text, repository) in [
            ("https://codeload.github.com/o/r/tar.gz/{}", "github.com/o/r"),
            ("https://github.com/o/r/archive/{}.tar.gz", "github.com/o/r"),
            ("https://api.github.com/repos/o/r/tarball/{}", "github.com/o/r"),
            ("https://git.example.com:8443/o/r/archive/{}.tar.gz", "git.example.com:8443/o/r"),
            ("https://git.example.com/g/s/r/-/archive/{}/r-{}.tar.gz", "git.example.com/g/s/r"),
            ("https://git.example.com/o/r/repository/archive.tar.gz?ref={}", "git.example.com/o/r"),
            (
                "https://git.example.com/api/v4/projects/o%2Fr/repository/archive.tar.gz?sha={}",
                "git.example.com/o/r",
            ),
            ("https://git.example.com/o/r/get/{}.tar.gz", "git.example.com/o/r"),
        ] {
            let git = archive_of_commit(&text.replace("{}", commit)).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&*git.repository, git.commit.as_deref()), (repository, Some(commit)), "{text}");
        }
        for text in [
            "https://codeload.github.com/o/r/tar.gz/v1.0.0",
            "https://registry.example.com/download/@o/archive/1.0.0/0123456789012345678901234567890123456789",
            "https://registry.example.com/download/@o/r/1.0.0/0123456789012345678901234567890123456789",
        ] {
            assert_eq!(archive_of_commit(text), None, "{text}");
        }
    }

    #[test]
    fn a_page_shows_its_repository() {
        let of = |text| shown_at(text).map(|it| (it.repository, it.reference.map(Cow::into_owned)));
        for (text, repository, reference) in [
            ("https://github.com/o/a", "github.com/o/a", None),
            ("https://github.com/o/a/", "github.com/o/a", None),
            ("http://www.github.com/o/a.git", "github.com/o/a", None),
            ("https://github.com/o/a.git#v1", "github.com/o/a", Some("v1")),
            ("https://github.com/o/a/tree/v1", "github.com/o/a", Some("v1")),
            ("https://github.com/o/a#semver:^1", "github.com/o/a", None),
            ("https://gitlab.com/g/s/a", "gitlab.com/g/s/a", None),
            ("https://bitbucket.org/o/a.git", "bitbucket.org/o/a", None),
        ] {
            assert_eq!(of(text), Some((repository.into(), reference.map(str::to_owned))), "{text}");
        }
        for text in [
            "https://github.com/o",
            "https://github.com/o/a.tgz",
            "https://github.com/o/a/archive/v1.tar.gz",
            "https://github.com/o/a/tarball/v1",
            "https://gitlab.com/g/a/-/archive/v1/a-v1.tar.gz",
            "https://git.example.com/o/a",
            "git@github.com:o/a",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}

//! Which commit a revision means. A name that means two is refused: whoever may push a tag could else choose what a change
//! is compared with.

use git2::{ErrorCode, ObjectType, Oid};

use super::{Repo, RepoError, git_error};

/// Where git looks for a name: what stands before it, and behind it.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

impl Repo {
    pub(super) fn commit(&self, name: &str) -> Result<git2::Commit<'_>, RepoError> {
        let missing = || RepoError::Revision { name: name.to_owned(), shallow: self.git.is_shallow() };
        self.check_named(name).map_err(git_error(format!("{name} can't be read")))?;
        self.refuse_ambiguous(name)?;
        let found = self.git.revparse_single(name).and_then(|object| object.peel_to_commit());
        found.or_else(|error| match error.code() {
            ErrorCode::Ambiguous => self.abbreviated(name),
            _ => Err(missing()),
        })
    }

    /// Looks at what a revision leads to before libgit2 does.
    fn check_named(&self, name: &str) -> Result<(), git2::Error> {
        // A name or an id leads to one object, or a tag to two; anything else may lead through a history.
        let named = self.git.resolve_reference_from_short_name(name).ok().and_then(|it| it.target());
        match named.or_else(|| Oid::from_str(name).ok().filter(|_| name.len() == 40)) {
            Some(id) => self.check_tagged(id),
            None => self.loose.check_all(),
        }
    }

    /// Two references of one name that are not the same commit, or one that is called like another commit's id.
    fn refuse_ambiguous(&self, name: &str) -> Result<(), RepoError> {
        let name = split(name).0;
        // What is checked out has this name, whatever else has. A whole id is nothing but an id.
        if matches!(name, "" | "@" | "HEAD") || is_hex(name) && name.len() == 40 {
            return Ok(());
        }
        let mut meanings: Vec<(String, Oid)> = Vec::new();
        for (before, behind) in PLACES {
            let full = format!("{before}{name}{behind}");
            // Not a name that git allows, or not there: then it means nothing.
            let found = self.git.find_reference(&full).and_then(|it| it.resolve());
            let Ok(reference) = found else { continue };
            let id = reference.target();
            id.map_or(Ok(()), |id| self.check_tagged(id))
                .map_err(git_error(format!("{full} can't be read")))?;
            // What is no commit is nothing to compare with.
            let Ok(commit) = reference.peel_to_commit() else { continue };
            meanings.push((full, commit.id()));
        }
        if !meanings.is_empty() && (4..40).contains(&name.len()) && is_hex(name) {
            meanings.extend(self.commits(name).map(|id| (id.to_string(), id)));
        }
        match meanings.iter().find(|(_, id)| *id != meanings[0].1) {
            Some((other, _)) => Err(RepoError::Ambiguous {
                name: name.to_owned(),
                meanings: [meanings[0].0.clone(), other.clone()],
            }),
            None => Ok(()),
        }
    }

    /// The only commit whose id begins so; other objects may.
    fn abbreviated(&self, name: &str) -> Result<git2::Commit<'_>, RepoError> {
        let (prefix, rest) = split(name);
        let mut ids = self.commits(prefix);
        match (ids.next(), ids.next()) {
            (Some(one), None) => self.commit(&format!("{one}{rest}")),
            (Some(one), Some(other)) => Err(RepoError::Ambiguous {
                name: prefix.to_owned(),
                meanings: [one, other].map(|id| id.to_string()),
            }),
            (None, _) => Err(RepoError::Revision { name: name.to_owned(), shallow: self.git.is_shallow() }),
        }
    }

    /// All commits whose id begins so, in order.
    fn commits(&self, prefix: &str) -> impl Iterator<Item = Oid> + use<> {
        let prefix = prefix.to_ascii_lowercase();
        let mut ids = Vec::new();
        if let Ok(objects) = self.git.odb() {
            // An object that can't be read is no commit that could be compared with.
            let is_commit = |id: Oid| {
                self.loose.check(id).is_ok()
                    && objects.read_header(id).is_ok_and(|(_, kind)| kind == ObjectType::Commit)
            };
            let _ = objects.foreach(|id| {
                if id.to_string().starts_with(&prefix) && is_commit(*id) {
                    ids.push(*id);
                }
                true
            });
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
    }
}

/// The name in a revision, and what leads on from there.
fn split(revision: &str) -> (&str, &str) {
    let ends = [revision.find(['^', '~', ':']), revision.find("@{")];
    revision.split_at(ends.into_iter().flatten().min().unwrap_or(revision.len()))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Git;

    fn id(git: &Git, name: &str) -> String {
        String::from_utf8(git.run(["rev-parse", name])).unwrap().trim().to_owned()
    }

    fn resolve(git: &Git, name: &str) -> Result<String, String> {
        let repo = Repo::open(git.path()).unwrap().unwrap();
        repo.revision(name).map(|commit| commit.id).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_of_two_commits_is_refused() {
        let git = Git::new();
        git.commit(&["a"]);
        let first = id(&git, "HEAD");
        git.run(["tag", "origin/main"]);
        git.run(["branch", "v1"]);
        git.run(["tag", "v1"]);
        assert_eq!(resolve(&git, "v1").unwrap(), first);
        git.commit(&["b"]);
        git.run(["update-ref", "refs/remotes/origin/main", "HEAD"]);
        git.run(["branch", "--force", "v1", "HEAD"]);
        for (name, one, other) in [
            ("origin/main", "refs/tags/origin/main", "refs/remotes/origin/main"),
            ("origin/main~0", "refs/tags/origin/main", "refs/remotes/origin/main"),
            ("v1^{commit}", "refs/tags/v1", "refs/heads/v1"),
            ("heads/v1", "", ""),
        ] {
            match resolve(&git, name) {
                Err(error) => {
                    assert!(!one.is_empty() && error.contains(one) && error.contains(other), "{error}")
                }
                Ok(_) => assert_eq!(one, "", "{name}"),
            }
        }
        assert_eq!(resolve(&git, "refs/tags/v1").unwrap(), first);
        git.run(["update-ref", "refs/tags/HEAD", &first]);
        assert_ne!(resolve(&git, "HEAD").unwrap(), first);
    }

    #[test]
    fn a_branch_may_be_called_like_another_commit() {
        let git = Git::new();
        git.commit(&["a"]);
        let first = id(&git, "HEAD");
        git.commit(&["b"]);
        assert_eq!(resolve(&git, &first[..8]).unwrap(), first);
        git.run(["branch", &first[..8]]);
        let error = resolve(&git, &first[..8]).unwrap_err();
        assert!(error.contains(&format!("refs/heads/{}", &first[..8])) && error.contains(&first), "{error}");
        assert_eq!(resolve(&git, &first).unwrap(), first);
    }
}

//! What takes several commits, and a real repository.

use lockproof::read::options::{Base, Head, Options};

use super::Grade::Error;
use super::repository::swapped;
use super::{Act, Operator, Pick};
use crate::tamper::git::Repo;
use crate::tamper::scene::Scene;
use crate::tamper::tree::Tree;
use crate::tools::Failure;

const NO_ADDRESS: (&str, &str) = ("go", "the registries of Go are no matter of the repository");

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "deleted in one commit, added again in the next",
        grade: Error,
        why: "a pull request is compared with its base, not commit by commit",
        except: &[],
        act: Act::History(|scene, repo| {
            let Some(head) = swapped(scene, Pick::Kept) else { return Ok(None) };
            let mut without = scene.head.clone();
            without.remove(scene.path);
            repo.commit(scene.base, "Base")?;
            repo.branch("topic")?;
            repo.commit(&without, "Remove")?;
            repo.commit(&head, "Lock again")?;
            Ok(Some(pull_request(repo)))
        }),
    },
    Operator {
        name: "merge that edits what its other parent brought",
        grade: Error,
        why: "against the first parent it is a new release, and only the second knows its hash",
        except: &[],
        act: Act::History(|scene, repo| merged(scene, repo, Pick::New)),
    },
    Operator {
        name: "merge that edits what both parents have",
        grade: Error,
        why: "no parent explains it",
        except: &[],
        act: Act::History(|scene, repo| merged(scene, repo, Pick::Kept)),
    },
    Operator {
        name: "policy loosened in the same change",
        grade: Error,
        why: "what is judged must not choose its judge",
        except: &[NO_ADDRESS],
        act: Act::History(|scene, repo| {
            let moved = scene.edit(|lock, random| {
                let kept = lock.shuffled(random).into_iter().filter(|it| it.is_hashed() && it.is_kept());
                kept.into_iter().find_map(|entry| super::addresses::host(&entry, "evil.example.net"))
            });
            let Some(mut head) = moved else { return Ok(None) };
            let id = scene.format.ecosystem.id();
            let everything = "\"https://registry.example.com/\", \"https://evil.example.net/\"";
            head.insert("lockproof.toml".into(), format!("[registries]\n{id} = [{everything}]\n"));
            repo.commit(scene.base, "Base")?;
            repo.branch("topic")?;
            repo.commit(&head, "Upgrade")?;
            Ok(Some(pull_request(repo)))
        }),
    },
    Operator {
        name: "exception added in the same change",
        grade: Error,
        why: "as above",
        except: &[],
        act: Act::History(|scene, repo| {
            let Some(mut head) = swapped(scene, Pick::Kept) else { return Ok(None) };
            head.insert("lockproof.toml".into(), excuses(scene, &head));
            repo.commit(scene.base, "Base")?;
            repo.branch("topic")?;
            repo.commit(&head, "Accept")?;
            Ok(Some(pull_request(repo)))
        }),
    },
];

fn pull_request(repo: &Repo) -> Options {
    Options { folder: repo.folder().to_owned(), base: Base::MergeBase("main".into()), ..Options::default() }
}

/// The topic has the honest change; the merge has that, and one hash of its own.
fn merged(scene: &Scene<'_>, repo: &Repo, pick: Pick) -> Result<Option<Options>, Failure> {
    let Some(head) = swapped(scene, pick) else { return Ok(None) };
    repo.commit(scene.base, "Base")?;
    repo.branch("topic")?;
    repo.commit(scene.head, "Upgrade")?;
    repo.switch("main")?;
    let mut other = scene.base.clone();
    other.insert("README.md".into(), "Something else.\n".into());
    repo.commit(&other, "Say something else")?;
    let mut head = head;
    head.insert("README.md".into(), "Something else.\n".into());
    repo.merge("topic", &head)?;
    let head = Head::Revision("HEAD".into());
    Ok(Some(Options { folder: repo.folder().to_owned(), head, ..Options::default() }))
}

/// An exception for every release that the change edits.
fn excuses(scene: &Scene<'_>, head: &Tree) -> String {
    let findings = crate::tamper::tree::judge(scene.base, head).unwrap_or_default();
    let excuse = |finding: &lockproof::findings::finding::Finding| {
        let package = finding.package.as_ref()?;
        let release = format!("{}:{}", package.ecosystem, package.name);
        Some(format!(
            "[[accept]]\nrule = \"{}\"\npackage = \"{release}\"\nreason = \"trust me\"\nuntil = 2999-01-01\n\n",
            finding.rule
        ))
    };
    findings.iter().filter_map(excuse).collect()
}

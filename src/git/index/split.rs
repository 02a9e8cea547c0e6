//! A split index: a small file that says what changed since a large one, the shared index, was written.
//!
//! Split index is a section of gitformat-index(5): "If both 'delete' and 'replace' bitmaps are set for an entry, it is
//! deleted". What replaces comes first, in the order of what is replaced and mostly without a path; what is new follows.

use std::io::Read;

use super::entries::{self, Paths};
use super::{Entry, Error, FIXED, Id, Link, Scanned, open, scan};

/// Visits every entry, as [`scan`](super::scan) does for an index that is not split. `shared` opens the shared index.
pub fn scan_split<R: Read>(
    index: impl Read,
    shared: impl FnOnce(&Id) -> std::io::Result<R>,
    mut visit: impl FnMut(&Entry<'_>),
) -> Result<Scanned, Error> {
    let (mut window, version, count) = open(index)?;
    let mut own: Vec<Owned> = Vec::new();
    entries::visit_all(&mut window, version, count, Paths::MayBeLeftOut, |entry| {
        own.push(Owned::new(entry))
    })?;
    let (cache_tree, link) = super::read_all_extensions(&window.into_rest()?)?;
    let link = link.ok_or(Error::Split)?;
    let merged = match &link.shared {
        Some(id) => merge(own, shared(id).map_err(|error| Error::Unreadable(error.kind()))?, &link)?,
        None => own,
    };
    merged.iter().for_each(|it| visit(&it.entry()));
    Ok(Scanned { version, entries: merged.len(), cache_tree })
}

/// An entry that is kept.
struct Owned {
    path: Vec<u8>,
    fixed: [u8; FIXED],
    extended: u16,
}

impl Owned {
    fn new(entry: &Entry<'_>) -> Owned {
        Owned { path: entry.path.to_vec(), fixed: *entry.fixed, extended: entry.extended }
    }

    fn entry(&self) -> Entry<'_> {
        Entry { path: &self.path, fixed: &self.fixed, extended: self.extended }
    }

    fn order(&self) -> (&[u8], u8) {
        (&self.path, self.entry().stage())
    }
}

fn merge(own: Vec<Owned>, shared: impl Read, link: &Link) -> Result<Vec<Owned>, Error> {
    let mut base: Vec<Option<Owned>> = Vec::new();
    scan(shared, |entry| base.push(Some(Owned::new(entry))))?;
    let mut own = own.into_iter();
    for at in ones(&link.replaced, base.len())? {
        let (Some(new), Some(Some(old))) = (own.next(), base.get_mut(at)) else { return Err(Error::BadLink) };
        (old.fixed, old.extended) = (new.fixed, new.extended);
    }
    for at in ones(&link.deleted, base.len())? {
        *base.get_mut(at).ok_or(Error::BadLink)? = None;
    }
    let mut merged: Vec<Owned> = base.into_iter().flatten().chain(own).collect();
    merged.sort_by(|a, b| a.order().cmp(&b.order()));
    let twins = merged.windows(2).any(|pair| pair[0].order() == pair[1].order());
    let nameless = merged.first().is_some_and(|first| first.path.is_empty());
    if twins || nameless { Err(Error::BadLink) } else { Ok(merged) }
}

/// The positions of the bits that are set, of an EWAH bitmap (git's ewah/ewok.h): words that say how many words of equal
/// bits follow, and how many words as they are. None may lie behind `limit`, so a small file can't spell out endless ones.
fn ones(words: &[u64], limit: usize) -> Result<Vec<usize>, Error> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let run = (word >> 1 & 0xffff_ffff) as usize * 64;
        if word & 1 == 1 {
            let end =
                at.checked_add(run).filter(|end| *end <= limit.next_multiple_of(64)).ok_or(Error::BadLink)?;
            found.extend(at..end);
        }
        at = at.checked_add(run).ok_or(Error::BadLink)?;
        for _ in 0..word >> 33 {
            let literal = words.next().ok_or(Error::BadLink)?;
            found.extend((0..64).filter(|bit| literal >> bit & 1 == 1).map(|bit| at + bit));
            at = at.checked_add(64).ok_or(Error::BadLink)?;
        }
    }
    if found.last().is_some_and(|last| *last >= limit) { Err(Error::BadLink) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::git::testing::Git;

    /// Path, stage and id, as `git ls-files --stage` tells them, through both readers.
    #[track_caller]
    fn same_as_git(git: &Git) {
        let listed = String::from_utf8(git.run(["ls-files", "--stage", "-z"])).unwrap();
        let mut told = String::new();
        let index = || File::open(git.file(".git/index")).unwrap();
        assert_eq!(scan(index(), |_| {}).unwrap_err(), Error::Split);
        let shared = |id: &Id| {
            File::open(git.file(&format!(".git/sharedindex.{}", data_encoding::HEXLOWER.encode(id))))
        };
        let scanned = scan_split(index(), shared, |entry| {
            let id = data_encoding::HEXLOWER.encode(&entry.id());
            let path = String::from_utf8_lossy(entry.path);
            told.push_str(&format!("{:o} {id} {}\t{path}\0", entry.mode(), entry.stage()));
        })
        .unwrap();
        assert_eq!(told, listed);
        assert_eq!(scanned.entries, listed.matches('\0').count());
    }

    #[test]
    fn replaced_deleted_and_new_entries_are_merged() {
        for version in ["2", "4"] {
            let git = Git::new();
            let names: Vec<String> = (0..300).map(|it| format!("d{}/f{it}", it % 7)).collect();
            git.commit(&names.iter().map(String::as_str).collect::<Vec<_>>());
            git.run(["config", "splitIndex.maxPercentChange", "100"]);
            git.run(["update-index", &format!("--index-version={version}")]);
            git.run(["update-index", "--split-index"]);
            same_as_git(&git);
            for name in ["d0/f0", "d1/f71", "d2/f142", "a new one", "d3/in between", "zz"] {
                git.write(name, "something else");
                git.run(["add", name]);
            }
            same_as_git(&git);
            git.run(["rm", "--quiet", "--cached", "d4/f4", "d5/f5", "d6/f6"]);
            same_as_git(&git);
            git.run(["rm", "--quiet", "-r", "--cached", "d1", "d2", "d3"]);
            same_as_git(&git);
        }
    }

    #[test]
    fn a_bitmap_that_says_too_much_is_refused() {
        let all_ones = |words: u64| [1 | words << 1];
        assert_eq!(ones(&all_ones(1), 64).unwrap().len(), 64);
        assert_eq!(ones(&all_ones(0xffff_ffff), 64), Err(Error::BadLink));
        assert_eq!(ones(&all_ones(1), 63), Err(Error::BadLink));
        assert_eq!(ones(&[1 << 33], 64), Err(Error::BadLink));
        assert_eq!(ones(&[1 << 33 | 2, 5], 130).unwrap(), [64, 66]);
    }
}

//! What stands in the worktree is not always what is committed: git translates, or has a program translate. Here the
//! worktree's bytes become what `git add` would make of them, as far as that needs no program of anybody's.
//!
//! Line endings are not among it: they are no change anywhere.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use git2::{AttrCheckFlags, AttrValue};
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use super::{Repo, RepoError, blob_id, git_error};
use crate::disk;
use crate::disk::Refused;
use crate::text::source::Source;

/// How a pointer of Git LFS begins.
pub const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n";

/// What git does with one file of the worktree before it commits it.
#[derive(Debug, Default)]
pub struct Filters {
    program: Option<Program>,
    /// `working-tree-encoding`
    encoding: Option<String>,
    ident: bool,
}

#[derive(Debug)]
enum Program {
    Lfs,
    Other(String),
}

const NAME: &str = ".gitattributes";

/// Attributes that change what is committed, line endings aside.
const ATTRIBUTES: [&str; 3] = ["filter", "working-tree-encoding", "ident"];

impl Repo {
    /// Whether any of these texts, or of the files outside of the worktree, says something of filters. Asking for each path
    /// is only worth it then.
    pub fn has_filters(&self, texts: impl IntoIterator<Item = Vec<u8>>) -> Result<bool, RepoError> {
        let mut outside = Vec::new();
        for path in self.attributes_outside().into_iter().flatten() {
            match disk::read(&path, Source::LIMIT) {
                Ok(text) => outside.extend(text),
                // Of a user's own file, git says so and goes on.
                Err(Refused::Unreadable { .. }) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        let says =
            |text: &Vec<u8>| ATTRIBUTES.iter().any(|name| memmem::find(text, name.as_bytes()).is_some());
        Ok(outside.iter().any(says) || texts.into_iter().any(|text| says(&text)))
    }

    fn attributes_outside(&self) -> [Option<PathBuf>; 3] {
        let own = self.git.commondir().join("info/attributes");
        let of_user = self.of_user("core.attributesFile", "git/attributes");
        [Some(own), of_user, Some(PathBuf::from("/etc/gitattributes"))]
    }

    /// What git does with a path; nothing for most.
    pub fn filters(&self, path: &str) -> Result<Option<Filters>, RepoError> {
        self.check_around(Path::new(path), NAME, &self.attributes_outside())?;
        // Where the worktree has none, libgit2 takes the index's.
        let root = self.root()?;
        let folders = Path::new(path).ancestors().skip(1).map(|folder| folder.join(NAME));
        for file in folders.filter(|file| root.join(file).symlink_metadata().is_err()) {
            let staged = self.staged().and_then(|all| all.get(file.as_os_str().as_encoded_bytes()));
            let checked = staged.map_or(Ok(()), |staged| self.loose.check(staged.id));
            checked.map_err(git_error(format!("{} can't be read", file.display())))?;
        }
        Ok(self.filters_of(path))
    }

    fn filters_of(&self, path: &str) -> Option<Filters> {
        let value = |name: &str| {
            let bytes = self.git.get_attr_bytes(Path::new(path), name, AttrCheckFlags::default()).ok()?;
            match AttrValue::from_bytes(bytes) {
                AttrValue::True => Some("set".to_owned()),
                AttrValue::Bytes(text) => Some(String::from_utf8_lossy(text).into_owned()),
                AttrValue::String(text) => Some(text.to_owned()),
                AttrValue::False | AttrValue::Unspecified => None,
            }
        };
        let filters = Filters {
            program: value("filter").and_then(|name| self.program(&name)),
            encoding: value("working-tree-encoding").filter(|it| !it.eq_ignore_ascii_case("utf-8")),
            ident: value("ident").is_some(),
        };
        let any = filters.program.is_some() || filters.encoding.is_some() || filters.ident;
        any.then_some(filters)
    }

    /// The program of a filter. One that is not set up changes nothing.
    fn program(&self, name: &str) -> Option<Program> {
        let config = self.git.config().ok()?.snapshot().ok()?;
        let set =
            |key: &str| config.get_str(&format!("filter.{name}.{key}")).ok().filter(|it| !it.is_empty());
        let command = set("process").or_else(|| set("clean"))?;
        let is_lfs = command.starts_with("git-lfs ") || command.starts_with("git lfs ");
        Some(if is_lfs { Program::Lfs } else { Program::Other(name.to_owned()) })
    }
}

impl Filters {
    /// What git would commit of these bytes, which had these ids when it last took them; or why that can't be told.
    pub fn clean(&self, bytes: Vec<u8>, known: &[git2::Oid]) -> Result<Vec<u8>, String> {
        let bytes = match &self.program {
            None => bytes,
            Some(Program::Lfs) => pointer_to(bytes),
            // What a filter has made, it does not change again.
            Some(Program::Other(_)) if known.contains(&blob_id(&bytes)) => bytes,
            Some(Program::Other(name)) => {
                return Err(format!(
                    "git's filter `{name}` decides what is committed of it, and lockproof runs no filters\n  \
                     `git add` it and check with --staged; if it did not change, `git update-index --refresh`"
                ));
            }
        };
        let bytes = match &self.encoding {
            None => bytes,
            Some(name) => decode(name, &bytes).ok_or_else(|| {
                format!("its working-tree-encoding `{name}` is not known here, or not what it is in")
            })?,
        };
        Ok(if self.ident { without_ident(&bytes) } else { bytes })
    }
}

/// What Git LFS commits instead of a file: nothing else for an empty one, and a pointer as it is.
fn pointer_to(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.is_empty() || bytes.starts_with(POINTER.as_bytes()) {
        return bytes;
    }
    let id = HEXLOWER.encode(&Sha256::digest(&bytes));
    format!("{POINTER}oid sha256:{id}\nsize {}\n", bytes.len()).into_bytes()
}

/// UTF-8 of what is in another encoding of Unicode.
fn decode(encoding: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (mark, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (Some(false), rest),
        [0xfe, 0xff, rest @ ..] => (Some(true), rest),
        _ => (None, bytes),
    };
    let is_big = match encoding.to_ascii_lowercase().as_str() {
        // Without a mark, git takes it for what comes first in a network.
        "utf-16" => mark.unwrap_or(true),
        "utf-16le-bom" if mark != Some(true) => false,
        "utf-16be-bom" if mark != Some(false) => true,
        "utf-16le" if mark.is_none() => false,
        "utf-16be" if mark.is_none() => true,
        _ => return None,
    };
    let (units, odd) = rest.as_chunks::<2>();
    let unit = |it: &[u8; 2]| if is_big { u16::from_be_bytes(*it) } else { u16::from_le_bytes(*it) };
    let text: Result<String, _> = char::decode_utf16(units.iter().map(unit)).collect();
    text.ok().filter(|_| odd.is_empty()).map(String::into_bytes)
}

/// `$Id: …$`, which a checkout fills in, as it is committed: `$Id$`.
fn without_ident(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memmem::find(rest, b"$Id:") {
        let after = &rest[at + 4..];
        let end = memchr::memchr2(b'$', b'\n', after);
        match end.filter(|end| after[*end] == b'$') {
            Some(end) => {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"$Id$");
                rest = &after[end + 1..];
            }
            None => {
                out.extend_from_slice(&rest[..at + 4]);
                rest = after;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_what_git_lfs_makes() {
        let pointer = pointer_to(b"hello\n".to_vec());
        let expected = "version https://git-lfs.github.com/spec/v1\n\
            oid sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\nsize 6\n";
        assert_eq!(String::from_utf8_lossy(&pointer), expected);
        assert_eq!(pointer_to(pointer.clone()), pointer);
        assert_eq!(pointer_to(Vec::new()), b"");
    }

    #[test]
    fn encodings_of_unicode_are_read() {
        let little: Vec<u8> = "é𝄞".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "é𝄞".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xff, 0xfe], little.as_slice()].concat();
        for (encoding, bytes) in [
            ("UTF-16LE", &little),
            ("utf-16be", &big),
            ("UTF-16", &big),
            ("UTF-16", &marked),
            ("UTF-16LE-BOM", &marked),
        ] {
            assert_eq!(decode(encoding, bytes).as_deref(), Some("é𝄞".as_bytes()), "{encoding}");
        }
        for (encoding, bytes) in
            [("latin1", &little), ("UTF-16LE", &marked), ("UTF-16BE", &little[..3].to_vec())]
        {
            assert_eq!(decode(encoding, bytes), None, "{encoding}");
        }
    }

    #[test]
    fn an_id_is_taken_out() {
        let text = b"a $Id: 12$ b $Id$ $Id: open\n$Id:$ $Idx: $";
        assert_eq!(without_ident(text), b"a $Id$ b $Id$ $Id: open\n$Id$ $Idx: $");
    }
}

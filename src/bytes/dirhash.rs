//! Go's dirhash (<https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash>): the SHA-256 over the sorted list of a module's
//! files and their hashes. Of a zip archive, of a folder, of a `go.mod` alone.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::hash::{Hashes, sha256};
use super::tar::{Bounded, LARGEST_CONTENT, MOST_ENTRIES};
use crate::model::Algorithm;

/// The files of a module, by name, each with its SHA-256.
pub(super) type Listing = BTreeMap<String, [u8; 32]>;

/// The hash of a listing.
pub(super) fn of(listing: &Listing) -> Hashes {
    let mut hash = Sha256::new();
    for (name, content) in listing {
        hash.update(HEXLOWER.encode(content));
        hash.update("  ");
        hash.update(name);
        hash.update("\n");
    }
    Hashes::of(Algorithm::Sha256, &hash.finalize())
}

/// What a zip archive holds.
pub(super) fn of_zip(file: impl Read + Seek, buffer: &mut [u8]) -> io::Result<Listing> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > MOST_ENTRIES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it has more entries than are read"));
    }
    let (mut listing, mut left) = (Listing::new(), LARGEST_CONTENT);
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(io::Error::other)?;
        // Go takes every entry for a file, and hashes names as they stand; folders have none of their own there.
        let name = entry.name().map_err(io::Error::other)?.into_owned();
        if name.contains('\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a name in it holds a line break"));
        }
        let mut content = Counted { inner: Bounded::new(entry, left), count: 0 };
        let hash = sha256(&mut content, buffer)?;
        left -= content.count;
        listing.insert(name, hash.into());
    }
    Ok(listing)
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count += length as u64;
        Ok(length)
    }
}

/// A `go.mod` alone.
pub(super) fn of_go_mod(content: impl Read, buffer: &mut [u8]) -> io::Result<Hashes> {
    let hash = sha256(content, buffer)?;
    Ok(of(&Listing::from([("go.mod".to_owned(), hash.into())])))
}

/// Zip archives for tests.
#[cfg(test)]
pub(crate) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::integrity;
    use crate::model::{Artifact, Subject};

    fn holds(hashes: &Hashes, pinned: &str) -> bool {
        let digests = vec![integrity::dirhash(pinned, Subject::Tree)];
        hashes.contradiction(&Artifact { digests, ..Artifact::default() }).is_none()
    }

    #[test]
    fn it_is_what_go_writes() {
        // As `go mod download` wrote them for a module made for this test.
        let files: [(&str, &[u8]); 2] = [
            ("example.com/m@v1.0.0/m.go", b"package m\n"),
            ("example.com/m@v1.0.0/go.mod", b"module example.com/m\n"),
        ];
        let mut buffer = [0; 100];
        let listing = of_zip(io::Cursor::new(zip_of(&files)), &mut buffer).unwrap();
        assert!(holds(&of(&listing), H1_ZIP), "{:?}", of(&listing));
        assert!(holds(&of_go_mod(files[1].1, &mut buffer).unwrap(), H1_MOD));
    }

    const H1_ZIP: &str = "h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg=";
    const H1_MOD: &str = "h1:flS2VctbRrTv+sBE+VKgxx6hlkMGPVz9MGOmzMYFg3k=";
}

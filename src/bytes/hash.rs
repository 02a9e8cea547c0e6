//! Digests of a stream, several at once.

use std::io::{self, Read};

use data_encoding::{BASE64, HEXLOWER};
use sha1::Sha1;
use sha2::digest::Output;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::model::integrity::Hash;
use crate::model::{Algorithm, Artifact, Digest, Encoding};

/// So many bytes are read at once: enough that system calls don't count, few enough for the processor's caches.
pub(super) const CHUNK: usize = 64 << 10;

/// The digests that are asked for.
#[derive(Default)]
struct Hasher {
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    sha384: Option<Sha384>,
    sha512: Option<Sha512>,
}

impl Hasher {
    fn add(&mut self, algorithm: Algorithm) {
        match algorithm {
            // No lockfile that is read here has it.
            Algorithm::Md5 => {}
            Algorithm::Sha1 => self.sha1 = Some(Sha1::new()),
            Algorithm::Sha256 => self.sha256 = Some(Sha256::new()),
            Algorithm::Sha384 => self.sha384 = Some(Sha384::new()),
            Algorithm::Sha512 => self.sha512 = Some(Sha512::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.sha1 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.sha256 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.sha384 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.sha512 {
            hash.update(bytes);
        }
    }

    fn finish(self) -> Hashes {
        let own = |algorithm, hash: &[u8]| {
            let mut own = [0; 64];
            own[..hash.len()].copy_from_slice(hash);
            (algorithm, own)
        };
        let sha1 = self.sha1.map(|hash| own(Algorithm::Sha1, &hash.finalize()));
        let sha256 = self.sha256.map(|hash| own(Algorithm::Sha256, &hash.finalize()));
        let sha384 = self.sha384.map(|hash| own(Algorithm::Sha384, &hash.finalize()));
        let sha512 = self.sha512.map(|hash| own(Algorithm::Sha512, &hash.finalize()));
        Hashes([sha1, sha256, sha384, sha512].into_iter().flatten().collect())
    }
}

/// What a stream hashes to.
#[derive(Clone, Debug)]
pub(super) struct Hashes(Vec<(Algorithm, Hash)>);

/// Reads a stream to its end. The buffer is the caller's: one for each thread.
pub(super) fn hash(
    mut input: impl Read,
    algorithms: impl IntoIterator<Item = Algorithm>,
    buffer: &mut [u8],
) -> io::Result<Hashes> {
    let mut hasher = Hasher::default();
    algorithms.into_iter().for_each(|algorithm| hasher.add(algorithm));
    loop {
        match input.read(buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The SHA-256 of a stream.
pub(super) fn sha256(mut input: impl Read, buffer: &mut [u8]) -> io::Result<Output<Sha256>> {
    let mut hasher = Sha256::new();
    loop {
        match input.read(buffer) {
            Ok(0) => return Ok(hasher.finalize()),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The algorithms that an artifact's well-formed digests need, and that are known here.
pub(super) fn algorithms<'a>(artifact: &'a Artifact<'_>) -> impl Iterator<Item = Algorithm> + 'a {
    let known = |digest: &Digest<'_>| digest.algorithm.filter(|_| digest.malformed.is_none());
    artifact.digests.iter().filter_map(known).filter(|algorithm| *algorithm != Algorithm::Md5)
}

impl Hashes {
    pub(super) fn of(algorithm: Algorithm, hash: &[u8]) -> Hashes {
        let mut own = [0; 64];
        own[..hash.len()].copy_from_slice(hash);
        Hashes(vec![(algorithm, own)])
    }

    fn get(&self, algorithm: Algorithm) -> Option<&Hash> {
        self.0.iter().find(|(known, _)| *known == algorithm).map(|(_, hash)| hash)
    }

    /// The strongest digest that does not hold, by its place, and what is the case instead. Of several digests of one
    /// algorithm, one that holds will do: that is how clients read them.
    pub(super) fn contradiction(&self, artifact: &Artifact<'_>) -> Option<(usize, String)> {
        let mut failing: Option<(Algorithm, usize)> = None;
        for (at, digest) in artifact.digests.iter().enumerate() {
            let Some((algorithm, pinned)) = digest.hash() else { continue };
            let Some(found) = self.get(algorithm) else { continue };
            let one_holds = || artifact.digests.iter().any(|it| it.hash() == Some((algorithm, *found)));
            if pinned != *found && failing.is_none_or(|(worst, _)| algorithm > worst) && !one_holds() {
                failing = Some((algorithm, at));
            }
        }
        let (algorithm, at) = failing?;
        Some((at, spell(&artifact.digests[at], &self.get(algorithm)?[..algorithm.length()])))
    }
}

/// A hash, written as the digest beside it is.
pub(super) fn spell(like: &Digest<'_>, hash: &[u8]) -> String {
    let text = match like.encoding {
        Encoding::Base64 => BASE64.encode(hash),
        Encoding::Hex => HEXLOWER.encode(hash),
    };
    let prefix = like.raw.find(like.value).map_or("", |at| &like.raw[..at]);
    format!("{prefix}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::integrity;

    fn artifact(text: &str) -> Artifact<'_> {
        Artifact { digests: integrity::sri(text), ..Artifact::default() }
    }

    fn sri(text: &str) -> (String, String) {
        let of = |name: &str, hash: &[u8]| format!("{name}-{}", BASE64.encode(hash));
        (of("sha512", &Sha512::digest(text)), of("sha1", &Sha1::digest(text)))
    }

    fn contradiction(pinned: &str, bytes: &str) -> Option<String> {
        let artifact = artifact(pinned);
        let hashes = hash(bytes.as_bytes(), algorithms(&artifact), &mut [0; 7]).unwrap();
        hashes.contradiction(&artifact).map(|(at, found)| format!("{at} {found}"))
    }

    #[test]
    fn every_digest_must_hold_and_the_strongest_is_named() {
        let ((strong, weak), (other, other_weak)) = (sri("good"), sri("evil"));
        assert_eq!(contradiction(&format!("{weak} {strong}"), "good"), None);
        assert_eq!(contradiction(&strong, "evil"), Some(format!("0 {other}")));
        assert_eq!(contradiction(&format!("{weak} {strong}"), "evil"), Some(format!("1 {other}")));
        assert_eq!(contradiction(&format!("{other_weak} {strong}"), "good"), Some(format!("0 {weak}")));
        assert_eq!(contradiction(&format!("{other} {strong}"), "good"), None);
    }

    #[test]
    fn encodings_are_decoded() {
        let upper = data_encoding::HEXUPPER.encode(&Sha256::digest("x"));
        let text = format!("sha256:{upper}");
        let artifact = Artifact { digests: vec![integrity::prefixed_hex(&text)], ..Artifact::default() };
        let hashes = hash(&b"x"[..], algorithms(&artifact), &mut [0; 64]).unwrap();
        assert!(hashes.contradiction(&artifact).is_none());
        let other = hash(&b"y"[..], algorithms(&artifact), &mut [0; 64]).unwrap();
        assert!(other.contradiction(&artifact).unwrap().1.starts_with("sha256:a1"));
    }
}

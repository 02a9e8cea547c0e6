//! Hashes as lockfiles write them: subresource integrity, hex with or without a prefix, Go's `h1:`.
//!
//! Every token becomes a [`Digest`], malformed or not: clients skip what they don't understand, which is how a hash
//! is switched off without being removed.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use crate::model::{Algorithm, Digest, Encoding, Malformed, Subject};

/// A subresource integrity list (<https://www.w3.org/TR/SRI/>): `sha512-<base64>`, several divided by white space.
pub fn sri(text: &str) -> Vec<Digest<'_>> {
    // Almost always one token, and a Vec that starts with room for four is memory that a large lockfile feels.
    let mut tokens = text.split_ascii_whitespace();
    let mut digests = Vec::from_iter(tokens.next().map(sri_token));
    digests.extend(tokens.map(sri_token));
    digests
}

fn sri_token(token: &str) -> Digest<'_> {
    let (name, rest) = token.split_once('-').unwrap_or((token, ""));
    let value = rest.split_once('?').map_or(rest, |(value, _options)| value);
    digest(token, Algorithm::parse(name), Subject::Archive, value, Encoding::Base64)
}

/// Bare hex of a known algorithm.
pub fn hex<'s>(text: &'s str, algorithm: Algorithm) -> Digest<'s> {
    digest(text, Some(algorithm), Subject::Archive, text, Encoding::Hex)
}

/// `sha256:<hex>`
pub fn prefixed_hex(text: &str) -> Digest<'_> {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    digest(text, Algorithm::parse(name), Subject::Archive, value, Encoding::Hex)
}

/// `h1:<base64 of sha256>`, Go's dirhash (<https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash>).
pub fn dirhash(text: &str, subject: Subject) -> Digest<'_> {
    let (algorithm, value) = match text.split_once(':') {
        Some(("h1", value)) => (Some(Algorithm::Sha256), value),
        _ => (None, ""),
    };
    digest(text, algorithm, subject, value, Encoding::Base64)
}

fn digest<'s>(
    raw: &'s str,
    algorithm: Option<Algorithm>,
    subject: Subject,
    value: &'s str,
    encoding: Encoding,
) -> Digest<'s> {
    let malformed = match algorithm {
        None => Some(Malformed::UnknownAlgorithm),
        Some(algorithm) => decode(value, algorithm, encoding).err(),
    };
    Digest { algorithm, subject, encoding, raw, value, malformed }
}

/// A hash; what is behind its length is zero.
pub type Hash = [u8; 64];

fn decode(value: &str, algorithm: Algorithm, encoding: Encoding) -> Result<Hash, Malformed> {
    let input = value.as_bytes();
    let encoding = match encoding {
        Encoding::Base64 => &BASE64,
        Encoding::Hex => &HEXLOWER_PERMISSIVE,
    };
    let wrong_length = |bytes: usize| Malformed::Length { bytes: bytes as u32 };
    let room = encoding.decode_len(input.len()).map_err(|_| Malformed::Encoding)?;
    // Padding makes up for two bytes at most.
    let mut buffer = [0; 66];
    let buffer = buffer.get_mut(..room).ok_or(wrong_length(room))?;
    let length = encoding.decode_mut(input, buffer).map_err(|partial| match partial.error.kind {
        // Bits behind the last byte: it decodes, to what another text decodes to as well.
        data_encoding::DecodeKind::Trailing => Malformed::NonCanonical,
        _ => Malformed::Encoding,
    })?;
    if length != algorithm.length() {
        return Err(wrong_length(length));
    }
    let mut hash = [0; 64];
    hash[..length].copy_from_slice(&buffer[..length]);
    Ok(hash)
}

impl Digest<'_> {
    /// The hash itself; nothing when it is malformed.
    pub fn hash(&self) -> Option<(Algorithm, Hash)> {
        let algorithm = self.algorithm.filter(|_| self.malformed.is_none())?;
        Some((algorithm, decode(self.value, algorithm, self.encoding).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(digest: Digest<'_>) -> Option<Malformed> {
        digest.malformed
    }

    #[test]
    fn well_formed_hashes_decode() {
        let zeros = BASE64.encode(&[0; 64]);
        let text = format!("sha512-{zeros} sha1-{}", BASE64.encode(&[1; 20]));
        let digests = sri(&text);
        assert_eq!(digests[0].hash(), Some((Algorithm::Sha512, [0; 64])));
        assert_eq!(
            digests[1].hash().map(|(_, hash)| hash[..21].to_vec()),
            Some([vec![1; 20], vec![0]].concat())
        );
        assert_eq!(verdict(hex(&"ab".repeat(32), Algorithm::Sha256)), None);
        assert_eq!(verdict(prefixed_hex(&format!("sha384:{}", "00".repeat(48)))), None);
        assert_eq!(verdict(dirhash(&format!("h1:{}", BASE64.encode(&[7; 32])), Subject::Tree)), None);
    }

    #[test]
    fn malformed_hashes_say_why() {
        assert_eq!(verdict(sri_token("sha3-AAAA")), Some(Malformed::UnknownAlgorithm));
        assert_eq!(verdict(sri_token("sha512")), Some(Malformed::Length { bytes: 0 }));
        assert_eq!(verdict(sri_token("sha512-????")), Some(Malformed::Length { bytes: 0 }));
        assert_eq!(verdict(sri_token("sha256-AAAA")), Some(Malformed::Length { bytes: 3 }));
        assert_eq!(verdict(sri_token("sha256-AAA")), Some(Malformed::Encoding));
        let full = BASE64.encode(&[0; 32]);
        let trailing = format!("sha256-{}B=", &full[..full.len() - 2]);
        assert_eq!(verdict(sri_token(&trailing)), Some(Malformed::NonCanonical));
        assert_eq!(verdict(hex("zz", Algorithm::Md5)), Some(Malformed::Encoding));
        assert_eq!(verdict(hex(&"0".repeat(9999), Algorithm::Md5)), Some(Malformed::Encoding));
        assert_eq!(verdict(hex(&"0".repeat(2000), Algorithm::Md5)), Some(Malformed::Length { bytes: 1000 }));
    }

    #[test]
    fn hex_may_be_written_either_way() {
        assert_eq!(verdict(hex(&"AB".repeat(32), Algorithm::Sha256)), None);
    }
}

//! The signature line of a tool: what its author's system said that the file's hash is, and who said so.

use ed25519_dalek::{Signature as Ed25519, VerifyingKey};

use super::content::shebang;
use super::integrity::sha256;

/// A line that claims to be a signature, as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// The whole line.
    pub raw: &'t str,
    pub system: System,
    /// What follows the mark: timestamp, hash, and for Rye who signed.
    fields: &'t str,
    /// The shebang and the line are not part of it.
    pub start: usize,
}

/// Which system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Kiwi,
    Rye,
}

/// A signature that its own system reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'t> {
    pub timestamp: &'t str,
    /// 64 hexadecimal digits.
    pub hash: &'t str,
    /// The Ed25519 signature over the digits of the hash, and the fingerprint of its key: Rye's only.
    pub signed: Option<(&'t str, &'t str)>,
}

/// How a line that is no signature fails to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It stands in for a signature that nobody made.
    Placeholder,
    /// Its own system does not read it.
    Unreadable,
}

/// The line that claims to be a signature: the first one, or the one behind the shebang. Its comment marks are given, or
/// any will do.
pub fn find<'t>(text: &'t str, prefix: Option<&str>) -> Option<Line<'t>> {
    let start = shebang(text).map_or(0, str::len);
    let raw = text[start..].lines().next()?;
    let marks = [(" rye:signed:", System::Rye), (" kiwi-mcp:validated:", System::Kiwi)];
    let (at, mark, system) =
        marks.iter().find_map(|(mark, system)| Some((raw.find(mark)?, mark, *system)))?;
    let comment = &raw[..at];
    let is_comment = !comment.is_empty() && comment.bytes().all(|byte| byte.is_ascii_punctuation());
    let fits = prefix.map_or(is_comment, |prefix| prefix == comment);
    fits.then(|| Line { raw, system, fields: &raw[at + mark.len()..], start })
}

impl<'t> Line<'t> {
    pub fn parse(&self) -> Result<Signature<'t>, Broken> {
        let signature = match self.system {
            System::Kiwi => self.kiwi(),
            System::Rye => self.rye(),
        };
        match signature {
            Some(signature) if is_repeated(signature.hash) => Err(Broken::Placeholder),
            Some(signature) => Ok(signature),
            None if self.looks_made_up() => Err(Broken::Placeholder),
            None => Err(Broken::Unreadable),
        }
    }

    /// `<timestamp>:<64 hex>`, whatever follows.
    fn kiwi(&self) -> Option<Signature<'t>> {
        let colons = memchr::memchr_iter(b':', self.fields.as_bytes());
        let fits = |at: &usize| self.fields.get(at + 1..at + 65).is_some_and(is_hash);
        let at = colons.into_iter().find(fits)?;
        Some(Signature { timestamp: &self.fields[..at], hash: &self.fields[at + 1..at + 65], signed: None })
    }

    /// `<YYYY-MM-DDThh:mm:ssZ>:<64 hex>:<base64url>:<16 hex>`, whatever follows.
    fn rye(&self) -> Option<Signature<'t>> {
        let (timestamp, rest) = self.fields.split_at_checked(20)?;
        let shape = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            19 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        let (hash, rest) = rest.strip_prefix(':')?.split_at_checked(64)?;
        let (value, rest) = rest.strip_prefix(':')?.split_once(':')?;
        let fingerprint = rest.get(..16)?;
        let good = timestamp.bytes().enumerate().all(shape)
            && is_hash(hash)
            && is_base64url(value)
            && fingerprint.bytes().all(is_hex);
        good.then_some(Signature { timestamp, hash, signed: Some((value, fingerprint)) })
    }

    fn looks_made_up(&self) -> bool {
        let text = self.fields.to_ascii_lowercase();
        let words = ["placeholder", "unsigned", "todo", "pending", "dummy", "xxxx"];
        words.iter().any(|word| text.contains(word))
            || text.split(':').any(|part| part.len() == 64 && is_repeated(part))
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// 64 lowercase hexadecimal digits.
pub fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_hex)
}

/// One character over and over: no hash is.
fn is_repeated(text: &str) -> bool {
    text.bytes().all(|byte| byte == text.as_bytes()[0])
}

fn is_base64url(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    !data.is_empty()
        && text.len() - data.len() <= 2
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The fingerprint of a key file: what signatures and file names call it.
pub fn fingerprint(pem: &str) -> String {
    sha256(pem)[..16].to_owned()
}

/// Whether a signature over a hash holds under a key; nothing where the key can't be read.
pub fn holds(pem: &str, hash: &str, value: &str) -> Option<bool> {
    let key = public_key(pem)?;
    let bytes = data_encoding::BASE64URL_NOPAD.decode(value.trim_end_matches('=').as_bytes()).ok();
    let signature = bytes.and_then(|bytes| Ed25519::from_slice(&bytes).ok());
    Some(signature.is_some_and(|signature| key.verify_strict(hash.as_bytes(), &signature).is_ok()))
}

/// An Ed25519 key in PEM (RFC 8410): the last 32 bytes behind a header that never varies.
fn public_key(pem: &str) -> Option<VerifyingKey> {
    const HEADER: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = data_encoding::BASE64.decode(body.as_bytes()).ok()?;
    VerifyingKey::from_bytes(der.strip_prefix(HEADER)?.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn signatures_of_both_systems_are_read() {
        let rye = format!(
            "#!/bin/sh\n# rye:signed:2026-02-14T00:35:18Z:{HASH}:AA-_==:0011223344556677|hub@me\nx\n"
        );
        let line = find(&rye, Some("#")).unwrap();
        let signature = line.parse().unwrap();
        assert_eq!((signature.hash, signature.signed), (HASH, Some(("AA-_==", "0011223344556677"))));
        let kiwi = format!("// kiwi-mcp:validated:2026-01-27T12:00:00Z:{HASH}\n");
        assert_eq!(find(&kiwi, None).unwrap().parse().unwrap().timestamp, "2026-01-27T12:00:00Z");
        assert_eq!(find(&kiwi, Some("#")), None);
        assert_eq!(find("print('# rye:signed:')\n", None), None);
    }

    #[test]
    fn placeholders_are_told_from_signatures() {
        let parse = |fields: &str| {
            let text = format!("# rye:signed:{fields}\n");
            find(&text, None).unwrap().parse().map(|_| ())
        };
        assert_eq!(
            parse(&format!("2026-02-14T00:35:18Z:{}:AAAA:0011223344556677", "0".repeat(64))),
            Err(Broken::Placeholder)
        );
        assert_eq!(parse("placeholder:placeholder"), Err(Broken::Placeholder));
        assert_eq!(parse(&format!("yesterday:{HASH}:AAAA:0011223344556677")), Err(Broken::Unreadable));
    }

    #[test]
    fn an_ed25519_signature_holds_or_not() {
        // Made with RFC 8032's first test key, over the digits of a hash.
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        assert_eq!(holds(pem, HASH, "AAAA"), Some(false));
        assert_eq!(holds("no key", HASH, "AAAA"), None);
        assert_eq!(fingerprint(pem).len(), 16);
    }
}

//! Reading gzipped tar archives entry by entry, in bounded memory, whatever they claim.
//!
//! As much of tar as package archives use: plain files, GNU and PAX long names. Nothing is ever written anywhere.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

/// So many bytes may come out of one archive.
pub(super) const LARGEST_CONTENT: u64 = 1 << 30;
/// So many entries may stand in one archive.
pub(super) const MOST_ENTRIES: usize = 1 << 20;
/// The longest name, and the longest extended header.
const LONGEST_NAME: u64 = 64 << 10;
const BLOCK: usize = 512;

/// Gives no more than a bound, and fails there: a bomb is said, not unpacked.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, limit: u64) -> Bounded<R> {
        Bounded { inner, left: limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(length as u64).ok_or_else(too_large)?;
        Ok(length)
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it unpacks to more than {LARGEST_CONTENT} bytes"))
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// An archive while it is read.
pub(super) struct Tar<R: BufRead> {
    input: Bounded<MultiGzDecoder<R>>,
    /// Of the present entry, and of the padding behind it.
    left: u64,
    padding: u64,
    entries: usize,
}

/// What is known of an entry before its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Link,
    /// A directory, a device: nothing that holds bytes.
    Other,
}

impl<R: BufRead> Tar<R> {
    pub(super) fn new(gzipped: R) -> Tar<R> {
        let input = Bounded::new(MultiGzDecoder::new(gzipped), LARGEST_CONTENT);
        Tar { input, left: 0, padding: 0, entries: 0 }
    }

    /// The next entry; what was not read of the last one is passed over.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long_name = None;
        loop {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(broken("it has more entries than are read"));
            }
            let rest = self.left + self.padding;
            io::copy(&mut self.input.by_ref().take(rest), &mut io::sink())?;
            let Some(header) = self.header()? else { return Ok(None) };
            self.left = number(&header[124..136]).ok_or_else(|| broken("an entry of no size"))?;
            self.padding = self.left.wrapping_neg() % BLOCK as u64;
            match header[156] {
                b'L' => long_name = Some(text(self.extension()?.split(|byte| *byte == 0).next())),
                b'x' => long_name = pax_path(&self.extension()?).or(long_name),
                b'g' => {}
                kind => {
                    let kind = match kind {
                        b'0' | 0 | b'7' => Kind::File,
                        b'1' | b'2' => Kind::Link,
                        _ => Kind::Other,
                    };
                    let name = long_name.unwrap_or_else(|| short_name(&header));
                    return Ok(Some(Entry { name, size: self.left, kind }));
                }
            }
        }
    }

    fn header(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut header = [0; BLOCK];
        // Some archives lack the two empty blocks at their end.
        if self.input.read(&mut header[..1])? == 0 {
            return Ok(None);
        }
        self.input.read_exact(&mut header[1..])?;
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let counted = header.iter().enumerate().map(|(at, byte)| match at {
            148..156 => u64::from(b' '),
            _ => u64::from(*byte),
        });
        match number(&header[148..156]) == Some(counted.sum()) {
            true => Ok(Some(header)),
            false => Err(broken("it is no tar archive, or a broken one")),
        }
    }

    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.left > LONGEST_NAME {
            return Err(broken("a name in it is too long"));
        }
        let mut bytes = Vec::new();
        self.take(LONGEST_NAME).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The content of the present entry.
impl<R: BufRead> Read for &mut Tar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let length = self.input.read(&mut buffer[..wanted])?;
        if length == 0 && wanted > 0 {
            return Err(broken("it ends within an entry"));
        }
        self.left -= length as u64;
        Ok(length)
    }
}

/// Octal digits, or a big-endian number behind a set high bit.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (head, tail) = field.split_at(field.len() - 8);
        let is_small = head[0] == 0x80 && head[1..].iter().all(|byte| *byte == 0);
        let value = u64::from_be_bytes(tail.try_into().ok()?);
        return Some(value).filter(|value| is_small && *value < 1 << 62);
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ');
    let digits = digits.take_while(|byte| !matches!(byte, 0 | b' '));
    digits
        .map(|byte| (b'0'..=b'7').contains(&byte).then(|| u64::from(byte - b'0')))
        .try_fold(0u64, |sum, digit| sum.checked_mul(8)?.checked_add(digit?).filter(|sum| *sum < 1 << 62))
}

fn short_name(header: &[u8; BLOCK]) -> String {
    let part = |range: std::ops::Range<usize>| text(header[range].split(|byte| *byte == 0).next());
    let (name, prefix) = (part(0..100), part(345..500));
    // Only POSIX archives have a prefix there; GNU keeps times in that place.
    match prefix.is_empty() || &header[257..263] != b"ustar\0" {
        true => name,
        false => format!("{prefix}/{name}"),
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// Records of `<length> <key>=<value>\n`.
fn pax_path(mut records: &[u8]) -> Option<String> {
    let mut path = None;
    while let Some(space) = records.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
        let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
        if let Some(value) = record.strip_prefix(b"path=") {
            path = Some(text(Some(value)));
        }
        records = &records[length..];
    }
    path
}

/// Whether a name of an archive stays below the folder that it is unpacked to.
pub(super) fn is_inside(name: &str) -> bool {
    !name.starts_with('/') && !name.contains(['\\', '\0']) && !name.split('/').any(|step| step == "..")
}

/// Archives for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::io::Write as _;

    /// A gzipped tar archive of these files.
    pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for (name, bytes) in files {
            gzip.write_all(&header(name, bytes.len() as u64, b'0')).unwrap();
            gzip.write_all(bytes).unwrap();
            gzip.write_all(&vec![0; bytes.len().wrapping_neg() % 512]).unwrap();
        }
        gzip.write_all(&[0; 1024]).unwrap();
        gzip.finish().unwrap()
    }

    pub(crate) fn header(name: &str, size: u64, kind: u8) -> [u8; 512] {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{archive, header};
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn entries_are_read_or_passed_over() {
        let bytes = archive(&[("a/x", b"one"), ("a/y", &[7; 1000]), ("a/z", b"")]);
        let mut tar = Tar::new(&bytes[..]);
        assert_eq!(tar.next().unwrap().unwrap().name, "a/x");
        let entry = tar.next().unwrap().unwrap();
        assert_eq!(entry, Entry { name: "a/y".into(), size: 1000, kind: Kind::File });
        let mut content = Vec::new();
        (&mut tar).read_to_end(&mut content).unwrap();
        assert_eq!(content, [7; 1000]);
        assert_eq!(tar.next().unwrap().unwrap().name, "a/z");
        assert!(tar.next().unwrap().is_none());
    }

    #[test]
    fn long_names_stand_before_their_entry() {
        let long = "d/".repeat(100) + "x";
        let mut raw = header("././@LongLink", long.len() as u64 + 1, b'L').to_vec();
        raw.extend_from_slice(long.as_bytes());
        raw.resize(raw.len().next_multiple_of(512), 0);
        raw.extend_from_slice(&header("d/d", 0, b'0'));
        let record = "18 path=other/name\n";
        raw.extend_from_slice(&header("pax", record.len() as u64, b'x'));
        raw.extend_from_slice(record.as_bytes());
        raw.resize(raw.len().next_multiple_of(512), 0);
        raw.extend_from_slice(&header("d/d", 0, b'0'));
        let zipped = gzip(&raw);
        let mut tar = Tar::new(&zipped[..]);
        assert_eq!(tar.next().unwrap().unwrap().name, long);
        assert!(tar.next().unwrap().is_some_and(|entry| entry.name == "d/d" || entry.name == "other/name"));
    }

    #[test]
    fn a_bomb_a_truncation_and_noise_are_errors() {
        let bomb = gzip(&[&header("x", 4 << 30, b'0')[..], &vec![0; 1 << 20]].concat());
        let mut tar = Tar::new(&bomb[..]);
        tar.input.left = 1 << 16;
        assert!(tar.next().unwrap().is_some());
        assert_eq!(tar.next().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let whole = archive(&[("x", &[1; 5000])]);
        let mut tar = Tar::new(&whole[..whole.len() / 2]);
        assert!(tar.next().and_then(|_| tar.next()).is_err());
        assert!(Tar::new(&gzip(&[b'x'; 600])[..]).next().is_err());
        assert!(Tar::new(&b"no gzip at all"[..]).next().is_err());
        let huge_name = gzip(&header("n", 1 << 20, b'L'));
        assert!(Tar::new(&huge_name[..]).next().is_err());
    }

    #[test]
    fn names_that_lead_out_are_known() {
        assert!(is_inside("a/b..c") && is_inside("./a"));
        assert!(!is_inside("/etc/x") && !is_inside("a/../../x") && !is_inside("..\\x"));
    }
}

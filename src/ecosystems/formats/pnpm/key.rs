//! Keys of `packages`. How one is written shows in the key itself: lockfiles that say one version and have the layout
//! of the next are common.
//!
//! `/n/v_peers` (5), `/n@v(peers)` (6), `n@v` (9), with a registry's host in front of the slash where it is not the
//! configured one. What no registry has is called by its address: `file:../x`, `host/o/r/commit`, `@host/x.tgz` (5, 6),
//! `n@file:../x`, `n@https://…` (9).

use std::ops::Range;

use crate::text::syntax::Text;

/// What a key is made of.
#[derive(Default)]
pub struct Key<'s> {
    pub host: Option<Text<'s>>,
    /// A registry that the client's configuration has a name for, colon included.
    pub registry: Option<Text<'s>>,
    pub name: Option<Text<'s>>,
    /// Nothing where an address stands in place of it.
    pub version: Option<Text<'s>>,
}

/// How keys are made of name and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `/n/v`
    Path,
    /// `/n@v`
    Slash,
    /// `n@v`
    Bare,
}

impl Style {
    /// The style of a key; none where it has no name in it, or a host of its own.
    pub fn of(key: &str) -> Option<Style> {
        let parts = split(key)?;
        match (parts.name.start, &key[parts.name.end..parts.version.start]) {
            (0, _) => Some(Style::Bare),
            (1, "@") => Some(Style::Slash),
            (1, _) => Some(Style::Path),
            _ => None,
        }
    }

    pub fn join(self, name: &str, version: &str) -> String {
        match self {
            Style::Path => format!("/{name}/{version}"),
            Style::Slash => format!("/{name}@{version}"),
            Style::Bare => format!("{name}@{version}"),
        }
    }
}

pub fn read<'s>(key: &Text<'s>) -> Key<'s> {
    let Some(Parts { name, version }) = split(key.as_str()) else { return Key::default() };
    let text = &key.as_str()[version.clone()];
    let odd = memchr::memchr2(b':', b'/', text.as_bytes());
    let number = odd.filter(|&at| text.as_bytes()[at] == b':').map_or(0, |at| at + 1);
    let is_address = odd.is_some() && (number == 0 || !is_number(&text[number..]));
    let registry = (number > 0 && !is_address).then(|| key.part(version.start..version.start + number));
    Key {
        host: (name.start > 1).then(|| key.part(0..name.start - 1)),
        registry,
        name: Some(key.part(name)),
        version: (!is_address).then(|| key.part(version.start + number..version.end)),
    }
}

/// A version, and no address in place of one.
pub fn is_number(version: &str) -> bool {
    version.starts_with(|c: char| c.is_ascii_digit())
        && version.contains('.')
        && !version.contains([':', '/'])
}

/// A key without the peers that its entry was resolved with. Folders may have parentheses in their names.
pub fn without_peers(key: &str) -> &str {
    if !key.ends_with(')') {
        return key;
    }
    // No version has a parenthesis, but folders and addresses may: those need a look at pairs.
    if let Some(at) = memchr::memchr(b'(', key.as_bytes())
        .filter(|&at| memchr::memchr(b':', &key.as_bytes()[..at]).is_none())
    {
        return &key[..at];
    }
    let mut end = key.len();
    while key[..end].ends_with(')') {
        let mut depth = 0;
        let opens = key.as_bytes()[..end].iter().rposition(|byte| {
            depth += i32::from(*byte == b')') - i32::from(*byte == b'(');
            depth == 0
        });
        match opens {
            Some(at) => end = at,
            None => break,
        }
    }
    &key[..end]
}

struct Parts {
    name: Range<usize>,
    version: Range<usize>,
}

fn split(key: &str) -> Option<Parts> {
    let text = without_peers(key);
    if text.starts_with('/') {
        return below(text, 1);
    }
    let end = name_end(text, 0)?;
    if text.as_bytes()[end] == b'@' {
        // A colon belongs to an address, and a slash to a file: neither names a package.
        let has = |byte: u8, part: &str| memchr::memchr(byte, part.as_bytes()).is_some();
        let is_path = has(b'/', &text[end..]) && !has(b':', &text[end..]);
        return (!is_path && !has(b':', &text[..end]))
            .then(|| Parts { name: 0..end, version: end + 1..text.len() });
    }
    let host = text.find('/').filter(|&at| is_host(&text[..at]))?;
    below(text, host + 1).filter(|parts| is_number(&text[parts.version.clone()]))
}

/// Where a name that begins at `from` ends: at the first character behind its scope that no name has.
fn name_end(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let scope = match bytes.get(from) {
        Some(b'@') => memchr::memchr(b'/', &bytes[from..])? + 1,
        _ => 0,
    };
    let bare = from + scope;
    memchr::memchr2(b'/', b'@', &bytes[bare..]).map(|at| bare + at)
}

/// Name and version as a registry has them. Only behind a slash do peers follow an underscore, or one more slash.
fn below(text: &str, from: usize) -> Option<Parts> {
    let name_end = name_end(text, from)?;
    let version = &text[name_end + 1..];
    let length = match text.as_bytes()[name_end] {
        b'/' => version.find(['_', '/']).unwrap_or(version.len()),
        _ => version.len(),
    };
    Some(Parts { name: from..name_end, version: name_end + 1..name_end + 1 + length })
}

/// As pnpm writes the host of a registry: a port stands behind a plus.
fn is_host(text: &str) -> bool {
    !text.starts_with('@') && text.contains(['.', '+']) && !text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(key: &str) -> (String, String, String) {
        let read = read(&Text::plain(key));
        let text = |part: Option<Text<'_>>| part.map_or(String::new(), |it| it.as_str().to_owned());
        let registry = text(read.registry);
        (text(read.host) + &registry, text(read.name), text(read.version))
    }

    #[test]
    fn keys_say_how_they_are_written() {
        let all = [
            ("x@1.0.0", "", "x", "1.0.0"),
            ("@a/b@1.0.0", "", "@a/b", "1.0.0"),
            ("@a/b__c@1.0.0", "", "@a/b__c", "1.0.0"),
            ("a_b@1.0.0(@s/p_q@2.0.0)(r@1.0.0(s@1.0.0))", "", "a_b", "1.0.0"),
            ("/@a/b__c@1.0.0(p_q@2.0.0)", "", "@a/b__c", "1.0.0"),
            ("/@a/b__c/1.0.0_p@2.0.0+q_r@1.0.0", "", "@a/b__c", "1.0.0"),
            ("/a_b/1.0.0_@s+p@2.0.0", "", "a_b", "1.0.0"),
            ("/a/1.0.0/p@2.0.0", "", "a", "1.0.0"),
            ("/a/1.0.0-rc.1", "", "a", "1.0.0-rc.1"),
            ("npm.example.com/@a/b_c/1.0.0_p@1.0.0", "npm.example.com", "@a/b_c", "1.0.0"),
            ("localhost+4873/a@1.0.0(p@1.0.0)", "localhost+4873", "a", "1.0.0"),
            ("a@work:1.0.0", "work:", "a", "1.0.0"),
            ("node@runtime:22.0.0", "runtime:", "node", "22.0.0"),
            ("a@file:apps/(web)/a(p@1.0.0)", "", "a", ""),
            ("a@file:apps/(web)/a", "", "a", ""),
            ("@a/b@https://git.example.com/o/r/tar.gz/1", "", "@a/b", ""),
            ("a@file:a-1.0.0.tgz", "", "a", ""),
        ];
        for (key, host, name, version) in all {
            assert_eq!(parts(key), (host.to_owned(), name.to_owned(), version.to_owned()), "{key}");
        }
    }

    #[test]
    fn addresses_name_no_package() {
        for key in [
            "file:../x",
            "file:../x_p@1.0.0",
            "file:x@1.0.0.tgz",
            "file:x.tgz",
            "@git.example.com/o/r/tarball/4.3.4",
            "@cdn.example.com/x@1.0.0/x.tgz",
            "github.com/o/r/0123456789012345678901234567890123456789",
            "git.example.com/o/r.1/tar.gz/1.2.3",
            "x",
            "/",
            "@",
            "",
        ] {
            assert_eq!(parts(key), Default::default(), "{key}");
        }
    }

    #[test]
    fn a_style_joins_what_it_takes_apart() {
        for (key, style) in
            [("/@a/b/1.0.0", Style::Path), ("/a@1.0.0", Style::Slash), ("@a/b@1.0.0", Style::Bare)]
        {
            assert_eq!(Style::of(key), Some(style));
            let read = read(&Text::plain(key));
            let joined = style.join(read.name.unwrap().as_str(), read.version.unwrap().as_str());
            assert_eq!(joined, key);
        }
        assert_eq!(Style::of("npm.example.com/a/1.0.0"), None);
    }
}

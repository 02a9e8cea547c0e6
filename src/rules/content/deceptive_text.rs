//! A name or an address is not what it looks like.
//!
//! Bidirectional and invisible characters show one text and mean another; letters of two scripts in one word imitate a
//! name; `https://registry.example.com@evil.example` goes to the host behind the `@`; `%2e%2e` climbs out of a path; and
//! an escape for a letter that needs none (`\u0068ttp`) hides a word from whoever searches for it. Only text that decides
//! something is judged, no prose.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "node_modules/left-pad": {
//!        "version": "1.3.0",
//!        "resolved": "\u0068ttps://registry.example.com/left-pad/-/left-pad-1.3.0.tgz",
//!                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ has an escape for a character that needs none
//!        "integrity": "sha1-W4o+NMBsLPPDRjIO8a96dXmLcVM="
//!      }
//!    }
//!  }
//! ```
//!
//! No client writes such a line. Find out who did: `git log -p -- package-lock.json`.

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

use super::insecure_url::addresses;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Found, Report};
use crate::model::release::Slot;
use crate::model::url;
use crate::model::url::Url;
use crate::model::{Edge, Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::text::escape::{is_bidi, is_invisible};
use crate::text::syntax::Text;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "deceptive-text",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("deceptive_text.rs"),
    checks: &[Check::Package(check), Check::Lockfile(check_roots)],
};

fn check<'a>(cx: &Context<'a>, slot: Slot<'a>, report: &mut Report<'a>) {
    let package = slot.package;
    for (field, text) in load_bearing(package) {
        if let Some(why) = deception(text) {
            let is_range =
                package.edges.iter().any(|edge| edge.range.as_ref().is_some_and(|it| std::ptr::eq(it, text)));
            let (why, level) = match is_range && is_spaced(text) {
                true => ("has a no-break space (U+00A0) in it", Level::Note),
                false => (why, Level::Error),
            };
            tell(cx, slot, (field, text), why, report).level(level);
        }
    }
    for url in addresses(package) {
        if let Some(why) = url_deception(url.as_str()) {
            tell(cx, slot, (Field::Source, url), why, report);
        }
    }
}

/// Whether a range has no-break spaces in it, and nothing else to be said against it. Some were published so, and to
/// clients that is a space like any other.
fn is_spaced(range: &Text<'_>) -> bool {
    let shown = range.as_str().replace('\u{a0}', " ");
    shown.len() < range.as_str().len() && deception(&Text::with(range.raw, shown)).is_none()
}

/// What the projects themselves ask for.
fn check_roots<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    for root in &lockfile.roots {
        let texts = std::iter::once(&root.path).chain(root.edges.iter().flat_map(edge_texts));
        for (text, why) in texts.filter_map(|text| Some((text, deception(text)?))) {
            report
                .file(lockfile, text.raw, format!("A dependency of {} {why}.", lockfile.source.path))
                .label(why)
                .help(cx.restore(lockfile));
        }
    }
}

fn tell<'a, 'r>(
    cx: &Context<'a>,
    Slot { lockfile, package }: Slot<'a>,
    (field, text): (Field, &Text<'a>),
    why: &str,
    report: &'r mut Report<'a>,
) -> &'r mut Found<'a> {
    let message = format!("The {} of {} {why}.", noun(field), package.label());
    report.package(lockfile, package, field, text, message).label(why).help(cx.restore(lockfile))
}

fn noun(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Version => "version",
        Field::Source => "address",
        Field::Integrity => "hash",
        _ => "entry",
    }
}

/// The texts of an entry that decide what is installed.
fn load_bearing<'p, 'a>(package: &'p Package<'a>) -> impl Iterator<Item = (Field, &'p Text<'a>)> {
    let names =
        [Some(&package.name), package.alias.as_ref()].into_iter().flatten().map(|text| (Field::Name, text));
    let version = package.version.iter().map(|text| (Field::Version, text));
    let sources = addresses(package).map(|text| (Field::Source, text));
    let hashes =
        package.artifacts.iter().filter_map(|it| it.integrity.as_ref()).map(|text| (Field::Integrity, text));
    let edges = package.edges.iter().flat_map(edge_texts).map(|text| (Field::Entry, text));
    names.chain(version).chain(sources).chain(hashes).chain(edges)
}

fn edge_texts<'p, 'a>(edge: &'p Edge<'a>) -> impl Iterator<Item = &'p Text<'a>> {
    std::iter::once(&edge.name).chain(&edge.range).chain(&edge.target)
}

/// What is deceptive about a text, if anything is.
fn deception(text: &Text<'_>) -> Option<&'static str> {
    // Nearly every text of every lockfile ends here.
    if !text.is_escaped()
        && text.raw.bytes().fold(true, |plain, b| plain & matches!(b, 0x20..0x7f) & (b != b'\\'))
    {
        return None;
    }
    let shown = text.as_str();
    if needless_escape(text.raw) {
        return Some("has an escape for a character that needs none");
    }
    if shown.is_ascii() {
        let control = shown.bytes().any(|byte| byte.is_ascii_control());
        return control.then_some("has a control character in it");
    }
    if shown.chars().any(is_bidi) {
        return Some("has a character in it that reverses the text around it");
    }
    if shown.chars().any(|c| is_invisible(c) || c.is_control()) {
        return Some("has a character in it that can't be seen");
    }
    let words = shown.split(|c: char| c.is_ascii() && !c.is_ascii_alphabetic());
    let imitates =
        |word: &str| !word.is_ascii() && (!word.is_single_script() || skeleton(word).all(|c| c.is_ascii()));
    words.into_iter().any(imitates).then_some("has letters in it that look like others")
}

/// `\u0068`, `\x68`, `\/`: a printable character that needed no escape.
fn needless_escape(raw: &str) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let escape = &rest[at + 1..];
        let digits = match escape.as_bytes().first() {
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            Some(b'x') => escape.get(1..3),
            Some(b'/') => return true,
            _ => None,
        };
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if code.is_some_and(|code| (0x20..0x7f).contains(&code) && code != 0x22 && code != 0x5c) {
            return true;
        }
        // A pair of backslashes is one escape.
        let width = escape.chars().next().map_or(0, char::len_utf8);
        rest = &escape[width..];
    }
    false
}

fn url_deception(text: &str) -> Option<&'static str> {
    if url::is_plain(text) {
        return None;
    }
    let url = Url::split(text)?;
    if text.contains('\\') {
        return Some("has a backslash in it, which clients read in different ways");
    }
    if url
        .userinfo
        .is_some_and(|userinfo| userinfo.contains('.') && !userinfo.contains(':') || userinfo.contains('/'))
    {
        return Some("hides its host behind another one");
    }
    // Nearly no path has either, and a decoded copy of every segment is not free.
    if url.path.contains('%') || url.path.contains("..") {
        let lower = url.path.to_ascii_lowercase();
        let climbs = lower.split('/').any(|segment| segment.replace("%2e", ".") == "..");
        if climbs || lower.contains("%5c") {
            return Some("climbs out of its path");
        }
    }
    let imitates = |label: &str| {
        let encoded = label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
        let decoded = encoded.then(|| punycode(&label[4..].to_ascii_lowercase())).flatten();
        decoded.is_some_and(|word| skeleton(&word).all(|c| c.is_ascii()) || !word.as_str().is_single_script())
    };
    url.host.split('.').any(imitates).then_some("has a host that imitates another one")
}

/// A label of an internationalised host name, decoded (RFC 3492, section 6.2).
fn punycode(label: &str) -> Option<String> {
    let (basic, extended) = label.rsplit_once('-').unwrap_or(("", label));
    // No host label is longer; the insertions below are quadratic.
    let mut out: Vec<char> = (label.len() <= 63).then(|| basic.chars().collect())?;
    let (mut n, mut i, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let start = i;
        let mut weight = 1_u32;
        for k in (36_u32..).step_by(36) {
            let digit = match digits.next()? {
                byte @ b'a'..=b'z' => u32::from(byte - b'a'),
                byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
                _ => return None,
            };
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
        }
        let length = out.len() as u32 + 1;
        bias = adapt(i - start, length, start == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        out.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(out.into_iter().collect())
}

fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_deceive() {
        for (raw, meaning) in [
            (r"left\u002dpad", "left-pad"),
            ("left\u{200b}pad", "left\u{200b}pad"),
            ("left\u{202e}dap", "left\u{202e}dap"),
            ("l\u{435}ft-pad", "l\u{435}ft-pad"),
            ("\u{440}\u{430}\u{443}", "\u{440}\u{430}\u{443}"),
            ("a\u{1b}[31m", "a\u{1b}[31m"),
            (r"https:\/\/x", "https://x"),
        ] {
            assert!(deception(&Text::with(raw, meaning)).is_some(), "{raw}");
        }
        for fine in ["left-pad", "@acme/x", "1.0.0-rc.1+build", "größe", "日本語", r"a\\u0041"] {
            assert_eq!(deception(&Text::plain(fine)), None, "{fine}");
        }
    }

    #[test]
    fn addresses_that_deceive() {
        for text in [
            "https://registry.example.com@evil.example/x",
            "https://registry.example.com/a/%2e%2e/b",
            "https://registry.example.com/a/../b",
            "https://registry.example.com\\@evil.example/x",
            "https://xn--rgistry-7gg.example.com/x",
        ] {
            assert!(url_deception(text).is_some(), "{text}");
        }
        for fine in [
            "https://registry.example.com/@a%2fb/-/b-1.0.0.tgz",
            "git+ssh://git@git.example.com/o/r.git",
            "https://xn--bcher-kva.example.com/x",
        ] {
            assert_eq!(url_deception(fine), None, "{fine}");
        }
    }

    #[test]
    fn punycode_is_decoded() {
        assert_eq!(punycode("bcher-kva").as_deref(), Some("bücher"));
        assert_eq!(punycode("rgistry-7gg").as_deref(), Some("r\u{435}gistry"));
        assert_eq!(punycode("99999999999"), None);
    }
}

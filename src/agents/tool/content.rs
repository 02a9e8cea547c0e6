//! What Rye hashes of a file: its text without the signature line, a shebang, and what is no content.
//!
//! The text is read as Python reads it, so `\r\n` and `\r` are `\n`: a checkout that translates line endings keeps its
//! hashes.

use std::borrow::Cow;

use super::integrity::{Kind, sha256};

/// The content hash of a file, or why it has none.
pub fn hash(kind: Kind, text: &str) -> Result<String, String> {
    content(kind, &newlines(text)).map(|text| sha256(text.as_bytes()))
}

/// The text with Python's universal newlines.
pub fn newlines(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The part of a text that is hashed.
pub fn content(kind: Kind, text: &str) -> Result<Cow<'_, str>, String> {
    match kind {
        Kind::Tool => Ok(tool(text)),
        Kind::Directive => {
            directive(text).map(Cow::Borrowed).ok_or_else(|| "has no XML directive".to_owned())
        }
        Kind::Knowledge => Ok(Cow::Borrowed(knowledge(text))),
    }
}

/// A first line `#!/…`, with its line break. A space behind `#!` makes it none.
pub fn shebang(text: &str) -> Option<&str> {
    let end = text.strip_prefix("#!/")?.find('\n')?;
    Some(&text[..end + 4])
}

fn tool(text: &str) -> Cow<'_, str> {
    let first = shebang(text);
    let rest = first.map_or(text, |line| &text[line.len()..]);
    let unsigned = without_signature(
        rest,
        &["# rye:validated:", "# rye:signed:", "# kiwi-mcp:validated:", "# kiwi-mcp:signed:"],
    );
    match first {
        // The shebang is put back and taken away again, and only one of two is.
        Some(_) => Cow::Borrowed(unsigned),
        None => Cow::Borrowed(shebang(unsigned).map_or(unsigned, |line| &unsigned[line.len()..])),
    }
}

/// A signature line at the start, taken away. One without a line break or without anything in it is none.
pub fn without_signature<'t>(text: &'t str, starts: &[&str]) -> &'t str {
    let Some(start) = starts.iter().find(|start| text.starts_with(**start)) else { return text };
    match text[start.len()..].find('\n') {
        Some(end) if end > 0 => &text[start.len() + end + 1..],
        _ => text,
    }
}

/// From the first `<directive…>` to the last `</directive>`.
fn directive(text: &str) -> Option<&str> {
    const END: &str = "</directive>";
    let start = text.find("<directive").filter(|start| text[*start..].contains('>'))?;
    let end = text.rfind(END).filter(|end| *end >= start)?;
    Some(trim(&text[start..end + END.len()]))
}

/// What follows the frontmatter; everything, where there is none or it is not closed.
fn knowledge(text: &str) -> &str {
    let text = without_comment(text);
    if !text.starts_with("---") {
        return text;
    }
    match text[3..].find("---") {
        Some(end) => trim(&text[3 + end + 3..]),
        None => text,
    }
}

/// Without a signature in an HTML comment on the first line.
fn without_comment(text: &str) -> &str {
    let starts = ["rye:validated:", "rye:signed:", "kiwi-mcp:validated:", "kiwi-mcp:signed:"];
    let Some(inner) = text.strip_prefix("<!-- ") else { return text };
    let Some(start) = starts.iter().find(|start| inner.starts_with(**start)) else { return text };
    let rest = &inner[start.len()..];
    match rest.find('>') {
        // `[^>]+-->` takes the line break too when it stands before the arrow.
        Some(end) if end > 2 && rest[..end].ends_with("--") => {
            rest[end + 1..].strip_prefix('\n').unwrap_or(text)
        }
        _ => text,
    }
}

/// Without white space at both ends, as Python knows it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_signature_and_one_shebang_go() {
        let text = "#!/bin/sh\n# rye:signed:x\n#!/bin/sh\n# rye:signed:y\nz\n";
        assert_eq!(tool(text), "#!/bin/sh\n# rye:signed:y\nz\n");
        assert_eq!(tool("# rye:signed:x\n#!/bin/sh\nz\n"), "z\n");
        assert_eq!(tool("#! /bin/sh\nz\n"), "#! /bin/sh\nz\n");
        assert_eq!(tool("# rye:signed:\nz\n"), "# rye:signed:\nz\n");
    }

    #[test]
    fn line_endings_do_not_matter() {
        assert_eq!(hash(Kind::Tool, "a\r\nb\rc\n"), hash(Kind::Tool, "a\nb\nc\n"));
    }

    #[test]
    fn prose_outside_of_a_directive_is_not_hashed() {
        assert_eq!(directive("x <directive a> y </directive> z"), Some("<directive a> y </directive>"));
        assert_eq!(directive("</directive> <directive>"), None);
        assert_eq!(knowledge("---\na: 1\n---\n\nBody\n"), "Body");
    }
}

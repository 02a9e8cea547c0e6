//! Text from a repository, made harmless: everything that a lockfile says is hostile until it has been through here.
//!
//! Control, bidirectional and invisible characters are shown as escapes, credentials in URLs are masked, and what is
//! too long is cut. Every message, label and drawn line passes through one of these functions, and nothing else.

use std::borrow::Cow;

use crate::model::url;
use crate::text::secrets;

/// The longest text that a message may carry, in characters: enough for any real name, URL and hash.
const LONGEST: usize = 600;

/// The longest path that is spoken of, in bytes: no system opens a file by a longer one.
pub const PATH: usize = 4096;

/// A whole message: escaped, masked, cut.
pub fn message(text: &str) -> String {
    let masked = mask(text);
    let mut out = String::with_capacity(masked.len());
    for (count, character) in masked.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        if opens_command(&out, character) {
            out.pop();
            out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        }
        push(&mut out, character);
    }
    out
}

/// The beginning of a text, at most that many bytes. What repeats a text for every finding repeats no more than this, or
/// one long name would make a small lockfile a report of gigabytes.
pub fn head(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A name or version, cut where no real one ends.
pub fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{}…", head(text, LONGEST)))
    }
}

/// Whether this character is the second of `::` where a line may begin, now or once it has been wrapped: build services
/// obey such lines (`::error::…`).
fn opens_command(before: &str, character: char) -> bool {
    let mut last = before.chars().rev();
    let doubled = character == ':' && last.next() == Some(':');
    doubled && last.next().is_none_or(|c| !c.is_alphanumeric() && c != '[')
}

/// One character, or the escape that stands for it. `##[error]` and `##vso[…]` are commands to build services wherever
/// they stand in a line.
pub fn push(out: &mut String, character: char) {
    match character {
        '#' if out.ends_with('#') => out.push_str("\\u{23}"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_hidden(character) => out.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
        _ => out.push(character),
    }
}

/// Characters that act on a terminal, reorder text or show nothing.
pub fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control() || is_bidi(character) || is_invisible(character)
}

/// Characters that change the direction of the text around them.
pub fn is_bidi(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Format characters and separators that show nothing, or end a line where no one looks for it.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}' | '\u{e000}'..='\u{f8ff}'
    )
}

/// The text with the userinfo of its URLs and the keys of services replaced by `***`. The name `git` is no secret.
pub fn mask(text: &str) -> Cow<'_, str> {
    let userinfo = url::userinfo_spans(text).into_iter().filter(|span| &text[span.clone()] != "git");
    let mut spans: Vec<_> = userinfo.chain(secrets::tokens(text)).collect();
    spans.sort_by_key(|span| span.start);
    let mut secret = spans.into_iter().peekable();
    if secret.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in secret {
        // A key may stand in the userinfo.
        if span.start < at {
            continue;
        }
        out.push_str(&text[at..span.start]);
        out.push_str("***");
        at = span.end;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// A text as code in a cell of a Markdown table. Nothing in it is markup, HTML or a link, and it mentions nobody: code
/// hosts leave code alone, and what would end the code or the cell is a character reference.
pub fn markdown(text: &str) -> String {
    let mut out = String::from("<code>");
    for character in message(text).chars() {
        match character {
            '-' | '.' | '/' | '+' | ',' | '=' | ';' | '%' => {
                // A link begins with `www.` as well.
                if character == '.' && out.ends_with("www") {
                    out.push_str("&#46;");
                } else {
                    out.push(character);
                }
            }
            _ if character.is_ascii_punctuation() => out.push_str(&format!("&#{};", u32::from(character))),
            _ => out.push(character),
        }
    }
    out + "</code>"
}

/// A text as what a workflow command of GitHub Actions says: `::error::HERE`. It may have lines.
pub fn workflow_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a workflow command: `::error title=HERE::`.
pub fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text in XML, in an element or in an attribute. XML has no way at all to write most control characters, so the text
/// must have gone through [`message`] before.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' => out.push_str(&format!("&#{};", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

/// A text in which readers of SARIF find no link of the form `[text](target)`.
pub fn unlinked(text: &str) -> String {
    text.replace("](", "]\\u{28}")
}

/// A path as the path of a URI.
pub fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path or name as one word of a shell command.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-@+:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        let hostile = "a\u{1b}[31mred\u{7}\n::error::x\r\u{202e}evil\u{200b}\u{85}\u{2028}";
        let shown = message(hostile);
        assert_eq!(shown, "a\\u{1b}[31mred\\u{7}\\n::error::x\\r\\u{202e}evil\\u{200b}\\u{85}\\u{2028}");
        assert!(!shown.chars().any(is_hidden));
    }

    #[test]
    fn no_text_is_a_command_to_a_build_service() {
        assert_eq!(message("::error::x"), "\\u{3a}:error::x");
        assert_eq!(message("a ::add-mask::x ##[error]y"), "a \\u{3a}:add-mask::x #\\u{23}[error]y");
        assert_eq!(message(&message("x/::::y")), message("x/::::y"));
        assert_eq!(message("http://[::1]/ a::b"), "http://[::1]/ a::b");
        assert_eq!(message("x##[add-mask]y ###vso["), "x#\\u{23}[add-mask]y #\\u{23}#vso[");
    }

    #[test]
    fn credentials_are_masked_wherever_they_stand() {
        assert_eq!(
            mask("from https://me:secret@host/x and git+ssh://git@host/y"),
            "from https://***@host/x and git+ssh://git@host/y"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(message(&"é".repeat(1_000_000)).chars().count(), LONGEST + 1);
        assert_eq!(cut(&"é".repeat(1_000_000)), format!("{}…", "é".repeat(LONGEST / 2)));
        assert_eq!((cut("short"), head("éé", 3)), (Cow::Borrowed("short"), "é"));
    }

    #[test]
    fn nothing_is_markup() {
        let hostile = "a|b`c`\n|x|\n<img src=x> [l](https://e.example) @team #1 www.e.example \\|**&";
        let shown = markdown(hostile);
        let inside = shown.strip_prefix("<code>").unwrap().strip_suffix("</code>").unwrap();
        let bare = inside.replace("&#", "").replace(';', "");
        assert!(
            !bare.contains(['|', '`', '<', '>', '[', ']', '(', '@', '#', '*', '&', '\\', '\n', ':', '!']),
            "{shown}"
        );
        assert!(!inside.contains("www."));
        assert_eq!(markdown("@acme/x"), "<code>&#64;acme/x</code>");
    }

    #[test]
    fn no_text_ends_a_workflow_command() {
        assert_eq!(workflow_data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(workflow_property("a,line=1::x"), "a%2Cline=1%3A%3Ax");
    }

    #[test]
    fn no_text_is_xml_a_link_or_another_part_of_a_uri() {
        assert_eq!(xml("<a b='\"'>&]]>"), "&#60;a b=&#39;&#34;&#39;&#62;&#38;]]&#62;");
        assert_eq!(unlinked("\\[a](b) []()"), "\\[a]\\u{28}b) []\\u{28})");
        assert_eq!(uri("a b/c:d#é?%"), "a%20b/c%3Ad%23%C3%A9%3F%25");
    }

    #[test]
    fn shell_words_are_quoted_when_they_must() {
        assert_eq!(shell("a/b.lock"), "a/b.lock");
        assert_eq!(shell("a b'c"), r"'a b'\''c'");
        assert_eq!(shell("-rf"), "'-rf'");
    }
}

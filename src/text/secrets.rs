//! Keys and passwords in a text: what is shown of a file must not give them away.

use std::ops::Range;

/// How the keys of well-known services begin.
const PREFIXES: [&str; 12] = [
    "sk-",
    "sk_live_",
    "AIza",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "hf_",
];

/// The shortest that any of them is.
const SHORTEST: usize = 20;

/// The spans that look like the key of a well-known service, whatever stands around them.
pub fn tokens(text: &str) -> Vec<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|byte| is_part(**byte)).count();
        let word = &text[at..end];
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        if word.len() >= SHORTEST && has_digit && PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
            spans.push(at..end);
        }
        at = end;
    }
    spans
}

/// Whether a field of that name is there for a secret.
pub fn is_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let ends =
        ["api_key", "apikey", "password", "passwd", "secret", "access_key", "private_key", "secret_key"];
    ends.iter().any(|end| name.ends_with(end)) || name == "token" || name.ends_with("_token")
}

/// Whether a value of such a field may be one: not a word for where it is found, such as `OPENAI_API_KEY`.
pub fn may_be_secret(value: &str) -> bool {
    let is_variable =
        value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit());
    let is_reference = value.starts_with(['$', '<', '{']) || value.contains(' ');
    value.len() >= 8 && !is_variable && !is_reference
}

/// The values of a line of TOML or JSON that stand behind a name of a secret: `api_key = "…"`, `"token": "…"`.
pub fn values(line: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for (at, _) in line.match_indices(['=', ':']) {
        let name = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let start = name.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').map_or(0, |it| it + 1);
        let start = name.char_indices().map(|(at, _)| at).find(|at| *at >= start).unwrap_or(name.len());
        if !is_name(&name[start..]) {
            continue;
        }
        let value = at + 1 + line[at + 1..].len() - line[at + 1..].trim_start().len();
        let Some(quote) = line[value..].chars().next().filter(|it| "\"'".contains(*it)) else { continue };
        let end = line[value + 1..].find(quote).map_or(line.len(), |it| value + 1 + it);
        spans.push(value + 1..end);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_stand() {
        let text = "use sk-proj-abcdefghij0123456789 and sk-short1, task-abcdefghij0123456789";
        assert_eq!(
            tokens(text).into_iter().map(|span| &text[span]).collect::<Vec<_>>(),
            ["sk-proj-abcdefghij0123456789"]
        );
        assert!(tokens("sha512-abcdefghij0123456789 sk-only-letters-and-dashes").is_empty());
    }

    #[test]
    fn values_behind_the_name_of_a_secret() {
        let line = r#"  "api_key": "abc\u00e9", 'my-password' = 'x', tokens = "y", é"#;
        let found: Vec<_> = values(line).into_iter().map(|span| &line[span]).collect();
        assert_eq!(found, [r"abc\u00e9", "x"]);
    }
}

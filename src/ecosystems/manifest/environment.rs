//! Files that set variables which `go` obeys: `.env`, `.envrc`, `Makefile`, `Dockerfile`.

use super::Manifest;
use crate::text::syntax::Text;

/// What is looked for: the variables that decide whether Go checks bytes and peers.
const VARIABLES: [&str; 5] = ["GOFLAGS", "GOINSECURE", "GONOSUMCHECK", "GONOSUMDB", "GOSUMDB"];

/// No file sets them so often.
const MOST: usize = 1_000;

/// `NAME=value` wherever it stands in a line that is no comment: behind `export`, `ENV` or `go env -w`, in front of a
/// command, with the operators of make.
pub(super) fn read(manifest: &mut Manifest<'_>) {
    let lines = manifest.source.text().lines();
    for line in lines.filter(|line| line.contains('=') && !line.trim_start().starts_with('#')) {
        for name in VARIABLES {
            let Some((before, after)) = line.split_once(name) else { continue };
            let is_whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let value = after.trim_start_matches([' ', ':', '?']).strip_prefix('=');
            if manifest.options.len() == MOST {
                return manifest.give_up();
            }
            if let Some(value) = value.filter(|_| is_whole) {
                manifest.set(name, Text::plain(value_of(value.trim_start())));
            }
        }
    }
}

/// Up to the end of the quotes, or of the word.
fn value_of(text: &str) -> &str {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].split(quote).next().unwrap_or_default(),
        _ => text.split([' ', '\t', ';', '&']).next().unwrap_or_default(),
    }
}

//! YAML, read twice over: a line scanner for what package managers write, and a whole parser for everything else.
//!
//! A general YAML parser is the only stage of a run that a user could notice. Lockfiles are dumped by machines in a
//! small subset of the language, so [`strict`] reads that and gives up on the first byte it does not expect;
//! [`general`] then reads the file from the start. Where `strict` answers, both answer the same, to the slice.

mod characters;
mod general;
mod strict;
#[cfg(test)]
mod tests;

use crate::text::source::Source;
use crate::text::syntax::budget::Budget;
use crate::text::syntax::{Faults, Node};

/// Every document of the stream, and what is wrong with the text.
#[derive(Debug)]
pub struct Yaml<'s> {
    /// Those that were read to their end; a syntax fault ends the stream.
    pub documents: Vec<Node<'s>>,
    pub faults: Faults<'s>,
}

/// Reads the whole stream. That a file is not UTF-8 is for [`Source::fault`] to say.
pub fn read<'s>(source: &'s Source) -> Yaml<'s> {
    let text = source.text();
    let budget = Budget::of(source);
    strict::read(text, budget).unwrap_or_else(|| general::read(text, budget))
}

/// What a scalar without quotes is by the [core schema] of YAML 1.2.
///
/// [core schema]: https://yaml.org/spec/1.2.2/#103-core-schema
fn resolve(plain: &str) -> Node<'_> {
    let other = match plain.as_bytes() {
        [] => true,
        // Most scalars are told by their first byte.
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => is_number(plain),
        [b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F', ..] => is_word(plain),
        _ => false,
    };
    if other { Node::Other(plain) } else { Node::String(crate::text::syntax::Text::plain(plain)) }
}

fn is_word(plain: &str) -> bool {
    matches!(plain, "~" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

fn is_number(plain: &str) -> bool {
    let digits_only = |rest: &str, is: fn(&u8) -> bool| !rest.is_empty() && rest.as_bytes().iter().all(is);
    if let Some(octal) = plain.strip_prefix("0o") {
        return digits_only(octal, |digit| matches!(digit, b'0'..=b'7'));
    }
    if let Some(hex) = plain.strip_prefix("0x") {
        return digits_only(hex, u8::is_ascii_hexdigit);
    }
    if matches!(plain, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || is_decimal(unsigned)
}

/// `[0-9]+ ( \. [0-9]* )?` or `\. [0-9]+`, then `( [eE] [-+]? [0-9]+ )?`.
fn is_decimal(unsigned: &str) -> bool {
    let (whole, rest) = split_digits(unsigned);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    if whole.is_empty() && fraction.is_empty() {
        return false;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return rest.is_empty() };
    let (digits, rest) = split_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    !digits.is_empty() && rest.is_empty()
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

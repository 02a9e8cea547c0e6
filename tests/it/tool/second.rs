//! The same rules, written a second time from their description: other data types, other libraries' help, no shared code.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))`.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) if number.is_f64() => python_float(number.as_f64().unwrap()),
        Value::Number(number) => number.to_string(),
        Value::String(text) => python_string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(entries) => {
            let mut sorted: Vec<(Vec<char>, String)> = Vec::new();
            for (key, value) in entries {
                sorted.push((key.chars().collect(), format!("{}:{}", python_string(key), canonical(value))));
            }
            sorted.sort();
            format!("{{{}}}", sorted.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
        }
    }
}

fn python_string(text: &str) -> String {
    let short =
        [('"', '"'), ('\\', '\\'), ('\u{8}', 'b'), ('\u{c}', 'f'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')];
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        let known = short.iter().find(|(character, _)| *character as u32 == u32::from(unit));
        out += &match (known, unit) {
            (Some((_, letter)), _) => format!("\\{letter}"),
            (None, 32..=126) => char::from(unit as u8).to_string(),
            (None, _) => format!("\\u{unit:04x}"),
        };
    }
    out + "\""
}

/// The shortest digits that read back, found by trying; then placed by Python's rule.
fn python_float(number: f64) -> String {
    let shortest =
        (0..18).map(|digits| format!("{number:.digits$e}")).find(|text| text.parse() == Ok(number));
    let shortest = shortest.unwrap();
    let (mantissa, exponent) = shortest.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    if !(-4..=15).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let direction = if exponent < 0 { "-" } else { "+" };
        return format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn chain_hash(chain: &[(String, String, String)]) -> String {
    let mut preimage = String::new();
    for (at, (id, version, hash)) in chain.iter().enumerate() {
        if at > 0 {
            preimage.push('|');
        }
        preimage += id;
        preimage.push('@');
        preimage += version;
        preimage.push(':');
        preimage += hash;
    }
    hex(preimage.as_bytes()).chars().take(12).collect()
}

/// Line by line: a shebang, a signature line, a shebang, the first of each that stands at the top, are left out.
pub(super) fn tool_content_hash(file: &str) -> String {
    let text = file.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_shebang = |line: &str| line.starts_with("#!/") && line.ends_with('\n');
    let is_signature = |line: &str| {
        let systems = ["rye", "kiwi-mcp"];
        let words = ["validated", "signed"];
        systems.iter().any(|system| {
            words.iter().any(|word| {
                let rest = line.strip_prefix(&format!("# {system}:{word}:"));
                rest.is_some_and(|rest| rest.len() > 1 && rest.ends_with('\n'))
            })
        })
    };
    let had_shebang = lines.first().is_some_and(|line| is_shebang(line));
    if had_shebang {
        lines.remove(0);
    }
    if lines.first().is_some_and(|line| is_signature(line)) {
        lines.remove(0);
    }
    if !had_shebang && lines.first().is_some_and(|line| is_shebang(line)) {
        lines.remove(0);
    }
    hex(lines.concat().as_bytes())
}

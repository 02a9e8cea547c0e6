//! What is not what it looks like.

use super::Grade::Error;
use super::addresses::{NO_ADDRESS, change, host, split};
use super::{Act, Operator, Pick};

const NO_ESCAPES: (&str, &str) = ("go", "the format has no escapes");

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "look-alike letter in a host",
        grade: Error,
        why: "a reviewer sees the host that was there",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            host(entry, &look_alike(split(&old)?.1)?)
        }),
    },
    Operator {
        name: "punycode that imitates a host",
        grade: Error,
        why: "as above, in the spelling that the network uses",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| host(entry, "xn--rgistry-6of.example.com")),
    },
    Operator {
        name: "look-alike letter in a name",
        grade: Error,
        why: "two packages look like one",
        except: &[],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let raw = entry.package.name.raw;
            Some(vec![entry.replace(raw, look_alike(raw)?)])
        }),
    },
    Operator {
        name: "bidi control in a name",
        grade: Error,
        why: "it is shown in another order than it is read",
        except: &[],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let raw = entry.package.name.raw;
            Some(vec![entry.replace(&raw[raw.len()..], "\u{202e}")])
        }),
    },
    Operator {
        name: "zero-width character in a version",
        grade: Error,
        why: "it is there and can't be seen",
        except: &[],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let raw = entry.package.version.as_ref()?.raw;
            Some(vec![entry.replace(&raw[raw.len()..], "\u{200b}")])
        }),
    },
    Operator {
        name: "known host as user name",
        grade: Error,
        why: "`https://known.example.com@evil.example.net/` fetches from the second host",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            host(entry, &format!("{}@evil.example.net", split(&old)?.1))
        }),
    },
    Operator {
        name: "encoded way out of a folder",
        grade: Error,
        why: "`%2e%2e` is `..` to the server",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            change(entry, |old| {
                let (scheme, host, path) = split(old)?;
                Some(format!("{scheme}{host}/%2e%2e/mallory/..{path}"))
            })
        }),
    },
    Operator {
        name: "escape that hides a scheme",
        grade: Error,
        why: "no client writes `\\u0068ttps`: it is there to be overlooked",
        except: &[NO_ESCAPES],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            let insecure = old.replacen("https://", "http://", 1);
            entry.lock.dialect.set_address(entry, &entry.lock.dialect.escaped(&insecure)?)
        }),
    },
    Operator {
        name: "escape that hides a host",
        grade: Error,
        why: "a search for the host does not find it",
        except: &[NO_ESCAPES],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            let (scheme, _, path) = split(&old)?;
            let hidden = format!("{scheme}{}{path}", entry.lock.dialect.escaped("hidden.example.net")?);
            entry.lock.dialect.set_address(entry, &hidden)
        }),
    },
];

/// The text with a Cyrillic letter in the place of a Latin one.
fn look_alike(text: &str) -> Option<String> {
    const PAIRS: [(char, &str); 5] =
        [('a', "\u{430}"), ('e', "\u{435}"), ('o', "\u{43e}"), ('c', "\u{441}"), ('p', "\u{440}")];
    let (latin, other) = PAIRS.into_iter().find(|(latin, _)| text.contains(*latin))?;
    Some(text.replacen(latin, other, 1))
}

//! Addresses.

use super::Grade::Error;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry};

pub(super) const NO_ADDRESS: (&str, &str) = ("go", "go.sum has no addresses");
const NO_NAME: (&str, &str) = ("cargo", "the address is the registry's: it names no package");

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "host of a kept release changed",
        grade: Error,
        why: "the project does not fetch from there",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| host(entry, "evil.example.net")),
    },
    Operator {
        name: "host of a new release changed",
        grade: Error,
        why: "an upgrade is no reason to fetch from another place",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::New, |entry, _| host(entry, "evil.example.net")),
    },
    Operator {
        name: "port changed",
        grade: Error,
        why: "another port is another server",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            host(entry, &format!("{}:8443", split(&old)?.1))
        }),
    },
    Operator {
        name: "path changed",
        grade: Error,
        why: "another owner's folder on the same host is another place",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, path),
    },
    Operator {
        name: "scheme downgraded to http",
        grade: Error,
        why: "whoever is on the way can answer",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            change(entry, |old| Some(old.replacen("https://", "http://", 1)))
        }),
    },
    Operator {
        name: "scheme downgraded to ftp",
        grade: Error,
        why: "as above",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            change(entry, |old| Some(old.replacen("https://", "ftp://", 1)))
        }),
    },
    Operator {
        name: "another package's address",
        grade: Error,
        why: "what is installed is not what the entry says",
        except: &[NO_ADDRESS, NO_NAME],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let other = another(entry)?;
            entry.lock.dialect.set_address(entry, &entry.lock.dialect.address(&other)?)
        }),
    },
    Operator {
        name: "another package's address and hash",
        grade: Error,
        why: "address and hash agree with each other, so every client installs it",
        except: &[NO_ADDRESS, NO_NAME],
        act: Act::Entry(Pick::New, |entry, _| {
            let other = another(entry)?;
            let mut edits = entry.lock.dialect.set_address(entry, &entry.lock.dialect.address(&other)?)?;
            edits.push(entry.replace(entry.digest()?.value, other.digest()?.value));
            Some(edits)
        }),
    },
    Operator {
        name: "another version's address",
        grade: Error,
        why: "an old release with a known hole, under a new number",
        except: &[NO_ADDRESS, NO_NAME],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let version = entry.package.version();
            change(entry, |old| Some(old.replace(&format!("-{version}"), "-0.0.1")).filter(|new| new != old))
        }),
    },
    Operator {
        name: "credentials in an address",
        grade: Error,
        why: "a secret that everybody can read is none",
        except: &[NO_ADDRESS],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let old = entry.lock.dialect.address(entry)?;
            host(entry, &format!("deploy:hunter2@{}", split(&old)?.1))
        }),
    },
];

/// Scheme with its `://`, host, and the rest.
pub(super) fn split(address: &str) -> Option<(&str, &str, &str)> {
    let start = address.find("://")? + 3;
    let end = address[start..].find('/').map_or(address.len(), |at| start + at);
    Some((&address[..start], &address[start..end], &address[end..]))
}

pub(super) fn change(entry: &Entry<'_, '_>, with: impl FnOnce(&str) -> Option<String>) -> Edits {
    let old = entry.lock.dialect.address(entry)?;
    entry.lock.dialect.set_address(entry, &with(&old)?)
}

pub(super) fn host(entry: &Entry<'_, '_>, to: &str) -> Edits {
    change(entry, |old| split(old).map(|(scheme, _, path)| format!("{scheme}{to}{path}")))
}

fn path(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    change(entry, |old| split(old).map(|(scheme, host, path)| format!("{scheme}{host}/mallory{path}")))
}

/// An entry of another name that has an address.
fn another<'l, 's>(entry: &Entry<'l, 's>) -> Option<Entry<'l, 's>> {
    let fits = |it: &Entry<'l, 's>| {
        it.is_hashed()
            && it.name() != entry.name()
            && it.lock.dialect.address(it).is_some_and(|it| it.contains("://"))
    };
    entry.lock.entries().find(fits)
}

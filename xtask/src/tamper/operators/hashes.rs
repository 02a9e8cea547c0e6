//! Hashes of releases that the base side has too.

use data_encoding::{BASE64, HEXLOWER};

use super::Grade::Error;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edits, Entry};

const ONE_ALGORITHM: &str = "the format has one algorithm, and does not name it";
const HEX: &str = "hex in capitals is the same hash, and is compared as such";
const ONE_HASH: &str = "one hash, no list";

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "hash swapped",
        grade: Error,
        why: "a release is immutable: other bytes under its name are somebody else's",
        except: &[],
        act: Act::Entry(Pick::Kept, swapped),
    },
    Operator {
        name: "hash taken from another entry",
        grade: Error,
        why: "it is a hash that the file has, but not this release's",
        except: &[],
        act: Act::Entry(Pick::Kept, neighbours),
    },
    Operator {
        name: "hash dropped",
        grade: Error,
        why: "the client then takes whatever it is given",
        except: &[],
        act: Act::Entry(Pick::Kept, dropped),
    },
    Operator {
        name: "hash emptied",
        grade: Error,
        why: "an empty hash is none",
        except: &[],
        act: Act::Entry(Pick::Kept, |entry, _| Some(vec![entry.replace(entry.integrity()?.raw, "")])),
    },
    Operator {
        name: "hash weakened",
        grade: Error,
        why: "collisions of the weaker algorithm can be made",
        except: &[("cargo", ONE_ALGORITHM), ("go", "`h1:` is the only one")],
        act: Act::Entry(Pick::Kept, weakened),
    },
    Operator {
        name: "hash cut short",
        grade: Error,
        why: "clients differ on what they do with it: some skip what they can't read",
        except: &[],
        act: Act::Entry(Pick::Kept, cut),
    },
    Operator {
        name: "hash not decodable",
        grade: Error,
        why: "as above",
        except: &[],
        act: Act::Entry(Pick::Kept, garbled),
    },
    Operator {
        name: "hash of an unknown algorithm",
        grade: Error,
        why: "a client that does not know it checks nothing",
        except: &[("cargo", ONE_ALGORITHM)],
        act: Act::Entry(Pick::Kept, unknown),
    },
    Operator {
        name: "hash written as no client does",
        grade: Error,
        why: "the same bytes in another spelling escape every comparison of texts",
        except: &[("cargo", HEX), ("uv", HEX)],
        act: Act::Entry(Pick::Kept, respelled),
    },
    Operator {
        name: "bad token beside a good hash",
        grade: Error,
        why: "npm skips it without a word, and what is skipped can be anything",
        except: &[("cargo", ONE_HASH), ("go", "a line has one hash"), ("uv", ONE_HASH)],
        act: Act::Entry(Pick::Kept, |entry, _| {
            let raw = entry.integrity()?.raw;
            Some(vec![entry.replace(raw, beside(raw, "sha512-AAAA"))])
        }),
    },
];

/// A list of two.
pub(super) fn beside(raw: &str, token: &str) -> String {
    format!("{raw} {token}")
}

fn swapped(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let digest = entry.digest()?;
    Some(vec![entry.replace(digest.value, like(digest.value, random))])
}

/// Another value that is written the same way.
fn like(value: &str, random: &mut Random) -> String {
    match BASE64.decode(value.as_bytes()) {
        Ok(bytes) if value.contains(['+', '/', '=']) => BASE64.encode(&random.bytes(bytes.len())),
        _ => HEXLOWER.encode(&random.bytes(value.len() / 2)),
    }
}

fn neighbours(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let own = entry.digest()?;
    let fits = |value: &str| value != own.value && value.len() == own.value.len();
    let others = entry.lock.entries().filter(|it| it.name() != entry.name());
    let other = others.filter_map(|it| it.digest()).find(|it| fits(it.value))?;
    Some(vec![entry.replace(own.raw, other.raw)])
}

fn dropped(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    // What go.mod does not require directly may honestly lose its line: see the operators that can't be decided.
    let is_go = entry.lock.file.format.id == "go";
    (!is_go || requires(entry, false)).then(|| entry.lock.dialect.drop_hash(entry))?
}

/// Whether go.mod asks for the release, on behalf of a dependency or itself.
pub(super) fn requires(entry: &Entry<'_, '_>, indirect: bool) -> bool {
    let release = format!("{} {}", entry.name(), entry.package.version());
    let mut lines = entry.lock.tree.get("go.mod").into_iter().flat_map(|it| it.lines());
    lines.any(|line| {
        line.contains(&release) && line.ends_with("// indirect") == indirect && !line.contains("=>")
    })
}

fn weakened(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let raw = entry.integrity()?.raw;
    let weaker = match raw.split_once(['-', ':'])?.0 {
        "sha512" => format!("sha1-{}", BASE64.encode(&random.bytes(20))),
        "sha256" => format!("md5:{}", HEXLOWER.encode(&random.bytes(16))),
        _ => return None,
    };
    Some(vec![entry.replace(raw, weaker)])
}

fn cut(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let value = entry.digest()?.value;
    Some(vec![entry.replace(value, value.get(..value.len().checked_sub(8)?)?)])
}

fn garbled(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let value = entry.digest()?.value;
    Some(vec![entry.replace(value, format!("!{}", value.get(1..)?))])
}

fn unknown(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let raw = entry.integrity()?.raw;
    let (name, _) = raw.split_once(['-', ':'])?;
    Some(vec![entry.replace(&raw[..name.len()], "sha999")])
}

/// Base64 with bits behind the last byte.
fn respelled(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let value = entry.digest()?.value;
    let end = value.trim_end_matches('=');
    // `A` and `Q` end in zero bits, `B` and `R` don't.
    let next = char::from_u32(u32::from(end.chars().last()?) + 1).filter(char::is_ascii_alphanumeric)?;
    let with = format!("{}{next}{}", &end[..end.len() - 1], &value[end.len()..]);
    Some(vec![entry.replace(value, with)])
}

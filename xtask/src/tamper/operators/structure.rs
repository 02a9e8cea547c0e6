//! Files that two readers would read as two, or not to the end.

use super::Grade::Error;
use super::{Act, Operator, Pick};
use crate::random::Random;
use crate::tamper::scene::{Edit, Edits, Entry, Lock, line_at};

const ANY_OF: (&str, &str) = ("go", "lines of one release are alternatives: see hash added");

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "key given twice",
        grade: Error,
        why: "the first or the last counts: readers differ",
        except: &[ANY_OF],
        act: Act::Entry(Pick::Kept, twice),
    },
    Operator {
        name: "entry given twice",
        grade: Error,
        why: "as above, with another hash in the second",
        except: &[ANY_OF],
        act: Act::Entry(Pick::Kept, |entry, random| {
            let hash = entry.lock.dialect.hash(random);
            entry.lock.dialect.repeat(entry, &hash)
        }),
    },
    Operator {
        name: "halves that disagree",
        grade: Error,
        why: "npm 6 and npm 7 install two different trees",
        except: &[
            ("cargo", "one list of packages"),
            ("go", "one list of lines"),
            ("pnpm", "see second document"),
            ("uv", "one list of packages"),
        ],
        act: Act::File(halves),
    },
    Operator {
        name: "second document",
        grade: Error,
        why: "readers of one document see another file than readers of the last",
        except: &[
            ("cargo", "TOML has one"),
            ("go", "as in TOML"),
            ("npm", "JSON has one"),
            ("uv", "TOML has one"),
        ],
        act: Act::File(|lock, random| {
            let text = lock.text();
            let entry = lock.shuffled(random).into_iter().find(|it| it.is_hashed())?;
            let copy =
                text.replace(entry.digest()?.value, lock.dialect.hash(random).trim_start_matches("sha512-"));
            Some(vec![Edit { at: text.len()..text.len(), with: format!("---\n{copy}") }])
        }),
    },
    Operator {
        name: "anchor and alias",
        grade: Error,
        why: "an entry that is written somewhere else is not seen where it counts",
        except: &[
            ("cargo", "TOML has none"),
            ("go", "no such syntax"),
            ("npm", "JSON has none"),
            ("uv", "TOML has none"),
        ],
        act: Act::File(|lock, random| {
            let hashed = |it: &Entry<'_, '_>| it.is_hashed() && it.is_kept();
            let entries: Vec<_> = lock.shuffled(random).into_iter().filter(hashed).take(2).collect();
            let [from, to] = entries[..] else { return None };
            let (first, second) = if from.block().start < to.block().start { (from, to) } else { (to, from) };
            Some(vec![
                first.replace(first.integrity()?.raw, format!("&h {}", first.integrity()?.raw)),
                second.replace(second.integrity()?.raw, "*h"),
            ])
        }),
    },
    Operator {
        name: "conflict markers",
        grade: Error,
        why: "`npm ci` accepts them, and takes a side",
        except: &[],
        act: Act::Entry(Pick::Any, conflict),
    },
    Operator {
        name: "cut off inside an entry",
        grade: Error,
        why: "what came behind is not checked by anybody",
        except: &[],
        act: Act::File(|lock, random| {
            let kept = |it: &Entry<'_, '_>| it.is_hashed() && it.is_kept();
            let entry = lock.shuffled(random).into_iter().find(kept)?;
            let end = lock.range(entry.digest()?.value).start + 8;
            Some(vec![Edit { at: end..lock.text().len(), with: String::new() }])
        }),
    },
    Operator {
        name: "section lost",
        grade: Error,
        why: "a file without its packages, or without their hashes, pins nothing",
        except: &[],
        act: Act::File(section),
    },
    Operator {
        name: "file emptied",
        grade: Error,
        why: "as above",
        except: &[],
        act: Act::File(|lock, _| {
            let has_kept = lock.entries().any(|it| it.is_hashed() && it.is_kept());
            has_kept.then(|| vec![Edit { at: 0..lock.text().len(), with: String::new() }])
        }),
    },
    Operator {
        name: "moved to Git LFS",
        grade: Error,
        why: "a pointer is all that a review sees, and that git compares",
        except: &[],
        act: Act::File(pointer),
    },
];

/// The file as Git LFS would commit it.
fn pointer(lock: &Lock<'_>, _: &mut Random) -> Edits {
    let text = lock.text();
    let has_kept = lock.entries().any(|it| it.is_hashed() && it.is_kept());
    let with = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        "5".repeat(64),
        text.len()
    );
    has_kept.then(|| vec![Edit { at: 0..text.len(), with }])
}

/// The line of the hash once more, above, with the hash of another.
fn twice(entry: &Entry<'_, '_>, random: &mut Random) -> Edits {
    let raw = entry.integrity()?.raw;
    let hash = entry.lock.dialect.hash(random);
    let range = entry.lock.range(raw);
    if matches!(entry.lock.file.format.id, "pnpm" | "uv") {
        // The fields of these stand on one line.
        let (open, key) =
            if entry.lock.file.format.id == "pnpm" { ("", "integrity: ") } else { ("\"", "hash = \"") };
        let with = format!("{open}, {key}{hash}");
        return Some(vec![Edit { at: range.end..range.end, with }]);
    }
    let line = line_at(entry.text(), range.start);
    let copy = entry.text()[line.clone()].replace(raw, &hash);
    let copy = if copy.trim_end().ends_with(',') || !copy.contains("\": \"") {
        copy
    } else {
        copy.replace("\"\n", "\",\n")
    };
    Some(vec![Edit { at: line.start..line.start, with: copy }])
}

/// Another version in one half of a file that has two.
fn halves(lock: &Lock<'_>, random: &mut Random) -> Edits {
    let has_both =
        lock.text().contains("\n  \"packages\": {") && lock.text().contains("\n  \"dependencies\": {\n");
    let legacy = |it: &Entry<'_, '_>| it.package.flags.legacy && it.is_hashed();
    let entry = lock.shuffled(random).into_iter().filter(|_| has_both).find(legacy)?;
    let version = entry.package.version.as_ref()?.raw;
    let mut edits = vec![entry.replace(version, "0.0.1")];
    let address = lock.dialect.address(&entry)?.replace(&format!("-{version}."), "-0.0.1.");
    edits.extend(lock.dialect.set_address(&entry, &address)?);
    edits.push(entry.replace(entry.integrity()?.raw, lock.dialect.hash(random)));
    Some(edits)
}

fn conflict(entry: &Entry<'_, '_>, _: &mut Random) -> Edits {
    let at = entry.lock.range(entry.integrity()?.raw).start;
    let line = line_at(entry.text(), at);
    let text = &entry.text()[line.clone()];
    Some(vec![Edit { at: line, with: format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> topic\n") }])
}

/// All packages, or all hashes where they stand apart.
fn section(lock: &Lock<'_>, _: &mut Random) -> Edits {
    let text = lock.text();
    let has_kept = lock.entries().any(|it| it.is_hashed() && it.is_kept());
    let heading = match lock.file.format.id {
        "npm" if text.contains("\n  \"packages\": {") => "\n  \"packages\": {",
        "npm" => "\n  \"dependencies\": {",
        "pnpm" => "\npackages:\n",
        "go" => "",
        _ if text.contains("\n[metadata]\n") => "\n[metadata]\n",
        _ => "\n[[package]]\n",
    };
    // A second document has sections of its own in front.
    let found = if lock.file.format.id == "pnpm" { text.rfind(heading) } else { text.find(heading) };
    let from = found.filter(|_| has_kept)?;
    let until = match lock.file.format.id {
        "npm" => from + text[from + 1..].find("\n  }")? + 1,
        "pnpm" => text[from..].find("\nsnapshots:\n").map_or(text.len(), |at| from + at),
        _ => text.len(),
    };
    let with = match lock.file.format.id {
        "npm" => heading.to_owned(),
        "pnpm" => "\n".to_owned(),
        "go" => text.lines().next().map(|line| format!("{line}\n"))?,
        _ => "\n".to_owned(),
    };
    Some(vec![Edit { at: from..until, with }])
}

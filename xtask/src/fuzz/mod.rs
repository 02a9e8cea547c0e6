//! A fuzzer that needs no nightly: the lockfiles of `tests/`, damaged, must be read without a panic, in linear time, and
//! with every span inside of the file.

mod mutate;
mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lockproof::ecosystems::formats;
use lockproof::ecosystems::formats::Format;

use crate::random::Random;
use crate::tools::{Done, Failure, at, number, root, say, value};

/// An input is tried again and again until as many different failures were found.
const ENOUGH: usize = 10;

/// One lockfile to start from.
pub(crate) struct Seed {
    format: &'static Format,
    /// Its base name: the format goes by it.
    name: String,
    bytes: Vec<u8>,
}

pub(crate) fn run(arguments: &[String]) -> Done {
    let (mut seconds, mut seed, mut input) = (60, 1, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => seconds = number("--seconds", value("--seconds", &mut rest)?)?,
            "--seed" => seed = number("--seed", value("--seed", &mut rest)?)?,
            "--input" => input = Some(value("--input", &mut rest)?),
            other => return Err(Failure::Usage(format!("fuzz knows no `{other}`"))),
        }
    }
    oracle::catch_messages();
    match input {
        Some(folder) => again(Path::new(folder)),
        None => search(Duration::from_secs(seconds), seed),
    }
}

fn search(time: Duration, seed: u64) -> Done {
    let corpus = corpus(&[root().join("tests/formats"), root().join("tests/history")])?;
    if corpus.is_empty() {
        return Err(Failure::Failed("there are no lockfiles in tests/formats and tests/history".into()));
    }
    say(format!("fuzz: {} lockfiles to start from, seed {seed}, {} s", corpus.len(), time.as_secs()));
    let clock = Instant::now();
    let mut failures: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut tried = 0_u64;
    let mut bytes = 0;
    // What stands there undamaged is tried first.
    for original in &corpus {
        note(
            oracle::judge(original, &original.bytes),
            original,
            &original.bytes,
            &mut failures,
            "corpus",
            tried,
        )?;
    }
    while clock.elapsed() < time && failures.len() < ENOUGH {
        let mut random = Random::of(&format!("{seed} {tried}"));
        let original = &corpus[random.below(corpus.len())];
        let other = &corpus[random.below(corpus.len())];
        let mutant = mutate::mutate(&original.bytes, &other.bytes, &mut random);
        bytes += mutant.len();
        note(oracle::judge(original, &mutant), original, &mutant, &mut failures, &seed.to_string(), tried)?;
        tried += 1;
    }
    let megabytes = bytes as f64 / 1e6;
    let took = clock.elapsed().as_secs_f64();
    say(format!("fuzz: {tried} inputs, {megabytes:.0} MB, {took:.0} s, {} failures", failures.len()));
    if failures.is_empty() { Ok(()) } else { Err(Failure::Failed("see target/fuzz".into())) }
}

/// Keeps the first input of each kind of failure, and says how to see it again.
fn note(
    verdict: Result<(), String>,
    original: &Seed,
    mutant: &[u8],
    failures: &mut BTreeMap<String, PathBuf>,
    seed: &str,
    number: u64,
) -> Done {
    let Err(why) = verdict else { return Ok(()) };
    // Digits are lengths and offsets: the same failure has others every time.
    let kind: String =
        format!("{} {why}", original.format.id).chars().filter(|c| !c.is_ascii_digit()).take(120).collect();
    if failures.contains_key(&kind) {
        return Ok(());
    }
    let folder = root().join("target/fuzz").join(format!("{seed}-{number}"));
    for (side, bytes) in [("base", &original.bytes[..]), ("head", mutant)] {
        let file = folder.join(side).join(&original.name);
        fs::create_dir_all(folder.join(side)).map_err(at(&folder))?;
        fs::write(&file, bytes).map_err(at(&file))?;
    }
    say(format!("FAILED  {}: {why}\n  again: cargo xtask fuzz --input {}", original.name, folder.display()));
    failures.insert(kind, folder);
    Ok(())
}

fn again(folder: &Path) -> Done {
    let bases = corpus(&[folder.join("base")])?;
    let original =
        bases.first().ok_or_else(|| Failure::Usage(format!("{} has no base", folder.display())))?;
    let file = folder.join("head").join(&original.name);
    let mutant = fs::read(&file).map_err(at(&file))?;
    oracle::judge(original, &mutant).map_err(|why| Failure::Failed(format!("{}: {why}", original.name)))?;
    say("passes now");
    Ok(())
}

/// The lockfiles below some folders, in the order of their paths.
fn corpus(folders: &[PathBuf]) -> Result<Vec<Seed>, Failure> {
    let mut pending = folders.to_vec();
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() { pending.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut corpus = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(format) = formats::of_path(name.as_bytes()) {
            corpus.push(Seed { format, name, bytes: fs::read(&file).map_err(at(&file))? });
        }
    }
    Ok(corpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_input() {
        let mutant = |seed: &str| mutate::mutate(b"a: 1\nb: 2\n", b"c: 3\n", &mut Random::of(seed));
        assert_eq!(mutant("1 2"), mutant("1 2"));
        assert!((0..20).any(|at| mutant(&at.to_string()) != mutant("1 2")));
    }

    #[test]
    fn nothing_can_be_damaged() {
        for seed in 0..500_u32 {
            mutate::mutate(b"", b"", &mut Random::of(&seed.to_string()));
        }
    }
}

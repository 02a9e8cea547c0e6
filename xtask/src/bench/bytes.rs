//! Hashing what caches hold, beside `openssl dgst` on the same files.
//!
//! The archives are real ones, with a manifest in front and content that does not compress; as many and as large as those
//! of a large project. The targets are for hashing: reading manifests is more work, and is shown without one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256, Sha512};

use super::measure::{Case, median};
use super::{Bench, Metric, Target};
use crate::random::Random;
use crate::tools::{Done, Failure, at, find_tool, git, say};

const CRATES: usize = 1_900;
const CRATES_BYTES: usize = 250_000_000;
const TARBALLS: usize = 900;
const TARBALLS_BYTES: usize = 120_000_000;
/// Raised when the inputs are made otherwise.
const GENERATION: &str = "1";

pub(super) fn all(bench: &mut Bench) -> Done {
    if !bench.wants("bytes") {
        return Ok(());
    }
    let Some(openssl) = find_tool("openssl", "OPENSSL") else {
        say("bytes\n    skipped: openssl is not installed (PATH or $OPENSSL)");
        return Ok(());
    };
    let folder = bench.inputs.at("bytes");
    prepare(&folder)?;
    let ours = |words: &[&str], project: &str| {
        let case = Case::new(&bench.lockproof, words, folder.join(project));
        case.with("CARGO_HOME", folder.join("home")).with("npm_config_cache", folder.join("npm"))
    };
    let hash = ["check", "--no-base", "--bytes", "all", "--bytes-required"];
    let alone = ["--select", "artifact-mismatch,missing-artifact"];
    let on = |threads: &'static str| [&hash[..], &alone[..], &["--jobs", threads]].concat();
    let crates = files(&folder.join("home/registry/cache/index.example.com-0"))?;
    let tarballs = files(&folder.join("npm/_cacache/content-v2/sha512"))?;
    let openssl_of =
        |algorithm: &'static str, files: &[PathBuf]| digest(&openssl, &["dgst", algorithm], files);
    let (sha256, sha512) = (openssl_of("-sha256", &crates), openssl_of("-sha512", &tarballs));
    let rows = [
        ("bytes: 250 MB of crates, 1 thread", on("1"), "cargo", &sha256, Metric::Cpu, (1.0, 0.55)),
        ("bytes: 250 MB of crates, 2 threads", on("2"), "cargo", &sha256, Metric::Wall, (0.55, 0.3)),
        (
            "bytes: 120 MB of npm tarballs, 1 thread",
            on("1"),
            "npm-project",
            &sha512,
            Metric::Cpu,
            (1.3, 0.45),
        ),
    ];
    let cases = rows.map(|(name, words, project, peer, metric, target)| {
        (name, ours(&words, project), peer, metric, target)
    });
    let with_manifests = ours(&[&hash[..], &["--jobs", "1"]].concat(), "cargo");
    for (name, ours, peer, metric, (safe, stretch)) in cases {
        bench.compare(name, &ours, ("openssl dgst", peer), metric, Target { safe, stretch })?;
    }
    show(bench, "sha256sum, the same crates", &digest(Path::new("sha256sum"), &[], &crates))?;
    show(bench, "all rules, manifests in the archives read, 1 thread", &with_manifests)
}

fn digest(program: &Path, words: &[&str], files: &[PathBuf]) -> Case {
    let files = files.iter().map(|file| file.display().to_string());
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).chain(files).collect();
    Case::new(program, &words.iter().map(String::as_str).collect::<Vec<_>>(), ".")
}

/// What a command costs, for comparison only.
fn show(bench: &Bench, name: &str, case: &Case) -> Done {
    case.run()?;
    let costs: Vec<_> = (0..bench.pairs()).map(|_| case.run()).collect::<Result<_, _>>()?;
    let of = |metric: Metric| median(&mut costs.iter().map(|cost| metric.of(cost)).collect::<Vec<_>>());
    say(format!("    {name}: cpu {:.1} ms, wall {:.1} ms", of(Metric::Cpu), of(Metric::Wall)));
    Ok(())
}

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry?.path();
        if path.is_dir() { found.append(&mut files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn prepare(folder: &Path) -> Done {
    let mark = folder.join("generation");
    if fs::read_to_string(&mark).is_ok_and(|made| made == GENERATION) {
        return Ok(());
    }
    say("making 370 MB of archives, once");
    crates(folder)?;
    tarballs(folder)?;
    // Else the repository around them would be checked.
    for project in ["cargo", "npm-project"] {
        let made = git(&folder.join(project), ["init", "--quiet"]).status()?;
        if !made.success() {
            return Err(Failure::Failed(format!("git init failed in {}", folder.join(project).display())));
        }
    }
    write(&mark, GENERATION.as_bytes())
}

fn crates(folder: &Path) -> Done {
    let mut lock = "version = 4\n".to_owned();
    let mut random = Random::of("crates");
    for number in 0..CRATES {
        let name = format!("crate-{number:04}");
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
        let size = size(&mut random, number, CRATES, CRATES_BYTES);
        let bytes = archive(&[
            (format!("{name}-1.0.0/Cargo.toml"), manifest.into()),
            (format!("{name}-1.0.0/data"), random.bytes(size)),
        ])?;
        let hash = HEXLOWER.encode(&Sha256::digest(&bytes));
        lock.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/\"\nchecksum = \"{hash}\"\n"
        ));
        write(&folder.join(format!("home/registry/cache/index.example.com-0/{name}-1.0.0.crate")), &bytes)?;
    }
    write(&folder.join("cargo/Cargo.lock"), lock.as_bytes())
}

fn tarballs(folder: &Path) -> Done {
    let mut entries = Vec::new();
    let mut random = Random::of("tarballs");
    for number in 0..TARBALLS {
        let name = format!("package-{number:04}");
        let manifest = format!("{{\"name\": \"{name}\", \"version\": \"1.0.0\"}}");
        let size = size(&mut random, number, TARBALLS, TARBALLS_BYTES);
        let bytes = archive(&[
            ("package/package.json".to_owned(), manifest.into()),
            ("package/data".to_owned(), random.bytes(size)),
        ])?;
        let hash = Sha512::digest(&bytes);
        let hex = HEXLOWER.encode(&hash);
        let path = format!("npm/_cacache/content-v2/sha512/{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..]);
        write(&folder.join(path), &bytes)?;
        entries.push(format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"1.0.0\",\n      \"resolved\": \"https://registry.example.com/{name}/-/{name}-1.0.0.tgz\",\n      \"integrity\": \"sha512-{}\"\n    }}",
            BASE64.encode(&hash)
        ));
    }
    let lock =
        format!("{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n{}\n  }}\n}}\n", entries.join(",\n"));
    write(&folder.join("npm-project/package-lock.json"), lock.as_bytes())
}

/// Most are small, a few are large, and together they make the total.
fn size(random: &mut Random, number: usize, count: usize, total: usize) -> usize {
    let average = total / count;
    let share = if number.is_multiple_of(10) { average * 6 } else { average * 4 / 9 };
    share / 2 + random.below(share)
}

/// A gzipped tar archive. What does not compress is stored, as the encoder would after much thought.
fn archive(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for (name, bytes) in files {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        gzip.write_all(&header)?;
        gzip.write_all(bytes)?;
        gzip.write_all(&vec![0; bytes.len().wrapping_neg() % 512])?;
    }
    gzip.write_all(&[0; 1024])?;
    Ok(gzip.finish()?)
}

fn write(path: &Path, bytes: &[u8]) -> Done {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(at(folder))?;
    fs::write(path, bytes).map_err(at(path))
}

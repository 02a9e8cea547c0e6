//! The rows, each with its target. The targets are ratios to a plain tool on the same bytes.

use std::fs;

use super::inputs::{GROWTH, MANY};
use super::measure::{Case, median};
use super::{Bench, Metric, Target, bytes, rates};
use crate::tools::{Done, Failure, at, find_tool, root, say};

pub(crate) fn all(bench: &mut Bench) -> Done {
    start(bench)?;
    large(bench)?;
    single(bench)?;
    findings(bench)?;
    tools(bench)?;
    memory(bench)?;
    growth(bench)?;
    rates::all(bench)?;
    bytes::all(bench)?;
    peers(bench)
}

const fn target(safe: f64, stretch: f64) -> Target {
    Target { safe, stretch }
}

/// The upgrades are made up: no manifest asks for them, and lockproof says so.
const CHANGED: &[&str] = &["check", "--fail-on", "never"];

fn start(bench: &mut Bench) -> Done {
    let ours = bench.ours(&["--version"], "npm");
    bench.absolute("start", &ours, Metric::Wall, target(2.0, 1.0))
}

fn large(bench: &mut Bench) -> Done {
    let folder = bench.inputs.at("large");
    let ours = bench.ours(&["check", "--staged"], "large");
    let peer = Case::new("git", &["diff", "--cached", "--name-only"], &folder);
    let name = "staged check, 200,000 files, nothing changed";
    bench.compare(name, &ours, ("git diff --cached --name-only", &peer), Metric::Cpu, target(0.5, 0.25))?;
    let ours = bench.ours(&["check", "--jobs", "2"], "large");
    let peer = Case::new("git", &["cat-file", "--batch"], folder).reading(bench.inputs.at("large.ids"));
    let name = "40 unchanged lockfiles, 27 MB, 2 threads";
    bench.compare(name, &ours, ("git cat-file --batch", &peer), Metric::Wall, target(0.8, 0.4))
}

fn single(bench: &mut Bench) -> Done {
    let ours = bench.ours(&["check", "--no-base"], "npm");
    let peer = Case::new("wc", &["-l", "package-lock.json"], bench.inputs.at("npm"));
    bench.compare(
        "content only, 3.8 MB package-lock",
        &ours,
        ("wc -l", &peer),
        Metric::Cpu,
        target(8.0, 4.0),
    )?;
    let ours = bench.ours(CHANGED, "changed");
    let peer = Case::new("git", &["cat-file", "blob", "HEAD:package-lock.json"], bench.inputs.at("changed"));
    let name = "changed 3.8 MB package-lock against HEAD, all rules";
    bench.compare(name, &ours, ("git cat-file blob", &peer), Metric::Cpu, target(3.0, 2.0))
}

fn findings(bench: &mut Bench) -> Done {
    let ours = bench.ours(&["check", "--no-base"], "findings").ending_with(1);
    bench.absolute("10,000 findings in a 5 MB lockfile, text", &ours, Metric::Cpu, target(150.0, 20.0))
}

/// Tool lockfiles with their tools: each of both is read and hashed.
fn tools(bench: &mut Bench) -> Done {
    let folder = bench.inputs.at("tools");
    let script = "find .ai -type f -print0 | xargs -0 sha256sum";
    let peer = Case::new("sh", &["-c", script], &folder);
    let name = "10,000 tool lockfiles and their tools, without git";
    let ours = bench.ours(&["tool", "verify"], "tools");
    bench.compare(name, &ours, ("find | xargs sha256sum", &peer), Metric::Cpu, target(10.0, 5.0))?;
    let name = "10,000 tool lockfiles and their tools, against HEAD";
    let ours = bench.ours(&["check"], "tools");
    bench.compare(name, &ours, ("find | xargs sha256sum", &peer), Metric::Cpu, target(10.0, 5.0))
}

/// The most memory with both sides read, against the bytes of both.
fn memory(bench: &mut Bench) -> Done {
    let name = "peak memory, changed 3.8 MB package-lock";
    if !bench.wants(name) {
        return Ok(());
    }
    let both = 2.0 * size(bench, "changed/package-lock.json")?;
    let peak = bench.ours(CHANGED, "changed").peak()? as f64 / 1e6;
    say(format!("{name}\n    {peak:.1} MB for {both:.1} MB of both sides"));
    // Above 8 MB (4 MB), in bytes of memory for each byte read.
    let (safe, stretch) = (8.0 + 4.0 * both, 4.0 + 2.5 * both);
    bench.judge(name, &format!("{peak:.1} MB"), peak, target(safe, stretch));
    Ok(())
}

/// Megabytes.
fn size(bench: &Bench, name: &str) -> Result<f64, Failure> {
    let path = bench.inputs.at(name);
    Ok(fs::metadata(&path).map_err(at(&path))?.len() as f64 / 1e6)
}

/// What one more costs among many, against what one more costs among few: linear is 1.
fn growth(bench: &mut Bench) -> Done {
    let mut sizes = Vec::new();
    for (name, _) in GROWTH {
        sizes.push((name, size(bench, &format!("{name}/package-lock.json"))?));
    }
    grow(bench, "growth with packages, 1, 10, 100 times 0.4 MB", &sizes, "MB", &["check", "--no-base"])?;
    let counts: Vec<_> = MANY.iter().map(|(name, count)| (*name, *count as f64)).collect();
    grow(bench, "growth with lockfiles, 1, 100, 10,000", &counts, "lockfile", &["check", "--no-base"])?;
    grow(bench, "growth with lockfiles, against HEAD", &counts, "lockfile", &["check"])
}

fn grow(bench: &mut Bench, name: &str, sizes: &[(&str, f64)], unit: &str, arguments: &[&str]) -> Done {
    if !bench.wants(name) {
        return Ok(());
    }
    let mut points = Vec::new();
    for (folder, size) in sizes {
        let ours = bench.ours(arguments, folder);
        ours.run()?;
        let runs = if bench.quick { 2 } else { 7 };
        let mut values: Vec<f64> = Vec::new();
        for _ in 0..runs {
            values.push(Metric::Cpu.of(&ours.run()?));
        }
        points.push((*size, median(&mut values)));
    }
    let shown: Vec<_> = points.iter().map(|(size, cost)| format!("{size:.1}: {cost:.2} ms")).collect();
    let slope = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 - a.0);
    let (few, many) = (slope(points[0], points[1]), slope(points[1], points[2]));
    say(format!("{name}\n    cpu {}   {few:.3} then {many:.3} ms for each {unit}", shown.join(", ")));
    bench.judge(name, &format!("{:.2} times as much for one more", many / few), many / few, target(1.5, 1.1));
    Ok(())
}

/// Linters of one ecosystem, where they are installed: nothing is fetched for a benchmark.
fn peers(bench: &mut Bench) -> Done {
    let name = "lockfile-lint, 3.8 MB package-lock";
    if bench.wants(name) {
        match find_tool("lockfile-lint", "LOCKFILE_LINT") {
            None => {
                say(format!("{name}\n    skipped: lockfile-lint is not installed (PATH or $LOCKFILE_LINT)"))
            }
            Some(tool) => {
                let hosts = [
                    "--validate-https",
                    "--validate-integrity",
                    "--validate-package-names",
                    "--allowed-hosts",
                ];
                let file = ["--path", "package-lock.json", "--type", "npm"];
                let arguments = [&file[..], &hosts[..], &["registry.example.com"]].concat();
                let peer = Case::new(tool, &arguments, bench.inputs.at("npm"));
                let ours = bench.ours(&["check", "--no-base"], "npm");
                bench.compare(
                    name,
                    &ours,
                    ("lockfile-lint", &peer),
                    Metric::Wall,
                    target(1.0 / 50.0, 1.0 / 100.0),
                )?;
            }
        }
    }
    // A crate graph can't be made up: it is this repository's.
    let name = "cargo-deny, this repository (it loads the crate graph: more work)";
    if bench.wants(name) {
        match find_tool("cargo-deny", "CARGO_DENY") {
            None => say(format!("{name}\n    skipped: cargo-deny is not installed (PATH or $CARGO_DENY)")),
            Some(tool) => {
                let peer = Case::new(tool, &["--offline", "check", "sources"], root());
                let ours = Case::new(&bench.lockproof, &["check", "--no-base", "Cargo.lock"], root());
                bench.compare(
                    name,
                    &ours,
                    ("cargo-deny check sources", &peer),
                    Metric::Cpu,
                    target(1.0 / 200.0, 1.0 / 500.0),
                )?;
            }
        }
    }
    Ok(())
}

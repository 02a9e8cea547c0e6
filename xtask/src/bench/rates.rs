//! How fast each format is read: in this process, from memory, one thread.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use lockproof::ecosystems::formats;
use lockproof::text::source::{Side, Source};

use super::locks::Kind;
use super::measure::median;
use super::{Bench, Target};
use crate::tools::{Done, Failure, at, say};

pub(crate) fn all(bench: &mut Bench) -> Done {
    for kind in Kind::ALL {
        let path = bench.inputs.at(&format!("formats/{}", kind.file()));
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let target = (kind == Kind::Pnpm).then_some(Target { safe: 3.0, stretch: 1.0 });
        rate(bench, &format!("parse {}", kind.file()), kind.file(), &text, target)?;
        if kind == Kind::Pnpm {
            // A directive is nothing that pnpm writes: the general reader takes over.
            let text = format!("%YAML 1.2\n---\n{text}");
            let target = Some(Target { safe: 40.0, stretch: 25.0 });
            rate(bench, "parse pnpm-lock.yaml, general reader", kind.file(), &text, target)?;
        }
    }
    Ok(())
}

fn rate(bench: &mut Bench, name: &str, file: &str, text: &str, target: Option<Target>) -> Done {
    if !bench.wants(name) {
        return Ok(());
    }
    let format =
        formats::of_path(file.as_bytes()).ok_or_else(|| Failure::Failed(format!("{file} is no lockfile")))?;
    let source = Source::new(file, Side::Worktree, text.into());
    let packages = format.read(&source).packages.len();
    let once = || {
        let clock = Instant::now();
        black_box(format.read(black_box(&source)));
        clock.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..if bench.quick { 5 } else { 31 }).map(|_| once()).collect();
    let took = median(&mut times);
    let megabytes = text.len() as f64 / 1e6;
    let rate = megabytes / took * 1e3;
    say(format!("{name}\n    {megabytes:.2} MB, {packages} packages, {took:.2} ms, {rate:.0} MB/s"));
    if let Some(target) = target {
        bench.judge(name, &format!("{took:.2} ms"), took, target);
    }
    Ok(())
}

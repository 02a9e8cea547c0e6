//! What must hold of every input.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lockproof::check::{Outcome, lint};
use lockproof::model::{Lockfile, Package};
use lockproof::policy::Policy;
use lockproof::read::options::Options;
use lockproof::read::{File, Sources};
use lockproof::render::{json, terminal};
use lockproof::text::source::{Side, Source};
use lockproof::text::syntax::Text;

use super::Seed;

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Panics are caught, and told by their message: it must not scroll by.
pub(crate) fn catch_messages() {
    set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = panic.to_string().replace('\n', " ");
        }
    }));
}

fn last_panic() -> String {
    LAST_PANIC.lock().map(|last| last.clone()).unwrap_or_default()
}

/// Reads a damaged lockfile, and checks it as a change of the original.
pub(crate) fn judge(original: &Seed, mutant: &[u8]) -> Result<(), String> {
    let source = Source::new(&*original.name, Side::Worktree, mutant.to_vec());
    let lockfile =
        in_time(mutant, 0, || original.format.read(&source)).map_err(|why| format!("read: {why}"))?;
    spans_hold(&source, &lockfile)?;
    let sources = sources(original, mutant);
    let outcome = in_time(mutant, original.bytes.len(), || lint(&sources, &Options::default()))
        .map_err(|why| format!("check: {why}"))?;
    if let Some(problem) = outcome.coverage.problems.first() {
        return Err(format!("check: {problem} ({})", last_panic()));
    }
    outcome_holds(&source, &outcome)?;
    let style = terminal::Style { color: false, width: 80, quiet: false, verbose: true };
    let work = || (terminal::report(&sources, &outcome, style), json::report(&sources, &outcome));
    let (text, _) =
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| format!("render: panic: {}", last_panic()))?;
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
    };
    match text.chars().find(|c| hostile(*c)) {
        Some(c) => Err(format!("render: U+{:04X} reached the output", u32::from(c))),
        None => Ok(()),
    }
}

/// 200 ms, and so much for each byte and line that only what is not linear needs longer: every line may be a finding. A
/// slow machine gets three tries.
fn in_time<T>(text: &[u8], more: usize, work: impl Fn() -> T) -> Result<T, String> {
    let (for_byte, for_line) = if cfg!(debug_assertions) { (8_000, 400_000) } else { (800, 80_000) };
    let size = text.len() + more;
    let lines = text.iter().filter(|&&byte| byte == b'\n').count();
    let nanoseconds = for_byte * size as u64 + for_line * lines as u64;
    let limit = Duration::from_millis(200) + Duration::from_nanos(nanoseconds);
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let clock = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(&work)).map_err(|_| format!("panic: {}", last_panic()))?;
        fastest = fastest.min(clock.elapsed());
        if fastest <= limit {
            return Ok(done);
        }
        // No neighbour is to blame for that.
        if fastest > 10 * limit {
            break;
        }
    }
    Err(format!("{fastest:.0?} for {size} bytes, more than {limit:.0?}"))
}

fn spans_hold(source: &Source, lockfile: &Lockfile<'_>) -> Result<(), String> {
    let holds = |what: &str, slice: &str| match slice.is_empty() || source.span(slice).is_some() {
        true => Ok(()),
        false => Err(format!("span: the {what} is no slice of the file")),
    };
    lockfile.schema_version.iter().try_for_each(|it| holds("version of the format", it.raw))?;
    for fault in &lockfile.faults {
        holds("fault", fault.at)?;
        holds("first of a fault", fault.first.unwrap_or(""))?;
    }
    lockfile.roots.iter().try_for_each(|root| holds("root", root.path.raw))?;
    lockfile.packages.iter().flat_map(slices).try_for_each(|(what, slice)| holds(what, slice))
}

fn slices<'a>(package: &'a Package<'a>) -> Vec<(&'static str, &'a str)> {
    let raw = |text: &Option<Text<'a>>| text.as_ref().map_or("", |text| text.raw);
    let mut slices = vec![
        ("slot", package.slot.raw),
        ("name", package.name.raw),
        ("version", raw(&package.version)),
        ("alias", raw(&package.alias)),
        ("source", raw(&package.source)),
    ];
    for artifact in &package.artifacts {
        slices.push(("artifact", artifact.key.raw));
        slices.push(("address", raw(&artifact.url)));
        slices.push(("integrity", raw(&artifact.integrity)));
        slices.extend(artifact.digests.iter().map(|digest| ("digest", digest.raw)));
    }
    slices.extend(package.edges.iter().map(|edge| ("edge", edge.name.raw)));
    slices
}

/// Findings on the head side point into it.
fn outcome_holds(source: &Source, outcome: &Outcome) -> Result<(), String> {
    let spans = outcome
        .findings
        .iter()
        .filter(|finding| finding.side == Side::Worktree)
        .filter_map(|finding| Some((finding.rule, finding.span?)));
    for (rule, span) in spans {
        let (start, end) = (span.start.offset, span.end.offset);
        if start > end || source.raw().get(start..end).is_none() {
            return Err(format!("finding: {rule} points at {start}..{end} of {}", source.raw().len()));
        }
    }
    Ok(())
}

fn sources(original: &Seed, mutant: &[u8]) -> Sources {
    let (head_side, base_side) = (Side::Worktree, Side::Revision("HEAD".into()));
    let same = original.bytes == mutant;
    let source = |side: &Side, bytes: &[u8]| Source::new(&*original.name, side.clone(), bytes.to_vec());
    let file = File {
        path: original.name.clone(),
        format: Some(original.format),
        head: Some(source(&head_side, mutant)),
        base: Some(source(&base_side, &original.bytes)).filter(|_| !same),
        same,
        judged: true,
    };
    Sources {
        base: Some(base_side),
        lockfiles: vec![file],
        head_paths: vec![original.name.clone()],
        base_paths: vec![original.name.clone()],
        ..Sources::new(head_side, Policy::default())
    }
}

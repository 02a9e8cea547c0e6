//! The work: what is to be hashed, taken one by one by all threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::hash::CHUNK;
use super::tree::{Reader, Tree};
use crate::disk::Refused;
use crate::findings::facts::{Fact, Facts};

/// Told how much is done, of how much.
pub type Progress<'p> = &'p (dyn Fn(usize, usize) + Sync);

/// A thread's own things.
pub(super) struct Worker<'t> {
    pub(super) buffer: Vec<u8>,
    pub(super) reader: Reader<'t>,
}

/// What was found out, of which lockfile.
pub(super) type Found = Vec<(usize, Fact)>;

/// A piece of work: one file, or one folder.
pub(super) type Job<'a> = Box<dyn Fn(&mut Worker<'_>) -> Result<Found, Refused> + Send + Sync + 'a>;

/// Does all of it. Results are in the order of the jobs, whoever did them.
pub(super) fn run(
    tree: &Tree,
    jobs: &[Job<'_>],
    progress: Progress<'_>,
    paths: &[String],
    facts: &mut Facts,
) {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(Vec::with_capacity(jobs.len()));
    let work = || {
        let mut worker = Worker { buffer: vec![0; CHUNK], reader: tree.reader() };
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else { break };
            own.push((at, job(&mut worker)));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
        }
        if let Ok(mut results) = results.lock() {
            results.append(&mut own);
        }
    };
    // A thread for each job is enough.
    match jobs.len() {
        0 => return,
        1 => work(),
        _ => drop(rayon::broadcast(|_| work())),
    }
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(at, _)| *at);
    for (_, result) in results {
        match result {
            Ok(found) => {
                for (lockfile, fact) in found {
                    facts.lockfiles.entry(paths[lockfile].clone()).or_default().facts.push(fact);
                }
            }
            Err(refused) => facts.problems.push(refused.to_string()),
        }
    }
}

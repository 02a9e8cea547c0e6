//! A bar on the terminal, for what takes longer than a glance.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shorter work shows nothing.
const GLANCE: Duration = Duration::from_millis(500);

pub(super) struct Progress {
    begun: Instant,
    shows: bool,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Progress {
        let shows = !quiet && std::io::stderr().is_terminal();
        Progress { begun: Instant::now(), shows, bar: OnceLock::new() }
    }

    /// Told by any thread.
    pub(super) fn tell(&self, done: usize, all: usize) {
        if self.shows && (self.bar.get().is_some() || self.begun.elapsed() > GLANCE) {
            self.bar.get_or_init(|| bar(all)).set_position(done as u64);
        }
    }

    /// Leaves nothing behind: the report follows.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(all: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("comparing with artifacts {wide_bar} {pos}/{len}");
    let bar = ProgressBar::new(all as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

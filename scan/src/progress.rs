//! How far a long scan has come, for a person who waits at a terminal.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What ends sooner needs no bar; most scans do.
const SOON: Duration = Duration::from_millis(500);

/// A bar on standard error; none where that is no terminal. Threads may share it.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    since: Instant,
    is_shown: AtomicBool,
}

impl Progress {
    /// Tells nobody.
    #[must_use]
    pub fn none() -> Self {
        Self {
            bar: None,
            since: Instant::now(),
            is_shown: AtomicBool::new(false),
        }
    }

    /// Tells whoever sits at the terminal.
    #[must_use]
    pub fn at_terminal() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = || ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            bar: is_terminal.then(bar),
            ..Self::none()
        }
    }

    /// A step begins, of so many pieces.
    pub fn begin(&self, what: &'static str, pieces: usize) {
        let Some(bar) = &self.bar else { return };
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len}")
        {
            bar.set_style(style);
        }
        // The step before it ended the bar, and an ended one shows nothing.
        bar.reset();
        bar.set_message(what);
        bar.set_length(pieces as u64);
    }

    /// So many more pieces are done.
    pub fn add(&self, pieces: usize) {
        let Some(bar) = &self.bar else { return };
        if self.since.elapsed() >= SOON && !self.is_shown.swap(true, Ordering::Relaxed) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(pieces as u64);
    }

    /// All is done: the line is the terminal's again.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

//! A progress bar, on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What a long run shows while it runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress {
    visible: bool,
}

/// The bar of one feed; gone when dropped.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Where the bytes read are counted, when the total is known.
    read: Option<Arc<AtomicU64>>,
}

const BYTES: &str =
    "{prefix:.bold} [{bar:30}] {bytes}/{total_bytes} {msg} ({elapsed}, {eta} to go)";
const COUNT: &str =
    "{prefix:.bold} [{bar:30}] {human_pos}/{human_len} {msg} ({elapsed}, {eta} to go)";
const SPINNER: &str = "{prefix:.bold} {spinner} {msg} ({elapsed})";

impl Progress {
    /// Shown when standard error is a terminal.
    #[must_use]
    pub fn on_terminal() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    /// Never shown.
    #[must_use]
    pub fn hidden() -> Self {
        Self { visible: false }
    }

    /// A bar over the bytes of an input; without `total`, only what was done is shown.
    pub(crate) fn bytes(&self, name: &str, total: Option<u64>, read: Arc<AtomicU64>) -> Bar {
        let bar = self.bar(name, total, if total.is_some() { BYTES } else { SPINNER });
        Bar {
            bar,
            read: total.map(|_| read),
        }
    }

    /// A bar over a number of things.
    #[must_use]
    pub fn count(&self, name: &str, total: u64) -> Bar {
        Bar {
            bar: self.bar(name, Some(total), COUNT),
            read: None,
        }
    }

    fn bar(&self, name: &str, total: Option<u64>, template: &str) -> ProgressBar {
        if !self.visible {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        // A template that does not parse would only cost the look of the bar.
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        bar.set_style(style);
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

impl Bar {
    /// Says how far it has come.
    pub fn show(&self, message: String) {
        if let Some(read) = &self.read {
            self.bar.set_position(read.load(Ordering::Relaxed));
        }
        self.bar.set_message(message);
    }

    /// Moves a bar made by [`Progress::count`] on.
    pub fn advance(&self, by: u64) {
        self.bar.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

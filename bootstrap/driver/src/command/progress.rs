//! Progress on a terminal: a bar, and a line for each step that runs; without a terminal, a line per step.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use snowguard_bootstrap::build::{Outcome, Watcher};
use snowguard_bootstrap::graph::Name;

/// Shows what happens on standard error.
pub struct Progress {
    all: MultiProgress,
    total: ProgressBar,
    running: Mutex<BTreeMap<Name, ProgressBar>>,
}

impl Progress {
    /// Nothing yet.
    pub fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = all.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {elapsed}") {
            total.set_style(style);
        }
        Self {
            all,
            total,
            running: Mutex::default(),
        }
    }

    /// Takes the bars away.
    pub fn end(&self) {
        self.total.finish_and_clear();
    }

    fn bars(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, ProgressBar>> {
        self.running
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Watcher for Progress {
    fn begins(&self, total: usize) {
        self.total.set_length(total as u64);
    }

    fn starts(&self, name: &Name) {
        let bar = self
            .all
            .insert_before(&self.total, ProgressBar::new_spinner());
        bar.set_message(name.to_string());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bars().insert(name.clone(), bar);
    }

    fn done(&self, outcome: &Outcome) {
        self.total.inc(1);
        if let Some(bar) = self.bars().remove(&outcome.made.name) {
            bar.finish_and_clear();
        }
        if outcome.ran {
            let line = format!(
                "{:8.2} s {:6.0} MiB  {}",
                outcome.made.used.seconds,
                outcome.made.used.peak_memory as f64 / f64::from(1 << 20),
                outcome.made.name
            );
            if self.all.is_hidden() {
                eprintln!("{line}");
            } else {
                self.all.suspend(|| eprintln!("{line}"));
            }
        }
    }
}

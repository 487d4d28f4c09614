//! What is being done, for whoever asks to be told.

use std::fmt::Arguments;
use std::time::Instant;

use snowguard_scan::confine::Confined;
use snowguard_scan::progress::Progress;

/// Tells steps and their times on standard error.
#[derive(Debug)]
pub struct Steps {
    is_verbose: bool,
    since: Instant,
    confined: Option<Confined>,
    progress: Progress,
}

impl Steps {
    /// Tells only when asked.
    pub fn new(is_verbose: bool) -> Self {
        Self {
            is_verbose,
            since: Instant::now(),
            confined: None,
            // Lines of both would run into one another.
            progress: if is_verbose {
                Progress::none()
            } else {
                Progress::at_terminal()
            },
        }
    }

    /// A step is done.
    pub fn done(&mut self, what: &str) {
        let took = self.since.elapsed();
        self.since = Instant::now();
        if self.is_verbose {
            eprintln!("{:8.1} ms  {what}", took.as_secs_f64() * 1e3);
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What the kernel gave of the confinement that was asked for.
    pub fn confine(&mut self, confined: Confined) {
        self.say(format_args!("{confined}"));
        self.confined = Some(confined);
    }

    /// What the kernel gave, once that is known.
    pub fn confined(&self) -> Option<Confined> {
        self.confined
    }

    /// Something worth knowing.
    pub fn say(&self, what: Arguments<'_>) {
        if self.is_verbose {
            eprintln!("             {what}");
        }
    }
}

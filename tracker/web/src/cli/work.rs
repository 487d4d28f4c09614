//! `work`: what is done beside answering requests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use snowguard_tracker_web::{Clock, Worker};

use super::given::SettingsFile;
use super::{Database, Outcome, interrupt, output};

/// How to work.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    file: SettingsFile,
    /// Do what is due and end
    #[arg(long)]
    once: bool,
    /// A job whose worker has not been heard of for so many seconds is taken over by another
    #[arg(long, value_name = "SECONDS", default_value_t = Worker::LEASE.as_secs(), value_parser = clap::value_parser!(u64).range(3..=3600))]
    lease: u64,
}

/// Works until it is asked to end. Several may work on one database.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let settings = options.file.read()?;
    let stop = Arc::new(AtomicBool::new(false));
    interrupt::watch(stop.clone())?;
    // Several workers on several machines: the name tells them apart.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!("{}:{}", host.trim(), std::process::id());
    let worker = Worker::new(
        database.open()?,
        name,
        settings.reach()?,
        settings.public()?,
        Clock::System,
    )
    .with_lease(Duration::from_secs(options.lease));
    if options.once {
        let jobs = worker.once().context("working")?;
        output::text(format_args!("{jobs} jobs\n"))?;
        return Ok(Outcome::Fine);
    }
    worker.run(&stop)?;
    Ok(Outcome::Fine)
}

//! `cargo xtask up`: from a fresh clone to the pages in a browser.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::tracker::{CHANNELS, FEEDS, Tracker};
use crate::workspace::Workspace;

/// What to load, and where to serve it.
#[derive(Debug, Args)]
pub struct Options {
    /// Load the full collection that lies beside the checkout (`../shared/data`), not the sample
    #[arg(long)]
    full: bool,
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8370)]
    port: u16,
    /// Database: a file, or a `postgres://` URL; `target/up/…` when not given
    #[arg(long, value_name = "LOCATION")]
    db: Option<String>,
    /// Stop once everything is loaded
    #[arg(long)]
    no_serve: bool,
}

/// Builds, loads, matches, and becomes the server.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let from = match (options.full, workspace.collection()) {
        (false, _) => workspace.sample(),
        (true, Some(collection)) => collection,
        (true, None) => bail!("--full needs the full collection in ../shared/data; it isn't there"),
    };
    let database = match &options.db {
        Some(location) => location.clone(),
        None => own_database(workspace, options.full)?,
    };
    println!("==> building");
    let tracker = Tracker::build(workspace, database)?;

    println!("==> loading {} into {}", from.display(), tracker.database());
    let started = Instant::now();
    let feeds: Vec<PathBuf> = FEEDS
        .iter()
        .map(|name| from.join(name))
        .filter(|file| file.exists())
        .collect();
    finish(&mut tracker.ingest(&feeds))?;
    for channel in CHANNELS
        .iter()
        .filter(|channel| options.full || !channel.full_only)
    {
        finish(&mut tracker.ingest_channel(channel, &from.join(channel.file)))?;
    }
    finish(&mut tracker.rematch())?;
    println!(
        "==> loaded and matched in {:.1} s",
        started.elapsed().as_secs_f64()
    );

    println!("\nOn the command line, in another terminal:");
    println!("  export SNOWGUARD_DB={}", tracker.database());
    println!(
        "  {} tracker match CVE-2024-6387",
        tracker.front_door().display()
    );
    if options.no_serve {
        return Ok(());
    }
    println!(
        "\nIn the browser: http://127.0.0.1:{}/ (Ctrl-C ends it)\n",
        options.port
    );
    let error = tracker.serve(options.port).exec();
    Err(error).context("cannot start the server")
}

/// A file under `target`, so that `cargo clean` also takes it away.
fn own_database(workspace: &Workspace, full: bool) -> Result<String> {
    let folder = workspace.target().join("up");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(if full { "full.sqlite" } else { "sample.sqlite" });
    Ok(file.display().to_string())
}

fn finish(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})");
    }
    Ok(())
}

//! The scanner's figures: paths of a channel against the advisory file of everything that is loaded.
//!
//! A closure's size counts, not its shape: paths are taken from the channel at even distances, with the
//! kernel among them, and given as a list. That leaves out reading the Nix database.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::MIB;
use super::figures::{Figure, Quantity};
use super::measure;
use crate::tracker::Tracker;
use crate::workspace::Workspace;

/// Runs of which the median counts.
const RUNS: usize = 7;
/// Paths of a system, and of a large store.
const SYSTEM: usize = 2_500;
const STORE: usize = 50_000;

/// Writes the advisory file and scans with it.
pub fn figures(
    workspace: &Workspace,
    tracker: &Tracker,
    channel: &Path,
    folder: &Path,
) -> Result<Vec<Figure>> {
    let (key, advisories) = (folder.join("key"), folder.join("advisories"));
    let mut make_key = tracker.command("signing-key");
    let public = measure::run(make_key.arg("bench-1").arg(&key))?.stdout;
    let mut export = tracker.command("export-scan-db");
    measure::run(export.arg("--key").arg(&key).arg(&advisories))?;
    let size = fs::metadata(&advisories)
        .context("the advisory file")?
        .len();
    let mut figures = vec![Figure {
        what: "advisory file".to_owned(),
        measured: Quantity::Bytes(size as f64),
        reach: Some(Quantity::Bytes(60.0 * MIB)),
        on: "everything that is loaded".to_owned(),
    }];
    let program = build(workspace)?;
    let scan = |list: &Path, cache: bool| {
        let mut command = Command::new(&program);
        command
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .args(["--fail-on", "never", "--max-age", "100000", "--trusted-key"])
            .arg(public.trim())
            .arg("--db")
            .arg(&advisories);
        if !cache {
            command.arg("--no-cache");
        }
        command.arg(list);
        command
    };
    for (count, cache, reach, what) in [
        (SYSTEM, false, 0.3, "scan a system, cold"),
        (SYSTEM, true, 0.1, "scan a system, judged before"),
        (STORE, false, 1.5, "scan a large store"),
    ] {
        let list = folder.join(format!("paths-{count}"));
        let paths = paths(channel, count)?;
        fs::write(&list, paths.join("\n")).context("writing a list of paths")?;
        // The first run fills the page cache, and the verdicts' where it is wanted.
        measure::run(&mut scan(&list, cache))?;
        let mut runs = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            runs.push(measure::run(&mut scan(&list, cache))?);
        }
        runs.sort_by_key(|run| run.wall);
        let median = &runs[RUNS / 2];
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default();
        let on = format!("{} paths, median of {RUNS}, whole process", paths.len());
        figures.push(Figure {
            what: what.to_owned(),
            measured: Quantity::Seconds(median.wall.as_secs_f64()),
            reach: Some(Quantity::Seconds(reach)),
            on: on.clone(),
        });
        if count == STORE {
            figures.push(Figure {
                what: format!("— {what}: peak memory"),
                measured: Quantity::Bytes(peak as f64),
                reach: Some(Quantity::Bytes(300.0 * MIB)),
                on,
            });
        }
    }
    eprintln!(
        "left out: vulnix as a peer; it takes the NVD's own feeds, which the collection does not hold"
    );
    Ok(figures)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let status = crate::workspace::cargo()
        .args(["build", "--release", "--locked", "-p", "snowguard-scan"])
        .current_dir(workspace.root())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("building the scanner failed ({status})");
    }
    Ok(workspace.target().join("release/snowguard-scan"))
}

/// Store paths of a channel, at even distances.
fn paths(channel: &Path, count: usize) -> Result<Vec<String>> {
    let file = File::open(channel).with_context(|| format!("opening {}", channel.display()))?;
    let mut all = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.context("reading the channel")?;
        let package: Value = serde_json::from_str(&line).context("a package")?;
        let is_kernel = package["attr"] == "linux";
        let outputs = package["outputs"].as_object();
        let outputs = outputs.into_iter().flat_map(|outputs| outputs.values());
        all.extend(outputs.filter_map(|path| Some((is_kernel, path.as_str()?.to_owned()))));
    }
    let step = (all.len() / count).max(1);
    let chosen = all.into_iter().enumerate();
    Ok(chosen
        .filter(|(place, (is_kernel, _))| *is_kernel || place % step == 0)
        .take(count)
        .map(|(_, (_, path))| path)
        .collect())
}

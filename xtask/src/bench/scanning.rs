//! The scanner's figures: a NixOS system in a Nix database against the advisory file of everything
//! that is loaded; paths of a channel, given as lists; and vulnix on the same packages and records.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::MIB;
use super::beside;
use super::data::Data;
use super::figures::{Figure, Quantity};
use super::measure::{self, Measured};
use super::system::{self, System};
use super::vulnix::Vulnix;
use crate::tracker::Tracker;
use crate::workspace::Workspace;

/// Runs of which the median counts.
const RUNS: usize = 7;
/// Paths of a system, and of a large store.
const SYSTEM: usize = 2_500;
const STORE: usize = 50_000;

/// The scanner with an advisory file.
pub struct Scanner<'a> {
    program: PathBuf,
    public: String,
    advisories: PathBuf,
    pub folder: &'a Path,
}

impl Scanner<'_> {
    /// A scan; without its cache, or with what the run before left there.
    pub fn command(&self, has_cache: bool) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .args(["--fail-on", "never", "--max-age", "100000", "--trusted-key"])
            .arg(self.public.trim())
            .arg("--db")
            .arg(&self.advisories);
        if !has_cache {
            command.arg("--no-cache");
        }
        command
    }
}

/// Writes the advisory file and scans with it.
pub fn figures(
    workspace: &Workspace,
    tracker: &Tracker,
    data: &Data,
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
    let scanner = Scanner {
        program: build(workspace)?,
        public,
        advisories,
        folder,
    };
    let system = workspace.collection().map(|collection| {
        system::lay(&collection, folder).inspect_err(|error| {
            eprintln!("left out: a NixOS system in a Nix database: {error:#}");
        })
    });
    let system = system.and_then(Result::ok);
    let listed = match &system {
        Some(system) => {
            figures.extend(of_system(&scanner, system)?);
            &[(STORE, false, 1.5, "scan a large store")][..]
        }
        None => &[
            (SYSTEM, false, 0.3, "scan a list of a system's size, cold"),
            (SYSTEM, true, 0.1, "scan a list of a system's size, again"),
            (STORE, false, 1.5, "scan a large store"),
        ],
    };
    for (count, has_cache, reach, what) in listed {
        let list = folder.join(format!("paths-{count}"));
        let paths = paths(&data.channel.file, *count)?;
        fs::write(&list, paths.join("\n")).context("writing a list of paths")?;
        let on = format!("{} paths, median of {RUNS}, whole process", paths.len());
        let (median, peak) = several(RUNS, || {
            let mut command = scanner.command(*has_cache);
            command.arg(&list);
            command
        })?;
        figures.push(seconds(what, &median, Some(*reach), &on));
        if *count == STORE {
            figures.push(Figure {
                what: format!("— {what}: peak memory"),
                measured: Quantity::Bytes(peak as f64),
                reach: Some(Quantity::Bytes(300.0 * MIB)),
                on,
            });
        }
    }
    match Vulnix::install(folder) {
        Ok(peer) => {
            let (matches, truth) = beside::known(workspace, data)?;
            peer.fill(&matches)?;
            if let Some(system) = &system {
                figures.extend(beside::times(&peer, &scanner, system)?);
            }
            figures.extend(beside::quality(&peer, &scanner, &matches, &truth, data)?);
        }
        Err(error) => eprintln!("left out: vulnix as a peer, which can't be installed: {error:#}"),
    }
    Ok(figures)
}

/// Cold, without anything that an earlier scan left; warm, with it.
fn of_system(scanner: &Scanner<'_>, system: &System) -> Result<Vec<Figure>> {
    let on = format!(
        "NixOS, {} paths in a Nix database, median of {RUNS}, whole process",
        system.paths
    );
    // What Nix wrote a moment ago may still change without a trace.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let mut figures = Vec::new();
    for (has_cache, reach, what) in [
        (false, 0.3, "scan a system, cold"),
        (true, 0.1, "scan a system, warm"),
    ] {
        let (median, _) = several(RUNS, || of_path(scanner, system, has_cache))?;
        figures.push(seconds(what, &median, Some(reach), &on));
    }
    Ok(figures)
}

/// A scan of the system.
pub fn of_path(scanner: &Scanner<'_>, system: &System, has_cache: bool) -> Command {
    let mut command = scanner.command(has_cache);
    command.arg("--root").arg(&system.root).arg(&system.path);
    command
}

/// The median run and the highest peak. The first run fills caches and does not count.
pub fn several(runs: usize, command: impl Fn() -> Command) -> Result<(Measured, u64)> {
    measure::run(&mut command())?;
    let mut all = Vec::with_capacity(runs);
    for _ in 0..runs {
        all.push(measure::run(&mut command())?);
    }
    all.sort_by_key(|run| run.wall);
    let peak = all.iter().map(|run| run.peak).max().unwrap_or_default();
    Ok((all.swap_remove(runs / 2), peak))
}

fn seconds(what: &str, run: &Measured, reach: Option<f64>, on: &str) -> Figure {
    Figure {
        what: what.to_owned(),
        measured: Quantity::Seconds(run.wall.as_secs_f64()),
        reach: reach.map(Quantity::Seconds),
        on: on.to_owned(),
    }
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

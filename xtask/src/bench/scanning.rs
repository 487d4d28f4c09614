//! The scanner's figures: a NixOS system in a Nix database against the advisory file of everything
//! that is loaded; paths of a channel, given as lists; and vulnix on the same packages and records.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::MIB;
use super::accuracy::{Accuracy, Ground};
use super::data::{Data, decoder};
use super::figures::{Figure, Quantity};
use super::measure::{self, Measured};
use super::system::{self, System};
use super::vulnix::{self, Vulnix};
use crate::tracker::Tracker;
use crate::workspace::Workspace;

/// Runs of which the median counts.
const RUNS: usize = 7;
/// Runs of a peer that takes seconds.
const PEER_RUNS: usize = 3;
/// Paths of a system, and of a large store.
const SYSTEM: usize = 2_500;
const STORE: usize = 50_000;

/// The scanner with an advisory file.
struct Scanner<'a> {
    program: PathBuf,
    public: String,
    advisories: PathBuf,
    folder: &'a Path,
}

impl Scanner<'_> {
    /// A scan; without its cache, or with what the run before left there.
    fn command(&self, has_cache: bool) -> Command {
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
        Ok(peer) => figures.extend(beside(&peer, &scanner, system.as_ref(), workspace, data)?),
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

fn of_path(scanner: &Scanner<'_>, system: &System, has_cache: bool) -> Command {
    let mut command = scanner.command(has_cache);
    command.arg("--root").arg(&system.root).arg(&system.path);
    command
}

/// vulnix and the scanner: time on the system, precision and recall on the truth.
fn beside(
    peer: &Vulnix,
    scanner: &Scanner<'_>,
    system: Option<&System>,
    workspace: &Workspace,
    data: &Data,
) -> Result<Vec<Figure>> {
    let (from, truth) = match workspace.collection() {
        Some(collection) => (collection, "cpe-closed-world-dev.jsonl.zst"),
        None => (workspace.sample(), "closed-world-sample.jsonl"),
    };
    let configurations = from.join("nvd-overrides-anchore.jsonl.zst");
    let matches = vulnix::matches(&data.cves.file, &configurations)?;
    peer.fill(&matches)?;
    let mut figures = Vec::new();
    if let Some(system) = system {
        let file = scanner.folder.join("system.json");
        fs::write(&file, system.packages.to_string()).context("writing packages")?;
        let mut took = Vec::new();
        for _ in 0..PEER_RUNS {
            took.push(peer.scan(&file)?.0.wall);
        }
        took.sort();
        let theirs = took[PEER_RUNS / 2];
        let (ours, _) = several(PEER_RUNS, || of_path(scanner, system, false))?;
        figures.push(Figure {
            what: "— vulnix on the same system".to_owned(),
            measured: Quantity::Seconds(theirs.as_secs_f64()),
            reach: None,
            on: format!("the packages as a file, its database filled, median of {PEER_RUNS}"),
        });
        figures.push(Figure {
            what: "scan a system, cold, against vulnix".to_owned(),
            measured: Quantity::Faster(theirs.as_secs_f64() / ours.wall.as_secs_f64()),
            reach: Some(Quantity::Faster(50.0)),
            on: "closure, derivations and patches read from Nix included".to_owned(),
        });
    }
    let truth = from.join(truth);
    let mut reader: Box<dyn std::io::Read> = if truth.extension().is_some_and(|end| end == "zst") {
        Box::new(decoder(&truth)?)
    } else {
        Box::new(File::open(&truth).context("the truth")?)
    };
    let ground = Ground::lay(&mut reader, &data.channel.file, &matches)?;
    let packages = scanner.folder.join("ground.json");
    fs::write(&packages, ground.packages().to_string()).context("writing packages")?;
    let theirs = ground.score(&peer.scan(&packages)?.1);
    let list = scanner.folder.join("ground");
    fs::write(&list, ground.list()).context("writing a list of paths")?;
    let mut command = scanner.command(false);
    let told = measure::run(command.args(["--format", "json"]).arg(&list))?.stdout;
    let ours = ground.score(&reports(&told)?);
    let on = format!(
        "{} affected pairs of the closed world, {} without a version left out",
        ours.affected, ground.left_out
    );
    let part = |accuracy: Accuracy| {
        [
            ("precision", accuracy.precision),
            ("recall", accuracy.recall),
        ]
    };
    for ((what, own), (_, other)) in part(ours).into_iter().zip(part(theirs)) {
        figures.push(Figure {
            what: format!("scan: {what} on the ground truth"),
            measured: Quantity::Share(own),
            reach: Some(Quantity::Share(other)),
            on: on.clone(),
        });
        figures.push(Figure {
            what: format!("— vulnix: {what}"),
            measured: Quantity::Share(other),
            reach: None,
            on: "the same packages and records".to_owned(),
        });
    }
    Ok(figures)
}

/// Advisory and full name of each finding of a scan's JSON, under each id that it has.
fn reports(told: &str) -> Result<BTreeSet<(String, String)>> {
    let told: Value = serde_json::from_str(told).context("the scan's JSON")?;
    let mut found = BTreeSet::new();
    for finding in told["findings"].as_array().into_iter().flatten() {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let name = format!("{}-{}", text("package"), text("version"));
        found.insert((text("advisory").to_owned(), name));
    }
    Ok(found)
}

/// The median run and the highest peak. The first run fills caches and does not count.
fn several(runs: usize, command: impl Fn() -> Command) -> Result<(Measured, u64)> {
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

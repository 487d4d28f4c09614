//! vulnix beside the scanner: times on one system, precision and recall on one truth.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::accuracy::{Accuracy, Ground};
use super::data::{Data, decoder};
use super::figures::{Figure, Quantity};
use super::measure;
use super::scanning::{Scanner, of_path, several};
use super::system::System;
use super::vulnix::{self, Matches, Vulnix};
use crate::workspace::Workspace;

/// Runs of a peer that takes seconds.
const RUNS: usize = 3;
/// So much faster than vulnix is asked for.
const FASTER: f64 = 50.0;

/// What vulnix can know of the records, and the file with the truth.
pub fn known(workspace: &Workspace, data: &Data) -> Result<(Matches, PathBuf)> {
    let (from, truth) = match workspace.collection() {
        Some(collection) => (collection, "cpe-closed-world-dev.jsonl.zst"),
        None => (workspace.sample(), "closed-world-sample.jsonl"),
    };
    let configurations = from.join("nvd-overrides-anchore.jsonl.zst");
    let matches = vulnix::matches(&data.cves.file, &configurations)?;
    Ok((matches, from.join(truth)))
}

/// Both on the system: vulnix as people run it, which asks Nix and reads derivations, and from a file,
/// which spares it that; the scanner always reads closure, derivations and patches from Nix.
pub fn times(peer: &Vulnix, scanner: &Scanner<'_>, system: &System) -> Result<Vec<Figure>> {
    let file = scanner.folder.join("system.json");
    fs::write(&file, system.packages.to_string()).context("writing packages")?;
    let (cold, _) = several(RUNS, || of_path(scanner, system, false))?;
    let (warm, _) = several(RUNS, || of_path(scanner, system, true))?;
    let mut figures = Vec::new();
    let mut push = |how: &str, theirs: Duration, ways: &[(&str, Duration)]| {
        figures.push(Figure {
            what: format!("— vulnix on the same system, {how}"),
            measured: Quantity::Seconds(theirs.as_secs_f64()),
            reach: None,
            on: format!("its database filled, median of {RUNS}"),
        });
        figures.extend(ways.iter().map(|(way, ours)| Figure {
            what: format!("scan a system, {way}, against vulnix {how}"),
            measured: Quantity::Faster(theirs.as_secs_f64() / ours.as_secs_f64()),
            reach: Some(Quantity::Faster(FASTER)),
            on: "closure, derivations and patches read from Nix".to_owned(),
        }));
    };
    let ways = [("cold", cold.wall), ("warm", warm.wall)];
    match &system.derivation {
        Some(own) => {
            let took = median(|| Ok(peer.scan_system(&system.root, own)?.0.wall))?;
            push("from Nix", took, &ways);
        }
        None => eprintln!(
            "left out: vulnix on a system in a Nix database, which takes root and a folder /nix"
        ),
    }
    let took = median(|| Ok(peer.scan(&file)?.0.wall))?;
    push("from a file", took, &ways);
    Ok(figures)
}

fn median(run: impl Fn() -> Result<Duration>) -> Result<Duration> {
    let mut took = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>>>()?;
    took.sort();
    Ok(took[RUNS / 2])
}

/// Precision and recall of both, in the whole world and among the advisories that vulnix can read.
pub fn quality(
    peer: &Vulnix,
    scanner: &Scanner<'_>,
    matches: &Matches,
    truth: &std::path::Path,
    data: &Data,
) -> Result<Vec<Figure>> {
    let mut reader: Box<dyn std::io::Read> = if truth.extension().is_some_and(|end| end == "zst") {
        Box::new(decoder(truth)?)
    } else {
        Box::new(File::open(truth).context("the truth")?)
    };
    let ground = Ground::lay(&mut reader, &data.channel.file, matches)?;
    let packages = scanner.folder.join("ground.json");
    fs::write(&packages, ground.packages().to_string()).context("writing packages")?;
    let theirs = peer.scan(&packages)?.1;
    let list = scanner.folder.join("ground");
    fs::write(&list, ground.list()).context("writing a list of paths")?;
    let mut command = scanner.command(false);
    let told = measure::run(command.args(["--format", "json"]).arg(&list))?.stdout;
    let ours = reports(&told)?;
    let whole = [&ours, &theirs].map(|reports| ground.score(reports));
    let both =
        [&ours, &theirs].map(|reports| ground.score_among(reports, |id| matches.contains_key(id)));
    let reviewed = [&ours, &theirs].map(|reports| ground.score_reviewed(reports));
    let affected = whole[0].affected;
    let left_out = ground.left_out;
    let on = format!("{affected} affected pairs of the closed world, {left_out} left out");
    let mut figures = Vec::new();
    let mut push = |what: &str, part: fn(&Accuracy) -> f64, [own, other]: &[Accuracy; 2]| {
        let (own, other) = (part(own), part(other));
        figures.push(Figure {
            what: format!("scan: {what}"),
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
    };
    push("recall", |accuracy| accuracy.recall, &whole);
    push("precision", |accuracy| accuracy.precision, &whole);
    let among = "precision among advisories that have a CPE with versions";
    push(among, |accuracy| accuracy.precision, &both);
    let read = "precision where what the truth does not know was read and judged";
    push(read, |accuracy| accuracy.precision, &reviewed);
    for (who, accuracy) in ["scan", "vulnix"].iter().zip(&whole) {
        let (right, all) = (accuracy.right, accuracy.reports);
        eprintln!("{who}: {right} of {all} reports are in the truth");
    }
    Ok(figures)
}

/// Advisory and full name of each finding of a scan's JSON.
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

//! `build`: make steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use snowguard_bootstrap::build::{Build, Outcome, StepRunner};
use snowguard_bootstrap::graph::{EXPECTED, Graph, Name};
use snowguard_bootstrap::runner::Variation;

use super::progress::Progress;
use super::{Failure, GraphOptions, SourceOptions, StoreOptions};

/// What to build.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    graph: GraphOptions,
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    sources: SourceOptions,
    /// The steps; all when none is named
    names: Vec<Name>,
    /// Steps at the same time
    #[arg(long, value_name = "N", default_value_t = 2)]
    at_once: usize,
    /// Write the hashes of outputs to `expected.toml` beside the step files, in place of those that are there
    #[arg(long)]
    record: bool,
}

/// Builds, and prints hash and name of each output.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut graph = options.graph.load()?;
    if options.record {
        for step in graph.steps.values_mut() {
            step.expected = None;
        }
    }
    let store = options.store.open()?;
    let runner = StepRunner::beside_this()?;
    let progress = Progress::new();
    let build = Build {
        graph: &graph,
        store: &store,
        places: &options.sources.places()?,
        runner: &runner,
        at_once: options.at_once,
        watcher: &progress,
    };
    let outcomes = build.all(&options.names, &Variation::default());
    progress.end();
    let outcomes = outcomes?;
    for outcome in &outcomes {
        println!("{}  {}", outcome.made.output, outcome.made.name);
    }
    if options.record {
        record(&graph, &outcomes)?;
    }
    let ran = outcomes.iter().filter(|outcome| outcome.ran).count();
    let loose = outcomes.iter().filter(|outcome| outcome.expected.is_none());
    eprintln!(
        "{} outputs, {ran} of them made now{}",
        outcomes.len(),
        match loose.count() {
            0 => String::new(),
            loose if options.record => format!("; {loose} hashes recorded"),
            loose => format!("; {loose} have no recorded hash (see --record)"),
        }
    );
    Ok(())
}

/// Writes the hashes, by the folder of each step's file.
fn record(graph: &Graph, outcomes: &[Outcome]) -> Result<()> {
    let mut folders: BTreeMap<PathBuf, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        let step = graph
            .steps
            .get(&outcome.made.name)
            .context("an unknown step")?;
        let folder = step.place.file.parent().unwrap_or(Path::new("."));
        folders
            .entry(folder.to_path_buf())
            .or_default()
            .push(outcome);
    }
    for (folder, outcomes) in folders {
        let file = folder.join(EXPECTED);
        let mut all: BTreeMap<String, BTreeMap<String, String>> =
            match std::fs::read_to_string(&file) {
                Ok(text) => toml::from_str(&text)
                    .with_context(|| format!("cannot read {}", file.display()))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", file.display()));
                }
            };
        let recorded = all.entry(std::env::consts::ARCH.to_owned()).or_default();
        for outcome in outcomes {
            recorded.insert(
                outcome.made.name.to_string(),
                outcome.made.output.to_string(),
            );
        }
        std::fs::write(&file, expected_text(&all))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn expected_text(all: &BTreeMap<String, BTreeMap<String, String>>) -> String {
    let mut text = String::from(
        "# The SHA-256 of each output's Nix archive; written by `snowguard bootstrap build --record`.\n",
    );
    for (architecture, steps) in all {
        text.push_str(&format!("\n[{architecture}]\n"));
        for (step, hash) in steps {
            // Names hold only characters that a quoted key takes as they are.
            text.push_str(&format!("\"{step}\" = \"{hash}\"\n"));
        }
    }
    text
}

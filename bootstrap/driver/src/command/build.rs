//! `build`: make steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use snowguard_bootstrap::build::{Build, Outcome, StepRunner, Unstable};
use snowguard_bootstrap::graph::{EXPECTED, Graph, Name};
use snowguard_bootstrap::runner::Variation;
use snowguard_bootstrap::sources::Places;
use snowguard_bootstrap::store::Store;

use super::progress::Progress;
use super::{Failure, GraphOptions, SourceOptions, StoreOptions};

/// What every command needs that builds.
#[derive(Debug, Args)]
pub struct SettingOptions {
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
}

/// A graph, a store and what else a build needs.
pub struct Setting {
    /// What is built.
    pub graph: Graph,
    store: Store,
    places: Places,
    runner: StepRunner,
    progress: Progress,
    names: Vec<Name>,
    at_once: usize,
}

impl SettingOptions {
    /// Reads the graph and opens the store.
    pub fn open(&self) -> Result<Setting, Failure> {
        Ok(Setting {
            graph: self.graph.load()?,
            store: self.store.open()?,
            places: self.sources.places()?,
            runner: StepRunner::beside_this()?,
            progress: Progress::new(),
            names: self.names.clone(),
            at_once: self.at_once,
        })
    }
}

impl Setting {
    /// Makes what isn't there; what became of each step.
    pub fn build(&self) -> Result<Vec<Outcome>, Failure> {
        let outcomes = self.as_build().all(&self.names, &Variation::default());
        self.progress.end();
        Ok(outcomes?)
    }

    /// The library's view.
    pub fn as_build(&self) -> Build<'_> {
        Build {
            graph: &self.graph,
            store: &self.store,
            places: &self.places,
            runner: &self.runner,
            at_once: self.at_once,
            watcher: &self.progress,
        }
    }

    /// The steps that were named; none for all of them.
    pub fn wanted(&self) -> &[Name] {
        &self.names
    }

    /// The steps that were named; all of them when none was.
    pub fn names(&self) -> &[Name] {
        if self.names.is_empty() {
            &self.graph.order
        } else {
            &self.names
        }
    }
}

/// What to build.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    setting: SettingOptions,
    /// Write the hashes of outputs to `expected.toml` beside the step files, in place of those that are there
    #[arg(long)]
    record: bool,
    /// Make everything a second time in other surroundings, and compare
    #[arg(long, conflicts_with = "record")]
    check: bool,
}

/// Builds, and prints hash and name of each output.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut setting = options.setting.open()?;
    if options.record {
        for step in setting.graph.steps.values_mut() {
            step.expected = None;
        }
    }
    let outcomes = setting.build()?;
    for outcome in &outcomes {
        say!("{}  {}", outcome.made.output, outcome.made.name);
    }
    if options.record {
        record(&setting.graph, &outcomes)?;
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
    if options.check {
        return check(&setting, &outcomes);
    }
    Ok(())
}

/// Makes everything again and tells what differs.
fn check(setting: &Setting, outcomes: &[Outcome]) -> Result<(), Failure> {
    let other = tempfile::Builder::new()
        .prefix("a-second-store-elsewhere-")
        .tempdir_in(setting.store.root().parent().unwrap_or(Path::new("/")))
        .context("cannot make a second store")?;
    let unstable = setting.as_build().again(outcomes, other.path());
    setting.progress.end();
    // Outputs are read-only, so the folder can't remove itself.
    let other = other.keep();
    snowguard_bootstrap::store::remove_tree(&other)
        .with_context(|| format!("cannot remove {}", other.display()))?;
    let unstable = unstable?;
    if unstable.is_empty() {
        eprintln!("made a second time, elsewhere: all outputs are the same");
        return Ok(());
    }
    for step in &unstable {
        tell(step);
    }
    let names: Vec<&str> = unstable.iter().map(|step| step.name.as_str()).collect();
    Err(Failure::Failed(anyhow!(
        "made a second time, {} of {} outputs differ: {}",
        unstable.len(),
        outcomes.len(),
        names.join(", ")
    )))
}

fn tell(step: &Unstable) {
    say!("{}: {} and {}", step.name, step.first, step.second);
    for difference in &step.differences {
        say!("{difference}");
    }
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

//! `key`, `attest`, `verify`, `audit`, `why`: what is believed, and who vouches for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use snowguard_bootstrap::audit;
use snowguard_bootstrap::build::{Build, Outcome};
use snowguard_bootstrap::graph::{Digest, Graph, Name};
use snowguard_bootstrap::provenance::{
    Envelope, Inputs, PublicKey, SecretKey, statement, verify as verify_chain,
};

use super::build::SettingOptions;
use super::{Failure, GraphOptions};

/// The ending of envelopes.
const ENDING: &str = ".intoto.json";

/// Makes a key.
#[derive(Debug, Args)]
pub struct KeyOptions {
    /// The key's name, such as `example.org-bootstrap-1`
    name: Name,
    /// File for the secret key; the public one goes beside it, with `.pub` after the name
    file: PathBuf,
}

/// `key`
pub fn key(options: &KeyOptions) -> Result<(), Failure> {
    let key =
        SecretKey::generate(options.name.clone(), &options.file).map_err(anyhow::Error::new)?;
    say!("{}", key.public());
    Ok(())
}

/// What to vouch for.
#[derive(Debug, Args)]
pub struct AttestOptions {
    #[command(flatten)]
    setting: SettingOptions,
    /// The secret key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Folder for the statements, one file per step
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// `attest`: builds what isn't there, and signs a statement for each step.
pub fn attest(options: &AttestOptions) -> Result<(), Failure> {
    let key = SecretKey::read(&options.key).map_err(anyhow::Error::new)?;
    let setting = options.setting.open()?;
    let outcomes = setting.build()?;
    let build = setting.as_build();
    let runner = std::fs::read(build.runner.program()).context("cannot read the step runner")?;
    let runner = Digest::of(&runner);
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make {}", options.out.display()))?;
    let mut envelopes: BTreeMap<&Name, (Digest, Digest)> = BTreeMap::new();
    for outcome in &outcomes {
        let envelope = envelope(&build, outcome, &envelopes, runner, &key)?;
        let name = &outcome.made.name;
        let file = options.out.join(format!("{name}{ENDING}"));
        std::fs::write(&file, &envelope)
            .with_context(|| format!("cannot write {}", file.display()))?;
        envelopes.insert(name, (outcome.made.output, Digest::of(&envelope)));
    }
    eprintln!("{} statements in {}", outcomes.len(), options.out.display());
    Ok(())
}

fn envelope(
    build: &Build<'_>,
    outcome: &Outcome,
    envelopes: &BTreeMap<&Name, (Digest, Digest)>,
    runner: Digest,
    key: &SecretKey,
) -> Result<Vec<u8>> {
    let step = build
        .graph
        .steps
        .get(&outcome.made.name)
        .context("an unknown step")?;
    let mut outputs = BTreeMap::new();
    for input in &step.inputs {
        let known = envelopes.get(input).context("an input without statement")?;
        outputs.insert(input.clone(), *known);
    }
    let inputs = Inputs {
        outputs,
        files: build.files(step)?,
        runner: Some(runner),
    };
    let object = build
        .store
        .object(outcome.made.output)?
        .context("an output vanished")?;
    let statement = statement(build.graph, step, &inputs, (object.hash, object.tree))?;
    let mut text = serde_json::to_vec(&Envelope::sign(&serde_json::to_vec(&statement)?, key))?;
    text.push(b'\n');
    Ok(text)
}

/// What to check.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    #[command(flatten)]
    graph: GraphOptions,
    /// Folder with the statements
    statements: PathBuf,
    /// A public key that is trusted; may be repeated, one signature is enough
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// The steps; all without
    #[arg(long = "step", value_name = "STEP")]
    only: Vec<Name>,
}

/// `verify`: checks statements, without building and without a store.
pub fn verify(options: &VerifyOptions) -> Result<(), Failure> {
    let graph = options.graph.load()?;
    let keys = options
        .keys
        .iter()
        .map(|file| PublicKey::read(file))
        .collect::<Result<Vec<_>, _>>()
        .map_err(anyhow::Error::new)?;
    let mut envelopes = BTreeMap::new();
    for name in graph.steps.keys() {
        let file = options.statements.join(format!("{name}{ENDING}"));
        match std::fs::read(&file) {
            Ok(bytes) => {
                envelopes.insert(name.clone(), bytes);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(anyhow!("cannot read {}: {error}", file.display()).into());
            }
        }
    }
    let files = hashes_of_files(&graph)?;
    let verified = verify_chain(&graph, &options.only, &envelopes, &files, &keys)
        .map_err(|error| Failure::Bytes(error.into()))?;
    for (name, output) in &verified.outputs {
        say!("{output}  {name}");
    }
    eprintln!(
        "{} statements hold, on {} sources",
        verified.outputs.len(),
        verified.sources.len()
    );
    Ok(())
}

fn hashes_of_files(graph: &Graph) -> Result<BTreeMap<Name, BTreeMap<Name, Digest>>> {
    let mut all = BTreeMap::new();
    for step in graph.steps.values() {
        let mut files = BTreeMap::new();
        for (name, path) in &step.files {
            let content =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            files.insert(name.clone(), Digest::of(&content));
        }
        all.insert(step.name.clone(), files);
    }
    Ok(all)
}

/// What to account for.
#[derive(Debug, Args)]
pub struct AuditOptions {
    #[command(flatten)]
    setting: SettingOptions,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs; `version` tells the shape
    Json,
    /// One page with the graph drawn
    Html,
}

/// `audit`: builds what isn't there, and tells what has to be believed.
pub fn audit(options: &AuditOptions) -> Result<(), Failure> {
    let setting = options.setting.open()?;
    let outcomes = setting.build()?;
    let report = audit::report(&setting.as_build(), &outcomes)?;
    match options.format {
        Format::Text => say_raw!("{}", report.text()),
        Format::Json => say!(
            "{}",
            serde_json::to_string_pretty(&report).context("a report as JSON")?
        ),
        Format::Html => say_raw!("{}", audit::page(&report)),
    }
    Ok(())
}

/// What to explain.
#[derive(Debug, Args)]
pub struct WhyOptions {
    #[command(flatten)]
    setting: SettingOptions,
}

/// `why`: walks outputs back to the seed.
pub fn why(options: &WhyOptions) -> Result<(), Failure> {
    let setting = options.setting.open()?;
    let outcomes = setting.build()?;
    let report = audit::report(&setting.as_build(), &outcomes)?;
    for name in setting.names() {
        let text = audit::why(&setting.graph, &report, name)
            .map_err(|name| anyhow!("there is no step `{name}`"))?;
        say_raw!("{text}");
    }
    Ok(())
}

//! `sources`: get all sources, take them elsewhere, compare them with what Debian signed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use snowguard_bootstrap::graph::{Graph, Origin, Source};
use snowguard_bootstrap::sources::{EVERYWHERE, Mirror, listed, provide};

use super::{Failure, GraphOptions, SourceOptions, StoreOptions};

/// What to do with sources.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    graph: GraphOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Get every source into the store
    Get(Get),
    /// Write every source into a folder, for `--sources` on a machine without network
    Bundle(Bundle),
    /// Compare every source with the signed index of its Debian suite
    Check(Check),
}

#[derive(Debug, Args)]
struct Get {
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    sources: SourceOptions,
}

#[derive(Debug, Args)]
struct Bundle {
    #[command(flatten)]
    get: Get,
    /// The folder; made when missing
    folder: PathBuf,
}

#[derive(Debug, Args)]
struct Check {
    /// The mirror of the Debian archive
    #[arg(
        long,
        value_name = "URL",
        default_value = EVERYWHERE
    )]
    mirror: String,
    /// The suite of sources that name none
    #[arg(long, default_value = "bookworm")]
    suite: String,
    /// Keys that may have signed the index
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/usr/share/keyrings/debian-archive-keyring.gpg"
    )]
    keyring: PathBuf,
}

/// Does it.
pub fn run(options: &Options) -> Result<(), Failure> {
    let graph = options.graph.load()?;
    match &options.action {
        Action::Get(get) => each(&graph, get, None),
        Action::Bundle(bundle) => each(&graph, &bundle.get, Some(&bundle.folder)),
        Action::Check(check) => compare(&graph, check),
    }
}

fn each(graph: &Graph, get: &Get, folder: Option<&PathBuf>) -> Result<(), Failure> {
    let store = get.store.open()?;
    let places = get.sources.places()?;
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut bytes = 0;
    for source in graph.sources.values() {
        let path = provide(&store, source, &places)?;
        bytes += source.size;
        if let Some(folder) = folder {
            let to = folder.join(source.sha256.to_string());
            std::fs::copy(&path, &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        say!("{}  {}", source.sha256, source.name);
    }
    eprintln!("{} sources, {bytes} bytes", graph.sources.len());
    Ok(())
}

fn compare(graph: &Graph, check: &Check) -> Result<(), Failure> {
    let mirror = Mirror::new(&check.mirror)?;
    let mut suites: BTreeMap<&str, Vec<(&Source, &str)>> = BTreeMap::new();
    for source in graph.sources.values() {
        if let Origin::Debian { path, suite } = &source.origin {
            let suite = suite.as_deref().unwrap_or(&check.suite);
            suites.entry(suite).or_default().push((source, path));
        }
    }
    let mut wrong = 0;
    for (suite, sources) in suites {
        let paths: BTreeSet<&str> = sources.iter().map(|(_, path)| *path).collect();
        let listed = listed(
            &mirror,
            suite,
            debian_architecture(),
            &check.keyring,
            &paths,
        )?;
        for (source, path) in sources {
            let told = match listed.get(path) {
                Some((hash, size)) if hash == source.sha256 && size == source.size => "signed",
                Some(_) => {
                    wrong += 1;
                    "ANOTHER HASH"
                }
                None => "not in this suite",
            };
            say!("{told:18} {suite:10} {}  {path}", source.name);
        }
    }
    if wrong > 0 {
        return Err(Failure::Bytes(anyhow!(
            "{wrong} sources have another hash than Debian signed"
        )));
    }
    Ok(())
}

/// Debian's name of this machine's architecture.
fn debian_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

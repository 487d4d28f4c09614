//! The subcommands, one module each: arguments in, a result for the exit code out.

pub mod build;
pub mod check;
pub mod export;
pub mod graph;
pub mod ladder;
mod progress;
pub mod seed;
pub mod sources;
pub mod store;
pub mod trust;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use snowguard_bootstrap::build::WrongOutput;
use snowguard_bootstrap::graph::{Graph, GraphErrors, load};
use snowguard_bootstrap::sources::{Forged, Mirror, Places, SourceError, mirrors_of_apt};
use snowguard_bootstrap::store::Store;

/// Why a command ends without success; the kind decides the exit code.
#[derive(Debug)]
pub enum Failure {
    /// A step failed, a comparison found a difference, or the machine refused something.
    Failed(anyhow::Error),
    /// The graph is wrong; nothing ran.
    Graph(anyhow::Error),
    /// Bytes are not those that were declared.
    Bytes(anyhow::Error),
}

impl Failure {
    /// What to tell the user.
    pub fn error(&self) -> &anyhow::Error {
        match self {
            Self::Failed(error) | Self::Graph(error) | Self::Bytes(error) => error,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        if error.is::<WrongOutput>() || error.is::<SourceError>() || error.is::<Forged>() {
            Self::Bytes(error)
        } else {
            Self::Failed(error)
        }
    }
}

impl From<GraphErrors> for Failure {
    fn from(errors: GraphErrors) -> Self {
        Self::Graph(anyhow!("the graph is wrong; nothing ran\n{errors}"))
    }
}

/// Which graph, for which machine.
#[derive(Debug, Args)]
pub struct GraphOptions {
    /// Folder with step files; may be repeated
    #[arg(
        long,
        value_name = "DIR",
        value_delimiter = ':',
        default_values = ["bootstrap/ladder/rungs", "bootstrap/ladder/tcc", "bootstrap/chain"],
        env = "SNOWGUARD_BOOTSTRAP_STEPS"
    )]
    steps: Vec<PathBuf>,
}

impl GraphOptions {
    /// Reads and checks the graph.
    pub fn load(&self) -> Result<Graph, Failure> {
        Ok(load(&self.steps, std::env::consts::ARCH)?)
    }
}

/// Where outputs are kept.
#[derive(Debug, Args)]
pub struct StoreOptions {
    /// Folder for outputs, sources and logs [default: ~/.cache/snowguard/bootstrap]
    #[arg(long, value_name = "DIR", env = "SNOWGUARD_BOOTSTRAP_STORE")]
    store: Option<PathBuf>,
}

impl StoreOptions {
    /// Opens it.
    pub fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.path()?)?)
    }

    fn path(&self) -> Result<PathBuf, anyhow::Error> {
        if let Some(path) = &self.store {
            return Ok(path.clone());
        }
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let cache = variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let cache =
            cache.ok_or_else(|| anyhow!("neither --store nor HOME says where to keep outputs"))?;
        Ok(cache.join("snowguard").join("bootstrap"))
    }
}

/// Where sources come from.
#[derive(Debug, Args)]
pub struct SourceOptions {
    /// Folder with source files, under their names in the archive or their SHA-256; may be repeated
    #[arg(long, value_name = "DIR")]
    sources: Vec<PathBuf>,
    /// Fetch what is missing from this mirror of the Debian archive; without a URL from apt's, then from deb.debian.org
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        hide_default_value = true,
        env = "SNOWGUARD_BOOTSTRAP_MIRROR"
    )]
    fetch: Option<String>,
}

impl SourceOptions {
    /// The places to look.
    pub fn places(&self) -> Result<Places, Failure> {
        Ok(Places {
            folders: self.sources.clone(),
            mirrors: match self.fetch.as_deref() {
                None => Vec::new(),
                Some("") => mirrors_of_apt(Path::new("/etc/apt"))
                    .iter()
                    .map(|address| Mirror::new(address))
                    .collect::<Result<_, _>>()?,
                Some(address) => vec![Mirror::new(address)?],
            },
        })
    }
}

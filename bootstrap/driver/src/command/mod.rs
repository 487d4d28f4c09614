//! The subcommands, one module each: arguments in, a result for the exit code out.

pub mod check;
pub mod graph;
pub mod ladder;
pub mod seed;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use snowguard_bootstrap::graph::{Graph, GraphErrors, load};

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
        Self::Failed(error)
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
    /// Folder with the step files
    #[arg(
        long,
        value_name = "DIR",
        default_value = "bootstrap/steps",
        env = "SNOWGUARD_BOOTSTRAP_STEPS"
    )]
    steps: PathBuf,
}

impl GraphOptions {
    /// Reads and checks the graph.
    pub fn load(&self) -> Result<Graph, Failure> {
        Ok(load(&self.steps, std::env::consts::ARCH)?)
    }
}

//! The subcommands, one file each: its options, and what it does with them.

mod inspect;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::output::Output;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what an image is made of: headers, sections, signatures
    Inspect(inspect::Options),
}

impl Command {
    /// Does it.
    pub fn run(&self, output: &Output) -> Result<Outcome> {
        match self {
            Self::Inspect(options) => inspect::run(options, output),
        }
    }
}

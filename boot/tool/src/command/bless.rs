//! `bless`: this boot went well.

use std::fmt;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_installer::bless::{Blessing, bless};

use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::partitions::{Locked, PartitionOptions, VariableOptions};

/// Which boot, and where its entry is.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    partitions: PartitionOptions,
    #[command(flatten)]
    variables: VariableOptions,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Blessed(Blessing);

/// Takes the counter out of the name of the entry that was started.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let started = options.variables.open().boot_count_path()?;
    let blessing = match started {
        None => Blessing::NotCounted,
        Some(path) => {
            let locked = Locked::open(&options.partitions)?;
            bless(&locked.partitions(), &path).context(Failure::Effect)?
        }
    };
    output.print(&Blessed(blessing))?;
    Ok(Outcome::Good)
}

impl fmt::Display for Blessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Blessing::Blessed(name) => write!(f, "{name} is good"),
            Blessing::NotCounted => write!(f, "this boot was not counted: nothing to do"),
            Blessing::NotOurs => write!(f, "this entry is not ours: nothing to do"),
        }
    }
}

//! `cargo xtask bootstrap`: the chain from the seed to a C++ compiler, compared with the recorded hashes.

use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace::Workspace;

/// How far, and what to do with the hashes.
#[derive(Debug, Args)]
pub struct Options {
    /// Steps to build, with what they need; all of the ladder and of `bootstrap/chain` when none is named
    steps: Vec<String>,
    /// Write the hashes of the outputs to the `expected.toml` beside the steps in place of those that are there
    #[arg(long)]
    record: bool,
}

/// Builds the driver, then the chain; what is in `target/bootstrap` already is not built again.
///
/// # Errors
/// When the driver cannot be built, a source cannot be had, a step fails, or an output has another
/// hash than the recorded one.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let built = crate::workspace::cargo()
        .current_dir(workspace.root())
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["--package", "snowguard-bootstrap"])
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        bail!("the driver does not build ({built})");
    }
    let mut driver = Command::new(workspace.target().join("release/snowguard-bootstrap"));
    driver
        .args(["build", "--fetch", "--store"])
        .arg(workspace.target().join("bootstrap"));
    for steps in ["ladder/rungs", "ladder/tcc", "chain"] {
        driver
            .arg("--steps")
            .arg(workspace.root().join("bootstrap").join(steps));
    }
    if options.record {
        driver.arg("--record");
    }
    let status = driver
        .args(&options.steps)
        .status()
        .context("cannot start the driver")?;
    if !status.success() {
        bail!("the chain does not build to the recorded hashes ({status})");
    }
    Ok(())
}

//! Tests in virtual machines, by themselves.

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace::Workspace;

/// Which machines to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Also those that `cargo xtask check` leaves out because they take minutes
    #[arg(long)]
    all: bool,
    /// Only tests whose names contain this
    filter: Option<String>,
}

/// Runs the tests of the boot chain, one machine at a time, and shows what they print.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut command = crate::workspace::cargo();
    command
        .args(["nextest", "run", "--locked", "--no-capture"])
        .args(["-p", "snowguard-vm", "-p", "snowguard-boot"])
        .args(["-E", "test(/^vm::/)"])
        .current_dir(workspace.root());
    if options.all {
        command.args(["--run-ignored", "all"]);
    }
    command.args(&options.filter);
    let status = command.status().context("cannot start cargo nextest")?;
    if !status.success() {
        bail!("machines failed ({status})");
    }
    Ok(())
}

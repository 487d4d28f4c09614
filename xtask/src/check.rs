//! `cargo xtask check`: every check, what is quick to fail first.
//!
//! The tests run last, and nothing is printed after them, so that the run ends with the test
//! runner's own summary.

mod fuzz;
mod plan;
mod tools;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::layers;
use crate::stub;
use crate::workspace::Workspace;
use plan::{Action, Step};

/// What to check.
#[derive(Debug, Args)]
pub struct Options {
    /// Install and run cargo-deny and cargo-machete, and run each fuzz target for a moment; takes
    /// some minutes more
    #[arg(long)]
    full: bool,
    /// Go on when programs that tests need are missing; those tests say what they leave out
    #[arg(long)]
    allow_missing: bool,
}

/// Runs all checks and stops at the first that fails.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    tools::provide(options.allow_missing)?;
    let plan = plan::plan(&tools::machine(), options.full);
    for left_out in &plan.left_out {
        println!("left out: {left_out}");
    }
    let Some((last, earlier)) = plan.steps.split_last() else {
        return Ok(());
    };
    let mut times = Vec::new();
    for step in earlier {
        times.push((step.name, timed(workspace, step)?));
    }
    let listed: Vec<String> = times
        .iter()
        .map(|(name, took)| format!("{name} {:.0} s", took.as_secs_f64()))
        .collect();
    println!("passed: {}", listed.join(", "));
    timed(workspace, last)?;
    Ok(())
}

fn timed(workspace: &Workspace, step: &Step) -> Result<Duration> {
    println!("==> {}", step.name);
    let started = Instant::now();
    match &step.action {
        Action::Fuzz => fuzz::run(workspace.root())?,
        Action::Layers => layers::run(workspace)?,
        Action::Stub => stub::run(workspace, &stub::Options { twice: true })?,
        Action::Cargo(arguments) => {
            let status = crate::workspace::cargo()
                .args(arguments)
                .current_dir(workspace.root())
                .envs(step.environment.iter().copied())
                .status()
                .with_context(|| format!("{}: cannot start cargo", step.name))?;
            if !status.success() {
                bail!(
                    "{} failed ({status}): cargo {}",
                    step.name,
                    arguments.join(" ")
                );
            }
        }
    }
    Ok(started.elapsed())
}

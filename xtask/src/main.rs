//! The project's own tasks, run as `cargo xtask <task>`.
//!
//! Exit codes: 0 done, 1 a check or a step failed, 2 the command line was not understood.
#![allow(clippy::print_stdout, reason = "what a task finds out is its output")]

mod bench;
mod bootstrap;
mod check;
mod fixtures;
mod layers;
mod stub;
mod tracker;
mod up;
mod vendor;
mod vm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build, load the sample, and serve it on this machine
    Up(up::Options),
    /// Run every check; ends with the test runner's summary
    Check(check::Options),
    /// Build the chain from tcc to a C++ compiler and compare it with the recorded hashes
    Bootstrap(bootstrap::Options),
    /// Measure the figures that the project promises
    Bench(bench::Options),
    /// Cut the small sample in `fixtures` from the full collection of real data
    Fixtures(fixtures::Options),
    /// Build the firmware stub into `target/stub`
    Stub(stub::Options),
    /// Write the files of others that are part of the program, as their packages have them
    Vendor(vendor::Options),
    /// Boot test machines: real firmware with Secure Boot, an emulated TPM, a real kernel
    Vm(vm::Options),
    /// Check who uses whom, the length of files, and that the map names every crate
    Layers,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let workspace = Workspace::find()?;
    match &cli.task {
        Task::Up(options) => up::run(&workspace, options),
        Task::Check(options) => check::run(&workspace, options),
        Task::Bootstrap(options) => bootstrap::run(&workspace, options),
        Task::Bench(options) => bench::run(&workspace, options),
        Task::Fixtures(options) => fixtures::run(&workspace, options),
        Task::Stub(options) => stub::run(&workspace, options),
        Task::Vendor(options) => vendor::run(&workspace, options),
        Task::Vm(options) => vm::run(&workspace, options),
        Task::Layers => layers::run(&workspace),
    }
}

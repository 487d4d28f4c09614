//! `snowguard-boot`: the boot pillar's command line.
//!
//! Exit codes, a contract for scripts and units:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done, or what was checked is as it should be |
//! | 1 | checked and found wanting: a signature that doesn't verify, a plan that was refused |
//! | 2 | the command line was not understood |
//! | 3 | an input could not be read, or is malformed |
//! | 4 | something could not be signed or written |
//!
//! Data goes to standard output, everything else to standard error.

mod clock;
mod command;
mod files;
mod firmware;
mod outcome;
mod output;
mod partitions;
mod policy_signer;
mod signer;

use std::process::ExitCode;

use clap::Parser;

use crate::command::Command;
use crate::output::Output;

/// Sign, install, measure and verify what boots.
#[derive(Debug, Parser)]
#[command(name = "snowguard-boot", version, bin_name = "snowguard boot")]
struct Cli {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("SNOWGUARD_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .init();
    let output = if cli.json {
        Output::json()
    } else {
        Output::text()
    };
    match cli.command.run(&output) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            output::complain(&error);
            outcome::exit_code(&error)
        }
    }
}

//! `snowguard-bootstrap`: from a seed to a compiler, every byte accounted for.
//!
//! Exit codes: 0 done; 1 a step failed, or what was compared differs; 2 the command line was not
//! understood; 3 the graph is wrong and nothing ran; 4 bytes are not those that were declared
//! (a source, a seed, an output, a signature).
#![allow(
    clippy::print_stdout,
    reason = "what a command finds out is its output"
)]

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{Failure, graph};

/// Build the ladder from the seed, step by step, and account for every byte.
///
/// Exit codes: 0 done; 1 a step failed, or what was compared differs; 2 the command line was not
/// understood; 3 the graph is wrong and nothing ran; 4 bytes are not those that were declared.
#[derive(Debug, Parser)]
#[command(name = "snowguard-bootstrap", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the graph of steps and list it in the order of building
    Graph(graph::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Graph(options) => graph::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("snowguard-bootstrap: {:#}", failure.error());
            ExitCode::from(failure.code())
        }
    }
}

impl Failure {
    /// The exit code that is documented at the top of this file.
    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Graph(_) => 3,
        }
    }
}

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

use crate::command::{Failure, build, check, graph, ladder, seed};

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
    /// Compare every rung with what an independent checker makes of the same sources
    Check(check::Options),
    /// Make steps, each in its sandbox
    Build(build::Options),
    /// Check the graph of steps and list it in the order of building
    Graph(graph::Options),
    /// Build, show and take out the lowest rungs, which are the project's own
    Ladder(ladder::Options),
    /// Print, explain or write the program that everything starts from
    Seed(seed::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Check(options) => check::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Graph(options) => graph::run(&options),
        Command::Ladder(options) => ladder::run(&options),
        Command::Seed(options) => seed::run(&options),
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
            Self::Bytes(_) => 4,
        }
    }
}

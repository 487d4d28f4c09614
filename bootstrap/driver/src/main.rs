//! `snowguard-bootstrap`: from a seed to a compiler, every byte accounted for.
//!
//! Exit codes: 0 done; 1 a step failed, or what was compared differs; 2 the command line was not
//! understood; 3 the graph is wrong and nothing ran; 4 bytes are not those that were declared
//! (a source, a seed, an output, a signature).

#[macro_use]
mod out;
mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{Failure, build, check, export, graph, ladder, seed, sources, store, trust};

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
    /// Sign a statement of what went into each step
    Attest(trust::AttestOptions),
    /// Tell everything that has to be believed
    Audit(trust::AuditOptions),
    /// Hash every output in the store again
    CheckStore(store::CheckStoreOptions),
    /// Write the graph as Nix derivations
    Export(export::Options),
    /// Remove outputs that no root needs
    Gc(store::CollectOptions),
    /// Make a key for `attest`
    Key(trust::KeyOptions),
    /// Keep outputs, and all that they were made of, from `gc`
    Root(store::RootOptions),
    /// Get sources, bundle them, compare them with what Debian signed
    Sources(sources::Options),
    /// Check signed statements, without building
    Verify(trust::VerifyOptions),
    /// Walk outputs back to the seed
    Why(trust::WhyOptions),
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
        Command::Attest(options) => trust::attest(&options),
        Command::Audit(options) => trust::audit(&options),
        Command::CheckStore(options) => store::check_store(&options),
        Command::Export(options) => export::run(&options),
        Command::Gc(options) => store::collect(&options),
        Command::Key(options) => trust::key(&options),
        Command::Root(options) => store::root(&options),
        Command::Sources(options) => sources::run(&options),
        Command::Verify(options) => trust::verify(&options),
        Command::Why(options) => trust::why(&options),
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

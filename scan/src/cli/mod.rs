//! The command line.

mod diff;
mod exit;
mod judging;
mod output;
mod scan;
mod steps;
mod trust;
mod update;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Which advisories affect a machine, a store path, a derivation or a list of paths; offline.
#[derive(Debug, Parser)]
#[command(
    name = "snowguard-scan",
    version,
    after_help = exit::CODES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    scan: scan::Options,
}

/// What else can be done. A target of such a name is written `./update`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch the advisory file, or what changed of it
    Update(update::Options),
    /// What one closure has and another has not: what a rebuild fixes and brings
    Diff(diff::Options),
    /// Scan again whenever the system or the advisory file changes, and tell of what is new
    Watch(watch::Options),
}

/// Parses, runs, and maps what happened to an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    exit::code(match &cli.command {
        None => scan::run(&cli.scan),
        Some(Command::Update(options)) => update::run(options),
        Some(Command::Diff(options)) => diff::run(options),
        Some(Command::Watch(options)) => watch::run(options),
    })
}

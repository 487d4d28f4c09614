//! The command line.

mod exit;
mod scan;
mod trust;

use std::process::ExitCode;

use clap::Parser;

/// Which advisories affect a machine, a store path, a derivation or a list of paths; offline.
#[derive(Debug, Parser)]
#[command(name = "snowguard-scan", version, after_help = exit::CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    scan: scan::Options,
}

/// Parses, runs, and maps what happened to an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    exit::code(scan::run(&cli.scan))
}

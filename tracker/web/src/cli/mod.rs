//! The commands, one file each.

mod account;
mod care;
mod database;
mod evaluate;
mod exit;
mod export;
mod given;
mod history;
mod ingest;
mod interrupt;
mod matches;
mod output;
mod package;
mod quarantine;
mod rematch;
mod rule;
mod scan_db;
mod serve;
mod status;
mod verdicts;
mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use database::Database;
pub use exit::Outcome;

/// Which Nixpkgs packages are affected by which vulnerabilities, and why.
#[derive(Debug, Parser)]
#[command(name = "snowguard-tracker", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    database: Database,
    /// Say more on standard error; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done in part, or there is something to look at: a feed that failed, an ingestion that was
     stopped, packages that are affected, records in quarantine
  2  the command line was not understood
  3  the input could not be read
  4  the database could not be used";

#[derive(Debug, Subcommand)]
enum Command {
    /// Load advisories, packages and what is known about them
    Ingest(ingest::Options),
    /// What the database holds, and how the last ingestions went
    Status(status::Options),
    /// Records that could not be read
    Quarantine(quarantine::Options),
    /// The packages that an advisory affects, and why
    Match(matches::Options),
    /// A package's versions, and the advisories that affect it, and why
    Package(package::Options),
    /// Match again what has changed
    Rematch(rematch::Options),
    /// Rules that people made: what is which package, and what is none
    Rule(rule::Options),
    /// How good the matcher is, against judged pairs
    Evaluate(evaluate::Options),
    /// How an advisory changed
    History(history::Options),
    /// Serve the pages and the JSON interface
    Serve(serve::Options),
    /// Publish at GitHub, tell subscribers, refresh roles
    Work(work::Options),
    /// Local accounts of the pages
    Account(account::Options),
    /// Write published issues as OSV, CSAF, OpenVEX, CycloneDX, Atom, JSON lines
    Export(export::Options),
    /// Write what `snowguard scan` needs to know into one signed file
    ExportScanDb(scan_db::Export),
    /// Make a key that signs such files
    SigningKey(scan_db::SigningKey),
    /// Give up what is old, and tidy the database
    Gc(care::Gc),
    /// Copy the database to a file while it is in use
    Backup(care::Backup),
    /// Make a database of such a copy
    Restore(care::Restore),
}

/// Parses, runs, and maps what happened to an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    output::log(cli.verbose);
    let outcome = match &cli.command {
        Command::Ingest(options) => ingest::run(&cli.database, options),
        Command::Status(options) => status::run(&cli.database, options),
        Command::Quarantine(options) => quarantine::run(&cli.database, options),
        Command::Match(options) => matches::run(&cli.database, options),
        Command::Package(options) => package::run(&cli.database, options),
        Command::Rematch(options) => rematch::run(&cli.database, options),
        Command::Rule(options) => rule::run(&cli.database, options),
        Command::Evaluate(options) => evaluate::run(&cli.database, options),
        Command::History(options) => history::run(&cli.database, options),
        Command::Serve(options) => serve::run(&cli.database, options),
        Command::Work(options) => work::run(&cli.database, options),
        Command::Account(options) => account::run(&cli.database, options),
        Command::Export(options) => export::run(&cli.database, options),
        Command::ExportScanDb(options) => scan_db::export(&cli.database, options),
        Command::SigningKey(options) => scan_db::signing_key(options),
        Command::Gc(options) => care::gc(&cli.database, options),
        Command::Backup(options) => care::backup(&cli.database, options),
        Command::Restore(options) => care::restore(&cli.database, options),
    };
    exit::code(outcome)
}

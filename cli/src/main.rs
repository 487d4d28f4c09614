//! `snowguard`: the front door. It finds the programs named `snowguard-<pillar>` and becomes the
//! one that was asked for, as `git` and `cargo` do with theirs.
//!
//! Not its business: what a pillar does, or how its arguments are read. No shell takes part.
//!
//! Exit codes: the pillar's own once it runs; 2 when the command line names no pillar that could
//! be found; 126 when a pillar was found and cannot be started.

mod pillars;
mod suggest;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::pillars::{Pillar, Pillars};

/// The command line was not understood; as clap's own errors and most tools have it.
const EXIT_USAGE: u8 = 2;
/// Found and not startable; as shells have it.
const EXIT_CANNOT_START: u8 = 126;

/// Supply-chain security for Nixpkgs and NixOS.
#[derive(Debug, Parser)]
#[command(
    name = "snowguard",
    version,
    disable_help_subcommand = true,
    subcommand_value_name = "PILLAR",
    override_usage = "snowguard <PILLAR> [ARGUMENTS]..."
)]
struct Cli {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print this help, or a pillar's
    Help {
        /// The pillar, e.g. `tracker`, and its subcommands
        words: Vec<OsString>,
    },
    #[command(external_subcommand)]
    Pillar(Vec<OsString>),
}

fn main() -> ExitCode {
    let pillars = Pillars::discover(
        std::env::current_exe().ok().as_deref(),
        std::env::var_os("PATH").as_deref(),
    );
    let mut command = Cli::command().after_help(listing(&pillars));
    let matches = command.clone().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.action {
        None => {
            // Help that nobody asked for is a diagnostic.
            complain(&command.render_help().to_string());
            ExitCode::from(EXIT_USAGE)
        }
        Some(Action::Help { words }) => match words.split_first() {
            None => match command.print_help() {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            },
            Some((name, rest)) => {
                let mut arguments = rest.to_vec();
                arguments.push("--help".into());
                become_pillar(&pillars, name, &arguments)
            }
        },
        Some(Action::Pillar(words)) => match words.split_first() {
            Some((name, rest)) => become_pillar(&pillars, name, rest),
            None => ExitCode::from(EXIT_USAGE),
        },
    }
}

/// Replaces this process by the pillar's program; returns only when that fails.
fn become_pillar(pillars: &Pillars, name: &OsStr, arguments: &[OsString]) -> ExitCode {
    let Some(pillar) = pillars.get(name) else {
        complain(&unknown(pillars, name));
        return ExitCode::from(EXIT_USAGE);
    };
    let error = Command::new(pillar.program()).args(arguments).exec();
    complain(&format!(
        "snowguard: cannot start {}: {error}\n",
        pillar.program().display()
    ));
    ExitCode::from(EXIT_CANNOT_START)
}

fn unknown(pillars: &Pillars, name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let mut text = format!("snowguard: there is no pillar `{}`\n", name.escape_debug());
    let near = suggest::nearest(&name, pillars.iter().map(Pillar::name));
    match near.as_slice() {
        [] => {}
        near => text.push_str(&format!("\nDid you mean {}?\n", near.join(" or "))),
    }
    text.push('\n');
    text.push_str(&listing(pillars));
    text.push('\n');
    text
}

/// The pillars found, one a line.
fn listing(pillars: &Pillars) -> String {
    let mut lines: Vec<String> = pillars
        .iter()
        .map(|pillar| {
            format!("  {:<10} {}", pillar.name(), pillar.purpose())
                .trim_end()
                .to_owned()
        })
        .collect();
    if lines.is_empty() {
        lines.push(
            "  none: no program named snowguard-<pillar> stands beside this one or in PATH".into(),
        );
    }
    format!(
        "Pillars found:\n{}\n\n`snowguard help PILLAR` prints a pillar's own help.",
        lines.join("\n")
    )
}

fn complain(text: &str) {
    // With standard error closed there is nobody left to tell.
    let _closed = std::io::stderr().write_all(text.as_bytes());
}

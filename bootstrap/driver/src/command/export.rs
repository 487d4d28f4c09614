//! `export`: the graph for others to build.

use std::path::PathBuf;

use clap::Args;
use snowguard_bootstrap::export;

use super::Failure;
use super::build::SettingOptions;

/// What to write, and where.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    setting: SettingOptions,
    /// Folder for Nix derivations; must not exist
    #[arg(long, value_name = "DIR", required = true)]
    nix: PathBuf,
    /// The step runner, best a static one; the one beside this program without
    #[arg(long, value_name = "FILE")]
    runner: Option<PathBuf>,
}

/// Writes the folder. Nothing is built.
pub fn run(options: &Options) -> Result<(), Failure> {
    let setting = options.setting.open()?;
    let build = setting.as_build();
    let runner = options
        .runner
        .as_deref()
        .unwrap_or_else(|| build.runner.program());
    let count = export::nix(&build, setting.wanted(), runner, &options.nix)?;
    eprintln!("{count} derivations in {}", options.nix.display());
    Ok(())
}

//! Fetching the advisory file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use snowguard_scan::update::{Address, Updated, update};

use super::exit::Outcome;
use super::trust::{Trust, cache_folder, config_folder};

/// The administrator's address.
const SYSTEM_ADDRESS: &str = "/etc/snowguard/scan-url";

/// From where, and to where.
#[derive(Debug, Args)]
pub struct Options {
    /// Where the file is: https://, http:// or file:// [default: what
    /// $XDG_CONFIG_HOME/snowguard/scan-url says, then /etc/snowguard/scan-url]
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// Let everybody on this machine read the file
    #[arg(long)]
    shared: bool,
}

/// Fetches what changed.
pub fn run(options: &Options) -> Result<Outcome> {
    let keys = options.trust.keys()?;
    let address = Address::parse(&address(options)?)?;
    let to = match &options.trust.db {
        Some(db) => db.clone(),
        None => cache_folder()
            .context("there is no folder for it: set HOME or XDG_CACHE_HOME, or give --db")?
            .join("advisories"),
    };
    let mode = if options.shared { 0o644 } else { 0o600 };
    match update(&address, &to, &keys, mode)? {
        Updated::Current { serial } => {
            eprintln!("{}: serial {serial} is the newest", to.display());
        }
        Updated::New {
            serial,
            length,
            fetched,
        } => eprintln!(
            "{}: serial {serial}, {length} bytes; {fetched} were fetched",
            to.display()
        ),
    }
    Ok(Outcome::Clean)
}

fn address(options: &Options) -> Result<String> {
    if let Some(address) = &options.address {
        return Ok(address.clone());
    }
    let own = config_folder().map(|folder| folder.join("scan-url"));
    for file in own.into_iter().chain([PathBuf::from(SYSTEM_ADDRESS)]) {
        if let Some(line) = first_line(&file)? {
            return Ok(line);
        }
    }
    bail!(
        "no address: give one, or write it into {SYSTEM_ADDRESS} or $XDG_CONFIG_HOME/snowguard/scan-url"
    )
}

fn first_line(file: &Path) -> Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

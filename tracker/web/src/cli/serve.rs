//! `serve`: the pages and the JSON interface.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use snowguard_tracker_web::{Config, PublicAddress, Settings};

use super::{Database, Outcome, output};

/// How to serve.
#[derive(Debug, Args)]
pub struct Options {
    /// Address to listen on; only this machine's own is safe without a proxy in front
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Address under which browsers reach it, such as `https://tracker.example.org`; needed behind a proxy for signing in
    #[arg(long, value_name = "URL", value_parser = PublicAddress::parse)]
    public: Option<PublicAddress>,
    /// Settings (TOML): signing in with GitHub, mail, who publishes the open data, limits
    #[arg(long, env = "SNOWGUARD_TRACKER_SETTINGS", value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Serves until it is asked to end.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    output::text(format_args!("serving on http://{}/\n", options.listen))?;
    let settings = options
        .settings
        .as_deref()
        .map_or(Ok(Settings::default()), Settings::read)?;
    let public = options
        .public
        .clone()
        .map_or_else(|| settings.public(), Ok)?;
    let config = Config {
        publisher: Some(settings.publisher(&public, options.listen)?),
        public,
        doors: settings.doors()?,
        rates: Some(settings.rates()?),
        ..Config::new(options.listen)
    };
    snowguard_tracker_web::serve(db, &config)?;
    Ok(Outcome::Fine)
}

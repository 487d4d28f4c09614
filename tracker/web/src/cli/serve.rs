//! `serve`: the pages and the JSON interface.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Args;
use snowguard_tracker_web::{Config, PublicAddress};

use super::{Database, Outcome, output};

/// How to serve.
#[derive(Debug, Args)]
pub struct Options {
    /// Address to listen on; only this machine's own is safe without a proxy in front
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Address under which browsers reach it, e.g. https://tracker.example.org; needed behind a proxy for signing in
    #[arg(long, value_name = "URL", value_parser = PublicAddress::parse)]
    public: Option<PublicAddress>,
}

/// Serves until it is asked to end.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    output::text(format_args!("serving on http://{}/\n", options.listen))?;
    let config = Config {
        public: options.public.clone().unwrap_or_default(),
        ..Config::new(options.listen)
    };
    snowguard_tracker_web::serve(db, &config)?;
    Ok(Outcome::Fine)
}

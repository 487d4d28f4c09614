//! `serve`: the pages and the JSON interface.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, Result};
use clap::Args;
use snowguard_tracker_web::Config;

use super::given::Surroundings;
use super::{Database, Outcome, output};

/// How to serve.
#[derive(Debug, Args)]
pub struct Options {
    /// Address to listen on; only this machine's own is safe without a proxy in front. Port 0: any that is free
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Serves until it is asked to end.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let (settings, public) = options.surroundings.read()?;
    let listener = TcpListener::bind(options.listen)
        .with_context(|| format!("listening on {}", options.listen))?;
    let listen = listener.local_addr()?;
    let config = Config {
        publisher: Some(settings.publisher(&public, listen)?),
        public,
        doors: settings.doors()?,
        rates: Some(settings.rates()?),
        ..Config::new(listen)
    };
    output::text(format_args!("serving on http://{listen}/\n"))?;
    snowguard_tracker_web::serve(db, &config, listener)?;
    Ok(Outcome::Fine)
}

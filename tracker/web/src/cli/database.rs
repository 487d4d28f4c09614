//! Which database, from the command line, the environment, or the usual place.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use snowguard_tracker_db::{Db, Location};

/// Which database.
#[derive(Debug, Args)]
pub struct Database {
    /// SQLite file, or postgres:// URL [default: $XDG_DATA_HOME/snowguard/tracker.sqlite]
    #[arg(
        long,
        global = true,
        env = "SNOWGUARD_DB",
        hide_env_values = true,
        value_name = "LOCATION"
    )]
    db: Option<String>,
}

impl Database {
    /// Where it is.
    pub fn location(&self) -> Result<Location> {
        match &self.db {
            Some(text) => Ok(Location::parse(text)),
            None => Ok(Location::Sqlite(data_folder()?.join("tracker.sqlite"))),
        }
    }

    /// Opens it; the first time, creates it.
    pub fn open(&self) -> Result<Db> {
        let location = self.location()?;
        if let (Location::Sqlite(path), None) = (&location, &self.db) {
            let folder = path.parent().unwrap_or(path);
            std::fs::create_dir_all(folder)
                .with_context(|| format!("creating {}", folder.display()))?;
        }
        Db::open(&location).with_context(|| format!("opening the database {location}"))
    }
}

/// A folder of the XDG base directories: the variable where it is set to an absolute path, else
/// the fallback in the home folder.
fn base(variable: &str, fallback: &str) -> Result<PathBuf> {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(fallback));
    let found = set
        .or_else(home)
        .ok_or_else(|| anyhow!("neither {variable} nor HOME is set"))?;
    Ok(found.join("snowguard"))
}

fn data_folder() -> Result<PathBuf> {
    base("XDG_DATA_HOME", ".local/share").context("finding the default database; name it with --db")
}

/// Where downloads are kept until they are ingested.
pub fn downloads() -> Result<PathBuf> {
    Ok(base("XDG_CACHE_HOME", ".cache")?.join("downloads"))
}

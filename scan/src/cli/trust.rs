//! Where the advisory file is, and whose signature counts.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use snowguard_advisory_file::PublicKey;

/// Keys of the system's administrator.
const SYSTEM_KEYS: &str = "/etc/snowguard/scan-keys";

/// No key, no trust.
#[derive(Debug, thiserror::Error)]
#[error(
    "no key is trusted: name one with --trusted-key name:base64, or write it into {SYSTEM_KEYS} \
     or $XDG_CONFIG_HOME/snowguard/scan-keys"
)]
pub struct NoTrust;

/// The file, and who may have signed it.
#[derive(Debug, Args)]
pub struct Trust {
    /// The advisory file [default: $XDG_CACHE_HOME/snowguard/advisories, then
    /// /var/lib/snowguard/scan/advisories and /var/lib/snowguard/advisories]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// A key that may have signed it, as name:base64; may be given again
    #[arg(long = "trusted-key", value_name = "KEY")]
    keys: Vec<String>,
}

impl Trust {
    /// The file to use.
    pub fn file(&self) -> PathBuf {
        if let Some(db) = &self.db {
            return db.clone();
        }
        let own = cache_folder().map(|folder| folder.join("advisories"));
        // The NixOS module keeps it in a folder of its own.
        let places = [
            "/var/lib/snowguard/scan/advisories",
            "/var/lib/snowguard/advisories",
        ];
        let places = own.into_iter().chain(places.map(PathBuf::from));
        let last = PathBuf::from("/var/lib/snowguard/advisories");
        places
            .into_iter()
            .find(|place| place.exists())
            .unwrap_or(last)
    }

    /// The same for another process of this program.
    pub fn pass_on(&self, command: &mut std::process::Command) {
        command.arg("--db").arg(self.file());
        for key in &self.keys {
            command.args(["--trusted-key", key]);
        }
    }

    /// All keys that are trusted.
    pub fn keys(&self) -> Result<Vec<PublicKey>> {
        let mut keys = Vec::new();
        for text in &self.keys {
            keys.push(PublicKey::parse(text).with_context(|| format!("--trusted-key {text}"))?);
        }
        let own = config_folder().map(|folder| folder.join("scan-keys"));
        for file in [Some(PathBuf::from(SYSTEM_KEYS)), own]
            .into_iter()
            .flatten()
        {
            keys.extend(read(&file)?);
        }
        if keys.is_empty() {
            return Err(NoTrust.into());
        }
        Ok(keys)
    }
}

/// One key a line; `#` begins a comment.
fn read(file: &Path) -> Result<Vec<PublicKey>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    text.lines()
        .map(str::trim)
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            PublicKey::parse(line)
                .with_context(|| format!("{}, line {}", file.display(), number + 1))
        })
        .collect()
}

/// Where this user's own things are kept that can be made again.
pub fn cache_folder() -> Option<PathBuf> {
    base("XDG_CACHE_HOME", ".cache")
}

/// Where this user's settings are.
pub fn config_folder() -> Option<PathBuf> {
    base("XDG_CONFIG_HOME", ".config")
}

fn base(variable: &str, fallback: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(fallback));
    set.or_else(home).map(|folder| folder.join("snowguard"))
}

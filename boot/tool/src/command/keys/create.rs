//! `keys create`.

use std::fmt;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;
use snowguard_boot_signer::KeyKindToMake;

use super::folder::{FolderOptions, LEVELS, NewKeys};
use crate::outcome::Outcome;
use crate::output::Output;

/// What keys to make.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    kind: KindOptions,
    /// Say what would be made
    #[arg(long)]
    dry_run: bool,
}

/// What new keys are like.
#[derive(Debug, Clone, Args)]
pub struct KindOptions {
    /// Kind of the keys
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Whose they are: the certificates' names begin with it
    #[arg(long, default_value = "Snowguard")]
    name: String,
    /// Days for which the certificates are valid; firmware doesn't look at that
    #[arg(long, value_name = "DAYS", default_value_t = 7300, value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// What every firmware takes
    #[default]
    Rsa2048,
    /// RSA, 3072 bits
    Rsa3072,
    /// RSA, 4096 bits, as sbctl makes them
    Rsa4096,
    /// Not every firmware takes it
    P256,
    /// Not every firmware takes it
    P384,
}

impl KindOptions {
    /// With the time of now.
    ///
    /// # Errors
    /// When the clock cannot be read.
    pub fn new_keys(&self) -> Result<NewKeys> {
        Ok(NewKeys {
            kind: match self.kind {
                Kind::Rsa2048 => KeyKindToMake::Rsa2048,
                Kind::Rsa3072 => KeyKindToMake::Rsa3072,
                Kind::Rsa4096 => KeyKindToMake::Rsa4096,
                Kind::P256 => KeyKindToMake::P256,
                Kind::P384 => KeyKindToMake::P384,
            },
            name: self.name.clone(),
            days: self.days,
            now: crate::clock::now()?,
        })
    }
}

#[derive(Debug, Serialize)]
struct Created {
    folder: String,
    keys: Vec<CertificateShown>,
    written: bool,
}

/// A certificate, as every command shows it.
#[derive(Debug, Serialize)]
pub struct CertificateShown {
    pub variable: &'static str,
    pub subject: String,
    pub sha256: String,
}

/// Makes them.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let folder = options.folder.folder();
    let certificates = match options.dry_run {
        true => Vec::new(),
        false => folder.create(&options.kind.new_keys()?)?,
    };
    output.print(&Created {
        folder: folder.keys().display().to_string(),
        keys: LEVELS
            .iter()
            .zip(&certificates)
            .map(|(level, certificate)| CertificateShown {
                variable: level.name(),
                subject: certificate.subject().to_string(),
                sha256: certificate.fingerprint().to_string(),
            })
            .collect(),
        written: !options.dry_run,
    })?;
    Ok(Outcome::Good)
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.written { "made" } else { "would make" };
        writeln!(f, "{done} PK, KEK and db in {}", self.folder)?;
        for key in &self.keys {
            writeln!(
                f,
                "{:<4} {} (sha256 {})",
                key.variable, key.subject, key.sha256
            )?;
        }
        Ok(())
    }
}

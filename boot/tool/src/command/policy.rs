//! `policy`: signing what PCR 11 will hold, as systemd's own tool does.
//!
//! What is sealed to the key, rather than to a value, opens for every image whose values the key signed: an update
//! locks nothing. Source: systemd-measure(1), systemd-cryptenroll(1) (`--tpm2-public-key=`).

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use snowguard_boot_installer::policy::{PolicyKey, Signatures};

use super::measure::{ImageOptions, phases};
use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::signer::SignerOptions;

/// For which image and phases, and where the signatures go.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    image: ImageOptions,
    /// Phases that are passed, joined by colons; given none, each of a usual boot
    #[arg(long, value_name = "PATH")]
    phase: Vec<String>,
    /// Signatures to put these to (JSON)
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
    /// Where they go: the content of a section .pcrsig. Without, they are printed
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerOptions,
}

/// Signs.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let key = PolicyKey::new(options.signer.open(crate::clock::now()?)?)?;
    let image = options.image.read()?;
    let phases = phases(&options.phase, 1)?;
    let mut signatures = match &options.append {
        None => Signatures::default(),
        Some(path) => Signatures::parse(&files::read(path, files::MAX_SMALL)?)
            .with_context(|| format!("cannot use {}", path.display()))?,
    };
    for bank in options.image.banks()? {
        let start = image.pcr11(bank)?;
        for phase in &phases {
            key.sign(&mut signatures, &start.after(phase))
                .context(Failure::Effect)?;
        }
    }
    match &options.output {
        None => output.print(&signatures)?,
        Some(path) => {
            files::replace(path, &signatures.to_bytes()?, 0o644)?;
        }
    }
    Ok(Outcome::Good)
}

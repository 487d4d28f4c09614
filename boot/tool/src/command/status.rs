//! `status`: what the boot partition holds, and in what condition.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::status::Status;
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_installer::volume::Volume;

use crate::outcome::Outcome;
use crate::output::Output;
use crate::partitions::{PartitionOptions, VariableOptions};

/// What to look at.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    partitions: PartitionOptions,
    #[command(flatten)]
    variables: VariableOptions,
    /// The certificate whose key signs here (PEM or DER)
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
}

/// Looks, and changes nothing.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let certificates = snowguard_boot_signer::read_certificates(&options.certificate)?;
    let certificate = certificates
        .into_iter()
        .next()
        .context("no certificate is given")?;
    let forge = ThinForge::reader(certificate);
    let esp = options.partitions.read(&options.partitions.esp)?;
    let xbootldr = options.partitions.xbootldr.as_deref();
    let xbootldr = xbootldr
        .map(|path| options.partitions.read(path))
        .transpose()?;
    let partitions = Partitions {
        esp: &esp,
        xbootldr: xbootldr.as_ref().map(|volume| volume as &dyn Volume),
    };
    let status = Status::take(&partitions, &forge, &options.variables.open())?;
    output.print(&status)?;
    Ok(if status.is_good() {
        Outcome::Good
    } else {
        Outcome::Wanting
    })
}

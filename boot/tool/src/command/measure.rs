//! `measure`: what PCR 4 and 11 will hold after a boot that has not happened yet.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::{self, PHASES};
use snowguard_boot_format::pe;

use crate::files;
use crate::outcome::Outcome;
use crate::output::Output;

/// What boots.
#[derive(Debug, Args)]
pub struct Options {
    /// The unified kernel image
    image: PathBuf,
    /// Banks: sha1, sha256, sha384, sha512
    #[arg(long, value_name = "NAME", default_values_t = [String::from("sha256")])]
    bank: Vec<String>,
    /// Number of the profile that is chosen
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    profile: usize,
    /// Phases that are passed, joined by colons; given none, all of a usual boot one after another
    #[arg(long, value_name = "PATH")]
    phase: Vec<String>,
    /// Images that firmware starts before this one, in order: shim, boot loader
    #[arg(long, value_name = "FILE")]
    after: Vec<PathBuf>,
    /// Kernel image that the stub hands to firmware to start, where it does
    #[arg(long, value_name = "FILE")]
    then: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Measurements {
    image: String,
    profile: usize,
    pcr11: Vec<Measurement>,
    pcr4: Vec<Measurement>,
}

#[derive(Debug, Serialize)]
struct Measurement {
    bank: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    value: String,
}

/// Predicts.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let mut chain = Vec::new();
    for path in options
        .after
        .iter()
        .chain([&options.image])
        .chain(&options.then)
    {
        chain.push((path, files::read(path, files::MAX_IMAGE)?));
    }
    let files = chain
        .iter()
        .map(|(path, bytes)| {
            pe::File::parse(bytes).with_context(|| format!("cannot use {}", path.display()))
        })
        .collect::<Result<Vec<_>>>()?;
    let image = files
        .get(options.after.len())
        .context("no image is given")?;
    let phases = phases(&options.phase)?;
    let mut measurements = Measurements {
        image: options.image.display().to_string(),
        profile: options.profile,
        pcr11: Vec::new(),
        pcr4: Vec::new(),
    };
    for name in &options.bank {
        let Some(bank) = DigestAlgorithm::named(name) else {
            bail!("{name:?} is no bank; there are sha1, sha256, sha384, sha512");
        };
        let start = pcr::pcr11(image, bank, options.profile)
            .with_context(|| format!("cannot measure {}", options.image.display()))?;
        for phase in &phases {
            let mut value = start.clone();
            for word in phase.split(':').filter(|word| !word.is_empty()) {
                value.measure(word.as_bytes());
            }
            measurements.pcr11.push(Measurement {
                bank: bank.name(),
                phase: Some(phase.clone()),
                value: value.to_string(),
            });
        }
        measurements.pcr4.push(Measurement {
            bank: bank.name(),
            phase: None,
            value: pcr::pcr4(&files, bank)?.to_string(),
        });
    }
    output.print(&measurements)?;
    Ok(Outcome::Good)
}

/// Those given, else the start of the kernel and each phase of a usual boot.
fn phases(given: &[String]) -> Result<Vec<String>> {
    for path in given {
        if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            bail!("{path:?} is no path of phases: words joined by colons");
        }
    }
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let all = (0..=PHASES.len()).map(|count| {
        PHASES
            .iter()
            .take(count)
            .copied()
            .collect::<Vec<_>>()
            .join(":")
    });
    Ok(all.collect())
}

impl fmt::Display for Measurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measurement in &self.pcr11 {
            let phase = measurement.phase.as_deref().unwrap_or_default();
            let phase = if phase.is_empty() {
                "kernel's start"
            } else {
                phase
            };
            writeln!(
                f,
                "PCR 11 {} {} {phase}",
                measurement.bank, measurement.value
            )?;
        }
        for measurement in &self.pcr4 {
            writeln!(f, "PCR 4  {} {}", measurement.bank, measurement.value)?;
        }
        Ok(())
    }
}

//! `measure`: what PCR 4 and 11 will hold after a boot that has not happened yet.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::{self, Pcr};
use snowguard_boot_format::pe;
use snowguard_boot_format::uki::Section;
use snowguard_boot_installer::volume::VolumePath;

use crate::files;
use crate::outcome::Outcome;
use crate::output::Output;

/// What boots.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    image: ImageOptions,
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

/// Which image is measured, into which banks.
#[derive(Debug, Args)]
pub struct ImageOptions {
    /// The unified kernel image, or thin image
    image: PathBuf,
    /// Number of the profile that is chosen
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    profile: usize,
    /// Where the partition is mounted that holds the kernel and initrd of a thin image; its digests are enough for
    /// the bank sha256
    #[arg(long, value_name = "FOLDER")]
    partition: Option<PathBuf>,
    /// Banks: sha1, sha256, sha384, sha512
    #[arg(long, value_name = "NAME", default_values_t = [String::from("sha256")])]
    bank: Vec<String>,
}

/// An image as it is on disk, with the files that it names.
pub struct Measured {
    bytes: Vec<u8>,
    files: Vec<(Section, Vec<u8>)>,
    profile: usize,
    shown: String,
}

impl ImageOptions {
    /// The banks.
    ///
    /// # Errors
    /// When there is none of a name given.
    pub fn banks(&self) -> Result<Vec<DigestAlgorithm>> {
        let named = |name: &String| {
            DigestAlgorithm::named(name).with_context(|| {
                format!("{name:?} is no bank; there are sha1, sha256, sha384, sha512")
            })
        };
        self.bank.iter().map(named).collect()
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it, or a file that it names, can't be read.
    pub fn read(&self) -> Result<Measured> {
        let shown = self.image.display().to_string();
        let bytes = files::read(&self.image, files::MAX_IMAGE)?;
        let mut read = Vec::new();
        if let Some(partition) = &self.partition {
            let file = pe::File::parse(&bytes).with_context(|| format!("cannot use {shown}"))?;
            let pinned = pcr::pinned_files(&file, self.profile)
                .with_context(|| format!("cannot use {shown}"))?;
            for one in pinned {
                let path = VolumePath::parse(&one.path)
                    .with_context(|| format!("{shown} names a path that is none: {}", one.path))?;
                let content = files::read(&path.below(partition), files::MAX_IMAGE)?;
                read.push((one.section, content));
            }
        }
        Ok(Measured {
            bytes,
            files: read,
            profile: self.profile,
            shown,
        })
    }
}

impl Measured {
    /// The image.
    ///
    /// # Errors
    /// When it is none.
    pub fn file(&self) -> Result<pe::File<'_>> {
        pe::File::parse(&self.bytes).with_context(|| format!("cannot use {}", self.shown))
    }

    /// PCR 11 at the kernel's start.
    ///
    /// # Errors
    /// When the image can't be measured.
    pub fn pcr11(&self, bank: DigestAlgorithm) -> Result<Pcr> {
        let files: Vec<(Section, &[u8])> = self
            .files
            .iter()
            .map(|(section, bytes)| (*section, bytes.as_slice()))
            .collect();
        pcr::pcr11(&self.file()?, bank, self.profile, &files)
            .with_context(|| format!("cannot measure {}", self.shown))
    }
}

/// Predicts.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let image = options.image.read()?;
    let read = |paths: &[PathBuf]| -> Result<Vec<Vec<u8>>> {
        paths
            .iter()
            .map(|path| files::read(path, files::MAX_IMAGE))
            .collect()
    };
    let (before, behind) = (read(&options.after)?, read(&options.then)?);
    let parse = |path: &PathBuf, bytes| {
        pe::File::parse(bytes).with_context(|| format!("cannot use {}", path.display()))
    };
    let mut chain = Vec::new();
    for (path, bytes) in options.after.iter().zip(&before) {
        chain.push(parse(path, bytes)?);
    }
    chain.push(image.file()?);
    for (path, bytes) in options.then.iter().zip(&behind) {
        chain.push(parse(path, bytes)?);
    }
    let phases = phases(&options.phase, 0)?;
    let mut measurements = Measurements {
        image: image.shown.clone(),
        profile: image.profile,
        pcr11: Vec::new(),
        pcr4: Vec::new(),
    };
    for bank in options.image.banks()? {
        let start = image.pcr11(bank)?;
        for phase in &phases {
            measurements.pcr11.push(Measurement {
                bank: bank.name(),
                phase: Some(phase.clone()),
                value: start.after(phase).to_string(),
            });
        }
        measurements.pcr4.push(Measurement {
            bank: bank.name(),
            phase: None,
            value: pcr::pcr4(&chain, bank)?.to_string(),
        });
    }
    output.print(&measurements)?;
    Ok(Outcome::Good)
}

/// Those given, else each phase of a usual boot from that number on; 0 is the kernel's start.
///
/// # Errors
/// When one given is no path.
pub fn phases(given: &[String], from: usize) -> Result<Vec<String>> {
    for path in given {
        if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            bail!("{path:?} is no path of phases: words joined by colons");
        }
    }
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    Ok(pcr::usual_paths(from).collect())
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

//! `inspect`: what an image is made of.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::pe;

use crate::outcome::Outcome;
use crate::output::Output;

/// What to look at.
#[derive(Debug, Args)]
pub struct Options {
    /// A PE image: a UKI, a boot loader, a kernel, an addon
    image: PathBuf,
}

#[derive(Debug, Serialize)]
struct Inspection {
    image: String,
    size: usize,
    machine: String,
    subsystem: u16,
    entry_point: u32,
    sections: Vec<SectionShown>,
}

#[derive(Debug, Serialize)]
struct SectionShown {
    name: String,
    address: u32,
    memory_size: u32,
    offset: u32,
    file_size: u32,
}

/// Prints the image's parts.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let path = options.image.display();
    let bytes = std::fs::read(&options.image).with_context(|| format!("cannot read {path}"))?;
    let file = pe::File::parse(&bytes).with_context(|| format!("cannot use {path}"))?;
    let headers = file.headers();
    output.print(&Inspection {
        image: path.to_string(),
        size: bytes.len(),
        machine: headers
            .machine
            .name()
            .map_or_else(|| format!("{:#06x}", headers.machine.0), str::to_owned),
        subsystem: headers.subsystem,
        entry_point: headers.entry_point,
        sections: file
            .sections()
            .map(|section| SectionShown {
                name: section.name.to_string(),
                address: section.virtual_address,
                memory_size: section.memory_size(),
                offset: section.raw_offset,
                file_size: section.raw_size,
            })
            .collect(),
    })?;
    Ok(Outcome::Good)
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} bytes, {}, subsystem {}, entry at {:#x}",
            self.image, self.size, self.machine, self.subsystem, self.entry_point
        )?;
        writeln!(f, "section      address  in memory     offset    in file")?;
        for section in &self.sections {
            writeln!(
                f,
                "{:<9} {:>#10x} {:>10} {:>10} {:>10}",
                section.name,
                section.address,
                section.memory_size,
                section.offset,
                section.file_size
            )?;
        }
        Ok(())
    }
}

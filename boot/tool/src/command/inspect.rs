//! `inspect`: what an image is made of.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::authenticode;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pe;
use snowguard_boot_format::uki::Section;

use super::verify::{SignatureShown, shown};
use crate::files;
use crate::outcome::Outcome;
use crate::output::Output;

/// Text sections longer than this are not shown.
const MAX_TEXT: usize = 16 << 10;

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
    digests: Vec<DigestShown>,
    sections: Vec<SectionShown>,
    signatures: Vec<SignatureShown>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DigestShown {
    algorithm: &'static str,
    digest: String,
}

#[derive(Debug, Serialize)]
struct SectionShown {
    name: String,
    address: u32,
    memory_size: u32,
    offset: u32,
    file_size: u32,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Prints the image's parts.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let path = options.image.display();
    let unusable = || format!("cannot use {path}");
    let bytes = files::read(&options.image, files::MAX_IMAGE)?;
    let file = pe::File::parse(&bytes).with_context(unusable)?;
    let headers = file.headers();
    let mut warnings = Vec::new();
    let signatures = match authenticode::signatures(&file) {
        Ok(entries) => shown(&file, &entries)?,
        Err(error) => {
            warnings.push(error.to_string());
            Vec::new()
        }
    };
    if file.gaps() > 0 {
        warnings.push(format!(
            "{} bytes lie between sections; firmware may not see them as signed",
            file.gaps()
        ));
    }
    let mut digests = Vec::new();
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384] {
        // A malformed table is in the warnings already.
        if let Ok(digest) = authenticode::digest(&file, algorithm) {
            digests.push(DigestShown {
                algorithm: algorithm.name(),
                digest: digest.to_string(),
            });
        }
    }
    output.print(&Inspection {
        image: path.to_string(),
        size: bytes.len(),
        machine: headers
            .machine
            .name()
            .map_or_else(|| format!("{:#06x}", headers.machine.0), str::to_owned),
        subsystem: headers.subsystem,
        entry_point: headers.entry_point,
        digests,
        sections: file
            .sections()
            .map(|section| shown_section(&file, section))
            .collect(),
        signatures,
        warnings,
    })?;
    Ok(Outcome::Good)
}

fn shown_section(file: &pe::File<'_>, section: pe::SectionHeader) -> SectionShown {
    let content = file.contents(&section);
    SectionShown {
        name: section.name.to_string(),
        address: section.virtual_address,
        memory_size: section.memory_size(),
        offset: section.raw_offset,
        file_size: section.raw_size,
        sha256: DigestAlgorithm::Sha256.digest(&[content]).to_string(),
        text: text(&section, content),
    }
}

/// The content of sections that hold text; control characters but line ends are escaped.
fn text(section: &pe::SectionHeader, content: &[u8]) -> Option<String> {
    let holds_text = matches!(
        Section::named(section.name)?,
        Section::OsRelease
            | Section::CommandLine
            | Section::KernelVersion
            | Section::Sbat
            | Section::PcrSignature
            | Section::PcrPublicKey
            | Section::Profile
    );
    if !holds_text || content.len() > MAX_TEXT {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let mut safe = String::new();
    for c in text.trim_end_matches(['\0', '\n']).chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if c.is_control() => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Some(safe)
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} bytes, {}, subsystem {}, entry at {:#x}",
            self.image, self.size, self.machine, self.subsystem, self.entry_point
        )?;
        for digest in &self.digests {
            writeln!(f, "{} {}", digest.algorithm, digest.digest)?;
        }
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
            for line in section.text.iter().flat_map(|text| text.lines()) {
                writeln!(f, "          | {line}")?;
            }
        }
        for signature in &self.signatures {
            write!(f, "{signature}")?;
        }
        if self.signatures.is_empty() {
            writeln!(f, "  no signatures")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

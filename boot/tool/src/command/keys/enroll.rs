//! `keys enroll`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::eventlog::EventLog;
use snowguard_boot_format::variable::{Payload, SignatureLists, VariableName};

use super::change;
use super::folder::FolderOptions;
use super::lists::{KeepOptions, assemble};
use super::preflight::{self, ImageLoaded, Prospect};
use crate::command::events::LOG;
use crate::files;
use crate::firmware::{Firmware, FirmwareOptions};
use crate::outcome::Outcome;
use crate::output::Output;

/// What to enrol, where, and what to keep.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    firmware: FirmwareOptions,
    #[command(flatten)]
    keep: KeepOptions,
    /// Allow the drivers of this boot by their digests: option ROMs go on working without
    /// Microsoft's certificates, until they are updated
    #[arg(long)]
    allow_drivers: bool,
    /// Event log to look for drivers in; this machine's, unless a store is written
    #[arg(long, value_name = "FILE")]
    event_log: Option<PathBuf>,
    /// Write although a driver may stop working, which can make a machine unusable
    #[arg(long)]
    accept_risk: bool,
    /// Say what would be written
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Enrolment {
    variables: Vec<VariablePlanned>,
    event_log: Option<String>,
    images: Vec<ImageLoaded>,
    refused: Option<String>,
    written: bool,
}

#[derive(Debug, Serialize)]
struct VariablePlanned {
    variable: &'static str,
    entries: Vec<String>,
}

/// Looks before it writes.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let folder = options.folder.folder();
    let firmware = Firmware::open(&options.firmware)?;
    let log = event_log(options, &firmware)?;
    let digests = match (&log, options.allow_drivers) {
        (Some((_, log)), true) => preflight::driver_digests(log),
        _ => Vec::new(),
    };
    let new = assemble(&folder, Some(&firmware), options.keep, &digests)?;
    let images = log
        .as_ref()
        .map(|(_, log)| preflight::look(log, &new.db))
        .unwrap_or_default();
    let doubt = doubt(options, &firmware, log.is_some(), &images);
    let refused = doubt.filter(|_| !options.accept_risk);
    change::check_authority(&firmware, &folder)?;
    let changes = change::sign_all(&new, &folder, crate::clock::now()?)?;
    let write = refused.is_none() && !options.dry_run;
    let enrolment = Enrolment {
        variables: [
            (VariableName::Db, &new.db),
            (VariableName::Kek, &new.kek),
            (VariableName::Pk, &new.pk),
        ]
        .into_iter()
        .map(|(variable, lists)| VariablePlanned {
            variable: variable.name(),
            entries: entries(lists),
        })
        .collect(),
        event_log: log.map(|(path, _)| path.display().to_string()),
        images,
        refused,
        written: write,
    };
    if write {
        change::write(firmware, &changes)?;
    }
    output.print(&enrolment)?;
    Ok(match enrolment.refused {
        Some(_) => Outcome::Wanting,
        None => Outcome::Good,
    })
}

/// The log that is named, else this machine's when its own variables are written.
fn event_log(options: &Options, firmware: &Firmware) -> Result<Option<(PathBuf, EventLog)>> {
    let path = match (&options.event_log, firmware) {
        (Some(path), _) => path.clone(),
        (None, Firmware::Efivarfs(_)) if Path::new(LOG).exists() => PathBuf::from(LOG),
        (None, _) => return Ok(None),
    };
    let bytes = files::read(&path, files::MAX_SMALL)?;
    let log = EventLog::parse(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    Ok(Some((path, log)))
}

/// Why it is not safe to write, if it isn't.
fn doubt(
    options: &Options,
    firmware: &Firmware,
    has_log: bool,
    images: &[ImageLoaded],
) -> Option<String> {
    let at_risk = images
        .iter()
        .filter(|image| image.driver && image.prospect == Prospect::AtRisk)
        .count();
    if at_risk > 0 {
        return Some(format!(
            "{at_risk} drivers of this boot may stop working; keep Microsoft's certificates \
             (--microsoft), the firmware's (--firmware-defaults), or allow the drivers by digest \
             (--allow-drivers)"
        ));
    }
    let keeps = options.keep.microsoft || options.keep.firmware_defaults || options.keep.current;
    let real = matches!(firmware, Firmware::Efivarfs(_));
    (real && !has_log && !keeps).then(|| {
        "there is no event log, so nobody knows which drivers this machine needs; keep \
         Microsoft's certificates (--microsoft) or the firmware's (--firmware-defaults)"
            .to_owned()
    })
}

/// Each entry in a few words.
pub fn entries(lists: &SignatureLists) -> Vec<String> {
    lists
        .entries()
        .map(|entry| match &entry.payload {
            Payload::Certificate(certificate) => certificate.subject().to_string(),
            Payload::Image(digest) => format!("image {}:{digest}", digest.algorithm()),
            Payload::CertificateDigest { digest, .. } => {
                format!("certificate {}:{digest}", digest.algorithm())
            }
            _ => "an entry of another kind".to_owned(),
        })
        .collect()
}

impl fmt::Display for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for variable in &self.variables {
            writeln!(f, "{}:", variable.variable)?;
            for entry in &variable.entries {
                writeln!(f, "  {entry}")?;
            }
        }
        match &self.event_log {
            Some(path) => writeln!(f, "images that this boot loaded, by {path}:")?,
            None => writeln!(f, "no event log was looked at")?,
        }
        for image in &self.images {
            let kind = if image.driver { "driver " } else { "program" };
            let prospect = match image.prospect {
                Prospect::AllowedByDigest => "stays allowed, by its digest",
                Prospect::AllowedByAuthority => "stays allowed, by what allowed it",
                Prospect::Probable => "stays allowed if Microsoft signed it",
                Prospect::AtRisk if image.driver => "AT RISK: nothing is known to allow it",
                Prospect::AtRisk => "will not start unless it is signed anew",
            };
            writeln!(f, "  {kind} {}: {prospect}", image.device_path)?;
        }
        match &self.refused {
            Some(reason) => writeln!(f, "REFUSED, nothing was written: {reason}"),
            None if self.written => writeln!(f, "written: db, KEK, PK"),
            None => writeln!(f, "nothing was written (dry run)"),
        }
    }
}

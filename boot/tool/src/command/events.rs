//! `events`: the log of what was measured, and what the registers must hold if it is true.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::eventlog::{Event, EventLog};

use crate::files;
use crate::outcome::Outcome;
use crate::output::Output;

/// Where Linux shows the log.
pub const LOG: &str = "/sys/kernel/security/tpm0/binary_bios_measurements";
/// Where Linux shows a register: `pcr-sha256/11`.
const REGISTERS: &str = "/sys/class/tpm/tpm0";

/// Which log.
#[derive(Debug, Args)]
pub struct Options {
    /// The log; this machine's without
    log: Option<PathBuf>,
    /// Only the events of these registers
    #[arg(long, value_name = "NUMBER")]
    pcr: Vec<u32>,
    /// Only what the registers must hold
    #[arg(long)]
    replay_only: bool,
}

#[derive(Debug, Serialize)]
struct Log {
    events: Vec<EventShown>,
    registers: Vec<Register>,
    agrees_with_tpm: Option<bool>,
}

#[derive(Debug, Serialize)]
struct EventShown {
    number: usize,
    pcr: u32,
    kind: String,
    digests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tells: Option<String>,
}

#[derive(Debug, Serialize)]
struct Register {
    bank: &'static str,
    pcr: u32,
    replayed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpm: Option<String>,
}

/// Shows the log; with this machine's, compares it with the TPM.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let own = options.log.is_none();
    let path = options.log.clone().unwrap_or_else(|| PathBuf::from(LOG));
    let bytes = files::read(&path, files::MAX_SMALL)?;
    let log = EventLog::parse(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    let wanted = |pcr: u32| options.pcr.is_empty() || options.pcr.contains(&pcr);
    let mut registers = Vec::new();
    for bank in &log.banks {
        for (pcr, value) in log.replay(*bank) {
            if wanted(pcr) {
                registers.push(Register {
                    bank: bank.name(),
                    pcr,
                    replayed: value.to_string(),
                    tpm: own.then(|| register(bank.name(), pcr)).flatten(),
                });
            }
        }
    }
    let known: Vec<bool> = registers
        .iter()
        .filter_map(|register| Some(register.tpm.as_deref()? == register.replayed))
        .collect();
    let agrees = (!known.is_empty()).then(|| known.iter().all(|same| *same));
    let events = match options.replay_only {
        true => Vec::new(),
        false => log
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| wanted(event.pcr))
            .map(shown)
            .collect(),
    };
    output.print(&Log {
        events,
        registers,
        agrees_with_tpm: agrees,
    })?;
    Ok(match agrees {
        Some(false) => Outcome::Wanting,
        _ => Outcome::Good,
    })
}

/// What the TPM holds, in lower case; `None` where the kernel doesn't show it.
fn register(bank: &str, pcr: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("{REGISTERS}/pcr-{bank}/{pcr}")).ok()?;
    Some(text.trim().to_ascii_lowercase())
}

fn shown((number, event): (usize, &Event)) -> EventShown {
    let tells = event
        .image_load()
        .map(|load| load.device_path)
        .or_else(|| event.variable().map(|variable| variable.name))
        .or_else(|| event.text());
    EventShown {
        number,
        pcr: event.pcr,
        kind: event
            .kind
            .name()
            .map_or_else(|| format!("{:#010x}", event.kind.0), str::to_owned),
        digests: event
            .digests
            .iter()
            .map(|digest| format!("{}:{digest}", digest.algorithm()))
            .collect(),
        tells,
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            write!(f, "{:>4} PCR {:<2} {}", event.number, event.pcr, event.kind)?;
            if let Some(tells) = &event.tells {
                write!(f, ": {tells}")?;
            }
            writeln!(f)?;
            for digest in &event.digests {
                writeln!(f, "       {digest}")?;
            }
        }
        for register in &self.registers {
            write!(
                f,
                "{} {:>2} {}",
                register.bank, register.pcr, register.replayed
            )?;
            match &register.tpm {
                Some(tpm) if *tpm == register.replayed => writeln!(f, " = TPM")?,
                Some(tpm) => writeln!(f, " BUT THE TPM HOLDS {tpm}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

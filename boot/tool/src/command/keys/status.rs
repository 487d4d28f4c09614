//! `keys status`.

use std::fmt;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::variable::VariableName;

use super::enroll::entries;
use super::folder::{FolderOptions, LEVELS};
use crate::firmware::{Firmware, FirmwareOptions};
use crate::outcome::Outcome;
use crate::output::Output;

/// Whose status.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    firmware: FirmwareOptions,
}

#[derive(Debug, Serialize)]
struct Status {
    secure_boot: bool,
    setup_mode: bool,
    variables: Vec<VariableShown>,
    /// Whether each own certificate is in its variable; empty without a folder of keys.
    own: Vec<OwnKey>,
}

#[derive(Debug, Serialize)]
struct VariableShown {
    variable: &'static str,
    count: usize,
    entries: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OwnKey {
    variable: &'static str,
    subject: String,
    enrolled: bool,
}

/// Shows it. Wanting when there are own keys and one of them is not enrolled.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let firmware = Firmware::open(&options.firmware)?;
    let keys = options.folder.folder();
    let mut variables = Vec::new();
    for variable in [
        VariableName::Pk,
        VariableName::Kek,
        VariableName::Db,
        VariableName::Dbx,
        VariableName::Mok,
    ] {
        let mut entries = entries(&firmware.lists(variable)?);
        let count = entries.len();
        if variable == VariableName::Dbx {
            // Hundreds of digests tell nobody anything.
            entries.retain(|entry| !entry.starts_with("image "));
        }
        variables.push(VariableShown {
            variable: variable.name(),
            count,
            entries,
        });
    }
    let mut own = Vec::new();
    if keys.keys().is_dir() {
        for level in LEVELS {
            let certificate = keys.certificate(level)?;
            own.push(OwnKey {
                variable: level.name(),
                subject: certificate.subject().to_string(),
                enrolled: firmware.lists(level)?.certificates().contains(&certificate),
            });
        }
    }
    let missing = own.iter().any(|key| !key.enrolled);
    output.print(&Status {
        secure_boot: firmware.is_enforcing()?,
        setup_mode: firmware.in_setup_mode()?,
        variables,
        own,
    })?;
    Ok(if missing {
        Outcome::Wanting
    } else {
        Outcome::Good
    })
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |value| if value { "on" } else { "off" };
        writeln!(
            f,
            "Secure Boot {}, setup mode {}",
            on(self.secure_boot),
            on(self.setup_mode)
        )?;
        for variable in &self.variables {
            writeln!(f, "{}: {} entries", variable.variable, variable.count)?;
            for entry in &variable.entries {
                writeln!(f, "  {entry}")?;
            }
        }
        for key in &self.own {
            let enrolled = if key.enrolled {
                "enrolled"
            } else {
                "NOT enrolled"
            };
            writeln!(f, "own {}: {} {enrolled}", key.variable, key.subject)?;
        }
        Ok(())
    }
}

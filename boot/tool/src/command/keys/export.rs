//! `keys export`.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::change;
use super::folder::{FolderOptions, LEVELS};
use super::lists::{KeepOptions, assemble};
use crate::files;
use crate::firmware::{Firmware, FirmwareOptions};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;

/// What to export, and where to.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    keep: KeepOptions,
    #[command(flatten)]
    firmware: FirmwareOptions,
    /// Folder for the files; made if it isn't there
    output: PathBuf,
}

#[derive(Debug, Serialize)]
struct Exported {
    files: Vec<String>,
}

/// Writes NAME.der, NAME.esl and NAME.auth.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let keys = options.folder.folder();
    let needs_firmware = options.keep.firmware_defaults || options.keep.current;
    let firmware = match needs_firmware {
        true => Some(Firmware::open(&options.firmware)?),
        false => None,
    };
    let new = assemble(&keys, firmware.as_ref(), options.keep, &[])?;
    let changes = change::sign_all(&new, &keys, crate::clock::now()?)?;
    std::fs::create_dir_all(&options.output)
        .with_context(|| format!("cannot make {}", options.output.display()))
        .context(Failure::Effect)?;
    let mut files = Vec::new();
    let mut write = |name: String, bytes: &[u8]| -> Result<()> {
        let path = options.output.join(name);
        files::replace(&path, bytes, 0o644)?;
        files.push(path.display().to_string());
        Ok(())
    };
    for level in LEVELS {
        write(
            format!("{}.der", level.name()),
            keys.certificate(level)?.der(),
        )?;
    }
    for change in &changes {
        write(
            format!("{}.esl", change.variable.name()),
            &change.signed.content,
        )?;
        write(
            format!("{}.auth", change.variable.name()),
            &change.signed.to_bytes(),
        )?;
    }
    output.print(&Exported { files })?;
    Ok(Outcome::Good)
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.iter().try_for_each(|file| writeln!(f, "{file}"))
    }
}

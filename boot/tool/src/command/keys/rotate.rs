//! `keys rotate` and `keys reset`.

use std::fmt;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::variable::{SignatureLists, VariableName};

use super::change::{self, Change};
use super::create::KindOptions;
use super::folder::FolderOptions;
use crate::files;
use crate::firmware::{Firmware, FirmwareOptions};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;

/// Which keys hand over to what.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    firmware: FirmwareOptions,
    #[command(flatten)]
    kind: KindOptions,
    /// Say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Whose platform key to take away.
#[derive(Debug, Args)]
pub struct ResetOptions {
    #[command(flatten)]
    folder: FolderOptions,
    #[command(flatten)]
    firmware: FirmwareOptions,
    /// Say what would be done
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Rotated {
    folder: String,
    old_keys: String,
    written: bool,
}

#[derive(Debug, Serialize)]
struct Reset {
    written: bool,
}

/// New keys beside the old ones first, then the firmware, then the folder's name: at each moment
/// either the old keys or the new ones are in place, and none is lost.
///
/// What the old db key signed goes on booting, because its certificate stays in db; `keys enroll`
/// takes it out when everything is signed anew.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let old = options.folder.folder();
    let firmware = Firmware::open(&options.firmware)?;
    if firmware.in_setup_mode()? {
        bail!(
            "the firmware is in setup mode: there is nothing to hand over from; use `keys enroll`"
        );
    }
    change::check_authority(&firmware, &old)?;
    let now = crate::clock::now()?;
    let kept = format!("keys.{}", now.unix());
    let report = Rotated {
        folder: old.keys().display().to_string(),
        old_keys: old.path().join(&kept).display().to_string(),
        written: !options.dry_run,
    };
    if options.dry_run {
        output.print(&report)?;
        return Ok(Outcome::Good);
    }
    let new = old.beside("keys.new");
    if new.keys().exists() {
        bail!(
            "{} is there: a rotation was cut short. If `keys status` shows its certificates in the \
             firmware, put it in the place of `keys`; else remove it",
            new.keys().display()
        );
    }
    new.create(&options.kind.new_keys()?)?;
    let owner = old.owner()?;
    let handed_over = |level| -> Result<SignatureLists> {
        let mut lists = SignatureLists::default();
        lists.add_certificate(owner, new.certificate(level)?);
        if level != VariableName::Pk {
            lists.merge(&firmware.lists(level)?);
        }
        if level == VariableName::Kek {
            lists.remove_certificate(&old.certificate(level)?);
        }
        Ok(lists)
    };
    let pk = old.signer(VariableName::Pk)?;
    let kek = old.signer(VariableName::Kek)?;
    let changes: Vec<Change> = vec![
        change::sign(VariableName::Db, &handed_over(VariableName::Db)?, &kek, now)?,
        change::sign(
            VariableName::Kek,
            &handed_over(VariableName::Kek)?,
            &pk,
            now,
        )?,
        change::sign(VariableName::Pk, &handed_over(VariableName::Pk)?, &pk, now)?,
    ];
    change::write(firmware, &changes)?;
    let rename = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::rename(from, to)
            .with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))
            .context(Failure::Effect)
    };
    rename(old.keys(), &old.path().join(&kept))?;
    rename(new.keys(), old.keys())?;
    files::sync_folder(old.path())?;
    output.print(&report)?;
    Ok(Outcome::Good)
}

/// An empty platform key, signed by the platform key.
pub fn reset(options: &ResetOptions, output: &Output) -> Result<Outcome> {
    let keys = options.folder.folder();
    let firmware = Firmware::open(&options.firmware)?;
    if firmware.in_setup_mode()? {
        bail!("the firmware is in setup mode already");
    }
    change::check_authority(&firmware, &keys)?;
    let pk = keys.signer(VariableName::Pk)?;
    let now = crate::clock::now()?;
    let removal = change::sign(VariableName::Pk, &SignatureLists::default(), &pk, now)?;
    if !options.dry_run {
        change::write(firmware, &[removal])?;
    }
    output.print(&Reset {
        written: !options.dry_run,
    })?;
    Ok(Outcome::Good)
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.written {
            writeln!(
                f,
                "new keys are in {}, the old ones in {}",
                self.folder, self.old_keys
            )?;
            writeln!(
                f,
                "the old db certificate stays allowed; sign everything anew, then `keys enroll`"
            )
        } else {
            writeln!(
                f,
                "would make new keys in {}, and keep the old ones in {}",
                self.folder, self.old_keys
            )
        }
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.written {
            "the platform key is gone: the firmware is in setup mode and boots anything"
        } else {
            "would take the platform key away"
        })
    }
}

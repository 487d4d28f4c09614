//! What PK, KEK and db will hold.

use anyhow::Result;
use clap::Args;
use snowguard_boot_format::digest::Digest;
use snowguard_boot_format::variable::{SignatureLists, VariableName};

use super::folder::KeyFolder;
use super::microsoft;
use crate::firmware::Firmware;

/// What is kept beside the own keys.
#[derive(Debug, Clone, Copy, Args)]
pub struct KeepOptions {
    /// Microsoft's certificates of 2011 and 2023: option ROMs, shims, Windows
    #[arg(long)]
    pub microsoft: bool,
    /// The firmware's own: what its lists of defaults hold
    #[arg(long)]
    pub firmware_defaults: bool,
    /// What KEK and db hold now
    #[arg(long)]
    pub current: bool,
}

/// The new content of the variables.
#[derive(Debug, Clone)]
pub struct NewLists {
    pub pk: SignatureLists,
    pub kek: SignatureLists,
    pub db: SignatureLists,
}

/// Own keys first, then what is kept, then digests of images that must go on.
///
/// # Errors
/// When a key or a variable cannot be read.
pub fn assemble(
    folder: &KeyFolder,
    firmware: Option<&Firmware>,
    keep: KeepOptions,
    digests: &[Digest],
) -> Result<NewLists> {
    let owner = folder.owner()?;
    let own = |level| -> Result<SignatureLists> {
        let mut lists = SignatureLists::default();
        lists.add_certificate(owner, folder.certificate(level)?);
        Ok(lists)
    };
    let mut new = NewLists {
        pk: own(VariableName::Pk)?,
        kek: own(VariableName::Kek)?,
        db: own(VariableName::Db)?,
    };
    if keep.microsoft {
        microsoft::add_kek(&mut new.kek)?;
        microsoft::add_db(&mut new.db)?;
    }
    if let Some(firmware) = firmware {
        for (variable, lists) in [
            (VariableName::Kek, &mut new.kek),
            (VariableName::Db, &mut new.db),
        ] {
            if keep.firmware_defaults {
                lists.merge(&firmware.default_lists(variable)?);
            }
            if keep.current {
                lists.merge(&firmware.lists(variable)?);
            }
        }
    }
    for digest in digests {
        new.db.add_digest(owner, digest.clone());
    }
    Ok(new)
}

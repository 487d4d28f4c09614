//! Writing PK, KEK and db: who signs what, and in which order.

use anyhow::{Context, Result, bail};
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::time::Time;
use snowguard_boot_format::variable::{
    Attributes, AuthenticatedVariable, AuthenticatedWrite, SignatureLists, VariableName,
};

use super::folder::KeyFolder;
use super::lists::NewLists;
use crate::firmware::Firmware;

/// A variable's new content, signed.
#[derive(Debug)]
pub struct Change {
    pub variable: VariableName,
    pub signed: AuthenticatedVariable,
}

/// Signs the lists: db by KEK, KEK by PK, PK by PK. The platform key comes last, since it ends
/// setup mode: until then an error can be mended.
///
/// # Errors
/// When a key cannot be used.
pub fn sign_all(new: &NewLists, keys: &KeyFolder, time: Time) -> Result<Vec<Change>> {
    let pk = keys.signer(VariableName::Pk)?;
    let kek = keys.signer(VariableName::Kek)?;
    Ok(vec![
        sign(VariableName::Db, &new.db, &kek, time)?,
        sign(VariableName::Kek, &new.kek, &pk, time)?,
        sign(VariableName::Pk, &new.pk, &pk, time)?,
    ])
}

/// Signs one variable's new content.
///
/// # Errors
/// When the key cannot be used.
pub fn sign(
    variable: VariableName,
    lists: &SignatureLists,
    signer: &dyn Signer,
    time: Time,
) -> Result<Change> {
    let signed = AuthenticatedWrite {
        variable,
        attributes: Attributes::SECURE_BOOT,
        time,
        content: &lists.to_bytes(),
    }
    .sign(signer)
    .with_context(|| format!("cannot sign {}", variable.name()))?;
    Ok(Change { variable, signed })
}

/// In setup mode anyone may write; else these keys have to be the firmware's.
///
/// # Errors
/// When firmware would refuse, with what to do about it.
pub fn check_authority(firmware: &Firmware, keys: &KeyFolder) -> Result<()> {
    if firmware.in_setup_mode()? {
        return Ok(());
    }
    for level in [VariableName::Pk, VariableName::Kek] {
        let there = firmware.lists(level)?.certificates();
        let certificate = keys.certificate(level)?;
        if !there.contains(&certificate) {
            bail!(
                "the firmware's {} doesn't hold {}, so it would refuse; put the firmware into \
                 setup mode first (its menu: clear or reset the Secure Boot keys)",
                level.name(),
                certificate.subject()
            );
        }
    }
    Ok(())
}

/// Writes all, in order, then makes them durable.
///
/// # Errors
/// With [`Failure::Effect`](crate::outcome::Failure::Effect); what was written before stays.
pub fn write(mut firmware: Firmware, changes: &[Change]) -> Result<()> {
    for change in changes {
        firmware.write(change.variable, Attributes::SECURE_BOOT, &change.signed)?;
    }
    firmware.finish()
}

//! What the PCRs must be, computed from the bytes that boot.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use snowguard_boot_format::pe::File;

/// A register's value.
pub type Value = [u8; 32];

/// A register at reset, extended by digests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Register(pub Value);

impl Register {
    /// Extends by the digest of `data`.
    #[must_use]
    pub fn measure(self, data: &[u8]) -> Self {
        self.extend(Sha256::digest(data).into())
    }

    /// Extends by a digest.
    #[must_use]
    pub fn extend(self, digest: Value) -> Self {
        let joined = Sha256::new().chain_update(self.0).chain_update(digest);
        Self(joined.finalize().into())
    }
}

/// PCR 4 after firmware has started `images` one after the other, each by the one before it.
///
/// Source: TCG PC Client Platform Firmware Profile, 3.3.4.5.
///
/// # Errors
/// When one is no PE image.
pub fn pcr4(images: &[&[u8]]) -> Result<Value> {
    let start = Register::default()
        .measure(b"Calling EFI Application from Boot Option")
        .measure(&[0; 4]);
    let end = images.iter().try_fold(start, |register, image| {
        anyhow::Ok(register.extend(authenticode(image)?))
    })?;
    Ok(end.0)
}

/// PCR 11 after the stub: sections in their order, as names and bytes.
pub fn pcr11(sections: &[(&str, &[u8])]) -> Value {
    let end = sections
        .iter()
        .fold(Register::default(), |register, (name, bytes)| {
            register
                .measure(format!("{name}\0").as_bytes())
                .measure(bytes)
        });
    end.0
}

/// The digest of an image that its signature is about, and firmware measures: without checksum, without
/// the certificate table and its entry.
///
/// # Errors
/// When it is no PE image.
pub fn authenticode(image: &[u8]) -> Result<Value> {
    let file = File::parse(image)?;
    let headers = file.headers();
    let checksum = headers.checksum_offset();
    let entry = headers
        .certificates_offset()
        .context("no entry for certificates")?;
    let end = headers
        .certificates()
        .map_or(Ok(image.len()), |table| usize::try_from(table.address))?;
    let hash = Sha256::new()
        .chain_update(&image[..checksum])
        .chain_update(&image[checksum + 4..entry])
        .chain_update(&image[entry + 8..end]);
    Ok(hash.finalize().into())
}

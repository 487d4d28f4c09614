//! What goes into which PCR, in which order.
//!
//! PCR 11 gets the image's sections: for each that is there, in the order of
//! [`Section`], its name with NUL, then its bytes. A pinned file stands for the section it replaces: a
//! thin image and a UKI of the same parts have the same PCR 11, and the same signed policy unlocks both.
//!
//! Source: UAPI.5, "PE Sections"; systemd-stub(7); systemd-measure(1).

use alloc::vec::Vec;

use snowguard_boot_format::uki::Section;

use crate::image::Image;
use crate::refusal::{FirmwareStatus, Refusal};

/// The image's sections.
pub const PCR_IMAGE: u32 = 11;
/// A command line from outside, credentials, configuration extensions, addons.
pub const PCR_CONFIGURATION: u32 = 12;
/// System extensions.
pub const PCR_EXTENSIONS: u32 = 13;

/// What stands in a register in place of a measurement that the TPM did not take.
const MARK: &str = "Snowguard: a measurement is missing";

/// What became of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is in the register.
    Measured,
    /// The TPM has refused it, for this reason, and has taken the mark instead.
    Spoiled(FirmwareStatus),
}

/// Measures by `extend`, which gets a description and the data.
///
/// When the TPM doesn't take it, the register is spoiled by a mark instead: else whoever runs later could extend it by
/// what is missing and unseal what the image seals. If that fails too, nothing may be booted.
///
/// # Errors
/// [`Refusal::Measurement`] with the first reason.
pub fn measure_or_spoil(
    pcr: u32,
    description: &str,
    data: &[u8],
    mut extend: impl FnMut(&str, &[u8]) -> Result<(), FirmwareStatus>,
) -> Result<Taken, Refusal> {
    let Err(cause) = extend(description, data) else {
        return Ok(Taken::Measured);
    };
    match extend(MARK, MARK.as_bytes()) {
        Ok(()) => Ok(Taken::Spoiled(cause)),
        Err(_) => Err(Refusal::Measurement { pcr, cause }),
    }
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement<'a> {
    /// The section it is about; goes into the event log.
    pub section: Section,
    /// The section's bytes.
    pub data: &'a [u8],
}

impl Measurement<'_> {
    /// The first of the two things that are hashed: the name with its NUL.
    pub fn name(&self) -> Vec<u8> {
        self.section.as_str().bytes().chain([0]).collect()
    }
}

/// The events of PCR 11: `kernel` and `initrd` are the bytes that are booted.
pub fn image<'a>(
    image: &Image<'a>,
    kernel: &'a [u8],
    initrd: Option<&'a [u8]>,
) -> Vec<Measurement<'a>> {
    let data = |section| match section {
        Section::Linux => Some(kernel),
        Section::Initrd => initrd,
        _ => image.section(section),
    };
    Section::ALL
        .into_iter()
        .filter(|section| section.is_measured())
        .filter_map(|section| {
            Some(Measurement {
                section,
                data: data(section)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    /// A TPM that refuses the first so many measurements.
    fn measure(refuses: usize) -> (Result<Taken, Refusal>, Vec<Vec<u8>>) {
        let (mut calls, mut register) = (0, vec![]);
        let taken = measure_or_spoil(11, ".linux", b"kernel", |_, data| {
            calls += 1;
            if calls <= refuses {
                return Err(FirmwareStatus(7));
            }
            register.push(data.to_vec());
            Ok(())
        });
        (taken, register)
    }

    #[test]
    fn a_refused_measurement_spoils_the_register_or_stops_the_boot() {
        let kernel = b"kernel".to_vec();
        assert_eq!(measure(0), (Ok(Taken::Measured), vec![kernel]));
        let spoiled = Ok(Taken::Spoiled(FirmwareStatus(7)));
        assert_eq!(measure(1), (spoiled, vec![MARK.as_bytes().to_vec()]));
        let refused = Err(Refusal::Measurement {
            pcr: 11,
            cause: FirmwareStatus(7),
        });
        assert_eq!(measure(2), (refused, vec![]));
    }
}

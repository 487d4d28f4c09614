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

/// The image's sections.
pub const PCR_IMAGE: u32 = 11;
/// A command line from outside, credentials, configuration extensions, addons.
pub const PCR_CONFIGURATION: u32 = 12;
/// System extensions.
pub const PCR_EXTENSIONS: u32 = 13;

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

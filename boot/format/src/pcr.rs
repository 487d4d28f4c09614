//! PCR arithmetic: what the registers hold after a boot that has not happened yet.
//!
//! Sources: TCG PC Client Platform Firmware Profile; systemd's TPM2_PCR_MEASUREMENTS.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::authenticode;
use crate::digest::{Digest, DigestAlgorithm};
use crate::pe::{File, PeError, SectionHeader};
use crate::uki::Section;

/// The phases of a boot that systemd-pcrphase extends PCR 11 by, in order.
pub const PHASES: [&str; 4] = ["enter-initrd", "leave-initrd", "sysinit", "ready"];

/// The action that firmware measures before it starts a boot option.
const CALLING: &[u8] = b"Calling EFI Application from Boot Option";

/// A register of one bank.
#[derive(Clone, PartialEq, Eq)]
pub struct Pcr {
    algorithm: DigestAlgorithm,
    value: Vec<u8>,
}

/// Why a register cannot be predicted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PcrError {
    /// The image is malformed.
    #[error(transparent)]
    Image(#[from] PeError),
    /// There are fewer profiles.
    #[error("the image has {count} profiles, none of number {number}")]
    NoSuchProfile {
        /// Counted from 0.
        number: usize,
        /// How many there are.
        count: usize,
    },
}

impl Pcr {
    /// All zero, as after a reset.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self {
            algorithm,
            value: alloc::vec![0; algorithm.size()],
        }
    }

    /// As PCR 0 begins when the platform was started from this locality.
    pub fn with_locality(algorithm: DigestAlgorithm, locality: u8) -> Self {
        let mut pcr = Self::new(algorithm);
        if let Some(last) = pcr.value.last_mut() {
            *last = locality;
        }
        pcr
    }

    /// Extends by a digest, of whatever length.
    pub fn extend(&mut self, digest: &[u8]) {
        let next = self.algorithm.digest(&[&self.value, digest]);
        self.value.clear();
        self.value.extend_from_slice(next.as_bytes());
    }

    /// Extends by the digest of these bytes.
    pub fn measure(&mut self, bytes: &[u8]) {
        let digest = self.algorithm.digest(&[bytes]);
        self.extend(digest.as_bytes());
    }

    /// The bank.
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// What it holds.
    pub fn as_bytes(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Display for Pcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm)
    }
}

/// The sections that a stub takes from an image when this profile is chosen: those of the base,
/// with the profile's in their place. Without profiles, number 0 is the base alone.
///
/// # Errors
/// [`PcrError::NoSuchProfile`].
pub fn sections_of_profile(
    file: &File<'_>,
    number: usize,
) -> Result<Vec<(Section, SectionHeader)>, PcrError> {
    let mut count = 0_usize;
    let mut taken: Vec<(Section, SectionHeader)> = Vec::new();
    for header in file.sections() {
        let Some(section) = Section::named(header.name) else {
            continue;
        };
        if section == Section::Profile {
            count = count.saturating_add(1);
        }
        let ours = match count.checked_sub(1) {
            None => true,
            Some(current) => current == number,
        };
        // The first of a name counts, in the base and in a profile; a profile's replaces the
        // base's. Which of several device trees or firmware images is taken depends on the
        // machine, so none of them is.
        if !ours || section.may_repeat() {
            continue;
        }
        let in_profile = count > 0;
        match taken.iter_mut().find(|(known, _)| *known == section) {
            None => taken.push((section, header)),
            Some((_, known)) if in_profile && !after_profile(file, known) => *known = header,
            Some(_) => {}
        }
    }
    if count > 0 && number >= count || count == 0 && number > 0 {
        return Err(PcrError::NoSuchProfile { number, count });
    }
    taken.sort_by_key(|(section, _)| *section);
    Ok(taken)
}

/// Whether a section stands after the first `.profile` in the table.
fn after_profile(file: &File<'_>, header: &SectionHeader) -> bool {
    file.sections()
        .take_while(|other| other != header)
        .any(|other| Section::named(other.name) == Some(Section::Profile))
}

/// PCR 11 after the stub has measured the image's sections and before it starts the kernel.
///
/// # Errors
/// [`PcrError::NoSuchProfile`].
pub fn pcr11(file: &File<'_>, algorithm: DigestAlgorithm, profile: usize) -> Result<Pcr, PcrError> {
    let mut pcr = Pcr::new(algorithm);
    for (section, header) in sections_of_profile(file, profile)? {
        if section.is_measured() {
            let name: String = alloc::format!("{}\0", section.as_str());
            pcr.measure(name.as_bytes());
            pcr.measure(file.contents(&header));
        }
    }
    Ok(pcr)
}

/// PCR 4 after firmware has started these images one from another, the first from a boot option:
/// the action, the separator, then each image as it is on disk.
///
/// # Errors
/// [`PcrError::Image`].
pub fn pcr4(images: &[File<'_>], algorithm: DigestAlgorithm) -> Result<Pcr, PcrError> {
    let mut pcr = Pcr::new(algorithm);
    pcr.measure(CALLING);
    pcr.measure(&[0; 4]);
    for image in images {
        let digest: Digest = authenticode::digest(image, algorithm)?;
        pcr.extend(digest.as_bytes());
    }
    Ok(pcr)
}

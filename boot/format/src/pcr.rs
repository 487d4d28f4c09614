//! PCR arithmetic: what the registers hold after a boot that has not happened yet.
//!
//! Sources: TCG PC Client Platform Firmware Profile; systemd's TPM2_PCR_MEASUREMENTS.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::authenticode;
use crate::digest::{Digest, DigestAlgorithm};
use crate::pe::{File, PeError, SectionHeader};
use crate::uki::{Section, pinned};

/// The phases of a boot that systemd-pcrphase extends PCR 11 by, in order.
pub const PHASES: [&str; 4] = ["enter-initrd", "leave-initrd", "sysinit", "ready"];

/// The paths that a usual boot goes, from this many of [`PHASES`] on; 0 begins with the kernel's start.
pub fn usual_paths(from: usize) -> impl Iterator<Item = String> {
    (from..=PHASES.len()).map(|count| PHASES.get(..count).unwrap_or_default().join(":"))
}

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
    /// A part that is both in the image and named by it, or named by half; the stub refuses such an image.
    #[error("the image both holds and names what is {}, or names it by half", .section.as_str())]
    Contradiction {
        /// The section that the part stands for.
        section: Section,
    },
    /// The digest in the image is not of this bank.
    #[error("the {algorithm} bank needs the file that the image names: {path}")]
    FileNeeded {
        /// On the partition.
        path: String,
        /// The bank.
        algorithm: DigestAlgorithm,
    },
    /// The file is not the one that the image was made for.
    #[error("{path} is not the file that the image was made for: its digest differs")]
    OtherFile {
        /// On the partition.
        path: String,
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

    /// As a TPM tells it; `None` when these are not as many bytes as the bank's digests have.
    pub fn from_bytes(algorithm: DigestAlgorithm, value: &[u8]) -> Option<Self> {
        (value.len() == algorithm.size()).then(|| Self {
            algorithm,
            value: value.to_vec(),
        })
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

    /// What it holds after a path of phases: words joined by colons, empty for none.
    #[must_use]
    pub fn after(&self, phases: &str) -> Self {
        let mut value = self.clone();
        for word in phases.split(':').filter(|word| !word.is_empty()) {
            value.measure(word.as_bytes());
        }
        value
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
/// Of a thin image ([`crate::uki::pinned`]) the stub measures the files that it names as `.linux` and `.initrd`.
/// For the SHA-256 bank their digests in the image are enough; for another, `files` must hold their bytes.
///
/// # Errors
/// [`PcrError`].
pub fn pcr11(
    file: &File<'_>,
    algorithm: DigestAlgorithm,
    profile: usize,
    files: &[(Section, &[u8])],
) -> Result<Pcr, PcrError> {
    let sections = sections_of_profile(file, profile)?;
    let mut pcr = Pcr::new(algorithm);
    for section in Section::ALL {
        let part = match section {
            Section::Linux | Section::Initrd => part(file, profile, section)?,
            _ => {
                let found = sections.iter().find(|(known, _)| *known == section);
                found.map(|(_, header)| Part::Embedded(*header))
            }
        };
        let Some(part) = part.filter(|_| section.is_measured()) else {
            continue;
        };
        pcr.measure(alloc::format!("{}\0", section.as_str()).as_bytes());
        match part {
            Part::Embedded(header) => pcr.measure(file.contents(&header)),
            Part::Pinned(pinned) => {
                let given = files.iter().find(|(known, _)| *known == section);
                pcr.extend(
                    pinned
                        .measured(algorithm, given.map(|(_, bytes)| *bytes))?
                        .as_bytes(),
                );
            }
        }
    }
    Ok(pcr)
}

/// A file that a thin image names in the place of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// [`Section::Linux`] or [`Section::Initrd`].
    pub section: Section,
    /// Where it is on the partition: absolute, with backslashes.
    pub path: String,
    /// Its SHA-256 digest, as the image has it.
    pub digest: Digest,
}

impl PinnedFile {
    fn measured(
        &self,
        algorithm: DigestAlgorithm,
        bytes: Option<&[u8]>,
    ) -> Result<Digest, PcrError> {
        if let Some(bytes) = bytes
            && DigestAlgorithm::Sha256.digest(&[bytes]) != self.digest
        {
            return Err(PcrError::OtherFile {
                path: self.path.clone(),
            });
        }
        match (algorithm, bytes) {
            (DigestAlgorithm::Sha256, _) => Ok(self.digest.clone()),
            (_, Some(bytes)) => Ok(algorithm.digest(&[bytes])),
            (_, None) => Err(PcrError::FileNeeded {
                path: self.path.clone(),
                algorithm,
            }),
        }
    }
}

/// The files that an image names when this profile is chosen; none for a unified kernel image.
///
/// # Errors
/// [`PcrError`].
pub fn pinned_files(file: &File<'_>, profile: usize) -> Result<Vec<PinnedFile>, PcrError> {
    sections_of_profile(file, profile)?;
    let mut files = Vec::new();
    for section in [Section::Linux, Section::Initrd] {
        if let Some(Part::Pinned(pinned)) = part(file, profile, section)? {
            files.push(pinned);
        }
    }
    Ok(files)
}

/// Where a part comes from.
enum Part {
    Embedded(SectionHeader),
    Pinned(PinnedFile),
}

/// Kernel or initrd, as the stub takes it: from the profile whole, or from the base whole.
fn part(file: &File<'_>, profile: usize, section: Section) -> Result<Option<Part>, PcrError> {
    let names = match section {
        Section::Initrd => [section.as_str(), pinned::INITRD_PATH, pinned::INITRD_DIGEST],
        _ => [section.as_str(), pinned::KERNEL_PATH, pinned::KERNEL_DIGEST],
    };
    let (mut base, mut chosen) = ([None; 3], [None; 3]);
    let mut scope = 0_usize;
    for header in file.sections() {
        if Section::named(header.name) == Some(Section::Profile) {
            scope = scope.saturating_add(1);
        }
        let table = match scope.checked_sub(1) {
            None => &mut base,
            Some(number) if number == profile => &mut chosen,
            Some(_) => continue,
        };
        let name = header.name.as_bytes();
        for (place, _) in table
            .iter_mut()
            .zip(names)
            .filter(|(_, known)| known.as_bytes() == name)
        {
            place.get_or_insert(header);
        }
    }
    let taken = if chosen.iter().all(Option::is_none) {
        base
    } else {
        chosen
    };
    let contradiction = PcrError::Contradiction { section };
    match taken {
        [None, None, None] => Ok(None),
        [Some(header), None, _] => Ok(Some(Part::Embedded(header))),
        [None, Some(path), Some(digest)] => {
            let path =
                core::str::from_utf8(file.contents(&path)).map(|path| path.trim_end_matches('\0'));
            let digest = Digest::new(DigestAlgorithm::Sha256, file.contents(&digest));
            let (Ok(path), Some(digest)) = (path, digest) else {
                return Err(contradiction);
            };
            Ok(Some(Part::Pinned(PinnedFile {
                section,
                path: path.into(),
                digest,
            })))
        }
        _ => Err(contradiction),
    }
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

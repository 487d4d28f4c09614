//! Every reason not to boot, in words for the person in front of the screen.

use alloc::string::String;
use core::fmt;

use snowguard_boot_format::pe::PeError;

/// A status code of firmware, shown in words.
///
/// Source: UEFI 2.10, appendix D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirmwareStatus(pub usize);

impl fmt::Display for FirmwareStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The highest bit marks an error.
        let number = self.0 & (usize::MAX >> 1);
        f.write_str(match number {
            0 => "no error",
            1 => "load error",
            2 => "invalid parameter",
            3 => "not supported",
            7 => "device error",
            9 => "out of memory",
            10 => "damaged file system",
            12 => "no medium",
            13 => "another medium",
            14 => "not found",
            15 => "access denied",
            20 => "already there",
            21 => "aborted",
            26 => "security violation",
            31 => "the file ends too early",
            _ => return write!(f, "firmware status {number}"),
        })
    }
}

/// Which of the two files an image is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The kernel.
    Kernel,
    /// The initial RAM disk.
    Initrd,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel",
            Self::Initrd => "initial ramdisk",
        })
    }
}

/// Why the stub goes back to the firmware instead of booting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The image's own headers cannot be read in memory.
    OwnImage(PeError),
    /// Neither `.linux` nor `.linuxp`.
    NoKernel,
    /// The same part both embedded and pinned.
    TwoSources(Part),
    /// A path without a digest, or the other way round.
    HalfAPin(Part),
    /// A digest section that has not 32 bytes.
    DigestSize {
        /// Of which part.
        part: Part,
        /// Bytes found.
        size: usize,
    },
    /// A path that is not absolute, or has `.`/`..`, slashes or control characters in it.
    Path {
        /// Of which part.
        part: Part,
        /// The path, with what can't be shown replaced.
        path: String,
    },
    /// A section that may stand once in an image or a profile stands there twice.
    Twice(&'static str),
    /// A section for hardware descriptions that x86-64 machines don't take.
    Unsupported(&'static str),
    /// The profile that the loader asked for does not exist.
    NoProfile {
        /// Asked for, from 0.
        asked: usize,
        /// How many there are.
        present: usize,
    },
    /// Text that is not UTF-8.
    NotText(&'static str),
    /// The bytes read are not the bytes that the signed image pins.
    Digest {
        /// Which part.
        part: Part,
        /// Where it came from: a path, or the section.
        from: String,
    },
    /// A pinned file can't be read.
    Unreadable {
        /// Which part.
        part: Part,
        /// Its path.
        path: String,
        /// What firmware said.
        cause: FirmwareStatus,
    },
    /// The kernel is no PE image that can be loaded.
    Kernel(PeError),
    /// The kernel is for another machine.
    KernelMachine(u16),
    /// The kernel's relocations point outside of it or are of an unknown kind.
    KernelRelocations {
        /// Offset in the kernel's image in memory.
        at: u32,
    },
    /// The entry point is not inside a section with code.
    KernelEntry(u32),
    /// Too little memory for something.
    Memory {
        /// For what.
        what: &'static str,
        /// Bytes asked for.
        size: usize,
    },
    /// The TPM is there and took neither the measurement nor the mark that one is missing.
    Measurement {
        /// The register.
        pcr: u32,
        /// What firmware said.
        cause: FirmwareStatus,
    },
    /// Another program has already registered an initial ramdisk, which the kernel would take.
    ForeignInitrd,
    /// Firmware refused something that booting needs.
    Firmware {
        /// Doing what.
        doing: &'static str,
        /// What it said.
        cause: FirmwareStatus,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnImage(error) => write!(f, "This boot image is damaged in memory: {error}."),
            Self::NoKernel => f.write_str(
                "This boot image holds no kernel. It is the bare stub, or was put together wrongly.",
            ),
            Self::TwoSources(part) => write!(
                f,
                "This boot image both contains a {part} and names one on the disk. Only one can be right."
            ),
            Self::HalfAPin(part) => write!(
                f,
                "This boot image names a {part} on the disk without saying which digest it must have, or \
                 the other way round."
            ),
            Self::DigestSize { part, size } => write!(
                f,
                "The digest of the {part} in this boot image has {size} bytes instead of 32."
            ),
            Self::Path { part, path } => {
                write!(f, "The path of the {part} in this boot image is not usable: {path}")
            }
            Self::Twice(name) => write!(f, "This boot image has the section {name} twice."),
            Self::Unsupported(name) => write!(
                f,
                "This boot image has the section {name}, which is for machines of another kind. x86-64 \
                 machines describe themselves by ACPI."
            ),
            Self::NoProfile { asked, present } => write!(
                f,
                "Profile {asked} was asked for, but this boot image has {present} (counted from 0)."
            ),
            Self::NotText(name) => write!(f, "The section {name} of this boot image is not UTF-8 text."),
            Self::Digest { part, from } => write!(
                f,
                "The {part} ({from}) is not the one that this signed boot image was made for: its SHA-256 \
                 digest differs. The file was changed, damaged or belongs to another generation."
            ),
            Self::Unreadable { part, path, cause } => {
                write!(f, "The {part} cannot be read: {path}: {cause}.")
            }
            Self::Kernel(error) => write!(f, "The kernel is no image that can be started: {error}."),
            Self::KernelMachine(machine) => {
                write!(f, "The kernel is for another kind of machine ({machine:#06x}).")
            }
            Self::KernelRelocations { at } => {
                write!(f, "The kernel's relocations are damaged at {at:#x}.")
            }
            Self::KernelEntry(entry) => {
                write!(f, "The kernel's entry point {entry:#x} is not in its code.")
            }
            Self::Memory { what, size } => {
                write!(f, "There is too little memory for {what} ({size} bytes).")
            }
            Self::Measurement { pcr, cause } => write!(
                f,
                "The TPM refuses to measure what is booted (PCR {pcr}: {cause}). Booting on would let \
                 somebody else write that register. If the TPM is broken, turn it off in the firmware's \
                 setup; sealed disks then ask for their recovery key."
            ),
            Self::ForeignInitrd => f.write_str(
                "The boot loader has registered an initial ramdisk of its own, which the kernel would \
                 take instead of the signed one.",
            ),
            Self::Firmware { doing, cause } => write!(f, "The firmware failed at {doing}: {cause}."),
        }
    }
}

impl core::error::Error for Refusal {}

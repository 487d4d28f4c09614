//! The sections that UAPI.5 knows, in the order in which they are measured.

use crate::pe::SectionName;

/// A section of a unified kernel image. The order of variants is the order of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `.linux`: the kernel image.
    Linux,
    /// `.osrel`: os-release of the system.
    OsRelease,
    /// `.cmdline`: the kernel's command line.
    CommandLine,
    /// `.initrd`: initial RAM disk.
    Initrd,
    /// `.ucode`: an initrd of microcode, handed over before the other.
    Microcode,
    /// `.splash`: a picture (BMP).
    Splash,
    /// `.dtb`: device tree.
    DeviceTree,
    /// `.uname`: the kernel's version.
    KernelVersion,
    /// `.sbat`: generations for revocation.
    Sbat,
    /// `.pcrsig`: signed PCR policies; the one section that is not measured, since it is about the
    /// measurements.
    PcrSignature,
    /// `.pcrpkey`: the public key of `.pcrsig`.
    PcrPublicKey,
    /// `.profile`: begins a profile, a further way to boot the same image.
    Profile,
    /// `.dtbauto`: device tree for hardware that matches.
    DeviceTreeAuto,
    /// `.hwids`: hardware ids to match with.
    HardwareIds,
    /// `.efifw`: firmware image for hardware that matches.
    Firmware,
}

impl Section {
    /// All, in the order of measurement.
    pub const ALL: [Self; 15] = [
        Self::Linux,
        Self::OsRelease,
        Self::CommandLine,
        Self::Initrd,
        Self::Microcode,
        Self::Splash,
        Self::DeviceTree,
        Self::KernelVersion,
        Self::Sbat,
        Self::PcrSignature,
        Self::PcrPublicKey,
        Self::Profile,
        Self::DeviceTreeAuto,
        Self::HardwareIds,
        Self::Firmware,
    ];

    /// The name in the section table, with its dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => ".linux",
            Self::OsRelease => ".osrel",
            Self::CommandLine => ".cmdline",
            Self::Initrd => ".initrd",
            Self::Microcode => ".ucode",
            Self::Splash => ".splash",
            Self::DeviceTree => ".dtb",
            Self::KernelVersion => ".uname",
            Self::Sbat => ".sbat",
            Self::PcrSignature => ".pcrsig",
            Self::PcrPublicKey => ".pcrpkey",
            Self::Profile => ".profile",
            Self::DeviceTreeAuto => ".dtbauto",
            Self::HardwareIds => ".hwids",
            Self::Firmware => ".efifw",
        }
    }

    /// The name as it stands in the section table.
    pub const fn name(self) -> SectionName {
        match SectionName::new(self.as_str()) {
            Some(name) => name,
            // Every name above has at most eight bytes; the test of this module goes through them.
            None => SectionName::NONE,
        }
    }

    /// The section of this name.
    pub fn named(name: SectionName) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|section| section.as_str().as_bytes() == name.as_bytes())
    }

    /// Whether PCR 11 is extended by this section.
    pub const fn is_measured(self) -> bool {
        !matches!(self, Self::PcrSignature)
    }

    /// Whether one image or profile may hold several of it.
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::DeviceTreeAuto | Self::Firmware)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_found_by_its_name_and_in_order() {
        for (place, section) in Section::ALL.into_iter().enumerate() {
            assert_eq!(SectionName::new(section.as_str()), Some(section.name()));
            assert_eq!(Section::named(section.name()), Some(section));
            assert_eq!(section as usize, place);
        }
    }
}

//! The headers, from the DOS stub to the end of the section table.

use super::error::PeError;
use super::section::{ENTRY_SIZE, SectionHeader, Sections};
use crate::bytes::{array, slice, u16_at, u32_at, u64_at};

/// More sections than this are refused: firmware and Windows stop far below.
pub const MAX_SECTIONS: u16 = 512;

/// Offset of `e_lfanew` in the DOS header.
const LFANEW: usize = 0x3c;
/// Bytes of `PE\0\0` and the COFF header.
const COFF_SIZE: usize = 24;
/// Bytes of PE32+'s optional header before its data directories.
const OPTIONAL_SIZE: usize = 112;
/// Offset of `CheckSum` in the optional header.
const CHECKSUM: usize = 64;
/// Bytes of a data directory.
const DIRECTORY_SIZE: usize = 8;
/// The specification knows sixteen.
const MAX_DIRECTORIES: u32 = 16;
/// The directory of certificates: the one whose address is an offset in the file.
const CERTIFICATES: usize = 4;

/// `Machine` of the COFF header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Machine(pub u16);

impl Machine {
    /// x86-64.
    pub const X64: Self = Self(0x8664);
    /// AArch64.
    pub const ARM64: Self = Self(0xaa64);
    /// RISC-V, 64 bits.
    pub const RISCV64: Self = Self(0x5064);
    /// LoongArch, 64 bits.
    pub const LOONGARCH64: Self = Self(0x6264);
    /// The architecture's name in the Boot Loader Specification and in UEFI's file names.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::X64 => Some("x64"),
            Self::ARM64 => Some("aa64"),
            Self::RISCV64 => Some("riscv64"),
            Self::LOONGARCH64 => Some("loongarch64"),
            _ => None,
        }
    }
}

/// An entry of the optional header's data directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// Address from the image's base; for certificates, offset in the file.
    pub address: u32,
    /// Bytes.
    pub size: u32,
}

/// The headers of a PE32+ image, checked for themselves; where sections lie is checked by
/// [`File`](super::File) and [`Loaded`](super::Loaded).
///
/// Source: "PE Format", sections "COFF File Header" to "Section Table".
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `Machine`.
    pub machine: Machine,
    /// `TimeDateStamp`.
    pub timestamp: u32,
    /// `Characteristics`.
    pub characteristics: u16,
    /// `AddressOfEntryPoint`, from the image's base.
    pub entry_point: u32,
    /// `ImageBase`.
    pub image_base: u64,
    /// `SectionAlignment`: a power of two.
    pub section_alignment: u32,
    /// `FileAlignment`: a power of two.
    pub file_alignment: u32,
    /// `SizeOfImage`: bytes in memory.
    pub image_size: u32,
    /// `SizeOfHeaders`: bytes of the headers in the file; not less than the section table's end.
    pub headers_size: u32,
    /// `CheckSum`, which nothing relies upon.
    pub checksum: u32,
    /// `Subsystem`; 10 to 13 are EFI's.
    pub subsystem: u16,
    /// `DllCharacteristics`.
    pub dll_characteristics: u16,
    optional_at: usize,
    directories: &'a [u8],
    table_at: usize,
    table: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Reads the headers at the beginning of `bytes`: a file, or an image in memory.
    ///
    /// # Errors
    /// [`PeError`] for whatever is not a whole and consistent PE32+ header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PeError> {
        let truncated = |what, at| PeError::Truncated { what, at };
        let bad = |field, value: u32| PeError::BadField {
            field,
            value: u64::from(value),
        };
        if array(bytes, 0) != Some(*b"MZ") {
            return Err(PeError::NotMz);
        }
        let lfanew = u32_at(bytes, LFANEW).ok_or(truncated("DOS header", 0))?;
        let coff_at = usize::try_from(lfanew).map_err(|_| bad("e_lfanew", lfanew))?;
        let coff = slice(bytes, coff_at, COFF_SIZE).ok_or(truncated("COFF header", coff_at))?;
        if array(coff, 0) != Some(*b"PE\0\0") {
            return Err(PeError::NotPe { at: coff_at });
        }
        let optional_at = coff_at.saturating_add(COFF_SIZE);
        let inside_coff = || truncated("COFF header", coff_at);
        let optional_size = u16_at(coff, 20).ok_or_else(inside_coff)?;
        let section_count = u16_at(coff, 6).ok_or_else(inside_coff)?;
        let inside_optional = || truncated("optional header", optional_at);
        let optional =
            slice(bytes, optional_at, usize::from(optional_size)).ok_or_else(inside_optional)?;
        let magic = u16_at(optional, 0).ok_or_else(inside_optional)?;
        if magic != 0x20b {
            return Err(PeError::NotPe32Plus { magic });
        }
        let short = |at: usize| u16_at(optional, at).ok_or_else(inside_optional);
        let word = |at: usize| u32_at(optional, at).ok_or_else(inside_optional);

        let directory_count = word(108)?;
        if directory_count > MAX_DIRECTORIES {
            return Err(bad("NumberOfRvaAndSizes", directory_count));
        }
        let directories_size = usize::try_from(directory_count)
            .unwrap_or(usize::MAX)
            .saturating_mul(DIRECTORY_SIZE);
        let directories =
            slice(optional, OPTIONAL_SIZE, directories_size).ok_or_else(inside_optional)?;

        if section_count > MAX_SECTIONS {
            return Err(PeError::TooManySections {
                count: section_count,
            });
        }
        let table_at = optional_at.saturating_add(usize::from(optional_size));
        let table_size = usize::from(section_count).saturating_mul(ENTRY_SIZE);
        let table =
            slice(bytes, table_at, table_size).ok_or(truncated("section table", table_at))?;

        let headers = Self {
            machine: Machine(u16_at(coff, 4).ok_or_else(inside_coff)?),
            timestamp: u32_at(coff, 8).ok_or_else(inside_coff)?,
            characteristics: u16_at(coff, 22).ok_or_else(inside_coff)?,
            entry_point: word(16)?,
            image_base: u64_at(optional, 24).ok_or_else(inside_optional)?,
            section_alignment: word(32)?,
            file_alignment: word(36)?,
            image_size: word(56)?,
            headers_size: word(60)?,
            checksum: word(CHECKSUM)?,
            subsystem: short(68)?,
            dll_characteristics: short(70)?,
            optional_at,
            directories,
            table_at,
            table,
        };
        headers.check(bytes)?;
        Ok(headers)
    }

    fn check(&self, bytes: &[u8]) -> Result<(), PeError> {
        for (field, value) in [
            ("SectionAlignment", self.section_alignment),
            ("FileAlignment", self.file_alignment),
        ] {
            if !value.is_power_of_two() {
                return Err(PeError::BadField {
                    field,
                    value: u64::from(value),
                });
            }
        }
        let headers_size = usize::try_from(self.headers_size).unwrap_or(usize::MAX);
        if headers_size < self.table_end() || headers_size > bytes.len() {
            return Err(PeError::BadField {
                field: "SizeOfHeaders",
                value: u64::from(self.headers_size),
            });
        }
        if self.image_size < self.headers_size {
            return Err(PeError::BadField {
                field: "SizeOfImage",
                value: u64::from(self.image_size),
            });
        }
        if self.entry_point >= self.image_size {
            return Err(PeError::BadField {
                field: "AddressOfEntryPoint",
                value: u64::from(self.entry_point),
            });
        }
        Ok(())
    }

    /// The sections, in the table's order.
    pub fn sections(&self) -> Sections<'a> {
        Sections::new(self.table)
    }

    /// The data directory of this number (0: exports … 15), if the image has it and it is not empty.
    pub fn directory(&self, number: usize) -> Option<Directory> {
        let at = number.checked_mul(DIRECTORY_SIZE)?;
        let directory = Directory {
            address: u32_at(self.directories, at)?,
            size: u32_at(self.directories, at.checked_add(4)?)?,
        };
        (directory.size != 0).then_some(directory)
    }

    /// The directory of certificates, whose address is an offset in the file.
    pub fn certificates(&self) -> Option<Directory> {
        self.directory(CERTIFICATES)
    }

    /// Offset of the field `CheckSum` in the file.
    pub fn checksum_offset(&self) -> usize {
        self.optional_at.saturating_add(CHECKSUM)
    }

    /// Offset of the certificate directory's entry in the file; `None` when the image has too few
    /// directories to hold it.
    pub fn certificates_offset(&self) -> Option<usize> {
        let at = CERTIFICATES.saturating_mul(DIRECTORY_SIZE);
        slice(self.directories, at, DIRECTORY_SIZE)?;
        Some(
            self.optional_at
                .saturating_add(OPTIONAL_SIZE)
                .saturating_add(at),
        )
    }

    /// Offset of the section table in the file.
    pub fn table_offset(&self) -> usize {
        self.table_at
    }

    /// Offset of the first byte after the section table.
    pub fn table_end(&self) -> usize {
        self.table_at.saturating_add(self.table.len())
    }

    /// Offset of the optional header in the file.
    pub fn optional_offset(&self) -> usize {
        self.optional_at
    }

    /// No two sections share memory, and each lies between the headers and the image's end.
    pub(crate) fn check_memory(&self) -> Result<(), PeError> {
        for (at, section) in self.sections().enumerate() {
            if section.memory_size() == 0 {
                continue;
            }
            let fits = section.virtual_end() <= u64::from(self.image_size);
            if !fits {
                return Err(PeError::SectionOutsideImage {
                    name: section.name,
                    address: section.virtual_address,
                    size: section.memory_size(),
                });
            }
            self.check_apart(at, &section, SectionHeader::memory_range)?;
        }
        Ok(())
    }

    /// Quadratic in the number of sections, which is limited; needs no memory.
    pub(crate) fn check_apart(
        &self,
        at: usize,
        section: &SectionHeader,
        range: impl Fn(&SectionHeader) -> (u64, u64),
    ) -> Result<(), PeError> {
        let (start, end) = range(section);
        for earlier in self.sections().take(at) {
            let (other_start, other_end) = range(&earlier);
            if other_start < other_end && start < other_end && other_start < end {
                return Err(PeError::SectionsOverlap {
                    first: earlier.name,
                    second: section.name,
                });
            }
        }
        Ok(())
    }
}

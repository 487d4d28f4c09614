//! What is wrong with an image.

use core::fmt;

use super::section::SectionName;

/// Why bytes are not a PE32+ image that may be trusted with anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeError {
    /// The bytes end inside a structure: which, and where it begins.
    Truncated {
        /// The structure's name in the specification.
        what: &'static str,
        /// Its offset in the file.
        at: usize,
    },
    /// No `MZ` at the beginning.
    NotMz,
    /// No `PE\0\0` where the DOS header points to.
    NotPe {
        /// Where it was looked for.
        at: usize,
    },
    /// The optional header's magic is not that of PE32+ (0x20b).
    NotPe32Plus {
        /// The magic found; 0x10b is a 32-bit image.
        magic: u16,
    },
    /// A size or count that contradicts another or goes beyond a limit.
    BadField {
        /// The field's name in the specification.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// More sections than [`MAX_SECTIONS`](super::MAX_SECTIONS).
    TooManySections {
        /// The number that the header gives.
        count: u16,
    },
    /// A section's bytes are not all in the file, or begin inside the headers.
    SectionOutsideFile {
        /// Its name.
        name: SectionName,
        /// Its offset in the file.
        offset: u32,
        /// Its size there.
        size: u32,
    },
    /// A section reaches beyond the image in memory.
    SectionOutsideImage {
        /// Its name.
        name: SectionName,
        /// Its address, from the image's base.
        address: u32,
        /// Its size in memory.
        size: u32,
    },
    /// Two sections share bytes, in the file or in memory.
    SectionsOverlap {
        /// The earlier one in the table.
        first: SectionName,
        /// The later one.
        second: SectionName,
    },
    /// The certificate table lies inside the sections, is not aligned to 8, or leaves the file.
    BadCertificateTable {
        /// Its offset in the file.
        offset: u32,
        /// Its size.
        size: u32,
    },
    /// Bytes follow the certificate table, which has to be the file's end.
    BytesAfterCertificates {
        /// How many.
        count: usize,
    },
    /// An entry of the certificate table has a length that cannot be.
    BadCertificateEntry {
        /// The entry's offset in the file.
        at: usize,
        /// The length it gives, header included.
        length: u32,
    },
}

impl fmt::Display for PeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { what, at } => {
                write!(f, "the file ends inside the {what} at offset {at}")
            }
            Self::NotMz => write!(f, "not a PE image: it doesn't begin with `MZ`"),
            Self::NotPe { at } => write!(f, "not a PE image: no `PE` signature at offset {at}"),
            Self::NotPe32Plus { magic: 0x10b } => {
                write!(f, "a 32-bit image (PE32); only PE32+ is read")
            }
            Self::NotPe32Plus { magic } => {
                write!(
                    f,
                    "the optional header's magic is {magic:#x}, not 0x20b (PE32+)"
                )
            }
            Self::BadField { field, value } => {
                write!(f, "{field} is {value:#x}, which cannot be")
            }
            Self::TooManySections { count } => {
                write!(
                    f,
                    "{count} sections; at most {} are read",
                    super::MAX_SECTIONS
                )
            }
            Self::SectionOutsideFile { name, offset, size } => write!(
                f,
                "section {name}: its {size} bytes at offset {offset} are outside of the file or \
                 inside the headers"
            ),
            Self::SectionOutsideImage {
                name,
                address,
                size,
            } => write!(
                f,
                "section {name}: its {size} bytes at address {address:#x} are outside of the image"
            ),
            Self::SectionsOverlap { first, second } => {
                write!(f, "sections {first} and {second} overlap")
            }
            Self::BadCertificateTable { offset, size } => write!(
                f,
                "the certificate table ({size} bytes at offset {offset}) is misplaced"
            ),
            Self::BytesAfterCertificates { count } => {
                write!(f, "{count} bytes follow the certificate table")
            }
            Self::BadCertificateEntry { at, length } => write!(
                f,
                "the certificate table's entry at offset {at} has the impossible length {length}"
            ),
        }
    }
}

impl core::error::Error for PeError {}

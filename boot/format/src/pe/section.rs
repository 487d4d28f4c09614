//! The section table.

use core::fmt::{self, Write};

use crate::bytes::{array, u32_at};

/// Bytes of one entry of the section table.
pub(crate) const ENTRY_SIZE: usize = 40;

/// A section's name: eight bytes, filled up with NUL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionName([u8; 8]);

impl SectionName {
    /// Eight NULs: the name of a section that has none.
    pub(crate) const NONE: Self = Self([0; 8]);

    /// The name of up to eight bytes, none of them NUL; `None` for any other.
    pub const fn new(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > 8 {
            return None;
        }
        let mut full = [0; 8];
        let mut at = 0;
        let mut rest = name;
        while let [byte, tail @ ..] = rest {
            if *byte == 0 {
                return None;
            }
            let (_, from_here) = full.split_at_mut(at);
            if let [place, ..] = from_here {
                *place = *byte;
            }
            at = at.saturating_add(1);
            rest = tail;
        }
        Some(Self(full))
    }

    /// The bytes before the first NUL.
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(8);
        self.0.get(..end).unwrap_or(&self.0)
    }

    /// The eight bytes as they stand in the table.
    pub fn field(&self) -> [u8; 8] {
        self.0
    }
}

impl PartialEq<str> for SectionName {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Display for SectionName {
    /// Bytes that are not printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .flat_map(|byte| core::ascii::escape_default(*byte))
            .try_for_each(|byte| f.write_char(char::from(byte)))
    }
}

impl fmt::Debug for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SectionName({self})")
    }
}

/// One entry of the section table.
///
/// Source: "PE Format", section "Section Table (Section Headers)".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionHeader {
    /// `Name`.
    pub name: SectionName,
    /// `VirtualSize`: bytes in memory, as given.
    pub virtual_size: u32,
    /// `VirtualAddress`: from the image's base.
    pub virtual_address: u32,
    /// `SizeOfRawData`: bytes in the file.
    pub raw_size: u32,
    /// `PointerToRawData`: offset in the file.
    pub raw_offset: u32,
    /// `Characteristics`.
    pub characteristics: u32,
}

impl SectionHeader {
    /// The entry at the beginning of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            name: SectionName(array(bytes, 0)?),
            virtual_size: u32_at(bytes, 8)?,
            virtual_address: u32_at(bytes, 12)?,
            raw_size: u32_at(bytes, 16)?,
            raw_offset: u32_at(bytes, 20)?,
            characteristics: u32_at(bytes, 36)?,
        })
    }

    /// The entry as it stands in the table; relocations and line numbers are none.
    pub fn to_bytes(&self) -> [u8; ENTRY_SIZE] {
        let mut out = [0; ENTRY_SIZE];
        let mut put = |at: usize, bytes: &[u8]| {
            let place = out
                .get_mut(at..)
                .and_then(|rest| rest.get_mut(..bytes.len()));
            if let Some(place) = place {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &self.name.field());
        put(8, &self.virtual_size.to_le_bytes());
        put(12, &self.virtual_address.to_le_bytes());
        put(16, &self.raw_size.to_le_bytes());
        put(20, &self.raw_offset.to_le_bytes());
        put(36, &self.characteristics.to_le_bytes());
        out
    }

    /// Bytes in memory. Firmware takes the size in the file where `VirtualSize` is 0, so this does.
    pub fn memory_size(&self) -> u32 {
        if self.virtual_size == 0 {
            self.raw_size
        } else {
            self.virtual_size
        }
    }

    /// Offset of the first byte after this section's in the file. Cannot overflow.
    pub fn raw_end(&self) -> u64 {
        u64::from(self.raw_offset).saturating_add(u64::from(self.raw_size))
    }

    /// Address of the first byte after this section in memory. Cannot overflow.
    pub fn virtual_end(&self) -> u64 {
        u64::from(self.virtual_address).saturating_add(u64::from(self.memory_size()))
    }

    /// First address and the one after the last.
    pub(crate) fn memory_range(&self) -> (u64, u64) {
        (u64::from(self.virtual_address), self.virtual_end())
    }

    /// First offset and the one after the last.
    pub(crate) fn file_range(&self) -> (u64, u64) {
        (u64::from(self.raw_offset), self.raw_end())
    }
}

/// The entries of a section table, in the table's order.
#[derive(Debug, Clone)]
pub struct Sections<'a> {
    table: core::slice::ChunksExact<'a, u8>,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(table: &'a [u8]) -> Self {
        Self {
            table: table.chunks_exact(ENTRY_SIZE),
        }
    }
}

impl Iterator for Sections<'_> {
    type Item = SectionHeader;

    fn next(&mut self) -> Option<SectionHeader> {
        SectionHeader::read(self.table.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.table.size_hint()
    }
}

impl ExactSizeIterator for Sections<'_> {}

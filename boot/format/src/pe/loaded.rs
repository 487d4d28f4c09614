//! An image in memory, as firmware laid it out.

use super::error::PeError;
use super::headers::Headers;
use super::section::{SectionHeader, SectionName, Sections};
use crate::bytes::slice;

/// A PE32+ image in memory: each section stands at its address.
#[derive(Debug, Clone, Copy)]
pub struct Loaded<'a> {
    headers: Headers<'a>,
    memory: &'a [u8],
}

impl<'a> Loaded<'a> {
    /// Reads the headers at the beginning of `memory` (the image from its base on) and checks that
    /// every section lies inside of it, apart from every other.
    ///
    /// # Errors
    /// [`PeError`] for the first rule that is broken; [`PeError::BadField`] when `memory` is
    /// shorter than `SizeOfImage`.
    pub fn parse(memory: &'a [u8]) -> Result<Self, PeError> {
        let headers = Headers::parse(memory)?;
        headers.check_memory()?;
        if usize::try_from(headers.image_size).unwrap_or(usize::MAX) > memory.len() {
            return Err(PeError::BadField {
                field: "SizeOfImage",
                value: u64::from(headers.image_size),
            });
        }
        Ok(Self { headers, memory })
    }

    /// The headers.
    pub fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// The sections, in the table's order.
    pub fn sections(&self) -> Sections<'a> {
        self.headers.sections()
    }

    /// The first section of this name.
    pub fn section(&self, name: SectionName) -> Option<SectionHeader> {
        self.sections().find(|section| section.name == name)
    }

    /// A section's bytes in memory: as many as its size there says.
    pub fn contents(&self, section: &SectionHeader) -> &'a [u8] {
        let address = usize::try_from(section.virtual_address).unwrap_or(usize::MAX);
        let size = usize::try_from(section.memory_size()).unwrap_or(usize::MAX);
        slice(self.memory, address, size).unwrap_or(&[])
    }
}

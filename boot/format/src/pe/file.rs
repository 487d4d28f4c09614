//! An image as it lies on disk.

use super::certificates::Certificates;
use super::error::PeError;
use super::headers::Headers;
use super::section::{SectionHeader, SectionName, Sections};
use crate::bytes::slice;

/// A whole PE32+ file whose sections lie apart from one another inside of it.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    headers: Headers<'a>,
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the headers of `bytes` and checks that every section lies in the file, after the
    /// headers, inside the image, and apart from every other.
    ///
    /// # Errors
    /// [`PeError`] for the first rule that is broken. What stands in the certificate table is
    /// looked at by [`File::certificates`] only.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PeError> {
        let headers = Headers::parse(bytes)?;
        headers.check_memory()?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        for (at, section) in headers.sections().enumerate() {
            if section.raw_size == 0 {
                continue;
            }
            if section.raw_offset < headers.headers_size || section.raw_end() > length {
                return Err(PeError::SectionOutsideFile {
                    name: section.name,
                    offset: section.raw_offset,
                    size: section.raw_size,
                });
            }
            headers.check_apart(at, &section, SectionHeader::file_range)?;
        }
        Ok(Self { headers, bytes })
    }

    /// The headers.
    pub fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// The whole file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The sections, in the table's order.
    pub fn sections(&self) -> Sections<'a> {
        self.headers.sections()
    }

    /// The first section of this name.
    pub fn section(&self, name: SectionName) -> Option<SectionHeader> {
        self.sections().find(|section| section.name == name)
    }

    /// A section's bytes in the file, without what fills it up to the alignment. A section that is
    /// larger in memory goes on with zeros that are not here.
    pub fn contents(&self, section: &SectionHeader) -> &'a [u8] {
        let size = section.raw_size.min(section.memory_size());
        let offset = usize::try_from(section.raw_offset).unwrap_or(usize::MAX);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        slice(self.bytes, offset, size).unwrap_or(&[])
    }

    /// Offset of the first byte after the headers and all sections.
    pub fn sections_end(&self) -> usize {
        let end = self
            .sections()
            .filter(|section| section.raw_size != 0)
            .map(|section| section.raw_end())
            .fold(u64::from(self.headers.headers_size), u64::max);
        usize::try_from(end).unwrap_or(usize::MAX)
    }

    /// The certificate table; empty for an image without.
    ///
    /// # Errors
    /// [`PeError::BadCertificateTable`] and [`PeError::BytesAfterCertificates`] when it is not the
    /// file's end, aligned to 8. Entries are checked while they are read.
    pub fn certificates(&self) -> Result<Certificates<'a>, PeError> {
        let Some(table) = self.headers.certificates() else {
            return Ok(Certificates::none(self.bytes.len()));
        };
        let misplaced = PeError::BadCertificateTable {
            offset: table.address,
            size: table.size,
        };
        let offset = usize::try_from(table.address).map_err(|_| misplaced)?;
        let size = usize::try_from(table.size).map_err(|_| misplaced)?;
        if offset % 8 != 0 || offset < self.sections_end() {
            return Err(misplaced);
        }
        let bytes = slice(self.bytes, offset, size).ok_or(misplaced)?;
        let after = self.bytes.len().saturating_sub(offset).saturating_sub(size);
        if after != 0 {
            return Err(PeError::BytesAfterCertificates { count: after });
        }
        Ok(Certificates::new(bytes, offset))
    }
}

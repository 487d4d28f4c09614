//! Boot images, put together here independently of the tools under test.

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use snowguard_boot_format::pe::File;
use snowguard_boot_format::uki::pinned;

/// A stub, and sections to add.
#[derive(Debug, Clone)]
pub struct Builder<'a> {
    stub: &'a [u8],
    sections: Vec<(String, Vec<u8>)>,
}

impl<'a> Builder<'a> {
    /// An image of this stub, without any section of its own.
    pub fn new(stub: &'a [u8]) -> Self {
        Self {
            stub,
            sections: Vec::new(),
        }
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, name: &str, bytes: &[u8]) -> Self {
        self.sections.push((name.to_owned(), bytes.to_vec()));
        self
    }

    /// Names a kernel on the disk and pins its digest.
    #[must_use]
    pub fn kernel_at(self, path: &str, bytes: &[u8]) -> Self {
        self.section(pinned::KERNEL_PATH, path.as_bytes())
            .section(pinned::KERNEL_DIGEST, &Sha256::digest(bytes))
    }

    /// Names an initrd on the disk and pins its digest.
    #[must_use]
    pub fn initrd_at(self, path: &str, bytes: &[u8]) -> Self {
        self.section(pinned::INITRD_PATH, path.as_bytes())
            .section(pinned::INITRD_DIGEST, &Sha256::digest(bytes))
    }

    /// The unsigned image: the stub's bytes with changed headers, then each section.
    ///
    /// # Errors
    /// When the headers have no room for so many sections.
    pub fn build(&self) -> Result<Vec<u8>> {
        let file = File::parse(self.stub).context("the stub is no PE image")?;
        let headers = file.headers();
        let mut out = self.stub.to_vec();
        let mut entry = headers.table_end();
        let mut address = u64::from(headers.image_size);
        let alignment = u64::from(headers.section_alignment);
        let file_alignment = usize::try_from(headers.file_alignment)?;
        for (name, bytes) in &self.sections {
            let room = usize::try_from(headers.headers_size)?;
            ensure!(entry + 40 <= room, "no room for the section {name}");
            out.resize(out.len().next_multiple_of(file_alignment), 0);
            let mut header = [0; 40];
            header[..name.len()].copy_from_slice(name.as_bytes());
            let fields = [
                bytes.len(),
                usize::try_from(address)?,
                bytes.len().next_multiple_of(file_alignment),
                out.len(),
            ];
            for (place, field) in header[8..24].chunks_exact_mut(4).zip(fields) {
                place.copy_from_slice(&u32::try_from(field)?.to_le_bytes());
            }
            // Initialized data, readable.
            header[36..].copy_from_slice(&0x4000_0040u32.to_le_bytes());
            out[entry..entry + 40].copy_from_slice(&header);
            entry += 40;
            out.extend_from_slice(bytes);
            address = (address + bytes.len() as u64).next_multiple_of(alignment);
        }
        out.resize(out.len().next_multiple_of(file_alignment), 0);
        let count = file.sections().count() + self.sections.len();
        // The number of sections stands 18 bytes before the optional header, the image's size 56 into it.
        let optional = headers.optional_offset();
        out[optional - 18..optional - 16].copy_from_slice(&u16::try_from(count)?.to_le_bytes());
        let size = u32::try_from(address)?.to_le_bytes();
        out[optional + 56..optional + 60].copy_from_slice(&size);
        Ok(out)
    }
}

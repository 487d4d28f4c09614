//! Building images.

use alloc::vec::Vec;

use super::{Section, sbat};
use crate::authenticode::{self, AuthenticodeError};
use crate::bytes::u32_at;
use crate::pe::{File, MAX_SECTIONS, PeError, SectionHeader, SectionName};

/// Bytes of an entry of the section table.
const ENTRY: usize = 40;
/// Initialised data, readable.
const DATA: u32 = 0x4000_0040;
/// Code, readable and executable: kernels that are started where they lie.
const CODE: u32 = 0x6000_0020;
/// Sections start on pages, whatever a stub says.
const PAGE: u32 = 4096;

/// A section to be added, and its content.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    name: SectionName,
    content: &'a [u8],
}

impl<'a> Piece<'a> {
    /// A section of UAPI.5.
    pub fn new(section: Section, content: &'a [u8]) -> Self {
        Self {
            name: section.name(),
            content,
        }
    }

    /// A section of any other name.
    pub fn named(name: SectionName, content: &'a [u8]) -> Self {
        Self { name, content }
    }

    /// Which of UAPI.5's it is.
    pub(super) fn section(&self) -> Option<Section> {
        Section::named(self.name)
    }

    /// What goes into it.
    pub(super) fn content(&self) -> &'a [u8] {
        self.content
    }
}

/// Why an image cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UkiError {
    /// The stub is malformed.
    #[error("the stub: {0}")]
    Stub(#[from] PeError),
    /// The stub's signature could not be taken off.
    #[error("the stub: {0}")]
    Signature(#[from] AuthenticodeError),
    /// A section that may stand once only.
    #[error("section {name} is given twice{place}", place = if *.profile { " in one profile" } else { "" })]
    Twice {
        /// Its name.
        name: SectionName,
        /// Whether in a profile; else in the base.
        profile: bool,
    },
    /// The stub has a `.sbat` that ends the room there is for another.
    #[error("the stub has room for {room} bytes of .sbat, and there are {size}")]
    SbatRoom {
        /// Bytes in the stub.
        room: u32,
        /// Bytes to put there.
        size: usize,
    },
    /// The stub brings a section of this name.
    #[error("the stub already has a section {name}")]
    InStub {
        /// Its name.
        name: SectionName,
    },
    /// Firmware maps nothing to no bytes.
    #[error("section {name} is empty")]
    Empty {
        /// Its name.
        name: SectionName,
    },
    /// A profile that doesn't begin with `.profile`, or a base that has one.
    #[error("`.profile` must be the first section of a profile, and stand nowhere else")]
    Profile,
    /// The kernel is no PE image.
    #[error("the kernel is not bootable by EFI: {0}")]
    Kernel(PeError),
    /// The kernel, initrd or stub are for different machines.
    #[error("the kernel is for machine {kernel:#06x} and the stub for {stub:#06x}")]
    Machine {
        /// The kernel's.
        kernel: u16,
        /// The stub's.
        stub: u16,
    },
    /// More sections than are read.
    #[error("{count} sections; at most {MAX_SECTIONS} are read")]
    TooManySections {
        /// How many there would be.
        count: usize,
    },
    /// The stub's first section leaves the section table no room to grow.
    #[error("the stub has no room for {count} more sections")]
    NoRoom {
        /// How many were to be added.
        count: usize,
    },
    /// The image would be larger than the format can hold (4 GiB).
    #[error("the image is too large")]
    TooLarge,
}

/// Adds sections to a stub: the base first, then each profile after its `.profile`.
///
/// Sections keep the order in which they are given, begin on pages in memory, and at the stub's
/// file alignment in the file. The bytes depend on the arguments alone. A signature of the stub
/// is taken off. An addon is built in the same way, from an addon stub and without `.linux`. A `.sbat` of the base
/// takes the place of the stub's, which must have room for it.
///
/// # Errors
/// [`UkiError`].
pub fn build(
    stub: &[u8],
    base: &[Piece<'_>],
    profiles: &[Vec<Piece<'_>>],
) -> Result<Vec<u8>, UkiError> {
    check_parts(stub, base, profiles)?;
    let pieces: Vec<Piece<'_>> = base
        .iter()
        .chain(profiles.iter().flatten())
        .copied()
        .collect();
    let mut image = authenticode::remove_all(stub.to_vec())?;
    let (replacing, pieces) = sbat::take_out(&File::parse(&image)?, pieces);
    if let Some(sbat) = replacing {
        sbat::replace(&mut image, sbat)?;
    }
    let file = File::parse(&image)?;
    let layout = Layout::of(&file, pieces.len())?;
    // Symbols and the like after the last section would lie between sections from now on.
    image.truncate(file.sections_end());
    layout.grow_headers(&mut image)?;

    let total = pieces.iter().try_fold(image.len(), |all, piece| {
        let aligned = piece
            .content
            .len()
            .checked_next_multiple_of(layout.file_alignment)?;
        all.checked_add(aligned)
    });
    let total = total
        .and_then(|total| total.checked_add(layout.file_alignment))
        .ok_or(UkiError::TooLarge)?;
    image.reserve_exact(total.saturating_sub(image.len()));

    let mut address = layout.first_address;
    let mut entry = layout.table_end;
    let mut added = 0_u32;
    for piece in &pieces {
        let offset = pad(&mut image, layout.file_alignment)?;
        image.extend_from_slice(piece.content);
        let end = pad(&mut image, layout.file_alignment)?;
        let raw_size = end.checked_sub(offset).ok_or(UkiError::TooLarge)?;
        let size = u32::try_from(piece.content.len()).map_err(|_| UkiError::TooLarge)?;
        let header = SectionHeader {
            name: piece.name,
            virtual_size: size,
            virtual_address: address,
            raw_size,
            raw_offset: offset,
            characteristics: match piece.section() {
                Some(Section::Linux) => CODE,
                _ => DATA,
            },
        };
        put(&mut image, entry, &header.to_bytes())?;
        entry = entry.saturating_add(ENTRY);
        added = added.checked_add(raw_size).ok_or(UkiError::TooLarge)?;
        address = address
            .checked_add(size)
            .and_then(|end| end.checked_next_multiple_of(layout.memory_alignment))
            .ok_or(UkiError::TooLarge)?;
    }
    layout.finish(&mut image, address, added)?;
    // What was built has to be readable by everyone's rules, and by ours.
    File::parse(&image)?;
    Ok(image)
}

fn check_parts(
    stub: &[u8],
    base: &[Piece<'_>],
    profiles: &[Vec<Piece<'_>>],
) -> Result<(), UkiError> {
    let stub = File::parse(stub)?;
    check_group(base, false)?;
    for profile in profiles {
        check_group(profile, true)?;
    }
    for piece in base.iter().chain(profiles.iter().flatten()) {
        if piece.content.is_empty() {
            return Err(UkiError::Empty { name: piece.name });
        }
        if piece.section() == Some(Section::Linux) {
            let kernel = File::parse(piece.content).map_err(UkiError::Kernel)?;
            let (kernel, stub) = (kernel.headers().machine.0, stub.headers().machine.0);
            if kernel != stub {
                return Err(UkiError::Machine { kernel, stub });
            }
        }
    }
    for piece in base {
        if stub.section(piece.name).is_some() && piece.section() != Some(Section::Sbat) {
            return Err(UkiError::InStub { name: piece.name });
        }
    }
    Ok(())
}

fn check_group(pieces: &[Piece<'_>], profile: bool) -> Result<(), UkiError> {
    for (place, piece) in pieces.iter().enumerate() {
        let begins = piece.section() == Some(Section::Profile);
        if begins != (profile && place == 0) {
            return Err(UkiError::Profile);
        }
        let repeats = piece.section().is_some_and(Section::may_repeat);
        if !repeats
            && pieces
                .iter()
                .take(place)
                .any(|other| other.name == piece.name)
        {
            return Err(UkiError::Twice {
                name: piece.name,
                profile,
            });
        }
    }
    if profile && pieces.is_empty() {
        return Err(UkiError::Profile);
    }
    Ok(())
}

/// Where things are in the stub, and where new ones go.
struct Layout {
    count: u16,
    coff: usize,
    optional: usize,
    table: usize,
    table_end: usize,
    headers_size: usize,
    /// Bytes by which the headers must grow.
    growth: usize,
    file_alignment: usize,
    memory_alignment: u32,
    first_address: u32,
    checksum: usize,
}

impl Layout {
    fn of(file: &File<'_>, added: usize) -> Result<Self, UkiError> {
        let headers = file.headers();
        let count = file.sections().len().saturating_add(added);
        let count = u16::try_from(count)
            .ok()
            .filter(|count| *count <= MAX_SECTIONS)
            .ok_or(UkiError::TooManySections { count })?;
        let no_room = UkiError::NoRoom { count: added };
        let size = |value: u32| usize::try_from(value).map_err(|_| UkiError::TooLarge);
        let file_alignment = size(headers.file_alignment.max(512))?;
        let headers_size = size(headers.headers_size)?;
        let new_end = headers
            .table_end()
            .saturating_add(added.saturating_mul(ENTRY));
        let missing = new_end.saturating_sub(headers_size);
        let growth = missing
            .checked_next_multiple_of(file_alignment)
            .ok_or(UkiError::TooLarge)?;
        // In memory the headers end where the first section begins.
        let first = file.sections().map(|section| section.virtual_address).min();
        let room = size(first.unwrap_or(headers.image_size))?;
        if headers_size.saturating_add(growth) > room {
            return Err(no_room);
        }
        let memory_alignment = headers.section_alignment.max(PAGE);
        let end = file
            .sections()
            .map(|section| section.virtual_end())
            .fold(u64::from(headers.image_size), u64::max);
        let first_address = u32::try_from(end)
            .ok()
            .and_then(|end| end.checked_next_multiple_of(memory_alignment))
            .ok_or(UkiError::TooLarge)?;
        Ok(Self {
            count,
            coff: headers.optional_offset().saturating_sub(24),
            optional: headers.optional_offset(),
            table: headers.table_offset(),
            table_end: headers.table_end(),
            headers_size,
            growth,
            file_alignment,
            memory_alignment,
            first_address,
            checksum: headers.checksum_offset(),
        })
    }

    /// Makes room for the longer table by moving the sections' bytes in the file, never in memory.
    fn grow_headers(&self, image: &mut Vec<u8>) -> Result<(), UkiError> {
        // What lay between the table and the first section is not part of anything.
        if let Some(slack) = image.get_mut(self.table_end..self.headers_size) {
            slack.fill(0);
        }
        if self.growth == 0 {
            return Ok(());
        }
        let zeros = core::iter::repeat_n(0, self.growth);
        image.splice(self.headers_size..self.headers_size, zeros);
        let growth = u32::try_from(self.growth).map_err(|_| UkiError::TooLarge)?;
        let mut entry = self.table;
        while entry < self.table_end {
            for field in [20_usize, 24, 28] {
                let at = entry.saturating_add(field);
                let offset = u32_at(image, at).unwrap_or_default();
                if offset != 0 {
                    let moved = offset.checked_add(growth).ok_or(UkiError::TooLarge)?;
                    put(image, at, &moved.to_le_bytes())?;
                }
            }
            entry = entry.saturating_add(ENTRY);
        }
        Ok(())
    }

    /// The fields that follow from the new sections.
    fn finish(&self, image: &mut [u8], image_size: u32, added: u32) -> Result<(), UkiError> {
        let optional = |field: usize| self.optional.saturating_add(field);
        put(
            image,
            self.coff.saturating_add(6),
            &self.count.to_le_bytes(),
        )?;
        // No symbol table any more.
        put(image, self.coff.saturating_add(12), &[0; 8])?;
        let initialised = u32_at(image, optional(8)).unwrap_or_default();
        put(
            image,
            optional(8),
            &initialised.wrapping_add(added).to_le_bytes(),
        )?;
        put(image, optional(56), &image_size.to_le_bytes())?;
        let headers_size = self.headers_size.saturating_add(self.growth);
        let headers_size = u32::try_from(headers_size).map_err(|_| UkiError::TooLarge)?;
        put(image, optional(60), &headers_size.to_le_bytes())?;
        put(image, self.checksum, &[0; 4])
    }
}

/// Fills up to a multiple, and gives the length.
fn pad(image: &mut Vec<u8>, alignment: usize) -> Result<u32, UkiError> {
    let length = image
        .len()
        .checked_next_multiple_of(alignment)
        .ok_or(UkiError::TooLarge)?;
    image.resize(length, 0);
    u32::try_from(length).map_err(|_| UkiError::TooLarge)
}

pub(super) fn put(image: &mut [u8], at: usize, bytes: &[u8]) -> Result<(), UkiError> {
    let place = image
        .get_mut(at..)
        .and_then(|rest| rest.get_mut(..bytes.len()))
        .ok_or(UkiError::TooLarge)?;
    place.copy_from_slice(bytes);
    Ok(())
}

//! Lays the kernel's PE image out in memory.
//!
//! Firmware's own loader would want a signature on the kernel. The image's signature covers the kernel's
//! digest instead, so the checked buffer is loaded here.
//!
//! Source: Microsoft PE format, "The .reloc Section"; UEFI 2.10, 2.1.1.

use alloc::vec::Vec;

use snowguard_boot_format::pe::{File, Machine};

use crate::bulk;
use crate::refusal::Refusal;

const PAGE: u32 = 4096;
/// Number of the data directory of base relocations.
const RELOCATIONS: usize = 5;
const EXECUTE: u32 = 0x2000_0000;
const WRITE: u32 = 0x8000_0000;
const CODE: u32 = 0x20;
/// `IMAGE_DLLCHARACTERISTICS_NX_COMPAT`
const NX_COMPATIBLE: u16 = 0x0100;

/// A kernel that can be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Offset of the first instruction.
    pub entry: usize,
    /// Permissions that firmware should set; empty for a kernel that doesn't declare itself ready for
    /// them (NX compatible, sections on pages of their own).
    pub permissions: Vec<Permissions>,
}

/// Permissions of whole pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// Offset of the first page.
    pub offset: u32,
    /// Bytes, whole pages.
    pub size: u32,
    /// May be written.
    pub write: bool,
    /// May run.
    pub execute: bool,
}

/// Bytes of memory the kernel needs.
///
/// # Errors
/// [`Refusal::Kernel`], [`Refusal::KernelMachine`].
pub fn size(bytes: &[u8]) -> Result<usize, Refusal> {
    let file = parse(bytes)?;
    let size = file.headers().image_size;
    usize::try_from(size).map_err(|_| Refusal::Memory {
        what: "the kernel",
        size: usize::MAX,
    })
}

fn parse(bytes: &[u8]) -> Result<File<'_>, Refusal> {
    let file = File::parse(bytes).map_err(Refusal::Kernel)?;
    let machine = file.headers().machine;
    if machine != Machine::X64 {
        return Err(Refusal::KernelMachine(machine.0));
    }
    Ok(file)
}

/// Copies headers and sections of `bytes` to `memory`, which will be at the address `base`, with zeroes everywhere
/// else, whatever it held, and applies the relocations.
///
/// # Errors
/// [`Refusal`] for a kernel that is malformed in any way, or larger than `memory`.
pub fn load(bytes: &[u8], memory: &mut [u8], base: u64) -> Result<Kernel, Refusal> {
    let file = parse(bytes)?;
    let headers = file.headers();
    let available = memory.len();
    let short = || Refusal::Memory {
        what: "the kernel",
        size: available,
    };
    let head = bytes.get(..index(headers.headers_size));
    let head = head.ok_or_else(short)?;
    bulk::copy(memory, head).ok_or_else(short)?;
    // Up to here every byte is written. Sections don't overlap, in whatever order they come.
    let mut written = head.len();
    for section in file.sections() {
        let contents = file.contents(&section);
        let start = index(section.virtual_address);
        if let Some(gap) = memory.get_mut(written..start) {
            bulk::clear(gap);
        }
        let place = memory.get_mut(start..).ok_or_else(short)?;
        bulk::copy(place, contents).ok_or_else(short)?;
        written = written.max(start.saturating_add(contents.len()));
    }
    bulk::clear(memory.get_mut(written..).ok_or_else(short)?);
    if let Some(directory) = headers.directory(RELOCATIONS) {
        let difference = base.wrapping_sub(headers.image_base);
        relocate(
            memory,
            index(directory.address),
            index(directory.size),
            difference,
        )?;
    }
    let entry = headers.entry_point;
    let in_code = file.sections().any(|section| {
        section.characteristics & (EXECUTE | CODE) != 0
            && entry >= section.virtual_address
            && u64::from(entry) < section.virtual_end()
    });
    if !in_code {
        return Err(Refusal::KernelEntry(entry));
    }
    Ok(Kernel {
        entry: index(entry),
        permissions: permissions(&file),
    })
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Blocks of a page's address, their size, and 16-bit entries: four bits of kind, twelve of offset.
fn relocate(memory: &mut [u8], start: usize, size: usize, difference: u64) -> Result<(), Refusal> {
    const ABSOLUTE: u16 = 0;
    const DIR64: u16 = 10;
    let bad = |at: usize| Refusal::KernelRelocations {
        at: u32::try_from(at).unwrap_or(u32::MAX),
    };
    let end = start
        .checked_add(size)
        .filter(|end| *end <= memory.len())
        .ok_or_else(|| bad(start))?;
    let mut block = start;
    while end.saturating_sub(block) >= 8 {
        let page = index(word(memory, block).ok_or_else(|| bad(block))?);
        let length = index(word(memory, block.saturating_add(4)).ok_or_else(|| bad(block))?);
        let next = block
            .checked_add(length)
            .filter(|next| *next <= end && length >= 8);
        let next = next.ok_or_else(|| bad(block))?;
        for at in (block.saturating_add(8)..next).step_by(2) {
            let entry = half(memory, at).ok_or_else(|| bad(at))?;
            match entry >> 12 {
                ABSOLUTE => {}
                DIR64 => {
                    let place = page
                        .checked_add(usize::from(entry & 0xfff))
                        .ok_or_else(|| bad(at))?;
                    let after = place.checked_add(8).ok_or_else(|| bad(at))?;
                    let field = memory.get_mut(place..after).ok_or_else(|| bad(at))?;
                    let mut value = [0; 8];
                    value.copy_from_slice(field);
                    let value = u64::from_le_bytes(value).wrapping_add(difference);
                    field.copy_from_slice(&value.to_le_bytes());
                }
                _ => return Err(bad(at)),
            }
        }
        block = next;
    }
    Ok(())
}

fn word(memory: &[u8], at: usize) -> Option<u32> {
    let bytes = memory.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn half(memory: &[u8], at: usize) -> Option<u16> {
    let bytes = memory.get(at..at.checked_add(2)?)?;
    bytes.try_into().ok().map(u16::from_le_bytes)
}

fn permissions(file: &File<'_>) -> Vec<Permissions> {
    let headers = file.headers();
    let whole_pages = headers.section_alignment.is_multiple_of(PAGE)
        && file
            .sections()
            .all(|section| section.virtual_address.is_multiple_of(PAGE));
    if headers.dll_characteristics & NX_COMPATIBLE == 0 || !whole_pages {
        return Vec::new();
    }
    let sections = file.sections().filter_map(|section| {
        Some(Permissions {
            offset: section.virtual_address,
            size: section
                .memory_size()
                .checked_next_multiple_of(PAGE)
                .filter(|size| *size != 0)?,
            write: section.characteristics & WRITE != 0,
            execute: section.characteristics & EXECUTE != 0,
        })
    });
    sections.collect()
}

//! Writes the PE32+ image: segments become sections, relative relocations become base relocations.
//!
//! Source: Microsoft PE format; UEFI 2.10, 2.1.1 (UEFI images).

use anyhow::{Context, Result, ensure};

use super::elf::{Program, Segment};

const PAGE: u64 = 0x1000;
const FILE_ALIGNMENT: usize = 512;
/// Room for about forty section headers, so that an image can be made by adding sections.
const HEADERS: usize = 0x800;
const PE_OFFSET: usize = 0x78;
/// The optional header of PE32+ with all sixteen data directories.
const OPTIONAL_SIZE: usize = 112 + 16 * 8;

/// Shim asks for it, and it lets a whole release be revoked at once.
/// Source: <https://github.com/rhboot/shim/blob/main/SBAT.md>
const SBAT: &str = concat!(
    "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n",
    "snowguard-stub,1,Snowguard,snowguard-stub,",
    env!("CARGO_PKG_VERSION"),
    ",https://github.com/snowguard/snowguard\n"
);

struct Section {
    name: &'static str,
    address: u64,
    size: u64,
    bytes: Vec<u8>,
    flags: u32,
}

const CODE: u32 = 0x6000_0020;
const READ_ONLY: u32 = 0x4000_0040;
const DATA: u32 = 0xc000_0040;
const DISCARDABLE: u32 = 0x4200_0040;

/// The image's bytes.
pub fn write(program: &Program<'_>) -> Result<Vec<u8>> {
    let mut sections: Vec<Section> = program.segments.iter().map(section).collect();
    let end = program
        .segments
        .iter()
        .map(|s| s.address + s.size)
        .max()
        .context("no segments")?;
    let relocations = base_relocations(&program.relocations)?;
    let reloc_address = end.next_multiple_of(PAGE);
    let reloc_size = relocations.len();
    sections.push(extra(".reloc", reloc_address, relocations, DISCARDABLE));
    let sbat_address = (reloc_address + reloc_size as u64).next_multiple_of(PAGE);
    sections.push(extra(
        ".sbat",
        sbat_address,
        SBAT.as_bytes().to_vec(),
        READ_ONLY,
    ));
    let image_size = (sbat_address + SBAT.len() as u64).next_multiple_of(PAGE);

    let mut out = headers(
        program.entry,
        &sections,
        image_size,
        (reloc_address, reloc_size),
    )?;
    for section in &sections {
        out.extend_from_slice(&section.bytes);
        out.resize(out.len().next_multiple_of(FILE_ALIGNMENT), 0);
    }
    Ok(out)
}

fn section(segment: &Segment<'_>) -> Section {
    let (name, flags) = match (segment.executable, segment.writable) {
        (true, _) => (".text", CODE),
        (false, false) => (".rodata", READ_ONLY),
        (false, true) => (".data", DATA),
    };
    let filled = segment
        .bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    // Shim takes a section without any bytes of its own for one that lies in the headers.
    let mut bytes = segment.bytes[..filled].to_vec();
    if bytes.is_empty() {
        bytes.push(0);
    }
    Section {
        name,
        address: segment.address,
        size: segment.size,
        bytes,
        flags,
    }
}

fn extra(name: &'static str, address: u64, bytes: Vec<u8>, flags: u32) -> Section {
    Section {
        name,
        address,
        size: bytes.len() as u64,
        bytes,
        flags,
    }
}

/// A block for each page that has words to adjust.
fn base_relocations(places: &[u64]) -> Result<Vec<u8>> {
    /// `IMAGE_REL_BASED_DIR64`
    const DIR64: u16 = 10 << 12;
    let mut out = Vec::new();
    for block in places.chunk_by(|a, b| a / PAGE == b / PAGE) {
        let mut entries: Vec<u16> = block
            .iter()
            .map(|place| DIR64 | (place % PAGE) as u16)
            .collect();
        if entries.len() % 2 == 1 {
            entries.push(0);
        }
        let size = 8 + 2 * entries.len();
        out.extend(u32::try_from(block[0] / PAGE * PAGE)?.to_le_bytes());
        out.extend(u32::try_from(size)?.to_le_bytes());
        out.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
    }
    if out.is_empty() {
        // An empty block: loaders take an image without any for one that can't be moved.
        out.extend(u32::try_from(PAGE)?.to_le_bytes());
        out.extend(12u32.to_le_bytes());
        out.extend([0; 4]);
    }
    Ok(out)
}

fn headers(
    entry: u64,
    sections: &[Section],
    image_size: u64,
    (reloc_address, reloc_size): (u64, usize),
) -> Result<Vec<u8>> {
    let raw = |section: &Section| section.bytes.len().next_multiple_of(FILE_ALIGNMENT);
    let sum = |flags: u32| -> Result<u32> {
        let of_kind = sections.iter().filter(|section| section.flags & flags != 0);
        Ok(u32::try_from(of_kind.map(raw).sum::<usize>())?)
    };
    let mut out = vec![0; PE_OFFSET];
    out[..2].copy_from_slice(b"MZ");
    out[0x3c..0x40].copy_from_slice(&u32::try_from(PE_OFFSET)?.to_le_bytes());
    let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
    put(b"PE\0\0");
    put(&0x8664u16.to_le_bytes()); // x86-64
    put(&u16::try_from(sections.len())?.to_le_bytes());
    put(&[0; 12]); // no time stamp, no symbols
    put(&u16::try_from(OPTIONAL_SIZE)?.to_le_bytes());
    put(&0x022eu16.to_le_bytes()); // executable, no line numbers or symbols, large addresses, no debug
    // Optional header.
    put(&0x020bu16.to_le_bytes()); // PE32+
    put(&[0; 2]);
    put(&sum(0x20)?.to_le_bytes());
    put(&sum(0x40)?.to_le_bytes());
    put(&0u32.to_le_bytes());
    put(&u32::try_from(entry)?.to_le_bytes());
    put(&u32::try_from(PAGE)?.to_le_bytes()); // base of code
    put(&0u64.to_le_bytes()); // image base
    put(&u32::try_from(PAGE)?.to_le_bytes());
    put(&u32::try_from(FILE_ALIGNMENT)?.to_le_bytes());
    put(&[0; 16]); // versions, reserved
    put(&u32::try_from(image_size)?.to_le_bytes());
    put(&u32::try_from(HEADERS)?.to_le_bytes());
    put(&0u32.to_le_bytes()); // checksum
    put(&10u16.to_le_bytes()); // EFI application
    put(&0x0160u16.to_le_bytes()); // high entropy, dynamic base, NX compatible
    put(&[0; 32]); // stack and heap
    put(&0u32.to_le_bytes());
    put(&16u32.to_le_bytes());
    let mut directories = [0; 16 * 8];
    directories[40..44].copy_from_slice(&u32::try_from(reloc_address)?.to_le_bytes());
    directories[44..48].copy_from_slice(&u32::try_from(reloc_size)?.to_le_bytes());
    put(&directories);
    let mut offset = HEADERS;
    for section in sections {
        let mut name = [0; 8];
        name[..section.name.len()].copy_from_slice(section.name.as_bytes());
        put(&name);
        put(&u32::try_from(section.size)?.to_le_bytes());
        put(&u32::try_from(section.address)?.to_le_bytes());
        put(&u32::try_from(raw(section))?.to_le_bytes());
        put(&u32::try_from(offset)?.to_le_bytes());
        put(&[0; 12]);
        put(&section.flags.to_le_bytes());
        offset += raw(section);
    }
    ensure!(out.len() <= HEADERS, "the headers don't fit");
    out.resize(HEADERS, 0);
    Ok(out)
}

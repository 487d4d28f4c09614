//! The part of the linked ELF program that becomes the PE image.

use anyhow::{Context, Result, bail, ensure};
use object::elf::{self, FileHeader64};
use object::endian::LittleEndian;
use object::read::elf::{FileHeader, ProgramHeader, Rela, SectionHeader};

/// A linked program, as plain data.
#[derive(Debug)]
pub struct Program<'a> {
    /// Virtual address of the first instruction.
    pub entry: u64,
    /// In the order of addresses; without the linker's own tables.
    pub segments: Vec<Segment<'a>>,
    /// Addresses of 64-bit words that hold an address of the program, in order.
    pub relocations: Vec<u64>,
}

/// A part with permissions of its own.
#[derive(Debug)]
pub struct Segment<'a> {
    /// Virtual address of the first byte.
    pub address: u64,
    /// Size in memory; what `bytes` doesn't cover is zero.
    pub size: u64,
    /// Content in the file.
    pub bytes: &'a [u8],
    /// May run.
    pub executable: bool,
    /// May be written.
    pub writable: bool,
}

impl<'a> Program<'a> {
    /// Reads the result of linking with `image.lds`.
    ///
    /// # Errors
    /// When it is no such program: undefined names, or relocations other than relative ones.
    pub fn parse(data: &'a [u8]) -> Result<Self> {
        let endian = LittleEndian;
        let header = FileHeader64::<LittleEndian>::parse(data).context("no ELF file")?;
        let sections = header.sections(endian, data)?;
        let (_, tables) = sections
            .section_by_name(endian, b".rela.dyn")
            .map_or((0, None), |(index, section)| (index.0, Some(section)));
        let mut relocations = Vec::new();
        if let Some((records, _)) = tables
            .map(|table| table.rela(endian, data))
            .transpose()?
            .flatten()
        {
            for record in records {
                let kind = record.r_type(endian, false);
                ensure!(
                    kind == elf::R_X86_64_RELATIVE,
                    "a relocation of type {kind} stays open"
                );
                relocations.push(record.r_offset(endian));
            }
        }
        relocations.sort_unstable();
        let end = sections
            .section_by_name(endian, b".dynamic")
            .map_or(u64::MAX, |(_, section)| section.sh_addr(endian))
            .min(tables.map_or(u64::MAX, |table| table.sh_addr(endian)));
        let mut segments = Vec::new();
        for part in header.program_headers(endian, data)? {
            let (address, size) = (part.p_vaddr(endian), part.p_memsz(endian));
            if part.p_type(endian) != elf::PT_LOAD || address >= end || size == 0 {
                continue;
            }
            let Ok(bytes) = part.data(endian, data) else {
                bail!("the segment at {address:#x} is outside the file")
            };
            let flags = part.p_flags(endian);
            segments.push(Segment {
                address,
                size,
                bytes,
                executable: flags.0 & elf::PF_X.0 != 0,
                writable: flags.0 & elf::PF_W.0 != 0,
            });
        }
        Ok(Self {
            entry: header.e_entry(endian),
            segments,
            relocations,
        })
    }
}

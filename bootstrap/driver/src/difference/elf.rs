//! Just enough of ELF to tell in which function of which section a byte stands.
//!
//! Source: elf(5), 64-bit little-endian only.

/// `SHF_EXECINSTR`
const EXECUTABLE: u64 = 4;
/// `SHT_SYMTAB`
const SYMBOLS: u32 = 2;
/// `SHT_NOBITS`
const NO_BYTES: u32 = 8;
/// `EM_X86_64`
const AMD64: u16 = 62;

/// Where a byte of a program stands.
pub struct Code {
    /// The section's name.
    pub section: String,
    /// The function before it, when symbols tell.
    pub function: Option<String>,
    /// Where to start decoding, as an offset in the file.
    pub start: usize,
    /// The address of that place.
    pub address: u64,
    /// Where the section ends in the file.
    pub end: usize,
}

struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: usize,
    size: usize,
    link: u32,
}

/// The code around a byte; none when it is in no code of an amd64 program or object.
pub fn code_at(bytes: &[u8], offset: usize) -> Option<Code> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") || u16_at(bytes, 18)? != AMD64 {
        return None;
    }
    let sections = sections(bytes)?;
    let names = sections.get(usize::from(u16_at(bytes, 62)?))?;
    let (index, section) = sections.iter().enumerate().find(|(_, section)| {
        section.flags & EXECUTABLE != 0
            && section.kind != NO_BYTES
            && (section.offset..section.offset.saturating_add(section.size)).contains(&offset)
    })?;
    let end = section.offset.checked_add(section.size)?.min(bytes.len());
    let (function, into) = function(bytes, &sections, index, section, offset)
        .map_or((None, 0), |(name, into)| (Some(name), into));
    Some(Code {
        section: text_at(bytes, names.offset.checked_add(section.name as usize)?),
        function,
        start: section.offset + into,
        address: section.address.wrapping_add(into as u64),
        end,
    })
}

fn sections(bytes: &[u8]) -> Option<Vec<Section>> {
    let start = usize::try_from(u64_at(bytes, 40)?).ok()?;
    let size = usize::from(u16_at(bytes, 58)?);
    let count = usize::from(u16_at(bytes, 60)?);
    (0..count)
        .map(|index| {
            let at = start.checked_add(index.checked_mul(size)?)?;
            Some(Section {
                name: u32_at(bytes, at)?,
                kind: u32_at(bytes, at.checked_add(4)?)?,
                flags: u64_at(bytes, at.checked_add(8)?)?,
                address: u64_at(bytes, at.checked_add(16)?)?,
                offset: usize::try_from(u64_at(bytes, at.checked_add(24)?)?).ok()?,
                size: usize::try_from(u64_at(bytes, at.checked_add(32)?)?).ok()?,
                link: u32_at(bytes, at.checked_add(40)?)?,
            })
        })
        .collect()
}

/// The last symbol of the section at or before `offset`: its name, and where it starts in the section.
fn function(
    bytes: &[u8],
    sections: &[Section],
    index: usize,
    section: &Section,
    offset: usize,
) -> Option<(String, usize)> {
    let table = sections.iter().find(|section| section.kind == SYMBOLS)?;
    let names = sections.get(table.link as usize)?;
    let into = offset - section.offset;
    let mut best: Option<(usize, usize)> = None;
    for entry in 0..table.size / 24 {
        let at = table.offset.checked_add(entry * 24)?;
        let value = u64_at(bytes, at.checked_add(8)?)?;
        let name = u32_at(bytes, at)? as usize;
        let home = usize::from(u16_at(bytes, at.checked_add(6)?)?);
        let kind = bytes.get(at.checked_add(4)?)? & 15;
        // Functions, and labels without a type; not sections and files.
        if home != index || kind > 2 || name == 0 {
            continue;
        }
        let place = usize::try_from(value.wrapping_sub(section.address)).ok()?;
        if place <= into && best.is_none_or(|(before, _)| place >= before) {
            best = Some((place, name));
        }
    }
    let (place, name) = best?;
    Some((text_at(bytes, names.offset.checked_add(name)?), place))
}

fn text_at(bytes: &[u8], at: usize) -> String {
    let rest = bytes.get(at..).unwrap_or_default();
    let text = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned()
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

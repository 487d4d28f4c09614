//! `.sbat`: generations of components, by which a whole release can be revoked at once.
//!
//! Source: <https://github.com/rhboot/shim/blob/main/SBAT.md>

use alloc::string::String;
use alloc::vec::Vec;

use super::build::put;
use super::{Piece, Section, UkiError};
use crate::pe::File;

/// The format's own line, which stands first.
const HEADER: &str = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md";

/// Some `.sbat` isn't one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} is no entry of .sbat: {line:?}")]
pub struct SbatError {
    /// Counted from 1.
    pub number: usize,
    /// What stands there.
    pub line: String,
}

/// One `.sbat` of several, as a unified kernel image needs it: of the stub, of the kernel, and what is added. The
/// header stands once and first; a line that is there already isn't repeated.
///
/// # Errors
/// [`SbatError`] for a line without name and generation.
pub fn merge(all: &[&[u8]]) -> Result<String, SbatError> {
    let mut lines: Vec<&str> = alloc::vec![HEADER];
    for one in all {
        // Linkers fill sections up with zeros.
        let end = one.iter().position(|byte| *byte == 0).unwrap_or(one.len());
        let text = one.get(..end).unwrap_or_default();
        for (place, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii_end();
            let failed = || SbatError {
                number: place.saturating_add(1),
                line: String::from_utf8_lossy(line).into_owned(),
            };
            let line = core::str::from_utf8(line).map_err(|_| failed())?;
            if line.is_empty() || line.starts_with("sbat,") || lines.contains(&line) {
                continue;
            }
            let mut fields = line.split(',');
            let named = fields.next().is_some_and(|name| !name.is_empty());
            let counted = fields
                .next()
                .is_some_and(|generation| generation.parse::<u32>().is_ok());
            if !named || !counted {
                return Err(failed());
            }
            lines.push(line);
        }
    }
    let mut out = lines.join("\n");
    out.push('\n');
    Ok(out)
}

/// The piece that takes the place of the stub's own `.sbat`, and the others.
pub(super) fn take_out<'a>(
    stub: &File<'_>,
    pieces: Vec<Piece<'a>>,
) -> (Option<&'a [u8]>, Vec<Piece<'a>>) {
    if stub.section(Section::Sbat.name()).is_none() {
        return (None, pieces);
    }
    let (ours, others): (Vec<_>, Vec<_>) = pieces
        .into_iter()
        .partition(|piece| piece.section() == Some(Section::Sbat));
    (ours.first().map(Piece::content), others)
}

/// Puts other content into the stub's `.sbat`, where it stands.
pub(super) fn replace(image: &mut [u8], content: &[u8]) -> Result<(), UkiError> {
    let file = File::parse(image)?;
    let name = Section::Sbat.name();
    let Some((place, header)) = file
        .sections()
        .enumerate()
        .find(|(_, section)| section.name == name)
    else {
        return Ok(());
    };
    let next = file
        .sections()
        .map(|section| section.virtual_address)
        .filter(|address| *address > header.virtual_address)
        .min()
        .unwrap_or(file.headers().image_size);
    let room = header
        .raw_size
        .min(next.saturating_sub(header.virtual_address));
    let size = u32::try_from(content.len()).map_err(|_| UkiError::TooLarge)?;
    if size > room {
        return Err(UkiError::SbatRoom {
            room,
            size: content.len(),
        });
    }
    let entry = place
        .saturating_mul(40)
        .saturating_add(file.headers().table_offset());
    let offset = usize::try_from(header.raw_offset).map_err(|_| UkiError::TooLarge)?;
    let raw_size = usize::try_from(header.raw_size).map_err(|_| UkiError::TooLarge)?;
    let mut filled = content.to_vec();
    filled.resize(raw_size, 0);
    put(image, offset, &filled)?;
    put(image, entry.saturating_add(8), &size.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stands_once_and_lines_are_not_repeated() {
        let stub = b"sbat,1,SBAT Version,sbat,1,https://x\nstub,1,S,s,1,https://s\n\0\0\0";
        let kernel = b"sbat,1,SBAT Version,sbat,1,https://x\r\nlinux,1,L,l,6,https://l\r\n";
        let merged = merge(&[stub, kernel, b"stub,1,S,s,1,https://s\nmine,3,M,m,1,u"]);
        let expected = [
            HEADER,
            "stub,1,S,s,1,https://s",
            "linux,1,L,l,6,https://l",
            "mine,3,M,m,1,u",
            "",
        ];
        assert_eq!(merged, Ok(expected.join("\n")));
        for bad in [&b"mine"[..], b"mine,x", b",1,x", b"ok,1\n\xff,1"] {
            assert!(merge(&[bad]).is_err(), "{bad:?}");
        }
    }
}

//! The body: chunks that are checked when they are first read, and flat sections over them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::AdvisoryFileError;
use crate::header::{Chunk, FLAT_CHUNK, Kind, Preamble};

/// The body of a file.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    bytes: &'a [u8],
    chunks: Vec<Chunk>,
    /// Where each chunk begins, and where the last ends; from the file's start.
    offsets: Vec<u64>,
    checked: Vec<AtomicBool>,
}

impl<'a> Body<'a> {
    pub(crate) fn new(bytes: &'a [u8], preamble: &Preamble) -> Result<Self, AdvisoryFileError> {
        let chunks = preamble.header.chunks.clone();
        if (bytes.len() as u64) < preamble.end {
            return Err(AdvisoryFileError::Truncated {
                what: "its body",
                needed: preamble.end,
                length: bytes.len() as u64,
            });
        }
        let mut offsets = Vec::with_capacity(chunks.len() + 1);
        let mut at = preamble.body;
        for chunk in &chunks {
            offsets.push(at);
            at += u64::from(chunk.length);
        }
        offsets.push(at);
        let checked = chunks.iter().map(|_| AtomicBool::new(false)).collect();
        Ok(Self {
            bytes,
            chunks,
            offsets,
            checked,
        })
    }

    /// A chunk's bytes, checked.
    pub(crate) fn chunk(&self, number: usize) -> Result<&'a [u8], AdvisoryFileError> {
        let offset = self.offsets[number];
        let damaged = AdvisoryFileError::Damaged {
            chunk: number,
            offset,
        };
        let bytes = self
            .range(offset..self.offsets[number + 1])
            .ok_or_else(|| damaged.clone())?;
        if !self.checked[number].load(Ordering::Acquire) {
            if !self.chunks[number].is(bytes) {
                return Err(damaged);
            }
            self.checked[number].store(true, Ordering::Release);
        }
        Ok(bytes)
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    fn range(&self, range: Range<u64>) -> Option<&'a [u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.bytes.get(start..end)
    }

    /// A flat section; empty where the file has none of the kind.
    pub(crate) fn flat(
        &self,
        section: Option<(usize, usize)>,
        kind: Kind,
    ) -> Result<Flat, AdvisoryFileError> {
        let (first, count) = section.unwrap_or((0, 0));
        // All chunks but the last are full, and none is fuller: a place is found by division.
        let last = count.saturating_sub(1);
        let chunks = self.chunks[first..first + count].iter().enumerate();
        let is_cut = chunks
            .map(|(place, chunk)| (place == last, chunk.length as usize))
            .all(|(is_last, length)| length == FLAT_CHUNK || (is_last && length < FLAT_CHUNK));
        if !is_cut {
            return Err(AdvisoryFileError::Header {
                reason: format!("{kind:?} is not cut as a flat section"),
            });
        }
        let start = self.offsets[first];
        let length = self.offsets[first + count] - start;
        Ok(Flat {
            first,
            start,
            length,
        })
    }

    /// Bytes of a flat section, checked.
    pub(crate) fn slice(
        &self,
        flat: &Flat,
        range: Range<u64>,
    ) -> Result<&'a [u8], AdvisoryFileError> {
        let outside = || {
            AdvisoryFileError::malformed(
                "an index",
                format!(
                    "it points to {range:?}, past the section's {} bytes",
                    flat.length
                ),
            )
        };
        if range.start > range.end || range.end > flat.length {
            return Err(outside());
        }
        if range.is_empty() {
            return Ok(&[]);
        }
        let chunk = FLAT_CHUNK as u64;
        for number in range.start / chunk..=(range.end - 1) / chunk {
            let number = usize::try_from(number).map_err(|_| outside())?;
            self.chunk(flat.first + number)?;
        }
        self.range(flat.start + range.start..flat.start + range.end)
            .ok_or_else(outside)
    }

    /// The `index`th number of eight bytes.
    pub(crate) fn u64_at(&self, flat: &Flat, index: u64) -> Result<u64, AdvisoryFileError> {
        let bytes = self.slice(flat, index * 8..index * 8 + 8)?;
        Ok(bytes.try_into().map(u64::from_le_bytes).unwrap_or_default())
    }

    /// The `index`th number of four bytes.
    pub(crate) fn u32_at(&self, flat: &Flat, index: u64) -> Result<u32, AdvisoryFileError> {
        let bytes = self.slice(flat, index * 4..index * 4 + 4)?;
        Ok(bytes.try_into().map(u32::from_le_bytes).unwrap_or_default())
    }
}

/// A flat section of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flat {
    first: usize,
    start: u64,
    pub(crate) length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Header;

    /// A place in a chunk that is longer than the division assumes would be looked for in the next.
    #[test]
    fn a_flat_section_has_no_chunk_that_is_too_full() {
        let read = |lengths: &[usize]| {
            let bytes = vec![0; lengths.iter().sum()];
            let mut rest = bytes.as_slice();
            let mut chunks = Vec::new();
            for length in lengths {
                chunks.push(Chunk::of(&rest[..*length]));
                rest = &rest[*length..];
            }
            let header = Header {
                serial: 1,
                created: 0,
                matcher: 0,
                advisories: 0,
                packages: 0,
                channels: Vec::new(),
                sources: Vec::new(),
                sections: Vec::new(),
                chunks,
            };
            let preamble = Preamble {
                header,
                signed_by: String::new(),
                identity: [0; 32],
                body: 0,
                end: bytes.len() as u64,
            };
            let body = Body::new(&bytes, &preamble)?;
            let flat = body.flat(Some((0, lengths.len())), Kind::Hints)?;
            body.slice(&flat, flat.length - 1..flat.length)
                .map(<[u8]>::len)
        };
        assert_eq!(read(&[FLAT_CHUNK, 3]), Ok(1));
        assert_eq!(read(&[FLAT_CHUNK]), Ok(1));
        for lengths in [
            &[FLAT_CHUNK + 1][..],
            &[2, 3],
            &[FLAT_CHUNK, FLAT_CHUNK * 3],
        ] {
            let told = read(lengths);
            assert!(
                matches!(told, Err(AdvisoryFileError::Header { .. })),
                "{lengths:?}: {told:?}"
            );
        }
    }
}
